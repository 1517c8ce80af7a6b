//! Events that come before the answer to the call that made what they are about.

use idv_it::stage::{Plan, Stage, WorkflowRun};
use idv_simulators::onfido::{Act, ApiManner, ApiRule, Endpoint, Workflow};
use serde_json::json;

use super::nothing_dead;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_before_the_answer_to_its_create_is_not_lost() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule().with_onfido()).await;
    tokio::join!(run(&stage), check(&stage));
    nothing_dead(&stage).await;
}

/// A workflow without tasks for the person is decided as soon as it begins.
async fn run(stage: &Stage) {
    let rule = ApiRule::always(ApiManner::AfterItsEvents).at(Endpoint::CreateRun).times(1);
    stage.onfido().misbehave(rule);
    let mut request = stage.studio_request("acme", "overtaken-run");
    request["options"]["workflow_id"] = json!(Workflow::instant().id);
    let run = WorkflowRun::of(stage, "acme", &stage.ask("acme", &request).await);
    run.ends("approved").await;
}

async fn check(stage: &Stage) {
    let person = stage.applies("acme", "overtaken-check").await;
    person.spoils(ApiRule::always(ApiManner::AfterItsEvents).at(Endpoint::CreateCheck).times(1));
    let check = person.checked().await;
    assert_eq!(stage.onfido().events_about(&check).len(), 1, "it has begun, which is told");
    person.does([Act::complete()]);
    person.ends("approved").await;
}
