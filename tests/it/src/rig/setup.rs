//! What a rig is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use idv_gateway::domain::schedule::Horizons;
use idv_gateway::domain::{ConnectionKey, ConnectionName, Tenant, Wanted};
use idv_gateway::ports::{
    Account, Connection, Destination, DestinationKind, Recovery, Reissue, Settings, TenantConfig, UnknownSubject,
};
use idv_gateway::proof::{Credential, Proofs};
use idv_gateway::seal::SealingKeys;
use idv_gateway::secret::Secret;
use url::Url;

use super::chaos::Mode;
use super::provider::{Granting, Thin};

/// The connection that every tenant has.
pub const CONNECTION: &str = "main";

/// How a rig is to be.
#[derive(Clone)]
pub struct Setup {
    /// Of everything that is left to chance.
    pub seed: u64,
    /// Each with one connection to a provider.
    pub tenants: Vec<String>,
    /// All tenants have their account with the same provider.
    pub shared_provider: bool,
    /// What the provider can do after a crash.
    pub recovery: Recovery,
    /// How long a link lives.
    pub link_life: Option<Duration>,
    /// Whether people come back from the provider with a code.
    pub returns: bool,
    /// Whether the provider is a thin one, and what it has beside.
    pub thin: Option<Thin>,
    /// Whether people grant what is looked at, and what the provider has beside.
    pub granting: Option<Granting>,
    /// Settings of the connections.
    pub settings: Settings,
    /// Which kinds of change are wanted.
    pub wanted: BTreeSet<Wanted>,
    /// Faults, by the number of their point.
    pub plan: BTreeMap<usize, Mode>,
}

impl Default for Setup {
    fn default() -> Self {
        let settings = Settings {
            unknown_subject: UnknownSubject::Stranger,
            horizons: Horizons::default(),
            max_looks_per_minute: None,
            shared_account: false,
            reissue: Reissue::Manual,
        };
        Self {
            seed: 1,
            tenants: vec!["acme".to_owned()],
            shared_provider: false,
            recovery: Recovery::ByReference,
            link_life: None,
            returns: false,
            thin: None,
            granting: None,
            settings,
            wanted: Wanted::ALL.iter().copied().collect(),
            plan: BTreeMap::new(),
        }
    }
}

impl Setup {
    /// With those tenants.
    #[must_use]
    pub fn of(tenants: &[&str]) -> Self {
        Self { tenants: tenants.iter().map(|&tenant| tenant.to_owned()).collect(), ..Self::default() }
    }

    /// With a thin provider.
    #[must_use]
    pub fn thin(thin: Thin) -> Self {
        Self { thin: Some(thin), ..Self::default() }
    }

    /// A tenant's configuration.
    #[must_use]
    pub fn tenant(&self, name: &str, account: Arc<dyn Account>) -> TenantConfig {
        let key = connection(name);
        let proof = Credential { value: Secret::from(token(name)), types: None };
        let main = Connection {
            key: key.clone(),
            enabled: true,
            account,
            proofs: Proofs { bearer: vec![proof], ..Proofs::default() },
            settings: self.settings,
            delivery: None,
        };
        let url = Url::parse(&format!("https://{name}.example/hooks")).unwrap();
        let kind = DestinationKind::Webhook { url, secrets: Vec::new() };
        // the base64 of 32 bytes, other ones for each tenant
        let sealing = format!("{:A<43}=", name.replace('-', "0"));
        TenantConfig {
            tenant: key.tenant,
            enabled: true,
            connections: BTreeMap::from([(key.name, main)]),
            unreadable: BTreeMap::new(),
            delivery: Some(Destination { kind, kinds: self.wanted.clone() }),
            return_urls: Vec::new(),
            allowed_actions: ["erase", "cancel", "details"].map(str::to_owned).into(),
            sealing_keys: SealingKeys::read(&[Secret::from(sealing)]).unwrap(),
        }
    }
}

/// The connection of a tenant.
#[must_use]
pub fn connection(tenant: &str) -> ConnectionKey {
    ConnectionKey { tenant: Tenant::parse(tenant).unwrap(), name: ConnectionName::parse(CONNECTION).unwrap() }
}

/// What proves a tenant's webhooks.
#[must_use]
pub fn token(tenant: &str) -> String {
    format!("token-of-{tenant}-0123456789abcdef0123456789abcdef")
}
