//! What an app is answered: an object, or `{"error": …}` as a normal return.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use tracing::{error, warn};

use crate::delivery::payload::provider_ids;
use crate::domain::{
    Action, Because, Change, Channel, ConnectionName, DecidedBy, ErrorCode, Onboarding, OnboardingId, Reference,
    Resource, Standing, Status, SubjectKind, Timestamp,
};
use crate::ports::{LedgerError, ProviderError, VaultError};

macro_rules! answer {
    ($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name { $($(#[$of])* pub $field: $type),* }
    };
}

answer! {
    /// To `start` and `resume`.
    Started {
        /// Which onboarding.
        onboarding_id: OnboardingId,
        /// How it stands.
        status: Status,
        /// Which attempt, from 1.
        attempt: u8,
        /// Where the person goes.
        #[serde(skip_serializing_if = "Option::is_none")]
        link: Option<Link>,
        /// What the provider's SDK takes.
        #[serde(skip_serializing_if = "Option::is_none")]
        sdk: Option<Sdk>,
    }
}

answer! {
    /// A link: a bearer secret, for the person alone.
    Link {
        /// The address.
        url: String,
        /// Until when it lives, as far as is known.
        expires_at: Option<Timestamp>,
        /// Whether it may be shown inside a frame: `never` or `allowed`.
        embed: String,
    }
}

answer! {
    /// A token for the provider's SDK.
    Sdk {
        /// The token.
        token: String,
        /// Until when it lives, as far as is known.
        expires_at: Option<Timestamp>,
        /// The provider's ids.
        ids: BTreeMap<String, String>,
    }
}

answer! {
    /// To `get` and, as a list, to `list`.
    Shown {
        /// Which onboarding.
        onboarding_id: OnboardingId,
        /// Through which connection.
        connection: ConnectionName,
        /// Which provider that is.
        provider: String,
        /// The app's own id.
        reference: Reference,
        /// Who is verified.
        subject_kind: SubjectKind,
        /// How the person comes to the provider.
        channel: Channel,
        /// How it stands.
        status: Status,
        /// Who decided.
        decided_by: DecidedBy,
        /// Why.
        reasons: Vec<Because>,
        /// What is asked.
        action: Option<Action>,
        /// Which attempt, from 1.
        attempt: u8,
        /// The number of the last change.
        version: u64,
        /// When the intent was recorded.
        created_at: Timestamp,
        /// When the last change was learned.
        updated_at: Timestamp,
        /// When the provider was last looked at.
        looked_at: Option<Timestamp>,
        /// An attempt that is not the current one was decided.
        superseded_decision: bool,
        /// A part that could not be read: the status is the last one that could.
        unrecognised: Option<Resource>,
        /// The provider's ids by kind of resource.
        provider_ids: BTreeMap<String, String>,
        /// Evidence of the current attempt.
        parts: Vec<ShownPart>,
        /// How far its changes have been handed over.
        delivery: ShownDelivery,
        /// Erased: what stands here is a tombstone.
        erased_at: Option<Timestamp>,
    }
}

answer! {
    /// One piece of evidence.
    ShownPart {
        /// Which resource at the provider.
        resource: Resource,
        /// Where it stands.
        standing: Standing,
        /// The provider's own word.
        provider_status: String,
        /// The provider's own reason.
        provider_reason: Option<String>,
        /// Who decided.
        decided_by: DecidedBy,
        /// The provider's time of it.
        at: Option<Timestamp>,
        /// The provider does not show it any more.
        gone: bool,
    }
}

answer! {
    /// How far changes have been handed over.
    ShownDelivery {
        /// All up to this one.
        through: u64,
        /// Tries of the next.
        tries: u32,
        /// The code of the last failure.
        last_error: Option<String>,
        /// When the next try is due.
        next_try_at: Option<Timestamp>,
        /// Changes that were given up.
        parked: Vec<u64>,
    }
}

answer! {
    /// To `get`.
    Got {
        /// The onboarding.
        #[serde(flatten)]
        onboarding: Shown,
        /// How many others have the same reference.
        others: usize,
        /// A fresh link that was made ready, while it lives.
        #[serde(skip_serializing_if = "Option::is_none")]
        link: Option<Link>,
        /// A fresh token for the provider's SDK that was made ready, while it lives.
        #[serde(skip_serializing_if = "Option::is_none")]
        sdk: Option<Sdk>,
        /// The provider's personal data, live, where asked for and allowed.
        #[serde(skip_serializing_if = "Option::is_none")]
        details: Option<Value>,
    }
}

answer! {
    /// To `list`.
    Listed {
        /// The page.
        onboardings: Vec<Shown>,
        /// Where the next page begins; none at the end.
        cursor: Option<OnboardingId>,
    }
}

answer! {
    /// To `timeline`.
    History {
        /// Which onboarding.
        onboarding_id: OnboardingId,
        /// Every change, oldest first: what, when, why, from which part, by which evidence. No personal data.
        changes: Vec<Value>,
    }
}

answer! {
    /// To `submit`, `update_contact` and `cancel`.
    Acted {
        /// Which onboarding.
        onboarding_id: OnboardingId,
        /// How it stands.
        status: Status,
    }
}

answer! {
    /// To `erase`: the receipt.
    Erased {
        /// Which onboarding.
        onboarding_id: OnboardingId,
        /// When.
        erased_at: Timestamp,
        /// What the provider was asked to delete.
        provider: Vec<Resource>,
        /// What it could not be asked to delete; look in its console.
        not_at_provider: Vec<Resource>,
        /// Why it could not be asked, each reason once; none where it was asked for everything.
        why: Vec<String>,
    }
}

/// How an onboarding is shown.
#[must_use]
pub fn shown(onboarding: &Onboarding) -> Shown {
    let (identity, truth) = (&onboarding.identity, &onboarding.truth);
    let attempt = truth.attempt_number();
    Shown {
        onboarding_id: onboarding.key.id.clone(),
        connection: identity.connection.clone(),
        provider: identity.provider.clone(),
        reference: identity.reference.clone(),
        subject_kind: identity.subject_kind,
        channel: identity.channel,
        status: truth.status,
        decided_by: truth.decided_by,
        reasons: truth.reasons.clone(),
        action: truth.action.clone(),
        attempt,
        version: truth.version,
        created_at: identity.created_at,
        updated_at: truth.updated_at,
        looked_at: onboarding.look.started_at,
        superseded_decision: truth.superseded_decision,
        unrecognised: truth.unrecognised.clone(),
        provider_ids: provider_ids(onboarding, attempt),
        parts: truth
            .parts
            .iter()
            .map(|part| ShownPart {
                resource: part.resource.clone(),
                standing: part.standing,
                provider_status: part.provider_status.clone(),
                provider_reason: part.provider_reason.clone(),
                decided_by: part.decided_by,
                at: part.at,
                gone: part.gone,
            })
            .collect(),
        delivery: ShownDelivery {
            through: onboarding.delivery.through,
            tries: onboarding.delivery.tries,
            last_error: onboarding.delivery.last_error.clone(),
            next_try_at: onboarding.delivery.retry_at,
            parked: onboarding.delivery.parked.clone(),
        },
        erased_at: onboarding.erased_at,
    }
}

/// How a history is shown.
#[must_use]
pub fn history(onboarding_id: OnboardingId, changes: &[Change]) -> History {
    let changes = changes.iter().filter_map(|change| serde_json::to_value(change).ok()).collect();
    History { onboarding_id, changes }
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    code: ErrorCode,
    message: String,
    field: Option<String>,
}

impl Refusal {
    /// With a message for the app's developer.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None }
    }

    /// `invalid_request`.
    #[must_use]
    pub fn field(field: &str, rule: &str) -> Self {
        Self::new(ErrorCode::InvalidRequest, rule).of_field(field)
    }

    /// Names the field.
    #[must_use]
    pub fn of_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into()).filter(|field| !field.is_empty());
        self
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// As it is answered.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut inner = serde_json::json!({
            "code": self.code, "message": self.message, "retryable": self.code.is_retryable(),
        });
        if let (Some(field), Some(members)) = (&self.field, inner.as_object_mut()) {
            members.insert("field".to_owned(), Value::from(field.as_str()));
        }
        serde_json::json!({ "error": inner })
    }
}

