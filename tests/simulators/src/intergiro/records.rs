//! What the simulator remembers for its oracle.

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use crate::members::text;
pub(super) use crate::outbox::{Answer, DeliveryState};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Login,
    Refresh,
    CreateIndividual,
    ListIndividuals,
    GetIndividual,
    PatchIndividual,
    Onboard,
    ListPendingActions,
    GetPendingAction,
    GetConsent,
    UseConsent,
    ListEvents,
    GetEvent,
    ListWebhooks,
    AddWebhook,
    RemoveWebhook,
    SimulateKyc,
    SimulateStatus,
    SimulateIdentityVerification,
    Unknown,
}

/// One call that reached the API.
#[derive(Debug, Clone, Serialize)]
pub struct RequestRecord {
    pub at: String,
    pub endpoint: Endpoint,
    pub method: String,
    /// With the query.
    pub path: String,
    /// Whose token came along, if it was good.
    pub programme: Option<String>,
    /// The individual that the call is about, where one could be told.
    pub individual: Option<String>,
    /// What was answered; absent when the caller was left without an answer.
    pub status: Option<u16>,
    /// The rule that spoilt it.
    pub manner: Option<String>,
}

/// What happened at the login and refresh calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SignIns {
    /// Sessions opened.
    pub logins: usize,
    /// Logins with a key that is unknown or revoked.
    pub bad_keys: usize,
    /// Logins refused because there were too many within a minute.
    pub fraud_refusals: usize,
    /// The most logins of one key within one minute.
    pub most_logins_in_a_minute: usize,
    /// New pairs handed out by refreshing.
    pub refreshes: usize,
    /// Refused: the access token was still alive.
    pub early_refreshes: usize,
    /// Refused: the refresh token had been used, as by two refreshers at once.
    pub parallel_refreshes: usize,
    /// Refused: unknown token, session over, or no refresh left.
    pub late_refreshes: usize,
    /// Sessions ended because of a refresh token used twice.
    pub sessions_punished: usize,
}

/// What is true of one individual, each resource as a GET shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Truth {
    pub programme: String,
    pub individual: Value,
    pub ever_activated: bool,
    /// The newest onboarding link.
    pub link: Option<LinkTruth>,
    /// In the order of creation.
    pub actions: Vec<ActionTruth>,
}

impl Truth {
    pub fn status(&self) -> &str {
        text(&self.individual, "status")
    }

    /// Neither completed nor past its time.
    pub fn open_actions(&self) -> usize {
        self.actions.iter().filter(|action| !action.completed && !action.expired).count()
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct LinkTruth {
    pub redirect_url: String,
    pub return_url: String,
    pub expires_at: String,
    pub opened: bool,
    /// Followed by a newer one, used up or past its time.
    pub over: bool,
    /// Links handed out for this individual so far.
    pub issued: usize,
}

#[derive(Debug, Clone, Serialize)]
pub struct ActionTruth {
    pub id: String,
    #[serde(rename = "type")]
    pub action_type: String,
    pub consent_id: String,
    pub consent_status: String,
    pub completed: bool,
    pub expired: bool,
    /// Where the person can act now.
    pub redirect_url: Option<String>,
}

/// One event that happened, whatever became of its webhooks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventRecord {
    pub id: String,
    pub name: String,
    pub programme: String,
    pub individual: Option<String>,
    pub payload: Value,
    pub created_at: String,
}

/// One try to hand over an event.
#[derive(Debug, Clone, Serialize)]
pub struct WebhookSent {
    pub at: String,
    pub event_id: String,
    /// As the webhook said it.
    pub name: String,
    pub individual: Option<String>,
    pub url: String,
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

/// One event on its way to one URL.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryRecord {
    pub event_id: String,
    pub name: String,
    pub individual: Option<String>,
    pub url: String,
    pub copy: u32,
    pub attempts: u32,
    pub state: DeliveryState,
}
