//! Whether a destination can be handed anything: a dead one is probed with one delivery before its backlog goes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::warn;

use crate::domain::{ConnectionName, Timestamp};
use crate::gateway::Gateway;
use crate::ports::{
    CourierError, Destination, DestinationKind, EndpointKey, EndpointRecord, EndpointState, LedgerError, TenantConfig,
};
use crate::seal::Binding;

/// So many failures in a row, of any onboardings, make it a dead one.
const DEAD: u32 = 5;
/// The first pause of a dead one, doubled up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// A stopped one is looked at again then: its configuration may have changed.
const STOPPED: Duration = Duration::from_secs(12 * 3600);

/// Failures in a row of each destination, as this process has seen them. Those of a batch come at the same time: each
/// of them has read the count before any of the others has written it.
pub(super) struct Failures(Mutex<BTreeMap<EndpointKey, u32>>);

impl Failures {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// One more, beside what the ledger knows of.
    fn another(&self, key: &EndpointKey, known: u32) -> u32 {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = seen.entry(key.clone()).or_default();
        *count = known.max(*count).saturating_add(1);
        *count
    }

    fn forget(&self, key: &EndpointKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// The state of one destination during one holding of a lease.
pub(super) struct Gate {
    key: EndpointKey,
    record: EndpointRecord,
    probing: bool,
}

impl Gate {
    pub(super) async fn read(
        gateway: &Gateway,
        config: &TenantConfig,
        connection: &ConnectionName,
        destination: &Destination,
    ) -> Result<Self, LedgerError> {
        let own = config.connections.get(connection).is_some_and(|connection| connection.delivery.is_some());
        let name = if own { connection.as_str() } else { "tenant" }.to_owned();
        let key = EndpointKey { tenant: config.tenant.clone(), name };
        let configuration = digest(config, destination);
        let known = gateway.ledger.endpoint(&key).await?.filter(|known| known.configuration == configuration);
        let open = EndpointRecord { state: EndpointState::Open, failures: 0, probe_at: None, configuration };
        Ok(Self { key, record: known.unwrap_or(open), probing: false })
    }

    /// Until when nothing may go, if so. Of a dead one, exactly one holder gets the right to probe.
    pub(super) async fn closed_until(&mut self, gateway: &Gateway) -> Result<Option<Timestamp>, LedgerError> {
        let now = gateway.now();
        match self.record.state {
            EndpointState::Open => Ok(None),
            EndpointState::Stopped => Ok(Some(now + gateway.world.pace.of(STOPPED))),
            EndpointState::Probing if self.probing => Ok(None),
            EndpointState::Probing => {
                let until = now + gateway.world.pace.of(self.pause());
                self.probing = gateway.ledger.take_probe(&self.key, now, until).await?;
                let later = self.record.probe_at.filter(|&at| at > now).unwrap_or(until);
                Ok((!self.probing).then_some(later))
            }
        }
    }

    /// Learns from an answer; an open endpoint that answers costs no write.
    pub(super) async fn heard(
        &mut self,
        gateway: &Gateway,
        failures: &Failures,
        answer: &Result<(), CourierError>,
    ) -> Result<(), LedgerError> {
        let before = self.record.clone();
        match answer {
            Ok(()) => {
                failures.forget(&self.key);
                self.record.state = EndpointState::Open;
                self.record.failures = 0;
                self.record.probe_at = None;
            }
            Err(CourierError::Gone) => self.record.state = EndpointState::Stopped,
            Err(CourierError::Answered { .. } | CourierError::NoAnswer(_) | CourierError::Misconfigured(_)) => {
                self.record.failures = failures.another(&self.key, self.record.failures);
                if self.record.failures >= DEAD {
                    self.record.state = EndpointState::Probing;
                    self.record.probe_at = Some(gateway.now() + gateway.world.pace.of(self.pause()));
                }
            }
        }
        self.probing = false;
        if before == self.record {
            return Ok(());
        }
        if before.state != self.record.state {
            warn!(event = "endpoint", tenant = %self.key.tenant, name = self.key.name, state = ?self.record.state);
        }
        gateway.ledger.set_endpoint(&self.key, &self.record).await
    }

    fn pause(&self) -> Duration {
        let doublings = self.record.failures.saturating_sub(DEAD).min(10);
        (SHORTEST * 2_u32.saturating_pow(doublings)).min(LONGEST)
    }
}

fn digest(config: &TenantConfig, destination: &Destination) -> String {
    let address = match &destination.kind {
        DestinationKind::Webhook { url, .. } => url.as_str(),
        DestinationKind::Sqs { queue_arn } => queue_arn,
        DestinationKind::EventBridge { bus_arn, .. } => bus_arn,
    };
    let binding = Binding { tenant: config.tenant.as_str(), purpose: "endpoint", context: &[] };
    config.sealing_keys.digest(&binding, address.as_bytes()).as_str().to_owned()
}
