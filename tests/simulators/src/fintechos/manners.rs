//! Bad manners, as rules. A rule is asked in the order of entry; the first that matches is used.

use serde::{Deserialize, Serialize};

use super::records::Endpoint;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Absent: every call.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
    /// Only events about this object of the provider.
    #[serde(default)]
    pub object: Option<String>,
    pub manner: Manner,
    /// How many matching calls are spared before the rule begins.
    #[serde(default)]
    pub after: u32,
    /// Absent: until removed.
    #[serde(default)]
    pub times: Option<u32>,
}

impl Rule {
    pub fn always(manner: Manner) -> Self {
        Self { endpoint: None, object: None, manner, after: 0, times: None }
    }

    #[must_use]
    pub fn at(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    #[must_use]
    pub fn about(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
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
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// 401, 403, 5xx, …; nothing is done.
    Status {
        code: u16,
    },
    TooMany {
        retry_after: Option<u64>,
    },
    /// 200 with `IsSuccess: false`; nothing is done.
    Logical {
        message: String,
        code: i64,
    },
    /// The call is accepted and never answered; nothing is done.
    Silence,
    /// The connection is closed before anything is done.
    Closed,
    /// Done, but the connection is closed instead of an answer.
    AnswerLost,
    /// Done and answered right, but this much later.
    Late {
        millis: u64,
    },
    /// Done, answered 200 with a page.
    Html,
    /// Done, answered with half of the JSON.
    Truncated,
    /// Done, answered 200 with nothing.
    Empty,
    /// 307 elsewhere; nothing is done.
    Redirect {
        to: String,
    },
}

impl Manner {
    pub(crate) fn does_the_work(&self) -> bool {
        match self {
            Self::AnswerLost | Self::Late { .. } | Self::Html | Self::Truncated | Self::Empty => true,
            Self::Status { .. } | Self::TooMany { .. } | Self::Logical { .. } | Self::Silence => false,
            Self::Closed | Self::Redirect { .. } => false,
        }
    }
}
