//! The world outside, played from one moment at which something happens to the next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use idv_gateway::deliver::{self, Deliverer};
use idv_gateway::domain::{Notice, Onboarding, OnboardingKey, Tenant, Timestamp};
use idv_gateway::fetch::{self, Fetcher};
use idv_gateway::gateway::Gateway;
use idv_gateway::ingress::{Answer, Arrival, Ingress};
use idv_gateway::invoke::Initiator;
use idv_gateway::memory::bells::{MemoryBells, Message, QueueName};
use idv_gateway::memory::http::ScriptedHttp;
use idv_gateway::memory::ledger::MemoryLedger;
use idv_gateway::memory::vault::MemoryVault;
use idv_gateway::memory::world::{ManualClock, manual};
use idv_gateway::ports::{Clock, Due, DueBell, HttpError, Ledger};
use idv_gateway::reconcile::Reconciler;
use serde_json::Value;
use url::Url;

use super::chaos::Chaos;
use super::ports::{TestBells, TestLedger, TestVault};
use super::provider::{Desk, Provider};
use super::pulse::{Ended, run};
use super::receiver::Receiver;
use super::setup::{CONNECTION, Setup, token};

/// Six times the timeout of the fetcher.
pub const NOTICES_VISIBILITY: Duration = Duration::from_secs(180);
/// Six times the timeout of the deliverer.
pub const DELIVERIES_VISIBILITY: Duration = Duration::from_secs(360);
/// What the deliverer and the reconciler may take.
pub const TIMEOUT: Duration = Duration::from_secs(55);
/// More happenings than this are no quiet.
const PATIENCE: usize = 3000;

/// A webhook on its way.
#[derive(Debug, Clone)]
pub struct Letter {
    /// To whom it goes.
    pub tenant: String,
    /// What it says.
    pub body: Value,
    /// When it is sent next; none while it is held back, lost, or answered 2xx.
    pub next_at: Option<Timestamp>,
    /// How often it was sent.
    pub sent: usize,
    /// When it was answered 2xx.
    pub acked_at: Option<Timestamp>,
}

/// A request of the app on its way.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is asked.
    pub request: Value,
    /// When it is asked next; none once it was answered for good.
    pub next_at: Option<Timestamp>,
    /// How often it was asked.
    pub asked: u32,
    /// The last answer.
    pub answer: Option<Value>,
}

/// The whole.
pub struct Rig {
    /// Moved by the driver.
    pub clock: Arc<ManualClock>,
    /// The await points.
    pub chaos: Arc<Chaos>,
    /// What stands behind the ledger's port.
    pub ledger: MemoryLedger,
    /// The ledger's port.
    pub port: Arc<TestLedger>,
    /// What stands behind the queues' port.
    pub bells: Arc<MemoryBells>,
    /// What stands behind the vault's port.
    pub vault: Arc<MemoryVault>,
    /// The tenants' systems.
    pub receiver: Arc<Receiver>,
    /// Each tenant's provider.
    pub providers: BTreeMap<String, Arc<Provider>>,
    /// The ports of a process.
    pub gateway: Gateway,
    /// Webhooks, oldest first.
    pub letters: Vec<Letter>,
    /// Requests of the app, oldest first.
    pub calls: Vec<Call>,
    /// Which run's link was handed out for which idempotency key, when.
    pub links: Vec<(String, String, Timestamp)>,
    /// The same links whole, in the same order.
    pub urls: Vec<String>,
    /// Whether the schedule ticks.
    pub scheduled: bool,
    next_tick: Timestamp,
    /// The function itself, for interleaving it.
    pub fetcher: Fetcher,
    deliverer: Deliverer,
    ingress: Ingress,
    /// The function itself, for interleaving it.
    pub initiator: Initiator,
    reconciler: Reconciler,
}

