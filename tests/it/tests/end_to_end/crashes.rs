//! Processes are killed (SIGKILL) before and after each of their calls to AWS while an onboarding goes its way. Whatever
//! dies, the end is the same: nothing lost, nothing invented, one onboarding for each key, one id for each change.
//!
//! Leases last in real time, so a killed look is taken up after 30 s and a killed hand-over after 90 s: all stages run
//! side by side, and on each one the processes are killed one after the other.
//!
//! Which call is struck is certain because nothing else calls at that time: the reconciler runs only when it is told to,
//! and a further process is killed only when the message that the last one left has come back and been put off.

use std::time::Duration;

use futures_util::future::join_all;
use idv_it::stage::{Case, PATIENCE, Plan, Stage, until};
use idv_local::{CallPoint, Effect, Fault, FunctionName, SourceQueue};
use idv_simulators::ondato::{Act, WebhookManner};
use serde_json::{Value, json};

use crate::invoke::code;

/// Longer than the longest lease (90 s).
const RECOVERY: Duration = Duration::from_secs(130);

const TABLE: &str = "dynamodb";

type Point = (&'static str, &'static str, u32, bool);

/// Before and after the nth call of an operation.
fn both(service: &'static str, operation: &'static str, nth: u32) -> [Point; 2] {
    [(service, operation, nth, false), (service, operation, nth, true)]
}

fn place((service, operation, nth, after): Point) -> CallPoint {
    let point = if after { CallPoint::after(service, operation) } else { CallPoint::before(service, operation) };
    point.nth(nth)
}

/// `start`: claim, intent, key · read, key, entrance · reference, subject, commit, end of the claim · the answer.
fn of_the_initiator() -> Vec<Point> {
    let puts = (1..=3).flat_map(|nth| both(TABLE, "PutItem", nth));
    let gets = (1..=3).flat_map(|nth| both(TABLE, "GetItem", nth));
    let updates = (1..=4).flat_map(|nth| both(TABLE, "UpdateItem", nth));
    puts.chain(gets).chain(updates).chain([("runtime", "response", 1, false)]).collect()
}

fn of_the_ingress() -> Vec<Point> {
    [both("sqs", "SendMessage", 1), both("runtime", "response", 1)].concat()
}

/// While it holds the lease of the look: another may look after 30 s.
fn of_the_look() -> Vec<Point> {
    vec![
        (TABLE, "UpdateItem", 2, false),
        (TABLE, "UpdateItem", 1, true),
        (TABLE, "GetItem", 1, false),
        (TABLE, "GetItem", 1, true),
    ]
}

/// Before it has the lease, and after it has committed.
fn around_the_look() -> Vec<Point> {
    let reads = [both(TABLE, "BatchGetItem", 1), both(TABLE, "BatchGetItem", 2)].concat();
    let writes = [(TABLE, "UpdateItem", 1, false), (TABLE, "UpdateItem", 2, true)];
    let rest = [
        ("sqs", "SendMessageBatch", 1, false),
        ("sqs", "SendMessageBatch", 1, true),
        ("runtime", "response", 1, false),
    ];
    reads.into_iter().chain(writes).chain(rest).collect()
}

/// Lease, endpoint, (the delivery,) record, release.
fn of_the_deliverer() -> Vec<Point> {
    let held = [both(TABLE, "UpdateItem", 2), both(TABLE, "GetItem", 1)].concat();
    let edges = [
        (TABLE, "UpdateItem", 1, true),
        (TABLE, "UpdateItem", 3, false),
        (TABLE, "UpdateItem", 3, true),
        (TABLE, "UpdateItem", 1, false),
    ];
    held.into_iter().chain(edges).chain([("runtime", "response", 1, false)]).collect()
}

fn of_the_reconciler() -> Vec<Point> {
    let operations = [(TABLE, "Query"), (TABLE, "BatchGetItem"), ("sqs", "SendMessageBatch"), (TABLE, "UpdateItem")];
    operations.into_iter().flat_map(|(service, operation)| both(service, operation, 1)).collect()
}

async fn struck(fault: &mut Fault, point: Point) {
    assert!(tokio::time::timeout(PATIENCE, fault.happened()).await.is_ok(), "{point:?} was not reached");
    assert!(fault.has_happened(), "{point:?}");
}

fn kill(stage: &Stage, function: FunctionName, point: Point) -> Fault {
    stage.stack.kill_on(function, place(point)).unwrap()
}

