//! What Onfido's ids are of. All of them are UUIDs but those of tasks, which name nothing outside their run.

use crate::domain::{ProviderId, Resource, ResourceKind};
pub(super) use crate::providers::text::{is, uuid};

/// The resources that a notice may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The root of a classic run: one per onboarding.
    Applicant,
    /// What an app submits in a classic run.
    Check,
    /// A piece of a check.
    Report,
    /// The root of a Studio run.
    WorkflowRun,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Applicant, Self::Check, Self::Report, Self::WorkflowRun];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::Check => "check",
            Self::Report => "report",
            Self::WorkflowRun => "workflow_run",
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
        let id = uuid("3b1f6c2e-6d0a-4c55-9a57-0a4e5d2f1001").unwrap();
        for kind in Kind::ALL {
            assert_eq!(Kind::of(&kind.resource(id.clone())), Some(kind));
        }
    }
}
