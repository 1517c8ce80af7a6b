use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::adapters::aws::{Aws, Limits, Patience};
use crate::adapters::environment::{AwsEnvironment, Endpoints, Queues};
use crate::adapters::scripted::{Act, Came, Server};
use crate::domain::{Claim, ConnectionKey, ConnectionName, Notice, ProviderId, Resource, ResourceKind, Tenant};
use crate::ports::{Bells, BellsError, Rejected};
use crate::secret::Secret;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn queues() -> Queues {
    let url = |name: &str| format!("https://sqs.eu-north-1.amazonaws.com/000000000000/{name}");
    Queues {
        notices: url("notices"),
        notices_dlq: url("notices-dlq"),
        deliveries: url("deliveries"),
        deliveries_dlq: url("deliveries-dlq"),
    }
}

fn aws(server: &Server) -> Result<Aws, crate::adapters::aws::NotText> {
    let limits = Limits { attempt: Duration::from_secs(2), operation: Duration::from_secs(5) };
    let environment = AwsEnvironment {
        region: "eu-north-1".to_owned(),
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: Secret::from("hush".to_owned()),
        session_token: None,
        endpoints: Endpoints { sqs: Some(server.origin()), ..Endpoints::default() },
    };
    Aws::new(&environment, Patience { ledger: limits, bells: limits, vault: limits, targets: limits })
}

fn notice(id: &str) -> Result<Notice, crate::domain::BadName> {
    let connection = ConnectionKey { tenant: Tenant::parse("acme")?, name: ConnectionName::parse("ondato")? };
    let subject = Resource { kind: ResourceKind::parse("identity_verification")?, id: ProviderId::parse(id)? };
    Ok(Notice::of_event(connection, subject, Claim::nothing()))
}

fn ok(body: &Value) -> Act {
    Act::answer(200, "application/x-amz-json-1.0", &body.to_string())
}

/// Answers as SQS does; entries that are named fail as often as they are named.
fn queue(request: &Came, failing: &AtomicUsize, sender_fault: bool) -> Act {
    let request = request.json();
    let Some(entries) = request.get("Entries").and_then(Value::as_array) else {
        return ok(&json!({"MessageId": "m", "MD5OfMessageBody": ""}));
    };
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = entry.get("Id").cloned().unwrap_or_default();
        let refused = failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if refused {
            failed.push(json!({"Id": id, "Code": "InternalError", "SenderFault": sender_fault}));
        } else {
            successful.push(json!({"Id": id, "MessageId": "m", "MD5OfMessageBody": ""}));
        }
    }
    ok(&json!({"Successful": successful, "Failed": failed}))
}

async fn start(failures: usize, sender_fault: bool) -> Server {
    let failing = AtomicUsize::new(failures);
    Server::start(move |request| queue(request, &failing, sender_fault)).await
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test]
async fn a_notice_is_a_small_json_in_its_tenants_group() -> Outcome {
    let server = start(0, false).await;
    let bells = SqsBells::new(aws(&server)?.sqs(), queues(), Served::Notices);
    let sent = notice("abc")?;
    bells.notify(&sent, Duration::from_millis(1001)).await?;
    let requests = server.requests();
    let request = requests.first().map(Came::json).unwrap_or_default();
    assert_eq!(text(&request, "/QueueUrl"), queues().notices);
    assert_eq!(text(&request, "/MessageGroupId"), "acme");
    assert_eq!(request.get("DelaySeconds"), Some(&json!(2)));
    assert_eq!(serde_json::from_str::<Notice>(text(&request, "/MessageBody"))?, sent);
    assert_eq!(requests.len(), 1, "one call on the warm path");
    Ok(())
}

#[tokio::test]
async fn many_go_in_batches_of_ten_and_lost_entries_are_sent_again() -> Outcome {
    let server = start(3, false).await;
    let bells = SqsBells::new(aws(&server)?.sqs(), queues(), Served::Notices);
    let notices = (0..23).map(|number| notice(&format!("n{number}"))).collect::<Result<Vec<_>, _>>()?;
    bells.notify_all(&notices).await?;
    let entries = |request: &Came| request.json().get("Entries").and_then(Value::as_array).map_or(0, Vec::len);
    assert_eq!(server.requests().iter().map(entries).collect::<Vec<_>>(), [10, 3, 10, 3]);
    Ok(())
}

