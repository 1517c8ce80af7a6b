//! One holding of a delivery lease: change after change, each recorded before the next goes.

use std::time::Duration;

use tracing::{error, info, warn};

use crate::delivery::webhook::DELIVERY_DEADLINE;
use crate::domain::schedule::{NextTry, next_try};
use crate::domain::{Change, Handover, Onboarding, Timestamp};
use crate::gateway::Gateway;
use crate::ports::{CourierError, DeliveryBell, Destination, LedgerError, Released, TenantConfig};

use super::Deliverer;
use super::endpoint::{Gate, Shut};
use super::parcel::{Unmade, parcel};

/// A step below this is also rung by a delayed message (SQS: 15 min at most).
const RUNG: Duration = Duration::from_secs(15 * 60);
/// No more parked changes than this are listed; the changes themselves are in the timeline.
const LISTED: usize = 64;

/// One holding of the lease.
pub(super) struct Run<'a> {
    deliverer: &'a Deliverer,
    onboarding: Onboarding,
    handover: Handover,
    fence: String,
}

impl<'a> Run<'a> {
    pub(super) fn new(deliverer: &'a Deliverer, onboarding: Onboarding, fence: String) -> Self {
        Self { deliverer, handover: onboarding.delivery.clone(), onboarding, fence }
    }

    fn gateway(&self) -> &Gateway {
        &self.deliverer.gateway
    }

    pub(super) async fn through(&mut self, config: &TenantConfig, until: Timestamp) -> Result<(), LedgerError> {
        let connection = &self.onboarding.identity.connection.clone();
        let destination = config.destination(connection);
        let mut gate = None;
        loop {
            // Changes that nobody wants are passed over in memory: a long run of them must not begin anew each time.
            if self.gateway().now() >= until {
                return self.not_tried(self.gateway().now()).await;
            }
            let mut next = self.handover.through.saturating_add(1);
            if cfg!(feature = "flaw-order") {
                next = next.max(self.onboarding.truth.version);
            }
            if next > self.onboarding.truth.version {
                if self.release().await? { continue } else { return Ok(()) }
            }
            let change = self.gateway().ledger.change(&self.onboarding, next).await?;
            if change.is_none() {
                error!(event = "change_missing", tenant = %self.onboarding.key.tenant, version = next);
            }
            let wanted = destination.zip(change.filter(|change| config.wants(connection, change)));
            let Some((destination, change)) = wanted else {
                self.skip(next);
                continue;
            };
            let gate = match &mut gate {
                Some(gate) => gate,
                empty => empty.insert(Gate::read(self.gateway(), config, connection, destination).await?),
            };
            if let Some(shut) = gate.shut(self.gateway()) {
                if self.turned_away(next, shut).await? { continue } else { return Ok(()) }
            }
            if self.gateway().now() + DELIVERY_DEADLINE > until {
                return self.not_tried(self.gateway().now()).await;
            }
            if !self.tried(config, destination, gate, &change).await? {
                return Ok(());
            }
        }
    }

    /// One try. True: go on with the next.
    async fn tried(
        &mut self,
        config: &TenantConfig,
        destination: &Destination,
        gate: &mut Gate,
        change: &Change,
    ) -> Result<bool, LedgerError> {
        let parcel = match parcel(self.gateway(), config, destination, &self.onboarding, change).await {
            Ok(parcel) => parcel,
            Err(Unmade::Because(code, asked)) => {
                return self.missed(change.version, Miss { code, asked, not_before: gate.probed_at() }).await;
            }
            Err(Unmade::Later(later)) => return self.not_tried(later).await.map(|()| false),
            Err(Unmade::Ledger(error)) => return Err(error),
        };
        if let Some(shut) = gate.enter(self.gateway()).await? {
            return self.turned_away(change.version, shut).await;
        }
        let answer = self.deliverer.courier.hand_over(destination, &parcel).await;
        match &answer {
            Ok(()) => {
                // First of all: who has it must not get it again.
                let on = self.delivered(change.version).await?;
                gate.heard(self.gateway(), &answer).await;
                Ok(on)
            }
            Err(error) => {
                gate.heard(self.gateway(), &answer).await;
                self.missed(change.version, Miss::of(error, gate.probed_at())).await
            }
        }
    }

    /// True: it was parked, go on with the next.
    async fn turned_away(&mut self, version: u64, shut: Shut) -> Result<bool, LedgerError> {
        match shut {
            Shut::Stopped(until) => self.not_tried(until).await.map(|()| false),
            Shut::Dead(until) => {
                let miss = Miss { code: "endpoint_dead".to_owned(), asked: None, not_before: Some(until) };
                self.missed(version, miss).await
            }
        }
    }

