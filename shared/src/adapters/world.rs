//! Time and chance as the machine has them.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use ring::rand::{SecureRandom, SystemRandom};
use ulid::Ulid;

use crate::domain::schedule::Pace;
use crate::domain::{OnboardingId, Timestamp};
use crate::ports::{Clock, Entropy, World};

/// The machine's own time and chance.
#[must_use]
pub fn system(pace: Pace) -> World {
    World { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::default()), pace }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that waits: a moment, within a limit of the caller's")]
    async fn wait(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

/// The machine's source of randomness.
pub struct SystemEntropy(SystemRandom);

impl Default for SystemEntropy {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if self.0.fill(bytes).is_err() {
            // Linux's source cannot fail once it is there. If it did, every id, nonce and key that followed could be
            // guessed: a process that is gone is the smaller harm.
            std::process::abort();
        }
    }

    fn onboarding_id(&self, now: Timestamp) -> OnboardingId {
        id_of(self, now)
    }
}

/// A ULID of that moment with 80 unpredictable bits.
pub(crate) fn id_of(entropy: &dyn Entropy, now: Timestamp) -> OnboardingId {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    loop {
        let mut random = [0; 16];
        entropy.fill(&mut random);
        let ulid = Ulid::from_parts(millis, u128::from_le_bytes(random));
        // Always the case: a ULID is written in the alphabet that an id asks for.
        if let Ok(id) = OnboardingId::parse(format!("onb_{ulid}")) {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_time_and_do_not_repeat() {
        let entropy = SystemEntropy::default();
        let now = SystemClock.now();
        let later = now + Duration::from_millis(1);
        let ids: Vec<_> = (0..50).map(|_| entropy.onboarding_id(now)).collect();
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
        assert!(ids.iter().max() < Some(&entropy.onboarding_id(later)));
    }

    #[test]
    fn chance_stays_within_its_bounds() {
        let entropy = SystemEntropy::default();
        assert!((0..1000).map(|_| entropy.chance()).all(|chance| (0.0..=1.0).contains(&chance)));
        assert_ne!(entropy.mark(), entropy.mark());
    }
}
