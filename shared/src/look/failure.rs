//! A provider that does not answer: the look becomes due, the connection is paused, nobody waits.

use std::time::Duration;

use crate::domain::schedule::Pace;
use crate::domain::{Onboarding, Timestamp};
use crate::ports::{ConnectionRecord, LedgerError, ProviderError};

use super::{Looked, Looker};

/// So many failures in a row open the breaker (proofs R8: at most 5).
const BREAKER: u32 = 5;
/// A pause that the provider asks for is heard within these bounds.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));
/// A single failure.
const SOON: Duration = Duration::from_secs(5 * 60);
/// What a person has to see to.
const LATER: Duration = Duration::from_secs(3600);

impl Looker<'_> {
    /// Until when the connection may not be asked, if so: it is paused, or has had its looks of this minute.
    pub(crate) async fn hindrance(&self, record: &ConnectionRecord) -> Result<Option<Timestamp>, LedgerError> {
        self.hindered(record, |max| max).await
    }

    /// The same for finding out whose something is. Anybody who knows an address that proves nothing can make us ask
    /// that: half of a minute's looks is kept for those whom we know.
    pub(crate) async fn hindrance_for_unknown(
        &self,
        record: &ConnectionRecord,
    ) -> Result<Option<Timestamp>, LedgerError> {
        self.hindered(record, |max| max.div_ceil(2)).await
    }

    async fn hindered(
        &self,
        record: &ConnectionRecord,
        share: impl Fn(u32) -> u32 + Send,
    ) -> Result<Option<Timestamp>, LedgerError> {
        let now = self.gateway.now();
        let key = &self.connection.key;
        if let Some(until) = record.paused_until.filter(|&until| until > now) {
            return Ok(Some(until));
        }
        let Some(max) = self.connection.settings.max_looks_per_minute.map(share) else { return Ok(None) };
        let minute = now.seconds().div_euclid(60);
        let granted = self.gateway.ledger.take_look_quota(key, minute, max).await?;
        Ok((!granted).then(|| Timestamp::from_millis((minute + 1) * 60_000)))
    }

    /// The provider answered: earlier failures are forgotten.
    pub(crate) async fn recovered(&self, record: &ConnectionRecord) -> Result<(), LedgerError> {
        if record.failures == 0 && record.paused_until.is_none() {
            return Ok(());
        }
        self.gateway.ledger.unpause(&self.connection.key, record).await
    }

    /// Counts a failure of the connection; how long it rests now, if it does, and how many failures that makes.
    pub(crate) async fn failed(&self, error: &ProviderError) -> Result<(Duration, u32), LedgerError> {
        let key = &self.connection.key;
        let failures = self.gateway.ledger.connection(key).await?.failures.saturating_add(1);
        let Some(pause) = pause_after(error, failures, self.gateway.world.pace) else {
            return Ok((Duration::ZERO, failures));
        };
        self.gateway.ledger.pause(key, self.gateway.now() + pause).await?;
        Ok((pause, failures))
    }

    pub(super) async fn put_off(
        &self,
        onboarding: &Onboarding,
        fence: &str,
        error: ProviderError,
    ) -> Result<Looked, LedgerError> {
        let (pause, failures) = self.failed(&error).await?;
        let due = self.gateway.now() + self.gateway.world.pace.of(delay_after(&error)).max(pause);
        self.gateway.ledger.postpone_look(&onboarding.key, due, Some(fence)).await?;
        let blip = match &error {
            ProviderError::Unavailable(_) => failures < BREAKER,
            ProviderError::Renewing => true,
            ProviderError::Busy { .. }
            | ProviderError::Unauthorized
            | ProviderError::NotFound
            | ProviderError::Refused { .. }
            | ProviderError::Foreign(_)
            | ProviderError::Unsupported(_) => false,
        };
        Ok(Looked::Due { blip, error: Some(error) })
    }

    pub(super) async fn wait_until(
        &self,
        onboarding: &Onboarding,
        fence: &str,
        until: Timestamp,
    ) -> Result<Looked, LedgerError> {
        self.gateway.ledger.postpone_look(&onboarding.key, until, Some(fence)).await?;
        Ok(Looked::Due { blip: false, error: None })
    }
}

/// How long the connection rests: what the provider asks for in its own time, the rest by the plan. Zero counts the
/// failure and pauses nothing.
fn pause_after(error: &ProviderError, failures: u32, pace: Pace) -> Option<Duration> {
    match error {
        ProviderError::Busy { retry_after } => {
            Some(retry_after.unwrap_or(Duration::from_secs(60)).clamp(PATIENCE.0, PATIENCE.1))
        }
        ProviderError::Unavailable(_) if failures >= BREAKER => Some(pace.of(Duration::from_secs(60))),
        ProviderError::Unavailable(_) => Some(Duration::ZERO),
        ProviderError::Unauthorized => Some(pace.of(SOON)),
        ProviderError::NotFound
        | ProviderError::Refused { .. }
        | ProviderError::Foreign(_)
        | ProviderError::Unsupported(_)
        | ProviderError::Renewing => None,
    }
}

fn delay_after(error: &ProviderError) -> Duration {
    match error {
        ProviderError::Busy { .. } => Duration::ZERO,
        ProviderError::Unavailable(_) | ProviderError::Renewing | ProviderError::NotFound => SOON,
        ProviderError::Unauthorized
        | ProviderError::Refused { .. }
        | ProviderError::Foreign(_)
        | ProviderError::Unsupported(_) => LATER,
    }
}
