//! What the simulator remembers for its oracle.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings::Environment;
pub(super) use crate::members::{set, text, texts};
pub(super) use crate::outbox::{Answer, DeliveryState};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Ping,
    OauthToken,
    CreateApplicant,
    ListApplicants,
    GetApplicant,
    UpdateApplicant,
    DeleteApplicant,
    RestoreApplicant,
    ApplicantConsents,
    SdkToken,
    CreateCheck,
    ListChecks,
    GetCheck,
    ResumeCheck,
    ListReports,
    GetReport,
    ResumeReport,
    CancelReport,
    ListDocuments,
    GetDocument,
    ListLivePhotos,
    CreateRun,
    ListRuns,
    GetRun,
    ListTasks,
    GetTask,
    CompleteTask,
    CreateWebhook,
    ListWebhooks,
    GetWebhook,
    UpdateWebhook,
    DeleteWebhook,
    ResendWebhooks,
    Unknown,
}

/// One call that reached the API.
#[derive(Debug, Clone, Serialize)]
pub struct RequestRecord {
    pub at: String,
    pub endpoint: Endpoint,
    pub method: String,
    /// With region, version and query, as it came.
    pub path: String,
    /// Account and client whose credential came along, if it was good.
    pub account: Option<String>,
    pub client: Option<String>,
    /// The resource that the call is about, then what it belongs to (report, check, applicant).
    pub about: Vec<String>,
    /// What was answered; absent when the caller was left without an answer.
    pub status: Option<u16>,
    /// The rule that spoilt it.
    pub manner: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Applicant,
    Document,
    LivePhoto,
    Check,
    Report,
    Run,
    Task,
}

/// What is true of one resource, as a GET shows it, with what belongs to it.
#[derive(Debug, Clone, Serialize)]
pub struct Truth {
    pub kind: Kind,
    pub account: String,
    pub environment: Environment,
    pub applicant: String,
    pub resource: Value,
    /// Deleted applicant, ended link of a run, completed task.
    pub ended: bool,
    /// Of a check, in the order of its names.
    pub reports: Vec<Value>,
    /// Of a run, in the order of their start.
    pub tasks: Vec<Value>,
    /// Ids, of an applicant.
    pub checks: Vec<String>,
    pub runs: Vec<String>,
    /// SDK tokens of the classic way handed out for the applicant.
    pub sdk_tokens: usize,
}

impl Truth {
    pub fn status(&self) -> &str {
        text(&self.resource, "status")
    }

    pub fn result(&self) -> Option<&str> {
        self.resource.get("result").and_then(Value::as_str)
    }
}

/// A webhook as it is set up now.
#[derive(Debug, Clone, Serialize)]
pub struct WebhookRecord {
    pub id: String,
    pub account: String,
    pub url: String,
    pub enabled: bool,
    pub environments: Vec<Environment>,
    /// Absent: all.
    pub events: Option<Vec<String>>,
    /// The signing secret.
    pub token: String,
    pub removed: bool,
}

/// One event that happened, whatever became of its deliveries. The id is the simulator's own: no body has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventRecord {
    pub id: String,
    pub action: String,
    pub object: String,
    pub account: String,
    pub environment: Environment,
    /// The object and what it belongs to.
    pub about: Vec<String>,
    pub at: String,
}

/// One try to hand over an event.
#[derive(Debug, Clone, Serialize)]
pub struct WebhookSent {
    pub at: String,
    pub event_id: String,
    pub action: String,
    pub object: String,
    pub about: Vec<String>,
    pub webhook: String,
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

/// One event on its way to one webhook.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryRecord {
    pub event_id: String,
    pub action: String,
    pub object: String,
    pub webhook: String,
    pub url: String,
    pub copy: u32,
    pub attempts: u32,
    pub state: DeliveryState,
}
