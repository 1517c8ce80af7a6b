//! Handing changes over to tenants' systems of every temper.

use aws_sdk_sqs::types::MessageSystemAttributeName;
use idv_it::stage::{Case, PATIENCE, Plan, SECRET, Stage, until};
use idv_local::{FunctionName, SourceQueue};
use idv_simulators::app::{Behaviour, Outcome, Received};
use idv_simulators::ondato::Act;
use serde_json::{Value, json};

/// `whsec_` of the time after a rotation.
const NEXT: &str = "whsec_dGhlLXNlY3JldC1hZnRlci10aGUtcm90YXRpb24=";

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_fails_for_a_while_gets_everything_in_order() {
    let stage = Stage::start(&["failing", "silent", "lost", "backlog", "slow"]).await;
    tokio::join!(failing(&stage), silent(&stage), answers_lost(&stage), backlog(&stage), slow(&stage));
}

async fn failing(stage: &Stage) {
    let case = stage.begin("failing", "customer-1").await;
    stage.tenant("failing").app.misbehave(Behaviour::Status { code: 500 }, Some(3));
    case.does(Act::whole_approval());
    case.ends("approved").await;
    let refused: Vec<Received> = case.received().into_iter().filter(|row| row.outcome == Outcome::Refused).collect();
    assert_eq!(refused.len(), 3);
    assert!(refused.iter().all(|row| row.version == refused[0].version), "nothing later goes before it: {refused:?}");
}

/// It accepts the connection and never answers: the try ends after 10 s, others are not held up.
async fn silent(stage: &Stage) {
    let case = stage.begin("silent", "customer-1").await;
    stage.tenant("silent").app.misbehave(Behaviour::Silence, Some(1));
    case.does(Act::whole_approval());
    case.ends("approved").await;
    assert_eq!(case.received()[0].answer, None);
}

/// It acted on the delivery and we cannot know: the same id goes again, and is dropped there.
async fn answers_lost(stage: &Stage) {
    let case = stage.begin("lost", "customer-1").await;
    stage.tenant("lost").app.misbehave(Behaviour::AnswerLost, Some(2));
    case.does(Act::whole_approval());
    case.ends("approved").await;
    let dropped = case.received().into_iter().filter(|row| row.outcome == Outcome::Dropped).count();
    assert!(dropped >= 2, "{:?}", case.received());
}

/// A dead system is probed with one delivery before its backlog goes.
async fn backlog(stage: &Stage) {
    let app = &stage.tenant("backlog").app;
    app.misbehave(Behaviour::Status { code: 503 }, None);
    let mut cases = Vec::new();
    for number in 0..6 {
        let case = stage.begin("backlog", &format!("customer-{number}")).await;
        case.does([Act::Open]);
        cases.push(case);
    }
    for case in &cases {
        case.shows("in progress", |shown| shown["status"] == "in_progress").await;
        case.does(Act::whole_approval().split_off(1));
    }
    for case in &cases {
        case.shows("approved, not handed over", |shown| {
            shown["status"] == "approved" && shown["delivery"]["through"] != shown["version"]
        })
        .await;
    }
    until("it is taken for dead", || async {
        stage.logged(FunctionName::ResultDeliverer, "endpoint").iter().any(|line| line.to_string().contains("Probing"))
    })
    .await;
    app.behave();
    futures_util::future::join_all(cases.iter().map(|case| case.ends("approved"))).await;
}

