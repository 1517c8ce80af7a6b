//! Processes are killed (SIGKILL) where only Onfido or an instance knows what has happened: between a check and its
//! record, between an event that was accepted and its record.
//!
//! Leases and claims last in real time (60 and 90 s), so all stages run side by side.

use std::time::Duration;

use idv_it::stage::{Applicant, PATIENCE, Plan, Stage};
use idv_local::{CallPoint, FunctionName};
use idv_simulators::onfido::{Act, ApiManner, ApiRule, Endpoint};
use serde_json::json;

use super::nothing_dead;
use crate::invoke::code;

const INITIATOR: FunctionName = FunctionName::OnboardingInitiator;
const DELIVERER: FunctionName = FunctionName::ResultDeliverer;
/// Longer than the longest lease (90 s).
const RECOVERY: Duration = Duration::from_secs(130);

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_while_only_others_know_makes_no_second_check_and_loses_no_event() {
    tokio::join!(Box::pin(submitter_killed()), Box::pin(deliverer_killed()));
}

async fn submitter_killed() {
    let stage = Stage::with(Plan::of(&["acme"]).with_onfido()).await;
    let person = stage.applies("acme", "submitter").await;
    killed_at_submit(&stage, &person).await;
    assert_eq!(code(&person.submits("first").await), "in_progress", "the claim of the dead one still holds");
    assert_eq!(code(&person.submits("second").await), "in_progress", "no other one begins meanwhile");
    assert_eq!(person.calls(Endpoint::CreateCheck), 1, "no second check, no second bill");

    // what the dead one made is found by its events, whether somebody asks again or not
    let other = stage.applies("acme", "nobody-asks-again").await;
    killed_at_submit(&stage, &other).await;
    for person in [&person, &other] {
        person.does([Act::complete()]);
        person.ends("approved").await;
    }
    // the same request, once the claim has lapsed
    let answered = tokio::time::timeout(RECOVERY, async {
        let mut moments = tokio::time::interval(Duration::from_secs(3));
        loop {
            moments.tick().await;
            let answer = person.submits("first").await;
            if code(&answer) != "in_progress" {
                break answer;
            }
        }
    });
    let answer = answered.await.unwrap();
    assert!(answer["error"].is_null(), "{answer}");
    assert_eq!(person.calls(Endpoint::CreateCheck), 1, "by its mark the check of the first request is found");
    nothing_dead(&stage).await;
}

/// The check is made, and the process dies before it is told.
async fn killed_at_submit(stage: &Stage, person: &Applicant<'_>) {
    let rule = person.spoils(ApiRule::always(ApiManner::Late { millis: 6_000 }).at(Endpoint::CreateCheck).times(1));
    let request = json!({
        "action": "submit", "tenant": "acme", "onboarding_id": person.id, "idempotency_key": format!("first-{}", person.id),
    });
    let killing = async {
        let made = stage.onfido().wait_for(|_| !person.truth().checks.is_empty(), PATIENCE).await;
        assert!(made.is_ok());
        stage.stack.kill(INITIATOR).await;
    };
    let (invoked, ()) = tokio::join!(stage.stack.invoke(INITIATOR, &request, Some("t-acme")), killing);
    assert!(invoked.function_error.is_some(), "{}", invoked.payload);
    stage.onfido().remove_rule(rule);
}

/// It dies right before the call that would record what the instance has accepted.
async fn deliverer_killed() {
    let plan = Plan::of(&["acme"]).sharing_onfido().without_schedule();
    let stage = Stage::with(Plan { concurrency: 1, ..plan }).await;
    let person = stage.applies("acme", "deliverer").await;
    person.checked().await;
    stage.calm().await;
    // the first write takes the lease, the second records
    let mut fault = stage.stack.kill_on(DELIVERER, CallPoint::before("dynamodb", "UpdateItem").nth(2)).unwrap();
    person.does([Act::complete()]);
    assert!(tokio::time::timeout(PATIENCE, fault.happened()).await.is_ok() && fault.has_happened());
    let instance = stage.tenant("acme").fintechos();
    assert_eq!(instance.accepted().len(), 1, "one event was accepted, and nobody has written it down");
    let mut moments = tokio::time::interval(Duration::from_secs(1));
    let recovered = tokio::time::timeout(RECOVERY, async {
        while !person.has_ended("approved").await {
            moments.tick().await;
            stage.tick().await;
        }
    });
    assert!(recovered.await.is_ok(), "not within {RECOVERY:?}: {}", person.shown().await);
    let objects: Vec<String> = instance.accepted().into_iter().map(|row| row.object).collect();
    assert_eq!((objects.len(), instance.repeats()), (3, 1), "{objects:?}");
    assert_eq!(objects[0], objects[1], "the one that was not written down went again, before the other: {objects:?}");
    nothing_dead(&stage).await;
}
