//! SQS as a function's event source: receive, invoke, delete what succeeded.
//!
//! The answer is read as AWS documents it for `ReportBatchItemFailures`:
//!
//! | answer | means |
//! | --- | --- |
//! | nothing, `null`, `{}`, no or an empty or a null `batchItemFailures` | all succeeded |
//! | a list of ids of this batch | those failed, the others succeeded |
//! | an id that is missing, null, empty, not of this batch, or under another name; no object | all failed |
//! | a function error, a dead process | all failed |
//!
//! A failed message stays hidden for the rest of the queue's visibility (or what the function itself changed it to) and goes
//! to the dead-letter queue when it is received once more than `maxReceiveCount`. With a time scale the stack shortens
//! the rest to its share, because a back-off that SQS keeps is a back-off too.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName};
use axum::body::Bytes;
use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use crate::emulators::Emulators;
use crate::function::{Function, Outcome};
use crate::logs::{LogLine, Logs};
use crate::names::SourceQueue;

/// SQS's longest poll.
const WAIT_SECONDS: i32 = 20;
/// When the queue itself cannot be read.
const PAUSE: Duration = Duration::from_secs(1);

/// One queue with its function.
pub(crate) struct EventSource {
    pub(crate) source: SourceQueue,
    pub(crate) url: String,
    pub(crate) region: String,
    pub(crate) queues: aws_sdk_sqs::Client,
    pub(crate) function: Arc<Function>,
    pub(crate) emulators: Option<Arc<Emulators>>,
    pub(crate) logs: Arc<Logs>,
    pub(crate) time_scale: u32,
}

impl EventSource {
    /// Moves messages until the task is ended.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            if let Err(reason) = self.batch().await {
                let text = format!("queue {}: {reason}", self.url);
                self.logs.take(LogLine { function: self.function.name(), text }).await;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn batch(&self) -> Result<(), String> {
        let received = self
            .queues
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .wait_time_seconds(WAIT_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await;
        let messages = received.map_err(|error| told(&error))?.messages.unwrap_or_default();
        if messages.is_empty() {
            return Ok(());
        }
        let records: Vec<Value> = messages.iter().map(|message| self.record(message)).collect();
        let event = Bytes::from(json!({"Records": records}).to_string());
        let outcome = self.function.invoke(event, None).await;
        let ids: Vec<&str> = messages.iter().filter_map(Message::message_id).collect();
        let failed = failed(&ids, &outcome);
        let (again, done): (Vec<_>, Vec<_>) =
            messages.iter().partition(|message| message.message_id().is_none_or(|id| failed.contains(id)));
        self.delete(&done).await?;
        self.hasten(&again).await
    }

    fn record(&self, message: &Message) -> Value {
        let attributes: Map<String, Value> = message
            .attributes()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str().to_owned(), json!(value)))
            .collect();
        let own: Map<String, Value> = message
            .message_attributes()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), attribute(value)))
            .collect();
        let queue = self.url.rsplit('/').next().unwrap_or_default();
        let account = self.url.rsplit('/').nth(1).unwrap_or_default();
        json!({
            "messageId": message.message_id(),
            "receiptHandle": message.receipt_handle(),
            "body": message.body(),
            "attributes": attributes,
            "messageAttributes": own,
            "md5OfBody": message.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{}:{account}:{queue}", self.region),
            "awsRegion": self.region,
        })
    }

    async fn delete(&self, messages: &[&Message]) -> Result<(), String> {
        let mut entries = Vec::with_capacity(messages.len());
        for (place, message) in messages.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .set_receipt_handle(message.receipt_handle().map(str::to_owned))
                .build();
            entries.push(entry.map_err(|error| error.to_string())?);
        }
        if entries.is_empty() {
            return Ok(());
        }
        let deleted = self.queues.delete_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
        let deleted = deleted.map_err(|error| told(&error))?;
        match deleted.failed() {
            [] => Ok(()),
            failed => Err(format!("{} messages could not be deleted", failed.len())),
        }
    }

    /// With a time scale: hides failed messages for their share of the visibility, unless the function said how long.
    async fn hasten(&self, messages: &[&Message]) -> Result<(), String> {
        if self.time_scale <= 1 {
            return Ok(());
        }
        let seconds = self.source.visibility().as_secs().div_ceil(u64::from(self.time_scale));
        let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
        for receipt in messages.iter().filter_map(|message| message.receipt_handle()) {
            if self.emulators.as_ref().is_some_and(|emulators| emulators.was_hidden(receipt)) {
                continue;
            }
            let change = self.queues.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
            change.visibility_timeout(seconds).send().await.map_err(|error| told(&error))?;
        }
        Ok(())
    }
}

