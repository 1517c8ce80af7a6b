//! The result-deliverer: hands changes over, strictly in order, one holder at a time.
//!
//! | what happens | what follows |
//! | --- | --- |
//! | 2xx | recorded, then the next change |
//! | anything else, or no answer | the next try is due by the schedule; nothing later goes before it (guarantee 5) |
//! | tried for 72 h and 12 times | parked: kept, shown, re-sendable; the next change goes |
//! | 410 | the endpoint is stopped until its configuration changes |
//! | many failures of one endpoint | it is probed with one delivery before its backlog goes (`endpoint.rs`) |
//! | we die after the POST and before the record | the lease lapses, the same id goes again |
//! | we do not get the lease | the bell is dropped: its holder reads again before it gives the lease back |

mod endpoint;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tracing::{error, info, warn};

use crate::delivery::payload::{event, message_id};
use crate::delivery::webhook::DELIVERY_DEADLINE;
use crate::domain::schedule::{NextTry, next_try};
use crate::domain::{Change, Handover, Lease, Onboarding, OnboardingKey, Timestamp};
use crate::gateway::Gateway;
use crate::ports::{
    Courier, CourierError, DeliveryBell, Destination, LeaseOutcome, LedgerError, Parcel, Rejected, Released, TenantConfig,
    VaultError,
};

use self::endpoint::{Failures, Gate};

/// Longer than the function may run: a lease outlives its holder, not the other way round.
pub const LEASE: Duration = Duration::from_secs(90);
/// A step below this is also rung by a delayed message (SQS: 15 min at most).
const RUNG: Duration = Duration::from_secs(15 * 60);
/// No more parked changes than this are listed; the changes themselves are in the timeline.
const LISTED: usize = 64;

/// A bell as the queue hands it over, still to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The queue's id of it.
    pub id: String,
    /// What it says.
    pub body: String,
    /// When it was sent, as the queue says.
    pub sent_at: Timestamp,
}

/// Hands changes over.
pub struct Deliverer {
    gateway: Gateway,
    courier: Arc<dyn Courier>,
    queue: String,
    failures: Failures,
}

impl Deliverer {
    /// A deliverer that reads from the queue of that name.
    #[must_use]
    pub const fn new(gateway: Gateway, courier: Arc<dyn Courier>, queue: String) -> Self {
        Self { gateway, courier, queue, failures: Failures::new() }
    }

    /// Answers a batch of bells within `until`; answers with the ids of the records that have to come again.
    ///
    /// An unreadable bell goes to the dead letters with its cause: what is due is in the ledger, but who rings so is to be
    /// found.
    pub async fn batch(&self, records: &[Record], until: Timestamp) -> Vec<String> {
        let mut seen = std::collections::BTreeMap::<OnboardingKey, Vec<&str>>::new();
        let mut unreadable = Vec::new();
        for record in records {
            match decode(&record.body) {
                Ok(bell) => seen.entry(bell.onboarding).or_default().push(&record.id),
                Err(cause) => unreadable.push(self.rejected(record, cause)),
            }
        }
        let all = seen.into_iter().map(|(key, ids)| async move {
            match self.deliver(&key, until).await {
                Ok(()) => Vec::new(),
                Err(failure) => {
                    error!(event = "delivery_ledger_failure", tenant = %key.tenant, cause = %failure);
                    ids
                }
            }
        });
        let (failed, kept) = join(join_all(all), join_all(unreadable)).await;
        failed.into_iter().flatten().chain(kept.into_iter().flatten()).map(str::to_owned).collect()
    }

    /// Its id if it could not be put aside: it comes again.
    async fn rejected<'r>(&self, record: &'r Record, cause: &'static str) -> Option<&'r str> {
        error!(event = "bell_rejected", cause, message_id = record.id);
        let rejected = Rejected {
            cause,
            source_queue: self.queue.clone(),
            original_id: record.id.clone(),
            first_sent: record.sent_at.millis().to_string(),
            body: record.body.clone(),
        };
        self.gateway.bells.reject(&rejected).await.err().map(|_| record.id.as_str())
    }

    /// Hands over what is undelivered of one onboarding.
    ///
    /// # Errors
    /// The ledger failed: nothing is lost, the same again may work.
    pub async fn deliver(&self, key: &OnboardingKey, until: Timestamp) -> Result<(), LedgerError> {
        let now = self.gateway.now();
        let lease = Lease { until: now + LEASE, fence: self.gateway.world.entropy.mark() };
        let LeaseOutcome::Taken(onboarding) = self.gateway.ledger.lease_delivery(key, &lease, now).await? else {
            return Ok(());
        };
        let mut run = Run { deliverer: self, handover: onboarding.delivery.clone(), onboarding: *onboarding, fence: lease.fence };
        match self.gateway.vault.tenant(&key.tenant).await {
            Ok(config) => run.through(&config, until).await,
            Err(error) => {
                warn!(event = "delivery_without_configuration", tenant = %key.tenant, cause = %error);
                let wait = if error == VaultError::Unknown { Duration::from_secs(12 * 3600) } else { Duration::from_secs(60) };
                run.put_off(self.gateway.now() + self.gateway.world.pace.of(wait)).await
            }
        }
    }
}

