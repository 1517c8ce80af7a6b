//! Onfido's events: what each makes us look at, and which of them tells of a status.

use super::id::Kind;
use super::words::{CheckStatus, ReportStatus, RunStatus};
use crate::domain::ClaimClass;

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Look at this; it claims something about itself.
    About(Kind, ClaimClass),
    /// Look at the run that it belongs to.
    OfRun,
    /// Nothing to look at.
    Silent(&'static str),
}

/// The complete official list. Others that circulate (`workflow_run.started`) are not on it.
pub(super) const EVENTS: [(&str, Meaning); 17] = [
    ("check.started", Meaning::About(Kind::Check, ClaimClass::Exists)),
    ("check.form_completed", Meaning::About(Kind::Check, ClaimClass::Nothing)),
    ("check.completed", Meaning::About(Kind::Check, ClaimClass::Ended)),
    ("check.reopened", Meaning::About(Kind::Check, ClaimClass::Nothing)),
    ("check.withdrawn", Meaning::About(Kind::Check, ClaimClass::Ended)),
    ("report.completed", Meaning::About(Kind::Report, ClaimClass::Ended)),
    ("report.awaiting_approval", Meaning::About(Kind::Report, ClaimClass::Nothing)),
    ("report.resumed", Meaning::About(Kind::Report, ClaimClass::Nothing)),
    ("report.cancelled", Meaning::About(Kind::Report, ClaimClass::Ended)),
    ("report.withdrawn", Meaning::About(Kind::Report, ClaimClass::Ended)),
    ("workflow_run.completed", Meaning::About(Kind::WorkflowRun, ClaimClass::Ended)),
    ("workflow_task.started", Meaning::OfRun),
    ("workflow_task.completed", Meaning::OfRun),
    ("workflow_timeline_file.created", Meaning::Silent("timeline_file")),
    ("workflow_run_evidence_folder.created", Meaning::Silent("evidence_folder")),
    ("watchlist_monitor.matches_updated", Meaning::Silent("watchlist_monitor")),
    ("audit_log.created", Meaning::Silent("audit_log")),
];

pub(super) fn meaning(action: &str) -> Option<(&'static str, Meaning)> {
    EVENTS.into_iter().find(|(name, _)| *name == action)
}

/// What [`told_by`] ever answers.
pub(super) const TOLD: [&str; 8] = [
    "report.completed",
    "report.awaiting_approval",
    "report.cancelled",
    "report.withdrawn",
    "check.completed",
    "check.reopened",
    "check.withdrawn",
    "workflow_run.completed",
];

/// The event by which Onfido tells that such a part has come to this status; it has none of some.
pub(super) fn told_by(kind: Kind, status: &str) -> Option<&'static str> {
    match kind {
        Kind::Report => match ReportStatus::read(status)? {
            ReportStatus::Complete => Some("report.completed"),
            ReportStatus::Cancelled => Some("report.cancelled"),
            ReportStatus::Withdrawn => Some("report.withdrawn"),
            ReportStatus::AwaitingApproval => Some("report.awaiting_approval"),
            ReportStatus::AwaitingData => None,
        },
        Kind::Check => match CheckStatus::read(status)? {
            CheckStatus::Complete => Some("check.completed"),
            CheckStatus::Withdrawn => Some("check.withdrawn"),
            CheckStatus::Reopened => Some("check.reopened"),
            CheckStatus::InProgress | CheckStatus::AwaitingApplicant | CheckStatus::Paused | CheckStatus::Expired => {
                None
            }
        },
        Kind::WorkflowRun => match RunStatus::read(status)? {
            RunStatus::Approved | RunStatus::Declined | RunStatus::Review | RunStatus::Abandoned | RunStatus::Error => {
                Some("workflow_run.completed")
            }
            RunStatus::Processing | RunStatus::AwaitingInput | RunStatus::AwaitingClientInput => None,
        },
        Kind::Applicant => None,
    }
}
