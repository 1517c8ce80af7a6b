//! The stack itself, with a function that does what it is told: fail, die, call AWS.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops loudly")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use idv_local::{CallPoint, Effect, FunctionName, SourceQueue, Stack, StackError, StackOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(30);
const FETCHER: FunctionName = FunctionName::EventFetcher;

fn options() -> StackOptions {
    let echo = PathBuf::from(env!("CARGO_BIN_EXE_local-echo"));
    let functions: BTreeMap<FunctionName, PathBuf> =
        FunctionName::ALL.into_iter().map(|name| (name, echo.clone())).collect();
    let config = json!({"tenants": {"acme": {"enabled": true}}, "aliases": {"/dcs/notify/A": {"tenant": "acme", "connection": "x"}}});
    StackOptions { concurrency: 1, ..StackOptions::new(config, functions) }
}

async fn start() -> Stack {
    Stack::start(options()).await.unwrap()
}

/// A request with the standard library's means: status line, head and body.
async fn http(url: &str, method: &str, path: &str, head: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x.example\r\nconnection: close\r\ncontent-length: {length}\r\n{head}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), answer[end + 4..].to_vec())
}

async fn send(stack: &Stack, body: &str) {
    let queue = &stack.queues().notices;
    stack.sqs().send_message().queue_url(queue).message_body(body).message_group_id("acme").send().await.unwrap();
}

/// What the test function took from the queue, from its log.
fn taken(stack: &Stack) -> Vec<Value> {
    let lines = stack.logs().into_iter().filter(|line| line.function == FETCHER);
    lines.filter_map(|line| serde_json::from_str(line.text.strip_prefix("took ")?).ok()).collect()
}

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let reached = tokio::time::timeout(LIMIT, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    reached.await.unwrap_or_else(|_| panic!("not within {LIMIT:?}: {what}"));
}

async fn call_aws(stack: &Stack, target: &str, body: Value) -> idv_local::Invoked {
    stack.invoke(FETCHER, &json!({"do": "aws", "target": target, "body": body.to_string()}), None).await
}

/// Through SQS, because the table asks for a signature that the test function does not make.
async fn call_send(stack: &Stack) -> idv_local::Invoked {
    call_aws(stack, "AmazonSQS.SendMessage", json!({"QueueUrl": stack.queues().notices_dlq, "MessageBody": "x"})).await
}

