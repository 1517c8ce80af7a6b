//! Processes are killed (SIGKILL) before and after each of their calls to AWS while an onboarding goes its way. Whatever
//! dies, the end is the same: nothing lost, nothing invented, one onboarding for each key, one id for each change.
//!
//! Leases last in real time, so a killed look is taken up after 30 s and a killed hand-over after 90 s: all stages run
//! side by side, and on each one the processes are killed one after the other.
//!
//! Which call is struck is certain because nothing else calls at that time: the reconciler runs only when it is told to,
//! and a further process is killed only when the message that the last one left has come back and been put off.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use idv_it::stage::{Case, PATIENCE, Plan, Stage, until};
use idv_local::{CallPoint, Effect, Fault, FunctionName, SourceQueue};
use idv_simulators::app::Outcome;
use idv_simulators::ondato::{Act, WebhookManner};
use serde_json::{Value, json};

use crate::invoke::code;

/// Longer than the longest lease (90 s).
const RECOVERY: Duration = Duration::from_secs(130);

const FETCHER: FunctionName = FunctionName::EventFetcher;
const DELIVERER: FunctionName = FunctionName::ResultDeliverer;

/// Before or after the nth call of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Point {
    service: String,
    operation: String,
    nth: u32,
    after: bool,
}

impl Point {
    fn new(service: &str, operation: &str, nth: u32, after: bool) -> Self {
        Self { service: service.to_owned(), operation: operation.to_owned(), nth, after }
    }

    fn place(&self) -> CallPoint {
        let side = if self.after { CallPoint::after } else { CallPoint::before };
        side(&self.service, &self.operation).nth(self.nth)
    }

    fn is_write(&self) -> bool {
        ["Put", "Update", "Delete", "Send"].iter().any(|begin| self.operation.starts_with(begin))
    }
}

/// The calls that a function has made since they were forgotten: what was seen is what is struck.
fn calls(stage: &Stage, function: FunctionName) -> Vec<(String, String, u32)> {
    let mut calls: Vec<(String, String, u32)> = Vec::new();
    // secrets are read again by their age, not by what is done
    for call in stage.stack.aws_calls(function).into_iter().filter(|call| call.service != "secretsmanager") {
        let before =
            calls.iter().filter(|(service, operation, _)| (service, operation) == (&call.service, &call.operation));
        let nth = u32::try_from(before.count()).unwrap() + 1;
        calls.push((call.service, call.operation, nth));
    }
    assert!(!calls.is_empty(), "{function} made no call");
    calls
}

/// Before and after each of them.
fn around(calls: &[(String, String, u32)]) -> Vec<Point> {
    let both = |(service, operation, nth): &(String, String, u32)| {
        [false, true].map(|after| Point::new(service, operation, *nth, after))
    };
    calls.iter().flat_map(both).collect()
}

/// All is written and the answer is not given.
fn unanswered() -> Point {
    Point::new("runtime", "response", 1, false)
}

async fn struck(fault: &mut Fault, point: &Point) {
    assert!(tokio::time::timeout(PATIENCE, fault.happened()).await.is_ok(), "{point:?} was not reached");
    assert!(fault.has_happened(), "{point:?}");
}

fn kill(stage: &Stage, function: FunctionName, point: &Point) -> Fault {
    stage.stack.kill_on(function, point.place()).unwrap()
}

