//! Bad manners. How rules ask for them stands in the crate's own module of rules.

use axum::http::{HeaderValue, header};
use serde::{Deserialize, Serialize};

use super::{call::Reply, records::Endpoint, world::World};
use crate::{
    answers::Plain,
    conduct::{self, Spoilt},
    rules,
};

/// Misbehaviour; what an event is about is an object of the provider.
pub type Rule = rules::ApiRule<Endpoint, Manner>;

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

impl conduct::Manner for Manner {
    fn comes_to(&self) -> Spoilt {
        match self {
            Self::Status { code } => Spoilt::Instead(Reply::of_code(*code).into()),
            Self::TooMany { retry_after } => Spoilt::Instead(Plain::too_many(*retry_after)),
            Self::Logical { message, code } => Spoilt::Instead(Reply::ok(World::failure(message, *code)).into()),
            Self::Silence => Spoilt::Silence,
            Self::Closed | Self::AnswerLost => Spoilt::Closed,
            Self::Late { millis } => Spoilt::Late { millis: *millis },
            Self::Html => Spoilt::Html,
            Self::Truncated => Spoilt::Truncated,
            Self::Empty => Spoilt::Instead(Plain::code(200)),
            Self::Redirect { to } => {
                let to = HeaderValue::from_str(to).ok().map(|to| (header::LOCATION, to));
                Spoilt::Instead(Plain { header: to, ..Plain::code(307) })
            }
        }
    }

    fn does_the_work(&self) -> bool {
        match self {
            Self::AnswerLost | Self::Late { .. } | Self::Html | Self::Truncated | Self::Empty => true,
            Self::Status { .. } | Self::TooMany { .. } | Self::Logical { .. } | Self::Silence => false,
            Self::Closed | Self::Redirect { .. } => false,
        }
    }
}
