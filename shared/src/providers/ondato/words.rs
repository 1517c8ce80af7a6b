//! Ondato's words and what they mean to us. Statuses are matched exactly; an unknown one is kept, shown, and never an
//! approval. Reasons are free text that is compared without case and underscores: the documentation has
//! `PoorPhotoQuality`, Ondato's own SDK of 2022 `POOR_PHOTO_QUALITY`.

use crate::domain::{Ask, Reason, Standing};
pub(super) use crate::providers::text::word;

/// Status of an identity verification (documentation topic "Identity verification", statuses).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VerificationStatus {
    Pending,
    InProgress,
    Suspended,
    Completed,
    Aborted,
    Expired,
}

impl VerificationStatus {
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "Pending" => Some(Self::Pending),
            "InProgress" => Some(Self::InProgress),
            "Suspended" => Some(Self::Suspended),
            "Completed" => Some(Self::Completed),
            "Aborted" => Some(Self::Aborted),
            "Expired" => Some(Self::Expired),
            _ => None,
        }
    }

    /// `Completed` too is only an end: the steps were walked through, nothing was decided by it.
    pub(super) const fn standing(self) -> Standing {
        match self {
            Self::Pending | Self::InProgress | Self::Suspended => Standing::Open,
            Self::Completed | Self::Aborted | Self::Expired => Standing::Ended,
        }
    }
}

/// Status of a KYC identification (topic "KYC integration with UI"; the official SDK has no others).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KycStatus {
    Awaiting,
    Approved,
    Rejected,
}

impl KycStatus {
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "Awaiting" => Some(Self::Awaiting),
            "Approved" => Some(Self::Approved),
            "Rejected" => Some(Self::Rejected),
            _ => None,
        }
    }

    pub(super) const fn standing(self) -> Standing {
        match self {
            Self::Awaiting => Standing::Open,
            Self::Approved => Standing::Approved,
            Self::Rejected => Standing::Rejected,
        }
    }
}

/// Status of a KYB identification. Words of the operators' portal; their spelling in JSON is assumed, `Awaiting` by
/// analogy with KYC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KybStatus {
    Pending,
    Approved,
    Rejected,
}

impl KybStatus {
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "Pending" | "Awaiting" => Some(Self::Pending),
            "Approved" => Some(Self::Approved),
            "Rejected" => Some(Self::Rejected),
            _ => None,
        }
    }

    pub(super) const fn standing(self) -> Standing {
        match self {
            Self::Pending => Standing::Open,
            Self::Approved => Standing::Approved,
            Self::Rejected => Standing::Rejected,
        }
    }
}

/// A form is no verdict and its words are hardly documented (`Unfinished` is printed, `Finished` assumed): whatever it
/// says, it cannot hold up a decision.
pub(super) fn form_standing(word: &str) -> Standing {
    match word {
        "Finished" | "Completed" => Standing::Ended,
        _ => Standing::Open,
    }
}

/// What a `statusReason` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ground {
    pub(super) reason: Reason,
    /// What the person may try again in the same flow; none where the reason is critical.
    pub(super) retry: Option<Ask>,
}

const fn again(reason: Reason) -> Ground {
    Ground { reason, retry: Some(Ask::RetryCapture) }
}

const fn another(reason: Reason) -> Ground {
    Ground { reason, retry: Some(Ask::ProvideDocument) }
}

const fn critical(reason: Reason) -> Ground {
    Ground { reason, retry: None }
}