async fn arrived(stack: &Stack) -> usize {
    stack.dead_letters(SourceQueue::Notices).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_invoke_api_hands_on_event_and_qualifier() {
    let stack = start().await;
    let path = "/2015-03-31/functions/onboarding-initiator/invocations?Qualifier=t-acme";
    let (status, head, body) = http(stack.api_url(), "POST", path, "", br#"{"a":1}"#).await;
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &answer["event"]), (200, &json!({"a": 1})));
    assert_eq!(answer["arn"], "arn:aws:lambda:us-east-1:000000000000:function:onboarding-initiator:t-acme");
    assert!(!head.contains("x-amz-function-error"));

    let path = "/2015-03-31/functions/onboarding-initiator/invocations";
    let (status, head, body) = http(stack.api_url(), "POST", path, "", br#"{"do":"fail"}"#).await;
    assert_eq!(status, 200);
    assert!(head.contains("x-amz-function-error: unhandled"), "{head}");
    assert!(String::from_utf8(body).unwrap().contains("told to fail"));

    let (status, head, _) = http(stack.api_url(), "POST", "/2015-03-31/functions/other/invocations", "", b"{}").await;
    assert_eq!(status, 404);
    assert!(head.contains("x-amzn-errortype: resourcenotfoundexception"));
    let (status, _, _) = http(stack.api_url(), "POST", path, "", b"no json").await;
    assert_eq!(status, 400);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_routes_and_aliases_reach_the_ingress() {
    let stack = start().await;
    let (status, _, body) =
        http(stack.api_url(), "POST", "/v1/webhooks/acme/ondato", "content-type: application/json\r\n", b"{}").await;
    let event = serde_json::from_slice::<Value>(&body).unwrap()["event"].take();
    assert_eq!((status, &event["routeKey"]), (200, &json!("POST /v1/webhooks/{tenant}/{connection}")));
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(http(stack.api_url(), "POST", "/dcs/notify/A", "", b"x").await.0, 200);
    // names beside it are the function's matter, as with a route that has a variable
    assert_eq!(http(stack.api_url(), "POST", "/dcs/notify/B", "", b"x").await.0, 200);
    assert_eq!(http(stack.api_url(), "POST", "/dcs/other/A", "", b"x").await.0, 404);
    let large = vec![b'x'; 10 * 1024 * 1024 + 1];
    assert_eq!(http(stack.api_url(), "POST", "/v1/webhooks/acme/ondato", "", &large).await.0, 413);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_drop_in_reaches_the_initiators_alias_with_whoever_the_header_names() {
    let stack = start().await;
    let path = "/dcs/kyc2/applicants";
    let ask = async |head: &str| http(stack.api_url(), "POST", path, head, b"{}").await;
    assert_eq!(ask("").await.0, 403, "as with an authoriser that knows nobody");
    let (status, _, body) = ask("x-local-caller: arn:aws:iam::000000000000:user/f\r\nsubscriptionid: S\r\n").await;
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, 200);
    assert!(told["arn"].as_str().unwrap().ends_with(":function:onboarding-initiator:drop-in"), "{told}");
    let event = &told["event"];
    assert_eq!((&event["version"], &event["routeKey"]), (&json!("2.0"), &json!("POST /dcs/kyc2/applicants")));
    assert_eq!(event["requestContext"]["authorizer"]["iam"]["userArn"], "arn:aws:iam::000000000000:user/f");
    assert_eq!(event["headers"]["subscriptionid"], "S");
    assert_eq!(http(stack.api_url(), "GET", path, "x-local-caller: f\r\n", b"").await.0, 404);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_sees_the_contract_and_nothing_of_this_process() {
    let stack = start().await;
    let seen = stack.invoke(FETCHER, &json!({"do": "environment"}), None).await.payload;
    for name in [
        "IDV_TABLE",
        "IDV_NOTICES_URL",
        "IDV_DELIVERIES_DLQ_URL",
        "IDV_SECRET_PREFIX",
        "AWS_REGION",
        "AWS_ENDPOINT_URL_SQS",
    ] {
        assert!(seen[name].as_str().is_some_and(|value| !value.is_empty()), "{name}");
    }
    assert_eq!(seen["IDV_PUBLIC_URL"], stack.public_url());
    for name in ["PATH", "HOME", "CARGO_MANIFEST_DIR"] {
        assert_eq!(seen.get(name), None, "{name}");
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_process_fails_its_invocation_and_is_replaced() {
    let stack = start().await;
    let pid = async || stack.invoke(FETCHER, &json!({}), None).await.payload["pid"].clone();
    let first = pid().await;
    assert_eq!(pid().await, first, "a process serves one event after another");

    let died = stack.invoke(FETCHER, &json!({"do": "die"}), None).await;
    assert_eq!((died.function_error, &died.payload["errorType"]), (Some("Unhandled"), &json!("Runtime.ExitError")));
    let second = pid().await;
    assert_ne!(second, first);

    stack.kill(FETCHER).await;
    assert_ne!(pid().await, second);

    let hangs = json!({"do": "hang"});
    let (hung, ()) = tokio::join!(stack.invoke(FETCHER, &hangs, None), async {
        until("the function hangs", async || stack.logs().iter().any(|line| line.text.contains("to hang on"))).await;
        stack.kill(FETCHER).await;
    });
    assert_eq!(hung.payload["errorType"], "Runtime.ExitError");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_cannot_start_is_named() {
    let mut options = options();
    options.environment.insert("ECHO_INIT".to_owned(), "fail".to_owned());
    match Stack::start(options).await {
        Err(StackError::Init { how, lines, .. }) => {
            assert!(how.contains("exit status") && lines.contains("told to fail"), "{how} {lines}");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it started"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_takes_too_long_is_killed() {
    let limit = Some(Duration::from_millis(300));
    let stack = Stack::start(StackOptions { time_limit: limit, ..options() }).await.unwrap();
    let hung = stack.invoke(FETCHER, &json!({"do": "hang"}), None).await;
    assert_eq!(hung.payload["errorType"], "Sandbox.Timedout");
    assert_eq!(stack.invoke(FETCHER, &json!({}), None).await.function_error, None);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_becomes_a_record_and_is_deleted() {
    let stack = start().await;
    send(&stack, "plain").await;
    until("the record was taken", async || taken(&stack).len() == 1).await;
    assert!(stack.quiet(LIMIT).await);
    let record = taken(&stack).remove(0);
    assert_eq!((&record["body"], &record["eventSource"]), (&json!("plain"), &json!("aws:sqs")));
    assert_eq!(record["eventSourceARN"], "arn:aws:sqs:us-east-1:000000000000:idv-local-notices");
    assert_eq!(record["attributes"]["MessageGroupId"], "acme");
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert!(record["attributes"]["SentTimestamp"].as_str().is_some_and(|time| time.len() == 13));
    assert!(record["messageAttributes"].as_object().is_some_and(serde_json::Map::is_empty));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_come_back_alone_and_end_among_the_dead_letters() {
    let stack = Stack::start(StackOptions { time_scale: 180, ..options() }).await.unwrap();
    for body in ["fail", "good", "die once"] {
        send(&stack, body).await;
    }
    until("the failing one is a dead letter", async || arrived(&stack).await == 1).await;
    let letters = stack.dead_letters(SourceQueue::Notices).await.unwrap();
    assert_eq!((&letters[0]["body"], &letters[0]["attributes"]["MessageGroupId"]), (&json!("fail"), &json!("acme")));
    until("the one that died once was taken", async || taken(&stack).iter().any(|record| record["body"] == "die once"))
        .await;
    assert!(taken(&stack).iter().any(|record| record["body"] == "good"));
    assert!(stack.quiet(LIMIT).await, "nothing is left in the queue");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_killed_before_or_after_its_call_had_its_effect() {
    let stack = start().await;
    let mut fault = stack.kill_on(FETCHER, CallPoint::before("sqs", "SendMessage").nth(2)).unwrap();
    assert_eq!(call_send(&stack).await.function_error, None);
    assert_eq!(call_send(&stack).await.payload["errorType"], "Runtime.ExitError");
    fault.happened().await;
    assert_eq!(arrived(&stack).await, 1);

    let mut fault = stack.kill_on(FETCHER, CallPoint::after("sqs", "SendMessage")).unwrap();
    assert_eq!(call_send(&stack).await.payload["errorType"], "Runtime.ExitError");
    fault.happened().await;
    assert_eq!(arrived(&stack).await, 2);

    let mut fault = stack.kill_on(FETCHER, CallPoint::before("runtime", "response")).unwrap();
    assert_eq!(call_send(&stack).await.payload["errorType"], "Runtime.ExitError");
    fault.happened().await;
    assert_eq!(arrived(&stack).await, 3, "its work was done, only the answer was not");

    assert_eq!(call_send(&stack).await.function_error, None);
    let calls = stack.aws_calls(FETCHER);
    assert!(calls.iter().all(|call| call.operation == "SendMessage") && calls.len() == 5, "{calls:?}");
    assert!(stack.aws_calls(FunctionName::Reconciler).is_empty());
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_get_lost_and_services_go_down() {
    let stack = start().await;
    stack.fault(FETCHER, CallPoint::after("sqs", "SendMessage"), Effect::Fail).unwrap();
    let answer = call_send(&stack).await.payload["answer"].to_string();
    assert!(answer.contains("500 Internal Server Error"), "{answer}");
    assert_eq!(arrived(&stack).await, 1);

    stack.fault(FETCHER, CallPoint::after("sqs", "SendMessage"), Effect::Break).unwrap();
    let answer = call_send(&stack).await.payload["answer"].to_string();
    assert!(!answer.contains("MessageId"), "{answer}");
    assert_eq!(arrived(&stack).await, 2);

    stack.outage(FETCHER, "sqs", true).unwrap();
    let answer = call_send(&stack).await.payload["answer"].to_string();
    assert!(answer.contains("500 Internal Server Error"), "{answer}");
    assert_eq!(arrived(&stack).await, 2);
    stack.outage(FETCHER, "sqs", false).unwrap();
    call_send(&stack).await;
    assert_eq!(arrived(&stack).await, 3);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_front_serves_its_services_and_says_what_it_is_not() {
    let stack = start().await;
    let aws = stack.aws_url().unwrap();
    let table = stack.dynamodb().describe_table().table_name(stack.table()).send().await.unwrap();
    let mut indexes: Vec<_> =
        table.table().unwrap().global_secondary_indexes().iter().filter_map(|index| index.index_name()).collect();
    indexes.sort_unstable();
    assert_eq!(indexes, ["delivery_due", "list", "look_due"]);

    let secret =
        |name: &str| stack.secrets().get_secret_value().secret_id(format!("{}/{name}", stack.secret_prefix())).send();
    let index: Value = serde_json::from_str(secret("index").await.unwrap().secret_string().unwrap()).unwrap();
    assert_eq!(index["aliases"]["/dcs/notify/A"]["tenant"], "acme");
    assert_eq!(index["prefetch"], json!(["acme"]));
    assert_eq!(index["tenants"]["acme"], json!(secret("tenants/acme").await.unwrap().version_id()));
    stack.put_tenant("beta", &json!({"enabled": true})).await.unwrap();
    let index: Value = serde_json::from_str(secret("index").await.unwrap().secret_string().unwrap()).unwrap();
    assert_eq!(index["tenants"].as_object().unwrap().len(), 2);

    let url = stack.sqs().get_queue_url().queue_name("idv-local-notices").send().await.unwrap();
    assert!(url.queue_url().unwrap().starts_with(aws));
    let missing = stack.sqs().get_queue_url().queue_name("missing").send().await.unwrap_err();
    assert!(missing.as_service_error().unwrap().is_queue_does_not_exist());
    let none = stack
        .sqs()
        .send_message_batch()
        .queue_url(&stack.queues().notices)
        .set_entries(Some(Vec::new()))
        .send()
        .await
        .unwrap_err();
    assert!(none.as_service_error().unwrap().is_empty_batch_request());

    let (status, _, body) =
        http(aws, "POST", "/", "content-type: application/x-www-form-urlencoded\r\n", b"Action=ListQueues").await;
    assert!(status == 400 && String::from_utf8(body).unwrap().contains("query protocol"));
    for (target, expected) in [("AWSEvents.PutEvents", 400), ("AWSEvents.ListRules", 501)] {
        let (status, _, _) = http(aws, "POST", "/", &format!("x-amz-target: {target}\r\n"), b"{}").await;
        assert_eq!(status, expected, "{target}");
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_kept_where_it_is_told() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kept");
    let _ = std::fs::remove_dir_all(&folder);
    let options = || StackOptions { data: Some(folder.clone()), ..options() };
    let text = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());

    let stack = Stack::start(options()).await.unwrap();
    stack
        .dynamodb()
        .put_item()
        .table_name(stack.table())
        .item("pk", text("a"))
        .item("sk", text("b"))
        .send()
        .await
        .unwrap();
    stack.stop().await;

    let stack = Stack::start(options()).await.unwrap();
    let found = stack
        .dynamodb()
        .get_item()
        .table_name(stack.table())
        .key("pk", text("a"))
        .key("sk", text("b"))
        .send()
        .await
        .unwrap();
    assert!(found.item().is_some());
    stack.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn no_process_outlives_the_stack() {
    let stack = start().await;
    let pid = stack.invoke(FETCHER, &json!({}), None).await.payload["pid"].clone();
    let lives = || {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // a zombie is dead already
        !state.is_empty() && !state.contains(") Z ")
    };
    assert!(lives());
    // dropped, as a panicking test drops it
    drop(stack);
    until("the process has ended", async || !lives()).await;
}
