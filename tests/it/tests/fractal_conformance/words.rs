//! Whatever Fractal says, only its own words of approval approve, and only all that was asked for together.

use idv_gateway::domain::{Assessment, Status};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Script, account, person, run};

const WORDS: &[&str] = &["pending", "contacted", "done", "approved", "rejected", "expired"];

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
