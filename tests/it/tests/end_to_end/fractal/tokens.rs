//! Tokens of persons: refreshed by one at a time, stored before they are used, lost when the person takes them back.

use std::time::Duration;

use futures_util::future::join_all;
use idv_it::stage::{CLASSIC, Plan, Stage};
use idv_simulators::fractal::{Act, Visit, WebhookManner};
use serde_json::json;

use super::{nothing_dead, table};

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_tokens_are_refreshed_once_and_their_loss_is_no_decision() {
    let plan = Plan::of(&["acme"])
        .and("alone", |config| config["connections"][CLASSIC]["settings"]["sweep"] = json!(false))
        .with_fractal();
    let stage = Stage::with(plan).await;
    refreshed(&stage).await;
    taken_back(&stage).await;
    let tokens = stage.fractal().token_counts();
    assert_eq!((tokens.bad_clients, tokens.secrets_in_urls), (0, 0), "{tokens:?}");
    nothing_dead(&stage).await;
}

/// Many look at once after two hours: each person's token is refreshed once each time.
async fn refreshed(stage: &Stage) {
    const COUNT: usize = 4;
    let names: Vec<String> = (0..COUNT).map(|number| format!("refreshed-{number}")).collect();
    let people = join_all(names.iter().map(|name| stage.travels("acme", CLASSIC, name))).await;
    for person in &people {
        person.ends("in_review").await;
        person.webhooks(WebhookManner::Repeated { copies: 4 });
    }
    stage.calm().await;
    let fractal = stage.fractal();
    assert_eq!(fractal.token_counts().refreshes, 0);
    fractal.expire_access_tokens();
    join_all(people.iter().map(async |person| {
        person.does([Act::approve("liveness")]);
        person.part_is("liveness", "approved").await;
    }))
    .await;
    stage.calm().await;
    assert_eq!(fractal.token_counts().refreshes, COUNT);
    fractal.advance_tokens(Duration::from_hours(3));
    for person in &people {
        person.does([Act::approve("basic")]);
    }
    join_all(people.iter().map(|person| person.ends("approved"))).await;
    stage.calm().await;
    let tokens = fractal.token_counts();
    let seen = (tokens.refreshes, tokens.repeated_refreshes, tokens.parallel_refreshes, tokens.families_ended);
    assert_eq!(seen, (2 * COUNT, 0, 0, 0), "one refresher, and a pair is stored before its use: {tokens:?}");
    let rests = table(stage).await;
    assert!(!rests.contains("access_token") && !rests.contains("refresh_token"), "what rests is sealed");
}

/// Without the token nothing can be read: that is asked of the person, and decides nothing.
async fn taken_back(stage: &Stage) {
    let mut person = stage.travels("alone", CLASSIC, "taken-back").await;
    person.ends("in_review").await;
    person.does([Act::Revoke { application: None }]);
    let asked = |shown: &serde_json::Value| shown["status"] == "action_required";
    let shown = person.shows_after_looking("what is asked of the person", asked).await;
    assert_eq!(shown["action"]["ask"], "give_consent", "{shown}");
    assert!(shown["reasons"].to_string().contains("consent_declined"), "{shown}");
    let answer = person.comes_again("asked").await;
    assert_eq!(answer["onboarding_id"], *person.id, "the same onboarding: {answer}");
    let address = person.truth().email;
    person.goes_through(&Visit::default().by(address)).await;
    person.ends("in_review").await;
    person.does([Act::approve_all()]);
    person.ends("approved").await;

    // what was approved stays so where the back office still tells of it
    let other = stage.travels("acme", CLASSIC, "taken-back-later").await;
    other.does([Act::approve_all()]);
    other.ends("approved").await;
    other.does([Act::Revoke { application: None }]);
    let answer = other.ask("get", json!({"refresh": true})).await;
    assert_eq!(answer["status"], "approved", "{answer}");
    other.ends("approved").await;
}
