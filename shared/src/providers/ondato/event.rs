//! A webhook, reduced to what is to be looked at (documentation topic "Webhooks").
//!
//! The payload is a full copy of the resource's GET answer, personal data included: of it only ids, a status word and
//! two times are read. The envelope is written in camelCase in all live samples and in PascalCase in one version of the
//! documentation; both are read, a body that has both at once (or one key twice) is no event, because two readers
//! could understand it differently.
//!
//! | event | looked at | claim |
//! | --- | --- | --- |
//! | `IdentityVerification.Consented`, `.StatusChanged` (`Idv.*` before 2023) | the identity verification | ended, where its status is terminal; else not older than `modifiedUtc` |
//! | `KycIdentification.Created`, `.Processed` | its identity verification | the identification exists |
//! | `KycIdentification.Approved`, `.Rejected` | 〃 | it is decided, not before `completedUtc` |
//! | `KycIdentification.Updated` | 〃 | nothing; the look finds the other digest |
//! | `KybIdentification.Created`, `.Approved`, `.Rejected` | 〃 | exists, decided |
//! | `KybIdentification.Document.*` | 〃, else the KYB identification it names | nothing |
//! | `Form.*` | 〃 | nothing: nobody documents when the verification lists a form |
//! | any other | – | silent: `unknown_event` |
//!
//! The payload of a KYB document is not documented. Where it names only its KYB identification, that is the subject:
//! `resolve` finds the verification through the KYB API. Where it names neither, the event is silent (`no_subject`) and
//! the schedule finds what changed.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::id::{self, Kind, uuid};
use super::words::VerificationStatus;
use crate::domain::{Claim, ClaimClass, ProviderId, Standing, Timestamp, clipped};
use crate::ports::{Event, Unreadable};
use crate::proof::{Body, Verified};
use crate::providers::answer::Object;

/// Every key that the documentation knows is named, so that a second spelling of any is refused.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type", alias = "Type")]
    kind: String,
    #[serde(rename = "applicationId", alias = "ApplicationId", default)]
    application: Option<String>,
    #[serde(rename = "id", alias = "Id", default)]
    _id: Option<IgnoredAny>,
    #[serde(rename = "createdUtc", alias = "CreatedUtc", default)]
    _created: Option<IgnoredAny>,
    #[serde(rename = "deliveredUtc", alias = "DeliveredUtc", default)]
    _delivered: Option<IgnoredAny>,
    #[serde(rename = "isDelivered", alias = "IsDelivered", default)]
    _is_delivered: Option<IgnoredAny>,
    #[serde(rename = "payload", alias = "Payload", default)]
    _payload: Option<IgnoredAny>,
}

/// Read a second time for its payload alone, because the payload of an unknown type may be anything.
#[derive(Deserialize)]
struct Letter {
    #[serde(alias = "Payload", default)]
    payload: Option<Object<Payload>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    identity_verification_id: Option<String>,
    #[serde(default)]
    kyb_identification_id: Option<String>,
    #[serde(default)]
    application_id: Option<String>,
    #[serde(default)]
    status: Option<Value>,
    #[serde(default)]
    completed_utc: Option<Value>,
    #[serde(default)]
    modified_utc: Option<Value>,
}

#[derive(Clone, Copy)]
enum Meaning {
    Verification,
    Kyc(ClaimClass),
    Kyb(ClaimClass),
    KybDocument,
    Form,
}

pub(super) fn reduce(body: Verified<Body<'_>>, application: Option<&ProviderId>) -> Result<Event, Unreadable> {
    let raw = std::str::from_utf8(body.bytes()).map_err(|_| Unreadable::NotAnEvent("no text"))?;
    let Object(envelope): Object<Envelope> =
        serde_json::from_str(raw).map_err(|_| Unreadable::NotAnEvent("no envelope"))?;
    let kind = canonical(&envelope.kind);
    if !body.vouches_for(&kind) && !body.vouches_for(&envelope.kind) {
        return Err(Unreadable::NotVouched);
    }
    if is_foreign(envelope.application.as_deref(), application) {
        return Ok(Event::Silent { reason: "foreign_application" });
    }
    let Some(meaning) = meaning(&kind) else {
        return Ok(Event::Silent { reason: "unknown_event" });
    };
    let Object(letter): Object<Letter> =
        serde_json::from_str(raw).map_err(|_| Unreadable::NotAnEvent("the payload cannot be read"))?;
    let Some(Object(payload)) = letter.payload else {
        return Ok(Event::Silent { reason: "no_subject" });
    };
    if is_foreign(payload.application_id.as_deref(), application) {
        return Ok(Event::Silent { reason: "foreign_application" });
    }
    Ok(payload.reduced(meaning, &kind))
}

