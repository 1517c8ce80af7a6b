//! Bad manners, as rules: what is matched, what happens instead, how often.
//!
//! A rule is asked in the order of entry; the first that matches is used. `times` empty means until removed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::records::Endpoint;

/// Misbehaviour of the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiRule {
    /// Absent: every endpoint.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
    /// Only calls about this individual (its own, or those of its events, actions and consents).
    #[serde(default)]
    pub individual: Option<String>,
    pub manner: ApiManner,
    /// How many matching calls are spared before the rule begins.
    #[serde(default)]
    pub after: u32,
    #[serde(default)]
    pub times: Option<u32>,
    /// Real time after which the rule ends.
    #[serde(default)]
    pub for_ms: Option<u64>,
    /// The call does its work all the same, only the answer is spoilt.
    #[serde(default)]
    pub work_done: bool,
}

impl ApiRule {
    pub fn always(manner: ApiManner) -> Self {
        Self { endpoint: None, individual: None, manner, after: 0, times: None, for_ms: None, work_done: false }
    }

    #[must_use]
    pub fn at(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    #[must_use]
    pub fn about(mut self, individual: impl Into<String>) -> Self {
        self.individual = Some(individual.into());
        self
    }

    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    #[must_use]
    pub fn after(mut self, spared: u32) -> Self {
        self.after = spared;
        self
    }

    #[must_use]
    pub fn lasting(mut self, length: Duration) -> Self {
        self.for_ms = Some(u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
        self
    }

    #[must_use]
    pub fn with_work_done(mut self) -> Self {
        self.work_done = true;
        self
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiManner {
    /// A GET of an individual answers what was true before its last change, a list what it held before the last
    /// change of anything; 404 if there was nothing.
    Stale,
    /// GET answers what was true when the rule was made.
    Frozen,
    TooMany {
        retry_after: Option<u64>,
    },
    Status {
        code: u16,
    },
    /// 412: a consent of the individual is needed; `with_scope` is the form of older pages.
    ConsentRequired {
        with_scope: bool,
    },
    /// 200 with a page instead of JSON.
    Html,
    /// Valid HTTP, half of the JSON.
    Truncated,
    /// Accepts the call and never answers.
    Silence,
    /// Two bytes at a time, with this pause between.
    SlowDrip {
        millis: u64,
    },
    /// Answers right, but this much later.
    Late {
        millis: u64,
    },
    /// Another resource's `id` inside.
    WrongId,
    UnknownStatus {
        status: String,
    },
    /// The answer lacks this member.
    Without {
        member: String,
    },
    /// The connection is closed without an answer. With `work_done`: the answer is lost.
    Closed,
}

impl ApiManner {
    /// Whether the true answer is needed to make the bad one.
    pub(crate) fn bends_answer(&self) -> bool {
        match self {
            Self::Stale | Self::Frozen | Self::Truncated | Self::SlowDrip { .. } | Self::Late { .. } => true,
            Self::WrongId | Self::UnknownStatus { .. } | Self::Without { .. } => true,
            Self::TooMany { .. } | Self::Status { .. } | Self::ConsentRequired { .. } => false,
            Self::Html | Self::Silence | Self::Closed => false,
        }
    }
}

/// Misbehaviour of webhooks, decided when the event is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookRule {
    /// Beginning of the event's name (`PendingAction`); empty: every event.
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub individual: Option<String>,
    pub manner: WebhookManner,
    #[serde(default)]
    pub after: u32,
    #[serde(default)]
    pub times: Option<u32>,
}

impl WebhookRule {
    pub fn always(manner: WebhookManner) -> Self {
        Self { name: String::new(), individual: None, manner, after: 0, times: None }
    }

    #[must_use]
    pub fn on(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    #[must_use]
    pub fn about(mut self, individual: impl Into<String>) -> Self {
        self.individual = Some(individual.into());
        self
    }

    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookManner {
    /// First sent after this much retry time.
    Late {
        seconds: u64,
    },
    /// Sent this many times in all, with the same id.
    Repeated {
        copies: u32,
    },
    /// Kept back until `release`; two or more can so be sent in another order.
    Held,
    /// Never sent; the event itself is there to be read and listed.
    Lost,
    /// The webhook says another name than the event.
    UnknownName {
        name: String,
    },
    /// An id that no event has.
    InventedId,
    UpperCaseId,
    /// A member that no page names: adding fields is not treated as breaking (§1.1).
    ExtraField,
    /// The body ends in the middle.
    Truncated,
}
