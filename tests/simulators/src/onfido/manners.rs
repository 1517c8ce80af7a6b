//! Bad manners of the API and of webhooks. How rules ask for them stands in the crate's own module of rules.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{call::Reply, records::Endpoint, seal::Seal};
use crate::{
    answers::Plain,
    chance,
    conduct::{Manner, Spoilt},
    members, rules,
};

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

/// Misbehaviour of the API.
pub type ApiRule = rules::ApiRule<Endpoint, ApiManner>;

impl Manner for ApiManner {
    fn comes_to(&self) -> Spoilt {
        match self {
            Self::Stale => Spoilt::Stale,
            Self::Frozen => Spoilt::Frozen,
            Self::TooMany { retry_after } => {
                Spoilt::Instead(Plain::from(Reply::of_code(429)).retry_after(*retry_after))
            }
            Self::Status { code } => Spoilt::Instead(Reply::of_code(*code).into()),
            Self::LegacyRefusal => Spoilt::Instead(Reply::legacy_refusal().into()),
            Self::Html => Spoilt::Html,
            Self::Truncated => Spoilt::Truncated,
            Self::Silence => Spoilt::Silence,
            Self::SlowDrip { millis } => Spoilt::SlowDrip { millis: *millis },
            Self::Late { millis } => Spoilt::Late { millis: *millis },
            Self::WrongId => Spoilt::bent("id", chance::uuid()),
            Self::UnknownStatus { status } => Spoilt::bent("status", status),
            Self::UnknownResult { result } => Spoilt::bent("result", result),
            Self::Without { member } => Spoilt::without(member),
            // the waiting itself is in the module `serving`
            Self::AfterItsEvents => Spoilt::Late { millis: 0 },
            Self::Closed => Spoilt::Closed,
        }
    }

    /// In a list of every row.
    fn bend(body: &mut Value, member: &str, value: Option<&Value>) {
        let within = body.as_object().filter(|it| it.len() == 1).and_then(|it| it.keys().next().cloned());
        let rows = match within {
            Some(envelope) => body.get_mut(&envelope),
            None => Some(body),
        };
        match rows {
            Some(Value::Array(rows)) => rows.iter_mut().for_each(|row| members::bend(row, member, value)),
            Some(one) => members::bend(one, member, value),
            None => {}
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

/// Misbehaviour of webhooks.
pub type WebhookRule = rules::WebhookRule<WebhookManner, String>;
