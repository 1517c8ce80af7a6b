//! Fractal's classic generation against the simulator, which has code of its own: a whole run with an add-on, tokens that
//! rotate, expiry, and what is taken back.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops loudly")]

use std::sync::{Arc, Mutex};

use data_encoding::HEXLOWER;
use idv_gateway::adapters::http::{HttpLimits, ReqwestHttp};
use idv_gateway::adapters::world::system;
use idv_gateway::domain::schedule::Pace;
use idv_gateway::domain::{
    Ask, Assessment, Channel, ConnectionKey, ConnectionName, OnboardingId, Opinion, Part, Reason, Resource, Status,
    SubjectKind, Tenant, Timestamp,
};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::memory::way::MemoryWay;
use idv_gateway::ports::{Account, Carried, ProviderError, Reach, Way, Wish, World};
use idv_gateway::providers;
use idv_gateway::secret::Secret;
use idv_gateway::section::{Faults, Section};
use idv_simulators::fractal::{
    Act, ApiManner, ApiRule, Application, Button, Endpoint, Fractal, Settings, Spelling, Visit,
};
use serde_json::{Map, Value, json};
use url::Url;

const ONBOARDING: &str = "onb_01M7VZGC00EXAMPEEXAMPEEXAM";
const BASIC: &str = "basic";
const LIVENESS: &str = "liveness";

/// A way that remembers the page that the last person was led to.
struct Path {
    inner: MemoryWay,
    page: Mutex<Option<Url>>,
}

impl Way for Path {
    fn back(&self) -> Url {
        self.inner.back()
    }

    fn carry(&self, onboarding: &OnboardingId, return_url: &Url, until: Timestamp) -> Result<Carried, ProviderError> {
        self.inner.carry(onboarding, return_url, until)
    }

    fn through_us(&self, page: &Url, carried: &Carried, until: Timestamp) -> Result<Secret, ProviderError> {
        *self.page.lock().unwrap() = Some(page.clone());
        self.inner.through_us(page, carried, until)
    }
}

struct Bench {
    fractal: Fractal,
    account: Arc<dyn Account>,
    http: ReqwestHttp,
    world: World,
    connection: ConnectionKey,
    public_url: Url,
    login: MemoryLogin,
    grant: MemoryLogin,
    way: Path,
}

impl Bench {
    async fn of(settings: Value, simulated: Settings) -> Self {
        let fractal = Fractal::start(simulated).await.unwrap();
        let account = configured(&fractal, settings);
        let world = system(Pace::REAL);
        let http = ReqwestHttp::new(true, HttpLimits::default(), Arc::clone(&world.clock)).unwrap();
        let connection =
            ConnectionKey { tenant: Tenant::parse("acme").unwrap(), name: ConnectionName::parse("fractal").unwrap() };
        let public_url = Url::parse("https://idv.example.com/").unwrap();
        let way = Path { inner: MemoryWay::new(public_url.clone()), page: Mutex::default() };
        let (login, grant) = (MemoryLogin::default(), MemoryLogin::default());
        Self { fractal, account, http, world, connection, public_url, login, grant, way }
    }

    async fn usual() -> Self {
        Self::of(json!({}), Settings::default()).await
    }

    fn reach(&self) -> Reach<'_> {
        Reach {
            http: &self.http,
            world: &self.world,
            connection: &self.connection,
            public_url: &self.public_url,
            digest: &|data| format!("k.{}", HEXLOWER.encode(data)),
            login: &self.login,
            grant: &self.grant,
            way: &self.way,
        }
    }

    async fn begun(&self) -> Resource {
        self.account.start(self.reach(), &wish()).await.unwrap().subject
    }

    /// The person goes by the last link and comes back: with a code, if they do.
    fn visited(&self, visit: &Visit) -> (Option<String>, Option<Secret>) {
        let page = self.way.page.lock().unwrap().clone().unwrap();
        let gone = self.fractal.visit(page.as_str(), visit).unwrap();
        let back = gone.url.and_then(|url| Url::parse(&url).ok());
        let code =
            back.and_then(|url| url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned()));
        (gone.user, code.map(Secret::from))
    }

    /// A run whose person came back.
    async fn arrived(&self, visit: &Visit) -> (Resource, String) {
        let run = self.begun().await;
        let (person, code) = self.visited(visit);
        let names = self.account.exchange(self.reach(), &run, code.as_ref()).await.unwrap().unwrap();
        let person = person.unwrap();
        assert_eq!(names.iter().map(|name| name.id.as_str()).collect::<Vec<_>>(), [person.as_str()]);
        (run, person)
    }

    async fn parts(&self, run: &Resource) -> Vec<Part> {
        self.account.look(self.reach(), run).await.unwrap().parts().to_vec()
    }

    async fn seen(&self, run: &Resource) -> Opinion {
        match self.account.assess(&self.parts(run).await) {
            Assessment::Known(opinion) => opinion,
            Assessment::Unrecognised { resource } => panic!("{resource}"),
        }
    }

    async fn status(&self, run: &Resource) -> Status {
        self.seen(run).await.status
    }
}

