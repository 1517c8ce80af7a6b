//! Onfido's words and what they mean to us. They are matched exactly; an unknown one is kept, shown, and never an
//! approval: Onfido adds values without a new version (its versioning policy).

use crate::domain::{Reason, Standing};

/// Status of a check (OpenAPI description; `expired` stands in a third party's library alone).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckStatus {
    InProgress,
    AwaitingApplicant,
    Complete,
    Withdrawn,
    Paused,
    Reopened,
    Expired,
}

impl CheckStatus {
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "in_progress" => Some(Self::InProgress),
            "awaiting_applicant" => Some(Self::AwaitingApplicant),
            "complete" => Some(Self::Complete),
            "withdrawn" => Some(Self::Withdrawn),
            "paused" => Some(Self::Paused),
            "reopened" => Some(Self::Reopened),
            "expired" => Some(Self::Expired),
            _ => None,
        }
    }

    /// A paused one waits for the tenant; a reopened one holds its earlier result no longer.
    pub(super) fn standing(self, result: Option<&str>) -> Standing {
        match self {
            Self::InProgress | Self::AwaitingApplicant | Self::Reopened => Standing::Open,
            Self::Paused => Standing::Waiting,
            Self::Withdrawn | Self::Expired => Standing::Ended,
            Self::Complete => match result {
                Some(CLEAR) => Standing::Approved,
                Some(CONSIDER) => Standing::Rejected,
                Some(_) | None => Standing::Unrecognised,
            },
        }
    }
}

/// Status of a report (OpenAPI description).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReportStatus {
    AwaitingData,
    AwaitingApproval,
    Cancelled,
    Complete,
    Withdrawn,
}

impl ReportStatus {
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "awaiting_data" => Some(Self::AwaitingData),
            "awaiting_approval" => Some(Self::AwaitingApproval),
            "cancelled" => Some(Self::Cancelled),
            "complete" => Some(Self::Complete),
            "withdrawn" => Some(Self::Withdrawn),
            _ => None,
        }
    }

    /// A sub-result can take back what the result says, never add to it.
    pub(super) fn standing(self, result: Option<&str>, sub: Option<&str>) -> Standing {
        match self {
            Self::AwaitingData => Standing::Open,
            Self::AwaitingApproval => Standing::Waiting,
            Self::Cancelled | Self::Withdrawn => Standing::Ended,
            Self::Complete => match (result, sub.map(SubResult::read)) {
                (Some(CONSIDER | UNIDENTIFIED), _) => Standing::Rejected,
                (Some(CLEAR), None | Some(Some(SubResult::Clear))) => Standing::Approved,
                (Some(CLEAR), Some(Some(SubResult::Rejected | SubResult::Suspected | SubResult::Caution))) => {
                    Standing::Rejected
                }
                (Some(_) | None, _) => Standing::Unrecognised,
            },
        }
    }
}

/// Status of a workflow run (OpenAPI description; `awaiting_client_input` came later).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunStatus {
    Processing,
    AwaitingInput,
    AwaitingClientInput,
    Approved,
    Declined,
    Review,
    Abandoned,
    Error,
}

impl RunStatus {
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "processing" => Some(Self::Processing),
            "awaiting_input" => Some(Self::AwaitingInput),
            "awaiting_client_input" => Some(Self::AwaitingClientInput),
            "approved" => Some(Self::Approved),
            "declined" => Some(Self::Declined),
            "review" => Some(Self::Review),
            "abandoned" => Some(Self::Abandoned),
            "error" => Some(Self::Error),
            _ => None,
        }
    }

    /// A run in review has come to its end; what a person makes of it afterwards is another word.
    pub(super) const fn standing(self) -> Standing {
        match self {
            Self::Processing | Self::AwaitingInput => Standing::Open,
            Self::AwaitingClientInput => Standing::Waiting,
            Self::Approved => Standing::Approved,
            Self::Declined => Standing::Rejected,
            Self::Review | Self::Abandoned | Self::Error => Standing::Ended,
        }
    }
}

/// Results (OpenAPI description), of checks, reports and breakdowns.
pub(super) const CLEAR: &str = "clear";
/// See [`CLEAR`].
pub(super) const CONSIDER: &str = "consider";
/// See [`CLEAR`]; no check has it.
pub(super) const UNIDENTIFIED: &str = "unidentified";

/// Of a document report beside its result (guide "document report: suggested client actions").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SubResult {
    Clear,
    Rejected,
    Suspected,
    Caution,
}

impl SubResult {
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            CLEAR => Some(Self::Clear),
            "rejected" => Some(Self::Rejected),
            "suspected" => Some(Self::Suspected),
            "caution" => Some(Self::Caution),
            _ => None,
        }
    }
}

/// The reports that a check may be asked for (OpenAPI description of July 2026).
pub(super) const REPORT_NAMES: [&str; 21] = [
    "document",
    "document_video",
    "document_video_with_address_information",
    "document_with_address_information",
    "document_with_driving_licence_information",
    "document_with_driver_verification",
    "facial_similarity_photo",
    "facial_similarity_photo_fully_auto",
    "facial_similarity_video",
    "facial_similarity_motion",
    "known_faces",
    "identity_enhanced",
    "watchlist_aml",
    "watchlist_enhanced",
    "watchlist_standard",
    "watchlist_peps_only",
    "watchlist_sanctions_only",
    "proof_of_address",
    "us_driving_licence",
    "device_intelligence",
    "india_pan",
];

