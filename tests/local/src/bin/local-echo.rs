//! A function that does what its event says: the stack's own tests need one that fails, dies and hangs on purpose.
//!
//! An SQS record does it by its body, anything else by its member `do`.
#![expect(clippy::exit, reason = "a test function dies on purpose")]

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if std::env::var("ECHO_INIT").as_deref() == Ok("fail") {
        return Err("told to fail".into());
    }
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    if let Some(records) = payload.get("Records").and_then(Value::as_array) {
        return batch(records).await;
    }
    match payload.get("do").and_then(Value::as_str) {
        Some("die") => std::process::exit(3),
        Some("hang") => {
            eprint_line("an event to hang on");
            std::future::pending().await
        }
        Some("fail") => Err("told to fail".into()),
        Some("aws") => {
            let text = |member: &str| payload.get(member).and_then(Value::as_str).unwrap_or_default();
            Ok(json!({"answer": aws(text("target"), text("body")).await}))
        }
        Some("environment") => Ok(std::env::vars().map(|(name, value)| (name, json!(value))).collect()),
        Some(_) | None => Ok(json!({"event": payload, "arn": context.invoked_function_arn, "pid": std::process::id()})),
    }
}

async fn batch(records: &[Value]) -> Result<Value, Error> {
    let mut failures = Vec::new();
    for record in records {
        let text = |member: &str| record.get(member).and_then(Value::as_str).unwrap_or_default();
        match text("body") {
            "die" => std::process::exit(3),
            "die once" if record.pointer("/attributes/ApproximateReceiveCount") == Some(&json!("1")) => {
                std::process::exit(3)
            }
            "fail" => failures.push(json!({"itemIdentifier": text("messageId")})),
            _ => eprint_line(&record.to_string()),
        }
    }
    Ok(json!({"batchItemFailures": failures}))
}

#[expect(clippy::print_stderr, reason = "what a test looks for among the logs")]
fn eprint_line(text: &str) {
    eprintln!("took {text}");
}

/// One unsigned call over a plain connection: all that the front looks at is the target.
async fn aws(target: &str, body: &str) -> String {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap_or_default();
    let host = endpoint.trim_start_matches("http://");
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\nx-amz-target: {target}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let Ok(mut stream) = TcpStream::connect(host).await else {
        return "no connection".to_owned();
    };
    let mut answer = Vec::new();
    let sent = stream.write_all(format!("{head}{body}").as_bytes()).await;
    match sent.and(stream.read_to_end(&mut answer).await) {
        Ok(_) => String::from_utf8_lossy(&answer).into_owned(),
        Err(error) => error.to_string(),
    }
}
