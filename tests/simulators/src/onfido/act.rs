//! The list of what persons, Onfido's machines and staff do. Each act goes to the id of what it is about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::findings::Outcome;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    // ---- of an applicant
    /// The SDK captures a document (two sides) and a face: no event.
    Capture,
    /// Deleted in the Dashboard.
    Delete,

    // ---- of a check; of a report where its own id is used and none is named
    /// The person sends the hosted form, with the media.
    SubmitForm,
    /// `report` is an id or a name; absent: the oldest that is not finished.
    CompleteReport {
        #[serde(default)]
        report: Option<String>,
        #[serde(default)]
        outcome: Outcome,
    },
    /// The check ends, once all of its reports have.
    FinishCheck,
    /// Every open report (by name; those not named are clear), then the check: one burst of events.
    Complete {
        #[serde(default)]
        outcomes: BTreeMap<String, Outcome>,
    },
    AwaitApproval {
        #[serde(default)]
        report: Option<String>,
    },
    ResumeReport {
        #[serde(default)]
        report: Option<String>,
    },
    CancelReport {
        #[serde(default)]
        report: Option<String>,
    },
    WithdrawReport {
        #[serde(default)]
        report: Option<String>,
    },
    /// A finished report says something else from now on, without an event.
    ReviseReport {
        report: String,
        outcome: Outcome,
    },
    Pause,
    Resume,
    Reopen,
    Withdraw,

    // ---- of a run
    /// The person opens the link: nothing that anybody else could see.
    OpenLink,
    /// The oldest open task of the person is done; after the last one the run is processing.
    CompleteTask,
    /// All of them.
    CompleteTasks,
    /// The run waits for the client's backend.
    AwaitClient,
    /// The run ends, or a person changes what it ended with.
    Decide {
        decision: Decision,
        #[serde(default)]
        reasons: Vec<String>,
        #[serde(default)]
        output: Option<Value>,
    },
    /// The hosted link ends now: no event, no status (§5.1).
    ExpireLink,

    // ---- of any
    /// Any status and result, without an event: one that nobody knows, or one that changed unseen.
    Become {
        status: String,
        #[serde(default)]
        result: Option<String>,
    },
    /// A further event about this, whatever its name.
    Other {
        action: String,
    },
}

impl Act {
    pub fn complete() -> Self {
        Self::Complete { outcomes: BTreeMap::new() }
    }

    /// As `complete`, with this report as said.
    pub fn complete_with(report: &str, outcome: Outcome) -> Self {
        Self::Complete { outcomes: [(report.to_owned(), outcome)].into() }
    }

    pub fn complete_report(report: &str, outcome: Outcome) -> Self {
        Self::CompleteReport { report: Some(report.to_owned()), outcome }
    }

    pub fn decide(decision: Decision) -> Self {
        Self::Decide { decision, reasons: Vec::new(), output: None }
    }

    /// The person's whole part of a run, then its end.
    pub fn whole_run(decision: Decision) -> Vec<Self> {
        vec![Self::OpenLink, Self::CompleteTasks, Self::decide(decision)]
    }

    pub fn become_silently(status: &str, result: Option<&str>) -> Self {
        Self::Become { status: status.to_owned(), result: result.map(str::to_owned) }
    }
}

/// How a run ends (§4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approved,
    Declined,
    Review,
    /// An interactive task timed out.
    Abandoned,
    Error,
}

impl Decision {
    pub fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Review => "review",
            Self::Abandoned => "abandoned",
            Self::Error => "error",
        }
    }
}
