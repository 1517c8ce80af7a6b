//! The result-deliverer: hands changes over, strictly in order, one holder at a time.
//!
//! | what happens | what follows |
//! | --- | --- |
//! | 2xx | recorded, then the next change |
//! | anything else, or no answer | the next try is due by the schedule; nothing later goes before it (guarantee 5) |
//! | tried for 72 h and 12 times | parked: kept, shown, re-sendable; the next change goes |
//! | 410 | the endpoint is stopped until its configuration changes: nothing is tried, nothing parked |
//! | many failures of one endpoint | it is probed with one delivery before its backlog goes (`endpoint.rs`) |
//! | another probes the dead endpoint | that counts as a try of this change, too: see below |
//! | what a FintechOS instance is to be given cannot be had from the provider | a failed try of this change, and none of the endpoint |
//! | the same, of a connection that is switched off or paused | put off, no call and no try |
//! | our own failure, no configuration, a tenant that is switched off, no time left | put off, no try |
//! | we die after the POST and before the record | the lease lapses, the same id goes again |
//! | we do not get the lease | the bell is dropped: its holder reads again before it gives the lease back |
//!
//! **A try** is a try of the endpoint: this change was posted, or the endpoint was found dead when the change was due.
//! A change waits at least until the next probe, so between two tries of it that it was found dead somebody's probe
//! failed; the thirteenth ends at least twelve tries of the endpoint. So the backlog of a dead endpoint wakes as often as
//! a change that is posted, thirteen times in 80 hours, and is parked like it.

mod endpoint;
mod parcel;
mod run;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tracing::{error, warn};

use crate::domain::{Lease, OnboardingKey, Timestamp};
use crate::gateway::Gateway;
use crate::ports::{Courier, DeliveryBell, LeaseOutcome, LedgerError, Rejected, VaultError};

use self::run::Run;

/// Longer than the function may run: a lease outlives its holder, not the other way round.
pub const LEASE: Duration = Duration::from_secs(90);
/// What stands behind a part is read from its provider in no longer than this; the rest of a try is the destination's.
pub const REPORT: Duration = Duration::from_secs(5);
/// A tenant or a connection that is switched off is looked at again after this.
const SWITCHED_OFF: Duration = Duration::from_secs(3600);

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
}

impl Deliverer {
    /// A deliverer that reads from the queue of that name.
    #[must_use]
    pub const fn new(gateway: Gateway, courier: Arc<dyn Courier>, queue: String) -> Self {
        Self { gateway, courier, queue }
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
        let connection = onboarding.identity.connection.clone();
        let mut run = Run::new(self, *onboarding, lease.fence);
        let config = self.gateway.vault.tenant(&key.tenant).await;
        match config.and_then(|config| config.can_tell(&connection).map(|()| config)) {
            Ok(config) if config.enabled => run.through(&config, until).await,
            Ok(_) => {
                warn!(event = "delivery_tenant_off", tenant = %key.tenant);
                run.not_tried(self.gateway.now() + self.gateway.world.pace.of(SWITCHED_OFF)).await
            }
            Err(error) => {
                warn!(event = "delivery_without_configuration", tenant = %key.tenant, cause = %error);
                let wait =
                    if error == VaultError::Unknown { Duration::from_secs(12 * 3600) } else { Duration::from_secs(60) };
                run.not_tried(self.gateway.now() + self.gateway.world.pace.of(wait)).await
            }
        }
    }
}

fn decode(body: &str) -> Result<DeliveryBell, &'static str> {
    let bell: DeliveryBell = serde_json::from_str(body).map_err(|_| "unreadable_record")?;
    if bell.v == 1 { Ok(bell) } else { Err("unknown_version") }
}