/// The reconciler ticks until everything has come to its end.
async fn recovered(stage: &Stage, cases: &[Case<'_>], status: &str) {
    let mut moments = tokio::time::interval(Duration::from_secs(1));
    let all = tokio::time::timeout(RECOVERY, async {
        loop {
            moments.tick().await;
            stage.tick().await;
            if join_all(cases.iter().map(|case| case.has_ended(status))).await.into_iter().all(|ended| ended) {
                break;
            }
        }
    })
    .await;
    if all.is_err() {
        let shown = join_all(cases.iter().map(Case::shown)).await;
        panic!("not all is {status} and handed over within {RECOVERY:?}: {shown:#?}");
    }
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
    let stage = Stage::start(&["acme"]).await;
    let points = of_the_initiator();
    let requests: Vec<Value> =
        (0..points.len()).map(|number| stage.start_request("acme", &format!("killed-{number}"))).collect();
    for (point, request) in points.iter().zip(&requests) {
        let mut fault = kill(&stage, FunctionName::OnboardingInitiator, *point);
        let invoked = stage.stack.invoke(FunctionName::OnboardingInitiator, request, Some("t-acme")).await;
        assert!(invoked.function_error.is_some(), "{point:?}: {}", invoked.payload);
        struck(&mut fault, *point).await;
    }
    // the claim of a dead one lapses after 60 s
    let started = join_all(requests.iter().map(async |request| {
        let mut moments = tokio::time::interval(Duration::from_secs(2));
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
    assert_eq!(page["onboardings"].as_array().map(Vec::len), Some(points.len()), "one onboarding for each key");
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
    for (number, point) in of_the_ingress().into_iter().enumerate() {
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

async fn looker_killed() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule()).await;
    let (mut cases, fetcher) = (Vec::new(), FunctionName::EventFetcher);
    for (number, point) in of_the_look().into_iter().enumerate() {
        let case = stage.begin("acme", &format!("killed-{number}")).await;
        stage.stack.forget_calls(fetcher);
        let mut fault = kill(&stage, fetcher, point);
        case.does([Act::Open]);
        struck(&mut fault, point).await;
        assert_eq!(case.shown().await["status"], "link_issued", "{point:?}: killed before the commit");
        until("the message has come back and was put off", || async {
            stage.stack.aws_calls(fetcher).iter().any(|call| call.operation == "ChangeMessageVisibility")
        })
        .await;
        cases.push(case);
    }
    recovered(&stage, &cases, "in_progress").await;
}

async fn fetcher_killed() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule()).await;
    let mut cases = Vec::new();
    for (number, point) in around_the_look().into_iter().enumerate() {
        let case = stage.begin("acme", &format!("killed-{number}")).await;
        let mut fault = kill(&stage, FunctionName::EventFetcher, point);
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

async fn deliverer_killed() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule()).await;
    let mut cases = Vec::new();
    let points = of_the_deliverer();
    for (number, point) in points.iter().enumerate() {
        let case = stage.begin("acme", &format!("killed-{number}")).await;
        case.webhooks(WebhookManner::Lost);
        case.does([Act::Open]);
        let mut fault = kill(&stage, FunctionName::ResultDeliverer, *point);
        assert_eq!(
            case.ask("get", json!({"refresh": true})).await["status"],
            "in_progress",
            "the app's own look rings"
        );
        struck(&mut fault, *point).await;
        assert!(stage.stack.quiet(PATIENCE).await, "the bell has come back and was heard or dropped");
        cases.push(case);
    }
    for case in &cases {
        case.does(Act::whole_approval().split_off(1));
    }
    recovered(&stage, &cases, "approved").await;
    // a delivery more for each process that died between the delivery and its record
    let twice: usize =
        cases.iter().map(|case| case.received().len()).sum::<usize>() - cases.iter().map(applied).sum::<usize>();
    assert!((1..=points.len()).contains(&twice), "{twice} deliveries came twice");
}

fn applied(case: &Case<'_>) -> usize {
    case.received().iter().filter(|row| row.outcome == idv_simulators::app::Outcome::Applied).count()
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
    for point in of_the_reconciler() {
        let begun = std::time::Instant::now();
        let mut fault = kill(&stage, FunctionName::Reconciler, point);
        let mut moments = tokio::time::interval(Duration::from_millis(300));
        while stage.stack.tick().await.function_error.is_none() {
            assert!(begun.elapsed() < PATIENCE, "{point:?} was not reached");
            moments.tick().await;
        }
        struck(&mut fault, point).await;
    }
    recovered(&stage, &cases, "approved").await;
}

/// The SDK repeats by itself and meets its own first write: that is no conflict, and nobody else's write.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_aws_that_is_lost_loses_and_doubles_nothing() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule()).await;
    let mut cases = Vec::new();
    let write = |(_, operation, _, after): &Point| *after && !operation.contains("Get") && *operation != "response";
    for (number, point) in of_the_initiator().into_iter().filter(write).enumerate() {
        let effect = if number % 2 == 0 { Effect::Break } else { Effect::Fail };
        let fault = stage.stack.fault(FunctionName::OnboardingInitiator, place(point), effect).unwrap();
        let case = stage.begin("acme", &format!("initiator-{number}")).await;
        assert!(fault.has_happened(), "{point:?}");
        assert_eq!(case.runs(), 1, "{point:?}");
        cases.push(case);
    }
    let inner =
        [(FunctionName::EventFetcher, [1, 2].as_slice()), (FunctionName::ResultDeliverer, [1, 2, 3].as_slice())];
    for (function, nths) in inner {
        for nth in nths {
            let point = (TABLE, "UpdateItem", *nth, true);
            let case = stage.begin("acme", &format!("{function}-{nth}")).await;
            let mut fault = stage.stack.fault(function, place(point), Effect::Break).unwrap();
            case.does([Act::Open]);
            struck(&mut fault, point).await;
            case.ends("in_progress").await;
            assert_eq!(case.received().len(), 1, "{function} {nth}: delivered once");
            assert!(stage.stack.quiet(PATIENCE).await);
            cases.push(case);
        }
    }
    let point = ("sqs", "SendMessage", 1, true);
    let case = stage.begin("acme", "ingress").await;
    let mut fault = stage.stack.fault(FunctionName::WebhookIngress, place(point), Effect::Break).unwrap();
    case.does([Act::Open]);
    struck(&mut fault, point).await;
    cases.push(case);
    for case in &cases {
        let open = case.shown().await["status"] == "link_issued"
            && !stage.ondato.events().iter().any(|event| event.idv == case.idv);
        case.does(if open { Act::whole_approval() } else { Act::whole_approval().split_off(1) });
    }
    join_all(cases.iter().map(|case| case.ends("approved"))).await;
}
