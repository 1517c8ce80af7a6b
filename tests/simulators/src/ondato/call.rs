//! A call as it arrived, and an answer before it meets the rules.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{hosts::Host, records::Endpoint};
use crate::{answers::Plain, call};

pub(crate) type Call = call::Call<Host>;

impl Call {
    /// Which endpoint it is, with the id in the path.
    pub(crate) fn endpoint(&self) -> (Endpoint, Option<&str>) {
        let segments: Vec<&str> = self.path.split('/').skip(1).collect();
        match (self.host, self.method.as_str(), segments.as_slice()) {
            (Host::Identity, "POST", ["connect", "token"]) => (Endpoint::Token, None),
            (Host::Idv, "POST", ["v1", "identity-verifications"]) => (Endpoint::CreateIdv, None),
            (Host::Idv, "GET", ["v1", "identity-verifications", id]) => (Endpoint::GetIdv, Some(*id)),
            (Host::Idv, "GET", ["v1", "identity-verifications", id, "setup"]) => (Endpoint::GetIdvSetup, Some(*id)),
            (Host::Idv, "GET", ["v1", "identity-verifications", id, "webhooks"]) => {
                (Endpoint::GetIdvWebhooks, Some(*id))
            }
            (Host::Idv, "PUT", ["v1", "identity-verifications", id, "setup-localisations"]) => {
                (Endpoint::PutLocalisations, Some(*id))
            }
            (Host::Idv, "PUT", ["v1", "identity-verifications", id, "redact"]) => (Endpoint::Redact, Some(*id)),
            (Host::Kyc, "POST", ["v1", "identifications", "filter"]) => (Endpoint::FilterKyc, None),
            (Host::Kyc, "GET", ["v1", "identifications", id]) => (Endpoint::GetKyc, Some(*id)),
            (Host::Kyc, "GET", ["v1", "identifications", id, "setup"]) => (Endpoint::GetKycSetup, Some(*id)),
            (Host::Kyb, "GET", ["v1", "identifications", id]) => (Endpoint::GetKyb, Some(*id)),
            // no path is documented: assumed like the others
            (Host::Forms, "GET", ["v1", "forms", id]) => (Endpoint::GetForm, Some(*id)),
            (_, _, _) => (Endpoint::Unknown, None),
        }
    }

    pub(super) fn json(&self) -> Result<Value, Reply> {
        self.object().ok_or_else(|| Reply::invalid("body", "Invalid", "The body is not a JSON object."))
    }

    pub(super) fn query_number(&self, name: &str, otherwise: usize) -> usize {
        self.query(name).and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    }
}

/// An answer before it meets the rules.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Option<Value>,
    pub(crate) total: Option<usize>,
}

impl Reply {
    pub(super) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body: Some(body), total: None }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    pub(super) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, total: None }
    }

    pub(super) fn invalid(field: &str, reason: &str, message: &str) -> Self {
        let params = json!({field: [{"reason": reason, "message": message}]});
        Self::new(
            StatusCode::BAD_REQUEST,
            json!({"reason": "ValidationFailed", "message": "The request is invalid.", "params": params}),
        )
    }

    pub(super) fn unauthenticated() -> Self {
        let message = "The access token is missing, invalid, or is revoked.";
        Self::new(StatusCode::UNAUTHORIZED, json!({"reason": "AuthenticationFailed", "message": message}))
    }

    pub(super) fn forbidden() -> Self {
        let message =
            "The subject of the token does not have the permissions that are required to access the resource.";
        Self::new(StatusCode::FORBIDDEN, json!({"reason": "AuthorizationFailed", "message": message}))
    }

    /// 404 is listed without an example body; this follows the pattern of the others (an assumption).
    pub(crate) fn absent() -> Self {
        Self::new(StatusCode::NOT_FOUND, json!({"reason": "NotFound", "message": "The resource was not found."}))
    }

    pub(super) fn token_refused(status: StatusCode, error: &str) -> Self {
        Self::new(status, json!({"error": error}))
    }
}

impl From<Reply> for Plain {
    fn from(reply: Reply) -> Self {
        let total = reply.total.map(|total| (HeaderName::from_static("total-count"), HeaderValue::from(total)));
        Self { header: total, ..Self::new(reply.status, reply.body) }
    }
}

pub(super) fn basic_pair(header: &str) -> Option<(String, String)> {
    let decoded = BASE64.decode(header.strip_prefix("Basic ")?.as_bytes()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
