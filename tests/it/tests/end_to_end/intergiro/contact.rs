//! Contact data, what is known of a person, and erasing them.

use idv_it::stage::{Plan, Stage, until};
use idv_simulators::intergiro::{Act, ActionType, Endpoint};
use serde_json::json;

use super::nothing_dead;
use crate::invoke::code;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_changed_shown_and_erased() {
    let stage = Stage::with(Plan::of(&["acme"]).with_intergiro()).await;
    tokio::join!(changed(&stage), erased(&stage));
    nothing_dead(&stage).await;
}

async fn changed(stage: &Stage) {
    let person = stage.enrol("acme", "changed").await;
    let email = json!({"email": "inga.new@acme.example", "idempotency_key": "changed-1"});
    let answer = person.ask("update_contact", email.clone()).await;
    assert_eq!(answer["onboarding_id"], json!(person.id), "{answer}");
    assert_eq!(person.truth().individual["email"], "inga.new@acme.example");
    person.ask("update_contact", email).await;
    assert_eq!(person.calls(Endpoint::PatchIndividual), 1, "once per key");
    person.does(Act::whole_approval());
    person.ends("approved").await;
    let answer =
        person.ask("update_contact", json!({"phone": "+46 70 111 22 33", "idempotency_key": "changed-2"})).await;
    assert_eq!(answer["status"], "approved", "{answer}");
    let truth = person.truth().individual;
    assert_eq!((&truth["phone_number"], &truth["email"]), (&json!("46701112233"), &json!("inga.new@acme.example")));
    let wrong = person.ask("update_contact", json!({"phone": "0701112233", "idempotency_key": "changed-3"})).await;
    assert_eq!(
        (wrong["error"]["field"].as_str(), person.calls(Endpoint::PatchIndividual)),
        (Some("phone"), 2),
        "{wrong}"
    );

    person.does([Act::Block]);
    person.ends("rejected").await;
    let refused =
        person.ask("update_contact", json!({"email": "b@acme.example", "idempotency_key": "changed-4"})).await;
    let message = refused["error"]["message"].as_str().unwrap_or_default();
    assert!(code(&refused) == "unsupported" && message.contains("Intergiro's support"), "{refused}");
    assert_eq!(person.calls(Endpoint::PatchIndividual), 2, "it was not even asked");
}

async fn erased(stage: &Stage) {
    let person = stage.enrol("acme", "erased").await;
    person.does(Act::whole_approval());
    person.does([Act::request(ActionType::IdentityVerification)]);
    person.ends("approved").await;
    person.shows("what is asked", |shown| !shown["action"].is_null()).await;
    let details = person.ask("get", json!({"details": true})).await["details"].clone();
    assert_eq!(details["individual"]["first_name"], "Inga", "{details}");
    assert_eq!(details["individual"]["email"], "erased@acme.example");
    assert!(
        details["pending_actions"][0]["description"].as_str().is_some_and(|text| text.contains("verify")),
        "{details}"
    );
    let table = async || {
        let rows = stage.stack.dynamodb().scan().table_name(stage.stack.table()).send().await.unwrap();
        format!("{:?}", rows.items())
    };
    let rows = table().await;
    assert!(rows.contains(&person.individual), "the id is known");
    assert!(!rows.contains("Inga") && !rows.contains("erased@acme"), "the person is not");

    let before = person.received().len();
    let receipt = person.ask("erase", json!({})).await;
    assert_eq!(receipt["provider"], json!([]), "Intergiro cannot be asked: {receipt}");
    assert_eq!(receipt["not_at_provider"][0]["id"], json!(person.individual), "{receipt}");
    let why = receipt["why"][0].as_str().unwrap_or_default();
    assert!(why.contains("Intergiro's support"), "why, and where to turn: {receipt}");
    until("the application is told", || async { person.received().len() > before }).await;
    assert!(!table().await.contains(&person.individual), "no id is left");
    let shown = person.shown().await;

    // old and new events come late
    let looks = person.calls(Endpoint::GetIndividual);
    stage.intergiro().send_again(&person.individual);
    person.does([Act::Block]);
    person.webhooks_answered().await;
    stage.calm().await;
    let last = person.received().pop().unwrap();
    assert_eq!((last.event_type.as_str(), person.received().len()), ("onboarding.erased", before + 1));
    assert_eq!(person.calls(Endpoint::GetIndividual), looks, "nobody looks");
    assert_eq!(person.shown().await, shown);
    assert_eq!(code(&person.resumes("again").await), "not_resumable");
}
