//! A webhook, reduced to what is to be looked at (page "Migration to Kraken"): `{id, status, note}`.
//!
//! | status | looked at | claim |
//! | --- | --- | --- |
//! | `approved`, `rejected` | the person | they are decided |
//! | `pending` (an early version of the page), any other, none | 〃 | nothing |
//!
//! There is no type, no level, no time and no id of the event, so two approvals of one person have the same bytes: nothing
//! here may remember a body. `note` is a text for people and may say anything of the person: it is never read. A body with
//! a `type` is of another kind, and what relay may send beside decisions is not documented.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Verifier;
use crate::domain::{Claim, ClaimClass};
use crate::ports::{Event, Unreadable};
use crate::proof::{Body, Verified};
use crate::providers::answer::Object;
use crate::providers::fractal::id::Kind;
use crate::providers::text::word;

use super::look::person;

/// Every documented member is named, so that one that stands there twice is refused.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(rename = "note", default)]
    _note: Option<IgnoredAny>,
    #[serde(rename = "type", default)]
    kind: Option<IgnoredAny>,
}

/// What is said where no status is.
const NO_STATUS: &str = "no_status";

impl Verifier {
    pub(in super::super) fn reduced(&self, body: Verified<Body<'_>>) -> Result<Event, Unreadable> {
        let raw = std::str::from_utf8(body.bytes()).map_err(|_| Unreadable::NotAnEvent("no text"))?;
        let Object(told): Object<Told> =
            serde_json::from_str(raw).map_err(|_| Unreadable::NotAnEvent("no object of theirs"))?;
        let status = told.status.as_deref().unwrap_or(NO_STATUS);
        if !body.vouches_for(status) {
            return Err(Unreadable::NotVouched);
        }
        if told.kind.is_some() {
            return Ok(Event::Silent { reason: "unknown_event" });
        }
        let Some(id) = told.id.as_deref().and_then(person) else {
            return Ok(Event::Silent { reason: "no_subject" });
        };
        let subject = Kind::User.resource(id);
        let claim = match status {
            "approved" | "rejected" => Claim { class: ClaimClass::Decided, part: Some(subject.clone()), at: None },
            _ => Claim::nothing(),
        };
        Ok(Event::Look { subject, claim, kind: word(status).to_owned() })
    }
}
