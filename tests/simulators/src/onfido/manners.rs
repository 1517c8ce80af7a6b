//! Bad manners, as rules: what is matched, what happens instead, how often.
//!
//! A rule is asked in the order of entry; the first that matches is used. `times` empty means until removed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{records::Endpoint, seal::Seal};

/// Misbehaviour of the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiRule {
    /// Absent: every endpoint.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
    /// Only calls about this resource or what belongs to it: an applicant's checks, a check's reports.
    #[serde(default)]
    pub about: Option<String>,
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
        Self { endpoint: None, about: None, manner, after: 0, times: None, for_ms: None, work_done: false }
    }

    #[must_use]
    pub fn at(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    #[must_use]
    pub fn about(mut self, id: impl Into<String>) -> Self {
        self.about = Some(id.into());
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
    /// A GET of a resource answers what was true before its last change, a list what it held before the last change
    /// of any of its rows; 404 if there was nothing.
    Stale,
    /// GET answers what was true when the rule was made.
    Frozen,
    TooMany {
        retry_after: Option<u64>,
    },
    /// With the provider's error body.
    Status {
        code: u16,
    },
    /// 422 in the older form of `fields`.
    LegacyRefusal,
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
    /// Answers right, but only after every webhook due by then was answered: events overtake a create call.
    AfterItsEvents,
    /// Another resource's `id` inside.
    WrongId,
    UnknownStatus {
        status: String,
    },
    UnknownResult {
        result: String,
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
            Self::AfterItsEvents | Self::WrongId | Self::UnknownStatus { .. } | Self::UnknownResult { .. } => true,
            Self::Without { .. } => true,
            Self::TooMany { .. } | Self::Status { .. } | Self::LegacyRefusal => false,
            Self::Html | Self::Silence | Self::Closed => false,
        }
    }
}

/// Misbehaviour of webhooks, decided when the event is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookRule {
    /// Beginning of the event's action (`report.`); empty: every event.
    #[serde(default)]
    pub action: String,
    /// Only events of this resource or what belongs to it.
    #[serde(default)]
    pub about: Option<String>,
    /// Only deliveries to this webhook.
    #[serde(default)]
    pub webhook: Option<String>,
    pub manner: WebhookManner,
    #[serde(default)]
    pub after: u32,
    #[serde(default)]
    pub times: Option<u32>,
}

impl WebhookRule {
    pub fn always(manner: WebhookManner) -> Self {
        Self { action: String::new(), about: None, webhook: None, manner, after: 0, times: None }
    }

    #[must_use]
    pub fn on(mut self, action: impl Into<String>) -> Self {
        self.action = action.into();
        self
    }

    #[must_use]
    pub fn about(mut self, id: impl Into<String>) -> Self {
        self.about = Some(id.into());
        self
    }

    #[must_use]
    pub fn to(mut self, webhook: impl Into<String>) -> Self {
        self.webhook = Some(webhook.into());
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
    /// Sent this many times in all, the same bytes.
    Repeated {
        copies: u32,
    },
    /// Kept back until `release`; two or more can so be sent in another order.
    Held,
    Lost,
    UnknownAction {
        action: String,
    },
    UnknownResourceType {
        resource_type: String,
    },
    UnknownStatus {
        status: String,
    },
    /// An id that no resource has.
    InventedId,
    /// The object lacks this member (`status`, `href`, `completed_at_iso8601`, `id`).
    Without {
        member: String,
    },
    /// A Studio event without `resource`, as older payload versions.
    NoResource,
    /// Microseconds and no zone, as early captures.
    TimeWithoutZone,
    /// `href` leads elsewhere: nobody may call it.
    Href {
        url: String,
    },
    /// Members that no page names.
    ExtraFields,
    /// Pretty-printed with a final newline; the signature is over exactly that.
    Pretty,
    /// The body ends in the middle; the signature is over what is sent.
    Truncated,
    /// The signature is right in form or not; never right in truth.
    Sealed {
        seal: Seal,
    },
}
