//! Identifiers at Ondato: UUIDs, in any letter case (an integrator saw the case differ between answers), kept in lower
//! case so that one resource is one key.

use crate::domain::{ProviderId, Resource, ResourceKind};
pub(super) use crate::providers::text::{is, uuid};

/// The resources that are parts of an onboarding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The root: one run of the hosted flow.
    IdentityVerification,
    /// The decision on a person.
    KycIdentification,
    /// The decision on a company.
    KybIdentification,
    /// A form that was filled in on the way.
    Form,
}

impl Kind {
    pub(super) const ALL: [Self; 4] =
        [Self::IdentityVerification, Self::KycIdentification, Self::KybIdentification, Self::Form];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::IdentityVerification => "identity_verification",
            Self::KycIdentification => "kyc_identification",
            Self::KybIdentification => "kyb_identification",
            Self::Form => "form",
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_a_resource() {
        let id = uuid("7A1F3C94-2b5d-4e6f-8a90-b1c2d3e4f501").unwrap();
        assert_eq!(id.as_str(), "7a1f3c94-2b5d-4e6f-8a90-b1c2d3e4f501");
        for kind in Kind::ALL {
            assert_eq!(Kind::of(&kind.resource(id.clone())), Some(kind));
        }
    }
}
