//! Whatever Intergiro says, only its own word of approval approves.

use idv_gateway::domain::{Status, Timestamp, Truth};
use proptest::prelude::*;
use serde_json::json;

use crate::harness::{Script, account, action, individual, person};
use crate::looks::after;

const WORDS: &[&str] =
    &["pending_activation", "onboarding_requested", "onboarding_data_provided", "activated", "blocked"];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(WORDS).prop_map(str::to_owned),
        1 => "[A-Za-z_ ]{0,80}",
        1 => proptest::sample::select(vec!["Activated", " activated", "activated ", "activated\u{0}", "active", "approved", ""]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_other_word_approves(status in word(), kind in prop_oneof![Just("IdentityVerification".to_owned()), any::<String>()], asked in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut open = action("identity-verification");
        open["type"] = json!(kind);
        let actions = if asked { vec![open] } else { vec![] };
        let bench = Script::new().person(&individual(&status)).asking(&actions).start();
        let snapshot = runtime.block_on(account().look(bench.reach(), &person())).unwrap();
        let truth = after(&Truth::intended(Timestamp::from_millis(0)), &snapshot);
        prop_assert_eq!(truth.status == Status::Approved, status == "activated");
        prop_assert!(snapshot.parts().iter().all(|part| part.provider_status.len() <= 64));
    }
}
