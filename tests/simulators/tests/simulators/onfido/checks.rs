//! Classic checks: rules by version, reports one by one, what staff do, the hosted form, the sandbox.

use std::{sync::Arc, time::Duration};

use idv_simulators::onfido::{Act, NotPossible, Outcome, Region, Registration, Settings};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{actions, by_hand, fixture, listening, onfido, onfido_with, sandbox, text};
use crate::support::SOON;

#[tokio::test]
async fn newer_versions_want_location_and_consent() {
    let (_onfido, api) = onfido().await;
    let bare = api.made("/applicants", &fixture("post_applicants.minimal.request.json")).await;
    let american = json!({"first_name": "Ada", "last_name": "Example", "email": "ada@example.com",
        "location": {"ip_address": "203.0.113.10", "country_of_residence": "USA"}});
    let american = api.made("/applicants", &american).await;
    let check = |id: &str| json!({"applicant_id": id, "report_names": ["document"]});
    for (version, codes) in [("v3.2", (201, 201)), ("v3.3", (201, 201)), ("v3.4", (422, 422)), ("v3.6", (422, 422))] {
        let api = api.at(Region::Eu, version);
        let seen = (api.post("/checks", &check(&bare)).await.0, api.post("/checks", &check(&american)).await.0);
        assert_eq!(seen, codes, "{version}");
    }
    let (_, refused) = api.post("/checks", &check(&bare)).await;
    assert_eq!(refused["error"]["fields"]["location"], json!(["is required"]));
    let consent = json!({"consents": [{"name": "privacy_notices_read", "granted": true}]});
    assert_eq!(api.send(Method::PUT, &format!("/applicants/{american}"), &consent).await.0, 200);
    let (status, made) = api.at(Region::Eu, "v3.4").post("/checks", &check(&american)).await;
    assert_eq!((status, text(&made, "/version")), (201, "3.4".to_owned()));
}

#[tokio::test]
async fn a_check_names_known_things_only() {
    let (_onfido, api) = onfido().await;
    let id = api.applicant().await;
    let foreign = "c4b3a291-8070-4f5e-9d4c-3b2a19087999";
    for (field, body) in [
        ("report_names", json!({"applicant_id": id, "report_names": []})),
        ("report_names", json!({"applicant_id": id, "report_names": ["palm"]})),
        ("webhook_ids", json!({"applicant_id": id, "report_names": ["document"], "webhook_ids": [foreign]})),
        ("document_ids", json!({"applicant_id": id, "report_names": ["document"], "document_ids": [foreign]})),
        ("us_driving_licence", json!({"applicant_id": id, "report_names": ["us_driving_licence"]})),
        ("applicant_id", json!({"report_names": ["document"]})),
    ] {
        let (status, refused) = api.post("/checks", &body).await;
        assert_eq!(status, 422);
        assert!(refused["error"]["fields"].get(field).is_some(), "{field}: {refused}");
    }
    let (_onfido, api) = onfido_with(Settings { refuses_without_media: true, ..by_hand() }).await;
    let id = api.applicant().await;
    assert_eq!(api.post("/checks", &json!({"applicant_id": id, "report_names": ["document"]})).await.0, 422);
}

#[tokio::test]
async fn reports_end_before_their_check() {
    let (onfido, api, receiver, _) = listening(by_hand()).await;
    let id = api.applicant().await;
    onfido.act(&id, Act::Capture).unwrap();
    let check = api.check(&id, None).await;
    let path = format!("/checks/{check}");
    onfido.act(&check, Act::complete_report("document", Outcome::Clear)).unwrap();
    assert_eq!(onfido.act(&check, Act::FinishCheck), Err(NotPossible::ReportsOpen));
    let face = onfido.reports_of(&check)["facial_similarity_photo"].clone();
    onfido.act(&face, Act::CompleteReport { report: None, outcome: Outcome::Consider }).unwrap();
    assert_eq!(api.status(&path).await, "in_progress", "the whole lags behind its parts");
    onfido.act(&check, Act::FinishCheck).unwrap();
    let (_, shown) = api.get(&path).await;
    assert_eq!((text(&shown, "/status").as_str(), text(&shown, "/result").as_str()), ("complete", "consider"));
    onfido.act(&check, Act::Reopen).unwrap();
    assert_eq!(api.get(&path).await.1["result"], Value::Null);
    onfido.act(&check, Act::ReviseReport { report: face.clone(), outcome: Outcome::Clear }).unwrap();
    onfido.act(&check, Act::FinishCheck).unwrap();
    assert_eq!(text(&api.get(&path).await.1, "/result"), "clear");
    onfido.quiet(SOON).await.unwrap();
    let mut seen = actions(&receiver);
    seen.sort();
    let wanted = ["check.completed", "check.completed", "check.reopened", "check.started", "report.completed"];
    assert_eq!(seen[..5], wanted);
    assert_eq!((seen.len(), onfido.events_about(&face).len(), onfido.events_about(&id).len()), (6, 1, 6));
}

