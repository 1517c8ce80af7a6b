//! Studio: runs with link and tasks, how they end, lists.

use idv_simulators::onfido::{Act, Decision, NotPossible, Settings, Workflow};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{by_hand, fixture, listening, onfido, onfido_with, run_body, text};
use crate::support::SOON;

#[tokio::test]
async fn a_person_goes_through_the_link() {
    let (onfido, api) = onfido().await;
    let id = api.applicant().await;
    let run = api.run(&id).await;
    let path = format!("/workflow_runs/{run}");
    assert_eq!(api.get(&format!("{path}/tasks")).await.1.as_array().unwrap().len(), 2, "two at once (§5.1)");
    let link = onfido.link(&run).unwrap();
    assert_eq!(api.visit(&link, "next").await, (200, None));
    assert_eq!(api.status(&path).await, "awaiting_input");
    assert_eq!(api.visit(&link, "submit").await, (303, Some("https://app.example.com/onboarding/done".to_owned())));
    assert_eq!(api.status(&path).await, "processing");
    assert_eq!(api.get(&path).await.1["sdk_token"], Value::Null);
    let gone = api.visit(&link, "next").await;
    assert_eq!(gone, (303, Some("https://app.example.com/onboarding/expired".to_owned())));
    onfido.act(&run, Act::decide(Decision::Review)).unwrap();
    onfido.act(&run, Act::decide(Decision::Declined)).unwrap();
    assert_eq!(api.status(&path).await, "declined", "a person decides after a review");
    let ends = onfido.events_about(&run).iter().filter(|it| it.action == "workflow_run.completed").count();
    assert_eq!(
        (ends, onfido.runs_by_tag("tenant:acme"), onfido.runs_of_user("ob-000123")),
        (2, vec![run.clone()], vec![run])
    );
}

#[tokio::test]
async fn a_link_ends_without_an_event() {
    let (onfido, api) = onfido().await;
    let id = api.applicant().await;
    let run = api.run(&id).await;
    let before = onfido.events().len();
    onfido.act(&run, Act::ExpireLink).unwrap();
    assert_eq!(onfido.act(&run, Act::OpenLink), Err(NotPossible::LinkOver));
    assert!(onfido.truth(&run).unwrap().ended);
    assert_eq!(api.status(&format!("/workflow_runs/{run}")).await, "awaiting_input");
    assert_eq!(onfido.events().len(), before);
    let mut late = run_body(&id);
    late["link"] = json!({"expires_at": "2020-01-01T00:00:00Z"});
    let late = api.made("/workflow_runs", &late).await;
    assert_eq!(api.visit(&onfido.link(&late).unwrap(), "next").await, (410, None));
    onfido.act(&late, Act::decide(Decision::Abandoned)).unwrap();
    assert_eq!(api.status(&format!("/workflow_runs/{late}")).await, "abandoned");
}

#[tokio::test]
async fn the_clients_backend_completes_a_task() {
    let (onfido, api) = onfido().await;
    let run = api.run(&api.applicant().await).await;
    onfido.perform(&run, [Act::CompleteTasks, Act::AwaitClient]).unwrap();
    let path = format!("/workflow_runs/{run}");
    assert_eq!(api.status(&path).await, "awaiting_client_input");
    let tasks = onfido.truth(&run).unwrap().tasks;
    let task = text(tasks.last().unwrap(), "/id");
    let complete = |task: &str| format!("{path}/tasks/{task}/complete");
    assert_eq!(api.post(&complete(&task), &json!({"data": 1})).await.0, 422);
    assert_eq!(api.post(&complete("start"), &fixture("post_complete_task.request.json")).await.0, 422);
    assert_eq!(api.post(&complete(&task), &fixture("post_complete_task.request.json")).await.0, 204);
    assert_eq!(api.status(&path).await, "processing");
    onfido.act(&run, Act::decide(Decision::Error)).unwrap();
    assert_eq!(api.get(&path).await.1["error"], fixture("get_workflow_run.error.response.200.json")["error"]);
}

#[tokio::test]
async fn a_run_may_be_decided_in_the_answer_already() {
    let (onfido, api, receiver, _) = listening(by_hand()).await;
    let id = api.applicant().await;
    let body = json!({"workflow_id": Workflow::instant().id, "applicant_id": id});
    let (status, made) = api.post("/workflow_runs", &body).await;
    assert_eq!((status, text(&made, "/status").as_str()), (201, "approved"));
    onfido.quiet(SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 1);
}

#[tokio::test]
async fn a_run_wants_what_its_workflow_wants() {
    let workflow = Workflow { inputs: vec!["risk_band".to_owned()], ..Workflow::example() };
    let (_onfido, api) = onfido_with(Settings { workflows: vec![workflow], ..by_hand() }).await;
    let id = api.applicant().await;
    assert_eq!(api.post("/workflow_runs", &run_body(&id)).await.0, 201);
    for (member, value) in [
        ("custom_data", json!({})),
        ("workflow_id", json!("0f9e8d7c-6b5a-4938-8271-605f4e3d5999")),
        ("tags", json!(vec!["x"; 31])),
        ("tags", json!(["x".repeat(129)])),
        ("customer_user_id", json!("x".repeat(257))),
        ("link", json!({"language": "xx_XX"})),
        ("link", json!({"expires_at": "tomorrow"})),
    ] {
        let mut body = run_body(&id);
        body[member] = value;
        let (status, refused) = api.post("/workflow_runs", &body).await;
        assert_eq!(status, 422);
        assert!(refused["error"]["fields"].get(member).is_some(), "{member}: {refused}");
    }
}

#[tokio::test]
async fn runs_are_found_by_what_they_are() {
    let (onfido, api) = onfido_with(Settings { page_size: 2, ..by_hand() }).await;
    let (one, two) = (api.applicant().await, api.applicant().await);
    let mut runs = Vec::new();
    for applicant in [&one, &two, &two] {
        runs.push(api.run(applicant).await);
    }
    onfido.perform(&runs[0], Act::whole_run(Decision::Approved)).unwrap();
    onfido.perform(&runs[1], Act::whole_run(Decision::Declined)).unwrap();
    let list = async |query: &str| -> Vec<String> {
        let (status, rows) = api.get(&format!("/workflow_runs{query}")).await;
        assert_eq!(status, 200, "{rows}");
        let mut ids: Vec<String> = rows.as_array().unwrap().iter().map(|it| text(it, "/id")).collect();
        ids.sort();
        ids
    };
    let sorted = |places: &[usize]| {
        let mut ids: Vec<String> = places.iter().map(|place| runs[*place].clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(list(&format!("?applicant_id={two}")).await, sorted(&[1, 2]));
    assert_eq!(list("?status=approved,declined").await, sorted(&[0, 1]));
    assert_eq!(
        list(&format!("?applicant_id={two}&tags=onboarding:ob-000123&status=awaiting_input")).await,
        sorted(&[2])
    );
    assert_eq!(list("?tags=other").await, sorted(&[]));
    assert_eq!((list("").await.len(), list("?page=2").await.len(), list("?page=3").await.len()), (2, 1, 0));
    assert_eq!(list("?created_at_gt=2020-01-01&created_at_lt=2999-01-01&sort=asc").await.len(), 2);
    assert_eq!(list("?created_at_gt=2999-01-01").await.len(), 0);
    assert_eq!(api.get("/workflow_runs?created_at_gt=2026-03-02T00:00:00Z").await.0, 422, "a day, no time (§4)");
    assert_eq!(api.send(Method::GET, "/workflow_runs?sort=up", &Value::Null).await.0, 422);
}
