//! A credential is shared, told of, fetched, opened and checked.

use futures_util::future::join_all;
use idv_it::stage::{Holder, Plan, Stage};
use idv_simulators::idos::{Draft, Endpoint, LoginResult, Manner, Place, Rule, Share, Shared, Visibility};
use serde_json::json;

use super::{nothing_dead, table};

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_fetched_opened_and_checked() {
    let stage = Stage::with(Plan::of(&["acme"]).with_fractal()).await;
    let several = join_all((0..4).map(|number| usual(&stage, number)));
    tokio::join!(several, by_blob(&stage), shown_later(&stage), action_errors(&stage));
    once_signed_in(&stage).await;
    nothing_dead(&stage).await;
    assert!(stage.fractal_refused().is_empty(), "every webhook was taken");
}

async fn whole(stage: &Stage, holder: &Holder<'_>, shared: &Shared) {
    holder.ends("approved").await;
    let told = holder.received();
    assert!(told.iter().any(|row| row.event_type == "onboarding.credential" && row.verified()), "{told:?}");
    assert!(holder.standing(shared).reads > 0, "it was fetched");
    let bodies: String = told.iter().map(|row| row.body.to_string()).collect();
    let logged: String = stage.stack.logs().into_iter().map(|line| line.text).collect();
    for (what, text) in [("told", bodies), ("ledger", table(stage).await), ("logs", logged)] {
        assert!(!["Testa", "TEST0001X", "Beispielweg"].iter().any(|personal| text.contains(personal)), "{what}");
    }
}

async fn usual(stage: &Stage, number: usize) {
    let holder = stage.invites("acme", &format!("usual-{number}")).await;
    let shared = holder.shares_and_tells(Draft::default());
    whole(stage, &holder, &shared).await;
    let shown = holder.ask("get", json!({"details": true})).await;
    let details = shown["details"].to_string();
    assert!(details.contains("TEST0001X") && details.contains("Testa"), "the credential itself, live: {details}");
    assert!(holder.shown().await["details"].is_null(), "and stored nowhere");
}

async fn by_blob(stage: &Stage) {
    let holder = stage.invites("acme", "by-blob").await;
    let shared = holder.shares(&Share { place: Place::Blob, ..holder.share() });
    holder.tells_of(&shared);
    whole(stage, &holder, &shared).await;
}

/// The event is ahead of what the node shows.
async fn shown_later(stage: &Stage) {
    let holder = stage.invites("acme", "shown-later").await;
    let shared = holder.shares(&Share { visibility: Visibility::AfterSeconds(5), ..holder.share() });
    holder.tells_of(&shared);
    whole(stage, &holder, &shared).await;
}

/// HTTP 200, and an error inside.
async fn action_errors(stage: &Stage) {
    let holder = stage.invites("acme", "action-errors").await;
    let shared = holder.shares(&holder.share());
    let failed = Manner::ActionError { message: "the database is busy".to_owned() };
    let rule = Rule::always(failed).at(Endpoint::GetCredentialShared).about(&shared.credential_id).times(2);
    stage.idos().misbehave(rule);
    holder.tells_of(&shared);
    whole(stage, &holder, &shared).await;
}

/// All functions share one session, and a new one is made when it has ended.
async fn once_signed_in(stage: &Stage) {
    stage.calm().await;
    let given = || stage.idos().logins().iter().filter(|login| login.result == LoginResult::Given).count();
    let before = given();
    assert!((1..=2).contains(&before), "{before} sessions for all of that: {:?}", stage.idos().sign_ins());
    stage.idos().expire_sessions();
    let holder = stage.invites("acme", "after-the-session").await;
    let shared = holder.shares_and_tells(Draft::default());
    whole(stage, &holder, &shared).await;
    assert_eq!(given(), before + 1, "{:?}", stage.idos().sign_ins());
}