/// What a report is about, by its name; one that nobody knows is of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Document,
    Face,
    KnownFaces,
    Watchlist,
    Data,
    Other,
}

impl Family {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "document" => Self::Document,
            "known_faces" => Self::KnownFaces,
            "identity_enhanced" | "us_driving_licence" | "india_pan" => Self::Data,
            _ if name.starts_with("document_") => Self::Document,
            _ if name.starts_with("facial_similarity_") => Self::Face,
            _ if name.starts_with("watchlist_") => Self::Watchlist,
            _ => Self::Other,
        }
    }

    /// Where no finding says more.
    pub(super) const fn reason(self) -> Reason {
        match self {
            Self::Document | Self::Other => Reason::Other,
            Self::Face => Reason::FaceMismatch,
            Self::KnownFaces => Reason::Duplicate,
            Self::Watchlist => Reason::SanctionsOrPep,
            Self::Data => Reason::DataMismatch,
        }
    }
}

/// What a finding means: a breakdown, or one of its rows. The first that fits; of a document and of a face alike.
pub(super) const FINDINGS: &[(&str, Reason)] = &[
    ("age_validation", Reason::Underage),
    ("data_validation.document_expiration", Reason::DocumentExpired),
    ("data_comparison", Reason::DataMismatch),
    ("data_consistency", Reason::DataMismatch),
    ("face_comparison", Reason::FaceMismatch),
    ("visual_authenticity.spoofing_detection", Reason::LivenessFailed),
    ("visual_authenticity.liveness_detected", Reason::LivenessFailed),
    ("visual_authenticity", Reason::DocumentSuspectedFraud),
    ("compromised_document", Reason::DocumentSuspectedFraud),
    ("police_record", Reason::DocumentSuspectedFraud),
    ("issuing_authority", Reason::DocumentSuspectedFraud),
    ("image_integrity.supported_document", Reason::DocumentUnsupported),
    ("image_integrity.face_detected", Reason::MissingEvidence),
    ("image_integrity.source_integrity", Reason::LivenessFailed),
    ("image_integrity", Reason::DocumentUnreadable),
];

/// What a finding such as `image_integrity.image_quality` means, if that is clear.
pub(super) fn finding(code: &str) -> Option<Reason> {
    let fits = |name: &str| code.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    FINDINGS.iter().find(|(name, _)| fits(name)).map(|(_, reason)| *reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_matched_exactly() {
        for word in
            ["", "Complete", "COMPLETE", " complete", "complete ", "complete\0", "completed", "clear", "quantum"]
        {
            assert_eq!(CheckStatus::read(word), None, "{word:?}");
            assert_eq!(ReportStatus::read(word), None, "{word:?}");
            assert_eq!(RunStatus::read(word), None, "{word:?}");
        }
        for result in [None, Some(""), Some("Clear"), Some("clear "), Some("approved")] {
            assert_eq!(CheckStatus::Complete.standing(result), Standing::Unrecognised, "{result:?}");
            assert_eq!(ReportStatus::Complete.standing(result, Some(CLEAR)), Standing::Unrecognised, "{result:?}");
        }
        assert_eq!(CheckStatus::Complete.standing(Some(UNIDENTIFIED)), Standing::Unrecognised);
        assert_eq!(CheckStatus::Reopened.standing(Some(CLEAR)), Standing::Open, "its result holds no longer");
    }

    #[test]
    fn a_sub_result_takes_back_what_the_result_says() {
        for (sub, standing) in [
            (None, Standing::Approved),
            (Some(CLEAR), Standing::Approved),
            (Some("caution"), Standing::Rejected),
            (Some("suspected"), Standing::Rejected),
            (Some("quantum"), Standing::Unrecognised),
        ] {
            assert_eq!(ReportStatus::Complete.standing(Some(CLEAR), sub), standing, "{sub:?}");
            assert_eq!(ReportStatus::Complete.standing(Some(CONSIDER), sub), Standing::Rejected, "{sub:?}");
        }
    }

    #[test]
    fn a_finding_is_its_breakdown_or_a_row_of_it() {
        assert_eq!(finding("image_integrity.image_quality"), Some(Reason::DocumentUnreadable));
        assert_eq!(finding("image_integrity"), Some(Reason::DocumentUnreadable));
        assert_eq!(finding("image_integrity.supported_document"), Some(Reason::DocumentUnsupported));
        assert_eq!(finding("image_integrity_of_something"), None);
        assert_eq!(finding("data_validation.mrz"), None);
    }

    #[test]
    fn every_report_has_its_family() {
        let families = REPORT_NAMES.map(Family::of);
        let others = REPORT_NAMES.into_iter().filter(|name| Family::of(name) == Family::Other);
        assert_eq!(others.collect::<Vec<_>>(), ["proof_of_address", "device_intelligence"]);
        assert_eq!(families.iter().filter(|family| **family == Family::Document).count(), 6);
        assert_eq!(Family::of("documentary"), Family::Other);
    }
}
