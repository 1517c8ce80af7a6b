//! What every use case stands on: the ports, wired once per process.

use std::sync::Arc;

use url::Url;

use crate::domain::{ConnectionKey, Onboarding, Timestamp, Truth};
use crate::ports::{Bells, Commit, Connection, Http, Ledger, Reach, TenantConfig, Vault, World};
use crate::seal::Binding;

/// The ports of one process.
#[derive(Clone)]
pub struct Gateway {
    /// What is known and what is due.
    pub ledger: Arc<dyn Ledger>,
    /// The queues.
    pub bells: Arc<dyn Bells>,
    /// Tenants' configuration.
    pub vault: Arc<dyn Vault>,
    /// Outward calls.
    pub http: Arc<dyn Http>,
    /// Time and chance.
    pub world: World,
    /// Our own origin; never taken from a request.
    pub public_url: Url,
}

impl Gateway {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// A commit of that truth on top of what was read; the look stays due as it was, nothing is to be handed over.
    #[must_use]
    pub fn commit_of(&self, before: &Onboarding, truth: Truth) -> Commit {
        let expected = before.truth.look_seq;
        Commit {
            key: before.key.clone(),
            expected,
            nonce: self.world.entropy.mark(),
            truth: Truth { look_seq: expected.saturating_add(1), ..truth },
            looked_at: None,
            look_due: before.look.due,
            delivery_due: None,
        }
    }
}

/// Whether its destination wants any of the changes that were not handed over yet. What nobody wants is passed over
/// together with the next change that somebody does, and costs nothing before.
#[must_use]
pub fn awaits_delivery(config: &TenantConfig, onboarding: &Onboarding) -> bool {
    let through = onboarding.delivery.through;
    let Some(destination) = config.destination(&onboarding.identity.connection) else { return false };
    let inline = &onboarding.truth.changes;
    let spilled = inline.first().is_none_or(|first| first.version > through.saturating_add(1));
    let wanted = inline.iter().any(|change| change.version > through && destination.kinds.contains(&change.wanted_as()));
    onboarding.is_undelivered() && (spilled || wanted)
}

type Digest<'a> = dyn Fn(&[u8]) -> String + Send + Sync + 'a;

/// A connection with what its account needs for a call.
pub struct Line<'a> {
    gateway: &'a Gateway,
    /// The connection itself.
    pub connection: &'a Connection,
    digest: Box<Digest<'a>>,
}

impl<'a> Line<'a> {
    /// Joins a connection with the world.
    #[must_use]
    pub fn new(gateway: &'a Gateway, config: &'a TenantConfig, connection: &'a Connection) -> Self {
        let digest = move |data: &[u8]| {
            let binding = Binding {
                tenant: config.tenant.as_str(),
                purpose: "part_data",
                context: &[connection.key.name.as_str()],
            };
            config.sealing_keys.digest(&binding, data).as_str().to_owned()
        };
        Self { gateway, connection, digest: Box::new(digest) }
    }

    /// What a call may use.
    #[must_use]
    pub fn reach(&self) -> Reach<'_> {
        Reach {
            http: &*self.gateway.http,
            world: &self.gateway.world,
            connection: &self.connection.key,
            public_url: &self.gateway.public_url,
            digest: &*self.digest,
        }
    }

    /// Whose and which.
    #[must_use]
    pub const fn key(&self) -> &ConnectionKey {
        &self.connection.key
    }
}