fn attribute(value: &MessageAttributeValue) -> Value {
    let mut shown = json!({"dataType": value.data_type(), "stringListValues": [], "binaryListValues": []});
    if let Some(text) = value.string_value() {
        shown["stringValue"] = json!(text);
    }
    if let Some(bytes) = value.binary_value() {
        shown["binaryValue"] = json!(BASE64.encode(bytes.as_ref()));
    }
    shown
}

/// The records of the batch that failed.
fn failed<'a>(batch: &[&'a str], outcome: &Outcome) -> BTreeSet<&'a str> {
    let all = || batch.iter().copied().collect();
    let Outcome::Returned(bytes) = outcome else {
        return all();
    };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return BTreeSet::new();
    }
    let listed = match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Null) => return BTreeSet::new(),
        Ok(Value::Object(mut answer)) => answer.remove("batchItemFailures"),
        Ok(_) | Err(_) => return all(),
    };
    let listed = match listed {
        None | Some(Value::Null) => return BTreeSet::new(),
        Some(Value::Array(listed)) => listed,
        Some(_) => return all(),
    };
    let mut failed = BTreeSet::new();
    for entry in &listed {
        let id = entry.get("itemIdentifier").and_then(Value::as_str);
        match batch.iter().find(|known| Some(**known) == id) {
            Some(known) => failed.insert(*known),
            None => return all(),
        };
    }
    failed
}

/// An SDK error with its causes: its own text alone says only `service error`.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_read_as_aws_reads_it() {
        let none: &[&str] = &[];
        let all: &[&str] = &["a", "b", "c"];
        let corpus: [(&str, &str, &[&str]); 18] = [
            ("nothing", "", none),
            ("null", "null", none),
            ("empty object", "{}", none),
            ("empty list", r#"{"batchItemFailures":[]}"#, none),
            ("null list", r#"{"batchItemFailures":null}"#, none),
            ("one", r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#, &["b"]),
            ("two", r#"{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"a"}]}"#, &["a", "c"]),
            ("one twice", r#"{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}"#, &["b"]),
            ("empty id", r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, all),
            ("null id", r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, all),
            ("number", r#"{"batchItemFailures":[{"itemIdentifier":1}]}"#, all),
            ("other name", r#"{"batchItemFailures":[{"messageId":"b"}]}"#, all),
            ("not of this batch", r#"{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"z"}]}"#, all),
            ("plain strings", r#"{"batchItemFailures":["b"]}"#, all),
            ("no list", r#"{"batchItemFailures":{"itemIdentifier":"b"}}"#, all),
            ("text", r#""done""#, all),
            ("list", "[]", all),
            ("no JSON", "{", all),
        ];
        for (name, answer, expected) in corpus {
            let outcome = Outcome::Returned(Bytes::copy_from_slice(answer.as_bytes()));
            assert_eq!(failed(all, &outcome), expected.iter().copied().collect(), "{name}");
        }
        let outcome = Outcome::Failed(Bytes::from_static(b"{}"));
        assert_eq!(failed(all, &outcome), all.iter().copied().collect(), "function error");
    }
}
