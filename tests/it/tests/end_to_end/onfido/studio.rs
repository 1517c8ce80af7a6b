//! Studio: a hosted link into a run, which nobody but our own clock sees die.

use idv_it::stage::{Plan, Stage, WorkflowRun};
use idv_simulators::onfido::{Act, Decision, Endpoint, RequestRecord};
use serde_json::json;

use super::nothing_dead;
use crate::invoke::code;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_or_its_link_does() {
    let plan = Plan::of(&["acme"])
        // 8 s here
        .and("brief", |config| config["connections"]["onfido"]["settings"]["link_life"] = json!("16m"))
        .with_onfido();
    let stage = Stage::with(plan).await;
    tokio::join!(approved(&stage), in_review(&stage), died(&stage));
    nothing_dead(&stage).await;
}

async fn approved(stage: &Stage) {
    let run = stage.runs_workflow("acme", "approved").await;
    let truth = run.truth();
    assert_eq!(truth.resource["customer_user_id"], *run.id, "Onfido has our reference");
    assert_eq!(truth.resource["link"]["completed_redirect_url"].as_str().map(|it| it.ends_with("/done")), Some(true));
    run.does([Act::OpenLink, Act::CompleteTask]);
    run.does([Act::CompleteTasks]);
    run.does([Act::decide(Decision::Approved)]);
    run.ends("approved").await;
    let answer = run.ask("submit", json!({"idempotency_key": "approved-submits"})).await;
    assert!(["unsupported", "conflict"].contains(&code(&answer)), "a run is not submitted: {answer}");
}

/// A person at Onfido decides what the machines could not.
async fn in_review(stage: &Stage) {
    let run = stage.runs_workflow("acme", "reviewed").await;
    run.does(Act::whole_run(Decision::Review));
    run.ends("in_review").await;
    run.does([Act::decide(Decision::Declined)]);
    run.ends("rejected").await;
}

/// No event tells of it. The person comes back: the same applicant, another run, and what becomes of the first is nothing
/// that could decide.
async fn died(stage: &Stage) {
    let first = stage.runs_workflow("brief", "died").await;
    first.ends("expired").await;
    let told = first.received().pop().unwrap();
    assert!(told.body["data"]["reasons"].to_string().contains("link_expired"), "{}", told.body);
    let second = WorkflowRun::of(stage, "brief", &first.resumes("comes-back").await);
    assert_eq!(second.id, first.id, "the same onboarding");
    assert_ne!(second.run, first.run);
    assert_eq!(second.truth().applicant, first.truth().applicant, "the same person, nothing is told again");
    let of_brief =
        |it: &&RequestRecord| it.endpoint == Endpoint::CreateApplicant && it.client.as_deref() == Some("brief");
    assert_eq!(stage.onfido().requests().iter().filter(of_brief).count(), 1);
    second.does(Act::whole_run(Decision::Approved));
    second.ends("approved").await;
    // an app that still holds the SDK's token may end the first run all the same
    first.does([Act::CompleteTasks, Act::decide(Decision::Declined)]);
    first.webhooks_answered().await;
    second.shows("a decision on the first run", |shown| shown["superseded_decision"] == true).await;
    second.ends("approved").await;
    assert_eq!(second.shown().await["attempt"], 2);
}
