//! What Intergiro asks of a person beyond the first form.

use idv_it::stage::{Plan, Stage};
use idv_simulators::intergiro::{Act, ActionType, Endpoint};
use serde_json::{Value, json};

use super::nothing_dead;
use crate::invoke::code;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_a_person_is_told_and_has_its_own_link() {
    let stage = Stage::with(Plan::of(&["acme"]).with_intergiro()).await;
    tokio::join!(while_reviewed(&stage), after_approval(&stage), past_its_time(&stage), of_a_card(&stage));
    nothing_dead(&stage).await;
}

/// The link of the action that is open, by Intergiro's own records.
fn leads_to_the_action(answer: &Value, own: Option<String>) {
    assert!(own.is_some(), "Intergiro has made a link: {answer}");
    assert_eq!(answer["link"]["url"].as_str().map(str::to_owned), own, "{answer}");
}

async fn while_reviewed(stage: &Stage) {
    let person = stage.enrol("acme", "while-reviewed").await;
    let entrance = person.truth().link.unwrap().redirect_url;
    person.does(Act::whole_form());
    person.ends("in_review").await;
    person.does([Act::request(ActionType::IdentityVerification)]);
    person.ends("action_required").await;
    let asked = person.shown().await;
    assert_eq!(
        (&asked["action"]["ask"], &asked["action"]["of"]),
        (&json!("provide_document"), &json!("person")),
        "{asked}"
    );
    let told = person.received().pop().unwrap();
    assert_eq!(
        (told.event_type.as_str(), &told.body["data"]["action"]),
        ("onboarding.action_required", &asked["action"])
    );

    let answer = person.resumes("first").await;
    leads_to_the_action(&answer, person.truth().actions[0].redirect_url.clone());
    assert_ne!(answer["link"]["url"], json!(entrance));
    let again = person.resumes("second").await;
    assert_eq!(again["link"], answer["link"], "while it lives there is one");
    assert_eq!(person.calls(Endpoint::UseConsent), 1);

    person.does([Act::complete()]);
    person.ends("in_review").await;
    assert!(person.shown().await["action"].is_null());
    let over = person.resumes("third").await;
    assert_eq!(person.calls(Endpoint::UseConsent), 1, "nothing is asked any more: {over}");
    person.does([Act::Activate]);
    person.ends("approved").await;
    let statuses: Vec<String> = person.received().into_iter().filter_map(|row| row.status).collect();
    assert_eq!(statuses, ["in_review", "action_required", "in_review", "approved"]);
}

/// What is asked of an approved person takes nothing from the approval.
async fn after_approval(stage: &Stage) {
    let person = stage.enrol("acme", "after-approval").await;
    person.does(Act::whole_approval());
    person.ends("approved").await;
    person.does([Act::request(ActionType::ProofOfAddressVerification)]);
    let shown = person.shows("an action", |shown| !shown["action"].is_null()).await;
    assert_eq!((&shown["status"], &shown["action"]["ask"]), (&json!("approved"), &json!("prove_address")), "{shown}");
    person.ends("approved").await;
    let told = person.received().pop().unwrap();
    assert_eq!((told.body["data"]["kind"].as_str(), told.status.as_deref()), (Some("action"), Some("approved")));
    let answer = person.resumes("asked").await;
    leads_to_the_action(&answer, person.truth().actions[0].redirect_url.clone());
    person.does([Act::complete()]);
    person.shows("nothing asked", |shown| shown["action"].is_null()).await;
    person.ends("approved").await;
    assert!(person.timeline().await.iter().all(|change| change["overturned"].is_null()), "it stood all the time");
    assert_eq!(code(&person.resumes("over").await), "not_resumable");
}

/// No event tells of the end: it stays asked, with the time until when it was, and has no link any more.
async fn past_its_time(stage: &Stage) {
    let person = stage.enrol("acme", "past-its-time").await;
    person.does(Act::whole_form());
    person.does([Act::request(ActionType::IdentityVerification)]);
    person.ends("action_required").await;
    person.does([Act::ExpireAction { action: None }]);
    let ended =
        |shown: &Value| shown["action"]["by"].as_str().is_some_and(|by| by < shown["looked_at"].as_str().unwrap());
    let shown = person.shows_after_looking("an end that is past", ended).await;
    assert_eq!(shown["status"], "action_required", "{shown}");
    let answer = person.resumes("late").await;
    assert!(answer["error"].is_object() && answer["link"].is_null(), "{answer}");
    assert_eq!(person.calls(Endpoint::Onboard), 1, "no other way in is made: {answer}");
    assert_eq!(stage.intergiro().individual_by_email("past-its-time@acme.example"), Some(person.individual.clone()));
    // Intergiro asks anew, and that has a link
    person.does([Act::request(ActionType::IdentityVerification)]);
    person.shows_after_looking("both", |shown| shown["parts"].as_array().is_some_and(|parts| parts.len() == 3)).await;
    person.does([Act::Activate]);
    person.ends("approved").await;
}

/// A payment that wants the person's yes is no matter of their onboarding.
async fn of_a_card(stage: &Stage) {
    let person = stage.enrol("acme", "of-a-card").await;
    person.does(Act::whole_approval());
    person.ends("approved").await;
    let events = person.does([Act::request(ActionType::AuthenticateCardOperation)]);
    person.webhooks_answered().await;
    let resolved = stage.intergiro().wait_for(|it| it.resolves_of(&events[0]) > 0, idv_it::stage::PATIENCE).await;
    assert!(resolved.is_ok(), "its name says nothing of its type");
    person.ends("approved").await;
    let shown = person.shown().await;
    assert!(shown["action"].is_null() && shown["parts"].as_array().is_some_and(|parts| parts.len() == 1), "{shown}");
}