/// The reasons of Ondato's SDK of 2022 with its split into critical and not; two of the legacy client at the end.
pub(super) const GROUNDS: &[(&str, Ground)] = &[
    ("MissingDocumentPhoto", again(Reason::MissingEvidence)),
    ("DocumentNotAccepted", another(Reason::DocumentUnsupported)),
    ("DataDoesNotMatch", again(Reason::DataMismatch)),
    ("Sanctioned", critical(Reason::SanctionsOrPep)),
    ("MissingSelfiePhoto", again(Reason::MissingEvidence)),
    ("FacesDoesNotMatch", again(Reason::FaceMismatch)),
    ("PoorPhotoQuality", again(Reason::DocumentUnreadable)),
    ("PoorPhotoLighting", again(Reason::DocumentUnreadable)),
    ("BlurredPhoto", again(Reason::DocumentUnreadable)),
    ("BadMediaFormat", again(Reason::DocumentUnreadable)),
    ("Miscellaneous", critical(Reason::Other)),
    ("PossibleFraudAttempt", critical(Reason::DocumentSuspectedFraud)),
    ("UnrelatedPhoto", again(Reason::MissingEvidence)),
    ("MoreThanOnePerson", again(Reason::Other)),
    ("ProhibitedCountryOrState", critical(Reason::RestrictedCountry)),
    ("DocumentIsExpired", another(Reason::DocumentExpired)),
    ("DocumentWithNonLatinCharacters", another(Reason::DocumentUnsupported)),
    ("PartOfDocumentIsCovered", again(Reason::DocumentUnreadable)),
    ("NameMismatch", again(Reason::DataMismatch)),
    ("ExpirationDateMismatch", again(Reason::DataMismatch)),
    ("IncorrectInformationProvided", again(Reason::DataMismatch)),
    ("PartOfFaceIsCovered", again(Reason::MissingEvidence)),
    ("UnderagePerson", critical(Reason::Underage)),
    ("ProhibitedNationality", critical(Reason::RestrictedCountry)),
    ("DocAndBioAgeDoesntMatch", critical(Reason::FaceMismatch)),
    ("DuplicatedInfo", critical(Reason::Duplicate)),
    ("ExpiredIdentification", again(Reason::LinkExpired)),
    ("Undefined", again(Reason::NotDisclosed)),
];

/// The words beside an approval that tell who decided.
pub(super) const AUTOMATICALLY: &str = "AutomaticallyIdentified";
/// See [`AUTOMATICALLY`].
pub(super) const MANUALLY: &str = "ManuallyIdentified";

/// What a reason means; none or one that is no reason against anybody is `not_disclosed`. An unknown one is taken for
/// not critical: too early a rejection is worse than one that waits for the flow to end.
pub(super) fn ground(word: Option<&str>) -> Ground {
    let Some(word) = word.filter(|word| !same(word, AUTOMATICALLY) && !same(word, MANUALLY)) else {
        return again(Reason::NotDisclosed);
    };
    let known = GROUNDS.iter().find(|(name, _)| same(name, word));
    known.map_or(again(Reason::Other), |(_, ground)| *ground)
}

/// Equal but for case and underscores.
pub(super) fn same(left: &str, right: &str) -> bool {
    let folded = |text: &str| -> Vec<u8> {
        text.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase()).collect()
    };
    folded(left) == folded(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_mean_the_same() {
        for (name, expected) in GROUNDS {
            let upper_snake = name.chars().fold(String::new(), |mut text, c| {
                if c.is_ascii_uppercase() && !text.is_empty() {
                    text.push('_');
                }
                text.push(c.to_ascii_uppercase());
                text
            });
            assert_eq!(ground(Some(name)), *expected, "{name}");
            assert_eq!(ground(Some(&upper_snake)), *expected, "{upper_snake}");
        }
    }

    #[test]
    fn no_reason_is_not_disclosed_and_a_new_one_is_other() {
        assert_eq!(ground(None).reason, Reason::NotDisclosed);
        assert_eq!(ground(Some("AutomaticallyIdentified")).reason, Reason::NotDisclosed);
        assert_eq!(ground(Some("SomethingNew")), again(Reason::Other));
    }

    #[test]
    fn statuses_are_matched_exactly() {
        for word in ["", "approved", "APPROVED", " Approved", "Approved ", "Approved\0", "Approve"] {
            assert_eq!(KycStatus::read(word), None, "{word:?}");
            assert_eq!(KybStatus::read(word), None, "{word:?}");
        }
        assert_eq!(VerificationStatus::read("completed"), None);
    }
}
