//! Bad manners of the API and of webhooks. How rules ask for them stands in the crate's own module of rules.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{call::Reply, links::after, records::Endpoint};
use crate::{
    answers::Plain,
    chance, clock,
    conduct::{Manner, Spoilt},
    rules,
};

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

/// Misbehaviour of the API.
pub type ApiRule = rules::ApiRule<Endpoint, ApiManner>;

impl Manner for ApiManner {
    fn comes_to(&self) -> Spoilt {
        match self {
            Self::Stale => Spoilt::Stale,
            Self::Frozen => Spoilt::Frozen,
            Self::TooMany { retry_after } => Spoilt::Instead(Plain::too_many(*retry_after)),
            Self::Status { code } => Spoilt::Instead(Plain::code(*code)),
            Self::ConsentRequired { with_scope } => {
                let expires_at = clock::stamp_millis(after(Duration::from_mins(10)));
                let scope = with_scope.then_some(("make_payment", expires_at.as_str()));
                Spoilt::Instead(Reply::consent_required(&chance::uuid(), scope).into())
            }
            Self::Html => Spoilt::Html,
            Self::Truncated => Spoilt::Truncated,
            Self::Silence => Spoilt::Silence,
            Self::SlowDrip { millis } => Spoilt::SlowDrip { millis: *millis },
            Self::Late { millis } => Spoilt::Late { millis: *millis },
            Self::WrongId => Spoilt::bent("id", chance::uuid()),
            Self::UnknownStatus { status } => Spoilt::bent("status", status),
            Self::Without { member } => Spoilt::without(member),
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

/// Misbehaviour of webhooks.
pub type WebhookRule = rules::WebhookRule<WebhookManner>;
