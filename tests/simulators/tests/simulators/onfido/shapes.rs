//! Every answer and every webhook has exactly the form of its fixture; every fixture is met here or named as not.

use std::path::PathBuf;

use idv_simulators::onfido::{Act, Decision, Onfido, Outcome};
use serde_json::{Value, json};

use super::client::{Api, by_hand, fixture, listening, onfido, run_body, same_shape, text};
use crate::support::{Receiver, SOON, shape};

/// The tests of this folder, where a fixture's name stands when it is held against the simulator.
const TESTS: [&str; 9] = [
    include_str!("access.rs"),
    include_str!("applicants.rs"),
    include_str!("checks.rs"),
    include_str!("client.rs"),
    include_str!("delivery.rs"),
    include_str!("hooks.rs"),
    include_str!("manners.rs"),
    include_str!("runs.rs"),
    include_str!("shapes.rs"),
];

/// Not simulated: files are neither made nor served, monitors have events only.
const NOT_BUILT: [&str; 4] = [
    "post_timeline_file.response.202.json",
    "webhook.workflow_timeline_file.created.json",
    "webhook.workflow_run_evidence_folder.created.json",
    "webhook.watchlist_monitor.matches_updated.json",
];

#[tokio::test]
async fn applicants_have_the_form_of_their_fixtures() {
    let (onfido, api) = onfido().await;
    let (status, made) = api.post("/applicants", &fixture("post_applicants.request.json")).await;
    assert_eq!(status, 201);
    same_shape(&made, "post_applicants.response.201.json");
    let id = text(&made, "/id");
    same_shape(&api.get("/applicants?page=1&per_page=20").await.1, "list_applicants.response.200.json");
    let consents = api.get(&format!("/applicants/{id}/consents")).await.1;
    same_shape(&consents, "get_applicant_consents.response.200.json");
    assert_eq!(consents[0]["granted"], json!(true));
    onfido.act(&id, Act::Capture).unwrap();
    let documents = api.get(&format!("/documents?applicant_id={id}")).await.1;
    same_shape(&documents, "list_documents.response.200.json");
    let one = text(&documents, "/documents/0/id");
    assert_eq!(api.get(&format!("/documents/{one}")).await.1, documents["documents"][0]);
    assert_eq!(api.get(&format!("/live_photos?applicant_id={id}")).await.1["live_photos"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn checks_have_the_form_of_their_fixtures() {
    let (onfido, api, _receiver, webhook) = listening(by_hand()).await;
    let id = api.applicant().await;
    onfido.act(&id, Act::Capture).unwrap();
    let documents = api.get(&format!("/documents?applicant_id={id}")).await.1;
    let ids: Vec<String> = documents["documents"].as_array().unwrap().iter().map(|it| text(it, "/id")).collect();
    let mut body = fixture("post_checks.request.json");
    body["applicant_id"] = json!(id);
    body["webhook_ids"] = json!([webhook]);
    body["document_ids"] = json!(ids);
    let (status, made) = api.post("/checks", &body).await;
    assert_eq!(status, 201);
    same_shape(&made, "post_checks.response.201.json");
    let check = text(&made, "/id");
    let like = async |name: &str| {
        let shown = api.get(&format!("/checks/{check}")).await.1;
        same_shape(&shown, name);
        assert_eq!((&shown["status"], &shown["result"]), (&fixture(name)["status"], &fixture(name)["result"]));
    };
    onfido.act(&check, Act::Pause).unwrap();
    like("get_check.paused.response.200.json").await;
    onfido.perform(&check, [Act::Resume, Act::complete()]).unwrap();
    like("get_check.clear.response.200.json").await;
    same_shape(&api.get(&format!("/checks?applicant_id={id}")).await.1, "list_checks.response.200.json");
    onfido.act(&check, Act::Reopen).unwrap();
    like("get_check.reopened.response.200.json").await;
    onfido.act(&check, Act::ReviseReport { report: "document".to_owned(), outcome: Outcome::Suspected }).unwrap();
    onfido.act(&check, Act::FinishCheck).unwrap();
    like("get_check.consider.response.200.json").await;
    onfido.perform(&check, [Act::Reopen, Act::Withdraw]).unwrap();
    like("get_check.withdrawn.response.200.json").await;
    let mut body = fixture("post_checks.applicant_form.request.json");
    (body["applicant_id"], body["webhook_ids"]) = (json!(id), json!([webhook]));
    let mut wanted = fixture("post_checks.applicant_form.response.201.json");
    wanted["privacy_notices_read_consent_given"] = Value::Null;
    assert_eq!(shape(&api.post("/checks", &body).await.1), shape(&wanted), "the request of the fixture has no consent");
}

#[tokio::test]
async fn reports_have_the_form_of_their_fixtures() {
    let (onfido, api) = onfido().await;
    let id = api.applicant().await;
    let body =
        json!({"applicant_id": id, "report_names": ["document", "facial_similarity_photo", "watchlist_standard"]});
    let early = api.made("/checks", &body).await;
    let shown = report(&onfido, &api, &early, "document").await;
    same_shape(&shown, "get_report.document.awaiting_data.response.200.json");
    onfido.act(&id, Act::Capture).unwrap();
    for (name, outcome, wanted) in [
        ("document", Outcome::Clear, "get_report.document.clear.response.200.json"),
        ("document", Outcome::Rejected, "get_report.document.rejected.response.200.json"),
        ("document", Outcome::Suspected, "get_report.document.suspected.response.200.json"),
        ("document", Outcome::Caution, "get_report.document.caution.response.200.json"),
        ("facial_similarity_photo", Outcome::Clear, "get_report.facial_similarity_photo.clear.response.200.json"),
        ("facial_similarity_photo", Outcome::Consider, "get_report.facial_similarity_photo.consider.response.200.json"),
        (
            "facial_similarity_photo",
            Outcome::Unidentified,
            "get_report.facial_similarity_photo.unidentified.response.200.json",
        ),
        ("watchlist_standard", Outcome::Consider, "get_report.watchlist_standard.consider.response.200.json"),
    ] {
        let check = api.made("/checks", &body).await;
        onfido.act(&check, Act::complete_report(name, outcome)).unwrap();
        let shown = report(&onfido, &api, &check, name).await;
        same_shape(&shown, wanted);
        for member in ["status", "result", "sub_result", "breakdown", "properties"] {
            let mut wanted = fixture(wanted)[member].clone();
            wanted.pointer_mut("/face_comparison/breakdown/face_match/properties/document_id").map(Value::take);
            let mut shown = shown[member].clone();
            shown.pointer_mut("/face_comparison/breakdown/face_match/properties/document_id").map(Value::take);
            assert_eq!(shown, wanted, "{member}");
        }
    }
    let check = api.made("/checks", &body).await;
    onfido.act(&check, Act::AwaitApproval { report: Some("document".to_owned()) }).unwrap();
    let shown = report(&onfido, &api, &check, "document").await;
    same_shape(&shown, "get_report.document.awaiting_approval.response.200.json");
    for (outcome, wanted) in [
        (Outcome::Clear, "list_reports.clear.response.200.json"),
        (Outcome::Suspected, "list_reports.consider_suspected.response.200.json"),
    ] {
        let check = api.check(&id, None).await;
        onfido.act(&check, Act::complete_with("document", outcome)).unwrap();
        same_shape(&api.get(&format!("/reports?check_id={check}")).await.1, wanted);
    }
}

async fn report(onfido: &Onfido, api: &Api, check: &str, name: &str) -> Value {
    api.get(&format!("/reports/{}", onfido.reports_of(check)[name])).await.1
}

#[tokio::test]
async fn runs_have_the_form_of_their_fixtures() {
    let (onfido, api) = onfido().await;
    let id = api.applicant().await;
    let (status, made) = api.post("/workflow_runs", &run_body(&id)).await;
    assert_eq!(status, 201);
    same_shape(&made, "post_workflow_runs.response.201.json");
    let mut minimal = fixture("post_workflow_runs.minimal.request.json");
    minimal["applicant_id"] = json!(id);
    let (status, lone) = api.post("/workflow_runs", &minimal).await;
    assert_eq!((status, lone["link"]["url"].is_string(), &lone["link"]["expires_at"]), (201, true, &Value::Null));
    let run = text(&made, "/id");
    let path = format!("/workflow_runs/{run}");
    same_shape(&api.get(&format!("{path}/tasks")).await.1, "list_tasks.response.200.json");
    onfido.perform(&run, [Act::CompleteTask, Act::CompleteTask]).unwrap();
    let tasks = onfido.truth(&run).unwrap().tasks;
    let photo = tasks.iter().find(|it| it["task_def_id"] == "upload_document_photo").unwrap();
    same_shape(&api.get(&format!("{path}/tasks/{}", text(photo, "/id"))).await.1, "get_task.response.200.json");
    onfido.act(&run, Act::CompleteTasks).unwrap();
    same_shape(&api.get(&path).await.1, "get_workflow_run.processing.response.200.json");
    onfido.act(&run, Act::AwaitClient).unwrap();
    same_shape(&api.get(&path).await.1, "get_workflow_run.awaiting_client_input.response.200.json");
    for (decision, name) in [
        (Decision::Declined, "get_workflow_run.declined.response.200.json"),
        (Decision::Review, "get_workflow_run.review.response.200.json"),
        (Decision::Error, "get_workflow_run.error.response.200.json"),
        (Decision::Approved, "get_workflow_run.approved.response.200.json"),
        (Decision::Abandoned, "get_workflow_run.abandoned.response.200.json"),
    ] {
        let run = api.run(&id).await;
        if decision != Decision::Abandoned {
            onfido.act(&run, Act::CompleteTasks).unwrap();
        }
        let wanted = fixture(name);
        let reasons = wanted["reasons"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect();
        // its keys are the workflow author's: those of the fixture
        let output = Some(wanted["output"].clone());
        onfido.act(&run, Act::Decide { decision, reasons, output }).unwrap();
        let shown = api.get(&format!("/workflow_runs/{run}")).await.1;
        same_shape(&shown, name);
        assert_eq!((&shown["status"], &shown["error"]), (&wanted["status"], &wanted["error"]));
    }
    let rows = api.get("/workflow_runs?status=abandoned").await.1;
    same_shape(&rows, "list_workflow_runs.response.200.json");
}

#[tokio::test]
async fn classic_webhooks_have_the_form_of_their_fixtures() {
    let (onfido, api, receiver, _) = listening(by_hand()).await;
    let id = api.applicant().await;
    onfido.perform(&api.check(&id, None).await, [Act::complete(), Act::Reopen]).unwrap();
    let other = api.check(&id, None).await;
    let document = || Some("document".to_owned());
    onfido.act(&other, Act::AwaitApproval { report: document() }).unwrap();
    onfido.act(&other, Act::ResumeReport { report: document() }).unwrap();
    onfido.act(&other, Act::CancelReport { report: document() }).unwrap();
    onfido.act(&other, Act::Withdraw).unwrap();
    let form = json!({"applicant_id": id, "report_names": ["document"], "applicant_provides_data": true});
    onfido.act(&api.made("/checks", &form).await, Act::SubmitForm).unwrap();
    onfido.quiet(SOON).await.unwrap();
    for name in [
        "webhook.check.started.json",
        "webhook.check.completed.json",
        "webhook.check.reopened.json",
        "webhook.check.withdrawn.json",
        "webhook.check.form_completed.json",
        "webhook.report.completed.json",
        "webhook.report.awaiting_approval.json",
        "webhook.report.resumed.json",
        "webhook.report.cancelled.json",
        "webhook.report.withdrawn.json",
    ] {
        arrived_like(&receiver, name);
    }
    let mut without = fixture("webhook.report.completed.json");
    without["payload"]["object"].as_object_mut().unwrap().remove("href");
    same_shape(&without, "webhook.report.completed.no_href.json");
}

#[tokio::test]
async fn studio_webhooks_have_the_form_of_their_fixtures() {
    let (onfido, api, receiver, _) = listening(by_hand()).await;
    let id = api.applicant().await;
    for (decision, name) in [
        (Decision::Approved, "webhook.workflow_run.completed.approved.json"),
        (Decision::Declined, "webhook.workflow_run.completed.declined.json"),
        (Decision::Review, "webhook.workflow_run.completed.review.json"),
        (Decision::Abandoned, "webhook.workflow_run.completed.abandoned.json"),
        (Decision::Error, "webhook.workflow_run.completed.error.json"),
    ] {
        let run = api.run(&id).await;
        if decision != Decision::Abandoned {
            onfido.act(&run, Act::CompleteTasks).unwrap();
        }
        let wanted = fixture(name);
        let reasons = wanted.pointer("/payload/resource/reasons").unwrap().as_array().unwrap();
        let reasons = reasons.iter().map(|it| it.as_str().unwrap().to_owned()).collect();
        onfido.act(&run, Act::Decide { decision, reasons, output: None }).unwrap();
        onfido.quiet(SOON).await.unwrap();
        arrived_like(&receiver, name);
    }
    for name in [
        "webhook.workflow_task.started.json",
        "webhook.workflow_task.completed.list_output.json",
        "webhook.workflow_task.completed.object_output.json",
    ] {
        arrived_like(&receiver, name);
    }
    let mut no_zone = receiver.arrivals().last().unwrap().json();
    for (member, parent) in [("status", "object"), ("resource", "")] {
        let of = if parent.is_empty() { &mut no_zone["payload"] } else { &mut no_zone["payload"][parent] };
        of.as_object_mut().unwrap().remove(member);
    }
    same_shape(&no_zone, "webhook.workflow_run.completed.timestamp_without_zone.json");
    onfido.misdeliver(idv_simulators::onfido::WebhookRule::always(idv_simulators::onfido::WebhookManner::ExtraFields));
    onfido.other_events(None, idv_simulators::onfido::Environment::Live, "hologram_capture.recalibrated", 1);
    onfido.quiet(SOON).await.unwrap();
    let mut unknown = fixture("webhook.unknown_event.json");
    unknown["payload"]["object"].as_object_mut().unwrap().remove("status");
    assert_eq!(shape(&receiver.arrivals().last().unwrap().json()), shape(&unknown));
}

/// One that arrived has this action, the same form, and the same status.
fn arrived_like(receiver: &Receiver, name: &str) {
    let wanted = fixture(name);
    let arrivals = receiver.arrivals();
    let same = |event: &Value| {
        ["/payload/action", "/payload/resource_type", "/payload/object/status"]
            .iter()
            .all(|pointer| event.pointer(pointer) == wanted.pointer(pointer))
    };
    let candidates: Vec<Value> = arrivals.iter().map(|it| it.json()).filter(same).collect();
    assert!(!candidates.is_empty(), "none like {name}");
    let has = candidates.iter().any(|event| shape(event) == shape(&wanted));
    assert!(has, "none has the form of {name}: {:#}", candidates[0]);
}

/// A fixture that comes without a test would document nothing.
#[test]
fn every_fixture_is_met() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/onfido");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let all: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
    assert_eq!(all.len(), 87);
    for name in &all {
        let met = TESTS.iter().any(|test| test.contains(&format!("\"{name}\"")));
        assert!(met || NOT_BUILT.contains(&name.as_str()), "{name}");
    }
}
