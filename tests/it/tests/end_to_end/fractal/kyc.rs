//! Verifier and relay: links and calls that we sign ourselves, one status, webhooks without a level or a time.

use idv_it::stage::{Plan, RELAY, Stage, VERIFIER, request};
use idv_simulators::fractal::{Act, Button, Endpoint, Visit, WebhookManner};

use super::{nothing_dead, table};

const NOTE: &str = "the face is of another person";

#[tokio::test(flavor = "multi_thread")]
async fn verifier_and_relay_tell_one_status() {
    let stage = Stage::with(Plan::of(&["acme"]).with_fractal()).await;
    tokio::join!(
        approved(&stage, RELAY),
        approved(&stage, VERIFIER),
        rejected(&stage, RELAY),
        rejected(&stage, VERIFIER),
        another_ones_token(&stage),
    );
    nothing_dead(&stage).await;
    assert!(stage.fractal_refused().is_empty(), "every webhook was taken");
}

async fn approved(stage: &Stage, connection: &'static str) {
    let key = format!("approved-{connection}");
    let mut person = stage.sets_out("acme", connection, &key).await;
    // who leaves is not sent back, and says nothing
    let page = person.opens().await;
    let left = stage.fractal().visit(&page, &Visit::pressing(Button::Deny)).unwrap();
    assert_eq!(left.url, None);
    person.goes_through(&Visit::default()).await;
    person.ends("in_review").await;
    person.does([Act::approve_all()]);
    person.ends("approved").await;
    let told = person.received().pop().unwrap();
    assert_eq!(told.body["data"]["provider"]["ids"]["user"], *person.user, "{}", told.body);

    // the same bytes again, some time later: looked at, and nothing new
    person.webhooks(WebhookManner::Repeated { copies: 3 });
    person.does([Act::approve_all()]);
    person.webhooks_answered().await;
    stage.calm().await;
    person.ends("approved").await;
    person.does([Act::reject_all(NOTE)]);
    person.ends("rejected").await;
}

/// Why is a text about a person: it is kept nowhere.
async fn rejected(stage: &Stage, connection: &'static str) {
    let person = stage.travels("acme", connection, &format!("rejected-{connection}")).await;
    person.ends("in_review").await;
    person.does([Act::reject_all(NOTE)]);
    person.ends("rejected").await;
    let shown = person.shown().await;
    assert!(shown["reasons"].to_string().contains("not_disclosed"), "{shown}");
    let told = person.received().into_iter().map(|row| row.body.to_string()).collect::<String>();
    let logged = stage.stack.logs().into_iter().map(|line| line.text).collect::<String>();
    for (what, text) in [("shown", shown.to_string()), ("told", told), ("ledger", table(stage).await), ("logs", logged)]
    {
        assert!(!text.contains(NOTE), "{what}");
    }
}

/// Whoever brings another person's one-time token with their own cookie does not become that person.
async fn another_ones_token(stage: &Stage) {
    let mut owner = stage.sets_out("acme", VERIFIER, "owner").await;
    let mut thief = stage.sets_out("acme", VERIFIER, "thief").await;
    let back = owner.answers(&Visit::default()).await;
    thief.opens().await;
    assert_eq!(request("GET", &back, &[], b"").await.status, 400, "without a cookie it is nobody's");
    let before = stage.fractal().requests_to(Endpoint::KycToken);
    let page = thief.returns(&back).await;
    thief.is_back_in_the_app(&page);
    let asked = |fractal: &idv_simulators::fractal::Fractal| fractal.requests_to(Endpoint::KycToken) > before;
    assert!(stage.fractal().wait_for(asked, idv_it::stage::PATIENCE).await.is_ok());
    stage.calm().await;
    owner.does([Act::approve_all()]);
    owner.webhooks_answered().await;
    stage.calm().await;
    let shown = thief.shown().await;
    assert!(shown["status"] == "link_issued" && shown["provider_ids"]["user"].is_null(), "{shown}");
    // the owner's own way is still there
    let address = owner.truth().email;
    owner.goes_through(&Visit::default().by(address)).await;
    owner.ends("approved").await;
}