async fn slow(stage: &Stage) {
    let case = stage.begin("slow", "customer-1").await;
    stage.tenant("slow").app.misbehave(Behaviour::Slow { millis: 1500 }, None);
    case.does(Act::whole_approval());
    case.ends("approved").await;
    assert!(case.received().iter().all(|row| row.outcome == Outcome::Applied), "one holder at a time: no duplicates");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_410_stops_the_endpoint_and_a_redirect_is_not_followed() {
    // a stopped endpoint is looked at again after 12 h: here 15 s
    let stage = Stage::with(Plan { faster: 2880, ..Plan::of(&["leaves", "moves", "elsewhere"]) }).await;
    let leaves = stage.begin("leaves", "customer-1").await;
    stage.tenant("leaves").app.misbehave(Behaviour::Status { code: 410 }, Some(1));
    leaves.does([Act::Open]);
    let moves = stage.begin("moves", "customer-1").await;
    let to = stage.tenant("elsewhere").app.url();
    stage.tenant("moves").app.misbehave(Behaviour::Redirect { to }, Some(2));
    moves.does(Act::whole_approval());
    moves.ends("approved").await;
    assert!(stage.tenant("elsewhere").app.received().is_empty(), "a redirect leads nowhere");
    assert_eq!(moves.received().iter().filter(|row| row.answer == Some(307)).count(), 2);

    leaves.shows("the 410", |shown| !shown["delivery"]["last_error"].is_null()).await;
    leaves.does(Act::whole_approval().split_off(1));
    leaves.shows("approved", |shown| shown["status"] == "approved").await;
    let later = stage.begin("leaves", "customer-2").await;
    later.does([Act::Open]);
    later.shows("in progress", |shown| shown["status"] == "in_progress").await;
    assert!(stage.stack.quiet(PATIENCE).await);
    assert_eq!(stage.tenant("leaves").app.received().len(), 1, "nothing more is sent to it");

    // its configuration changes: the endpoint is another one
    let mut config = stage.tenant("leaves").config.clone();
    config["delivery"]["url"] = json!(stage.tenant("elsewhere").app.url());
    stage.stack.put_tenant("leaves", &config).await.unwrap();
    for function in [FunctionName::ResultDeliverer, FunctionName::EventFetcher] {
        stage.stack.kill(function).await;
    }
    let heard = stage
        .tenant("elsewhere")
        .app
        .wait_for(
            |rows| {
                let versions: Vec<u64> =
                    rows.iter().filter(|row| row.onboarding_id == leaves.id).map(|row| row.version).collect();
                versions.len() >= 2 && versions.is_sorted()
            },
            PATIENCE,
        )
        .await;
    assert!(
        heard.is_ok(),
        "what was held back goes to the new address: {:?}",
        stage.tenant("elsewhere").app.received()
    );
    let first = stage.tenant("leaves").app.received().remove(0);
    let again =
        stage.tenant("elsewhere").app.received().into_iter().find(|row| row.onboarding_id == leaves.id).unwrap();
    assert_eq!(again.id, first.id, "beginning with the one that was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_signing_secret_is_rotated_both_sign() {
    let plan = Plan::of(&[]).and("acme", |config| config["delivery"]["secrets"] = json!([NEXT, SECRET]));
    let stage = Stage::with(plan).await;
    let app = &stage.tenant("acme").app;
    let old = stage.begin("acme", "knows-the-old").await;
    old.does(Act::whole_approval());
    old.ends("approved").await;
    app.set_secrets(&[NEXT]).unwrap();
    let new = stage.begin("acme", "knows-the-new").await;
    new.does(Act::whole_approval());
    new.ends("approved").await;

    // a secret that we do not have: refused there, shown here, and tried again
    app.set_secrets(&["whsec_bm9ib2R5LWtub3dzLXRoaXMtc2VjcmV0LWhlcmU="]).unwrap();
    let neither = stage.begin("acme", "knows-neither").await;
    neither.does([Act::Open]);
    let shown = neither.shows("the refusal", |shown| !shown["delivery"]["last_error"].is_null()).await;
    assert!(shown["delivery"]["last_error"].as_str().unwrap().contains("401"), "{shown}");
    app.set_secrets(&[SECRET]).unwrap();
    neither.heard("in_progress").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_of_the_tenant_gets_the_same_events() {
    let plan = Plan::of(&[])
        .and("queue", |config| config["delivery"] = json!({"kind": "sqs", "queue_arn": "arn:aws:sqs:us-east-1:000000000000:inbox-of-the-tenant"}))
        .and("ours", |config| config["delivery"] = json!({"kind": "sqs", "queue_arn": "arn:aws:sqs:us-east-1:000000000000:idv-local-notices"}))
        .and("mixed", |config| {
            config["connections"]["ondato"]["delivery"] = json!({"kind": "sqs", "queue_arn": "arn:aws:sqs:us-east-1:000000000000:inbox-of-the-tenant",
                "kinds": ["created", "link_issued", "status", "part"]});
        });
    let stage = Stage::with(plan).await;
    let inbox =
        stage.stack.sqs().create_queue().queue_name("inbox-of-the-tenant").send().await.unwrap().queue_url.unwrap();
    let (queue, ours, mixed) =
        tokio::join!(stage.begin("queue", "1"), stage.begin("ours", "1"), stage.begin("mixed", "1"));
    // a queue that takes nothing for a while: what is refused is not recorded, and goes again
    stage.stack.outage(FunctionName::ResultDeliverer, "sqs", true).unwrap();
    for case in [&queue, &ours, &mixed] {
        case.does(Act::whole_approval());
    }
    for case in [&queue, &mixed] {
        let refused = |shown: &Value| {
            shown["delivery"]["last_error"] == "no_answer_faulty" && shown["delivery"]["through"] != shown["version"]
        };
        case.shows("the failure", refused).await;
    }
    stage.stack.outage(FunctionName::ResultDeliverer, "sqs", false).unwrap();
    let wanted = queue.handed_over("approved").await;
    mixed.handed_over("approved").await;
    let events = drained(&stage, &inbox).await;
    let of = |case: &Case<'_>| -> Vec<Value> {
        events.iter().filter(|event| event["data"]["onboarding_id"] == *case.id).cloned().collect()
    };
    let last = of(&queue).pop().unwrap();
    assert_eq!(
        (&last["type"], &last["data"]["status"], &last["data"]["schema"]),
        (&json!("onboarding.approved"), &json!("approved"), &json!(1))
    );
    assert_eq!(last["data"]["provider"]["ids"]["identity_verification"], *queue.idv);
    let versions =
        |case: &Case<'_>| of(case).iter().map(|event| event["data"]["version"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(versions(&queue), wanted, "every change, once and in order");
    let all = mixed.shown().await["version"].as_u64().unwrap();
    assert_eq!(versions(&mixed), (1..=all).collect::<Vec<_>>(), "every kind was asked for, in order");
    assert!(of(&mixed).iter().any(|event| event["type"] == "onboarding.part"));
    assert!(
        stage.tenant("mixed").app.received().is_empty(),
        "the connection's own destination stands before the tenant's"
    );

    // our own queues are no target
    let shown = ours.shows("the refusal", |shown| !shown["delivery"]["last_error"].is_null()).await;
    assert!(shown["delivery"]["last_error"].as_str().unwrap().contains("not_a_target"), "{shown}");
    assert_eq!(stage.stack.dead_letters(SourceQueue::Notices).await.unwrap(), Vec::<Value>::new());
}

/// In the order in which they were sent, by the queue's own clock.
async fn drained(stage: &Stage, queue: &str) -> Vec<Value> {
    let sent = MessageSystemAttributeName::SentTimestamp;
    let mut events: Vec<(u64, Value)> = Vec::new();
    loop {
        let asked = stage.stack.sqs().receive_message().queue_url(queue).max_number_of_messages(10);
        let asked = asked.message_system_attribute_names(sent.clone());
        let messages = asked.send().await.unwrap().messages.unwrap_or_default();
        if messages.is_empty() {
            break;
        }
        for message in messages {
            let event: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            let at = message.attributes().and_then(|all| all.get(&sent)).unwrap();
            events.push((at.parse().unwrap(), event));
        }
    }
    events.sort_by_key(|(at, _)| *at);
    events.into_iter().map(|(_, event)| event).collect()
}

/// Tried for 72 hours and 12 times (here 6 s), then parked: kept and shown, and what follows goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_parked_at_last_and_the_next_one_goes() {
    let stage = Stage::with(Plan { faster: 45_000, ..Plan::of(&["acme"]) }).await;
    let case = stage.begin("acme", "customer-1").await;
    let app = &stage.tenant("acme").app;
    app.misbehave(Behaviour::Status { code: 500 }, None);
    case.does([Act::Open]);
    let shown = case
        .shows("a parked change", |shown| {
            shown["delivery"]["parked"].as_array().is_some_and(|parked| !parked.is_empty())
        })
        .await;
    let parked = shown["delivery"]["parked"][0].as_u64().unwrap();
    let tries = case.received().iter().filter(|row| row.version == parked).count();
    assert!(tries >= 12, "{tries} tries");
    app.behave();
    assert!(case.timeline().await.iter().any(|change| change["version"] == parked), "it is kept");
    let next = app.wait_for(
        |rows| {
            rows.iter()
                .any(|row| row.onboarding_id == case.id && row.outcome == Outcome::Applied && row.version > parked)
        },
        PATIENCE,
    );
    case.does(Act::whole_capture().split_off(1));
    assert!(next.await.is_ok(), "the next change goes");
}
