//! Hands one change to a tenant's system.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use crate::domain::{OnboardingKey, Timestamp};

use super::tenant::Destination;

/// One change, ready to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The same for every try of the same change.
    pub id: String,
    /// Whose and which: orders a queue.
    pub onboarding: OnboardingKey,
    /// `onboarding.approved`…
    pub kind: String,
    /// The time of this try.
    pub at: Timestamp,
    /// The JSON.
    pub body: String,
    /// Every call of this try ends by then.
    pub until: Timestamp,
}

/// Why it was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CourierError {
    /// 410: it never wants anything again.
    #[error("the destination is gone for good")]
    Gone,
    /// Anything else than 2xx.
    #[error("the destination answered {status}")]
    Answered {
        /// The status.
        status: u16,
        /// When to come again, where it says so.
        retry_after: Option<Duration>,
    },
    /// No answer within the limits.
    #[error("the destination does not answer: {0}")]
    NoAnswer(&'static str),
    /// It does not let us in: of no use before a person has seen to it, or its account works again.
    #[error("the destination does not let us sign in: {0}")]
    NotSignedIn(&'static str),
    /// It answered 2xx and says that it has failed.
    #[error("the destination says that it has failed: {0}")]
    Failed(&'static str),
    /// It cannot be called as it is configured.
    #[error("the destination cannot be called: {0}")]
    Misconfigured(&'static str),
}

impl CourierError {
    /// A stable code for the ledger and the log.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Gone => "gone".to_owned(),
            Self::Answered { status, .. } => format!("answered_{status}"),
            Self::NoAnswer(what) => format!("no_answer_{what}"),
            Self::NotSignedIn(what) => format!("not_signed_in_{what}"),
            Self::Failed(what) => format!("failed_{what}"),
            Self::Misconfigured(what) => format!("misconfigured_{what}"),
        }
    }

    /// When to come again, where the destination says so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answered { retry_after, .. } => *retry_after,
            Self::Gone | Self::NoAnswer(_) | Self::NotSignedIn(_) | Self::Failed(_) | Self::Misconfigured(_) => None,
        }
    }
}

/// Hands over; done means the tenant's system has it.
#[async_trait]
pub trait Courier: Send + Sync {
    /// One try.
    ///
    /// # Errors
    /// It does not have it, or we cannot know.
    async fn hand_over(&self, destination: &Destination, parcel: &Parcel) -> Result<(), CourierError>;
}
