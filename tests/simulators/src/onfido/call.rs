//! A call as it arrived, where it leads to, and an answer before it meets the rules.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{records::Endpoint, settings::Region};
use crate::{answers::Plain, call};

/// The two hosts of Onfido.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Api,
    Pages,
}

pub(crate) type Call = call::Call<Host>;

/// `/{region}/v3.{minor}/{endpoint}`; a path without region is the EU, as the old host without one was (§1.1).
pub(crate) struct Route<'a> {
    pub(crate) region: Region,
    /// 2 to 6: v3.2 to v3.6.
    pub(crate) minor: u8,
    pub(crate) endpoint: Endpoint,
    pub(crate) id: &'a str,
    /// The task, where the id is that of its run.
    pub(crate) task: &'a str,
}

impl Call {
    pub(crate) fn route(&self) -> Route<'_> {
        let segments: Vec<&str> = self.path.trim_start_matches('/').split('/').collect();
        let (region, rest) = match segments.split_first() {
            Some((first, rest)) => Region::named(first).map_or((Region::Eu, segments.as_slice()), |it| (it, rest)),
            None => (Region::Eu, segments.as_slice()),
        };
        let version = rest.split_first().and_then(|(version, rest)| Some((minor_of(version)?, rest)));
        let Some((minor, rest)) = version else {
            return Route { region, minor: 0, endpoint: Endpoint::Unknown, id: "", task: "" };
        };
        let (endpoint, id, task) = self.endpoint(rest);
        Route { region, minor, endpoint, id, task }
    }

    fn endpoint<'a>(&self, segments: &[&'a str]) -> (Endpoint, &'a str, &'a str) {
        match (self.method.as_str(), segments) {
            ("GET", ["ping"]) => (Endpoint::Ping, "", ""),
            ("POST", ["oauth", "token"]) => (Endpoint::OauthToken, "", ""),
            ("POST", ["sdk_token"]) => (Endpoint::SdkToken, "", ""),
            (_, ["applicants", rest @ ..]) => self.applicants(rest),
            ("POST", ["checks"]) => (Endpoint::CreateCheck, "", ""),
            ("GET", ["checks"]) => (Endpoint::ListChecks, "", ""),
            ("GET", ["checks", id]) => (Endpoint::GetCheck, *id, ""),
            ("POST", ["checks", id, "resume"]) => (Endpoint::ResumeCheck, *id, ""),
            ("GET", ["reports"]) => (Endpoint::ListReports, "", ""),
            ("GET", ["reports", id]) => (Endpoint::GetReport, *id, ""),
            ("POST", ["reports", id, "resume"]) => (Endpoint::ResumeReport, *id, ""),
            ("POST", ["reports", id, "cancel"]) => (Endpoint::CancelReport, *id, ""),
            ("GET", ["documents"]) => (Endpoint::ListDocuments, "", ""),
            ("GET", ["documents", id]) => (Endpoint::GetDocument, *id, ""),
            ("GET", ["live_photos"]) => (Endpoint::ListLivePhotos, "", ""),
            (_, ["workflow_runs", rest @ ..]) => self.runs(rest),
            (_, ["webhooks", rest @ ..]) => self.webhooks(rest),
            (_, _) => (Endpoint::Unknown, "", ""),
        }
    }

    fn applicants<'a>(&self, segments: &[&'a str]) -> (Endpoint, &'a str, &'a str) {
        match (self.method.as_str(), segments) {
            ("POST", []) => (Endpoint::CreateApplicant, "", ""),
            ("GET", []) => (Endpoint::ListApplicants, "", ""),
            ("GET", [id]) => (Endpoint::GetApplicant, *id, ""),
            ("PUT", [id]) => (Endpoint::UpdateApplicant, *id, ""),
            ("DELETE", [id]) => (Endpoint::DeleteApplicant, *id, ""),
            ("POST", [id, "restore"]) => (Endpoint::RestoreApplicant, *id, ""),
            ("GET", [id, "consents"]) => (Endpoint::ApplicantConsents, *id, ""),
            (_, _) => (Endpoint::Unknown, "", ""),
        }
    }

    fn runs<'a>(&self, segments: &[&'a str]) -> (Endpoint, &'a str, &'a str) {
        match (self.method.as_str(), segments) {
            ("POST", []) => (Endpoint::CreateRun, "", ""),
            ("GET", []) => (Endpoint::ListRuns, "", ""),
            ("GET", [id]) => (Endpoint::GetRun, *id, ""),
            ("GET", [id, "tasks"]) => (Endpoint::ListTasks, *id, ""),
            ("GET", [id, "tasks", task]) => (Endpoint::GetTask, *id, *task),
            ("POST", [id, "tasks", task, "complete"]) => (Endpoint::CompleteTask, *id, *task),
            (_, _) => (Endpoint::Unknown, "", ""),
        }
    }

    fn webhooks<'a>(&self, segments: &[&'a str]) -> (Endpoint, &'a str, &'a str) {
        match (self.method.as_str(), segments) {
            ("POST", []) => (Endpoint::CreateWebhook, "", ""),
            ("GET", []) => (Endpoint::ListWebhooks, "", ""),
            ("POST", ["resend"]) => (Endpoint::ResendWebhooks, "", ""),
            ("GET", [id]) => (Endpoint::GetWebhook, *id, ""),
            ("PUT", [id]) => (Endpoint::UpdateWebhook, *id, ""),
            ("DELETE", [id]) => (Endpoint::DeleteWebhook, *id, ""),
            (_, _) => (Endpoint::Unknown, "", ""),
        }
    }

    pub(super) fn json(&self) -> Result<Value, Reply> {
        let wrong = || Reply::error(StatusCode::BAD_REQUEST, "bad_request", "The body is not a JSON object");
        self.object().ok_or_else(wrong)
    }
}

