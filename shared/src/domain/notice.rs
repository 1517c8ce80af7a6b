//! "Go and look": what travels to the fetcher. Ids and a claim, no data, at most 4 KiB.
//!
//! Members that are not known are passed over: the version before must be able to read what this one wrote, so that
//! rolling back is redeploying. What the version before could not honour takes a new number in `v`.

use serde::{Deserialize, Serialize};

use super::change::Evidence;
use super::closed_list::closed_list;
use super::name::{ConnectionKey, OnboardingId, Resource, SubjectKey};
use super::part::{Part, Standing};
use super::time::Timestamp;

closed_list! {
    /// What an event says has happened to its part, by its class alone.
    pub enum ClaimClass {
        Nothing = "nothing": "Only that something happened.",
        Exists = "exists": "The part exists.",
        Ended = "ended": "The part came to its end.",
        Decided = "decided": "The part was decided.",
    }
}

/// What a look must not contradict. An event's word is never taken for the truth, only for a reason to look again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The event's class.
    pub class: ClaimClass,
    /// The part that the event is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Resource>,
    /// The provider's time of it, where it is comparable with the part's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Claim {
    /// Nothing is claimed: any look answers it.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { class: ClaimClass::Nothing, part: None, at: None }
    }

    /// Whether what was found cannot be all that the event was about: the read was older than the event, or a part has
    /// come to its end and its whole has not.
    #[must_use]
    pub fn contradicts(&self, parts: &[Part]) -> bool {
        let Some(resource) = &self.part else { return false };
        let Some(part) = parts.iter().find(|part| &part.resource == resource) else {
            return self.class != ClaimClass::Nothing;
        };
        if part.gone {
            return false;
        }
        let too_early = matches!((self.at, part.at), (Some(claimed), Some(found)) if found < claimed);
        let not_there = match self.class {
            ClaimClass::Nothing | ClaimClass::Exists => false,
            ClaimClass::Ended => matches!(part.standing, Standing::Open | Standing::Waiting),
            ClaimClass::Decided => !part.standing.is_decision() && part.standing != Standing::Unrecognised,
        };
        let ends = matches!(self.class, ClaimClass::Ended | ClaimClass::Decided);
        let whole = parts.iter().find(|whole| part.whole.as_ref() == Some(&whole.resource) && !whole.gone);
        let half = ends && whole.is_some_and(|whole| whole.standing == Standing::Open);
        too_early || not_there || half
    }
}

/// What is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A resource at the provider; whose onboarding it is, is still to be found.
    Subject(Resource),
    /// An onboarding of ours.
    Onboarding(OnboardingId),
    /// The connection's feed of events: what was lost is found there.
    Feed,
}

/// The message itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The version of this form; a reader refuses one that it does not know.
    pub v: u8,
    /// Through which connection.
    pub connection: ConnectionKey,
    /// What.
    pub about: About,
    /// What a look must not contradict.
    pub claim: Claim,
    /// Who rings.
    pub evidence: Evidence,
    /// How often a look has contradicted the claim so far.
    #[serde(default)]
    pub repeat: u8,
    /// The person has come back with a code: sealed, and of ten minutes' life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// The person has come back and refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined: Option<Declined>,
    /// When the first of its kind was made; set when it is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// What a person brings back from a provider that wants a code exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// Named by the sealed state; the attempt's own is consumed once.
    pub nonce: String,
    /// The provider's code, sealed.
    pub code: String,
}

/// That a person refused what the provider asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// Named by the sealed state; nothing is consumed: they may change their mind.
    pub nonce: String,
}

/// The form that this version writes and reads.
pub const NOTICE_VERSION: u8 = 1;

impl Notice {
    /// A notice of a webhook.
    #[must_use]
    pub const fn of_event(connection: ConnectionKey, subject: Resource, claim: Claim) -> Self {
        let about = About::Subject(subject);
        Self {
            v: NOTICE_VERSION,
            connection,
            about,
            claim,
            evidence: Evidence::Webhook,
            repeat: 0,
            returned: None,
            declined: None,
            since: None,
        }
    }

    /// "A look is due": claims nothing.
    #[must_use]
    pub const fn due(connection: ConnectionKey, onboarding: OnboardingId, evidence: Evidence) -> Self {
        let about = About::Onboarding(onboarding);
        Self {
            v: NOTICE_VERSION,
            connection,
            about,
            claim: Claim::nothing(),
            evidence,
            repeat: 0,
            returned: None,
            declined: None,
            since: None,
        }
    }

    /// "Read on in the feed."
    #[must_use]
    pub const fn of_feed(connection: ConnectionKey) -> Self {
        Self {
            v: NOTICE_VERSION,
            connection,
            about: About::Feed,
            claim: Claim::nothing(),
            evidence: Evidence::Schedule,
            repeat: 0,
            returned: None,
            declined: None,
            since: None,
        }
    }

    /// The same, about something else; what it claims is about `part`, where it does not say itself.
    #[must_use]
    pub fn turned_to(&self, subject: Resource, part: Resource) -> Self {
        let part = self.claim.part.clone().unwrap_or(part);
        let claim = Claim { part: Some(part), ..self.claim.clone() };
        Self { about: About::Subject(subject), claim, ..self.clone() }
    }

    /// The subject it names, with its connection.
    #[must_use]
    pub fn subject(&self) -> Option<SubjectKey> {
        match &self.about {
            About::Subject(resource) => {
                Some(SubjectKey { connection: self.connection.clone(), resource: resource.clone() })
            }
            About::Onboarding(_) | About::Feed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ProviderId, ResourceKind};

    fn resource(kind: &str) -> Option<Resource> {
        Some(Resource { kind: ResourceKind::parse(kind).ok()?, id: ProviderId::parse("1").ok()? })
    }

    fn part(kind: &str, standing: Standing, whole: Option<&str>) -> Option<Part> {
        Some(Part { whole: whole.and_then(resource), ..Part::new(resource(kind)?, "", standing) })
    }

    #[test]
    fn a_part_that_is_done_while_its_whole_is_not_is_half_the_news() {
        let done = |class| Claim { class, part: resource("report"), at: None };
        for (whole, half) in [
            (Standing::Open, true),
            (Standing::Waiting, false),
            (Standing::Ended, false),
            (Standing::Approved, false),
            (Standing::Rejected, false),
            (Standing::Unrecognised, false),
        ] {
            let parts: Vec<Part> = [part("check", whole, None), part("report", Standing::Approved, Some("check"))]
                .into_iter()
                .flatten()
                .collect();
            assert_eq!(parts.len(), 2);
            assert_eq!(done(ClaimClass::Ended).contradicts(&parts), half, "{whole}");
            assert_eq!(done(ClaimClass::Decided).contradicts(&parts), half, "{whole}");
            assert!(!done(ClaimClass::Exists).contradicts(&parts), "{whole}");
            let gone: Vec<Part> = parts.into_iter().map(|part| Part { gone: part.whole.is_none(), ..part }).collect();
            assert!(!done(ClaimClass::Ended).contradicts(&gone), "{whole}");
        }
    }
}
