//! Intergiro's words and what they mean to us. Statuses are matched exactly; an unknown one is kept, shown, and never
//! an approval.

use crate::domain::{Ask, ClaimClass, Standing};

/// Status of an individual: complete as far as found (simulation page, onboarding page). There are no reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    PendingActivation,
    OnboardingRequested,
    DataProvided,
    Activated,
    Blocked,
}

impl Status {
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "pending_activation" => Some(Self::PendingActivation),
            "onboarding_requested" => Some(Self::OnboardingRequested),
            "onboarding_data_provided" => Some(Self::DataProvided),
            "activated" => Some(Self::Activated),
            "blocked" => Some(Self::Blocked),
            _ => None,
        }
    }

    /// With the data provided the person's part came to its end and nothing is decided: `ended`, so that the event of
    /// it is contradicted by a read from before.
    pub(super) const fn standing(self) -> Standing {
        match self {
            Self::PendingActivation | Self::OnboardingRequested => Standing::Open,
            Self::DataProvided => Standing::Ended,
            Self::Activated => Standing::Approved,
            Self::Blocked => Standing::Rejected,
        }
    }

    /// Whether the person still walks to the form: a link into it can be made (assumed: in these two), and no pending
    /// action exists (the simulation page refuses one).
    pub(super) const fn is_before_data(self) -> bool {
        match self {
            Self::PendingActivation | Self::OnboardingRequested => true,
            Self::DataProvided | Self::Activated | Self::Blocked => false,
        }
    }
}

/// What a pending action of onboarding asks (page "Types of pending actions").
pub(super) const ASKS: [(&str, Ask); 2] =
    [("IdentityVerification", Ask::ProvideDocument), ("ProofOfAddressVerification", Ask::ProveAddress)];
/// Pending actions that are no matter of an onboarding: 3-D Secure of a card payment.
pub(super) const OF_OTHERS: [&str; 1] = ["AuthenticateCardOperation"];
/// What an action of a type that nobody knows asks. Every pending action asks something of the person, by a consent
/// and with a text that they must be shown (same page), so it is one.
pub(super) const UNKNOWN_ASK: Ask = Ask::AnswerQuestion;

pub(super) fn ask(kind: &str) -> Option<Ask> {
    ASKS.iter().find(|(name, _)| *name == kind).map(|(_, ask)| *ask)
}

pub(super) fn is_of_others(kind: &str) -> bool {
    OF_OTHERS.contains(&kind)
}

/// The events of onboarding. More exist for cards, accounts and payments; no list was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventName {
    DataProvided,
    Activated,
    Blocked,
    ActionCreated,
    ActionCompleted,
}

impl EventName {
    pub(super) const ALL: [Self; 5] =
        [Self::DataProvided, Self::Activated, Self::Blocked, Self::ActionCreated, Self::ActionCompleted];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::DataProvided => "IndividualOnboardingDataProvided",
            Self::Activated => "IndividualActivated",
            Self::Blocked => "IndividualBlocked",
            Self::ActionCreated => "PendingActionCreated",
            Self::ActionCompleted => "PendingActionCompleted",
        }
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == word)
    }

    /// A completed action is not listed any more: nothing can be claimed of it, because one that was never seen open is
    /// not missing.
    pub(super) const fn claims(self) -> ClaimClass {
        match self {
            Self::DataProvided => ClaimClass::Ended,
            Self::Activated | Self::Blocked => ClaimClass::Decided,
            Self::ActionCreated => ClaimClass::Exists,
            Self::ActionCompleted => ClaimClass::Nothing,
        }
    }

    pub(super) const fn is_about_action(self) -> bool {
        match self {
            Self::ActionCreated | Self::ActionCompleted => true,
            Self::DataProvided | Self::Activated | Self::Blocked => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_matched_exactly() {
        for word in ["", "Activated", "ACTIVATED", " activated", "activated ", "activated\0", "active"] {
            assert_eq!(Status::read(word), None, "{word:?}");
        }
        for word in ["", "individualactivated", "IndividualActivated ", "Individual.Activated"] {
            assert_eq!(EventName::read(word), None, "{word:?}");
        }
        assert_eq!(ask("AuthenticateCardOperation"), None);
        for word in ["", "authenticateCardOperation", "AuthenticateCardOperation ", "AuthenticateCard"] {
            assert!(!is_of_others(word), "{word:?}");
        }
    }
}
