//! Bad manners of the API and of webhooks. How rules ask for them stands in the crate's own module of rules.

use serde::{Deserialize, Serialize};

use super::records::Endpoint;
use crate::{
    answers::Plain,
    chance,
    conduct::{Manner, Spoilt},
    rules,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiManner {
    /// GET answers what was true before the last change of that resource; 404 if there was nothing.
    Stale,
    /// GET answers what was true when the rule was made.
    Frozen,
    TooMany {
        retry_after: Option<u64>,
    },
    Status {
        code: u16,
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
    ForeignApplication,
    UnknownStatus {
        status: String,
    },
    UnknownReason {
        reason: String,
    },
    /// The connection is closed without an answer. With `work_done`: the answer is lost.
    Closed,
}

/// Misbehaviour of the API.
pub type ApiRule = rules::ApiRule<Endpoint, ApiManner>;

impl Manner for ApiManner {
    fn comes_to(&self) -> Spoilt {
        match self {
            Self::Stale => Spoilt::Stale,
            Self::Frozen => Spoilt::Frozen,
            Self::TooMany { retry_after } => Spoilt::Instead(Plain::too_many(*retry_after)),
            Self::Status { code } => Spoilt::Instead(Plain::code(*code)),
            Self::Html => Spoilt::Html,
            Self::Truncated => Spoilt::Truncated,
            Self::Silence => Spoilt::Silence,
            Self::SlowDrip { millis } => Spoilt::SlowDrip { millis: *millis },
            Self::Late { millis } => Spoilt::Late { millis: *millis },
            Self::WrongId => Spoilt::bent("id", chance::uuid()),
            Self::ForeignApplication => Spoilt::bent("applicationId", chance::uuid()),
            Self::UnknownStatus { status } => Spoilt::bent("status", status),
            Self::UnknownReason { reason } => Spoilt::bent("statusReason", reason),
            Self::Closed => Spoilt::Closed,
        }
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
    Lost,
    /// The payload names another resource (and another IDV).
    WrongId,
    ForeignApplication,
    UnknownStatus {
        status: String,
    },
    UnknownType {
        name: String,
    },
    UpperCaseIds,
    /// The payload is what was true before the change.
    StalePayload,
    /// The body ends in the middle.
    Truncated,
    NoProof,
    WrongProof,
    /// HMAC with a `t` this much older.
    OldSignature {
        seconds: i64,
    },
}

/// Misbehaviour of webhooks.
pub type WebhookRule = rules::WebhookRule<WebhookManner>;
