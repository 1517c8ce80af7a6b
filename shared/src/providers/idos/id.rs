//! What idOS's ids are of, and how our own root is written.
//!
//! A root holds what a run was asked for, so that nothing need be stored for it: `{onboarding}.{attempt}.{level}`, and the
//! user where the app named one. `+` may not stand in an id, so the level's names are joined by `:` there.

use super::credential::Level;
use crate::domain::{OnboardingId, ProviderId, Resource, ResourceKind};
pub(super) use crate::providers::text::{is, uuid};

/// The resources that a notice may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The root: what was asked for.
    Share,
    /// A person, as idOS knows them.
    User,
    /// A copy that is ours to read.
    Credential,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Share, Self::User, Self::Credential];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::User => "user",
            Self::Credential => crate::domain::CREDENTIAL,
        }
    }

    pub(super) fn of(resource: &Resource) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == resource.kind.as_str())
    }

    #[expect(clippy::expect_used, reason = "three constants of the right alphabet; a test makes each of them")]
    pub(super) fn resource(self, id: ProviderId) -> Resource {
        Resource { kind: ResourceKind::parse(self.as_str()).expect("a constant"), id }
    }
}

/// What a root says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) onboarding: OnboardingId,
    pub(super) attempt: u8,
    pub(super) level: Level,
    pub(super) user: Option<ProviderId>,
}

impl Root {
    /// None where the level is too long for an id.
    pub(super) fn resource(&self) -> Option<Resource> {
        let level = self.level.as_str().replace('+', ":");
        let mut text = format!("{}.{}.{level}", self.onboarding, self.attempt);
        if let Some(user) = &self.user {
            text.push('.');
            text.push_str(user.as_str());
        }
        ProviderId::parse(text).ok().map(|id| Kind::Share.resource(id))
    }

    pub(super) fn read(resource: &Resource) -> Option<Self> {
        let mut members = resource.id.as_str().split('.');
        let onboarding = OnboardingId::parse(members.next()?).ok()?;
        let attempt = members.next()?.parse().ok()?;
        let level = Level::parse(&members.next()?.replace(':', "+")).ok()?;
        let user = match members.next() {
            Some(text) => Some(uuid(text)?),
            None => None,
        };
        let whole = Kind::of(resource) == Some(Kind::Share) && members.next().is_none();
        whole.then_some(Self { onboarding, attempt, level, user })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    const USER: &str = "7c0f8c7e-2b6c-4d5f-8f43-0a8a4c1d9e01";
    const ONBOARDING: &str = "onb_01M7VZGC00EXAMPEEXAMPEEXAM";

    #[test]
    fn every_kind_is_a_resource() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(&kind.resource(uuid(USER).unwrap())), Some(kind));
        }
    }

    #[test]
    fn a_root_says_what_was_asked_for() {
        for (level, user) in [("basic", None), ("plus+liveness+email+phoneNumber", Some(USER))] {
            let root = Root {
                onboarding: OnboardingId::parse(ONBOARDING).unwrap(),
                attempt: 8,
                level: Level::parse(level).unwrap(),
                user: user.and_then(uuid),
            };
            assert_eq!(Root::read(&root.resource().unwrap()), Some(root));
        }
        for text in
            ["", "onb_1.1.basic", ONBOARDING, &format!("{ONBOARDING}.x.basic"), &format!("{ONBOARDING}.1.basic.me")]
        {
            let id = ProviderId::parse(text).or_else(|_| ProviderId::parse("x")).unwrap();
            assert_eq!(Root::read(&Kind::Share.resource(id)), None, "{text}");
        }
    }
}
