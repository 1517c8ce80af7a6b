//! Whether a destination can be handed anything: a dead one is probed with one delivery before its backlog goes.

use std::time::Duration;

use tracing::warn;

use crate::domain::{ConnectionName, Timestamp};
use crate::gateway::Gateway;
use crate::ports::{
    CourierError, Destination, DestinationKind, EndpointKey, EndpointRecord, EndpointState, EndpointWrite, LedgerError,
    TenantConfig,
};
use crate::seal::Binding;

/// So many failures in a row, of any onboardings, make it a dead one.
const DEAD: u32 = 5;
/// The first pause of a dead one, doubled up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// A stopped one is looked at again then: its configuration may have changed.
const STOPPED: Duration = Duration::from_secs(12 * 3600);

/// The state of one destination during one holding of a lease.
pub(super) struct Gate {
    key: EndpointKey,
    /// What stands in the ledger, as last seen: a write of ours replaces nothing else.
    stands: Option<EndpointRecord>,
    /// What that says of this configuration.
    record: EndpointRecord,
    probing: bool,
}

/// Why nothing may go.
pub(super) enum Shut {
    /// It is dead, and another's probe has the time until then.
    Dead(Timestamp),
    /// It said 410; it is asked for again then.
    Stopped(Timestamp),
}

impl Gate {
    pub(super) async fn read(
        gateway: &Gateway,
        config: &TenantConfig,
        connection: &ConnectionName,
        destination: &Destination,
    ) -> Result<Self, LedgerError> {
        let own = config.connections.get(connection).is_some_and(|connection| connection.delivery.is_some());
        let name = if own { format!("connection#{connection}") } else { "tenant".to_owned() };
        let key = EndpointKey { tenant: config.tenant.clone(), name };
        let stands = gateway.ledger.endpoint(&key).await?;
        let mut gate = Self { key, stands: None, record: opened(digest(config, destination)), probing: false };
        gate.see(stands);
        Ok(gate)
    }

    /// Why nothing may go, as far as is known. Takes nothing: where this says nothing, a dead one's probe is to be had.
    pub(super) fn shut(&self, gateway: &Gateway) -> Option<Shut> {
        match self.record.state {
            EndpointState::Open => None,
            EndpointState::Stopped => {
                let early = 0.8 + 0.2 * gateway.world.entropy.chance();
                Some(Shut::Stopped(gateway.now() + gateway.world.pace.of(STOPPED).mul_f64(early)))
            }
            EndpointState::Probing if self.probing => None,
            EndpointState::Probing => self.record.probe_at.filter(|&at| at > gateway.now()).map(Shut::Dead),
        }
    }

    /// Whether anything may go now. Of a dead one, exactly one holder gets the right to probe. It is asked for with the
    /// parcel in hand: whoever has it and sends nothing keeps the endpoint from everybody else for a whole pause.
    pub(super) async fn enter(&mut self, gateway: &Gateway) -> Result<Option<Shut>, LedgerError> {
        let shut = self.shut(gateway);
        if shut.is_some() || self.probing || self.record.state != EndpointState::Probing {
            return Ok(shut);
        }
        let now = gateway.now();
        let until = now + gateway.world.pace.of(self.pause());
        self.probing = gateway.ledger.take_probe(&self.key, now, until).await?;
        Ok((!self.probing).then_some(Shut::Dead(until)))
    }

    /// When a dead one is probed next.
    pub(super) fn probed_at(&self) -> Option<Timestamp> {
        self.record.probe_at.filter(|_| self.record.state == EndpointState::Probing)
    }

    /// Learns from an answer; an open endpoint that answers costs no write. A failing ledger costs only what would have
    /// been learned: what became of the delivery is recorded elsewhere.
    pub(super) async fn heard(&mut self, gateway: &Gateway, answer: &Result<(), CourierError>) {
        // The failures of a batch come at the same time: whoever is overtaken counts on from what stands then. After as
        // many rounds as make a dead one, there is nothing to add.
        for _ in 0..DEAD {
            let Some(next) = self.learned(gateway, answer) else { break };
            let nonce = gateway.world.entropy.mark();
            match gateway.ledger.set_endpoint(&self.key, self.stands.as_ref(), &next, &nonce).await {
                Ok(EndpointWrite::Done) => {
                    if next.state != self.record.state {
                        warn!(event = "endpoint", tenant = %self.key.tenant, name = self.key.name, state = ?next.state);
                    }
                    self.see(Some(next));
                    break;
                }
                Ok(EndpointWrite::Stood(stood)) => self.see(stood),
                Err(cause) => {
                    warn!(event = "endpoint_not_recorded", tenant = %self.key.tenant, name = self.key.name, %cause);
                    break;
                }
            }
        }
        self.probing = false;
    }

    /// What the answer makes of it, if anything. A stopped one gives way to a new configuration alone.
    fn learned(&self, gateway: &Gateway, answer: &Result<(), CourierError>) -> Option<EndpointRecord> {
        let known = &self.record;
        let open = known.state == EndpointState::Open;
        if known.state == EndpointState::Stopped {
            return None;
        }
        match answer {
            Ok(()) if open && known.failures == 0 => None,
            Ok(()) => {
                let state = EndpointState::Open;
                Some(EndpointRecord { state, failures: 0, probe_at: None, configuration: known.configuration.clone() })
            }
            Err(CourierError::Gone) => Some(EndpointRecord { state: EndpointState::Stopped, ..known.clone() }),
            Err(
                CourierError::Answered { .. }
                | CourierError::NoAnswer(_)
                | CourierError::NotSignedIn(_)
                | CourierError::Failed(_)
                | CourierError::Misconfigured(_),
            ) => (open || self.probing).then(|| failed_once_more(gateway, known)),
        }
    }

    /// What stands there; another configuration's state says nothing of ours.
    fn see(&mut self, stands: Option<EndpointRecord>) {
        let ours = stands.as_ref().filter(|stands| stands.configuration == self.record.configuration);
        self.record = ours.cloned().unwrap_or_else(|| opened(self.record.configuration.clone()));
        self.stands = stands;
    }

    fn pause(&self) -> Duration {
        pause_after(self.record.failures)
    }
}

const fn opened(configuration: String) -> EndpointRecord {
    EndpointRecord { state: EndpointState::Open, failures: 0, probe_at: None, configuration }
}

fn failed_once_more(gateway: &Gateway, known: &EndpointRecord) -> EndpointRecord {
    let failures = known.failures.saturating_add(1);
    if failures < DEAD {
        return EndpointRecord { failures, ..known.clone() };
    }
    let probe_at = Some(gateway.now() + gateway.world.pace.of(pause_after(failures)));
    EndpointRecord { state: EndpointState::Probing, failures, probe_at, ..known.clone() }
}

fn pause_after(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(DEAD).min(10);
    (SHORTEST * 2_u32.saturating_pow(doublings)).min(LONGEST)
}

fn digest(config: &TenantConfig, destination: &Destination) -> String {
    let address = match &destination.kind {
        DestinationKind::Webhook { url, .. } => url.as_str().as_bytes(),
        DestinationKind::Sqs { queue_arn } => queue_arn.as_bytes(),
        DestinationKind::EventBridge { bus_arn, .. } => bus_arn.as_bytes(),
        // with its account: whoever corrects a password need not wait until the dead one is probed again
        DestinationKind::Fintechos(instance) => &instance.fingerprint(),
    };
    let binding = Binding { tenant: config.tenant.as_str(), purpose: "endpoint", context: &[] };
    config.sealing_keys.digest(&binding, address).as_str().to_owned()
}
