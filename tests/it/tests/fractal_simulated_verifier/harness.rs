//! One account with a simulated client, and the person's way in the clear.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use idv_gateway::adapters::http::{HttpLimits, ReqwestHttp};
use idv_gateway::adapters::world::system;
use idv_gateway::domain::schedule::Pace;
use idv_gateway::domain::{
    Assessment, Channel, ConnectionKey, ConnectionName, OnboardingId, Opinion, Part, ProviderId, Resource,
    ResourceKind, SubjectKind, Tenant, Timestamp,
};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::memory::world::ManualClock;
use idv_gateway::ports::{
    Account, Carried, Clock, Http, HttpError, Login, ProviderError, Reach, Request, Response, Started, Way, Wish, World,
};
use idv_gateway::providers;
use idv_gateway::secret::Secret;
use idv_gateway::section::{Fault, Faults, Section};
use idv_simulators::fractal::{Client, Fractal, Generation, KeyPair, Retry, Settings, Visit};
use serde_json::{Value, json};
use url::Url;

use super::posts::Posts;

pub(crate) const GENERATIONS: [Generation; 2] = [Generation::Verifier, Generation::Relay];
pub(crate) const ONBOARDING: &str = "onb_01M7VZGC00EXAMPEEXAMPEEXAM";
pub(crate) const OTHER_ONBOARDING: &str = "onb_01M7VZGC00ANQTHEREXAMPEEXM";
pub(crate) const LEVEL: &str = "basic+liveness+idos";
/// Waited for at most, for what takes a moment.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// A silent server is waited for as long by the impatient: what a call asks for itself would be the test's time.
const IMPATIENCE: Duration = Duration::from_millis(400);

pub(crate) struct Bench {
    pub(crate) fractal: Fractal,
    pub(crate) client: Client,
    pub(crate) account: Arc<dyn Account>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) grant: MemoryLogin,
    pub(crate) way: OpenWay,
    pub(crate) posts: Posts,
    pub(crate) impatience: Arc<Impatience>,
    http: Waiting,
    world: World,
    connection: ConnectionKey,
    public_url: Url,
    login: MemoryLogin,
}

impl Bench {
    pub(crate) async fn of(generation: Generation) -> Self {
        Self::with(generation, json!({}), Settings::default()).await
    }

    pub(crate) async fn with(generation: Generation, settings: Value, simulated: Settings) -> Self {
        let simulated = Settings { retry: Retry { scale: 0, ..Retry::default() }, ..simulated };
        let fractal = Fractal::start(simulated).await.unwrap();
        let posts = Posts::start().await;
        let keys = KeyPair::generate().unwrap();
        let back = "https://idv.example.com/v1/return/acme/fractal";
        let client = Client::new(generation, keys.public_key, back).telling(posts.url());
        fractal.add_client(client.clone());
        let account = account(&fractal, &client, &keys.private_key, settings).unwrap();
        let clock = ManualClock::at(system(Pace::REAL).now());
        let world = World { clock: Arc::<ManualClock>::clone(&clock), ..system(Pace::REAL) };
        let http = ReqwestHttp::new(true, HttpLimits::default(), Arc::clone(&world.clock)).unwrap();
        let impatience = Arc::new(Impatience::default());
        let connection =
            ConnectionKey { tenant: Tenant::parse("acme").unwrap(), name: ConnectionName::parse("fractal").unwrap() };
        Self {
            fractal,
            client,
            account,
            clock,
            grant: MemoryLogin::default(),
            way: OpenWay::default(),
            posts,
            http: Waiting(http, Arc::clone(&impatience)),
            impatience,
            world,
            connection,
            public_url: Url::parse("https://idv.example.com/").unwrap(),
            login: MemoryLogin::default(),
        }
    }