impl Rig {
    /// Everything new.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        let (world, clock) = manual(setup.seed);
        let chaos = Chaos::new(Arc::clone(&clock), setup.plan.clone());
        let ledger = MemoryLedger::default();
        let bells = Arc::new(MemoryBells::new(Arc::<ManualClock>::clone(&clock)));
        let vault = Arc::new(MemoryVault::new());
        let shared = Provider::new(Arc::<ManualClock>::clone(&clock));
        let mut providers = BTreeMap::new();
        for tenant in &setup.tenants {
            let own = Provider::new(Arc::<ManualClock>::clone(&clock));
            let provider = if setup.shared_provider { Arc::clone(&shared) } else { own };
            let desk = Desk::new(Arc::clone(&provider), Arc::clone(&chaos), setup.recovery, setup.link_life);
            let desk = if setup.returns { desk.returning() } else { desk }.thin(setup.thin).granting(setup.granting);
            vault.set(setup.tenant(tenant, Arc::new(desk)));
            providers.insert(tenant.clone(), provider);
        }
        let port = Arc::new(TestLedger::new(ledger.clone(), Arc::clone(&chaos)));
        let gateway = Gateway {
            ledger: Arc::<TestLedger>::clone(&port),
            bells: Arc::new(TestBells { inner: Arc::clone(&bells), chaos: Arc::clone(&chaos) }),
            vault: Arc::new(TestVault { inner: Arc::clone(&vault), chaos: Arc::clone(&chaos) }),
            http: Arc::new(ScriptedHttp::new(|_| Err(HttpError::Unreachable))),
            world,
            public_url: Url::parse("https://idv.example").unwrap(),
            calls_until: None,
        };
        let receiver = Receiver::new(Arc::clone(&chaos));
        Self {
            fetcher: Fetcher::new(gateway.clone(), QueueName::Notices.as_str().to_owned()),
            deliverer: Deliverer::new(
                gateway.clone(),
                Arc::<Receiver>::clone(&receiver),
                QueueName::Deliveries.as_str().to_owned(),
            ),
            ingress: Ingress::new(gateway.clone()),
            initiator: Initiator::new(gateway.clone(), false),
            reconciler: Reconciler::new(gateway.clone()),
            next_tick: clock.now(),
            scheduled: true,
            letters: Vec::new(),
            calls: Vec::new(),
            links: Vec::new(),
            urls: Vec::new(),
            clock,
            chaos,
            ledger,
            port,
            bells,
            vault,
            receiver,
            providers,
            gateway,
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A tenant's provider.
    #[must_use]
    pub fn provider(&self, tenant: &str) -> Arc<Provider> {
        Arc::clone(&self.providers[tenant])
    }

    /// All onboardings, by key.
    #[must_use]
    pub fn onboardings(&self) -> Vec<Onboarding> {
        self.ledger.contents().onboardings.into_values().collect()
    }

    // ---- what comes from outside

    /// A webhook, sent now.
    pub fn post(&mut self, tenant: &str, body: Value) -> usize {
        let at = self.now();
        self.post_at(tenant, body, Some(at))
    }

    /// A webhook, sent then or held back.
    pub fn post_at(&mut self, tenant: &str, body: Value, at: Option<Timestamp>) -> usize {
        self.letters.push(Letter { tenant: tenant.to_owned(), body, next_at: at, sent: 0, acked_at: None });
        self.letters.len() - 1
    }

    /// A request of the app, made now and repeated until it is answered for good.
    pub fn call(&mut self, request: Value) -> usize {
        self.calls.push(Call { request, next_at: Some(self.now()), asked: 0, answer: None });
        self.calls.len() - 1
    }

    /// One request, asked once.
    pub fn ask(&self, qualifier: Option<&str>, request: Value) -> Ended<Value> {
        run(&self.chaos, self.initiator.answer(qualifier, request))
    }

    /// One webhook, sent once.
    #[must_use]
    pub fn knock(&self, path: &str, token: &str, body: &[u8]) -> Ended<Answer> {
        let arrival = Arrival {
            method: "POST".to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: vec![(b"authorization".to_vec(), format!("Bearer {token}").into_bytes())],
            body: body.to_vec(),
            source: None,
        };
        run(&self.chaos, self.ingress.answer(&arrival))
    }

    /// A person's browser comes by once.
    #[must_use]
    pub fn visit(&self, path: &str, query: &str) -> Ended<Answer> {
        self.visit_with(path, query, None)
    }

    /// The same, with a cookie.
    #[must_use]
    pub fn visit_with(&self, path: &str, query: &str, cookie: Option<&str>) -> Ended<Answer> {
        let cookie = cookie.map(|cookie| (b"cookie".to_vec(), cookie.as_bytes().to_vec()));
        let arrival = Arrival {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: cookie.into_iter().collect(),
            body: Vec::new(),
            source: None,
        };
        run(&self.chaos, self.ingress.answer(&arrival))
    }

    /// A notice, as if the ingress had queued it.
    pub fn queue(&self, notice: &Notice) {
        self.bells.send_raw(QueueName::Notices, serde_json::to_string(notice).unwrap());
    }

    // ---- the functions, once each

    /// The fetcher on up to ten notices; false if none are there.
    pub fn fetch(&self) -> bool {
        let messages = self.bells.receive(QueueName::Notices, 10, NOTICES_VISIBILITY);
        if messages.is_empty() {
            return false;
        }
        let records: Vec<fetch::Record> = messages.iter().map(record).collect();
        if let Ended::Done(Ok(failed)) = run(&self.chaos, self.fetcher.batch(&records)) {
            self.done(&messages, &failed);
        }
        true
    }

    /// The fetcher on given records: the ids that have to come again.
    #[must_use]
    pub fn fetch_these(&self, records: &[fetch::Record]) -> Ended<Option<Vec<String>>> {
        run(&self.chaos, async { self.fetcher.batch(records).await.ok() })
    }

    /// The deliverer on up to ten bells; false if none are there.
    pub fn deliver(&self) -> bool {
        let messages = self.bells.receive(QueueName::Deliveries, 10, DELIVERIES_VISIBILITY);
        if messages.is_empty() {
            return false;
        }
        let read = |message: &Message| deliver::Record {
            id: message.id.clone(),
            body: message.body.clone(),
            sent_at: message.sent_at,
        };
        let records: Vec<deliver::Record> = messages.iter().map(read).collect();
        let until = self.now() + TIMEOUT;
        if let Ended::Done(failed) = run(&self.chaos, self.deliverer.batch(&records, until)) {
            self.done(&messages, &failed);
        }
        true
    }

    /// One tick of the schedule.
    pub fn tick(&self) -> Option<idv_gateway::reconcile::Tick> {
        let until = self.now() + TIMEOUT;
        run(&self.chaos, self.reconciler.tick(until)).done().and_then(Result::ok)
    }

    fn done(&self, messages: &[Message], failed: &[String]) {
        for message in messages.iter().filter(|message| !failed.contains(&message.id)) {
            self.bells.delete(&message.receipt);
        }
    }

    fn send(&mut self, at: usize) {
        let letter = self.letters[at].clone();
        let path = format!("/v1/webhooks/{}/{CONNECTION}", letter.tenant);
        let answer = self.knock(&path, &token(&letter.tenant), letter.body.to_string().as_bytes()).done();
        let accepted = answer.is_some_and(|answer| answer.status == 200);
        let now = self.now();
        let letter = &mut self.letters[at];
        letter.sent += 1;
        letter.acked_at = accepted.then_some(now);
        let wait = if letter.sent == 1 { 10 } else { 60 };
        letter.next_at = (!accepted).then(|| now + Duration::from_secs(wait));
    }

    fn invoke(&mut self, at: usize) {
        let request = self.calls[at].request.clone();
        let answer = self.ask(None, request.clone()).done();
        let now = self.now();
        let final_one = answer.as_ref().is_some_and(|answer| answer["error"]["retryable"] != Value::Bool(true));
        let url = answer.as_ref().and_then(|answer| answer["link"]["url"].as_str());
        if let Some(run) = url.and_then(|url| url.rsplit('/').next()) {
            let key = request["idempotency_key"].as_str().unwrap_or_default();
            self.links.push((key.to_owned(), run.to_owned(), now));
            self.urls.extend(url.map(str::to_owned));
        }
        let call = &mut self.calls[at];
        call.asked += 1;
        let wait = Duration::from_secs(2_u64.saturating_pow(call.asked).min(60));
        call.next_at = (!final_one).then(|| now + wait);
        call.answer = answer.or(call.answer.take());
    }

    // ---- time

    /// Everything that is to happen now.
    pub fn pump(&mut self) {
        let now = self.now();
        for at in 0..self.letters.len() {
            if self.letters[at].next_at.is_some_and(|next| next <= now) {
                self.send(at);
            }
        }
        for at in 0..self.calls.len() {
            if self.calls[at].next_at.is_some_and(|next| next <= now) {
                self.invoke(at);
            }
        }
        while self.fetch() {}
        while self.deliver() {}
        if self.scheduled && now >= self.next_tick && self.due_at().is_some_and(|due| due <= now) {
            self.tick();
            self.next_tick = (self.now() + Duration::from_millis(1)).rounded_up(Duration::from_secs(60));
        }
    }

    /// When something happens next.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        let letters = self.letters.iter().filter_map(|letter| letter.next_at);
        let calls = self.calls.iter().filter_map(|call| call.next_at);
        let messages = [QueueName::Notices, QueueName::Deliveries].into_iter();
        let messages = messages.flat_map(|queue| self.bells.messages(queue)).map(|message| message.visible_at);
        let tick = self.due_at().filter(|_| self.scheduled).map(|due| due.max(self.next_tick));
        letters.chain(calls).chain(messages).chain(tick).min()
    }

