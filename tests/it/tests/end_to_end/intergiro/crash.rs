//! Processes are killed (SIGKILL) where only Intergiro knows what has happened: between a renewed login and its record,
//! between a person who was made and their link.

use std::time::Duration;

use futures_util::future::join_all;
use idv_it::stage::{PATIENCE, Person, Plan, Stage};
use idv_local::{CallPoint, FunctionName};
use idv_simulators::intergiro::{Act, ApiManner, ApiRule, Endpoint};
use serde_json::Value;

use super::nothing_dead;
use crate::invoke::code;

const FETCHER: FunctionName = FunctionName::EventFetcher;
const INITIATOR: FunctionName = FunctionName::OnboardingInitiator;
/// Longer than the longest lease (90 s).
const RECOVERY: Duration = Duration::from_secs(130);

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_while_only_intergiro_knows_loses_and_doubles_nothing() {
    tokio::join!(Box::pin(renewer_killed()), Box::pin(initiator_killed()));
}

/// Ticks until it has that status.
async fn recovers(stage: &Stage, person: &Person<'_>, status: &str) {
    let mut moments = tokio::time::interval(Duration::from_secs(1));
    let recovered = tokio::time::timeout(RECOVERY, async {
        while !person.has_ended(status).await {
            moments.tick().await;
            stage.tick().await;
        }
    });
    assert!(recovered.await.is_ok(), "not {status} within {RECOVERY:?}: {}", person.shown().await);
    person.ends(status).await;
}

/// Whoever renews takes the right to it with one write and shares what it got with the next: it dies before that.
async fn renewer_killed() {
    let plan = Plan::of(&["acme"]).with_intergiro().without_schedule();
    let stage = Stage::with(Plan { concurrency: 1, ..plan }).await;
    let person = stage.enrol("acme", "renewer").await;
    person.does(Act::whole_form());
    person.ends("in_review").await;
    let intergiro = stage.intergiro();
    let signed_in = |nth: usize| {
        let now = intergiro.sign_ins();
        assert_eq!((now.logins, now.early_refreshes), (nth, 0), "{now:?}");
        now
    };
    signed_in(1);

    // right after the refresh was answered
    stage.calm().await;
    intergiro.expire_access_tokens();
    let mut fault = stage.stack.kill_on(FETCHER, CallPoint::before("dynamodb", "UpdateItem").nth(2)).unwrap();
    person.does([Act::Activate]);
    assert!(tokio::time::timeout(PATIENCE, fault.happened()).await.is_ok() && fault.has_happened());
    assert_eq!(signed_in(1).refreshes, 1, "it was answered");
    assert_eq!(person.shown().await["status"], "in_review", "and nothing came of it");
    recovers(&stage, &person, "approved").await;
    // the pair that is shared is void, which shows when it is used; then one logs in
    let now = signed_in(2);
    assert_eq!((now.refreshes, now.parallel_refreshes), (1, 1), "{now:?}");

    // right after the login was answered
    stage.calm().await;
    intergiro.end_sessions();
    let mut fault = stage.stack.kill_on(FETCHER, CallPoint::before("dynamodb", "UpdateItem").nth(2)).unwrap();
    person.does([Act::Block]);
    assert!(tokio::time::timeout(PATIENCE, fault.happened()).await.is_ok() && fault.has_happened());
    signed_in(3);
    assert_eq!(person.shown().await["status"], "approved");
    recovers(&stage, &person, "rejected").await;
    signed_in(4);
    nothing_dead(&stage).await;
}

/// What the dead start had done at Intergiro, and how that is seen.
#[derive(Clone, Copy)]
struct Death {
    key: &'static str,
    endpoint: Endpoint,
    answered: Answered,
    /// Links that Intergiro has made in the end.
    links: usize,
}

#[derive(Clone, Copy)]
enum Answered {
    /// Done, and the answer does not come in time.
    Late,
    /// Not done.
    Silent,
}

const DEATHS: [Death; 3] = [
    Death { key: "made", endpoint: Endpoint::CreateIndividual, answered: Answered::Late, links: 1 },
    Death { key: "before-the-link", endpoint: Endpoint::Onboard, answered: Answered::Silent, links: 1 },
    Death { key: "after-the-link", endpoint: Endpoint::Onboard, answered: Answered::Late, links: 2 },
];

async fn initiator_killed() {
    let stage = Stage::with(Plan::of(&["acme"]).with_intergiro()).await;
    let intergiro = stage.intergiro();
    for death in DEATHS {
        let manner = match death.answered {
            Answered::Late => ApiManner::Late { millis: 6_000 },
            Answered::Silent => ApiManner::Silence,
        };
        let rule = intergiro.misbehave(ApiRule::always(manner).at(death.endpoint).times(1));
        let before = intergiro.requests_to(death.endpoint);
        let request = stage.person_request("acme", death.key);
        let killing = async {
            let arrived = intergiro.wait_for(|it| it.requests_to(death.endpoint) > before, PATIENCE).await;
            assert!(arrived.is_ok(), "{}", death.key);
            stage.stack.kill(INITIATOR).await;
        };
        let (invoked, ()) = tokio::join!(stage.stack.invoke(INITIATOR, &request, Some("t-acme")), killing);
        assert!(invoked.function_error.is_some(), "{}: {}", death.key, invoked.payload);
        intergiro.remove_rule(rule);
    }
    // the claim of a dead one lapses after 60 s
    let started = join_all(DEATHS.iter().map(async |death| {
        let mut moments = tokio::time::interval(Duration::from_secs(3));
        loop {
            moments.tick().await;
            let answer = stage.ask("acme", &stage.person_request("acme", death.key)).await;
            if answer["error"].is_null() {
                return answer;
            }
            assert_eq!(code(&answer), "in_progress", "{answer}");
        }
    }));
    let started: Vec<Value> = tokio::time::timeout(RECOVERY, started).await.unwrap();
    assert_eq!(intergiro.individuals_created().len(), DEATHS.len(), "each person was made once and found again");
    for (death, answer) in DEATHS.iter().zip(&started) {
        let person = Person::of(&stage, "acme", death.key, answer);
        let again = stage.ask("acme", &stage.person_request("acme", death.key)).await;
        assert_eq!((&again["onboarding_id"], &again["link"]), (&answer["onboarding_id"], &answer["link"]));
        assert_eq!(person.truth().link.unwrap().issued, death.links, "{}", death.key);
        person.does(Act::whole_approval());
        person.ends("approved").await;
    }
    nothing_dead(&stage).await;
}
