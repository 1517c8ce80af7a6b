//! Bad manners of the APIs and of webhooks. How rules ask for them stands in the crate's own module of rules.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
    /// A GET of a person answers what was true before its last change, the back office what it held before the last
    /// change of anybody.
    Stale,
    /// GET answers what was true when the rule was made.
    Frozen,
    /// The form of a 429 is not known.
    TooMany { retry_after: Option<u64> },
    /// With a JSON body.
    Status { code: u16 },
    /// 400, as for a refresh token that is not good.
    InvalidGrant,
    /// 200 with a page instead of JSON.
    Html,
    /// Valid HTTP, half of the JSON.
    Truncated,
    /// Accepts the call and never answers.
    Silence,
    /// Two bytes at a time, with this pause between.
    SlowDrip { millis: u64 },
    /// Answers right, but this much later.
    Late { millis: u64 },
    /// Another person's id inside (`uid`, `userId`).
    WrongUser,
    /// Of every case, or of the one status.
    UnknownStatus { status: String },
    /// Of every case.
    UnknownCredential { credential: String },
    /// Of every case, or of every row of the sweep.
    UnknownLevel { level: String },
    /// Fewer scopes than asked for, or others.
    Scope { scope: String },
    /// The answer, or every case or row of it, lacks this member.
    Without { member: String },
    /// The connection is closed without an answer. With `work_done`: the answer is lost.
    Closed,
}

/// Misbehaviour of the APIs.
pub type ApiRule = rules::ApiRule<Endpoint, ApiManner>;

impl Manner for ApiManner {
    fn comes_to(&self) -> Spoilt {
        match self {
            Self::Stale => Spoilt::Stale,
            Self::Frozen => Spoilt::Frozen,
            Self::TooMany { retry_after } => Spoilt::Instead(Plain::too_many(*retry_after)),
            Self::Status { code } => {
                let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Spoilt::Instead(Plain::new(status, Some(json!({"error": "simulated"}))))
            }
            Self::InvalidGrant => Spoilt::Instead(Reply::invalid_grant().into()),
            Self::Html => Spoilt::Html,
            Self::Truncated => Spoilt::Truncated,
            Self::Silence => Spoilt::Silence,
            Self::SlowDrip { millis } => Spoilt::SlowDrip { millis: *millis },
            Self::Late { millis } => Spoilt::Late { millis: *millis },
            Self::WrongUser => Spoilt::bent("", chance::uuid()),
            Self::UnknownStatus { status } => Spoilt::bent("status", status),
            Self::UnknownCredential { credential } => Spoilt::bent("credential", credential),
            Self::UnknownLevel { level } => Spoilt::bent("level", level),
            Self::Scope { scope } => Spoilt::bent("scope", scope),
            Self::Without { member } => Spoilt::without(member),
            Self::Closed => Spoilt::Closed,
        }
    }

    fn bend(body: &mut Value, member: &str, value: Option<&Value>) {
        // the member of the person has another name in each answer
        if member.is_empty() {
            let name = ["uid", "userId"].into_iter().find(|name| body.get(*name).is_some());
            return name.into_iter().for_each(|name| members::bend(body, name, value));
        }
        let cases = body.get("verification_cases").is_some() && body.get(member).is_none();
        let rows = if cases { body.get_mut("verification_cases") } else { Some(body) };
        match rows {
            Some(Value::Array(rows)) => rows.iter_mut().for_each(|row| members::bend(row, member, value)),
            // the one-time token's answer calls it otherwise
            Some(one) if member == "status" && one.get("state").is_some() => members::bend(one, "state", value),
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
    /// Another `type`; at verifier and relay another `status`.
    UnknownType {
        name: String,
    },
    UnknownLevel {
        level: String,
    },
    /// Another time under the signature.
    Timestamp {
        at: String,
    },
    /// `data` lacks this member; without `timestamp` it is an event of 2019.
    Without {
        member: String,
    },
    /// A person that nobody is.
    InventedUser,
    /// A member that no page names.
    ExtraField,
    /// Pretty-printed with a final newline; the signature is over exactly that.
    Pretty,
    /// `/` as `\/`; the signature is over exactly that.
    EscapedSlash,
    /// The body ends in the middle; the signature is over what is sent.
    Truncated,
    /// The signature is right in form or not; never right in truth.
    Sealed {
        seal: Seal,
    },
}

/// Misbehaviour of webhooks: by type, or at verifier and relay by status.
pub type WebhookRule = rules::WebhookRule<WebhookManner>;