fn decode(body: &str) -> Result<DeliveryBell, &'static str> {
    let bell: DeliveryBell = serde_json::from_str(body).map_err(|_| "unreadable_record")?;
    if bell.v == 1 { Ok(bell) } else { Err("unknown_version") }
}

/// One holding of the lease.
struct Run<'a> {
    deliverer: &'a Deliverer,
    onboarding: Onboarding,
    handover: Handover,
    fence: String,
}

impl Run<'_> {
    fn gateway(&self) -> &Gateway {
        &self.deliverer.gateway
    }

    async fn through(&mut self, config: &TenantConfig, until: Timestamp) -> Result<(), LedgerError> {
        let connection = &self.onboarding.identity.connection.clone();
        let destination = config.destination(connection);
        let mut gate = None;
        loop {
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
            let wanted = destination.zip(change.filter(|change| wants(destination, change)));
            let Some((destination, change)) = wanted else {
                self.handover.through = next;
                continue;
            };
            let gate = match &mut gate {
                Some(gate) => gate,
                empty => empty.insert(Gate::read(self.gateway(), config, connection, destination).await?),
            };
            if let Some(wait) = gate.closed_until(self.gateway()).await? {
                return self.not_tried(wait).await;
            }
            if self.gateway().now() + DELIVERY_DEADLINE > until {
                return self.not_tried(self.gateway().now()).await;
            }
            let answer = self.post(destination, &change).await;
            gate.heard(self.gateway(), &self.deliverer.failures, &answer).await?;
            let on = match answer {
                Ok(()) => self.delivered(next).await?,
                Err(error) => self.failed(next, &error).await?,
            };
            if !on {
                return Ok(());
            }
        }
    }

    async fn post(&self, destination: &Destination, change: &Change) -> Result<(), CourierError> {
        let event = event(&self.onboarding, change);
        let body = serde_json::to_string(&event).map_err(|_| CourierError::Misconfigured("payload"))?;
        let parcel = Parcel {
            id: message_id(&self.onboarding.key.id, change.version),
            onboarding: self.onboarding.key.clone(),
            kind: event.kind,
            at: self.gateway().now(),
            body,
        };
        self.deliverer.courier.hand_over(destination, &parcel).await
    }

    /// True: go on with the next.
    async fn delivered(&mut self, version: u64) -> Result<bool, LedgerError> {
        info!(event = "delivered", tenant = %self.onboarding.key.tenant, version, tries = self.handover.tries);
        self.pass(version);
        self.gateway().ledger.handed_over(&self.onboarding.key, &self.fence, &self.handover).await
    }

    /// True: it was parked, go on with the next.
    async fn failed(&mut self, version: u64, error: &CourierError) -> Result<bool, LedgerError> {
        let now = self.gateway().now();
        self.handover.tries = self.handover.tries.max(1);
        let first = *self.handover.first_tried_at.get_or_insert(now);
        let world = &self.deliverer.gateway.world;
        let next = next_try(self.handover.tries, first, now, error.retry_after(), world.entropy.chance(), world.pace);
        warn!(event = "delivery_failed", tenant = %self.onboarding.key.tenant, version, tries = self.handover.tries,
            cause = error.code(), parked = matches!(next, NextTry::Park));
        match next {
            NextTry::Park => {
                self.pass(version);
                self.handover.parked.push(version);
                let beyond = self.handover.parked.len().saturating_sub(LISTED);
                self.handover.parked.drain(..beyond);
                self.handover.last_error = Some(error.code());
                self.gateway().ledger.handed_over(&self.onboarding.key, &self.fence, &self.handover).await
            }
            NextTry::At(at) => {
                self.handover.last_error = Some(error.code());
                self.put_off(at).await?;
                Ok(false)
            }
        }
    }

    fn pass(&mut self, version: u64) {
        self.handover = Handover { through: version, parked: std::mem::take(&mut self.handover.parked), ..Handover::default() };
    }

    /// Gives the lease back without a try: it is not counted.
    async fn not_tried(&mut self, at: Timestamp) -> Result<(), LedgerError> {
        self.handover.tries = self.handover.tries.saturating_sub(1);
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

fn wants(destination: Option<&Destination>, change: &Change) -> bool {
    destination.is_some_and(|destination| destination.kinds.contains(&change.wanted_as()))
}
