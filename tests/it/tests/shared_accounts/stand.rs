//! Tenants of one Onfido account: the real use cases and the real adapter against the simulator over HTTP, everything
//! else in memory. The gateway's time is virtual and goes from one happening to the next; Onfido's repeats wait until
//! they are told.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use idv_gateway::adapters::http::{HttpLimits, ReqwestHttp};
use idv_gateway::config::{Rules, read_tenant};
use idv_gateway::deliver::{self, Deliverer};
use idv_gateway::domain::{
    ConnectionKey, ConnectionName, Onboarding, OnboardingId, OnboardingKey, ProviderId, Resource, ResourceKind, Status,
    SubjectKey, Tenant, Timestamp,
};
use idv_gateway::fetch::{self, Fetcher};
use idv_gateway::gateway::Gateway;
use idv_gateway::ingress::Ingress;
use idv_gateway::invoke::Initiator;
use idv_gateway::memory::bells::{MemoryBells, QueueName};
use idv_gateway::memory::ledger::MemoryLedger;
use idv_gateway::memory::vault::MemoryVault;
use idv_gateway::memory::world::{ManualClock, manual};
use idv_gateway::ports::{Clock, Due, DueBell, Http, Ledger, Method, Request, SubjectRecord, TenantConfig};
use idv_gateway::reconcile::Reconciler;
use idv_gateway::secret::Secret;
use idv_it::rig::Chaos;
use idv_it::rig::drive::{DELIVERIES_VISIBILITY, NOTICES_VISIBILITY, TIMEOUT, record};
use idv_it::rig::ports::{TestBells, TestLedger, TestVault};
use idv_it::rig::pulse::Ended;
use idv_it::rig::receiver::Receiver;
use idv_simulators::onfido::{
    Account, Act, Endpoint, Onfido, Region, Registration, RequestRecord, Retry, Settings, Workflow,
};
use serde_json::{Value, json};
use url::Url;

use super::front::Front;
use super::wire::Wire;

pub(crate) const ACCOUNT: &str = "shared";
const CONNECTION: &str = "onfido";
/// Real time, for what is a moment's work: nothing is measured by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// More happenings than this within one stretch are no quiet.
const HAPPENINGS: usize = 3000;

pub(crate) fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

pub(crate) fn days(count: u64) -> Duration {
    minutes(24 * 60 * count)
}

/// What a stand is made of.
pub(crate) struct Plan {
    pub(crate) tenants: Vec<&'static str>,
    /// Which events each webhook lists; none is all.
    pub(crate) events: Option<Vec<&'static str>>,
    /// Each tenant's checks are made for its own webhook alone.
    pub(crate) own_webhooks: bool,
    /// Settings of the connection beside the usual ones.
    pub(crate) settings: Value,
    pub(crate) report_names: Vec<&'static str>,
    /// How long a call may take.
    pub(crate) longest_call: Duration,
    pub(crate) rate_limit: Option<usize>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            tenants: vec!["acme"],
            events: None,
            own_webhooks: false,
            settings: json!({}),
            report_names: vec!["document", "facial_similarity_photo"],
            longest_call: Duration::from_secs(20),
            rate_limit: None,
        }
    }
}

