//! Bad manners of the API, one by one.

use std::time::{Duration, Instant};

use idv_simulators::onfido::{Act, ApiManner, ApiRule, Decision, Endpoint, Outcome};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{fixture, onfido, text};

#[tokio::test]
async fn reads_are_stale_for_a_while() {
    let (onfido, api) = onfido().await;
    let id = api.applicant().await;
    let check = api.check(&id, None).await;
    let (path, list) = (format!("/checks/{check}"), format!("/reports?check_id={check}"));
    onfido.act(&check, Act::complete()).unwrap();
    onfido.misbehave(ApiRule::always(ApiManner::Stale).at(Endpoint::GetCheck).times(2));
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(api.status(&path).await);
    }
    assert_eq!(seen, ["in_progress", "in_progress", "complete"]);
    onfido.misbehave(ApiRule::always(ApiManner::Stale).at(Endpoint::ListReports).times(1));
    let open =
        |rows: &Value| rows["reports"].as_array().unwrap().iter().filter(|it| it["status"] != "complete").count();
    assert_eq!(open(&api.get(&list).await.1), 1, "before the last of its reports");
    assert_eq!(open(&api.get(&list).await.1), 0);

    let run = api.run(&id).await;
    let frozen = onfido.misbehave(ApiRule::always(ApiManner::Frozen).lasting(Duration::from_secs(60)).about(&run));
    onfido.perform(&run, Act::whole_run(Decision::Approved)).unwrap();
    let path = format!("/workflow_runs/{run}");
    assert_eq!(api.status(&path).await, "awaiting_input");
    assert_eq!(api.get(&format!("{path}/tasks")).await.1.as_array().unwrap().len(), 2);
    onfido.remove_rule(frozen);
    assert_eq!(api.status(&path).await, "approved");
    onfido.misbehave(ApiRule::always(ApiManner::Stale).at(Endpoint::GetApplicant));
    assert_eq!(api.get(&format!("/applicants/{id}")).await.0, 404, "before it was made");
}

#[tokio::test]
async fn the_api_fails_in_every_way() {
    let (onfido, api) = onfido().await;
    let check = api.check(&api.applicant().await, None).await;
    let path = format!("/checks/{check}");
    let spoil = |manner| onfido.misbehave(ApiRule::always(manner).about(&check).times(1));
    let get = || async { api.request(Method::GET, &path, &Value::Null).send().await };

    spoil(ApiManner::TooMany { retry_after: Some(7) });
    let answer = get().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    spoil(ApiManner::TooMany { retry_after: None });
    assert!(!get().await.unwrap().headers().contains_key("retry-after"));
    spoil(ApiManner::Status { code: 500 });
    assert_eq!(api.get(&path).await, (500, fixture("error.internal.500.json")));
    spoil(ApiManner::LegacyRefusal);
    assert_eq!(api.get(&path).await, (422, fixture("error.validation.legacy_fields.422.json")));
    spoil(ApiManner::Html);
    assert_eq!(get().await.unwrap().headers()["content-type"].to_str().unwrap(), "text/html; charset=utf-8");
    spoil(ApiManner::Truncated);
    assert_eq!(api.get(&path).await, (200, Value::Null));
    spoil(ApiManner::Closed);
    assert!(get().await.is_err());
    spoil(ApiManner::Silence);
    assert!(tokio::time::timeout(Duration::from_millis(100), get()).await.is_err());
    spoil(ApiManner::SlowDrip { millis: 1 });
    let began = Instant::now();
    assert_eq!(api.get(&path).await.1["id"], check.as_str());
    assert!(began.elapsed() > Duration::from_millis(100));
    spoil(ApiManner::Late { millis: 50 });
    let began = Instant::now();
    assert_eq!(api.get(&path).await.0, 200);
    assert!(began.elapsed() > Duration::from_millis(50));
    spoil(ApiManner::WrongId);
    assert_ne!(api.get(&path).await.1["id"], check.as_str());
    spoil(ApiManner::UnknownStatus { status: "quantum".to_owned() });
    assert_eq!(api.status(&path).await, "quantum");
    spoil(ApiManner::UnknownResult { result: "perhaps".to_owned() });
    let rows = api.get(&format!("/reports?check_id={check}")).await.1;
    assert!(rows["reports"].as_array().unwrap().iter().all(|it| it["result"] == "perhaps"), "every row of a list");
    spoil(ApiManner::Without { member: "status".to_owned() });
    assert_eq!(api.get(&path).await.1.get("status"), None);
    assert_eq!(api.status(&path).await, "in_progress", "the rules are used up");
    let unanswered = onfido.requests().iter().filter(|it| it.status.is_none()).count();
    assert_eq!(unanswered, 2, "closed and silent");
}

