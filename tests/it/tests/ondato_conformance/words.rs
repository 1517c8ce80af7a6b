//! Whatever Ondato says, only its own word of approval in a completed run approves.

use idv_gateway::domain::{Status, Timestamp, Truth};
use proptest::prelude::*;
use serde_json::json;

use crate::harness::{KYB, Script, account, fixture, run};
use crate::looks::{after, identification, verification};

const WORDS: &[&str] =
    &["Pending", "InProgress", "Suspended", "Completed", "Aborted", "Expired", "Awaiting", "Approved", "Rejected"];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(WORDS).prop_map(str::to_owned),
        1 => "[A-Za-z_ ]{0,80}",
        1 => proptest::sample::select(vec!["approved", "APPROVED", " Approved", "Approved ", "Approved\u{0}", "Approve d", "", "completed", "Completed."]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_other_word_approves(idv in word(), kyc in word(), reason in word(), success in any::<Option<bool>>(), kyb in proptest::option::of(word())) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut run_answer = verification("completed");
        run_answer["status"] = json!(idv);
        run_answer["step"]["kycIdentification"]["isSuccess"] = json!(success);
        let mut kyc_answer = identification("awaiting");
        kyc_answer["status"] = json!(kyc);
        kyc_answer["statusReason"] = json!(reason);
        let mut kyb_answer = fixture("get.kyb-identification.pending");
        if let Some(kyb) = &kyb {
            run_answer["step"]["kybIdentification"] = json!({"id": KYB});
            kyb_answer["status"] = json!(kyb);
        }
        let bench = Script::new().idv(&run_answer).kyc(&kyc_answer).kyb(&kyb_answer).start();
        let snapshot = runtime.block_on(account().look(bench.reach(), &run())).unwrap();
        let truth = after(&Truth::intended(Timestamp::from_millis(0)), &snapshot);
        let expected = idv == "Completed" && kyc == "Approved" && success != Some(false) && kyb.is_none_or(|word| word == "Approved");
        prop_assert_eq!(truth.status == Status::Approved, expected);
        prop_assert!(snapshot.parts().iter().all(|part| part.provider_status.len() <= 64));
    }
}
