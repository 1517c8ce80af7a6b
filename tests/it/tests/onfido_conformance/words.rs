//! Whatever Onfido says, only its own words of approval approve, and only all of them together.

use idv_gateway::domain::{Status, Timestamp, Truth};
use proptest::prelude::*;
use serde_json::json;

use crate::harness::{DOCUMENT, FACE, Script, account, applicant, check_in, classic, report_in, run};
use crate::looks::after;

fn status(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(words).prop_map(str::to_owned),
        1 => "[A-Za-z_ ]{0,80}",
        1 => proptest::sample::select(vec!["Complete", " complete", "complete ", "complete\u{0}", "completed", "Approved", "approve", ""]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

const CHECKS: &[&str] =
    &["complete", "complete", "in_progress", "awaiting_applicant", "withdrawn", "paused", "reopened"];
const REPORTS: &[&str] =
    &["complete", "complete", "complete", "awaiting_data", "awaiting_approval", "cancelled", "withdrawn"];
const RUNS: &[&str] =
    &["approved", "declined", "review", "abandoned", "error", "processing", "awaiting_input", "awaiting_client_input"];

fn result() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        5 => Just(Some("clear".to_owned())),
        1 => Just(Some("consider".to_owned())),
        1 => Just(Some("unidentified".to_owned())),
        1 => proptest::sample::select(vec!["Clear", "clear ", "approved", ""]).prop_map(|word| Some(word.to_owned())),
        1 => Just(None),
    ]
}

fn sub_result() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        5 => Just(Some("clear".to_owned())),
        2 => proptest::sample::select(vec!["rejected", "suspected", "caution", "brilliant", ""]).prop_map(|word| Some(word.to_owned())),
        3 => Just(None),
    ]
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn nothing_but_all_clear_approves(
        check in (status(CHECKS), result()),
        document in (status(REPORTS), result(), sub_result()),
        face in (status(REPORTS), result()),
    ) {
        let text = |word: &Option<String>| word.clone();
        let reports = [
            report_in(DOCUMENT, "document", &document.0, text(&document.1).as_deref(), text(&document.2).as_deref()),
            report_in(FACE, "facial_similarity_photo", &face.0, text(&face.1).as_deref(), None),
        ];
        let whole = check_in(&check.0, check.1.as_deref());
        let bench = classic(&whole, &reports).start();
        let snapshot = runtime().block_on(account().look(bench.reach(), &applicant())).unwrap();
        let truth = after(&Truth::intended(Timestamp::from_millis(0)), &snapshot);
        let clear = |status: &str, result: &Option<String>| status == "complete" && result.as_deref() == Some("clear");
        let all = clear(&check.0, &check.1)
            && clear(&document.0, &document.1)
            && clear(&face.0, &face.1)
            && matches!(document.2.as_deref(), None | Some("clear"));
        if truth.status == Status::Approved {
            prop_assert!(all, "{whole} {reports:?}");
        }
        if all {
            prop_assert_eq!(truth.status, Status::Approved);
        }
        prop_assert!(snapshot.parts().iter().all(|part| part.provider_status.len() <= 64));
    }

    #[test]
    fn no_other_word_of_a_run_approves(word in status(RUNS)) {
        let mut body = crate::harness::answered("get_workflow_run.approved");
        body["status"] = json!(word);
        let bench = Script::new().run(&body).start();
        let snapshot = runtime().block_on(account().look(bench.reach(), &run())).unwrap();
        let truth = after(&Truth::intended(Timestamp::from_millis(0)), &snapshot);
        prop_assert_eq!(truth.status == Status::Approved, word == "approved");
    }
}
