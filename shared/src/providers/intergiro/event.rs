//! A thin webhook, reduced to what is to be looked at (onboarding page): `{id, name, created_at}` and nothing of the
//! person, not even an id. So the subject is the event itself: `resolve` reads it with our own credentials and finds
//! whose it is.
//!
//! | event | claim, about |
//! | --- | --- |
//! | `IndividualActivated`, `IndividualBlocked` | decided, the individual |
//! | `IndividualOnboardingDataProvided` | ended, the individual |
//! | `PendingActionCreated` | exists, the pending action; of a card payment: the individual |
//! | `PendingActionCompleted` | nothing |
//! | any other | silent: `unknown_event` |
//!
//! Which individual or action it is stands only in the event; the claim gets its part there. No claim has a time: an
//! individual has none of its own to compare it with. An action that was created and completed before anybody looked is
//! not found: the look is repeated a few times and counted, which costs little and is rare.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::id::{Kind, uuid};
use super::words::EventName;
use crate::domain::Claim;
use crate::ports::{Event, Unreadable};
use crate::proof::{Body, Verified};
use crate::providers::answer::Object;

/// Every documented member is named, so that one that stands there twice is refused.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    id: Option<Value>,
    name: String,
    #[serde(rename = "created_at", default)]
    _created: Option<IgnoredAny>,
}

pub(super) fn reduce(body: Verified<Body<'_>>) -> Result<Event, Unreadable> {
    let raw = std::str::from_utf8(body.bytes()).map_err(|_| Unreadable::NotAnEvent("no text"))?;
    let Object(envelope): Object<Envelope> =
        serde_json::from_str(raw).map_err(|_| Unreadable::NotAnEvent("no envelope"))?;
    if !body.vouches_for(&envelope.name) {
        return Err(Unreadable::NotVouched);
    }
    let Some(name) = EventName::read(&envelope.name) else {
        return Ok(Event::Silent { reason: "unknown_event" });
    };
    let id = envelope.id.as_ref().and_then(Value::as_str).ok_or(Unreadable::NotAnEvent("it has no id"))?;
    let Some(id) = uuid(id) else {
        return Ok(Event::Silent { reason: "no_subject" });
    };
    let claim = Claim { class: name.claims(), part: None, at: None };
    Ok(Event::Look { subject: Kind::Event.resource(id), claim, kind: name.as_str().to_owned() })
}
