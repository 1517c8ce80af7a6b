//! A record that cannot be worked on goes to the dead letters with its cause, and holds up nobody.

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use idv_it::stage::{Case, PATIENCE, Stage, until};
use idv_local::{FunctionName, SourceQueue};
use idv_simulators::ondato::{Act, Endpoint, WebhookManner};
use serde_json::{Value, json};

async fn send(stage: &Stage, queue: &str, bodies: &[String]) {
    let entries = bodies.iter().enumerate().map(|(at, body)| {
        SendMessageBatchRequestEntry::builder()
            .id(at.to_string())
            .message_body(body)
            .message_group_id("acme")
            .build()
            .unwrap()
    });
    let sent = stage
        .stack
        .sqs()
        .send_message_batch()
        .queue_url(queue)
        .set_entries(Some(entries.collect()))
        .send()
        .await
        .unwrap();
    assert!(sent.failed().is_empty(), "{sent:?}");
}

fn notice(tenant: &str, about: Value) -> Value {
    json!({"v": 1, "connection": {"tenant": tenant, "name": "ondato"}, "about": about, "claim": {"class": "nothing"}, "evidence": "schedule"})
}

fn due(case: &Case<'_>) -> String {
    notice("acme", json!({"onboarding": case.id})).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_among_notices_goes_to_the_dead_letters_and_its_neighbours_are_done_once() {
    let stage = Stage::start(&["acme"]).await;
    let mut cases = Vec::new();
    for number in 0..3 {
        let case = stage.begin("acme", &format!("customer-{number}")).await;
        case.webhooks(WebhookManner::Lost);
        case.does(Act::whole_approval());
        cases.push(case);
    }
    let strange = "onb_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let mut newer = notice("acme", json!({"onboarding": cases[0].id}));
    newer["v"] = json!(2);
    let poison = [
        ("unreadable_record", "no JSON \u{e4}".to_owned()),
        ("unreadable_record", "{}".to_owned()),
        ("unreadable_record", json!({"v": 1, "connection": {"tenant": "../x", "name": "ondato"}}).to_string()),
        ("unreadable_record", "[".repeat(2000)),
        ("unknown_version", newer.to_string()),
        (
            "unknown_tenant",
            notice("nobody", json!({"subject": {"kind": "identity_verification", "id": "1"}})).to_string(),
        ),
        ("unknown_onboarding", notice("acme", json!({"onboarding": strange})).to_string()),
    ];
    let mut bodies: Vec<String> = poison.iter().map(|(_, body)| body.clone()).collect();
    for (place, case) in [0, 4, 9].into_iter().zip(&cases) {
        bodies.insert(place, due(case));
    }
    send(&stage, &stage.stack.queues().notices, &bodies).await;
    for case in &cases {
        case.ends("approved").await;
    }
    until("all of it is put aside", || async {
        stage.stack.dead_letters(SourceQueue::Notices).await.unwrap().len() == poison.len()
    })
    .await;
    assert!(stage.stack.quiet(PATIENCE).await);
    assert_eq!(stage.ondato.requests_to(Endpoint::GetIdv), 3, "each neighbour was looked at once");
    let letters = stage.stack.dead_letters(SourceQueue::Notices).await.unwrap();
    for (cause, body) in &poison {
        let letter =
            letters.iter().find(|letter| letter["body"] == **body).unwrap_or_else(|| panic!("{cause}: {letters:?}"));
        let told = &letter["message_attributes"];
        assert_eq!(told["cause"], *cause, "{letter}");
        assert!(told["source_queue"].as_str().is_some_and(|queue| queue.contains("notices")), "{letter}");
        assert!(told["original_id"].as_str().is_some_and(|id| !id.is_empty()), "{letter}");
        assert!(told["first_sent"].as_str().is_some_and(|at| at.parse::<u64>().is_ok()), "{letter}");
    }
    // what was put aside is sent again as it is: it comes back the same way, and nobody is hurt
    send(&stage, &stage.stack.queues().notices, &[poison[1].1.clone(), due(&cases[0])]).await;
    until("it is put aside again", || async {
        stage.stack.dead_letters(SourceQueue::Notices).await.unwrap().len() == poison.len() + 1
    })
    .await;
    cases[0].ends("approved").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_bell_is_put_aside_and_its_neighbours_are_rung() {
    let stage = Stage::start(&["acme"]).await;
    let case = stage.begin("acme", "customer-1").await;
    // the fetcher cannot ring: what is undelivered waits in the ledger
    stage.stack.outage(FunctionName::EventFetcher, "sqs", true).unwrap();
    stage.stack.outage(FunctionName::Reconciler, "sqs", true).unwrap();
    case.does([Act::Open]);
    case.shows("in progress", |shown| shown["status"] == "in_progress").await;
    assert!(case.received().is_empty());
    let bell = json!({"v": 1, "onboarding": {"tenant": "acme", "id": case.id}}).to_string();
    let poison = [
        "no JSON".to_owned(),
        json!({"v": 1}).to_string(),
        json!({"v": 9, "onboarding": {"tenant": "acme", "id": case.id}}).to_string(),
    ];
    let mut bodies = poison.to_vec();
    bodies.insert(1, bell);
    send(&stage, &stage.stack.queues().deliveries, &bodies).await;
    case.heard("in_progress").await;
    until("they are put aside", || async {
        stage.stack.dead_letters(SourceQueue::Deliveries).await.unwrap().len() == poison.len()
    })
    .await;
    for letter in stage.stack.dead_letters(SourceQueue::Deliveries).await.unwrap() {
        let told = &letter["message_attributes"];
        assert!(matches!(told["cause"].as_str(), Some("unreadable_record" | "unknown_version")), "{letter}");
        assert!(told["original_id"].is_string() && told["first_sent"].is_string(), "{letter}");
    }
    assert_eq!(case.received().len(), 1, "rung once");
    stage.stack.outage(FunctionName::EventFetcher, "sqs", false).unwrap();
    stage.stack.outage(FunctionName::Reconciler, "sqs", false).unwrap();
    case.does(Act::whole_approval().split_off(1));
    case.ends("approved").await;
}

/// The letter cannot be written: the record comes again until it can.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_dropped_while_the_dead_letters_cannot_be_written() {
    let stage = Stage::start(&["acme"]).await;
    stage.stack.outage(FunctionName::EventFetcher, "sqs", true).unwrap();
    stage.stack.forget_calls(FunctionName::EventFetcher);
    send(&stage, &stage.stack.queues().notices, &["no JSON".to_owned()]).await;
    until("it was tried", || async {
        stage.stack.aws_calls(FunctionName::EventFetcher).iter().any(|call| call.service == "sqs")
    })
    .await;
    stage.stack.outage(FunctionName::EventFetcher, "sqs", false).unwrap();
    until("it is put aside", || async { stage.stack.dead_letters(SourceQueue::Notices).await.unwrap().len() == 1 })
        .await;
}