impl Plan {
    pub(crate) fn of(tenants: &[&'static str]) -> Self {
        Self { tenants: tenants.to_vec(), ..Self::default() }
    }

    pub(crate) fn only(events: &[&'static str]) -> Self {
        Self { events: Some(events.to_vec()), ..Self::default() }
    }
}

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
    fetcher: Fetcher,
    deliverer: Deliverer,
    reconciler: Reconciler,
    initiator: Initiator,
    next_tick: Timestamp,
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

/// Time.
impl Stand {
    /// Until it is done, or killed.
    async fn run<T>(&self, work: impl Future<Output = T>) -> Ended<T> {
        let mut work = pin!(work);
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Ended::Done(answer)),
            Poll::Pending if self.chaos.bury() => Poll::Ready(Ended::Died),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Everything that Onfido has to say by now was said.
    pub(crate) async fn heard(&self) {
        self.onfido.quiet(PATIENCE).await.unwrap();
    }

    /// The fetcher on up to ten notices; false if none are there.
    pub(crate) async fn fetch(&self) -> bool {
        let messages = self.bells.receive(QueueName::Notices, 10, NOTICES_VISIBILITY);
        let records: Vec<fetch::Record> = messages.iter().map(record).collect();
        if let Ended::Done(Ok(failed)) = self.run(self.fetcher.batch(&records)).await {
            for message in messages.iter().filter(|message| !failed.contains(&message.id)) {
                self.bells.delete(&message.receipt);
            }
        }
        !messages.is_empty()
    }

    async fn deliver(&self) -> bool {
        let messages = self.bells.receive(QueueName::Deliveries, 10, DELIVERIES_VISIBILITY);
        let read = |message: &idv_gateway::memory::bells::Message| deliver::Record {
            id: message.id.clone(),
            body: message.body.clone(),
            sent_at: message.sent_at,
        };
        let records: Vec<deliver::Record> = messages.iter().map(read).collect();
        if let Ended::Done(failed) = self.run(self.deliverer.batch(&records, self.now() + TIMEOUT)).await {
            for message in messages.iter().filter(|message| !failed.contains(&message.id)) {
                self.bells.delete(&message.receipt);
            }
        }
        !messages.is_empty()
    }

    /// Everything that is to happen now.
    pub(crate) async fn pump(&mut self) {
        self.heard().await;
        while self.fetch().await {}
        while self.deliver().await {}
        let due = self.due_at().await;
        if self.scheduled && self.now() >= self.next_tick && due.is_some_and(|due| due <= self.now()) {
            self.run(self.reconciler.tick(self.now() + TIMEOUT)).await;
            self.next_tick = (self.now() + Duration::from_millis(1)).rounded_up(minutes(1));
        }
    }

    /// When something happens next.
    async fn next(&self) -> Option<Timestamp> {
        let queues = [QueueName::Notices, QueueName::Deliveries].into_iter();
        let messages = queues.flat_map(|queue| self.bells.messages(queue)).map(|message| message.visible_at);
        let tick = self.due_at().await.filter(|_| self.scheduled).map(|due| due.max(self.next_tick));
        messages.chain(tick).min()
    }

    /// Plays what is to happen within that time.
    pub(crate) async fn play_for(&mut self, span: Duration) {
        let end = self.now() + span;
        for _ in 0..HAPPENINGS {
            self.pump().await;
            match self.next().await.filter(|&next| next <= end) {
                Some(next) if next > self.now() => self.clock.set(next),
                Some(_) => {}
                None => {
                    self.clock.set(self.now().max(end));
                    return;
                }
            }
        }
        panic!("too much happens: {:?}", self.bells.notices());
    }

    /// The earliest entry of both due indexes.
    async fn due_at(&self) -> Option<Timestamp> {
        let mut all = Vec::new();
        for shard in 0..Due::SHARDS {
            for which in [Due::Look, Due::Delivery] {
                let far = Timestamp::from_millis(i64::MAX / 2);
                all.extend(self.ledger.due(which, shard, far, 1).await.unwrap());
            }
        }
        all.iter().map(DueBell::at).min()
    }
}

fn simulated(plan: &Plan) -> Settings {
    Settings {
        accounts: vec![Account::shared(ACCOUNT, Region::Eu, &plan.tenants)],
        rate_limit: plan.rate_limit,
        retry: Retry { scale: 0, ..Retry::default() },
        ..Settings::default()
    }
}

fn real_millis() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn subject() -> Value {
    json!({
        "first_name": "Ada", "last_name": "Example", "email": "ada@example.com",
        "location": {"ip_address": "203.0.113.9", "country_of_residence": "GBR"},
    })
}

/// Begins a classic run.
pub(crate) fn classic(tenant: &str, key: &str) -> Value {
    json!({
        "action": "start", "tenant": tenant, "connection": CONNECTION, "reference": key, "channel": "sdk",
        "subject": subject(), "options": {"flow": "classic"}, "idempotency_key": key,
    })
}

/// Begins a Studio run.
pub(crate) fn studio(tenant: &str, key: &str) -> Value {
    json!({
        "action": "start", "tenant": tenant, "connection": CONNECTION, "reference": key, "channel": "link",
        "subject": subject(), "options": {"flow": "studio"}, "idempotency_key": key,
    })
}

pub(crate) fn submit(begun: &Begun, key: &str) -> Value {
    json!({
        "action": "submit", "tenant": begun.key.tenant, "onboarding_id": begun.key.id, "idempotency_key": key,
    })
}

pub(crate) fn resume(begun: &Begun, key: &str) -> Value {
    json!({
        "action": "resume", "tenant": begun.key.tenant, "onboarding_id": begun.key.id, "idempotency_key": key,
    })
}