fn configured(fractal: &Fractal, settings: Value) -> Arc<dyn Account> {
    let urls = fractal.base_urls();
    let own: Map<String, Value> = ["app", "auth", "resource"]
        .into_iter()
        .map(|host| (host.to_owned(), urls.get(host).cloned().unwrap()))
        .collect();
    let application = Application::example();
    let api = json!({"client_id": application.client_id, "client_secret": application.client_secret});
    let mut all = json!({"generation": "classic", "level": "basic+liveness"}).as_object().cloned().unwrap();
    all.extend(settings.as_object().cloned().unwrap());
    let (own, all) = (Value::Object(own), Value::Object(all));
    let faults = Faults::default();
    let mut sections = [("base_urls", &own), ("api", &api), ("settings", &all)]
        .map(|(place, value)| Section::new(place, value, &faults));
    let [base_urls, api, settings] = &mut sections;
    let account = providers::configure("fractal", base_urls, api, settings);
    sections.into_iter().for_each(Section::finish);
    let faults = faults.take();
    assert!(faults.is_empty(), "{faults:?}");
    account.unwrap()
}

fn wish() -> Wish {
    Wish {
        onboarding: OnboardingId::parse(ONBOARDING).unwrap(),
        attempt: 1,
        kind: SubjectKind::Individual,
        subject: Map::new(),
        channel: Channel::Link,
        return_url: Url::parse("https://app.example.com/done").ok(),
        options: Map::new(),
        before: None,
    }
}

#[tokio::test]
async fn a_whole_run_with_an_add_on_whose_parts_come_out_of_order() {
    let bench = Bench::usual().await;
    let run = bench.begun().await;
    assert_eq!(bench.status(&run).await, Status::LinkIssued);
    let (person, code) = bench.visited(&Visit::pressing(Button::Allow).by("ada@example.com"));
    let person = person.unwrap();
    assert_eq!(bench.status(&run).await, Status::LinkIssued, "a code that nobody exchanges counts for nothing");
    bench.account.exchange(bench.reach(), &run, code.as_ref()).await.unwrap();
    assert_eq!(bench.status(&run).await, Status::InProgress);

    bench.fractal.act(&person, Act::CompleteJourney { part: None }).unwrap();
    assert_eq!(bench.status(&run).await, Status::InReview);
    bench.fractal.act(&person, Act::approve(LIVENESS)).unwrap();
    assert_eq!(bench.status(&run).await, Status::InReview, "the add-on alone is no approval");
    bench.fractal.act(&person, Act::contact(BASIC)).unwrap();
    let asked = bench.seen(&run).await;
    assert_eq!((asked.status, asked.action.unwrap().ask), (Status::ActionRequired, Ask::AnswerQuestion));
    bench.fractal.act(&person, Act::Respond { part: None }).unwrap();
    assert_eq!(bench.status(&run).await, Status::InReview);
    bench.fractal.act(&person, Act::approve(BASIC)).unwrap();
    assert_eq!(bench.status(&run).await, Status::Approved);

    let details = bench.account.details(bench.reach(), &run).await.unwrap();
    assert!(details.to_string().contains("ada@example.com"));
    bench.fractal.act(&person, Act::reject(LIVENESS)).unwrap();
    let rejected = bench.seen(&run).await;
    assert_eq!(
        (rejected.status, rejected.reasons.first().map(|because| because.code)),
        (Status::Rejected, Some(Reason::NotDisclosed))
    );
    let counts = bench.fractal.token_counts();
    assert_eq!((counts.codes_exchanged, counts.machine_tokens, counts.secrets_in_urls), (1, 1, 0));
}

#[tokio::test]
async fn both_writings_of_the_page_are_read() {
    for spelling in [Spelling::Fields, Spelling::Samples] {
        let bench = Bench::usual().await;
        bench.fractal.spell(spelling);
        let (run, person) = bench.arrived(&Visit::default()).await;
        let before = bench.status(&run).await;
        assert!(matches!(before, Status::InReview | Status::InProgress), "{spelling:?} {before:?}");
        bench.fractal.act(&person, Act::approve(BASIC)).unwrap();
        assert_ne!(bench.status(&run).await, Status::Approved, "{spelling:?}");
        bench.fractal.act(&person, Act::approve(LIVENESS)).unwrap();
        assert_eq!(bench.status(&run).await, Status::Approved, "{spelling:?}");
    }
}

