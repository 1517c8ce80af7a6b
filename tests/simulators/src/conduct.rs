//! How a call is answered: well, or as a rule says. Every provider has manners of its own; what they do to an answer
//! comes down to what any HTTP server can do wrong.

use std::time::Duration;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    answers::{self, Plain},
    clock,
    history::View,
    members,
    server::Cord,
};

/// What becomes of an answer.
pub enum Spoilt {
    /// A GET shows what was true before the last change.
    Stale,
    /// A GET shows what was true when the rule was made.
    Frozen,
    /// This one in place of the true one.
    Instead(Plain),
    /// 200 with a page instead of JSON.
    Html,
    /// Valid HTTP, half of the JSON.
    Truncated,
    /// Never answered.
    Silence,
    /// Two bytes at a time, with this pause between.
    SlowDrip { millis: u64 },
    /// The true one, but this much later.
    Late { millis: u64 },
    /// One member of a good answer is replaced or, without a value, missing; errors stay as they are.
    Bent { member: String, value: Option<Value> },
    /// The connection is closed without an answer.
    Closed,
}

impl Spoilt {
    pub(crate) fn bent(member: impl Into<String>, value: impl Serialize) -> Self {
        Self::Bent { member: member.into(), value: Some(json!(value)) }
    }

    pub(crate) fn without(member: impl Into<String>) -> Self {
        Self::Bent { member: member.into(), value: None }
    }
}

/// A provider's own bad manners.
pub trait Manner: Clone + Serialize + Send {
    fn comes_to(&self) -> Spoilt;

    /// Whether the call does its work all the same; as a rule, where the true answer is needed to make the bad one.
    fn does_the_work(&self) -> bool {
        match self.comes_to() {
            Spoilt::Stale | Spoilt::Frozen | Spoilt::Truncated | Spoilt::SlowDrip { .. } => true,
            Spoilt::Late { .. } | Spoilt::Bent { .. } => true,
            Spoilt::Instead(_) | Spoilt::Html | Spoilt::Silence | Spoilt::Closed => false,
        }
    }

    /// Replaces a member of a good answer, or removes it.
    fn bend(body: &mut Value, member: &str, value: Option<&Value>) {
        members::bend(body, member, value);
    }
}

/// What the rules make of the call at hand.
pub(crate) struct Conduct<M> {
    /// Absent: no rule holds, it is answered well.
    pub(crate) manner: Option<M>,
    /// Number of the last change of truth when the rule was made.
    pub(crate) made_at: u64,
    pub(crate) work_done: bool,
}

impl<M: Manner> Conduct<M> {
    pub(crate) fn works(&self) -> bool {
        self.work_done || self.manner.as_ref().is_none_or(M::does_the_work)
    }

    pub(crate) fn view(&self) -> View {
        match self.manner.as_ref().map(M::comes_to) {
            Some(Spoilt::Stale) => View::Previous,
            Some(Spoilt::Frozen) => View::AsOf(self.made_at),
            Some(_) | None => View::Now,
        }
    }

    /// What the caller sees, where `worked` is what the work came to; absent: nothing.
    pub(crate) fn status(&self, worked: Option<u16>) -> Option<u16> {
        match self.manner.as_ref().map(M::comes_to) {
            Some(Spoilt::Silence | Spoilt::Closed) => None,
            Some(Spoilt::Instead(plain)) => Some(plain.status.as_u16()),
            Some(Spoilt::Html) => Some(200),
            Some(_) | None => worked,
        }
    }

    /// The manner as a rule says it, for the records.
    pub(crate) fn told(&self) -> Option<String> {
        self.manner.as_ref().map(|manner| json!(manner).to_string())
    }

    /// Answers, where `plain` is the true answer.
    pub(crate) async fn write(self, mut plain: Plain, cord: Cord) -> Response {
        let Some(manner) = self.manner else {
            return plain.into_response();
        };
        match manner.comes_to() {
            Spoilt::Stale | Spoilt::Frozen => plain.into_response(),
            Spoilt::Instead(other) => other.into_response(),
            Spoilt::Html => answers::maintenance(),
            Spoilt::Truncated => {
                let text = plain.text();
                plain.with(text.get(..text.len() / 2).unwrap_or_default().to_owned())
            }
            Spoilt::Silence => {
                cord.silence().await;
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
            Spoilt::SlowDrip { millis } => {
                let body = answers::drip(plain.text(), Duration::from_millis(millis));
                plain.with(body)
            }
            Spoilt::Late { millis } => {
                clock::pause(Duration::from_millis(millis)).await;
                plain.into_response()
            }
            Spoilt::Bent { member, value } => {
                if let Some(body) = plain.body.as_mut().filter(|_| plain.status.is_success()) {
                    M::bend(body, &member, value.as_ref());
                }
                plain.into_response()
            }
            Spoilt::Closed => {
                cord.cut();
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}
