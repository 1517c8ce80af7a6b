//! Time and chance, so that everything else is a function.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::schedule::Pace;
use crate::domain::{OnboardingId, Timestamp};

/// Reads the clock.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Waits: only for what ends in a moment, and within a limit.
    async fn wait(&self, span: Duration);
}

/// Makes what must not be guessed or repeated.
pub trait Entropy: Send + Sync {
    /// Fills with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// A fresh onboarding id, sorted by its time.
    fn onboarding_id(&self, now: Timestamp) -> OnboardingId;

    /// A fresh mark: the nonce of a write, the fence of a lease. 32 hexadecimal digits.
    fn mark(&self) -> String {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        data_encoding::HEXLOWER.encode(&bytes)
    }

    /// A number from 0 to 1.
    fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }
}

/// Both, and the pace at which the plan runs.
#[derive(Clone)]
pub struct World {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// How fast the plan runs; real everywhere but on one machine.
    pub pace: Pace,
}

impl World {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
