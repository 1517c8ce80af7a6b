//! A deliverer with the ledger in memory, and the schedule played on virtual time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use idv_gateway::adapters::http::{HttpLimits, ReqwestHttp};
use idv_gateway::config::{Rules, read_tenant};
use idv_gateway::deliver::{Deliverer, Record};
use idv_gateway::delivery::fintechos::FintechosCourier;
use idv_gateway::domain::schedule::Horizons;
use idv_gateway::domain::{
    ChangeKind, Channel, ConnectionKey, ConnectionName, Evidence, Handover, Identity, Look, Onboarding, OnboardingId,
    OnboardingKey, Part, ProviderId, Reference, Resource, ResourceKind, Standing, SubjectKind, Tenant, Timestamp,
    Truth,
};
use idv_gateway::gateway::Gateway;
use idv_gateway::memory::bells::MemoryBells;
use idv_gateway::memory::ledger::MemoryLedger;
use idv_gateway::memory::vault::MemoryVault;
use idv_gateway::memory::world::{ManualClock, manual};
use idv_gateway::ports::{
    Account, Clock, Commit, Committed, Connection, Courier, CourierError, DeliveryBell, Destination, DestinationKind,
    EndpointKey, EndpointRecord, Http, HttpError, Ledger, Parcel, Reissue, Request, Response, Settings, TenantConfig,
    UnknownSubject,
};
use idv_gateway::proof::Proofs;
use idv_simulators::fintechos::{self, FintechOs};
use serde_json::{Value, json};
use url::Url;

use super::account::Clerk;

pub(crate) const CONNECTION: &str = "onfido";
/// The function's own limit, and more than any test takes.
const TIMEOUT: Duration = Duration::from_secs(27);
/// A call of which it is known that it will not be answered is given up after this, on the real clock.
const PATIENCE: Duration = Duration::from_millis(200);

/// The way to FintechOS instances alone.
struct Only(FintechosCourier);

#[async_trait]
impl Courier for Only {
    async fn hand_over(&self, destination: &Destination, parcel: &Parcel) -> Result<(), CourierError> {
        match &destination.kind {
            DestinationKind::Fintechos(instance) => self.0.call(instance, parcel).await,
            DestinationKind::Webhook { .. } | DestinationKind::Sqs { .. } | DestinationKind::EventBridge { .. } => {
                panic!("another kind of destination")
            }
        }
    }
}

/// Real calls, which wait as long as they may, but at the address where nobody is going to answer.
struct Calls {
    http: ReqwestHttp,
    silent: Mutex<Option<&'static str>>,
}

#[async_trait]
impl Http for Calls {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let silent = *self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        let hurried = silent.is_some_and(|end| request.url.path().ends_with(end));
        let most = if hurried { PATIENCE } else { Duration::MAX };
        self.http.send(Request { deadline: request.deadline.min(most), ..request }).await
    }
}

