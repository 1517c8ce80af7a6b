//! The list of what persons and compliance staff do.

use serde::{Deserialize, Serialize};

use super::words::{ACTIVATED, BLOCKED};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// The person opens the onboarding link: nothing that anybody else could see.
    OpenLink,
    /// The hosted form is done.
    SubmitForm,
    /// The person leaves: no event, no status (§2.2).
    DropOff,
    /// The onboarding link ends now.
    ExpireLink,
    Activate,
    Block,
    /// Intergiro wants something more of the person (§2.6).
    Request {
        #[serde(default)]
        action: ActionType,
        #[serde(default)]
        valid: Validity,
    },
    /// The person goes through the consent of a pending action; absent: of the oldest open one.
    CompleteAction {
        #[serde(default)]
        action: Option<String>,
    },
    /// The person refuses: the consent is declined, the action stays open (an assumption).
    DeclineAction {
        #[serde(default)]
        action: Option<String>,
    },
    /// The action's validity ends now; no event is known.
    ExpireAction {
        #[serde(default)]
        action: Option<String>,
    },
    /// An event of another kind about this person (cards, accounts, payments).
    Other {
        name: String,
    },
    /// Any status, without an event: one that nobody knows, or one that changed unseen.
    Become {
        status: String,
    },
}

impl Act {
    pub fn request(action: ActionType) -> Self {
        Self::Request { action, valid: Validity::Usual }
    }

    pub fn complete() -> Self {
        Self::CompleteAction { action: None }
    }

    /// The person's part, from the link to the end of the form.
    pub fn whole_form() -> Vec<Self> {
        vec![Self::OpenLink, Self::SubmitForm]
    }

    pub fn whole_approval() -> Vec<Self> {
        vec![Self::OpenLink, Self::SubmitForm, Self::Activate]
    }

    pub fn whole_rejection() -> Vec<Self> {
        vec![Self::OpenLink, Self::SubmitForm, Self::Block]
    }

    /// Changed without a word: neither event nor webhook.
    pub fn silently_activate() -> Self {
        Self::Become { status: ACTIVATED.to_owned() }
    }

    pub fn silently_block() -> Self {
        Self::Become { status: BLOCKED.to_owned() }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActionType {
    #[default]
    IdentityVerification,
    ProofOfAddressVerification,
    /// Of cards, not of onboarding.
    AuthenticateCardOperation,
    /// A type that nobody knows.
    #[serde(untagged)]
    Unknown(String),
}

impl ActionType {
    pub fn name(&self) -> &str {
        match self {
            Self::IdentityVerification => "IdentityVerification",
            Self::ProofOfAddressVerification => "ProofOfAddressVerification",
            Self::AuthenticateCardOperation => "AuthenticateCardOperation",
            Self::Unknown(name) => name,
        }
    }

    /// The text for the end user.
    pub(crate) fn description(&self) -> &'static str {
        match self {
            Self::IdentityVerification => {
                "Please verify your identity. We kindly ask that you complete this verification at your earliest convenience."
            }
            Self::ProofOfAddressVerification => "Please provide a proof of address.",
            Self::AuthenticateCardOperation => "Please authenticate your payment",
            Self::Unknown(_) => "Please continue in the app.",
        }
    }

    /// The consent's scope; only `identity_verification` is printed (§2.6).
    pub(crate) fn scope(&self) -> &'static str {
        match self {
            Self::IdentityVerification => "identity_verification",
            Self::ProofOfAddressVerification => "proof_of_address_verification",
            Self::AuthenticateCardOperation => "make_payment",
            Self::Unknown(_) => "other",
        }
    }
}

/// How long a pending action is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// As the settings say.
    #[default]
    Usual,
    /// `expires_at` is null.
    Open,
    Seconds(u32),
}
