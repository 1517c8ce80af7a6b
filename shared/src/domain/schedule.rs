//! When things are due. Pure arithmetic: the moment and the chance (0…1) come from outside.

use std::time::Duration;

use super::onboarding::{Onboarding, Truth};
use super::time::Timestamp;

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A look that contradicts its claim is repeated after these (design §2).
const CONFIRM: [u64; 5] = [5, 15, 45, 2 * MINUTE, 5 * MINUTE];
/// A settled onboarding is looked at this long after it settled, then each 90 days (design §5).
const SETTLED: [u64; 4] = [HOUR, DAY, 7 * DAY, 30 * DAY];
/// Steps between tries of one delivery: 13 tries over 80 hours (design §5).
const DELIVERY: [u64; 12] = [
    5,
    MINUTE,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
    12 * HOUR,
    12 * HOUR,
    12 * HOUR,
    12 * HOUR,
    12 * HOUR,
];
/// No change is parked before this long and this many tries (guarantee 3).
const PATIENCE: Duration = Duration::from_secs(72 * HOUR);

/// A provider's feed of events is read this often: a lost webhook is found after this and the index's 5 min.
pub const FEED: Duration = Duration::from_secs(10 * MINUTE);

/// Local runs may let time pass N times faster; what is signed and what limits a call stays real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace(u32);

impl Default for Pace {
    fn default() -> Self {
        Self::REAL
    }
}

impl Pace {
    /// As time passes.
    pub const REAL: Self = Self(1);

    /// N times faster; 0 is taken for 1.
    #[must_use]
    pub fn faster(times: u32) -> Self {
        Self(times.max(1))
    }

    /// A span of the plan in this pace.
    #[must_use]
    pub fn of(self, span: Duration) -> Duration {
        span / self.0
    }

    fn secs(self, seconds: u64) -> Duration {
        self.of(Duration::from_secs(seconds))
    }
}

/// How long an onboarding is watched; each may be set per connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizons {
    /// After this an open onboarding is `abandoned`.
    pub open: Duration,
    /// So long a settled one is watched.
    pub monitor: Duration,
    /// An attempt that has not been submitted this long after it began is `stalled`.
    pub stalled_after: Duration,
}

impl Default for Horizons {
    fn default() -> Self {
        Self {
            open: Duration::from_secs(90 * DAY),
            monitor: Duration::from_secs(365 * DAY),
            stalled_after: Duration::from_secs(DAY),
        }
    }
}

/// How long to wait before a contradicted claim is looked into again; none when it has been repeated enough.
#[must_use]
pub fn confirm_after(repeat: u8, pace: Pace) -> Option<Duration> {
    CONFIRM.get(usize::from(repeat)).map(|&seconds| pace.secs(seconds))
}

/// When the next look is due after one at `now`; none when nothing more is expected.
#[must_use]
pub fn next_look(
    onboarding: &Onboarding,
    truth: &Truth,
    now: Timestamp,
    horizons: Horizons,
    pace: Pace,
) -> Option<Timestamp> {
    if truth.gone {
        return None;
    }
    let created = onboarding.identity.created_at;
    match truth.settled_at {
        Some(settled) => next_settled_look(settled, now, horizons.monitor, pace),
        None => Some(next_open_look(created, truth, now, horizons, pace)),
    }
}

fn next_settled_look(settled: Timestamp, now: Timestamp, monitor: Duration, pace: Pace) -> Option<Timestamp> {
    let end = settled + pace.of(monitor);
    let planned = SETTLED.iter().map(|&seconds| settled + pace.secs(seconds)).find(|&at| at > now);
    let next = planned.unwrap_or_else(|| now + pace.secs(90 * DAY));
    (next <= end).then_some(next)
}

fn next_open_look(created: Timestamp, truth: &Truth, now: Timestamp, horizons: Horizons, pace: Pace) -> Timestamp {
    let aged = now.since(created) / 4;
    let regular = now + aged.clamp(pace.secs(15 * MINUTE), pace.secs(DAY));
    let milestones = [
        Some(begun(created, truth) + pace.of(horizons.open)),
        truth.attempt().and_then(|attempt| attempt.link_expires_at),
        truth
            .attempt()
            .filter(|attempt| attempt.number > truth.stalled_attempt)
            .map(|attempt| attempt.started_at + pace.of(horizons.stalled_after)),
    ];
    milestones.into_iter().flatten().filter(|&at| at > now).fold(regular, Timestamp::min)
}