#[tokio::test]
async fn staff_pause_cancel_approve_and_withdraw() {
    let (onfido, api) = onfido().await;
    let id = api.applicant().await;
    let check = api.check(&id, None).await;
    let reports = onfido.reports_of(&check);
    let (document, face) = (&reports["document"], &reports["facial_similarity_photo"]);
    onfido.act(&check, Act::Pause).unwrap();
    assert_eq!(api.get(&format!("/checks/{check}")).await.1["paused"], json!(true));
    assert!(onfido.act(&check, Act::complete()).is_err());
    assert_eq!(api.post(&format!("/checks/{check}/resume"), &Value::Null).await.0, 204);
    assert_eq!(api.post(&format!("/checks/{check}/resume"), &Value::Null).await.0, 422);
    onfido.act(document, Act::AwaitApproval { report: None }).unwrap();
    assert_eq!(api.status(&format!("/reports/{document}")).await, "awaiting_approval");
    assert_eq!(api.post(&format!("/reports/{document}/resume"), &Value::Null).await.0, 204);
    assert_eq!(api.post(&format!("/reports/{face}/cancel"), &Value::Null).await.0, 204);
    onfido.act(&check, Act::complete()).unwrap();
    let truth = onfido.truth(&check).unwrap();
    assert_eq!((truth.result(), truth.reports[1]["status"].as_str()), (Some("clear"), Some("cancelled")));
    let second = api.check(&id, None).await;
    onfido.act(&second, Act::Withdraw).unwrap();
    let last: Vec<String> = onfido.events_about(&second).into_iter().map(|it| it.action).collect();
    assert_eq!(last, ["check.started", "report.withdrawn", "report.withdrawn", "check.withdrawn"]);
    onfido.act(&second, Act::become_silently("expired", None)).unwrap();
    assert_eq!(api.status(&format!("/checks/{second}")).await, "expired");
    assert_eq!(onfido.events_about(&second).len(), 4);
    let tagged = onfido.checks_by_tag("onboarding:ob-000123");
    assert_eq!(tagged, [check, second]);
    assert_eq!(onfido.act(&id, Act::CompleteTask).unwrap_err(), NotPossible::Absent("workflow run"));
}

#[tokio::test]
async fn the_hosted_form_is_sent_by_the_person() {
    let (onfido, api) = onfido().await;
    let id = api.applicant().await;
    let webhook = onfido.register(Registration::to("http://127.0.0.1:9/"));
    let mut body = fixture("post_checks.applicant_form.request.json");
    (body["applicant_id"], body["webhook_ids"]) = (json!(id), json!([webhook]));
    let (status, made) = api.post("/checks", &body).await;
    assert_eq!((status, text(&made, "/status").as_str()), (201, "awaiting_applicant"));
    let (form, check) = (text(&made, "/form_uri"), text(&made, "/id"));
    assert!(onfido.events_about(&check).is_empty(), "nothing began");
    assert_eq!(api.http.get(&form).send().await.unwrap().status().as_u16(), 200);
    assert_eq!(api.visit(&form, "submit").await, (303, Some("https://app.example.com/onboarding/done".to_owned())));
    assert_eq!(api.visit(&form, "submit").await.0, 410);
    let documents = api.get(&format!("/documents?applicant_id={id}")).await.1;
    assert_eq!(documents["documents"].as_array().unwrap().len(), 2);
    onfido.act(&check, Act::complete_with("document", Outcome::Underage)).unwrap();
    let report = &onfido.truth(&check).unwrap().reports[0];
    assert_eq!((&report["sub_result"], report["documents"].as_array().unwrap().len()), (&json!("rejected"), 2));
    assert_eq!(report["breakdown"]["age_validation"]["result"], "consider");
}

#[tokio::test]
async fn the_sandbox_decides_at_once() {
    let (onfido, _) = onfido().await;
    let api = sandbox(&onfido);
    let id = api.applicant().await;
    let mut body = fixture("post_checks.sandbox_consider.request.json");
    body["applicant_id"] = json!(id);
    let (_, made) = api.post("/checks", &body).await;
    assert_eq!((&made["sandbox"], text(&made, "/result").as_str()), (&json!(true), "consider"));
    let rows = api.get(&format!("/reports?check_id={}", text(&made, "/id"))).await.1;
    assert_eq!(
        (&rows["reports"][0]["sub_result"], &rows["reports"][1]["result"]),
        (&json!("suspected"), &json!("consider"))
    );
    let clear = api.check(&id, None).await;
    assert_eq!(text(&api.get(&format!("/checks/{clear}")).await.1, "/result"), "clear");
    let onfido = onfido_with(Settings { sandbox_completes: false, ..by_hand() }).await.0;
    let api = sandbox(&onfido);
    let slow = api.check(&api.applicant().await, None).await;
    assert_eq!(api.status(&format!("/checks/{slow}")).await, "in_progress");
}

#[tokio::test]
async fn a_synchronous_call_blocks_until_the_end() {
    let (onfido, api) = onfido().await;
    let id = api.applicant().await;
    let api = Arc::new(api);
    let body = json!({"applicant_id": id, "report_names": ["document"], "asynchronous": false});
    let caller = Arc::clone(&api);
    let mut call = tokio::spawn(async move { caller.post("/checks", &body).await });
    onfido.wait_for(|it| !it.checks_created().is_empty(), SOON).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut call).await.is_err(), "still waiting");
    onfido.act(&onfido.checks_created()[0], Act::complete()).unwrap();
    let (status, made) = call.await.unwrap();
    assert_eq!((status, text(&made, "/status").as_str(), text(&made, "/result").as_str()), (201, "complete", "clear"));
    assert!(text(&made, "/href").starts_with("/v3.6/checks/"));
}
