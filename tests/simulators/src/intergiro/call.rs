//! A call as it arrived, and an answer before it meets the rules.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::records::Endpoint;
use crate::{answers::Plain, call};

/// The two hosts of Intergiro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Api,
    Pages,
}

pub(crate) type Call = call::Call<Host>;

impl Call {
    /// Which endpoint it is, with the id in the path.
    pub(crate) fn endpoint(&self) -> (Endpoint, Option<&str>) {
        let Some(path) = self.path.strip_prefix("/v3/") else {
            return (Endpoint::Unknown, None);
        };
        let segments: Vec<&str> = path.split('/').collect();
        match (self.method.as_str(), segments.as_slice()) {
            ("POST", ["auth", "login"]) => (Endpoint::Login, None),
            ("POST", ["auth", "refresh"]) => (Endpoint::Refresh, None),
            ("POST", ["individuals"]) => (Endpoint::CreateIndividual, None),
            ("GET", ["individuals"]) => (Endpoint::ListIndividuals, None),
            ("GET", ["individuals", id]) => (Endpoint::GetIndividual, Some(*id)),
            ("PATCH", ["individuals", id]) => (Endpoint::PatchIndividual, Some(*id)),
            ("POST", ["individuals", id, "onboard"]) => (Endpoint::Onboard, Some(*id)),
            ("GET", ["pending_actions"]) => (Endpoint::ListPendingActions, None),
            ("GET", ["pending_actions", id]) => (Endpoint::GetPendingAction, Some(*id)),
            ("GET", ["consents", id]) => (Endpoint::GetConsent, Some(*id)),
            ("POST", ["consents", id]) => (Endpoint::UseConsent, Some(*id)),
            ("GET", ["events"]) => (Endpoint::ListEvents, None),
            ("GET", ["events", id]) => (Endpoint::GetEvent, Some(*id)),
            ("GET", ["webhooks"]) => (Endpoint::ListWebhooks, None),
            ("POST", ["webhooks"]) => (Endpoint::AddWebhook, None),
            ("DELETE", ["webhooks", id]) => (Endpoint::RemoveWebhook, Some(*id)),
            ("POST", ["simulations", "onboarding", "kyc"]) => (Endpoint::SimulateKyc, None),
            ("POST", ["simulations", "onboarding", "status"]) => (Endpoint::SimulateStatus, None),
            ("POST", ["simulations", "individuals", id, "identity_verification"]) => {
                (Endpoint::SimulateIdentityVerification, Some(*id))
            }
            (_, _) => (Endpoint::Unknown, None),
        }
    }

    /// A JSON object; the guide's rules on nulls and empty strings are checked by `valid`.
    pub(super) fn json(&self) -> Result<Value, Reply> {
        self.object().ok_or_else(|| Reply::invalid("body", "The body is not a JSON object"))
    }
}

/// An answer before it meets the rules.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Option<Value>,
}

impl Reply {
    pub(super) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body: Some(body) }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    pub(super) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None }
    }

    /// The shape of the sister API: a list of what is wrong (§1.3).
    pub(super) fn invalid(field: &str, message: &str) -> Self {
        Self::all_invalid(vec![(field.to_owned(), message.to_owned())])
    }

    pub(super) fn all_invalid(problems: Vec<(String, String)>) -> Self {
        let row = |(field, message)| json!({"code": "invalid", "field": field, "message": message});
        let errors: Value = problems.into_iter().map(row).collect();
        Self::new(StatusCode::BAD_REQUEST, json!({ "errors": errors }))
    }

    fn error(status: StatusCode, code: &str, message: &str) -> Self {
        Self::new(status, json!({"error": {"code": code, "message": message}}))
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::error(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(super) fn unauthorized(message: &str) -> Self {
        Self::error(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// A refusal of the sign-in whose code is a setting.
    pub(super) fn refused(code: u16, message: &str) -> Self {
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::UNAUTHORIZED);
        let name = match code {
            400 => "bad_request",
            403 => "forbidden",
            429 => "too_many_requests",
            _ => "unauthorized",
        };
        Self::error(status, name, message)
    }

    pub(super) fn blocked(message: &str) -> Self {
        Self::error(StatusCode::UNPROCESSABLE_ENTITY, "request_blocked", message)
    }

    /// No example of a 404 is printed; this follows the pattern of the others (an assumption).
    pub(crate) fn absent() -> Self {
        Self::error(StatusCode::NOT_FOUND, "not_found", "Not found")
    }

    /// Strong customer authentication is needed first (§1.3).
    pub(crate) fn consent_required(id: &str, scope: Option<(&str, &str)>) -> Self {
        let mut consent = json!({"id": id, "status": "pending"});
        if let Some((members, (scope, expires_at))) = consent.as_object_mut().zip(scope) {
            members.insert("scope".to_owned(), json!([scope]));
            members.insert("expires_at".to_owned(), json!(expires_at));
        }
        Self::new(StatusCode::PRECONDITION_FAILED, json!({ "consent": consent }))
    }
}

impl From<Reply> for Plain {
    fn from(reply: Reply) -> Self {
        Self::new(reply.status, reply.body)
    }
}