/// What the passing of time alone makes of an onboarding that a look left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Nothing.
    Nothing,
    /// The person has not come to the end for too long: said once per attempt.
    Stalled,
    /// Nothing was heard within the horizon.
    Abandoned,
}

/// Whether the current attempt has been open for longer than the horizon: whatever the provider still calls open is
/// then `abandoned`.
#[must_use]
pub fn is_past_horizon(created: Timestamp, truth: &Truth, now: Timestamp, horizons: Horizons, pace: Pace) -> bool {
    now >= begun(created, truth) + pace.of(horizons.open)
}

fn begun(created: Timestamp, truth: &Truth) -> Timestamp {
    truth.attempt().map_or(created, |attempt| attempt.renewed_at.unwrap_or(attempt.started_at))
}

/// See [`Passage`].
#[must_use]
pub fn passage(created: Timestamp, truth: &Truth, now: Timestamp, horizons: Horizons, pace: Pace) -> Passage {
    if truth.status.is_settled() || truth.gone {
        return Passage::Nothing;
    }
    if is_past_horizon(created, truth, now, horizons, pace) {
        return Passage::Abandoned;
    }
    let before_submission = truth.status.is_before_submission();
    let late = truth.attempt().is_some_and(|attempt| {
        attempt.number > truth.stalled_attempt && now >= attempt.started_at + pace.of(horizons.stalled_after)
    });
    if before_submission && late { Passage::Stalled } else { Passage::Nothing }
}

/// What follows a failed try of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTry {
    /// Try again then.
    At(Timestamp),
    /// It was tried long and often enough: park it.
    Park,
}

/// The try after `tries` failed ones. `chance` (0…1) spreads it by a tenth to either side; `retry_after` is what the
/// destination asked for, heard within bounds.
#[must_use]
pub fn next_try(
    tries: u32,
    first: Timestamp,
    now: Timestamp,
    retry_after: Option<Duration>,
    chance: f64,
    pace: Pace,
) -> NextTry {
    let step = usize::try_from(tries.saturating_sub(1)).ok().and_then(|done| DELIVERY.get(done));
    let Some(&seconds) = step else {
        let patient = now.since(first) >= pace.of(PATIENCE);
        return if patient { NextTry::Park } else { NextTry::At(now + pace.secs(12 * HOUR)) };
    };
    let spread = 0.9 + 0.2 * chance.clamp(0.0, 1.0);
    let planned = pace.secs(seconds).mul_f64(spread);
    let asked = retry_after.unwrap_or_default().min(Duration::from_secs(HOUR));
    NextTry::At(now + planned.max(pace.of(asked)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "a test stops loudly")]

    use super::*;

    #[test]
    fn a_delivery_is_tried_for_72_hours_and_12_times_at_any_chance() {
        for chance in [0.0, 0.5, 1.0] {
            let first = Timestamp::from_millis(0);
            let (mut now, mut tries) = (first, 1);
            while let NextTry::At(at) = next_try(tries, first, now, None, chance, Pace::REAL) {
                assert!(at > now);
                now = at;
                tries += 1;
                assert!(tries < 20, "it ends");
            }
            assert!(tries >= 12, "{tries}");
            assert!(now.since(first) >= PATIENCE, "{now}");
        }
    }

    #[test]
    fn retry_after_is_heard_within_bounds() {
        let now = Timestamp::from_millis(0);
        let at = |asked| match next_try(1, now, now, Some(Duration::from_secs(asked)), 0.5, Pace::REAL) {
            NextTry::At(at) => at.seconds(),
            NextTry::Park => panic!("parked"),
        };
        assert_eq!(at(0), 5);
        assert_eq!(at(30), 30);
        assert_eq!(at(1_000_000), 3600);
    }

    #[test]
    fn settled_onboardings_are_watched_for_a_year() {
        let settled = Timestamp::from_millis(0);
        let (mut now, mut looks) = (settled, 0);
        while let Some(at) = next_settled_look(settled, now, Horizons::default().monitor, Pace::REAL) {
            assert!(at > now);
            now = at;
            looks += 1;
            assert!(looks < 20, "it ends");
        }
        assert_eq!(looks, 7); // 1 h, 1 d, 7 d, 30 d, 120 d, 210 d, 300 d
    }
}