    pub(crate) fn reach(&self) -> Reach<'_> {
        self.reach_of(&self.grant)
    }

    /// With what the person of another onboarding has granted.
    pub(crate) fn reach_of<'a>(&'a self, grant: &'a dyn Login) -> Reach<'a> {
        Reach {
            http: &self.http,
            world: &self.world,
            connection: &self.connection,
            public_url: &self.public_url,
            digest: &|data| format!("k.{}", data.len()),
            login: &self.login,
            grant,
            way: &self.way,
        }
    }

    /// A run, and the page that its person opens.
    pub(crate) async fn begun(&self, onboarding: &str, attempt: u8) -> (Started, String) {
        let started = self.account.start(self.reach(), &wish(onboarding, attempt)).await.unwrap();
        (started, self.way.last())
    }

    /// Unix seconds, for a proof.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().seconds()
    }

    /// What a person brings back who does the whole journey behind that page.
    pub(crate) fn visited(&self, page: &str, visit: &Visit) -> (String, Secret) {
        let gone = self.fractal.visit(page, visit).unwrap();
        let url = Url::parse(&gone.url.unwrap()).unwrap();
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        assert_eq!(pairs.len(), 1, "nothing but the token comes back: {url}");
        assert_eq!(pairs[0].0, self.account.way_back().code);
        (gone.user.unwrap(), Secret::from(pairs[0].1.clone()))
    }

    pub(crate) async fn exchanged(
        &self,
        run: &Resource,
        code: Option<&Secret>,
    ) -> Result<Option<Vec<Resource>>, ProviderError> {
        self.account.exchange(self.reach(), run, code).await
    }

    /// A run whose person has come back; with their id.
    pub(crate) async fn arrived(&self) -> (Resource, String) {
        let (started, page) = self.begun(ONBOARDING, 1).await;
        let (person, code) = self.visited(&page, &Visit::default());
        let names = self.exchanged(&started.subject, Some(&code)).await.unwrap();
        assert_eq!(names, Some(vec![user(&person)]));
        (started.subject, person)
    }

    pub(crate) async fn parts(&self, subject: &Resource) -> Vec<Part> {
        self.account.look(self.reach(), subject).await.unwrap().parts().to_vec()
    }

    pub(crate) async fn assessed(&self, subject: &Resource) -> Assessment {
        self.account.assess(&self.parts(subject).await)
    }

    pub(crate) async fn seen(&self, subject: &Resource) -> Opinion {
        match self.assessed(subject).await {
            Assessment::Known(opinion) => opinion,
            Assessment::Unrecognised { resource } => panic!("{resource}"),
        }
    }

    /// Whether this and nothing else is kept of the person.
    pub(crate) async fn keeps(&self, kept: Option<(&Resource, &str)>) -> bool {
        let shared = self.grant.read().await.unwrap();
        match (shared.login, kept) {
            (None, None) => shared.generation == 0,
            (Some(login), Some((run, person))) => {
                login.matches(format!(r#"{{"run":"{}","uid":"{person}"}}"#, run.id).as_bytes())
            }
            (_, _) => false,
        }
    }
}

/// An account with that client, or what is wrong with its configuration.
pub(crate) fn account(
    fractal: &Fractal,
    client: &Client,
    signing_key: &str,
    settings: Value,
) -> Result<Arc<dyn Account>, Vec<Fault>> {
    let name = client.generation.name();
    let base_urls = json!({name: fractal.base_urls()[name]});
    let api = json!({"client_id": client.client_id, "signing_key": signing_key});
    let mut all = json!({"generation": name, "level": LEVEL});
    for (name, value) in settings.as_object().unwrap() {
        all[name] = value.clone();
    }
    let faults = Faults::default();
    let mut sections = [("base_urls", &base_urls), ("api", &api), ("settings", &all)]
        .map(|(place, value)| Section::new(place, value, &faults));
    let [base_urls, api, settings] = &mut sections;
    let account = providers::configure("fractal", base_urls, api, settings);
    sections.into_iter().for_each(Section::finish);
    let faults = faults.take();
    if faults.is_empty() { Ok(account.unwrap()) } else { Err(faults) }
}

pub(crate) fn wish(onboarding: &str, attempt: u8) -> Wish {
    Wish {
        onboarding: OnboardingId::parse(onboarding).unwrap(),
        attempt,
        kind: SubjectKind::Individual,
        subject: serde_json::Map::new(),
        channel: Channel::Link,
        return_url: Some(return_url()),
        options: serde_json::Map::new(),
        before: None,
    }
}

pub(crate) fn return_url() -> Url {
    Url::parse("https://app.example.com/done").unwrap()
}

pub(crate) fn user(id: &str) -> Resource {
    Resource { kind: ResourceKind::parse("user").unwrap(), id: ProviderId::parse(id).unwrap() }
}

/// The person's way; the pages that it leads to can be read.
#[derive(Default)]
pub(crate) struct OpenWay {
    pages: Mutex<Vec<String>>,
    carried: AtomicU32,
}

impl OpenWay {
    pub(crate) fn last(&self) -> String {
        self.pages.lock().unwrap().last().cloned().unwrap()
    }
}

impl Way for OpenWay {
    fn back(&self) -> Url {
        Url::parse("https://idv.example.com/v1/return/acme/fractal").unwrap()
    }

    fn carry(&self, onboarding: &OnboardingId, _back: &Url, _until: Timestamp) -> Result<Carried, ProviderError> {
        let number = self.carried.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Carried { sealed: format!("sealed-{onboarding}-{number}"), nonce: format!("nonce-{number}") })
    }

    fn through_us(&self, page: &Url, carried: &Carried, _until: Timestamp) -> Result<Secret, ProviderError> {
        assert!(!page.as_str().contains(&carried.sealed), "what is carried stays with us");
        self.pages.lock().unwrap().push(page.to_string());
        Ok(Secret::from(format!("https://idv.example.com/v1/go/acme/fractal/{}", carried.nonce)))
    }
}

#[derive(Default)]
pub(crate) struct Impatience(AtomicBool);

impl Impatience {
    pub(crate) fn set(&self, on: bool) {
        self.0.store(on, Ordering::SeqCst);
    }
}

/// A real client, which may be told to wait for nobody.
struct Waiting(ReqwestHttp, Arc<Impatience>);

#[async_trait]
impl Http for Waiting {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let most = if self.1.0.load(Ordering::SeqCst) { IMPATIENCE } else { request.deadline };
        self.0.send(Request { deadline: request.deadline.min(most), ..request }).await
    }
}
