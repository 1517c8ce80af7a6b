//! Virtual time and seeded chance.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use ring::digest::{SHA256, digest};

use crate::adapters::world::id_of;
use crate::domain::schedule::Pace;
use crate::domain::{OnboardingId, Timestamp};
use crate::ports::{Clock, Entropy, World};

/// A clock that stands still until somebody moves it.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Stands at that moment.
    #[must_use]
    pub fn at(moment: Timestamp) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(moment.millis())))
    }

    /// Lets time pass; gives the moment after.
    pub fn advance(&self, span: Duration) -> Timestamp {
        let to = self.now() + span;
        self.0.store(to.millis(), Ordering::SeqCst);
        to
    }

    /// Goes to a moment, also back.
    pub fn set(&self, moment: Timestamp) {
        self.0.store(moment.millis(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    /// 2026-11-20T08:00:00Z
    fn default() -> Self {
        Self(AtomicI64::new(1_795_161_600_000))
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    /// Lets others go first, and time pass.
    async fn wait(&self, span: Duration) {
        let mut waited = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut waited, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        self.advance(span);
    }
}

/// The same bytes in the same order for the same seed.
#[derive(Debug, Default)]
pub struct SeededEntropy {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// From a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = digest(&SHA256, &[self.seed.to_le_bytes(), drawn.to_le_bytes()].concat());
            for (byte, random) in chunk.iter_mut().zip(block.as_ref()) {
                *byte = *random;
            }
        }
    }

    fn onboarding_id(&self, now: Timestamp) -> OnboardingId {
        id_of(self, now)
    }
}

/// A world of its own for one test, with the clock that moves it.
#[must_use]
pub fn manual(seed: u64) -> (World, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let world = World {
        clock: Arc::<ManualClock>::clone(&clock),
        entropy: Arc::new(SeededEntropy::new(seed)),
        pace: Pace::REAL,
    };
    (world, clock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_world_again() {
        let draw = |seed| {
            let (world, clock) = manual(seed);
            clock.advance(Duration::from_secs(1));
            (world.entropy.mark(), world.entropy.onboarding_id(world.now()), world.entropy.chance().to_bits())
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn time_passes_only_when_it_is_told_to() {
        let (world, clock) = manual(0);
        assert_eq!(world.now().to_string(), "2026-11-20T08:00:00Z");
        clock.advance(Duration::from_millis(1500));
        assert_eq!(world.now().to_string(), "2026-11-20T08:00:01.5Z");
    }
}