    /// True: go on with the next.
    async fn delivered(&mut self, version: u64) -> Result<bool, LedgerError> {
        info!(event = "delivered", tenant = %self.onboarding.key.tenant, version, tries = self.handover.tries);
        self.pass(version);
        // The last one that is known is recorded by giving the lease back, in the same write.
        if version >= self.onboarding.truth.version {
            return self.release().await;
        }
        self.gateway().ledger.handed_over(&self.onboarding.key, &self.fence, &self.handover).await
    }

    /// True: it was parked, go on with the next.
    async fn missed(&mut self, version: u64, miss: Miss) -> Result<bool, LedgerError> {
        let now = self.gateway().now();
        self.handover.tries = self.handover.tries.max(1);
        let first = *self.handover.first_tried_at.get_or_insert(now);
        let world = &self.deliverer.gateway.world;
        let chance = world.entropy.chance();
        let next = next_try(self.handover.tries, first, now, miss.asked, chance, world.pace);
        warn!(event = "delivery_failed", tenant = %self.onboarding.key.tenant, version, tries = self.handover.tries,
            cause = miss.code, parked = matches!(next, NextTry::Park));
        match next {
            NextTry::Park => {
                self.pass(version);
                self.handover.parked.push(version);
                let beyond = self.handover.parked.len().saturating_sub(LISTED);
                self.handover.parked.drain(..beyond);
                self.handover.last_error = Some(miss.code);
                self.gateway().ledger.handed_over(&self.onboarding.key, &self.fence, &self.handover).await
            }
            NextTry::At(at) => {
                self.handover.last_error = Some(miss.code);
                // Those that wait for the same probe do not all wake at once.
                let probed = miss.not_before.map(|probed| now + probed.since(now).mul_f64(1.0 + chance));
                self.put_off(probed.map_or(at, |probed| at.max(probed))).await?;
                Ok(false)
            }
        }
    }

    fn pass(&mut self, version: u64) {
        self.handover =
            Handover { through: version, parked: std::mem::take(&mut self.handover.parked), ..Handover::default() };
    }

    /// Nobody wants it. The failure before it stays shown.
    fn skip(&mut self, version: u64) {
        let last_error = self.handover.last_error.take();
        self.pass(version);
        self.handover.last_error = last_error;
    }

    /// Gives the lease back without a try: it is not counted.
    pub(super) async fn not_tried(&mut self, at: Timestamp) -> Result<(), LedgerError> {
        self.handover.tries = self.handover.tries.saturating_sub(1);
        if self.handover.tries == 0 {
            self.handover.first_tried_at = None;
        }
        self.put_off(at).await
    }

    async fn put_off(&mut self, at: Timestamp) -> Result<(), LedgerError> {
        self.handover.retry_at = Some(at);
        self.handover.due = Some(at);
        let key = &self.onboarding.key;
        let version = self.onboarding.truth.version;
        let released = self.gateway().ledger.release_delivery(key, &self.fence, &self.handover, version).await?;
        let wait = at.since(self.gateway().now());
        if released == Released::Done && wait < RUNG {
            // Only a convenience: the reconciler rings what is due.
            let _ = self.gateway().bells.ring(&[DeliveryBell::of(key.clone())], wait).await;
        }
        Ok(())
    }

    /// True: changes have come meanwhile, go on.
    async fn release(&mut self) -> Result<bool, LedgerError> {
        self.handover = Handover {
            through: self.handover.through,
            parked: std::mem::take(&mut self.handover.parked),
            last_error: self.handover.last_error.take(),
            ..Handover::default()
        };
        let key = &self.onboarding.key;
        let version = self.onboarding.truth.version;
        match self.gateway().ledger.release_delivery(key, &self.fence, &self.handover, version).await? {
            Released::Done | Released::Lost => Ok(false),
            // What was delivered is recorded before anything else goes.
            Released::MoreToDo if !self.gateway().ledger.handed_over(key, &self.fence, &self.handover).await? => {
                Ok(false)
            }
            Released::MoreToDo => match self.gateway().ledger.read(key).await? {
                Some(newer) => {
                    self.onboarding = newer;
                    Ok(true)
                }
                None => Ok(false),
            },
        }
    }
}

/// A change that was not delivered this time.
struct Miss {
    code: String,
    /// What the destination asked for.
    asked: Option<Duration>,
    /// When a dead endpoint is probed next.
    not_before: Option<Timestamp>,
}

impl Miss {
    fn of(error: &CourierError, not_before: Option<Timestamp>) -> Self {
        Self { code: error.code(), asked: error.retry_after(), not_before }
    }
}