/// The reconciler ticks until everything has come to its end.
async fn recovered(stage: &Stage, cases: &[Case<'_>], status: &str) {
    let mut moments = tokio::time::interval(Duration::from_secs(2));
    let all = tokio::time::timeout(RECOVERY, async {
        while !cases.iter().all(|case| case.believed().as_deref() == Some(status)) {
            moments.tick().await;
            stage.tick().await;
        }
    });
    if all.await.is_err() {
        let shown = join_all(cases.iter().map(Case::shown)).await;
        panic!("not all is {status} and handed over within {RECOVERY:?}: {shown:#?}");
    }
    // what died after the last delivery and before its record is recorded when its lease has lapsed
    let recorded = tokio::time::timeout(RECOVERY, async {
        for case in cases {
            while !case.has_ended(status).await {
                moments.tick().await;
                stage.tick().await;
            }
        }
    });
    assert!(recorded.await.is_ok(), "not everything is recorded within {RECOVERY:?}");
    for case in cases {
        case.ends(status).await;
    }
    for source in SourceQueue::ALL {
        assert_eq!(stage.stack.dead_letters(source).await.unwrap(), Vec::<Value>::new(), "nothing was given up");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_call_loses_nothing() {
    tokio::join!(
        Box::pin(initiator_killed()),
        Box::pin(ingress_killed()),
        Box::pin(looker_killed()),
        Box::pin(fetcher_killed()),
        Box::pin(deliverer_killed()),
        Box::pin(reconciler_killed()),
    );
}

async fn initiator_killed() {
    let stage = Stage::with(Plan { concurrency: 1, ..Plan::of(&["acme"]) }).await;
    stage.begin("acme", "warms-up").await;
    stage.stack.forget_calls(FunctionName::OnboardingInitiator);
    stage.begin("acme", "faultless").await;
    let mut points = around(&calls(&stage, FunctionName::OnboardingInitiator));
    points.push(unanswered());
    let requests: Vec<Value> =
        (0..points.len()).map(|number| stage.start_request("acme", &format!("killed-{number}"))).collect();
    for (point, request) in points.iter().zip(&requests) {
        let mut fault = kill(&stage, FunctionName::OnboardingInitiator, point);
        let invoked = stage.stack.invoke(FunctionName::OnboardingInitiator, request, Some("t-acme")).await;
        assert!(invoked.function_error.is_some(), "{point:?}: {}", invoked.payload);
        struck(&mut fault, point).await;
    }
    // the claim of a dead one lapses after 60 s
    let started = join_all(requests.iter().map(async |request| {
        let mut moments = tokio::time::interval(Duration::from_secs(5));
        loop {
            moments.tick().await;
            let answer = stage.ask("acme", request).await;
            if answer["error"].is_null() {
                return answer;
            }
            assert_eq!(code(&answer), "in_progress", "{answer}");
        }
    }));
    let started = tokio::time::timeout(RECOVERY, started).await.unwrap();
    let page = stage.ask("acme", &json!({"action": "list", "limit": 100})).await;
    assert_eq!(page["onboardings"].as_array().map(Vec::len), Some(2 + points.len()), "one onboarding for each key");
    let mut cases = Vec::new();
    for ((answer, request), point) in started.iter().zip(&requests).zip(&points) {
        let case = Case::of(&stage, "acme", answer);
        assert_eq!(stage.ask("acme", request).await["link"], answer["link"], "{point:?}: one link for each key");
        assert!(case.runs() <= 2, "{point:?}: {} runs", case.runs());
        case.does(Act::whole_approval());
        cases.push(case);
    }
    join_all(cases.iter().map(|case| case.ends("approved"))).await;

    // a run that was never handed out is nobody's: what happens to it changes nothing
    let handed: Vec<&str> = cases.iter().map(|case| case.idv.as_str()).collect();
    let orphans: Vec<String> =
        stage.ondato.idvs_created().into_iter().filter(|idv| !handed.contains(&idv.as_str())).collect();
    assert!(!orphans.is_empty(), "Ondato cannot be asked for what a dead start made");
    for orphan in &orphans {
        stage.ondato.perform(orphan, Act::whole_rejection("PossibleFraudAttempt")).unwrap();
    }
    assert!(stage.ondato.quiet(PATIENCE).await.is_ok() && stage.stack.quiet(PATIENCE).await);
    join_all(cases.iter().map(|case| case.ends("approved"))).await;
}

async fn ingress_killed() {
    let stage = Stage::with(Plan { concurrency: 1, ..Plan::of(&["acme"]) }).await;
    let mut cases = Vec::new();
    let points =
        around(&[("sqs".to_owned(), "SendMessage".to_owned(), 1), ("runtime".to_owned(), "response".to_owned(), 1)]);
    for (number, point) in points.iter().enumerate() {
        let case = stage.begin("acme", &format!("killed-{number}")).await;
        let mut fault = kill(&stage, FunctionName::WebhookIngress, point);
        case.does([Act::Open]);
        struck(&mut fault, point).await;
        case.does(Act::whole_approval().split_off(1));
        cases.push(case);
    }
    join_all(cases.iter().map(|case| case.ends("approved"))).await;
    let sent = stage.ondato.webhooks_sent();
    assert!(sent.iter().any(|sent| !sent.accepted()), "the provider was not told that it was taken");
    join_all(cases.iter().map(Case::webhooks_answered)).await;
}

/// The fetcher's calls for one webhook: those that it makes while it holds the lease of the look, and the others.
async fn of_the_fetcher(stage: &Stage) -> (Vec<Point>, Vec<Point>) {
    stage.begin("acme", "warms-up").await.opened().await;
    assert!(stage.stack.quiet(PATIENCE).await);
    let case = stage.begin("acme", "faultless").await;
    stage.stack.forget_calls(FETCHER);
    case.opened().await;
    assert!(stage.stack.quiet(PATIENCE).await);
    let calls = calls(stage, FETCHER);
    let updates: Vec<usize> = (0..calls.len()).filter(|at| calls[*at].1 == "UpdateItem").collect();
    let (lease, commit) = (updates[0], updates[updates.len() - 1]);
    assert_ne!(lease, commit, "{calls:?}");
    let held = 2 * lease + 1..=2 * commit;
    let (held, others): (Vec<_>, Vec<_>) =
        around(&calls).into_iter().enumerate().partition(|(at, _)| held.contains(at));
    let points = |chosen: Vec<(usize, Point)>| chosen.into_iter().map(|(_, point)| point).collect();
    (points(held), points(others))
}

/// Killed while it holds the lease: another may look after 30 s.
async fn looker_killed() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule()).await;
    let (mut points, _) = of_the_fetcher(&stage).await;
    // a message that was put off comes back after 10 s and tries for the lease: what that cannot be mistaken for is last
    points.sort_by_key(|point| (point.operation != "UpdateItem", point.nth == 1));
    let mut cases = Vec::new();
    for (number, point) in points.iter().enumerate() {
        let case = stage.begin("acme", &format!("killed-{number}")).await;
        stage.stack.forget_calls(FETCHER);
        let mut fault = kill(&stage, FETCHER, point);
        case.does([Act::Open]);
        struck(&mut fault, point).await;
        assert_eq!(case.shown().await["status"], "link_issued", "{point:?}: killed before the commit");
        until("the message has come back and was put off", || async {
            stage.stack.aws_calls(FETCHER).iter().any(|call| call.operation == "ChangeMessageVisibility")
        })
        .await;
        cases.push(case);
    }
    recovered(&stage, &cases, "in_progress").await;
}

/// Killed before it has the lease or after it has committed: the message alone brings it to its end.
async fn fetcher_killed() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule()).await;
    let (_, mut points) = of_the_fetcher(&stage).await;
    points.push(unanswered());
    let mut cases = Vec::new();
    for (number, point) in points.iter().enumerate() {
        let case = stage.begin("acme", &format!("killed-{number}")).await;
        let mut fault = kill(&stage, FETCHER, point);
        case.does([Act::Open]);
        struck(&mut fault, point).await;
        case.ends("in_progress").await;
        assert!(stage.stack.quiet(PATIENCE).await);
        cases.push(case);
    }
    for case in &cases {
        case.does(Act::whole_approval().split_off(1));
    }
    recovered(&stage, &cases, "approved").await;
}

