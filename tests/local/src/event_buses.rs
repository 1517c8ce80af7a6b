//! EventBridge as far as the gateway calls it: `PutEvents` to buses that keep what they were offered, for a test to read.
//!
//! A narrow layer of ours, because winterbaume-eventbridge 0.2 (read in its source) gives every entry an id and forgets it
//! with its bus, refuses none, and checks none. What is answered is what AWS's API reference of `PutEvents` says:
//!
//! | what is wrong | answer |
//! | --- | --- |
//! | no JSON object, fewer than 1 or more than 10 entries, above 256 KiB | 400, nothing is taken |
//! | an entry without source, detail type or detail | 200; that entry has `InvalidArgument`, its neighbours are taken |
//! | a detail that is no JSON object | 200, `MalformedDetail` |
//! | a source of AWS's own | 200, `NotAuthorizedForSourceException` |
//! | a test wants so ([`Stack::bus_refuses`]) | 200, that code |
//!
//! The answer has one row for each entry, in the order of the request, and counts those that failed: a caller that reads
//! the status alone takes a refusal for a success. Every bus exists. Nothing is matched against rules or sent on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::emulators::failure;
use crate::options::StackError;
use crate::process::request_id;
use crate::stack::Stack;

/// A long run forgets its oldest entries.
const KEPT: usize = 10_000;
/// Of one request.
const MOST_ENTRIES: usize = 10;
const MOST_BYTES: usize = 256 * 1024;

/// One entry as it was offered to a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEntry {
    /// Name or ARN, as the caller wrote it.
    pub bus: String,
    /// `Source`.
    pub source: String,
    /// `DetailType`.
    pub detail_type: String,
    /// `Detail`, read.
    pub detail: Value,
    /// The code with which it was refused; none: the bus took it.
    pub refused: Option<String>,
}

/// All buses.
#[derive(Default)]
pub(crate) struct EventBuses(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    offered: VecDeque<BusEntry>,
    refusing: BTreeMap<String, String>,
}

impl EventBuses {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call.
    pub(crate) fn call(&self, operation: &str, body: &[u8]) -> Response<Body> {
        if operation != "PutEvents" {
            return failure(StatusCode::NOT_IMPLEMENTED, "UnknownOperationException", "not part of the local stack");
        }
        let invalid = |why: &str| failure(StatusCode::BAD_REQUEST, "ValidationException", why);
        let Ok(request) = serde_json::from_slice::<Value>(body) else {
            return failure(StatusCode::BAD_REQUEST, "SerializationException", "the body is not JSON");
        };
        let entries = request.get("Entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if entries.is_empty() || entries.len() > MOST_ENTRIES {
            return invalid("Entries must have 1 to 10 members");
        }
        if body.len() > MOST_BYTES {
            return invalid("Total size of the entries in the request is over the limit.");
        }
        let mut inside = self.inside();
        let rows: Vec<Value> = entries.iter().map(|entry| inside.offer(entry)).collect();
        let failed = rows.iter().filter(|row| row.get("ErrorCode").is_some()).count();
        answer(&json!({"FailedEntryCount": failed, "Entries": rows}))
    }
}

impl Inside {
    /// The row of the answer.
    fn offer(&mut self, entry: &Value) -> Value {
        let read = read(entry).and_then(|entry| match self.refusing.get(&entry.bus) {
            Some(code) => Err((code.clone(), "as a test wants", Some(Box::new(entry)))),
            None => Ok(entry),
        });
        let (row, offered) = match read {
            Ok(entry) => (json!({"EventId": request_id()}), Some(entry)),
            Err((code, why, entry)) => {
                let row = json!({"ErrorCode": code, "ErrorMessage": why});
                (row, entry.map(|entry| BusEntry { refused: Some(code), ..*entry }))
            }
        };
        self.offered.extend(offered);
        let beyond = self.offered.len().saturating_sub(KEPT);
        self.offered.drain(..beyond);
        row
    }
}

