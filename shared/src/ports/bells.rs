//! The queues. A message only says "now"; what is due is in the ledger.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::{Notice, OnboardingKey};

/// "Something is to be handed over."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryBell {
    /// The version of this form.
    pub v: u8,
    /// Of which onboarding.
    pub onboarding: OnboardingKey,
}

impl DeliveryBell {
    /// A bell in the form that this version writes and reads.
    #[must_use]
    pub const fn of(onboarding: OnboardingKey) -> Self {
        Self { v: 1, onboarding }
    }
}

/// A record that can never be worked on, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// A stable code.
    pub cause: &'static str,
    /// The queue it came from.
    pub source_queue: String,
    /// The id it had there.
    pub original_id: String,
    /// When it was sent, as the queue says (milliseconds since the epoch).
    pub first_sent: String,
    /// The body as it came; made fit for a queue by the adapter.
    pub body: String,
}

/// The queue did not take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the queue did not take it: {0}")]
pub struct BellsError(pub &'static str);

/// Rings.
#[async_trait]
pub trait Bells: Send + Sync {
    /// Asks for a look, not before `after`.
    ///
    /// # Errors
    /// It is not durably queued.
    async fn notify(&self, notice: &Notice, after: Duration) -> Result<(), BellsError>;

    /// Asks for several looks; all or an error.
    ///
    /// # Errors
    /// Not all are durably queued.
    async fn notify_all(&self, notices: &[Notice]) -> Result<(), BellsError>;

    /// Asks for hand-overs, not before `after`.
    ///
    /// # Errors
    /// Not all are durably queued.
    async fn ring(&self, bells: &[DeliveryBell], after: Duration) -> Result<(), BellsError>;

    /// Puts a record aside for a person to see.
    ///
    /// # Errors
    /// It is not durably queued.
    async fn reject(&self, rejected: &Rejected) -> Result<(), BellsError>;

    /// Lets a received message be seen again after that time.
    ///
    /// # Errors
    /// It keeps the visibility it had.
    async fn postpone(&self, receipt: &str, after: Duration) -> Result<(), BellsError>;
}
