//! Whatever Fractal says, only its own words of approval approve, and only all that was asked for together.

use std::collections::BTreeMap;

use idv_gateway::domain::{Assessment, Status};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Script, account, person, run};
use crate::looks::status;

const WORDS: &[&str] = &["pending", "contacted", "done", "approved", "rejected", "expired"];

/// One of the words, or a word that nobody knows, or none.
const PAIRED: [Option<&str>; 8] = [
    None,
    Some("pending"),
    Some("contacted"),
    Some("done"),
    Some("approved"),
    Some("rejected"),
    Some("expired"),
    Some("quantum"),
];

/// Every pair of words, with and without the journey's end: the rows of the module's table.
#[tokio::test]
async fn every_pair_of_words_has_its_row() {
    let mut seen = BTreeMap::new();
    for status_word in PAIRED {
        for credential in PAIRED {
            for completed in [None, Some(false), Some(true)] {
                let mut case = json!({"level": "basic"});
                for (name, value) in [
                    ("status", status_word.map(Value::from)),
                    ("credential", credential.map(Value::from)),
                    ("journey_completed", completed.map(Value::from)),
                ] {
                    if let Some(value) = value {
                        case[name] = value;
                    }
                }
                let found = status("basic", &person(&[case.clone()])).await;
                let wanted = row(status_word, credential, completed);
                assert_eq!(found, wanted, "{case}");
                *seen.entry(found).or_insert(0) += 1;
            }
        }
    }
    assert!(seen[&Some(Status::Approved)] == 9 && seen[&None] > 90, "{seen:?}");
}

fn row(status: Option<&str>, credential: Option<&str>, completed: Option<bool>) -> Option<Status> {
    // the printed sample is pending, and says nothing of the journey
    let is_done = completed == Some(true) || (completed.is_none() && status == Some("pending"));
    let open = if is_done { Status::InReview } else { Status::InProgress };
    Some(match (status, credential) {
        (Some("quantum" | "expired"), _) | (_, Some("quantum" | "done")) => return None,
        (Some("approved"), None | Some("approved")) => Status::Approved,
        (Some("approved" | "pending" | "contacted" | "done") | None, Some("expired")) => Status::Expired,
        (Some("approved"), _) => return None,
        (Some("rejected"), None | Some("rejected")) => Status::Rejected,
        (Some("rejected"), _) => return None,
        (_, Some("rejected")) => Status::Rejected,
        (Some("contacted"), _) | (_, Some("contacted")) => Status::ActionRequired,
        (Some("done"), Some("approved")) => Status::Approved,
        (Some("pending"), _) | (_, Some("pending")) | (None, None) => open,
        _ => return None,
    })
}

fn word() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => proptest::sample::select(WORDS).prop_map(Value::from),
        4 => proptest::sample::select(vec!["done", "approved"]).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => proptest::sample::select(vec!["Approved", " approved", "approved ", "approved\u{0}", "approve", ""]).prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => Just(json!(1)),
        1 => Just(json!(["approved"])),
    ]
}

fn said(value: &Value) -> Option<&str> {
    value.as_str()
}

fn approves(status: &Value, credential: &Value) -> bool {
    match said(status) {
        Some("done") => said(credential) == Some("approved"),
        Some("approved") => credential.is_null() || said(credential) == Some("approved"),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_but_its_words_of_approval_approves(
        basic in (word(), word(), any::<bool>()),
        liveness in (word(), word(), any::<bool>()),
    ) {
        let case = |level: &str, (status, credential, completed): &(Value, Value, bool)| {
            json!({"level": level, "status": status, "credential": credential, "journey_completed": completed, "new": [1]})
        };
        let body = person(&[case("basic", &basic), case("liveness", &liveness)]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let account = account();
        let found = runtime.block_on(async {
            let bench = Script::default().me(&body).rows(&json!([])).arrived(&*account, &run()).await;
            account.look(bench.reach(), &run()).await.unwrap()
        });
        let all = approves(&basic.0, &basic.1) && approves(&liveness.0, &liveness.1);
        let approved = matches!(account.assess(found.parts()), Assessment::Known(opinion) if opinion.status == Status::Approved);
        prop_assert_eq!(approved, all, "{}", body);
        prop_assert!(found.parts().iter().all(|part| part.provider_status.len() <= 64));
    }
}