fn minor_of(version: &str) -> Option<u8> {
    let minor = version.strip_prefix("v3.")?.parse().ok()?;
    (2..=6).contains(&minor).then_some(minor)
}

/// An answer before it meets the rules.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Option<Value>,
    /// This check was asked for with `asynchronous: false`: the answer waits for its end.
    pub(crate) waits_for: Option<String>,
}

impl Reply {
    pub(super) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body: Some(body), waits_for: None }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    pub(super) fn created(body: Value) -> Self {
        Self::new(StatusCode::CREATED, body)
    }

    pub(super) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, waits_for: None }
    }

    pub(crate) fn error(status: StatusCode, kind: &str, message: &str) -> Self {
        Self::new(status, json!({"error": {"type": kind, "message": message}}))
    }

    /// By the code alone, in the form of the fixtures; types and messages are assumed (§1.3).
    pub(crate) fn of_code(code: u16) -> Self {
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (kind, message) = match code {
            401 => ("authorization_error", "Authorization error: please re-check your credentials"),
            404 => ("resource_not_found", "Could not find the requested resource"),
            429 => ("rate_limit", "The rate limit has been reached. Please try again later."),
            500.. => ("internal_server_error", "Internal server error"),
            _ => ("bad_request", "The request could not be understood"),
        };
        Self::error(status, kind, message)
    }

    pub(crate) fn absent() -> Self {
        Self::of_code(404)
    }

    pub(super) fn unauthorized() -> Self {
        Self::of_code(401)
    }

    /// 422 with what is wrong, by member.
    pub(super) fn invalid(fields: Value) -> Self {
        let message = "There was a validation error on this request";
        let error = json!({"error": {"type": "validation_error", "message": message, "fields": fields}});
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, error)
    }

    pub(super) fn wrong(field: &str, message: &str) -> Self {
        Self::invalid(json!({field: [message]}))
    }

    /// The form of older bodies: messages in an object, and an id.
    pub(crate) fn legacy_refusal() -> Self {
        let fields = json!({"email": {"messages": ["invalid format"]}});
        let error = json!({"id": "544f95539648607d03001542", "type": "validation_error",
            "message": "Something went wrong", "fields": fields});
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": error }))
    }
}

impl From<Reply> for Plain {
    fn from(reply: Reply) -> Self {
        Self::new(reply.status, reply.body)
    }
}
