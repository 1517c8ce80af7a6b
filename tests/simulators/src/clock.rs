//! Time as the simulators see it: real time for stamps, signatures and tokens; a faster or pushed time for
//! retries and lateness; and waiting for a condition instead of sleeping.

use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::sync::watch;

/// The awaited condition did not come true in time.
#[derive(Debug, thiserror::Error)]
#[error("waited {0:?} in vain")]
pub struct WaitedTooLong(pub Duration);

pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// ISO 8601 in UTC with the 7 fraction digits of Ondato's live data (fact sheet §1.3).
pub(crate) fn stamp(at: OffsetDateTime) -> String {
    let date = format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day());
    format!("{date}T{:02}:{:02}:{:02}.{:07}Z", at.hour(), at.minute(), at.second(), at.nanosecond() / 100)
}

/// ISO 8601 in UTC with the milliseconds that Intergiro prints.
pub(crate) fn stamp_millis(at: OffsetDateTime) -> String {
    let date = format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day());
    format!("{date}T{:02}:{:02}:{:02}.{:03}Z", at.hour(), at.minute(), at.second(), at.millisecond())
}

/// ISO 8601 in UTC with whole seconds, as Onfido prints them.
pub(crate) fn stamp_seconds(at: OffsetDateTime) -> String {
    let date = format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day());
    format!("{date}T{:02}:{:02}:{:02}Z", at.hour(), at.minute(), at.second())
}

/// The one place where a simulator waits on purpose: a late webhook, a slow answer.
pub(crate) async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}

/// Time of retries: runs `scale` times faster than real time (0: stands still) and can be pushed forward.
pub(crate) struct RetryTime {
    started: Instant,
    scale: u32,
    pushed: Duration,
}

impl RetryTime {
    pub(crate) fn new(scale: u32) -> Self {
        Self { started: Instant::now(), scale, pushed: Duration::ZERO }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed().saturating_mul(self.scale).saturating_add(self.pushed)
    }

    pub(crate) fn push(&mut self, by: Duration) {
        self.pushed = self.pushed.saturating_add(by);
    }

    /// Real time until `due`; none when time stands still.
    pub(crate) fn real_time_until(&self, due: Duration) -> Option<Duration> {
        due.saturating_sub(self.elapsed()).checked_div(self.scale)
    }
}

/// Waits until `holds` says yes, looking again each time `news` tells of a change.
pub(crate) async fn wait_for(
    mut news: watch::Receiver<u64>,
    timeout: Duration,
    mut holds: impl FnMut() -> bool,
) -> Result<(), WaitedTooLong> {
    let waiting = async {
        loop {
            news.borrow_and_update();
            if holds() {
                return true;
            }
            if news.changed().await.is_err() {
                return false;
            }
        }
    };
    match tokio::time::timeout(timeout, waiting).await {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(WaitedTooLong(timeout)),
    }
}
