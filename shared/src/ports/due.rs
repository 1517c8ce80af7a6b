//! What is due, and the two indexes that find it. An entry of an index costs like a write of the table, so it is
//! coarse (looks 5 min, deliveries 30 s) and rewritten only when due moves earlier or was consumed. When the reconciler
//! has rung, the *entry* is deferred, so that it rings again if nothing comes of it; what is due stays due since then.

use std::time::Duration;

use crate::domain::schedule::Pace;
use crate::domain::{ConnectionKey, OnboardingKey, SubjectKey, Tenant, Timestamp};

/// Entries of the look index are rounded up to this.
const LOOK_STEP: Duration = Duration::from_secs(5 * 60);
/// Entries of the delivery index are rounded up to this.
const DELIVERY_STEP: Duration = Duration::from_secs(30);

/// Which of the two due indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    /// Looks, rounded up to 5 min.
    Look,
    /// Deliveries, rounded up to 30 s.
    Delivery,
}

impl Due {
    /// How many shards each has.
    pub const SHARDS: u8 = 8;

    /// When the entry of something due at `at` stands in the index; a faster pace is rounded finer likewise.
    #[must_use]
    pub fn rounded(self, at: Timestamp, pace: Pace) -> Timestamp {
        at.rounded_up(pace.of(match self {
            Self::Look => LOOK_STEP,
            Self::Delivery => DELIVERY_STEP,
        }))
    }

    /// The shard of a name, the same for ever: FNV-1a, its bytes folded into one.
    #[must_use]
    pub fn shard_of(name: &str) -> u8 {
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        hash.to_le_bytes().into_iter().fold(0, |folded, byte| folded ^ byte) % Self::SHARDS
    }
}

/// An entry of a due index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DueBell {
    /// An onboarding, and where its entry stands.
    Onboarding(OnboardingKey, Timestamp),
    /// A parked subject, and where its entry stands.
    Subject(SubjectKey, Timestamp),
    /// A connection whose feed is read, and where its entry stands.
    Feed(ConnectionKey, Timestamp),
}

impl DueBell {
    /// Whose it is.
    #[must_use]
    pub const fn tenant(&self) -> &Tenant {
        match self {
            Self::Onboarding(key, _) => &key.tenant,
            Self::Subject(key, _) => &key.connection.tenant,
            Self::Feed(key, _) => &key.tenant,
        }
    }

    /// Where its entry stands.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Onboarding(_, at) | Self::Subject(_, at) | Self::Feed(_, at) => *at,
        }
    }
}

/// When the next look is due after one that started at `looked_at` and would have it at `next`: one that was planned
/// before (`stood`), is earlier and still to come is kept, because an index write costs like a write of the table.
#[must_use]
pub fn next_look_entry(stood: Option<Timestamp>, looked_at: Timestamp, next: Option<Timestamp>) -> Option<Timestamp> {
    let next = next?;
    Some(stood.filter(|&stood| stood > looked_at).map_or(next, |stood| stood.min(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_stable_and_all_used() {
        assert_eq!(Due::shard_of("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV"), 3);
        let used: std::collections::BTreeSet<u8> = (0..200).map(|n| Due::shard_of(&format!("onb_{n:026}"))).collect();
        assert_eq!(used, (0..Due::SHARDS).collect());
    }

    #[test]
    fn a_planned_look_is_moved_only_to_an_earlier_time_or_when_it_is_consumed() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        assert_eq!(next_look_entry(None, at(10), Some(at(20))), Some(at(20)));
        assert_eq!(next_look_entry(Some(at(15)), at(10), Some(at(20))), Some(at(15)));
        assert_eq!(next_look_entry(Some(at(25)), at(10), Some(at(20))), Some(at(20)));
        assert_eq!(next_look_entry(Some(at(10)), at(10), Some(at(20))), Some(at(20)));
        assert_eq!(next_look_entry(Some(at(15)), at(10), None), None);
    }

    #[test]
    fn a_faster_pace_is_rounded_finer() {
        let at = Timestamp::from_millis(301_001);
        assert_eq!(Due::Look.rounded(at, Pace::REAL).millis(), 600_000);
        assert_eq!(Due::Look.rounded(at, Pace::faster(300)).millis(), 302_000);
        assert_eq!(Due::Delivery.rounded(at, Pace::REAL).millis(), 330_000);
    }
}