/// Rung by a look of the app's own, which nobody waits for: one hand-over, now.
async fn ring<'a>(stage: &'a Stage, key: &str) -> Case<'a> {
    let case = stage.begin("acme", key).await;
    case.webhooks(WebhookManner::Lost);
    case.does([Act::Open]);
    case.ask("get", json!({"refresh": true})).await;
    case
}

async fn of_the_deliverer(stage: &Stage) -> Vec<Point> {
    ring(stage, "warms-up").await.ends("in_progress").await;
    assert!(stage.stack.quiet(PATIENCE).await);
    stage.stack.forget_calls(DELIVERER);
    ring(stage, "faultless").await.ends("in_progress").await;
    assert!(stage.stack.quiet(PATIENCE).await);
    around(&calls(stage, DELIVERER))
}

async fn deliverer_killed() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule()).await;
    let mut points = of_the_deliverer(&stage).await;
    points.push(unanswered());
    let mut cases = Vec::new();
    for (number, point) in points.iter().enumerate() {
        let mut fault = kill(&stage, DELIVERER, point);
        let case = ring(&stage, &format!("killed-{number}")).await;
        struck(&mut fault, point).await;
        assert!(stage.stack.quiet(PATIENCE).await, "the bell has come back and was heard or dropped");
        cases.push(case);
    }
    for case in &cases {
        case.does(Act::whole_approval().split_off(1));
    }
    recovered(&stage, &cases, "approved").await;
    // a delivery more for each process that died between the delivery and its record
    let twice = cases.iter().map(|case| case.received().len() - applied(case)).sum::<usize>();
    assert!((1..=points.len()).contains(&twice), "{twice} deliveries came twice");
}

