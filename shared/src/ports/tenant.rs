//! A tenant's configuration, read and checked. It carries secrets, so nothing here can be printed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use url::Url;

use crate::delivery::standard_webhooks::SigningSecret;
use crate::domain::schedule::Horizons;
use crate::domain::{Change, ConnectionKey, ConnectionName, Tenant, Wanted};
use crate::proof::Proofs;
use crate::seal::SealingKeys;

use super::fintechos::{Content, FintechOs};
use super::provider::Account;
use super::vault::VaultError;

/// One tenant.
pub struct TenantConfig {
    /// Whose it is: the name it was asked for by, never one from inside.
    pub tenant: Tenant,
    /// Off: nothing of it is accepted or done.
    pub enabled: bool,
    /// Its accounts.
    pub connections: BTreeMap<ConnectionName, Connection>,
    /// Accounts that a later version wrote and this one cannot read, with the reason: nothing can be told of them, as of
    /// a tenant whose secret cannot be read.
    pub unreadable: BTreeMap<ConnectionName, String>,
    /// Where its changes go, where a connection says nothing else.
    pub delivery: Option<Destination>,
    /// Where a person may be sent back to.
    pub return_urls: Vec<Url>,
    /// Actions that must be allowed one by one.
    pub allowed_actions: BTreeSet<String>,
    /// The first seals, all open.
    pub sealing_keys: SealingKeys,
}

impl TenantConfig {
    /// An enabled connection.
    #[must_use]
    pub fn connection(&self, name: &ConnectionName) -> Option<&Connection> {
        self.connections.get(name).filter(|connection| self.enabled && connection.enabled)
    }

    /// Whether anything can be told of a connection, be it that there is none.
    ///
    /// # Errors
    /// It is there, and this version cannot read it: whatever concerns it has to wait.
    pub fn can_tell(&self, name: &ConnectionName) -> Result<(), VaultError> {
        let unreadable = self.unreadable.contains_key(name);
        if unreadable { Err(VaultError::Unavailable("connection_unreadable")) } else { Ok(()) }
    }

    /// Where changes of that connection go.
    #[must_use]
    pub fn destination(&self, name: &ConnectionName) -> Option<&Destination> {
        if self.can_tell(name).is_err() {
            return None;
        }
        self.connections.get(name).and_then(|connection| connection.delivery.as_ref()).or(self.delivery.as_ref())
    }

    /// Whether the destination of that connection wants that change. Of a connection that is not there any more nobody can
    /// say what its provider's event would have been: it counts as wanted, and shows as what cannot be handed over.
    #[must_use]
    pub fn wants(&self, name: &ConnectionName, change: &Change) -> bool {
        let Some(destination) = self.destination(name) else { return false };
        let wanted = match &destination.kind {
            DestinationKind::Webhook { .. } | DestinationKind::Sqs { .. } | DestinationKind::EventBridge { .. } => None,
            DestinationKind::Fintechos(instance) => match &instance.content {
                Content::ProviderEvent { events, .. } => Some(events),
                Content::Canonical => None,
            },
        };
        let connection = self.connections.get(name);
        let named = wanted.zip(connection).is_none_or(|(events, connection)| {
            let event = change.part.as_ref().and_then(|part| connection.account.event_of(part, change.at));
            event.is_some_and(|event| events.contains(&event.kind))
        });
        destination.kinds.contains(&change.wanted_as()) && named
    }
}

/// One account with one provider.
pub struct Connection {
    /// Whose and which.
    pub key: ConnectionKey,
    /// Off: nothing of it is accepted or done.
    pub enabled: bool,
    /// The account itself.
    pub account: Arc<dyn Account>,
    /// What its webhooks are proven with.
    pub proofs: Proofs,
    /// Settings that every provider has.
    pub settings: Settings,
    /// Where its changes go instead.
    pub delivery: Option<Destination>,
}

/// Settings that every provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What an unknown subject is, once 15 min have passed.
    pub unknown_subject: UnknownSubject,
    /// How long an onboarding is watched.
    pub horizons: Horizons,
    /// No more looks than this in a minute; none is no limit.
    pub max_looks_per_minute: Option<u32>,
    /// The provider's account serves several tenants: a valid proof does not say whose an event is.
    pub shared_account: bool,
    /// Who asks for a fresh link when a stalled onboarding's has died.
    pub reissue: Reissue,
}

/// See [`Settings::reissue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reissue {
    /// The app, by `resume`.
    Manual,
    /// The gateway makes one ready, up to three times; `get` and `resume` hand it out.
    Auto,
}

/// See [`Settings::unknown_subject`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownSubject {
    /// Not ours: remembered for 7 days.
    Stranger,
    /// Ours, though we did not start it (Ondato's static links): becomes an onboarding.
    Adopt,
}

/// Where changes go.
pub struct Destination {
    /// How.
    pub kind: DestinationKind,
    /// Which kinds it wants.
    pub kinds: BTreeSet<Wanted>,
}

/// How changes go out.
pub enum DestinationKind {
    /// Standard Webhooks over https.
    Webhook {
        /// The address.
        url: Url,
        /// `whsec_…`: all sign, so that a receiver may rotate.
        secrets: Vec<SigningSecret>,
    },
    /// A queue of the tenant.
    Sqs {
        /// Its ARN.
        queue_arn: String,
    },
    /// An event bus of the tenant.
    EventBridge {
        /// Its ARN.
        bus_arn: String,
        /// The `source` of the events.
        source: String,
    },
    /// An action of the tenant's own FintechOS instance.
    Fintechos(Box<FintechOs>),
}