type Refusal = (String, &'static str, Option<Box<BusEntry>>);

fn read(entry: &Value) -> Result<BusEntry, Refusal> {
    let refused = |code: &str, why| Err((code.to_owned(), why, None));
    let text = |name: &str| entry.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let bus = text("EventBusName").unwrap_or("default").to_owned();
    let (Some(source), Some(detail_type), Some(detail)) = (text("Source"), text("DetailType"), text("Detail")) else {
        return refused("InvalidArgument", "Source, DetailType and Detail are required.");
    };
    if source.starts_with("aws.") {
        return refused("NotAuthorizedForSourceException", "Not authorized for the source.");
    }
    let Ok(detail @ Value::Object(_)) = serde_json::from_str::<Value>(detail) else {
        return refused("MalformedDetail", "Detail is malformed.");
    };
    let (source, detail_type) = (source.to_owned(), detail_type.to_owned());
    Ok(BusEntry { bus, source, detail_type, detail, refused: None })
}

fn answer(body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    response
}

impl Stack {
    /// Everything that was offered to event buses, in order, the refused entries included.
    #[must_use]
    pub fn bus_entries(&self) -> Vec<BusEntry> {
        let kept = |buses: &EventBuses| buses.inside().offered.iter().cloned().collect();
        self.emulators.as_ref().map(|emulators| kept(emulators.buses())).unwrap_or_default()
    }

    /// Lets a bus refuse every entry with that code (`ThrottlingException`, `InternalFailure`…), or take them again.
    pub fn bus_refuses(&self, bus: &str, code: Option<&str>) -> Result<(), StackError> {
        let emulators = self.emulators.as_ref().ok_or(StackError::NoFaults)?;
        let mut inside = emulators.buses().inside();
        match code {
            Some(code) => inside.refusing.insert(bus.to_owned(), code.to_owned()),
            None => inside.refusing.remove(bus),
        };
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn put(buses: &EventBuses, body: &Value) -> (u16, Value) {
        let answer = buses.call("PutEvents", body.to_string().as_bytes());
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&to_bytes(answer.into_body(), 1 << 20).await.unwrap()).unwrap())
    }

    fn entry(source: &str, detail: &str) -> Value {
        json!({"EventBusName": "b", "Source": source, "DetailType": "t", "Detail": detail})
    }

    /// Rows are in the order of the request; neighbours of a bad entry are taken.
    #[tokio::test]
    async fn each_entry_has_its_own_row() {
        let buses = EventBuses::default();
        let entries =
            [entry("s", "{}"), entry("", "{}"), entry("aws.x", "{}"), entry("s", "[]"), entry("s", r#"{"n":2}"#)];
        let (status, said) = put(&buses, &json!({"Entries": entries})).await;
        assert_eq!((status, &said["FailedEntryCount"]), (200, &json!(3)));
        let codes: Vec<Option<&str>> =
            said["Entries"].as_array().unwrap().iter().map(|row| row["ErrorCode"].as_str()).collect();
        let source = Some("NotAuthorizedForSourceException");
        assert_eq!(codes, [None, Some("InvalidArgument"), source, Some("MalformedDetail"), None]);
        assert!(said["Entries"][4]["EventId"].is_string());
        let kept: Vec<Value> = buses.inside().offered.iter().map(|entry| entry.detail.clone()).collect();
        assert_eq!(kept, [json!({}), json!({"n": 2})]);
    }

    #[tokio::test]
    async fn what_is_no_request_takes_nothing() {
        let buses = EventBuses::default();
        let large = entry("s", &json!({"x": "y".repeat(MOST_BYTES)}).to_string());
        for entries in [json!([]), json!(null), json!(vec![entry("s", "{}"); 11]), json!([large])] {
            assert_eq!(put(&buses, &json!({"Entries": entries})).await.0, 400);
        }
        assert_eq!(buses.call("PutRule", b"{}").status(), StatusCode::NOT_IMPLEMENTED);
        assert!(buses.inside().offered.is_empty());
    }
}