fn applied(case: &Case<'_>) -> usize {
    case.received().iter().filter(|row| row.outcome == Outcome::Applied).count()
}

async fn reconciler_killed() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule()).await;
    let mut cases = Vec::new();
    for number in 0..4 {
        let case = stage.begin("acme", &format!("killed-{number}")).await;
        case.webhooks(WebhookManner::Lost);
        case.does(Act::whole_approval());
        cases.push(case);
    }
    let operations =
        [("dynamodb", "Query"), ("dynamodb", "BatchGetItem"), ("sqs", "SendMessageBatch"), ("dynamodb", "UpdateItem")];
    for point in around(&operations.map(|(service, operation)| (service.to_owned(), operation.to_owned(), 1))) {
        let begun = Instant::now();
        let mut fault = kill(&stage, FunctionName::Reconciler, &point);
        let mut moments = tokio::time::interval(Duration::from_millis(300));
        while stage.stack.tick().await.function_error.is_none() {
            assert!(begun.elapsed() < PATIENCE, "{point:?} was not reached");
            moments.tick().await;
        }
        struck(&mut fault, &point).await;
    }
    recovered(&stage, &cases, "approved").await;
}

/// The SDK repeats by itself and meets its own first write: that is no conflict, and nobody else's write.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_aws_that_is_lost_loses_and_doubles_nothing() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule()).await;
    let lost =
        |points: Vec<Point>| points.into_iter().filter(|point| point.after && point.is_write()).collect::<Vec<_>>();
    let (held, others) = of_the_fetcher(&stage).await;
    let of_the_fetcher = lost([held, others].concat());
    stage.stack.forget_calls(FunctionName::OnboardingInitiator);
    let mut cases = vec![stage.begin("acme", "for-its-calls").await];
    let initiator = FunctionName::OnboardingInitiator;
    for (number, point) in lost(around(&calls(&stage, initiator))).iter().enumerate() {
        let effect = if number % 2 == 0 { Effect::Break } else { Effect::Fail };
        let mut fault = stage.stack.fault(initiator, point.place(), effect).unwrap();
        let case = stage.begin("acme", &format!("initiator-{number}")).await;
        struck(&mut fault, point).await;
        assert_eq!(case.runs(), 1, "{point:?}");
        cases.push(case);
    }
    stage.stack.forget_calls(DELIVERER);
    cases[0].opened().await;
    assert!(stage.stack.quiet(PATIENCE).await);
    let of_the_deliverer = lost(around(&calls(&stage, DELIVERER)));
    for (function, points) in [(FETCHER, of_the_fetcher), (DELIVERER, of_the_deliverer)] {
        for (number, point) in points.iter().enumerate() {
            let case = stage.begin("acme", &format!("{function}-{number}")).await;
            let mut fault = stage.stack.fault(function, point.place(), Effect::Break).unwrap();
            case.does([Act::Open]);
            struck(&mut fault, point).await;
            case.ends("in_progress").await;
            assert!(stage.stack.quiet(PATIENCE).await);
            assert_eq!(case.received().len(), 1, "{function} {point:?}: delivered once");
            cases.push(case);
        }
    }
    let point = Point::new("sqs", "SendMessage", 1, true);
    let mut fault = stage.stack.fault(FunctionName::WebhookIngress, point.place(), Effect::Break).unwrap();
    for case in &cases {
        // opening what is open is nothing
        case.does(Act::whole_approval());
    }
    struck(&mut fault, &point).await;
    join_all(cases.iter().map(|case| case.ends("approved"))).await;
}
