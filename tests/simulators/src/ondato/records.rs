//! What the simulator remembers for its oracle.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Token,
    CreateIdv,
    GetIdv,
    GetIdvSetup,
    GetIdvWebhooks,
    PutLocalisations,
    Redact,
    GetKyc,
    GetKycSetup,
    FilterKyc,
    GetKyb,
    GetForm,
    Unknown,
}

/// One call that reached an API host.
#[derive(Debug, Clone, Serialize)]
pub struct RequestRecord {
    pub at: String,
    pub endpoint: Endpoint,
    pub host: &'static str,
    pub method: String,
    pub path: String,
    /// The IDV that the call is about, where one could be told.
    pub idv: Option<String>,
    /// What was answered; absent when the caller was left without an answer.
    pub status: Option<u16>,
    /// The rule that spoilt it.
    pub manner: Option<String>,
}

/// What is true of one IDV, each resource as a GET shows it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Truth {
    pub idv: Value,
    /// The identification of the current step.
    pub kyc: Option<Value>,
    /// Identifications of earlier tries in the same flow.
    pub earlier_kyc: Vec<Value>,
    pub kyb: Option<Value>,
    pub forms: Vec<Value>,
    pub company_documents: Vec<Value>,
    pub localisations: Option<Value>,
}

impl Truth {
    pub fn idv_status(&self) -> &str {
        text(&self.idv, "status")
    }

    pub fn kyc_status(&self) -> Option<&str> {
        self.kyc.as_ref().map(|kyc| text(kyc, "status"))
    }

    pub fn kyb_status(&self) -> Option<&str> {
        self.kyb.as_ref().map(|kyb| text(kyb, "status"))
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// One try to hand over an event.
#[derive(Debug, Clone, Serialize)]
pub struct WebhookSent {
    pub at: String,
    pub event_id: String,
    #[serde(rename = "type")]
    pub event_type: String,
    pub idv: String,
    pub subscription: usize,
    /// From 1; above 1 for the copies of a repeated event.
    pub copy: u32,
    /// From 1.
    pub attempt: u32,
    pub answer: Answer,
}

impl WebhookSent {
    pub fn accepted(&self) -> bool {
        self.answer.is_success()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Status(u16),
    /// Nothing within the patience of 30 s.
    TimedOut,
    NotConnected(String),
    /// The receiver's token endpoint gave none.
    NoToken(String),
}

impl Answer {
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Status(200..=299))
    }
}

/// One event on its way to one subscription.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryRecord {
    pub event_id: String,
    #[serde(rename = "type")]
    pub event_type: String,
    pub idv: String,
    pub subscription: usize,
    pub copy: u32,
    pub attempts: u32,
    pub state: DeliveryState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Held,
    Waiting,
    Sending,
    Delivered,
    /// Given up after the last try.
    Dropped,
    /// By a rule: never sent.
    Lost,
}

/// One event that happened, whatever became of its deliveries.
#[derive(Debug, Clone, Serialize)]
pub struct EventRecord {
    pub id: String,
    /// The documented name, also where a legacy one is sent.
    #[serde(rename = "type")]
    pub event_type: String,
    pub idv: String,
    pub created_utc: String,
    pub payload: Value,
}

/// Calls counted by endpoint.
pub(super) fn count(requests: &[RequestRecord]) -> BTreeMap<Endpoint, usize> {
    let mut counts = BTreeMap::new();
    for request in requests {
        *counts.entry(request.endpoint).or_default() += 1;
    }
    counts
}
