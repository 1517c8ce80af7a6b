//! The closed lists of the gateway's vocabulary. Nothing outside them is ever said to a tenant.

use serde::{Deserialize, Serialize};

use super::closed_list::closed_list;
use super::time::Timestamp;

closed_list! {
    /// Canonical status of an onboarding.
    pub enum Status {
        Created = "created": "The intent is recorded; the provider may not know of it yet.",
        LinkIssued = "link_issued": "The person has a link or token and has not used it.",
        InProgress = "in_progress": "The person is in the provider's flow.",
        Submitted = "submitted": "The person has done everything asked; no decision yet.",
        InReview = "in_review": "The provider (a machine or a person) is deciding.",
        ActionRequired = "action_required": "Something is asked of the person or the tenant; see `action`.",
        Approved = "approved": "The provider approved. May be overturned by a later look.",
        Rejected = "rejected": "The provider rejected. May be overturned by a later look.",
        Expired = "expired": "The link or the flow ran out of time.",
        Abandoned = "abandoned": "The person left, or nothing was heard within the horizon.",
        Cancelled = "cancelled": "The tenant or the person withdrew.",
    }
}

impl Status {
    /// Settled is not frozen: a later look may overturn it.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Approved | Self::Rejected | Self::Expired | Self::Abandoned | Self::Cancelled => true,
            Self::Created
            | Self::LinkIssued
            | Self::InProgress
            | Self::Submitted
            | Self::InReview
            | Self::ActionRequired => false,
        }
    }

    /// The person has not given everything yet.
    #[must_use]
    pub const fn is_before_submission(self) -> bool {
        matches!(self, Self::Created | Self::LinkIssued | Self::InProgress)
    }

    /// A verdict on the subject, as opposed to an end without one.
    #[must_use]
    pub const fn is_decision(self) -> bool {
        matches!(self, Self::Approved | Self::Rejected)
    }
}

closed_list! {
    /// Why, in one vocabulary for all providers; the provider's own code stands beside it.
    pub enum Reason {
        DocumentUnreadable = "document_unreadable": "Photo or scan too poor to be read.",
        DocumentExpired = "document_expired": "The document is no longer valid.",
        DocumentUnsupported = "document_unsupported": "The document's type or form is not accepted.",
        DocumentSuspectedFraud = "document_suspected_fraud": "The document or the attempt looks forged.",
        DataMismatch = "data_mismatch": "Data on the document differ from what was given.",
        FaceMismatch = "face_mismatch": "The face is not the one on the document.",
        LivenessFailed = "liveness_failed": "No living person was seen.",
        Underage = "underage": "Below the age that is asked for.",
        SanctionsOrPep = "sanctions_or_pep": "Found on a sanctions or PEP list.",
        RestrictedCountry = "restricted_country": "Country or nationality is not served.",
        Duplicate = "duplicate": "Known already under another case.",
        MissingEvidence = "missing_evidence": "Something that was asked for was not given.",
        ConsentDeclined = "consent_declined": "The person did not consent.",
        LinkExpired = "link_expired": "The link ran out of time.",
        ProviderError = "provider_error": "The provider could not do its work.",
        Overturned = "overturned": "An earlier decision was changed.",
        NotDisclosed = "not_disclosed": "The provider does not say.",
        Other = "other": "None of the others; see the provider's code.",
    }
}

/// A reason with the provider's raw code beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Because {
    /// The canonical reason.
    pub code: Reason,
    /// The provider's own word, at most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<String>,
}

/// More reasons than this are not kept (design §9).
pub const MAX_REASONS: usize = 8;

closed_list! {
    /// What is asked.
    pub enum Ask {
        RetryCapture = "retry_capture": "Take the photos again.",
        ProvideDocument = "provide_document": "Give another or a further document.",
        ProveAddress = "prove_address": "Give a proof of address.",
        GiveConsent = "give_consent": "Consent to something.",
        AnswerQuestion = "answer_question": "Answer a question of the provider.",
        TenantMustAct = "tenant_must_act": "The tenant has to do something at the provider.",
    }
}

closed_list! {
    /// Of whom it is asked.
    pub enum Asked {
        Person = "person": "The person being verified.",
        Tenant = "tenant": "The tenant's staff.",
    }
}

/// What is asked, of whom, by when. The link comes through `resume`, it is never in a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Action {
    /// What.
    pub ask: Ask,
    /// Of whom.
    pub of: Asked,
    /// By when, where the provider says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Timestamp>,
}

closed_list! {
    /// Who decided.
    pub enum DecidedBy {
        Automatic = "automatic": "A machine of the provider.",
        Manual = "manual": "A person at the provider.",
        Unknown = "unknown": "The provider does not say.",
    }
}

closed_list! {
    /// Who is verified.
    pub enum SubjectKind {
        Individual = "individual": "A person.",
        Company = "company": "A company.",
    }
}

closed_list! {
    /// How the person comes to the provider.
    pub enum Channel {
        Link = "link": "A link to the provider's own pages.",
        Sdk = "sdk": "The provider's SDK inside the app.",
    }
}
