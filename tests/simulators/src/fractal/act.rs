//! The list of what persons and Fractal's staff do.

use serde::{Deserialize, Serialize};

/// A `part` that is absent means every part that the act is possible for; verifier and relay have no parts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// The person does the journey that it left for later: no event (§5.4).
    CompleteJourney {
        #[serde(default)]
        part: Option<String>,
    },
    Approve {
        #[serde(default)]
        part: Option<String>,
        /// The event's time; absent: now.
        #[serde(default)]
        at: Option<String>,
    },
    /// No reason is given; verifier and relay have a note.
    Reject {
        #[serde(default)]
        part: Option<String>,
        #[serde(default)]
        note: String,
        #[serde(default)]
        at: Option<String>,
    },
    /// The person is asked for more. Classic alone.
    Contact {
        #[serde(default)]
        part: Option<String>,
        #[serde(default)]
        at: Option<String>,
    },
    /// The contacted person has answered: pending again, no event.
    Respond {
        #[serde(default)]
        part: Option<String>,
    },
    /// A document or proof of address is over: seen in the sweep alone (§6), no event.
    Expire {
        #[serde(default)]
        part: Option<String>,
    },
    ChangeEmail {
        email: String,
    },
    /// A credential is shared in idOS; ids absent: made by chance.
    ShareCredential {
        #[serde(default)]
        human: Option<String>,
        #[serde(default)]
        credential: Option<String>,
    },
    /// May happen after an approval (§4).
    AddWallet {
        address: String,
        currency: String,
    },
    AddPhone {
        number: String,
    },
    /// The person takes an application's access back (absent: everybody's): its tokens are over.
    Revoke {
        #[serde(default)]
        application: Option<String>,
    },
    /// Details and files are deleted at Fractal (§1).
    EraseData,
    /// An event of a type that no page names.
    Other {
        #[serde(rename = "type")]
        name: String,
    },
    /// Any words, without an event. At verifier and relay `status` alone counts.
    Become {
        #[serde(default)]
        part: Option<String>,
        status: String,
        #[serde(default)]
        credential: String,
    },
}

impl Act {
    pub fn approve(part: &str) -> Self {
        Self::Approve { part: Some(part.to_owned()), at: None }
    }

    pub fn reject(part: &str) -> Self {
        Self::Reject { part: Some(part.to_owned()), note: String::new(), at: None }
    }

    pub fn contact(part: &str) -> Self {
        Self::Contact { part: Some(part.to_owned()), at: None }
    }

    /// Every part, or the one decision of verifier and relay.
    pub fn approve_all() -> Self {
        Self::Approve { part: None, at: None }
    }

    pub fn reject_all(note: &str) -> Self {
        Self::Reject { part: None, note: note.to_owned(), at: None }
    }

    pub fn share() -> Self {
        Self::ShareCredential { human: None, credential: None }
    }
}
