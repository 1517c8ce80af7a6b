//! What Intergiro's ids are of: UUIDs all of them.

use crate::domain::{ProviderId, Resource, ResourceKind};
pub(super) use crate::providers::text::{is, uuid};

/// The resources that a notice may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The root: a person, for as long as Intergiro knows them.
    Individual,
    /// Something that is asked of the person.
    PendingAction,
    /// A thin webhook names only this.
    Event,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Individual, Self::PendingAction, Self::Event];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::PendingAction => "pending_action",
            Self::Event => "event",
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_a_resource() {
        let id = uuid("bd4af0ff-0a72-4e09-b247-c6d8c2391496").unwrap();
        for kind in Kind::ALL {
            assert_eq!(Kind::of(&kind.resource(id.clone())), Some(kind));
        }
    }
}
