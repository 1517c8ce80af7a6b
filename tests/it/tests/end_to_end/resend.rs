//! `idv resend`: the operator's own command hands over what was given up.

use idv_it::stage::{PATIENCE, Plan, Stage, until};
use idv_simulators::app::{Behaviour, Outcome, Received};
use idv_simulators::ondato::Act;
use serde_json::{Value, json};

/// 72 hours are 6 s.
const FASTER: u32 = 45_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_parked_is_sent_again_by_the_command() {
    // without `stalled`, which comes of its own at this pace
    let plan = Plan::of(&[]).and("acme", |config| config["delivery"]["kinds"] = json!(["status"]));
    let stage = Stage::with(Plan { faster: FASTER, ..plan }).await;
    let app = &stage.tenant("acme").app;
    let case = stage.begin("acme", "customer-1").await;
    app.misbehave(Behaviour::Status { code: 500 }, None);
    case.does([Act::Open]);
    let is_parked = |shown: &Value| shown["delivery"]["parked"].as_array().is_some_and(|parked| !parked.is_empty());
    let shown = case.shows("a parked change", is_parked).await;
    let version = shown["delivery"]["parked"][0].as_u64().unwrap();
    assert_eq!(shown["delivery"]["parked"], json!([version]), "{shown}");
    assert!(shown["delivery"]["last_error"].as_str().unwrap().contains("500"), "{shown}");
    assert!(stage.stack.quiet(PATIENCE).await, "it was given up");
    let tries = case.received();
    let id = &tries[0].id;
    assert!(tries.iter().all(|row| row.version == version && row.id == *id), "{tries:?}");

    let newest = case.shown().await["version"].as_u64().unwrap();
    wrong_input(&stage, &case.id, newest).await;
    assert_eq!(case.received().len(), tries.len(), "no wrong input sends anything");

    app.behave();
    let ran = stage.operator("resend", &["--tenant", "acme", "--onboarding", &case.id]).await;
    let due = format!("due again: changes {version} to {newest}; the reconciler rings within a minute\n");
    assert_eq!((ran.code, ran.told), (Some(0), due));
    case.heard("in_progress").await;
    case.shows("nothing parked", |shown| {
        shown["delivery"]["parked"] == json!([]) && shown["delivery"]["through"] == shown["version"]
    })
    .await;
    let rows = case.received();
    let applied: Vec<&Received> = rows.iter().filter(|row| row.outcome == Outcome::Applied).collect();
    assert_eq!(applied.len(), 1, "{rows:?}");
    assert_eq!((&applied[0].id, applied[0].version), (id, version), "the same change, with the same id");

    let ran = stage.operator("resend", &["--tenant", "acme", "--onboarding", &case.id]).await;
    assert_eq!((ran.code, ran.told.as_str()), (Some(1), "nothing of it is parked; name one with --from\n"));
    // what the application has already comes once more, and is known there by its id
    let from = version.to_string();
    let ran = stage.operator("resend", &["--tenant", "acme", "--onboarding", &case.id, "--from", &from]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.told);
    until("it comes again", || async { case.received().len() > rows.len() }).await;
    let again = case.received().pop().unwrap();
    assert_eq!((&again.id, again.outcome), (id, Outcome::Dropped));
}

/// What is no onboarding, is another's, or is no change of it: the reason and the exit code of its class.
async fn wrong_input(stage: &Stage, id: &str, newest: u64) {
    let unknown = "onb_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let absent = |tenant, id| format!("{tenant} has no onboarding {id} in the table {}", stage.stack.table());
    let rows: [(i32, &str, &[&str]); 4] = [
        (1, &absent("acme", unknown), &["--tenant", "acme", "--onboarding", unknown]),
        (1, &absent("another", id), &["--tenant", "another", "--onboarding", id]),
        (1, &format!("its changes are 1 to {newest}"), &["--tenant", "acme", "--onboarding", id, "--from", "99"]),
        (2, "--onboarding", &["--tenant", "acme", "--onboarding", "customer-1"]),
    ];
    for (code, reason, arguments) in rows {
        let ran = stage.operator("resend", arguments).await;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.told);
        assert!(ran.told.contains(reason), "{arguments:?}: {}", ran.told);
    }
}
