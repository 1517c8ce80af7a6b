//! Tenants of one Onfido account: the real use cases and the real adapter against the simulator over HTTP, everything
//! else in memory. The gateway's time is virtual and goes from one happening to the next; Onfido's repeats wait until
//! they are told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use idv_gateway::adapters::http::{HttpLimits, ReqwestHttp};
use idv_gateway::config::{Rules, read_tenant};
use idv_gateway::deliver::Deliverer;
use idv_gateway::domain::{
    ConnectionKey, ConnectionName, Onboarding, OnboardingId, OnboardingKey, ProviderId, Resource, ResourceKind, Status,
    SubjectKey, Tenant, Timestamp,
};
use idv_gateway::fetch::Fetcher;
use idv_gateway::gateway::Gateway;
use idv_gateway::ingress::Ingress;
use idv_gateway::invoke::Initiator;
use idv_gateway::memory::bells::{MemoryBells, QueueName};
use idv_gateway::memory::ledger::MemoryLedger;
use idv_gateway::memory::vault::MemoryVault;
use idv_gateway::memory::world::{ManualClock, manual};
use idv_gateway::ports::{Clock, Http, Method, Request, SubjectRecord, TenantConfig};
use idv_gateway::reconcile::Reconciler;
use idv_gateway::secret::Secret;
use idv_it::rig::Chaos;
use idv_it::rig::ports::{TestBells, TestLedger, TestVault};
use idv_it::rig::pulse::Ended;
use idv_it::rig::receiver::Receiver;
use idv_simulators::onfido::{Act, Endpoint, Onfido, Region, Registration, RequestRecord, Workflow};
use serde_json::{Value, json};
use url::Url;

use super::front::Front;
use super::plan::{ACCOUNT, CONNECTION, Plan, classic, minutes, simulated, studio, submit};
use super::wire::Wire;

/// An onboarding that has begun, and what it is at Onfido: an applicant or a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) key: OnboardingKey,
    pub(crate) root: String,
}

pub(crate) struct Stand {
    pub(crate) onfido: Onfido,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) chaos: Arc<Chaos>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) ledger: MemoryLedger,
    pub(crate) bells: Arc<MemoryBells>,
    pub(crate) vault: Arc<MemoryVault>,
    pub(crate) receiver: Arc<Receiver>,
    /// Whether the schedule ticks.
    pub(crate) scheduled: bool,
    /// Ids of the webhooks, by tenant.
    pub(crate) webhooks: BTreeMap<&'static str, String>,
    front: Front,
    pub(super) fetcher: Fetcher,
    pub(super) deliverer: Deliverer,
    pub(super) reconciler: Reconciler,
    initiator: Initiator,
    pub(super) next_tick: Timestamp,
}

impl Stand {
    pub(crate) async fn new(plan: Plan) -> Self {
        let onfido = Onfido::start(simulated(&plan)).await.unwrap();
        let (world, clock) = manual(1);
        // the index of what is due rounds to five minutes: each run is to begin at the same distance from them
        clock.set(Timestamp::from_millis(real_millis()).rounded_up(minutes(5)));
        let chaos = Chaos::new(Arc::clone(&clock), BTreeMap::new());
        let ledger = MemoryLedger::default();
        let bells = Arc::new(MemoryBells::new(Arc::<ManualClock>::clone(&clock)));
        let vault = Arc::new(MemoryVault::new());
        let limits = HttpLimits { longest: plan.longest_call, ..HttpLimits::default() };
        let http = ReqwestHttp::new(true, limits, Arc::<ManualClock>::clone(&clock)).unwrap();
        let wire = Wire::new(http, Arc::clone(&chaos));
        let gateway = Gateway {
            ledger: Arc::new(TestLedger::new(ledger.clone(), Arc::clone(&chaos))),
            bells: Arc::new(TestBells { inner: Arc::clone(&bells), chaos: Arc::clone(&chaos) }),
            vault: Arc::new(TestVault { inner: Arc::clone(&vault), chaos: Arc::clone(&chaos) }),
            http: Arc::<Wire>::clone(&wire),
            world,
            public_url: Url::parse("https://idv.example").unwrap(),
            calls_until: None,
        };
        let receiver = Receiver::new(Arc::clone(&chaos));
        let deliveries = QueueName::Deliveries.as_str().to_owned();
        let front = Front::before(Ingress::new(gateway.clone())).await;
        let mut stand = Self {
            fetcher: Fetcher::new(gateway.clone(), QueueName::Notices.as_str().to_owned()),
            deliverer: Deliverer::new(gateway.clone(), Arc::<Receiver>::clone(&receiver), deliveries),
            reconciler: Reconciler::new(gateway.clone()),
            initiator: Initiator::new(gateway, false),
            next_tick: clock.now(),
            scheduled: true,
            webhooks: BTreeMap::new(),
            onfido,
            clock,
            chaos,
            wire,
            ledger,
            bells,
            vault,
            receiver,
            front,
        };
        for &tenant in &plan.tenants {
            let registration = Registration::to(stand.address(tenant)).of(ACCOUNT);
            let events = plan.events.as_deref();
            let registration = events.map_or(registration.clone(), |events| registration.only(events));
            let webhook = stand.onfido.register(registration);
            stand.webhooks.insert(tenant, webhook);
            stand.vault.set(stand.configured(tenant, &stand.configuration(tenant, &plan)));
        }
        stand
    }

