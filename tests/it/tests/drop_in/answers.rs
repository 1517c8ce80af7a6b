//! What is answered, in the other integration's words.

use std::collections::BTreeSet;
use std::time::Duration;

use idv_gateway::domain::Channel;
use idv_gateway::ports::ProviderError;
use serde_json::{Value, json};

use crate::lobby::LIFE;
use crate::scene::{A, ACME, Scene, event, fixture, proposed};

fn members(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_three_operations_answer_in_the_proposed_forms() {
    let scene = Scene::new();
    let created = scene.ask("applicants", &fixture("create_applicant"));
    assert_eq!((created.status, members(&created.body())), (201, members(&proposed("create_applicant.response"))));
    let applicant = created.text("applicantId");
    let onboarding = scene.rig.onboardings().pop().unwrap();
    assert_eq!(onboarding.identity.reference.as_str(), "ftos-account-000123");
    assert_eq!(onboarding.identity.channel, Channel::Sdk);
    assert_eq!(onboarding.key.tenant.as_str(), "acme");
    let wish = scene.lobby.state().applicants[0].clone();
    assert_eq!(wish.subject["location"]["ip_address"], "203.0.113.10");
    assert_eq!(wish.subject["last_name"], "Example");

    let mut asked = fixture("get_sdk_token");
    asked["applicantId"] = json!(applicant);
    let token = scene.ask("sdk-token", &asked);
    assert_eq!((token.status, members(&token.body())), (200, members(&proposed("get_sdk_token.response"))));
    assert_eq!(token.text("token"), "token-2", "one of its own: a token is for one start of the SDK");
    assert_eq!(token.headers["cache-control"], "no-store");

    let mut asked = fixture("start_check");
    asked["applicantId"] = json!(applicant);
    let check = scene.ask("checks", &asked);
    assert_eq!(
        (check.status, check.body()),
        (201, json!({"checkId": "check-1", "status": "in_progress", "reportIds": ["report-1-1", "report-1-2"]}))
    );
    assert_eq!(members(&check.body()), members(&proposed("start_check.response")));
    let options = scene.lobby.state().checks.values().next().unwrap().1.clone();
    assert_eq!(
        Value::Object(options),
        json!({"report_names": asked["reportNames"], "document_ids": asked["documentIds"]})
    );
}

#[test]
fn without_a_reference_the_onboardings_own_id_is_it() {
    let scene = Scene::new();
    scene.ask_with("applicants", "k", &json!({"firstName": "Ada"}));
    let onboarding = scene.rig.onboardings().pop().unwrap();
    assert_eq!(onboarding.identity.reference.as_str(), onboarding.key.id.as_str());
    let get = json!({"action": "get", "tenant": "acme", "reference": onboarding.key.id});
    assert_eq!(scene.rig.ask(None, get).done().unwrap()["onboarding_id"], json!(onboarding.key.id));
    // the same request again is no other content
    let again = scene.ask_with("applicants", "k", &json!({"firstName": "Ada"}));
    assert_eq!((again.status, again.text("applicantId")), (201, "applicant-1".to_owned()));
    let given = scene.ask("applicants", &json!({"firstName": "Ada", "reference": "mine"}));
    assert_eq!(given.status, 201);
    assert!(scene.rig.onboardings().iter().any(|onboarding| onboarding.identity.reference.as_str() == "mine"));
    let both = scene.ask("applicants", &json!({"firstName": "A", "reference": "r", "externalReference": "e"}));
    assert_eq!((both.status, both.field()), (400, "externalReference".to_owned()));
}

#[test]
fn each_token_is_a_fresh_one_and_says_how_long() {
    let scene = Scene::new();
    let asked = json!({"applicantId": scene.applicant()});
    scene.rig.wait(60);
    let first = scene.ask("sdk-token", &asked).body();
    assert_eq!(first["token"], "token-2");
    let left = first["expiresInSeconds"].as_u64().unwrap();
    assert!((LIFE.as_secs() - 5..=LIFE.as_secs()).contains(&left), "{left}");
    scene.rig.clock.advance(LIFE);
    let second = scene.ask("sdk-token", &asked).body();
    assert_eq!(second["token"], "token-3");
    assert!(second["expiresInSeconds"].as_u64().unwrap() > LIFE.as_secs() - 5);
    assert_eq!(scene.lobby.state().applicants.len(), 1);
}

#[test]
fn a_body_may_be_base64() {
    let scene = Scene::new();
    let mut asked = event("applicants", A, ACME, &Value::Null);
    asked["isBase64Encoded"] = json!(true);
    asked["body"] = json!("eyJmaXJzdE5hbWUiOiJBZGEifQ==");
    assert_eq!(scene.answer(asked.clone()).status, 201);
    asked["body"] = json!("eyJmaXJzdE5hbWUiOiJBZGEifQ=!");
    let broken = scene.answer(asked);
    assert_eq!((broken.status, broken.field()), (400, "body".to_owned()));
}

#[test]
fn a_wrong_field_is_named_in_the_callers_word_and_makes_nothing() {
    let scene = Scene::new();
    let applicant = scene.applicant();
    let writes = scene.rig.ledger.writes();
    let cases = [
        ("applicants", json!({}), "firstName"),
        ("applicants", json!({"firstName": 1}), "firstName"),
        ("applicants", json!({"firstName": "A", "applicantId": "a"}), "applicantId"),
        ("applicants", json!({"firstName": "A", "reference": ""}), "reference"),
        ("applicants", json!([]), "body"),
        ("sdk-token", json!({}), "applicantId"),
        ("sdk-token", json!({"applicantId": "a/b"}), "applicantId"),
        ("sdk-token", json!({"applicantId": applicant, "token": "t"}), "token"),
        ("checks", json!({"applicantId": applicant, "reportNames": ["nonsense"]}), "reportNames"),
        ("checks", json!({"applicantId": applicant, "webhookIds": ["w"]}), "webhookIds"),
    ];
    for (operation, body, field) in cases {
        let answer = scene.ask(operation, &body);
        assert_eq!((answer.status, answer.field()), (400, field.to_owned()), "{operation} {body} {answer:?}");
        assert_eq!(answer.body()["error"]["code"], "invalid_request");
    }
    let key = scene.ask_with("applicants", "a,b", &fixture("create_applicant"));
    assert_eq!((key.status, key.field()), (400, "Idempotency-Key".to_owned()));
    let long = scene.ask("applicants", &json!({"firstName": "A".repeat(100_000)}));
    assert_eq!((long.status, long.field()), (400, "body".to_owned()));
    assert_eq!(scene.rig.ledger.writes(), writes);
    assert_eq!(scene.lobby.state().checks.len(), 0);
}

#[test]
fn what_the_provider_cannot_do_now_has_a_status_that_says_when_to_come_back() {
    let scene = Scene::new();
    let applicant = scene.applicant();
    let cases = [
        (ProviderError::Busy { retry_after: Some(Duration::from_secs(3)) }, 429, "rate_limited", true),
        (ProviderError::Unavailable("timed_out"), 503, "provider_unavailable", true),
        (ProviderError::Unauthorized, 409, "provider_rejected", false),
        (ProviderError::Refused { field: Some("options.document_ids".to_owned()) }, 400, "provider_rejected", false),
        (ProviderError::Refused { field: None }, 409, "provider_rejected", false),
        (ProviderError::Unsupported("no"), 400, "unsupported", false),
    ];
    for (failure, status, code, patience) in cases {
        scene.lobby.state().failing = Some(failure.clone());
        let answer = scene.ask("checks", &json!({"applicantId": applicant}));
        assert_eq!((answer.status, answer.body()["error"]["code"].as_str().unwrap()), (status, code), "{failure}");
        assert_eq!(answer.headers["retry-after"].is_string(), patience, "{failure}");
    }
    scene.lobby.state().failing = None;
    assert_eq!(scene.ask("checks", &json!({"applicantId": applicant})).status, 201, "and then it is done");
    assert_eq!(scene.lobby.state().checks.len(), 1);
}

#[test]
fn a_finished_check_is_told_as_it_stands() {
    let mut scene = Scene::new();
    let asked = json!({"applicantId": scene.applicant()});
    assert_eq!(scene.ask("checks", &asked).text("status"), "in_progress");
    scene.lobby.state().word = Some("complete");
    scene.rig.play_for(Duration::from_secs(3600));
    assert_eq!(scene.ask("checks", &asked).text("status"), "complete");
    let token = scene.ask("sdk-token", &asked);
    assert_eq!((token.status, token.body()["error"]["code"].clone()), (409, json!("not_resumable")));
}
