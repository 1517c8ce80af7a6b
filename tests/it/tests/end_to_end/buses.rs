//! A tenant's event bus as the destination: what it was offered is compared with what the ledger says was taken.

use idv_it::stage::{Case, PATIENCE, Plan, Stage, until};
use idv_local::{BusEntry, CallPoint, Effect, FunctionName};
use idv_simulators::ondato::Act;
use serde_json::{Value, json};

const SOURCE: &str = "com.example.onboarding";

fn arn(name: &str) -> String {
    format!("arn:aws:events:us-east-1:000000000000:event-bus/{name}")
}

fn delivery(name: &str) -> Value {
    json!({"kind": "eventbridge", "bus_arn": arn(name), "source": SOURCE})
}

/// What was offered of an onboarding, in order.
fn offered(stage: &Stage, case: &Case<'_>) -> Vec<BusEntry> {
    let entries = stage.stack.bus_entries().into_iter();
    entries.filter(|entry| entry.detail["data"]["onboarding_id"] == *case.id).collect()
}

fn versions<'a>(entries: impl IntoIterator<Item = &'a BusEntry>) -> Vec<u64> {
    entries.into_iter().filter_map(|entry| entry.detail["data"]["version"].as_u64()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_of_the_tenant_gets_every_change_in_order_and_none_after_success() {
    let plan = Plan::of(&[])
        .and("acme", |config| config["delivery"] = delivery("well"))
        .and("refused", |config| config["delivery"] = delivery("refuses"));
    let stage = Stage::with(plan).await;
    tokio::join!(taken(&stage), refused(&stage));
    // the faults of calls count for all tenants: alone
    answer_lost(&stage).await;

    let before = stage.stack.bus_entries();
    for _ in 0..2 {
        stage.tick().await;
        assert!(stage.stack.quiet(PATIENCE).await);
    }
    assert_eq!(stage.stack.bus_entries(), before, "what was taken is not offered again");
}

async fn taken(stage: &Stage) {
    let case = stage.begin("acme", "customer-1").await;
    case.does(Act::whole_approval());
    let wanted = case.handed_over("approved").await;
    let entries = offered(stage, &case);
    assert_eq!(versions(&entries), wanted, "every change, once and in order");
    for entry in &entries {
        let seen = (entry.bus.as_str(), entry.source.as_str(), json!(entry.detail_type), entry.refused.as_deref());
        assert_eq!(seen, (arn("well").as_str(), SOURCE, entry.detail["type"].clone(), None));
    }
    let last = &entries.last().unwrap().detail;
    assert_eq!(last["type"], "onboarding.approved");
    assert_eq!(last["data"]["reference"], "customer-1");
    assert_eq!(last["data"]["provider"]["ids"]["identity_verification"], *case.idv);
}

/// EventBridge answers 200 also when it takes nothing: that is no success, nothing later goes, and it goes again.
async fn refused(stage: &Stage) {
    let refuses = |code| stage.stack.bus_refuses(&arn("refuses"), code).unwrap();
    refuses(Some("ThrottlingException"));
    let case = stage.begin("refused", "customer-1").await;
    case.does(Act::whole_approval());
    let shown = case
        .shows("approved, and the bus throttles", |shown| {
            shown["status"] == "approved" && shown["delivery"]["last_error"].as_str() == Some("no_answer_throttled")
        })
        .await;
    refuses(Some("InternalFailure"));
    let code = |code: &'static str| move |entry: &BusEntry| entry.refused.as_deref() == Some(code);
    until("tried again", || async { offered(stage, &case).iter().any(code("InternalFailure")) }).await;
    let tries = offered(stage, &case);
    assert!(tries.iter().any(code("ThrottlingException")), "{tries:?}");
    assert!(tries.iter().all(|entry| entry.refused.is_some() && entry.detail == tries[0].detail), "{tries:?}");
    let (through, first) = (shown["delivery"]["through"].as_u64().unwrap(), versions(&tries)[0]);
    assert!(through < first, "a refused entry is not recorded as delivered: {shown}");

    refuses(None);
    let wanted = case.handed_over("approved").await;
    let entries = offered(stage, &case);
    let taken: Vec<&BusEntry> = entries.iter().filter(|entry| entry.refused.is_none()).collect();
    assert_eq!(versions(taken), wanted, "every change, once and in order");
}

/// The bus took it and we cannot know: the same again, which a receiver tells by its version.
async fn answer_lost(stage: &Stage) {
    let case = stage.begin("acme", "customer-2").await;
    let lost = CallPoint::after("events", "PutEvents");
    let mut fault = stage.stack.fault(FunctionName::ResultDeliverer, lost, Effect::Break).unwrap();
    case.does(Act::whole_approval());
    fault.happened().await;
    let wanted = case.handed_over("approved").await;
    let mut entries = offered(stage, &case);
    assert_eq!(entries[0], entries[1], "the same entry");
    entries.dedup();
    assert_eq!(versions(&entries), wanted, "every change, in order");
}