/// The name of today for a name of 2022.
fn canonical(kind: &str) -> Cow<'_, str> {
    kind.strip_prefix("Idv.").map_or(Cow::Borrowed(kind), |event| Cow::Owned(format!("IdentityVerification.{event}")))
}

/// The complete list of the newest documentation.
fn meaning(kind: &str) -> Option<Meaning> {
    Some(match kind {
        "IdentityVerification.Consented" | "IdentityVerification.StatusChanged" => Meaning::Verification,
        "KycIdentification.Created" | "KycIdentification.Processed" => Meaning::Kyc(ClaimClass::Exists),
        "KycIdentification.Approved" | "KycIdentification.Rejected" => Meaning::Kyc(ClaimClass::Decided),
        "KycIdentification.Updated" => Meaning::Kyc(ClaimClass::Nothing),
        "KybIdentification.Created" => Meaning::Kyb(ClaimClass::Exists),
        "KybIdentification.Approved" | "KybIdentification.Rejected" => Meaning::Kyb(ClaimClass::Decided),
        "KybIdentification.Document.Created"
        | "KybIdentification.Document.Uploaded"
        | "KybIdentification.Document.Updated"
        | "KybIdentification.Document.Deleted" => Meaning::KybDocument,
        "Form.Created" | "Form.Updated" | "Form.Completed" => Meaning::Form,
        _ => return None,
    })
}

fn is_foreign(found: Option<&str>, own: Option<&ProviderId>) -> bool {
    matches!((found, own), (Some(found), Some(own)) if !id::is(found, own))
}

impl Payload {
    fn reduced(&self, meaning: Meaning, kind: &str) -> Event {
        let own = named(self.id.as_deref());
        let verification = named(self.identity_verification_id.as_deref()).map(|id| (Kind::IdentityVerification, id));
        let (subject, claim) = match meaning {
            Meaning::Verification => {
                let subject = own.map(|id| (Kind::IdentityVerification, id));
                let claim = subject.as_ref().map_or_else(Claim::nothing, |(_, id)| self.of_verification(id.clone()));
                (subject, claim)
            }
            Meaning::Kyc(class) => {
                (verification, claim(class, Kind::KycIdentification, own, moment(self.completed_utc.as_ref())))
            }
            Meaning::Kyb(class) => (verification, claim(class, Kind::KybIdentification, own, None)),
            Meaning::KybDocument => {
                let parent = named(self.kyb_identification_id.as_deref()).map(|id| (Kind::KybIdentification, id));
                (verification.or(parent), Claim::nothing())
            }
            Meaning::Form => (verification, Claim::nothing()),
        };
        match subject {
            Some((what, id)) => Event::Look { subject: what.resource(id), claim, kind: clipped(kind) },
            None => Event::Silent { reason: "no_subject" },
        }
    }

    /// `modifiedUtc` is the time that the verification's own part has too (`look`).
    fn of_verification(&self, id: ProviderId) -> Claim {
        let status = self.status.as_ref().and_then(Value::as_str).and_then(VerificationStatus::read);
        let ended = status.is_some_and(|status| status.standing() == Standing::Ended);
        let class = if ended { ClaimClass::Ended } else { ClaimClass::Nothing };
        let at = moment(self.modified_utc.as_ref());
        Claim { class, part: Some(Kind::IdentityVerification.resource(id)), at }
    }
}

fn claim(class: ClaimClass, kind: Kind, id: Option<ProviderId>, at: Option<Timestamp>) -> Claim {
    let at = at.filter(|_| class == ClaimClass::Decided);
    match id {
        Some(id) if class != ClaimClass::Nothing => Claim { class, part: Some(kind.resource(id)), at },
        Some(_) | None => Claim::nothing(),
    }
}

fn named(id: Option<&str>) -> Option<ProviderId> {
    id.and_then(uuid)
}

fn moment(value: Option<&Value>) -> Option<Timestamp> {
    value.and_then(Value::as_str).and_then(Timestamp::parse)
}
