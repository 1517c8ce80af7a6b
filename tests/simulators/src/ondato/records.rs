//! What the simulator remembers for its oracle.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::members::text;
pub(super) use crate::outbox::{Answer, DeliveryState};

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