#[tokio::test]
async fn what_stays_refused_is_an_error() -> Outcome {
    for (failures, sender_fault, calls, code) in [(1000, false, 3, "throttled"), (1, true, 1, "refused")] {
        let server = start(failures, sender_fault).await;
        let bells = SqsBells::new(aws(&server)?.sqs(), queues(), Served::Notices);
        assert_eq!(bells.notify_all(&[notice("a")?]).await, Err(BellsError(code)));
        assert_eq!(server.count(), calls);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_put_aside_goes_to_the_dlq_of_the_queue_that_is_served() -> Outcome {
    let server = start(0, false).await;
    let bells = SqsBells::new(aws(&server)?.sqs(), queues(), Served::Deliveries);
    let rejected = Rejected {
        cause: "unreadable",
        source_queue: "deliveries".to_owned(),
        original_id: String::new(),
        first_sent: "1795161600000".to_owned(),
        body: "a\u{0}b".to_owned(),
    };
    bells.reject(&rejected).await?;
    bells.postpone("receipt", Duration::from_secs(7)).await?;
    let requests: Vec<Value> = server.requests().iter().map(Came::json).collect();
    let [aside, postponed] = requests.as_slice() else { unreachable!("two calls") };
    assert_eq!(text(aside, "/QueueUrl"), queues().deliveries_dlq);
    assert_eq!(text(aside, "/MessageBody"), "YQBi");
    for (name, value) in [
        ("cause", "unreadable"),
        ("source_queue", "deliveries"),
        ("original_id", "-"),
        ("first_sent", "1795161600000"),
        ("body_encoding", "base64"),
    ] {
        assert_eq!(text(aside, &format!("/MessageAttributes/{name}/StringValue")), value);
    }
    assert_eq!(text(postponed, "/QueueUrl"), queues().deliveries);
    assert_eq!(postponed.get("VisibilityTimeout"), Some(&json!(7)));
    Ok(())
}

#[tokio::test]
async fn a_tenants_queue_is_addressed_by_its_arn() -> Outcome {
    let server = start(0, false).await;
    let aws = aws(&server)?;
    let target = QueueTarget::new(aws.target_sqs(), aws.sqs_endpoint().map(str::to_owned), queues());
    let message = QueueMessage { body: "{}", group: "onb_1", id: "d-1" };
    target.send("arn:aws:sqs:us-east-1:111111111111:changes.fifo", message).await?;
    target.send("arn:aws:sqs:us-east-1:111111111111:changes", message).await?;
    let requests = server.requests();
    let heads = requests.iter().all(|request| request.head.contains("/us-east-1/sqs/"));
    assert!(heads, "signed for the queue's own region");
    let bodies: Vec<Value> = requests.iter().map(Came::json).collect();
    let [fifo, standard] = bodies.as_slice() else { unreachable!("two calls") };
    assert!(text(fifo, "/QueueUrl").ends_with("/111111111111/changes.fifo"));
    assert_eq!((text(fifo, "/MessageGroupId"), text(fifo, "/MessageDeduplicationId")), ("onb_1", "d-1"));
    assert_eq!(standard.get("MessageDeduplicationId"), None);
    let own = target.send("arn:aws:sqs:eu-north-1:000000000000:notices", message).await;
    assert!(matches!(own, Err(TargetError::NotATarget(_))));
    assert_eq!(server.count(), 2);
    Ok(())
}

#[test]
fn arns_of_queues_and_their_urls() -> Result<(), TargetError> {
    let queue = QueueArn::parse("arn:aws:sqs:eu-north-1:111111111111:changes.fifo")?;
    assert!(queue.is_fifo());
    assert_eq!(queue.url(None), "https://sqs.eu-north-1.amazonaws.com/111111111111/changes.fifo");
    assert_eq!(queue.url(Some("http://127.0.0.1:1")), "http://127.0.0.1:1/111111111111/changes.fifo");
    for wrong in [
        "",
        "changes",
        "arn:aws:sns:eu-north-1:1:changes",
        "arn:aws:sqs:eu-north-1:1:",
        "arn:aws:sqs:evil.example/:1:q",
        "arn:aws:sqs:eu-north-1:1:q:r",
        "arn:aws:sqs:eu-north-1:1:a/b",
        "arn:other:sqs:eu-north-1:1:q",
    ] {
        assert!(QueueArn::parse(wrong).is_err(), "{wrong}");
    }
    Ok(())
}

#[test]
fn any_body_is_made_fit() {
    let long = "x".repeat(MAX_BODY + 1);
    let wide = "\u{1}".repeat(MAX_BODY);
    let table = [
        ("{}", "text"),
        ("tab\tand\r\nline 😀", "text"),
        ("", "empty"),
        ("\u{0}", "base64"),
        ("\u{fffe}", "base64"),
        ("\u{ffff}", "base64"),
        ("\u{1f}", "base64"),
        (long.as_str(), "cut_base64"),
        (wide.as_str(), "cut_base64"),
    ];
    for (body, encoding) in table {
        let fit = fit(body);
        assert_eq!(fit.encoding, encoding, "{:?}", body.get(..8));
        assert!(!fit.body.is_empty() && fit.body.len() <= MAX_BODY);
        assert!(fit.body.chars().all(fit::is_permitted));
    }
}

#[test]
fn seconds_are_whole_and_never_too_few() {
    let table = [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2), (900_000, 900), (900_001, 900), (10_000_000, 900)];
    for (millis, seconds) in table {
        assert_eq!(whole_seconds(Duration::from_millis(millis), MAX_DELAY), seconds, "{millis}");
    }
}
