//! What Fractal's ids are of, and our own name of a run: nothing of a run is kept at Fractal, so its name says what was
//! asked for.

use crate::domain::{OnboardingId, ProviderId, Resource, ResourceKind};
pub(super) use crate::providers::text::uuid;

use super::level::Asked;

/// The resources that a part or a notice may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The root of a run: `{onboarding}.{attempt}.{level}`, with a dot for each `+`.
    Journey,
    /// A person at Fractal: classic by `uid`, verifier and relay by `userId`.
    User,
    /// A level or an add-on of a person: `{uid}.{level}`.
    Level,
    /// An idOS credential: another connection's.
    Credential,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Journey, Self::User, Self::Level, Self::Credential];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Journey => "journey",
            Self::User => "user",
            Self::Level => "level",
            Self::Credential => "credential",
        }
    }

    pub(super) fn of(resource: &Resource) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == resource.kind.as_str())
    }

    #[expect(clippy::expect_used, reason = "four constants of the right alphabet; a test makes each of them")]
    pub(super) fn resource(self, id: ProviderId) -> Resource {
        Resource { kind: ResourceKind::parse(self.as_str()).expect("a constant"), id }
    }
}

/// A level or an add-on of that person; none where the name is none.
pub(super) fn level_of(user: &ProviderId, level: &str) -> Option<Resource> {
    ProviderId::parse(format!("{user}.{level}")).ok().map(|id| Kind::Level.resource(id))
}

/// The level that such a resource is of.
pub(super) fn level_in(resource: &Resource) -> Option<&str> {
    let named = resource.id.as_str().split_once('.').map(|(_, level)| level);
    named.filter(|_| Kind::of(resource) == Some(Kind::Level))
}

/// One run: whose, which attempt, and what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Journey {
    pub(super) onboarding: OnboardingId,
    pub(super) attempt: u8,
    pub(super) asked: Asked,
}

impl Journey {
    /// None where too much is asked for to be a name.
    pub(super) fn id(&self) -> Option<ProviderId> {
        ProviderId::parse(format!("{}.{}.{}", self.onboarding, self.attempt, self.asked.names().join("."))).ok()
    }

    pub(super) fn resource(&self) -> Option<Resource> {
        self.id().map(|id| Kind::Journey.resource(id))
    }

    pub(super) fn parse(id: &ProviderId) -> Option<Self> {
        let mut pieces = id.as_str().splitn(3, '.');
        let onboarding = OnboardingId::parse(pieces.next()?).ok()?;
        let attempt = pieces.next()?.parse().ok()?;
        let asked = Asked::of(pieces.next()?.split('.'))?;
        Some(Self { onboarding, attempt, asked })
    }
}

/// Whether one run is a later attempt than the other; what rests of a run that cannot be read is none.
pub(super) fn is_later(one: &ProviderId, other: &ProviderId) -> bool {
    let attempt = |id| Journey::parse(id).map(|journey| journey.attempt);
    attempt(one) > attempt(other)
}

/// What is looked at: a run that we began, or (adopted) a person who came without us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Root {
    Journey(Journey),
    User(ProviderId),
}

impl Root {
    pub(super) fn of(subject: &Resource) -> Option<Self> {
        match Kind::of(subject)? {
            Kind::Journey => Journey::parse(&subject.id).map(Self::Journey),
            Kind::User => Some(Self::User(subject.id.clone())),
            Kind::Level | Kind::Credential => None,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    const ONBOARDING: &str = "onb_01M7VZGC00EXAMPEEXAMPEEXAM";

    #[test]
    fn every_kind_is_a_resource() {
        let id = uuid("14ec6af0-12f8-4bce-a6ab-01ce87fa1812").unwrap();
        for kind in Kind::ALL {
            assert_eq!(Kind::of(&kind.resource(id.clone())), Some(kind));
        }
        let level = level_of(&id, "wallet-eth").unwrap();
        assert_eq!(level_in(&level), Some("wallet-eth"));
        assert_eq!(level_in(&Kind::User.resource(id.clone())), None);
        assert_eq!(level_of(&id, "basic+liveness"), None);
    }

    #[test]
    fn a_run_is_named_by_what_it_asks() {
        let asked = Asked::of(["basic", "liveness", "wallet-eth"]).unwrap();
        let journey = Journey { onboarding: OnboardingId::parse(ONBOARDING).unwrap(), attempt: 3, asked };
        let named = journey.resource().unwrap();
        assert_eq!(named.to_string(), format!("journey/{ONBOARDING}.3.basic.liveness.wallet-eth"));
        assert_eq!(Root::of(&named), Some(Root::Journey(journey)));
        for bad in ["", "..basic", ".x.basic", ".1", ".1.", ".1.basic..liveness", ".300.basic", ".1.basic.basic"] {
            let id = ProviderId::parse(format!("{ONBOARDING}{bad}")).unwrap();
            assert_eq!(Journey::parse(&id), None, "{bad:?}");
        }
    }
}