/// The simulator ends all tokens of a person where two pairs of one refresh token are used.
#[tokio::test]
async fn tokens_rotate_and_no_pair_is_wasted() {
    let bench = Bench::usual().await;
    let (run, person) = bench.arrived(&Visit::default()).await;
    for round in 1..=3 {
        bench.fractal.expire_access_tokens();
        assert_eq!(bench.status(&run).await, Status::InReview);
        let counts = bench.fractal.token_counts();
        assert_eq!((counts.refreshes, counts.parallel_refreshes, counts.families_ended), (round, 0, 0));
    }
    // the answer to a refresh is lost: the old one lives on
    bench.fractal.expire_access_tokens();
    let lost = ApiRule::always(ApiManner::Closed).at(Endpoint::RefreshToken).times(1).with_work_done();
    bench.fractal.misbehave(lost);
    assert!(matches!(bench.account.look(bench.reach(), &run).await, Err(ProviderError::Unavailable(_))));
    assert_eq!(bench.status(&run).await, Status::InReview);
    let counts = bench.fractal.token_counts();
    assert_eq!((counts.repeated_refreshes, counts.parallel_refreshes, counts.families_ended), (1, 0, 0));
    // several at once
    bench.fractal.expire_access_tokens();
    let look = || bench.account.look(bench.reach(), &run);
    let (one, two, three) = tokio::join!(look(), look(), look());
    for outcome in [one, two, three] {
        assert!(matches!(outcome, Ok(_) | Err(ProviderError::Renewing)), "{outcome:?}");
    }
    assert_eq!(bench.status(&run).await, Status::InReview);
    let counts = bench.fractal.token_counts();
    assert_eq!((counts.parallel_refreshes, counts.families_ended), (0, 0));
    assert_eq!(bench.fractal.truth(&person).unwrap().living_pairs, 2, "ours, and the one whose answer was lost");
}

#[tokio::test]
async fn what_expires_is_seen_in_the_list_alone() {
    for joined in [true, false] {
        let mut simulated = Settings::default();
        simulated.classic.joined_in_stats = joined;
        let bench = Bench::of(json!({}), simulated).await;
        let (run, person) = bench.arrived(&Visit::default()).await;
        bench.fractal.act(&person, Act::approve_all()).unwrap();
        bench.fractal.act(&person, Act::Expire { part: Some(BASIC.to_owned()) }).unwrap();
        let expired = bench.seen(&run).await;
        assert_eq!(expired.reasons.first().map(|because| because.code), Some(Reason::DocumentExpired));
        assert_eq!(expired.status, Status::Expired);
    }
}

#[tokio::test]
async fn what_is_taken_back_is_asked_for_again() {
    let bench = Bench::usual().await;
    let (run, person) = bench.arrived(&Visit::default()).await;
    bench.fractal.act(&person, Act::approve_all()).unwrap();
    assert_eq!(bench.status(&run).await, Status::Approved);
    bench.fractal.act(&person, Act::Revoke { application: None }).unwrap();
    // the list still has the verdicts of both
    assert_eq!(bench.status(&run).await, Status::Approved);

    let bench = Bench::of(json!({"sweep": false}), Settings::default()).await;
    let (run, person) = bench.arrived(&Visit::default().by("ada@example.com")).await;
    bench.fractal.act(&person, Act::Revoke { application: None }).unwrap();
    let lost = bench.seen(&run).await;
    assert_eq!((lost.status, lost.action.unwrap().ask), (Status::ActionRequired, Ask::GiveConsent));
    let asking = bench.account.asking(&bench.parts(&run).await).unwrap();
    let back = Url::parse("https://app.example.com/done").unwrap();
    let renewed = bench.account.renew(bench.reach(), &run, Some(&asking), Channel::Link, Some(&back)).await.unwrap();
    assert!(renewed.unwrap().return_nonce.is_some());
    let (_, code) = bench.visited(&Visit::default().by("ada@example.com"));
    assert!(bench.account.exchange(bench.reach(), &run, code.as_ref()).await.unwrap().is_some());
    assert_eq!(bench.status(&run).await, Status::InReview);
}

#[tokio::test]
async fn who_refuses_or_lets_us_see_less_is_seen() {
    let bench = Bench::usual().await;
    let run = bench.begun().await;
    let (_, code) = bench.visited(&Visit::pressing(Button::Deny));
    assert!(code.is_none());
    assert_eq!(bench.status(&run).await, Status::LinkIssued);

    let bench = Bench::usual().await;
    let visit = Visit::default().without("verification.liveness:read").without("verification.liveness.details:read");
    let (run, person) = bench.arrived(&visit).await;
    let less = bench.seen(&run).await;
    assert_eq!((less.status, less.action.unwrap().ask), (Status::ActionRequired, Ask::GiveConsent));
    bench.fractal.act(&person, Act::approve(BASIC)).unwrap();
    assert_eq!(bench.status(&run).await, Status::ActionRequired);
}

#[tokio::test]
async fn a_code_is_good_once_and_a_wrong_client_is_told() {
    let bench = Bench::usual().await;
    let run = bench.begun().await;
    let (_, code) = bench.visited(&Visit::default());
    for _ in 0..3 {
        assert!(bench.account.exchange(bench.reach(), &run, code.as_ref()).await.unwrap().is_some());
    }
    assert_eq!(bench.fractal.token_counts().codes_reused, 0);
    let stale = Secret::from("a-code-of-nobody".to_owned());
    assert_eq!(bench.account.exchange(bench.reach(), &run, Some(&stale)).await, Ok(None));
    assert_ne!(bench.status(&run).await, Status::LinkIssued, "what there was is kept");
    bench.fractal.misbehave(ApiRule::always(ApiManner::WrongUser).at(Endpoint::UsersMe).times(1));
    assert!(matches!(bench.account.look(bench.reach(), &run).await, Err(ProviderError::Foreign(_))));
}
