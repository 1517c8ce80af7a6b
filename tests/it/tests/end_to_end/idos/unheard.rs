//! What no event tells of: a grant that was ended, an issuer's word taken back, a lost event.

use idv_it::stage::{Holder, IDOS, PATIENCE, Plan, Stage};
use idv_simulators::app::Received as Told;
use idv_simulators::idos::{Act, Draft, Endpoint, Received, Share};
use serde_json::{Value, json};

use super::nothing_dead;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_is_found_by_the_schedule() {
    // settled ones are looked at after an hour: 7 s here
    let stage = Stage::with(Plan { faster: 540, ..Plan::of(&["acme"]).with_fractal() }).await;
    tokio::join!(
        taken_back(&stage, "grant-ended", Act::Revoke),
        taken_back(&stage, "copy-deleted", Act::Delete),
        taken_back(&stage, "issuers-word", Act::RevokeNotes),
    );
    nothing_dead(&stage).await;
}

async fn taken_back(stage: &Stage, key: &str, act: Act) {
    let holder = stage.invites("acme", key).await;
    // found in the list of grants: no webhook asks for a look later
    let shared = holder.shares(&holder.share());
    holder.ends("approved").await;
    holder.does(&shared, act);
    holder.ends("cancelled").await;
    let last = holder.timeline().await.into_iter().rfind(|change| change["kind"] == "status").unwrap();
    assert_eq!((&last["previous"], &last["overturned"]), (&json!("approved"), &json!(true)), "{last}");
    assert_eq!(last["evidence"], "schedule", "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_event_is_found_in_the_list_of_grants() {
    let plan = Plan::of(&["acme"])
        .and("adopting", |config| config["connections"][IDOS]["settings"]["unknown_subject"] = json!("adopt"))
        .with_fractal();
    let stage = Stage::with(plan).await;
    tokio::join!(known(&stage), adopted(&stage));
    nothing_dead(&stage).await;
}

/// The list is read for all users, the look for one.
fn is_sweep(call: &Received) -> bool {
    call.endpoint == Endpoint::GetAccessGrantsGranted && call.arguments.first() == Some(&Value::Null)
}

async fn known(stage: &Stage) {
    let holder = stage.invites("acme", "lost-event").await;
    holder.shares(&holder.share());
    holder.ends("approved").await;
    assert!(stage.idos().received().iter().any(is_sweep));
}

/// Nobody was invited: only the list knows.
async fn adopted(stage: &Stage) {
    let first = stage.invites("adopting", "first").await;
    first.shares_and_tells(Draft::default());
    first.ends("approved").await;
    let stranger = stage.idos().profile(vec!["0x00000000000000000000000000000000000000ad".to_owned()]);
    let share = Share { user: Some(stranger.clone()), ..Share::to(&stage.consumer("adopting")) };
    stage.idos().share(&share).unwrap();
    let app = &stage.tenant("adopting").app;
    let is_other = |row: &Told| row.onboarding_id != first.id && row.status.as_deref() == Some("approved");
    let told = app.wait_for(|rows| rows.iter().any(is_other), PATIENCE).await;
    assert!(told.is_ok(), "an onboarding was made of it, and its tenant is told");
    let id = app.received().into_iter().find(is_other).map(|row| row.onboarding_id);
    let holder = Holder::adopted(stage, "adopting", stranger, &json!({"onboarding_id": id}));
    holder.ends("approved").await;
    assert_eq!(holder.shown().await["provider_ids"]["user"], *holder.user);
}
