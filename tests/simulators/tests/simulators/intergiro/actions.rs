//! Pending actions and their consents: asked for, resumed, completed, declined, past their time.

use idv_simulators::intergiro::{Act, ActionType, NotPossible, Validity};
use serde_json::{Value, json};

use super::client::{fixture, intergiro, text};

#[tokio::test]
async fn a_person_completes_what_is_asked_on_the_consents_page() {
    let (intergiro, api) = intergiro().await;
    let id = api.invited().await;
    let early = intergiro.act(&id, Act::request(ActionType::IdentityVerification)).unwrap_err();
    assert_eq!(early.to_string(), text(&fixture("error.422.request-blocked.json"), "/error/message"));
    intergiro.perform(&id, Act::whole_form()).unwrap();
    let asked = intergiro.act(&id, Act::request(ActionType::ProofOfAddressVerification)).unwrap().remove(0);
    let action = api.actions_of(&id, false).await.remove(0);
    assert_eq!(action["type"], "ProofOfAddressVerification");
    let (_, by_event) = api.get(&format!("/v3/pending_actions?event_id={asked}")).await;
    assert_eq!(by_event["data"], json!([action]));

    let consent = format!("/v3/consents/{}", text(&action, "/payload/consent_id"));
    let use_it =
        || async { text(&api.post(&consent, &fixture("post.consent.request.json")).await.1, "/method/redirect_url") };
    let (first, second) = (use_it().await, use_it().await);
    assert_eq!(api.visit(&first, "approve").await.0, 410, "void by the second");
    let shown = api.http.get(&second).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("proof of address"), "{shown}");
    let back = Some("https://example.com/payment_finished".to_owned());
    assert_eq!(api.visit(&second, "approve").await, (303, back));
    assert_eq!(api.actions_of(&id, false).await, Vec::<Value>::new());
    assert_eq!(api.actions_of(&id, true).await, std::slice::from_ref(&action));
    let (_, same) = api.get(&format!("/v3/pending_actions/{}", text(&action, "/id"))).await;
    assert_eq!(same, action, "nothing in it says that it is done");
    assert_eq!(api.get(&consent).await.1["status"], "approved");
    assert_eq!(api.post(&consent, &fixture("post.consent.request.json")).await.0, 422);
    let names: Vec<String> = intergiro.events().into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["IndividualOnboardingDataProvided", "PendingActionCreated", "PendingActionCompleted"]);
    assert_eq!(api.status(&id).await, "onboarding_data_provided", "no decision yet");
}

#[tokio::test]
async fn an_action_past_its_time_stays_open_without_an_event() {
    let (intergiro, api) = intergiro().await;
    let id = api.invited().await;
    intergiro.perform(&id, Act::whole_approval()).unwrap();
    let valid = Act::Request { action: ActionType::IdentityVerification, valid: Validity::Open };
    intergiro.act(&id, valid).unwrap();
    let events = intergiro.events().len();
    intergiro.act(&id, Act::ExpireAction { action: None }).unwrap();
    let action = api.actions_of(&id, false).await.remove(0);
    assert!(action["expires_at"].is_string());
    let consent = format!("/v3/consents/{}", text(&action, "/payload/consent_id"));
    assert_eq!(api.post(&consent, &fixture("post.consent.request.json")).await.0, 422);
    assert_eq!(intergiro.act(&id, Act::complete()), Err(NotPossible::NothingOpen));
    assert_eq!(intergiro.events().len(), events);
    assert!(intergiro.truth(&id).unwrap().actions[0].expired);
}

#[tokio::test]
async fn a_declined_consent_leaves_the_action_open() {
    let (intergiro, api) = intergiro().await;
    let id = api.invited().await;
    intergiro.perform(&id, Act::whole_rejection()).unwrap();
    let ask = |action| Act::Request { action, valid: Validity::Usual };
    intergiro
        .perform(&id, [ask(ActionType::IdentityVerification), ask(ActionType::Unknown("Dance".to_owned()))])
        .unwrap();
    intergiro.act(&id, Act::DeclineAction { action: None }).unwrap();
    let truth = intergiro.truth(&id).unwrap();
    assert_eq!((truth.actions[0].consent_status.as_str(), truth.open_actions()), ("declined", 2));
    let second = truth.actions[1].id.clone();
    intergiro.act(&id, Act::CompleteAction { action: Some(second) }).unwrap();
    assert_eq!(api.actions_of(&id, true).await[0]["type"], "Dance");
    intergiro.act(&id, Act::Activate).unwrap();
    assert_eq!(api.status(&id).await, "activated", "possible after a block");
}