    /// Plays until `end` of what is to happen by then.
    pub fn play_until(&mut self, end: Timestamp) {
        for _ in 0..PATIENCE {
            self.pump();
            match self.next() {
                Some(next) if next <= end => self.go_to(next),
                Some(_) | None => break,
            }
        }
        self.go_to(end);
    }

    /// Plays for that long.
    pub fn play_for(&mut self, span: Duration) {
        self.play_until(self.now() + span);
    }

    /// Plays until all is quiet: everything is answered, handed over and looked at since it happened.
    ///
    /// # Errors
    /// What is not quiet after three days.
    pub fn settle(&mut self) -> Result<(), String> {
        let end = self.now() + Duration::from_secs(3 * 24 * 3600);
        for _ in 0..PATIENCE {
            self.pump();
            let Some(unrest) = self.unrest() else { return Ok(()) };
            match self.next() {
                Some(next) if next <= end => self.go_to(next),
                Some(_) | None => return Err(format!("not quiet after three days: {unrest}")),
            }
        }
        Err(format!("too much happens: {:?}", self.unrest()))
    }

    fn go_to(&self, moment: Timestamp) {
        if moment > self.now() {
            self.clock.set(moment);
        }
    }

    /// The earliest entry of both due indexes.
    fn due_at(&self) -> Option<Timestamp> {
        let mut all = Vec::new();
        for shard in 0..Due::SHARDS {
            for which in [Due::Look, Due::Delivery] {
                let far = Timestamp::from_millis(i64::MAX / 2);
                all.extend(at_once(self.ledger.due(which, shard, far, 1)).unwrap());
            }
        }
        all.iter().map(DueBell::at).min()
    }

