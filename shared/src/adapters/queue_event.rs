//! What Lambda's poller hands over, read record by record.
//!
//! The body stays text: one that is not JSON must not make the whole event unreadable (proofs §1). A record without an
//! id cannot be answered for, so it fails the invocation: an empty id in the answer would fail it as well.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::Timestamp;
use crate::{deliver, fetch};

/// A batch.
#[derive(Deserialize)]
pub struct QueueEvent {
    #[serde(rename = "Records")]
    records: Vec<QueueRecord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueueRecord {
    message_id: String,
    #[serde(default)]
    receipt_handle: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Attributes {
    sent_timestamp: Option<String>,
    approximate_receive_count: Option<String>,
}

/// The ids that have to come again; empty: all are done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl QueueEvent {
    /// Reads an event.
    ///
    /// # Errors
    /// It is no event of a queue, or a record has no id.
    pub fn read(event: Value) -> Result<Self, &'static str> {
        let event: Self = serde_json::from_value(event).map_err(|_| "not an event of a queue")?;
        let nameless = event.records.iter().any(|record| record.message_id.is_empty());
        if nameless { Err("a record has no id") } else { Ok(event) }
    }

    /// As notices.
    #[must_use]
    pub fn notices(self, now: Timestamp) -> Vec<fetch::Record> {
        self.records
            .into_iter()
            .map(|record| fetch::Record {
                sent_at: number(record.attributes.sent_timestamp.as_deref()).map_or(now, Timestamp::from_millis),
                receives: number(record.attributes.approximate_receive_count.as_deref()).unwrap_or(1),
                id: record.message_id,
                receipt: record.receipt_handle,
                body: record.body,
            })
            .collect()
    }

    /// As delivery bells.
    #[must_use]
    pub fn bells(self, now: Timestamp) -> Vec<deliver::Record> {
        self.records
            .into_iter()
            .map(|record| deliver::Record {
                sent_at: number(record.attributes.sent_timestamp.as_deref()).map_or(now, Timestamp::from_millis),
                id: record.message_id,
                body: record.body,
            })
            .collect()
    }
}

fn number<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text.and_then(|text| text.parse().ok())
}

impl BatchAnswer {
    /// Those ids have to come again.
    #[must_use]
    pub fn failed(ids: Vec<String>) -> Self {
        Self { batch_item_failures: ids.into_iter().map(|item_identifier| Failure { item_identifier }).collect() }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops loudly")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_that_is_not_json_is_a_record_like_others() {
        let event = json!({ "Records": [
            { "messageId": "1", "receiptHandle": "r", "body": "\u{0}not json", "attributes": { "SentTimestamp": "1700000000000", "ApproximateReceiveCount": "3" } },
            { "messageId": "2", "body": "{}" },
        ] });
        let records = QueueEvent::read(event).unwrap().notices(Timestamp::from_millis(5));
        assert_eq!(records.len(), 2);
        assert_eq!(
            records.first().map(|record| (record.sent_at.millis(), record.receives)),
            Some((1_700_000_000_000, 3))
        );
    }

    #[test]
    fn a_record_without_id_fails_the_event() {
        assert!(QueueEvent::read(json!({ "Records": [{ "messageId": "", "body": "" }] })).is_err());
        assert!(QueueEvent::read(json!({ "Records": [{ "body": "" }] })).is_err());
        assert!(QueueEvent::read(json!({ "detail": {} })).is_err());
    }

    #[test]
    fn the_answer_has_the_form_that_lambda_reads() {
        let answer = serde_json::to_value(BatchAnswer::failed(vec!["1".to_owned()])).unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] }));
    }
}
