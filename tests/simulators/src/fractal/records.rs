//! What the simulator remembers for its oracle.

use serde::{Deserialize, Serialize};

use super::settings::Generation;
pub(super) use crate::members::text;
pub(super) use crate::outbox::{Answer, DeliveryState};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// The token call, by its grant.
    ExchangeCode,
    RefreshToken,
    MachineToken,
    UsersMe,
    TotalVerifications,
    CountryVerifications,
    UserVerifications,
    File,
    /// Of verifier and relay.
    KycToken,
    KycStatus,
    KycData,
    KycFile,
    CreateSharedToken,
    GetSharedToken,
    Unknown,
}

/// One call that reached an API.
#[derive(Debug, Clone, Serialize)]
pub struct RequestRecord {
    pub at: String,
    pub generation: Generation,
    pub endpoint: Endpoint,
    pub method: String,
    /// With the query.
    pub path: String,
    /// Application or client whose credential came along, if it was good.
    pub caller: Option<String>,
    /// The person that the call is about, where one could be told.
    pub user: Option<String>,
    /// What was answered; absent when the caller was left without an answer.
    pub status: Option<u16>,
    /// The rule that spoilt it.
    pub manner: Option<String>,
}

/// What happened at the token call and with the tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TokenCounts {
    pub codes_issued: usize,
    pub codes_exchanged: usize,
    /// Unknown, late, of another application, with another redirect URI.
    pub codes_refused: usize,
    /// Refused: exchanged before.
    pub codes_reused: usize,
    /// New pairs handed out by refreshing.
    pub refreshes: usize,
    /// Of those: the same refresh token once more, before any new pair was used. A lost answer looks like that.
    pub repeated_refreshes: usize,
    /// Two refreshers at once, found out: both pairs used, or a refresh token after its successor's first use.
    pub parallel_refreshes: usize,
    /// Refused: unknown token, late, access taken back.
    pub refreshes_refused: usize,
    /// Persons whose tokens ended because of that, or because of a code that came twice.
    pub families_ended: usize,
    pub machine_tokens: usize,
    /// Token calls with a wrong client id or secret.
    pub bad_clients: usize,
    /// Token calls that had their secret in the address.
    pub secrets_in_urls: usize,
}

/// One time that somebody came with a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisitRecord {
    pub at: String,
    pub generation: Generation,
    /// Application or client.
    pub of: String,
    pub user: Option<String>,
    /// Of the link.
    pub state: Option<String>,
    /// Scopes of the link, or its level.
    pub asked: String,
    /// Where the browser was sent; absent: nowhere.
    pub returned: Option<String>,
}

/// What is true of one person.
#[derive(Debug, Clone, Serialize)]
pub struct Truth {
    pub generation: Generation,
    pub user: String,
    pub email: String,
    /// Classic: in the order in which they were asked for.
    pub parts: Vec<PartTruth>,
    /// Classic: applications with access.
    pub authorised: Vec<String>,
    /// Classic: token pairs that still work.
    pub living_pairs: usize,
    /// Verifier and relay.
    pub status: String,
    pub level: String,
    pub note: String,
    pub external_user_id: Option<String>,
}

impl Truth {
    /// Status and credential of a part.
    pub fn part(&self, part: &str) -> Option<(&str, &str)> {
        let found = self.parts.iter().find(|it| it.part == part)?;
        Some((&found.status, &found.credential))
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct PartTruth {
    pub application: String,
    pub part: String,
    pub journey_completed: bool,
    pub status: String,
    pub credential: String,
    pub expired: bool,
}

/// One event that happened, whatever became of its webhooks. The id is the simulator's own: no body has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventRecord {
    pub id: String,
    pub generation: Generation,
    /// The type; of verifier and relay, which have none, the status.
    pub name: String,
    /// Application or client.
    pub to: String,
    /// Absent where the body names none (`credential_shared`).
    pub user: Option<String>,
    pub level: Option<String>,
    pub at: String,
}

/// One try to hand over an event.
#[derive(Debug, Clone, Serialize)]
pub struct WebhookSent {
    pub at: String,
    pub event_id: String,
    pub name: String,
    pub to: String,
    pub user: String,
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
    pub to: String,
    pub user: String,
    pub url: String,
    pub copy: u32,
    pub attempts: u32,
    pub state: DeliveryState,
}
