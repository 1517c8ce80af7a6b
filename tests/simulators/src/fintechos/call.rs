//! A call as it arrived, where it leads to, and an answer before it meets the rules.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::records::Endpoint;
use crate::{answers::Plain, call};

const ACTIONS: &str = "/ftosapi/automation-processors/actions/";

/// It has one host.
pub(crate) type Call = call::Call<()>;

impl Call {
    pub(crate) fn endpoint(&self, base_path: &str) -> Endpoint {
        let Some(path) = self.path.strip_prefix(base_path) else {
            return Endpoint::Unknown;
        };
        match (self.method.as_str(), path) {
            ("POST", "/api/Authorize/GetToken") => Endpoint::GetToken,
            ("GET", "/api/Authorize/GetToken") => Endpoint::GetTokenByQuery,
            ("POST", "/ftosapi/authentication/keycloakToken") => Endpoint::KeycloakToken,
            // both spellings appear (§3.2)
            ("POST", "/api/openApi/CallAction" | "/api/openApi/CallAction/") => Endpoint::CallAction,
            ("POST", path) if path.starts_with(ACTIONS) => Endpoint::EndpointAction,
            (_, _) => Endpoint::Unknown,
        }
    }

    pub(super) fn action_name(&self, base_path: &str) -> Option<&str> {
        self.path.strip_prefix(base_path)?.strip_prefix(ACTIONS)
    }

    /// Null if it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// An answer before it meets the rules.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }

    /// Errors by status are not documented: a short object (an assumption).
    pub(crate) fn of_code(code: u16) -> Self {
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, body: json!({"Message": status.canonical_reason()}) }
    }
}

impl From<Reply> for Plain {
    fn from(reply: Reply) -> Self {
        Self { content_type: "application/json", ..Self::new(reply.status, Some(reply.body)) }
    }
}
