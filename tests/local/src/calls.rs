//! The calls a function makes, and what a test wants to go wrong at one of them.
//!
//! Every process talks to AWS and to its Runtime API through its own listener, so each call is known with its caller
//! before it is carried out. A [`CallPoint`] names one of them: the nth call of an operation, counted from the moment the
//! fault was set, before or after it takes effect. The Runtime API counts as service `runtime` with the operations
//! `next`, `response`, `error` and `init-error`: a kill before `response` is a crash between the last write and the answer.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use tokio::sync::watch;

/// Enough for every test; a long demo forgets its oldest calls.
const KEPT: usize = 20_000;

/// One call of a function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AwsCall {
    /// `dynamodb`, `sqs`, `secretsmanager`, `events` or `runtime`.
    pub service: String,
    /// For example `UpdateItem`.
    pub operation: String,
}

impl AwsCall {
    pub(crate) fn new(service: &str, operation: &str) -> Self {
        Self { service: service.to_owned(), operation: operation.to_owned() }
    }

    /// What `X-Amz-Target` names: the services here all speak AWS's JSON protocols.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let target = headers.get("x-amz-target")?.to_str().ok()?;
        let (prefix, operation) = target.rsplit_once('.')?;
        let service = match prefix {
            "AmazonSQS" => "sqs",
            "secretsmanager" => "secretsmanager",
            "AWSEvents" => "events",
            _ if prefix.starts_with("DynamoDB") => "dynamodb",
            _ => return None,
        };
        Some(Self::new(service, operation))
    }
}

/// Which side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// One call of a function, counted from when the fault is set.
#[derive(Debug, Clone)]
pub struct CallPoint {
    call: AwsCall,
    nth: u32,
    side: Side,
}

impl CallPoint {
    /// When the call has arrived and had no effect yet.
    #[must_use]
    pub fn before(service: &str, operation: &str) -> Self {
        Self { call: AwsCall::new(service, operation), nth: 1, side: Side::Before }
    }

    /// When the call had its effect and was not answered yet.
    #[must_use]
    pub fn after(service: &str, operation: &str) -> Self {
        Self { side: Side::After, ..Self::before(service, operation) }
    }

    /// Not the first such call but the nth.
    #[must_use]
    pub fn nth(self, nth: u32) -> Self {
        Self { nth, ..self }
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The calling process is killed (SIGKILL).
    Kill,
    /// The caller gets a 500; with `CallPoint::after` the call had its effect nevertheless.
    Fail,
    /// The connection breaks in the middle of the answer.
    Break,
}

/// A fault that was set: says when it has happened.
#[derive(Debug)]
pub struct Fault {
    happened: watch::Receiver<bool>,
}

impl Fault {
    /// Waits until it has happened. Ends also when the stack does.
    pub async fn happened(&mut self) {
        let _ = self.happened.wait_for(|done| *done).await;
    }

    /// Whether it has.
    #[must_use]
    pub fn has_happened(&self) -> bool {
        *self.happened.borrow()
    }
}

/// What is to go wrong with a call that has arrived.
#[derive(Debug)]
pub(crate) struct Strike {
    side: Side,
    pub(crate) effect: Effect,
    happened: Option<watch::Sender<bool>>,
}

impl Strike {
    /// Whether the call has its effect all the same.
    pub(crate) fn spares_the_call(&self) -> bool {
        self.side == Side::After
    }

    /// It went wrong.
    pub(crate) fn done(self) {
        if let Some(happened) = self.happened {
            happened.send_replace(true);
        }
    }
}

struct Armed {
    point: CallPoint,
    effect: Effect,
    seen: u32,
    happened: watch::Sender<bool>,
}

/// The calls of one function, whichever process made them.
#[derive(Default)]
pub(crate) struct CallBook {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    calls: VecDeque<AwsCall>,
    armed: Vec<Armed>,
    outages: BTreeSet<String>,
}

impl CallBook {
    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn arm(&self, point: CallPoint, effect: Effect) -> Fault {
        let (happened, listener) = watch::channel(false);
        self.entries().armed.push(Armed { point, effect, seen: 0, happened });
        Fault { happened: listener }
    }

