//! A webhook, reduced to what is to be looked at (pages "Webhooks", "Notification types"). It names a person, and neither
//! a run nor a client; what it says of a level is a claim, what it says of e-mail addresses is not read.
//!
//! | type | subject | claim |
//! | --- | --- | --- |
//! | `verification_approved`, `verification_rejected` | the user | decided, the level |
//! | `verification_contacted` | the user | exists, the level |
//! | the same of a name that nobody can ask for (`v1`) | the user | nothing: no look shows it |
//! | `email_changed`, `authorization_revoked`, `application_access_revoked` | the user | nothing |
//! | `credential_shared` | idOS's user, or the credential where none is named, through the idOS connection | exists, the credential |
//! | any other | silent: `unknown_event` | |
//!
//! No claim has a time: a case has none of its own to compare it with. A level that nobody asked for in the person's run
//! is not found: the look is repeated a few times and counted. `credential_shared` names ids of idOS alone; without
//! `settings.idos_connection` it is silent: `no_idos_connection`.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::Classic;
use crate::domain::{Claim, ClaimClass, Resource};
use crate::ports::{Event, Unreadable};
use crate::proof::{Body, Verified};
use crate::providers::answer::Object;
use crate::providers::fractal::IDOS;
use crate::providers::fractal::id::{Kind, level_of, uuid};
use crate::providers::fractal::level::Names;

const NO_SUBJECT: Event = Event::Silent { reason: "no_subject" };

/// Read first: what an unknown type has for data is its own matter.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "type")]
    name: String,
    #[serde(rename = "data", default)]
    _data: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    data: Option<Object<Data>>,
}

/// Every documented member that is read, so that one that stands there twice is refused.
#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    user_id: Option<Value>,
    #[serde(default)]
    level: Option<Value>,
    #[serde(default)]
    credential_id: Option<Value>,
    #[serde(default)]
    idos_human_id: Option<Value>,
}

/// The types that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum EventName {
    Approved,
    Rejected,
    Contacted,
    EmailChanged,
    AuthorizationRevoked,
    AccessRevoked,
    CredentialShared,
}

impl EventName {
    pub(in super::super) const ALL: [Self; 7] = [
        Self::Approved,
        Self::Rejected,
        Self::Contacted,
        Self::EmailChanged,
        Self::AuthorizationRevoked,
        Self::AccessRevoked,
        Self::CredentialShared,
    ];

    pub(in super::super) const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "verification_approved",
            Self::Rejected => "verification_rejected",
            Self::Contacted => "verification_contacted",
            Self::EmailChanged => "email_changed",
            Self::AuthorizationRevoked => "authorization_revoked",
            Self::AccessRevoked => "application_access_revoked",
            Self::CredentialShared => "credential_shared",
        }
    }

    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == word)
    }

    /// Of the level that it names.
    const fn claims(self) -> ClaimClass {
        match self {
            Self::Approved | Self::Rejected => ClaimClass::Decided,
            Self::Contacted => ClaimClass::Exists,
            Self::EmailChanged | Self::AuthorizationRevoked | Self::AccessRevoked | Self::CredentialShared => {
                ClaimClass::Nothing
            }
        }
    }
}

impl Classic {
    pub(in super::super) fn reduced(&self, body: Verified<Body<'_>>, names: &Names) -> Result<Event, Unreadable> {
        let raw = std::str::from_utf8(body.bytes()).map_err(|_| Unreadable::NotAnEvent("no text"))?;
        let unreadable = |_| Unreadable::NotAnEvent("no envelope");
        let Object(Named { name: word, .. }) = serde_json::from_str(raw).map_err(unreadable)?;
        if !body.vouches_for(&word) {
            return Err(Unreadable::NotVouched);
        }
        let Some(name) = EventName::read(&word) else { return Ok(Event::Silent { reason: "unknown_event" }) };
        let Object(Envelope { data }) = serde_json::from_str(raw).map_err(unreadable)?;
        let Object(data) = data.ok_or(Unreadable::NotAnEvent("it has no data"))?;
        if name == EventName::CredentialShared {
            return self.shared(&data);
        }
        let user = data.user_id.as_ref().and_then(Value::as_str).ok_or(Unreadable::NotAnEvent("it names no user"))?;
        let Some(user) = uuid(user) else { return Ok(NO_SUBJECT) };
        let level = data.level.as_ref().and_then(Value::as_str).filter(|level| names.knows(level));
        let part = level.and_then(|level| level_of(&user, level));
        Ok(Event::Look { subject: Kind::User.resource(user), claim: claim(name.claims(), part), kind: word })
    }

    fn shared(&self, data: &Data) -> Result<Event, Unreadable> {
        let id = data.credential_id.as_ref().and_then(Value::as_str);
        let id = id.ok_or(Unreadable::NotAnEvent("it names no credential"))?;
        let Some(connection) = self.idos_connection().cloned() else {
            return Ok(Event::Silent { reason: "no_idos_connection" });
        };
        let Some(id) = uuid(id) else { return Ok(NO_SUBJECT) };
        let credential = Kind::Credential.resource(id);
        // idOS's user (it called them humans once). Where none can be read, the idOS connection finds out whose it is.
        let user = data.idos_human_id.as_ref().and_then(Value::as_str).and_then(uuid);
        let subject = user.map_or_else(|| credential.clone(), |user| Kind::User.resource(user));
        let claim = claim(ClaimClass::Exists, Some(credential));
        let kind = EventName::CredentialShared.as_str().to_owned();
        Ok(Event::Elsewhere { connection, provider: IDOS, subject, claim, kind })
    }
}

/// Of no part, nothing is claimed.
fn claim(class: ClaimClass, part: Option<Resource>) -> Claim {
    match (class, part) {
        (ClaimClass::Nothing, _) | (_, None) => Claim::nothing(),
        (class, part @ Some(_)) => Claim { class, part, at: None },
    }
}
