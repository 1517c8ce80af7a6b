//! What the instance remembers: every call, and every event that it took, in order.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings::SignIn;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `POST /api/Authorize/GetToken`.
    GetToken,
    /// The same by GET, with the credentials in the query: exists for old callers, and nobody should.
    GetTokenByQuery,
    /// `POST /ftosapi/authentication/keycloakToken`.
    KeycloakToken,
    /// `POST /api/openApi/CallAction`.
    CallAction,
    /// `POST /ftosapi/automation-processors/actions/{name}`.
    EndpointAction,
    Unknown,
}

impl Endpoint {
    pub(crate) fn takes_events(self) -> bool {
        matches!(self, Self::CallAction | Self::EndpointAction)
    }
}

/// One call as it arrived. No password and no token is kept.
#[derive(Debug, Clone, Serialize)]
pub struct Received {
    pub at: String,
    pub endpoint: Endpoint,
    /// With the query, except where that has credentials.
    pub path: String,
    /// Which sign-in gave the token that came along, if it is a known one.
    pub token_of: Option<SignIn>,
    /// The action or endpoint called.
    pub action: Option<String>,
    pub data_form: Option<DataForm>,
    pub user_name: Option<String>,
    /// What the action was given.
    pub data: Option<Value>,
    pub outcome: Outcome,
    /// What was answered; absent when the caller was left without an answer.
    pub answer: Option<u16>,
    /// The rule that spoilt it.
    pub manner: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DataForm {
    Text,
    Object,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A token was given.
    SignedIn,
    /// Wrong credentials.
    NotSignedIn,
    /// The event was taken.
    Accepted,
    /// Missing, unknown or dead token.
    TokenRefused,
    NoSuchAction,
    Unreadable,
    /// A rule, or the crash: the work was not done.
    NotDone,
}

/// One event that the instance took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Accepted {
    pub at: String,
    /// From 1, in the order of arrival.
    pub number: usize,
    /// `report.completed` and the like; empty in a body that is no provider event.
    pub action: String,
    /// The provider's object.
    pub object: String,
    pub status: String,
    pub completed_at: String,
    /// The same body had been taken before.
    pub repeat: bool,
    /// Exactly what the action was given.
    pub data: Value,
}

impl Accepted {
    pub(crate) fn new(at: String, number: usize, repeat: bool, data: Value) -> Self {
        // the event alone, or enriched with check and report (§3.3)
        let event = data.pointer("/payload").or_else(|| data.pointer("/event/payload")).cloned().unwrap_or_default();
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            at,
            number,
            action: text("/action"),
            object: text("/object/id"),
            status: text("/object/status"),
            completed_at: text("/object/completed_at_iso8601"),
            repeat,
            data,
        }
    }
}

/// What happened at the sign-ins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SignIns {
    /// Tokens given by the legacy call.
    pub get_token: usize,
    pub keycloak: usize,
    pub refused: usize,
    /// Calls with the credentials in the query: they end in logs.
    pub credentials_in_query: usize,
    /// Actions called with a token that was missing, unknown or dead.
    pub tokens_refused: usize,
}
