//! The list of what persons and operators do.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// The person opens the link; the same link resumes what was put off.
    Open,
    Consent,
    StartKyc,
    /// The person is done: `Processed`, status still `Awaiting`.
    FinishKyc,
    /// The machine's or (with `cross_checked`) a person's decision; also a later, contrary one.
    Decide {
        approved: bool,
        #[serde(default)]
        reason: Option<String>,
        #[serde(default)]
        cross_checked: bool,
    },
    Complete,
    Abort {
        #[serde(default)]
        consent_declined: bool,
        #[serde(default)]
        reason: Option<String>,
    },
    Suspend,
    Resume,
    Expire,
    /// Another try within the flow after a rejection. Whether the identification stays is not known (§8, 9).
    StartOver {
        #[serde(default)]
        new_identification: bool,
    },
    /// An operator corrects the document's data.
    UpdateDocument {
        first_name: String,
    },
    SubmitCompany,
    DecideCompany {
        approved: bool,
    },
    AddCompanyDocument,
    UploadCompanyDocument {
        document: String,
    },
    ReviewCompanyDocument {
        document: String,
        valid: bool,
    },
    DeleteCompanyDocument {
        document: String,
    },
    StartForm,
    UpdateForm {
        form: String,
    },
    FinishForm {
        form: String,
    },
    /// The application's data is deleted; no webhook is documented.
    Redact,
    FinishRedaction,
}

impl Act {
    pub fn approve() -> Self {
        Self::Decide { approved: true, reason: None, cross_checked: false }
    }

    pub fn approve_manually() -> Self {
        Self::Decide { approved: true, reason: None, cross_checked: true }
    }

    pub fn reject(reason: &str) -> Self {
        Self::Decide { approved: false, reason: Some(reason.to_owned()), cross_checked: false }
    }

    pub fn reject_manually(reason: &str) -> Self {
        Self::Decide { approved: false, reason: Some(reason.to_owned()), cross_checked: true }
    }

    pub fn abort() -> Self {
        Self::Abort { consent_declined: false, reason: None }
    }

    pub fn decline_consent() -> Self {
        Self::Abort { consent_declined: true, reason: None }
    }

    /// From the untouched link to what the person can do: `Processed`.
    pub fn whole_capture() -> Vec<Self> {
        vec![Self::Open, Self::Consent, Self::StartKyc, Self::FinishKyc]
    }

    /// Approved by the machine, completed.
    pub fn whole_approval() -> Vec<Self> {
        [Self::whole_capture(), vec![Self::approve(), Self::Complete]].concat()
    }

    pub fn whole_rejection(reason: &str) -> Vec<Self> {
        [Self::whole_capture(), vec![Self::reject(reason), Self::Complete]].concat()
    }

    /// Completed, undecided: an operator must look.
    pub fn whole_until_review() -> Vec<Self> {
        [Self::whole_capture(), vec![Self::Complete]].concat()
    }
}