impl From<LedgerError> for Refusal {
    fn from(failure: LedgerError) -> Self {
        error!(event = "ledger_failure", cause = %failure);
        match failure {
            LedgerError::Unavailable(_) => Self::new(ErrorCode::Unavailable, "the ledger does not answer; ask again"),
            LedgerError::Unreadable(_) | LedgerError::Refused(_) => {
                Self::new(ErrorCode::Internal, "our own fault; it is logged")
            }
        }
    }
}

impl From<VaultError> for Refusal {
    fn from(failure: VaultError) -> Self {
        match failure {
            VaultError::Unknown => Self::new(ErrorCode::NotFound, "there is no such tenant").of_field("tenant"),
            VaultError::Unavailable(_) => {
                Self::new(ErrorCode::Unavailable, "the tenant's configuration cannot be read now; ask again")
            }
        }
    }
}

impl From<ProviderError> for Refusal {
    fn from(failure: ProviderError) -> Self {
        warn!(event = "provider_failure", cause = %failure);
        match failure {
            ProviderError::Busy { .. } => {
                Self::new(ErrorCode::RateLimited, "the provider asks for patience; ask again later")
            }
            ProviderError::Unavailable(_) | ProviderError::Renewing => {
                Self::new(ErrorCode::ProviderUnavailable, "the provider does not answer; ask again")
            }
            ProviderError::Unauthorized => Self::new(
                ErrorCode::ProviderRejected,
                "the provider refuses the connection's credentials; check `api` in the tenant's configuration",
            ),
            ProviderError::NotFound => {
                Self::new(ErrorCode::ProviderRejected, "the provider does not know this run any more")
            }
            ProviderError::Refused { field } => {
                let refusal = Self::new(ErrorCode::ProviderRejected, "the provider refuses the request");
                match field {
                    Some(field) => refusal.of_field(field),
                    None => refusal,
                }
            }
            ProviderError::Foreign(_) => {
                Self::new(ErrorCode::ProviderUnavailable, "the provider answered about something else")
            }
            ProviderError::Unsupported(message) => Self::new(ErrorCode::Unsupported, message),
        }
    }
}