    /// A tenant's secret, as an operator would write it.
    pub(crate) fn configuration(&self, tenant: &str, plan: &Plan) -> Value {
        let webhook = self.onfido.webhook(&self.webhooks[tenant]).unwrap();
        let token = self.onfido.accounts()[0].tokens.iter().find(|it| it.client == tenant).unwrap().token.clone();
        let mut settings = json!({
            "shared_account": true, "report_names": plan.report_names, "referrer": "https://*.example.com/*",
            "workflow_id": Workflow::example().id,
        });
        for (name, value) in plan.settings.as_object().unwrap() {
            settings[name] = value.clone();
        }
        if plan.own_webhooks {
            settings["webhook_ids"] = json!([webhook.id]);
        }
        json!({
            "sealing_keys": [format!("{tenant:A<43}=")],
            "return_urls": ["https://app.example.com/"],
            "allowed_actions": ["erase", "cancel", "details"],
            "delivery": {
                "kind": "webhook", "url": format!("https://{tenant}.example/hooks"),
                "secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="],
                "kinds": ["created", "link_issued", "status", "action", "part", "data_changed", "erased"],
            },
            "connections": {CONNECTION: {
                "provider": "onfido", "base_urls": {"api": self.onfido.base_urls()["eu"]},
                "api": {"token": token}, "webhook": {"hmac": [{"secret": webhook.token}]}, "settings": settings,
            }},
        })
    }

    pub(crate) fn configured(&self, tenant: &str, configuration: &Value) -> TenantConfig {
        let rules = Rules { local_targets: true };
        match read_tenant(&Tenant::parse(tenant).unwrap(), configuration, rules) {
            Ok(config) => config,
            Err(faults) => panic!("{faults:?}"),
        }
    }

    /// Where a tenant's webhooks go.
    pub(crate) fn address(&self, tenant: &str) -> String {
        self.front.url(&format!("/v1/webhooks/{tenant}/{CONNECTION}"))
    }

    /// What a tenant's webhooks are signed with.
    pub(crate) fn signing_token(&self, tenant: &str) -> String {
        self.onfido.webhook(&self.webhooks[tenant]).unwrap().token
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// What the app does.
impl Stand {
    pub(crate) async fn ask(&self, request: Value) -> Ended<Value> {
        self.run(self.initiator.answer(None, request)).await
    }

    /// The same, answered.
    pub(crate) async fn answered(&self, request: Value) -> Value {
        self.ask(request).await.done().unwrap()
    }

    pub(crate) async fn begin_classic(&self, tenant: &str, key: &str) -> Begun {
        self.begun(tenant, self.answered(classic(tenant, key)).await).await
    }

    pub(crate) async fn begin_studio(&self, tenant: &str, key: &str) -> Begun {
        self.begun(tenant, self.answered(studio(tenant, key)).await).await
    }

    async fn begun(&self, tenant: &str, answer: Value) -> Begun {
        let id = answer["onboarding_id"].as_str().unwrap_or_else(|| panic!("not begun: {answer}"));
        let key = OnboardingKey { tenant: Tenant::parse(tenant).unwrap(), id: OnboardingId::parse(id).unwrap() };
        let root = self.root(&key).unwrap_or_else(|| panic!("no run: {answer}"));
        Begun { key, root }
    }

    /// Of the current attempt.
    pub(crate) fn root(&self, key: &OnboardingKey) -> Option<String> {
        self.read(key).truth.attempt()?.subject.as_ref().map(|subject| subject.id.to_string())
    }

    /// The person is captured, and the app says so; gives the check.
    pub(crate) async fn submitted(&self, begun: &Begun, key: &str) -> String {
        self.onfido.act(&begun.root, Act::Capture).unwrap();
        let answer = self.answered(submit(begun, key)).await;
        assert!(answer.get("error").is_none(), "{answer}");
        self.checks(begun).pop().unwrap()
    }

    /// A check that somebody else made for our own applicant, with the client's own token; gives its id.
    pub(crate) async fn made_by_hand(&self, tenant: &str, begun: &Begun, report_names: &[&str]) -> String {
        let token = self.onfido.accounts()[0].tokens.iter().find(|it| it.client == tenant).unwrap().token.clone();
        let url = format!("{}/checks", self.onfido.base_url(Region::Eu, "v3.6"));
        let body = json!({"applicant_id": begun.root, "report_names": report_names});
        let request = Request::to_provider(Method::Post, Url::parse(&url).unwrap()).json(&body);
        let made = self.wire.send(request.authorized(Secret::from(format!("Token token={token}")))).await.unwrap();
        let made: Value = serde_json::from_slice(&made.body).unwrap();
        made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    /// All checks that there are of it at Onfido, oldest first.
    pub(crate) fn checks(&self, begun: &Begun) -> Vec<String> {
        self.onfido.truth(&begun.root).unwrap().checks
    }
}

/// What stands in the ledger, and what Onfido was asked.
impl Stand {
    pub(crate) fn read(&self, key: &OnboardingKey) -> Onboarding {
        self.ledger.contents().onboardings[key].clone()
    }

    pub(crate) fn status(&self, begun: &Begun) -> Status {
        self.read(&begun.key).truth.status
    }

    /// All that a tenant has.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Vec<Onboarding> {
        let all = self.ledger.contents().onboardings.into_values();
        all.filter(|onboarding| onboarding.key.tenant.as_str() == tenant).collect()
    }

    pub(crate) fn subject(&self, tenant: &str, kind: &str, id: &str) -> Option<SubjectRecord> {
        let connection =
            ConnectionKey { tenant: Tenant::parse(tenant).unwrap(), name: ConnectionName::parse(CONNECTION).unwrap() };
        let resource = Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() };
        self.ledger.contents().subjects.get(&SubjectKey { connection, resource }).cloned()
    }

    /// So many calls Onfido has heard so far.
    pub(crate) fn mark(&self) -> usize {
        self.onfido.requests().len()
    }

    /// What a tenant has asked since.
    pub(crate) fn asked(&self, tenant: &str, mark: usize) -> Vec<RequestRecord> {
        let requests = self.onfido.requests().into_iter().skip(mark);
        requests.filter(|request| request.client.as_deref() == Some(tenant)).collect()
    }

    /// A look at a classic run lists its checks.
    pub(crate) fn looks(&self, tenant: &str, mark: usize) -> usize {
        self.count(tenant, mark, &[Endpoint::ListChecks])
    }

    /// Whose something is: a report is asked for its check, a check for its applicant.
    pub(crate) fn resolves(&self, tenant: &str, mark: usize) -> usize {
        self.count(tenant, mark, &[Endpoint::GetReport, Endpoint::GetCheck])
    }

    pub(crate) fn count(&self, tenant: &str, mark: usize, endpoints: &[Endpoint]) -> usize {
        self.asked(tenant, mark).iter().filter(|request| endpoints.contains(&request.endpoint)).count()
    }

    /// What the tenant's own system accepted, in order: its changes by kind.
    pub(crate) fn delivered(&self, tenant: &str) -> Vec<(u64, String)> {
        let host = format!("{tenant}.example");
        let accepted = self.receiver.accepted().into_iter();
        accepted.filter(|hand_over| hand_over.host == host).map(|it| (it.version, it.kind)).collect()
    }
}

fn real_millis() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
