//! The reconciler: each minute it rings what is due, then moves it ten minutes on, so that it is rung again if the
//! bell is lost. It decides nothing: whoever hears the bell reads the ledger.
//!
//! It is bounded (so many bells a tick), fair (tenants take turns within a shard, shards take turns from tick to
//! tick), resumable (what was not rung is still due) and idempotent (a bell too many costs a read).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;
use tracing::{error, info, warn};

use crate::domain::{ConnectionKey, Evidence, Notice, OnboardingKey, Tenant, Timestamp};
use crate::gateway::Gateway;
use crate::ports::{DeliveryBell, Due, DueBell, LedgerError, SubjectState};

/// What was rung is due again after this.
pub const AGAIN: Duration = Duration::from_secs(10 * 60);
/// Bells of one shard and tick.
const SHARD: usize = 200;
/// Entries of one shard that are read for them: tenants take turns among these.
const WINDOW: usize = 2000;

/// What one tick did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tick {
    /// Looks rung.
    pub looks: usize,
    /// Hand-overs rung.
    pub deliveries: usize,
}

/// Rings what is due.
pub struct Reconciler {
    gateway: Gateway,
}

impl Reconciler {
    /// A reconciler on those ports.
    #[must_use]
    pub const fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    /// One tick, ended by `until`.
    ///
    /// # Errors
    /// The ledger failed; the next tick goes on.
    pub async fn tick(&self, until: Timestamp) -> Result<Tick, LedgerError> {
        let now = self.gateway.now();
        let first = u8::try_from(now.seconds().div_euclid(60).rem_euclid(i64::from(Due::SHARDS))).unwrap_or(0);
        let mut tick = Tick::default();
        let mut failure = None;
        for turn in 0..Due::SHARDS {
            if self.gateway.now() >= until {
                break;
            }
            let shard = (first + turn) % Due::SHARDS;
            // A shard that fails does not hold up the others; the tick fails at its end.
            match self.ring(Due::Look, shard, now).await {
                Ok(rung) => tick.looks += rung,
                Err(error) => failure = Some(error),
            }
            match self.ring(Due::Delivery, shard, now).await {
                Ok(rung) => tick.deliveries += rung,
                Err(error) => failure = Some(error),
            }
        }
        info!(event = "tick", looks = tick.looks, deliveries = tick.deliveries);
        failure.map_or(Ok(tick), Err)
    }

    async fn ring(&self, which: Due, shard: u8, now: Timestamp) -> Result<usize, LedgerError> {
        let mut due = in_turns(self.gateway.ledger.due(which, shard, now, WINDOW).await?);
        due.truncate(SHARD);
        let rung = match which {
            Due::Look => self.ring_looks(due).await?,
            Due::Delivery => self.ring_deliveries(due).await,
        };
        let again = now + self.gateway.world.pace.of(AGAIN);
        let deferred = join_all(rung.iter().map(|bell| self.gateway.ledger.defer(which, bell, again))).await;
        deferred.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(rung.len())
    }

    async fn ring_looks(&self, due: Vec<DueBell>) -> Result<Vec<DueBell>, LedgerError> {
        let mut rung = Vec::new();
        for bells in due.chunks(10) {
            let notices = match self.notices(bells).await {
                Ok(notices) => notices,
                Err(LedgerError::Unreadable(_)) => self.legible(bells).await?,
                Err(failure) => return Err(failure),
            };
            match self.gateway.bells.notify_all(&notices).await {
                Ok(()) => rung.extend_from_slice(bells),
                Err(failure) => warn!(event = "queue_down", cause = failure.0),
            }
        }
        Ok(rung)
    }

    /// Among these is an item that cannot be read: it is counted and put off, its neighbours are rung.
    async fn legible(&self, bells: &[DueBell]) -> Result<Vec<Notice>, LedgerError> {
        let mut notices = Vec::new();
        for bell in bells {
            match self.notices(std::slice::from_ref(bell)).await {
                Ok(notice) => notices.extend(notice),
                Err(LedgerError::Unreadable(cause)) => error!(event = "unreadable_item", cause),
                Err(failure) => return Err(failure),
            }
        }
        Ok(notices)
    }

    async fn ring_deliveries(&self, due: Vec<DueBell>) -> Vec<DueBell> {
        let mut rung = Vec::new();
        for bells in due.chunks(10) {
            let keys: Vec<DeliveryBell> = bells.iter().filter_map(onboarding_of).map(DeliveryBell::of).collect();
            match self.gateway.bells.ring(&keys, Duration::ZERO).await {
                Ok(()) => rung.extend_from_slice(bells),
                Err(failure) => warn!(event = "queue_down", cause = failure.0),
            }
        }
        rung
    }

    /// A due onboarding is looked at through its connection; a parked subject's own notice is sent again; a feed is
    /// read on.
    async fn notices(&self, bells: &[DueBell]) -> Result<Vec<Notice>, LedgerError> {
        let keys: Vec<OnboardingKey> = bells.iter().filter_map(onboarding_of).collect();
        let onboardings = self.gateway.ledger.read_all(&keys).await?;
        let mut notices: Vec<Notice> = onboardings
            .into_iter()
            .flatten()
            .map(|onboarding| {
                let connection =
                    ConnectionKey { tenant: onboarding.key.tenant.clone(), name: onboarding.identity.connection };
                Notice::due(connection, onboarding.key.id, Evidence::Schedule)
            })
            .collect();
        let subjects: Vec<_> = bells
            .iter()
            .filter_map(|bell| match bell {
                DueBell::Subject(key, _) => Some(key.clone()),
                DueBell::Onboarding(..) | DueBell::Feed(..) => None,
            })
            .collect();
        notices.extend(bells.iter().filter_map(|bell| match bell {
            DueBell::Feed(key, _) => Some(Notice::of_feed(key.clone())),
            DueBell::Onboarding(..) | DueBell::Subject(..) => None,
        }));
        let records = self.gateway.ledger.subjects(&subjects, self.gateway.now()).await?;
        notices.extend(records.into_iter().flatten().filter_map(|record| match record.state {
            SubjectState::Parked { notice } => Some(*notice),
            SubjectState::Bound { .. } | SubjectState::Stranger | SubjectState::Erased => None,
        }));
        Ok(notices)
    }
}

fn onboarding_of(bell: &DueBell) -> Option<OnboardingKey> {
    match bell {
        DueBell::Onboarding(key, _) => Some(key.clone()),
        DueBell::Subject(..) | DueBell::Feed(..) => None,
    }
}

/// One of each tenant, then the next of each, so that a large backlog does not stand before a small one.
fn in_turns(due: Vec<DueBell>) -> Vec<DueBell> {
    let mut queues: BTreeMap<Tenant, VecDeque<DueBell>> = BTreeMap::new();
    for bell in due {
        let tenant = bell.tenant().clone();
        queues.entry(tenant).or_default().push_back(bell);
    }
    let mut fair = Vec::new();
    while !queues.is_empty() {
        queues.retain(|_, queue| {
            fair.extend(queue.pop_front());
            !queue.is_empty()
        });
    }
    fair
}