#[tokio::test]
async fn a_rule_finds_what_belongs_to_it() {
    let (onfido, api) = onfido().await;
    let (id, other) = (api.applicant().await, api.applicant().await);
    let (check, second) = (api.check(&id, None).await, api.check(&id, None).await);
    let report = onfido.reports_of(&check)["document"].clone();
    let of_check = onfido.misbehave(ApiRule::always(ApiManner::Status { code: 503 }).about(&check));
    for (path, code) in [
        (format!("/checks/{check}"), 503),
        (format!("/reports/{report}"), 503),
        (format!("/reports?check_id={check}"), 503),
        (format!("/checks/{second}"), 200),
        (format!("/checks?applicant_id={id}"), 200),
    ] {
        assert_eq!(api.get(&path).await.0, code, "{path}");
    }
    onfido.remove_rule(of_check);
    onfido.misbehave(ApiRule::always(ApiManner::Status { code: 503 }).about(&id));
    let body = json!({"applicant_id": id, "report_names": ["document"]});
    assert_eq!((api.get(&format!("/checks/{second}")).await.0, api.post("/checks", &body).await.0), (503, 503));
    assert_eq!(api.get(&format!("/applicants/{other}")).await.0, 200);
    onfido.behave();
    assert_eq!(api.get(&format!("/reports/{report}")).await.0, 200);
    assert_eq!(onfido.requests_about(Endpoint::GetReport, &check), 2);
    assert_eq!(onfido.path_counts()[&format!("GET /eu/v3.6/reports/{report}")], 2);
    assert_eq!((onfido.request_counts()[&Endpoint::CreateApplicant], onfido.requests_to(Endpoint::GetRun)), (2, 0));
}

#[tokio::test]
async fn an_answer_is_lost_after_the_work() {
    let (onfido, api) = onfido().await;
    let id = api.applicant().await;
    let body = json!({"applicant_id": id, "report_names": ["document"], "tags": ["onboarding:ob-1"]});
    let rule = || ApiRule::always(ApiManner::Closed).at(Endpoint::CreateCheck).times(1);
    onfido.misbehave(rule().with_work_done());
    assert!(api.request(Method::POST, "/checks", &body).send().await.is_err());
    let rows = api.get(&format!("/checks?applicant_id={id}")).await.1;
    assert_eq!(rows["checks"][0]["tags"], json!(["onboarding:ob-1"]), "found by its tag");
    onfido.misbehave(rule());
    assert!(api.request(Method::POST, "/checks", &body).send().await.is_err());
    assert_eq!(onfido.checks_by_tag("onboarding:ob-1").len(), 1, "closed before the work");
    let mut calls = onfido.requests();
    calls.retain(|it| it.endpoint == Endpoint::CreateCheck);
    assert!(calls.iter().all(|it| it.status.is_none()), "nothing was seen of either: {calls:?}");
}

#[tokio::test]
async fn what_is_forgotten_is_absent() {
    let (mut onfido, api) = onfido().await;
    let id = api.applicant().await;
    let check = api.check(&id, None).await;
    onfido.act(&check, Act::complete_with("document", Outcome::Rejected)).unwrap();
    let report = onfido.reports_of(&check)["document"].clone();
    onfido.forget(&check);
    assert_eq!(
        (api.get(&format!("/checks/{check}")).await.0, api.get(&format!("/reports/{report}")).await.0),
        (404, 404)
    );
    assert_eq!(text(&api.get(&format!("/applicants/{id}")).await.1, "/id"), id);
    onfido.stop().await;
    assert!(api.request(Method::GET, "/applicants", &Value::Null).send().await.is_err());
    assert_eq!(onfido.applicants_created(), [id]);
}