    pub(crate) fn outage(&self, service: &str, on: bool) {
        let outages = &mut self.entries().outages;
        if on {
            outages.insert(service.to_owned());
        } else {
            outages.remove(service);
        }
    }

    /// The calls to AWS so far, without those to the Runtime API.
    pub(crate) fn aws_calls(&self) -> Vec<AwsCall> {
        self.entries().calls.iter().cloned().collect()
    }

    pub(crate) fn forget(&self) {
        self.entries().calls.clear();
    }

    pub(crate) fn arrived(&self, call: &AwsCall) -> Option<Strike> {
        let mut entries = self.entries();
        if call.service != "runtime" {
            if entries.calls.len() == KEPT {
                entries.calls.pop_front();
            }
            entries.calls.push_back(call.clone());
        }
        for armed in entries.armed.iter_mut().filter(|armed| armed.point.call == *call) {
            armed.seen += 1;
        }
        let due = entries.armed.iter().position(|armed| armed.seen >= armed.point.nth);
        if let Some(Armed { point, effect, happened, .. }) = due.map(|place| entries.armed.swap_remove(place)) {
            return Some(Strike { side: point.side, effect, happened: Some(happened) });
        }
        let down = entries.outages.contains(&call.service);
        down.then_some(Strike { side: Side::Before, effect: Effect::Fail, happened: None })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    #[test]
    fn the_target_names_service_and_operation() {
        let of = |target: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-amz-target", target.parse().ok()?);
            AwsCall::of(&headers)
        };
        assert_eq!(of("DynamoDB_20120810.UpdateItem"), Some(AwsCall::new("dynamodb", "UpdateItem")));
        assert_eq!(of("AmazonSQS.SendMessage"), Some(AwsCall::new("sqs", "SendMessage")));
        assert_eq!(of("secretsmanager.GetSecretValue"), Some(AwsCall::new("secretsmanager", "GetSecretValue")));
        assert_eq!(of("AWSEvents.PutEvents"), Some(AwsCall::new("events", "PutEvents")));
        assert_eq!(of("Kinesis_20131202.PutRecord"), None);
        assert_eq!(of("nothing"), None);
    }

    #[test]
    fn a_fault_strikes_at_its_nth_call_and_once() {
        let book = CallBook::default();
        let put = AwsCall::new("dynamodb", "PutItem");
        let get = AwsCall::new("dynamodb", "GetItem");
        assert!(book.arrived(&put).is_none(), "before it is set nothing counts");
        let fault = book.arm(CallPoint::after("dynamodb", "PutItem").nth(2), Effect::Kill);
        assert!(book.arrived(&put).is_none());
        assert!(book.arrived(&get).is_none());
        let strike = book.arrived(&put).unwrap();
        assert!(strike.spares_the_call() && strike.effect == Effect::Kill);
        assert!(!fault.has_happened(), "struck, not yet carried out");
        strike.done();
        assert!(fault.has_happened());
        assert!(book.arrived(&put).is_none());
        assert_eq!(book.aws_calls().len(), 5);
    }

    #[test]
    fn an_outage_lasts_until_it_is_lifted() {
        let book = CallBook::default();
        let send = AwsCall::new("sqs", "SendMessage");
        book.outage("sqs", true);
        let strike = book.arrived(&send).unwrap();
        assert!(!strike.spares_the_call() && strike.effect == Effect::Fail);
        assert!(book.arrived(&send).is_some());
        assert!(book.arrived(&AwsCall::new("dynamodb", "GetItem")).is_none());
        book.outage("sqs", false);
        assert!(book.arrived(&send).is_none());
    }
}
