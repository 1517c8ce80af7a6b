//! The classic way: a level with its add-on, whose parts are decided one by one, and webhooks as they come.

use idv_it::stage::{CLASSIC, Plan, Stage};
use idv_simulators::fractal::{Act, Endpoint, Order, WebhookManner};
use serde_json::{Value, json};

use super::{nothing_dead, table};

#[tokio::test(flavor = "multi_thread")]
async fn a_level_is_approved_only_with_its_add_on() {
    let stage = Stage::with(Plan::of(&["acme"]).with_fractal()).await;
    tokio::join!(out_of_order(&stage), one_rejected(&stage), asked_for_more(&stage), contact_changed(&stage));
    nothing_dead(&stage).await;
    assert!(stage.fractal_refused().is_empty(), "every webhook was taken");
    let tokens = stage.fractal().token_counts();
    assert_eq!((tokens.codes_exchanged, tokens.codes_reused, tokens.secrets_in_urls), (4, 0, 0), "{tokens:?}");
}

fn statuses(timeline: &[Value]) -> Vec<&str> {
    timeline.iter().filter(|it| it["kind"] == "status").filter_map(|it| it["status"].as_str()).collect()
}

async fn out_of_order(stage: &Stage) {
    let person = stage.travels("acme", CLASSIC, "out-of-order").await;
    person.ends("in_review").await;
    person.does([Act::approve("liveness")]);
    let shown = person.part_is("liveness", "approved").await;
    assert_eq!(shown["status"], "in_review", "an add-on alone decides nothing: {shown}");
    person.does([Act::approve("basic")]);
    person.ends("approved").await;
    let told = person.received().pop().unwrap();
    assert_eq!(told.body["data"]["provider"]["ids"]["user"], *person.user, "{}", told.body);
    let timeline = person.timeline().await;
    assert_eq!(statuses(&timeline).iter().filter(|status| **status == "approved").count(), 1, "{timeline:?}");
}

async fn one_rejected(stage: &Stage) {
    let person = stage.travels("acme", CLASSIC, "one-rejected").await;
    person.does([Act::approve("basic"), Act::reject("liveness")]);
    person.ends("rejected").await;
    let shown = person.shown().await;
    assert!(shown["reasons"].to_string().contains("not_disclosed"), "Fractal gives no reason: {shown}");
    assert!(!statuses(&person.timeline().await).contains(&"approved"));
}

async fn asked_for_more(stage: &Stage) {
    let person = stage.travels("acme", CLASSIC, "asked-for-more").await;
    person.ends("in_review").await;
    person.does([Act::contact("basic")]);
    person.ends("action_required").await;
    let shown = person.shown().await;
    let action = &shown["action"];
    assert_eq!((&action["ask"], &action["of"]), (&json!("answer_question"), &json!("person")), "{shown}");
    // no event tells of the answer
    person.does([Act::Respond { part: None }]);
    person.shows_after_looking("that it was answered", |shown| shown["status"] == "in_review").await;
    person.does([Act::approve_all()]);
    person.ends("approved").await;
}

/// The event has the new address: it goes nowhere, only that there is one.
async fn contact_changed(stage: &Stage) {
    const ADDRESS: &str = "moved.to.another@people.example";
    let person = stage.travels("acme", CLASSIC, "contact-changed").await;
    person.does([Act::approve_all()]);
    person.ends("approved").await;
    person.does([Act::ChangeEmail { email: ADDRESS.to_owned() }]);
    let told = |row: &idv_simulators::app::Received| row.event_type == "onboarding.contact_changed";
    idv_it::stage::until("the application is told", || async { person.received().iter().any(told) }).await;
    person.ends("approved").await;
    let row = person.received().into_iter().find(told).unwrap();
    assert!(!row.body.to_string().contains(ADDRESS), "{}", row.body);
    assert!(!table(stage).await.contains(ADDRESS), "and rests nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_that_do_not_come_as_they_should_change_nothing() {
    let stage = Stage::with(Plan::of(&["acme"]).with_fractal()).await;
    tokio::join!(twice(&stage), reversed(&stage), never(&stage), before_the_person(&stage));
    nothing_dead(&stage).await;
}

async fn twice(stage: &Stage) {
    let person = stage.travels("acme", CLASSIC, "twice").await;
    person.ends("in_review").await;
    person.webhooks(WebhookManner::Repeated { copies: 5 });
    let before = person.calls(Endpoint::UsersMe);
    person.does([Act::approve("liveness"), Act::approve("basic")]);
    person.ends("approved").await;
    person.webhooks_answered().await;
    stage.calm().await;
    let looks = person.calls(Endpoint::UsersMe) - before;
    assert!(looks <= 4, "{looks} looks for 10 webhooks");
    person.ends("approved").await;
}

async fn reversed(stage: &Stage) {
    let person = stage.travels("acme", CLASSIC, "reversed").await;
    person.ends("in_review").await;
    let rule = person.webhooks(WebhookManner::Held);
    person.does([Act::contact("basic"), Act::Respond { part: None }, Act::approve("basic"), Act::approve("liveness")]);
    stage.fractal().remove_rule(rule);
    stage.fractal().release(&Order::Reversed);
    person.ends("approved").await;
    person.webhooks_answered().await;
    stage.calm().await;
    person.ends("approved").await;
    let timeline = person.timeline().await;
    assert!(!statuses(&timeline).contains(&"action_required"), "it was over before the look: {timeline:?}");
}

async fn never(stage: &Stage) {
    let person = stage.travels("acme", CLASSIC, "never").await;
    person.ends("in_review").await;
    // the way back asks for one more look
    stage.calm().await;
    person.webhooks(WebhookManner::Lost);
    person.does([Act::approve_all()]);
    person.ends("approved").await;
    let last = person.timeline().await.pop().unwrap();
    assert_eq!(last["evidence"], "schedule", "{last}");
}

/// Everything is decided before the person is back: whose it is, is not known yet.
async fn before_the_person(stage: &Stage) {
    let mut person = stage.sets_out("acme", CLASSIC, "before-the-person").await;
    let back = person.answers(&idv_simulators::fractal::Visit::default()).await;
    person.does([Act::approve_all()]);
    person.webhooks_answered().await;
    stage.calm().await;
    let page = person.returns(&back).await;
    person.is_back_in_the_app(&page);
    person.ends("approved").await;
}
