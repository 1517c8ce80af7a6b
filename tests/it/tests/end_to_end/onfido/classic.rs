//! The classic way: an SDK in the app captures, the app submits, reports and checks tell.

use idv_it::stage::{Applicant, Plan, Stage};
use idv_simulators::onfido::{Act, Endpoint, Outcome};
use serde_json::{Value, json};

use super::nothing_dead;
use crate::invoke::code;

#[tokio::test(flavor = "multi_thread")]
async fn a_check_goes_from_the_sdk_to_its_end() {
    let plan = Plan::of(&["acme"])
        .and("strict", |config| {
            config["connections"]["onfido"]["settings"]["consider"] = json!("rejected");
            config["delivery"]["kinds"] = json!(["status", "action", "part"]);
        })
        .with_onfido();
    let stage = Stage::with(plan).await;
    tokio::join!(cleared(&stage), considered(&stage), reopened(&stage), erased(&stage), not_understood(&stage));
    nothing_dead(&stage).await;
}

async fn cleared(stage: &Stage) {
    let person = stage.applies("acme", "cleared").await;
    // the person uses another device: it is the same applicant
    let again = Applicant::of(stage, "acme", "cleared", &person.resumes("another-device").await);
    assert_eq!((&again.id, &again.applicant), (&person.id, &person.applicant));
    assert_eq!(person.truth().sdk_tokens, 2, "a token is for one start of the SDK");

    let answers = [person.submits("once").await, person.submits("once").await, person.submits("twice").await];
    assert!(answers.iter().all(|answer| answer["onboarding_id"] == *person.id), "{answers:?}");
    assert_eq!(person.calls(Endpoint::CreateCheck), 1, "while it runs there is one check, whatever the key");
    let tag = format!("idv:{}", person.id);
    assert_eq!(stage.onfido().checks_by_tag(&tag), [person.check()], "it can be found by our reference");

    person.does([Act::complete()]);
    person.ends("approved").await;
    let told = person.received().pop().unwrap();
    let ids = &told.body["data"]["provider"]["ids"];
    assert_eq!((&ids["applicant"], &ids["check"]), (&json!(person.applicant), &json!(person.check())), "{ids}");
    assert_eq!(code(&person.resumes("over").await), "not_resumable");
}

/// What is found is the tenant's to judge, unless it says otherwise.
async fn considered(stage: &Stage) {
    let person = stage.applies("acme", "considered").await;
    person.checked().await;
    person.does([Act::complete_with("facial_similarity_photo", Outcome::Consider)]);
    person.ends("in_review").await;
    let shown = person.shown().await;
    let reasons = shown["reasons"].to_string();
    assert!(reasons.contains("face_mismatch"), "{shown}");
}

/// An end that is taken back: what was decided does not stand while the check runs again.
async fn reopened(stage: &Stage) {
    let person = stage.applies("strict", "reopened").await;
    person.checked().await;
    person.does([Act::complete()]);
    person.ends("approved").await;
    person.does([Act::Reopen]);
    person.shows("that it is open again", |shown| shown["status"] != "approved").await;
    let found = Act::ReviseReport { report: "document".to_owned(), outcome: Outcome::Suspected };
    person.does([found, Act::FinishCheck]);
    person.ends("rejected").await;
    let overturned: Vec<Value> = person.timeline().await.into_iter().filter(|it| it["overturned"] == true).collect();
    assert!(overturned.iter().any(|change| change["previous"] == "approved"), "{overturned:?}");
    let told = person.received().into_iter().filter(|row| row.event_type == "onboarding.part").count();
    assert!(told >= 3, "both reports and the check reached a decision: {told}");
}

async fn erased(stage: &Stage) {
    let person = stage.applies("acme", "erased").await;
    person.checked().await;
    person.does([Act::complete()]);
    person.ends("approved").await;
    let receipt = person.ask("erase", json!({})).await;
    assert_eq!(receipt["provider"][0]["id"], *person.applicant, "{receipt}");
    assert!(person.truth().ended, "Onfido has deleted the applicant");
}

/// Nothing is created by what cannot be understood.
async fn not_understood(stage: &Stage) {
    let mut request = stage.applicant_request("acme", "nameless");
    request["subject"].as_object_mut().unwrap().remove("last_name");
    let answer = stage.ask("acme", &request).await;
    assert_eq!(
        (code(&answer), &answer["error"]["field"]),
        ("invalid_request", &json!("subject.last_name")),
        "{answer}"
    );
    let person = stage.applies("acme", "unknown-report").await;
    let options = json!({"idempotency_key": "unknown-report", "options": {"report_names": ["horoscope"]}});
    let answer = person.ask("submit", options).await;
    let field = answer["error"]["field"].as_str().unwrap_or_default();
    assert!(code(&answer) == "invalid_request" && field.starts_with("options.report_names"), "{answer}");
    assert!(person.truth().checks.is_empty());
}

/// No event tells of it: our own clock does. The person comes back to the same applicant.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_dies_and_another_is_given() {
    // 90 min are 10 s here
    let stage = Stage::with(Plan { faster: 540, ..Plan::of(&["acme"]).with_onfido() }).await;
    let person = stage.applies("acme", "comes-back").await;
    person.ends("expired").await;
    let told = person.received().pop().unwrap();
    assert!(told.body["data"]["reasons"].to_string().contains("link_expired"), "{}", told.body);
    let answer = person.resumes("comes-back").await;
    let again = Applicant::of(&stage, "acme", "comes-back", &answer);
    assert_eq!((&again.id, &again.applicant, &answer["attempt"]), (&person.id, &person.applicant, &json!(1)));
    assert_eq!((person.truth().sdk_tokens, person.calls(Endpoint::SdkToken)), (2, 2));
    person.checked().await;
    person.does([Act::complete()]);
    person.ends("approved").await;
    nothing_dead(&stage).await;
}