    /// What still moves.
    fn unrest(&self) -> Option<String> {
        if self.letters.iter().any(|letter| letter.next_at.is_some()) {
            return Some("a webhook is not accepted".to_owned());
        }
        if let Some(call) = self.calls.iter().find(|call| call.next_at.is_some()) {
            return Some(format!("a request is not answered: {} {:?}", call.request, call.answer));
        }
        let queues = [QueueName::Notices, QueueName::Deliveries];
        if let Some(message) = queues.into_iter().flat_map(|queue| self.bells.messages(queue)).next() {
            return Some(format!("a message waits: {}", message.body));
        }
        self.onboardings().into_iter().find_map(|onboarding| self.restless(&onboarding))
    }

    fn restless(&self, onboarding: &Onboarding) -> Option<String> {
        let (truth, id) = (&onboarding.truth, &onboarding.key.id);
        if onboarding.is_undelivered() && !onboarding.delivery.parked.contains(&truth.version) {
            return Some(format!("{id}: delivered through {} of {}", onboarding.delivery.through, truth.version));
        }
        if onboarding.erased_at.is_some() {
            return (!truth.attempts.is_empty()).then(|| format!("{id}: erased by half"));
        }
        let subject = truth.attempt()?.subject.as_ref()?;
        let runs = self.provider(onboarding.key.tenant.as_str()).runs();
        let run = runs.iter().find(|run| run.id == subject.id.as_str())?;
        // a run that was only begun has nothing to tell yet
        let changed = if run.history.len() > 1 { run.now().at } else { Timestamp::from_millis(0) };
        if onboarding.look.started_at.unwrap_or(Timestamp::from_millis(0)) < changed {
            return Some(format!("{id}: not looked at since {changed}"));
        }
        let earlier = truth.attempts.iter().rev().skip(1).filter_map(|attempt| attempt.subject.as_ref());
        let decided = |id: &str| runs.iter().any(|run| run.id == id && run.is_decided());
        let unknown = !truth.superseded_decision && earlier.into_iter().any(|subject| decided(subject.id.as_str()));
        unknown.then(|| format!("{id}: nobody knows that an earlier attempt was decided"))
    }
}

/// A message as the fetcher gets it.
#[must_use]
pub fn record(message: &Message) -> fetch::Record {
    fetch::Record {
        id: message.id.clone(),
        receipt: message.receipt.clone(),
        body: message.body.clone(),
        sent_at: message.sent_at,
        receives: message.receives,
    }
}

/// The answer of something that does not wait.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match super::pulse::Task::new(future).step() {
        super::pulse::Step::Done(answer) => answer,
        super::pulse::Step::Going | super::pulse::Step::Stuck => panic!("it waits"),
    }
}

/// The key of an onboarding by its text.
#[must_use]
pub fn key_of(tenant: &str, id: &str) -> OnboardingKey {
    OnboardingKey { tenant: Tenant::parse(tenant).unwrap(), id: idv_gateway::domain::OnboardingId::parse(id).unwrap() }
}