pub(crate) struct Bench {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ledger: MemoryLedger,
    pub(crate) vault: Arc<MemoryVault>,
    pub(crate) clerk: Arc<Clerk>,
    gateway: Gateway,
    calls: Arc<Calls>,
    deliverer: Deliverer,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let (world, clock) = manual(11);
        let http = ReqwestHttp::new(true, HttpLimits::default(), Arc::clone(&world.clock)).unwrap();
        let calls = Arc::new(Calls { http, silent: Mutex::default() });
        let (ledger, vault) = (MemoryLedger::default(), Arc::new(MemoryVault::new()));
        let gateway = Gateway {
            ledger: Arc::new(ledger.clone()),
            bells: Arc::new(MemoryBells::new(Arc::<ManualClock>::clone(&clock))),
            vault: Arc::<MemoryVault>::clone(&vault),
            http: Arc::<Calls>::clone(&calls),
            world,
            public_url: Url::parse("https://idv.example").unwrap(),
            calls_until: None,
        };
        let courier = Only(FintechosCourier::new(Arc::<Calls>::clone(&calls), Arc::clone(&gateway.world.clock)));
        let deliverer = Deliverer::new(gateway.clone(), Arc::new(courier), "deliveries".to_owned());
        Self { clock, ledger, vault, clerk: Arc::new(Clerk::new()), gateway, calls, deliverer }
    }

    /// With one tenant, whose instance that is.
    pub(crate) fn of(instance: &FintechOs) -> Self {
        let bench = Self::new();
        bench.configure("acme", &delivery(instance));
        bench
    }

    /// At addresses that end so nobody is going to answer.
    pub(crate) fn silent_at(&self, end: &'static str) {
        *self.calls.silent.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
    }

    /// A tenant's configuration from now on, read as it would be from its secret.
    pub(crate) fn configure(&self, tenant: &str, delivery: &Value) -> Arc<TenantConfig> {
        self.vault.set(self.tenant(tenant, delivery, true))
    }

    pub(crate) fn tenant(&self, name: &str, delivery: &Value, enabled: bool) -> TenantConfig {
        let tenant = Tenant::parse(name).unwrap();
        let value = json!({"delivery": delivery, "sealing_keys": ["ZXhhbXBsZS1zZWFsaW5nLWtleS1vZi0zMi1ieXRlcy0="]});
        let read = read_tenant(&tenant, &value, Rules { local_targets: true });
        let mut config = read.unwrap_or_else(|faults| panic!("{faults:?}"));
        let key = ConnectionKey { tenant, name: ConnectionName::parse(CONNECTION).unwrap() };
        let settings = Settings {
            unknown_subject: UnknownSubject::Stranger,
            horizons: Horizons::default(),
            max_looks_per_minute: None,
            shared_account: true,
            reissue: Reissue::Manual,
        };
        let account: Arc<dyn Account> = Arc::<Clerk>::clone(&self.clerk);
        let own =
            Connection { key: key.clone(), enabled, account, proofs: Proofs::default(), settings, delivery: None };
        config.connections = BTreeMap::from([(key.name, own)]);
        config
    }

    /// An onboarding of which nothing is known yet.
    pub(crate) async fn onboarding(&self, tenant: &str, number: u32) -> OnboardingKey {
        let id = OnboardingId::parse(format!("onb_{number:026}")).unwrap();
        let key = OnboardingKey { tenant: Tenant::parse(tenant).unwrap(), id };
        let now = self.clock.now();
        let onboarding = Onboarding {
            key: key.clone(),
            identity: Identity {
                connection: ConnectionName::parse(CONNECTION).unwrap(),
                provider: "clerk".to_owned(),
                reference: Reference::parse("customer-8731").unwrap(),
                subject_kind: SubjectKind::Individual,
                channel: Channel::Sdk,
                created_at: now,
            },
            truth: Truth::intended(now),
            look: Look::default(),
            delivery: Handover::default(),
            erased_at: None,
        };
        assert!(self.ledger.create(&onboarding, "created").await.unwrap());
        key
    }

    /// Parts that a look finds decided, each told as one change, a second apart.
    pub(crate) async fn decided(&self, key: &OnboardingKey, parts: &[&str]) {
        let before = self.read(key);
        let mut truth = before.truth.clone();
        for part in parts {
            self.clock.advance(Duration::from_secs(1));
            let part = Part::new(resource(part), "complete", Standing::Approved);
            truth.record_part(ChangeKind::Part, &part, self.clock.now(), Evidence::Webhook);
        }
        let commit = Commit { delivery_due: Some(self.clock.now()), ..self.gateway.commit_of(&before, truth) };
        assert!(matches!(self.ledger.commit(&commit).await.unwrap(), Committed::Done));
    }

    pub(crate) fn read(&self, key: &OnboardingKey) -> Onboarding {
        self.ledger.contents().onboardings[key].clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The code of the last failure that is shown.
    pub(crate) fn last_error(&self, key: &OnboardingKey) -> String {
        self.read(key).delivery.last_error.unwrap_or_default()
    }

    pub(crate) fn endpoint(&self, tenant: &str) -> Option<EndpointRecord> {
        let key = EndpointKey { tenant: Tenant::parse(tenant).unwrap(), name: "tenant".to_owned() };
        self.ledger.contents().endpoints.get(&key).cloned()
    }

    /// One batch of bells.
    pub(crate) async fn ring(&self, keys: &[&OnboardingKey]) {
        let now = self.clock.now();
        let record = |(number, key): (usize, &&OnboardingKey)| Record {
            id: number.to_string(),
            body: serde_json::to_string(&DeliveryBell::of((**key).clone())).unwrap(),
            sent_at: now,
        };
        let records: Vec<Record> = keys.iter().enumerate().map(record).collect();
        assert_eq!(self.deliverer.batch(&records, now + TIMEOUT).await, Vec::<String>::new());
    }

    /// Rings what is due, when it is due, until everything is handed over or parked, or until that much has passed.
    pub(crate) async fn play(&self, span: Duration) {
        let end = self.clock.now() + span;
        loop {
            let waiting: Vec<Onboarding> =
                self.ledger.contents().onboardings.into_values().filter(Onboarding::is_undelivered).collect();
            let at = |onboarding: &Onboarding| onboarding.delivery.retry_at.unwrap_or(Timestamp::from_millis(0));
            let Some(next) = waiting.iter().map(at).min() else { return };
            if next > end {
                self.clock.set(end);
                return;
            }
            self.clock.set(self.clock.now().max(next));
            let due: Vec<&OnboardingKey> =
                waiting.iter().filter(|waiting| at(waiting) <= next).map(|waiting| &waiting.key).take(10).collect();
            self.ring(&due).await;
        }
    }
}

/// `kind/id`.
pub(crate) fn resource(part: &str) -> Resource {
    let (kind, id) = part.split_once('/').unwrap_or(("report", part));
    Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() }
}

/// The delivery into that instance, with what must be said.
pub(crate) fn delivery(instance: &FintechOs) -> Value {
    let account = instance.settings();
    json!({
        "kind": "fintechos", "endpoint": instance.base_url(), "client_id": account.client_id,
        "username": account.user_name, "password": account.password,
    })
}

/// The same, and this.
pub(crate) fn with(mut delivery: Value, members: Value) -> Value {
    let members = members.as_object().unwrap().clone();
    delivery.as_object_mut().unwrap().extend(members);
    delivery
}

pub(crate) async fn instance() -> FintechOs {
    started(fintechos::Settings::default()).await
}

pub(crate) async fn started(settings: fintechos::Settings) -> FintechOs {
    FintechOs::start(settings).await.unwrap()
}

/// The objects of what it took, in order.
pub(crate) fn taken(instance: &FintechOs) -> Vec<String> {
    instance.accepted().into_iter().map(|event| event.object).collect()
}
