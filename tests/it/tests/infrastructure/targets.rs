//! The list of targets, on the real deliverer: what is not on it is never called, and its changes wait and say why.

use idv_it::stage::{Plan, Stage};
use idv_simulators::ondato::Act;
use serde_json::{Value, json};

const LISTED: &str = "arn:aws:events:us-east-1:000000000000:event-bus/listed";
const BESIDE: &str = "arn:aws:events:us-east-1:000000000000:event-bus/beside";

fn to(bus: &str) -> Value {
    json!({"kind": "eventbridge", "bus_arn": bus, "source": "com.example.onboarding"})
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_go_to_listed_targets_alone() {
    let mut plan = Plan::of(&[])
        .and("listed", |config| config["delivery"] = to(LISTED))
        .and("beside", |config| config["delivery"] = to(BESIDE));
    // a list counts in the local stack, too
    plan.environment.insert("IDV_ALLOWED_TARGETS".to_owned(), format!("{LISTED},"));
    let stage = Stage::with(plan).await;
    let (listed, beside) = tokio::join!(stage.begin("listed", "customer-1"), stage.begin("beside", "customer-1"));
    for case in [&listed, &beside] {
        case.does(Act::whole_approval());
    }
    listed.handed_over("approved").await;
    let shown = beside
        .shows("approved, and not handed over", |shown| {
            shown["status"] == "approved"
                && shown["delivery"]["last_error"] == "misconfigured_target_not_allowed"
                && shown["delivery"]["through"].as_u64() < shown["version"].as_u64()
        })
        .await;
    assert_eq!(shown["delivery"]["parked"], json!([]), "it waits: the list may be mended");
    let called: Vec<String> = stage.stack.bus_entries().into_iter().map(|entry| entry.bus).collect();
    assert!(!called.is_empty() && called.iter().all(|bus| bus == LISTED), "{called:?}");
}
