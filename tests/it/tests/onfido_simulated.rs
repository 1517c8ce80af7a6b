//! The Onfido adapter on the simulated Onfido, over HTTP: what the scripted conformance cannot show, because there both
//! sides were written from the same fixtures.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

use std::sync::Arc;

use idv_gateway::adapters::http::{HttpLimits, ReqwestHttp};
use idv_gateway::adapters::world::system;
use idv_gateway::domain::schedule::Pace;
use idv_gateway::domain::{
    Assessment, Channel, ConnectionKey, ConnectionName, OnboardingId, Opinion, Part, Reason, Resource, Status,
    SubjectKind, Tenant,
};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::memory::way::MemoryWay;
use idv_gateway::ports::{Account, Entrance, ProviderError, Reach, Submission, Whose, Wish, World};
use idv_gateway::providers;
use idv_gateway::section::{Faults, Section};
use idv_simulators::onfido::{
    Act, ApiManner, ApiRule, Decision, Endpoint, Onfido, Outcome, Region, Settings, Workflow,
};
use serde_json::{Map, Value, json};
use url::Url;

const ONBOARDING: &str = "onb_01M7VZGC00EXAMPEEXAMPEEXAM";
const DOCUMENT: &str = "document";

struct Bench {
    onfido: Onfido,
    account: Arc<dyn Account>,
    http: ReqwestHttp,
    world: World,
    connection: ConnectionKey,
    public_url: Url,
    login: MemoryLogin,
    way: MemoryWay,
}

impl Bench {
    async fn of(api: Value, settings: Value, simulated: Settings) -> Self {
        let onfido = Onfido::start(simulated).await.unwrap();
        let account = configured(&onfido, Region::Eu, &api, &settings);
        let world = system(Pace::REAL);
        let http = ReqwestHttp::new(true, HttpLimits::default(), Arc::clone(&world.clock)).unwrap();
        let connection =
            ConnectionKey { tenant: Tenant::parse("acme").unwrap(), name: ConnectionName::parse("onfido").unwrap() };
        let public_url = Url::parse("https://idv.example.com/").unwrap();
        let (login, way) = (MemoryLogin::default(), MemoryWay::new(public_url.clone()));
        Self { onfido, account, http, world, connection, public_url, login, way }
    }

    async fn usual() -> Self {
        Self::of(json!({"token": "api_live.example0001"}), settings(), Settings::default()).await
    }

    fn reach(&self) -> Reach<'_> {
        Reach {
            http: &self.http,
            world: &self.world,
            connection: &self.connection,
            public_url: &self.public_url,
            digest: &|data| format!("k.{}", data.len()),
            login: &self.login,
            grant: &self.login,
            way: &self.way,
        }
    }

    /// A classic run whose person has captured everything.
    async fn captured(&self) -> Resource {
        let started = self.account.start(self.reach(), &wish("classic", Channel::Sdk)).await.unwrap();
        self.onfido.act(started.subject.id.as_str(), Act::Capture).unwrap();
        started.subject
    }

    async fn submit(&self, applicant: &Resource, mark: &str, options: &Value) -> Result<Vec<Resource>, ProviderError> {
        let (onboarding, options) = (onboarding(), members(options));
        self.account.check_submission(&options).unwrap();
        let asked = Submission { onboarding: &onboarding, subject: applicant, mark, done: false, options: &options };
        self.account.submit(self.reach(), asked).await
    }

    async fn parts(&self, subject: &Resource) -> Vec<Part> {
        self.account.look(self.reach(), subject).await.unwrap().parts().to_vec()
    }

    async fn seen(&self, subject: &Resource) -> Opinion {
        match self.account.assess(&self.parts(subject).await) {
            Assessment::Known(opinion) => opinion,
            Assessment::Unrecognised { resource } => panic!("{resource}"),
        }
    }
}

fn settings() -> Value {
    json!({"referrer": "https://*.example.com/*", "report_names": [DOCUMENT, "facial_similarity_photo"],
        "workflow_id": Workflow::example().id})
}

fn configured(onfido: &Onfido, region: Region, api: &Value, settings: &Value) -> Arc<dyn Account> {
    let base_urls = json!({"api": onfido.base_urls()[region.name()]});
    let faults = Faults::default();
    let mut sections = [("base_urls", &base_urls), ("api", api), ("settings", settings)]
        .map(|(place, value)| Section::new(place, value, &faults));
    let [base_urls, api, settings] = &mut sections;
    let account = providers::configure("onfido", base_urls, api, settings);
    sections.into_iter().for_each(Section::finish);
    let faults = faults.take();
    assert!(faults.is_empty(), "{faults:?}");
    account.unwrap()
}

fn onboarding() -> OnboardingId {
    OnboardingId::parse(ONBOARDING).unwrap()
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn wish(flow: &str, channel: Channel) -> Wish {
    Wish {
        onboarding: onboarding(),
        attempt: 1,
        kind: SubjectKind::Individual,
        subject: members(&json!({
            "first_name": "Ada", "last_name": "Example", "email": "ada@example.com",
            "location": {"ip_address": "203.0.113.10", "country_of_residence": "GBR"},
        })),
        channel,
        return_url: Url::parse("https://app.example.com/done").ok(),
        options: members(&json!({"flow": flow})),
        before: None,
    }
}

#[tokio::test]
async fn a_classic_run_is_captured_submitted_captured_again_and_approved() {
    let bench = Bench::usual().await;
    let applicant = bench.captured().await;
    assert_eq!(bench.seen(&applicant).await.status, Status::LinkIssued);

    let made = bench.submit(&applicant, "first", &json!({})).await.unwrap();
    assert_eq!(made.len(), 3, "a check and two reports");
    assert_eq!(bench.submit(&applicant, "first", &json!({})).await.unwrap(), made, "a repeat finds it");
    assert_eq!(bench.submit(&applicant, "other", &json!({})).await.unwrap(), made, "it is still open");
    assert_eq!(bench.onfido.checks_created().len(), 1);
    assert_eq!(bench.seen(&applicant).await.status, Status::Submitted);
    for named in &made {
        let about = Whose::About { subject: applicant.clone(), part: named.clone() };
        assert_eq!(bench.account.resolve(bench.reach(), named).await.unwrap(), about);
    }

    bench.onfido.act(made[0].id.as_str(), Act::complete_with(DOCUMENT, Outcome::Rejected)).unwrap();
    let opinion = bench.seen(&applicant).await;
    assert_eq!((opinion.status, opinion.reasons[0].code), (Status::ActionRequired, Reason::DocumentUnreadable));
    let asking = bench.account.asking(&bench.parts(&applicant).await).unwrap();
    assert!(made.contains(&asking));
    let renewed = bench.account.renew(bench.reach(), &applicant, Some(&asking), Channel::Sdk, None).await.unwrap();
    assert!(matches!(renewed.unwrap().entrance, Entrance::Sdk { .. }));

    let again = bench.submit(&applicant, "second", &json!({})).await.unwrap();
    assert_ne!(again, made);
    assert_eq!(bench.seen(&applicant).await.status, Status::Submitted, "the older check decides nothing");
    bench.onfido.act(again[0].id.as_str(), Act::complete()).unwrap();
    assert_eq!(bench.seen(&applicant).await.status, Status::Approved);
    bench.onfido.act(again[0].id.as_str(), Act::Reopen).unwrap();
    assert_eq!(bench.seen(&applicant).await.status, Status::InReview);
}

#[tokio::test]
async fn what_the_reports_say_decides() {
    for (outcome, status) in [
        (Outcome::Suspected, Status::Rejected),
        (Outcome::Caution, Status::InReview),
        (Outcome::Underage, Status::InReview),
        (Outcome::Other { result: "quantum".to_owned(), sub_result: None }, Status::InReview),
    ] {
        let bench = Bench::usual().await;
        let applicant = bench.captured().await;
        let made = bench.submit(&applicant, "first", &json!({})).await.unwrap();
        bench.onfido.act(made[0].id.as_str(), Act::complete_with(DOCUMENT, outcome.clone())).unwrap();
        assert_eq!(bench.seen(&applicant).await.status, status, "{outcome:?}");
        let report = bench.account.evidence(bench.reach(), &made[1]).await.unwrap();
        assert_eq!(report["id"], made[1].id.as_str());
    }
}

#[tokio::test]
async fn a_run_is_started_found_again_walked_through_and_started_anew() {
    let bench = Bench::usual().await;
    let wish = wish("studio", Channel::Link);
    bench.onfido.misbehave(ApiRule::always(ApiManner::Closed).at(Endpoint::CreateRun).times(1).with_work_done());
    let lost = bench.account.start(bench.reach(), &wish).await;
    assert!(matches!(lost.err(), Some(ProviderError::Unavailable(_))));
    let started = bench.account.recover(bench.reach(), &wish).await.unwrap().unwrap();
    assert!(matches!(started.entrance, Entrance::Link { .. }) && started.expires_at.is_some());
    assert_eq!(bench.onfido.runs_of_user(ONBOARDING), [started.subject.id.as_str()]);
    let run = started.subject;
    assert_eq!(bench.account.resolve(bench.reach(), &run).await.unwrap(), Whose::Ours(onboarding()));

    assert_eq!(bench.seen(&run).await.status, Status::LinkIssued);
    bench.onfido.perform(run.id.as_str(), [Act::OpenLink, Act::CompleteTask]).unwrap();
    assert_eq!(bench.seen(&run).await.status, Status::InProgress);
    bench.onfido.act(run.id.as_str(), Act::CompleteTasks).unwrap();
    assert_eq!(bench.seen(&run).await.status, Status::Submitted);
    bench.onfido.act(run.id.as_str(), Act::AwaitClient).unwrap();
    assert_eq!(bench.seen(&run).await.status, Status::ActionRequired);
    bench.onfido.act(run.id.as_str(), Act::decide(Decision::Error)).unwrap();
    let failed = bench.seen(&run).await;
    assert_eq!((failed.status, failed.reasons[0].code), (Status::Cancelled, Reason::ProviderError));

    let next = Wish { attempt: 2, subject: Map::new(), before: Some(run.clone()), channel: Channel::Sdk, ..wish };
    assert!(bench.account.recover(bench.reach(), &next).await.unwrap().is_none(), "the first is another attempt's");
    let next = bench.account.start(bench.reach(), &next).await.unwrap();
    assert!(matches!(next.entrance, Entrance::Sdk { .. }));
    assert_ne!(next.subject, run);
    assert_eq!(bench.onfido.applicants_created().len(), 1, "the same person");

    let details = bench.account.details(bench.reach(), &next.subject).await.unwrap();
    assert_eq!(details["applicant"]["last_name"], "Example");
    assert!(!details.to_string().contains("sdk_token") && !details.to_string().contains("download_href"));
    bench.account.erase(bench.reach(), &next.subject).await.unwrap();
    bench.account.erase(bench.reach(), &run).await.unwrap();
    let gone = bench.account.look(bench.reach(), &run).await;
    assert_eq!(gone.err(), Some(ProviderError::NotFound));
}

#[tokio::test]
async fn a_run_that_is_decided_at_once_is_not_lost() {
    let bench = Bench::usual().await;
    let mut wish = wish("studio", Channel::Sdk);
    wish.options.insert("workflow_id".to_owned(), json!(Workflow::instant().id));
    let started = bench.account.start(bench.reach(), &wish).await.unwrap();
    assert_eq!(bench.seen(&started.subject).await.status, Status::Approved);
}

#[tokio::test]
async fn a_deleted_applicant_is_gone_whatever_is_answered() {
    for answered in [404, 410, 422] {
        let simulated = Settings { deleted_answer: answered, ..Settings::default() };
        let bench = Bench::of(json!({"token": "api_live.example0001"}), settings(), simulated).await;
        let applicant = bench.captured().await;
        let made = bench.submit(&applicant, "first", &json!({})).await.unwrap();
        bench.account.erase(bench.reach(), &applicant).await.unwrap();
        bench.account.erase(bench.reach(), &applicant).await.unwrap();
        let gone = bench.account.look(bench.reach(), &applicant).await;
        assert_eq!(gone.err(), Some(ProviderError::NotFound), "{answered}");
        assert_eq!(bench.account.resolve(bench.reach(), &made[1]).await, Ok(Whose::Invented), "{answered}");
        assert!(bench.submit(&applicant, "second", &json!({})).await.is_err());
        let renewed = bench.account.renew(bench.reach(), &applicant, None, Channel::Sdk, None).await;
        assert!(matches!(renewed.err(), Some(ProviderError::NotFound | ProviderError::Refused { .. })), "{answered}");
    }
}

#[tokio::test]
async fn wrong_credentials_and_wrong_places_say_so() {
    let pair = json!({"client_id": "example-client", "client_secret": "example-client-secret"});
    let bench = Bench::of(pair, settings(), Settings::default()).await;
    let applicant = bench.captured().await;
    bench.onfido.expire_access_tokens();
    assert_eq!(bench.seen(&applicant).await.status, Status::LinkIssued, "a fresh token");

    let token = json!({"token": "api_live.example0001"});
    let elsewhere = configured(&bench.onfido, Region::Us, &token, &settings());
    let refused = elsewhere.look(bench.reach(), &applicant).await;
    assert_eq!(refused.err(), Some(ProviderError::Unauthorized), "another region");
    let sandbox = configured(&bench.onfido, Region::Eu, &json!({"token": "api_sandbox.example0001"}), &settings());
    assert_eq!(
        sandbox.look(bench.reach(), &applicant).await.err(),
        Some(ProviderError::NotFound),
        "another environment"
    );
    bench.onfido.misbehave(ApiRule::always(ApiManner::Status { code: 404 }));
    let nowhere = bench.account.look(bench.reach(), &applicant).await;
    assert!(
        matches!(nowhere.err(), Some(ProviderError::Unavailable(_))),
        "everything is 404: no person is gone by that"
    );
    bench.onfido.behave();
    bench.onfido.revoke("example-client");
    bench.onfido.expire_access_tokens();
    assert_eq!(bench.account.look(bench.reach(), &applicant).await.err(), Some(ProviderError::Unauthorized));
}

#[tokio::test]
async fn what_is_refused_leaves_nobody_behind() {
    let bench = Bench::usual().await;
    let mut wish = wish("studio", Channel::Link);
    wish.options.insert("workflow_id".to_owned(), json!("11111111-2222-4333-8444-555555555555"));
    let refused = bench.account.start(bench.reach(), &wish).await;
    let field = Some("options.workflow_id".to_owned());
    assert_eq!(refused.err(), Some(ProviderError::Refused { field }));
    assert_eq!(bench.onfido.requests_to(Endpoint::DeleteApplicant), 1);

    let applicant = bench.captured().await;
    let hooks = bench.submit(&applicant, "x", &json!({"document_ids": ["11111111-2222-4333-8444-555555555555"]})).await;
    assert_eq!(hooks.err(), Some(ProviderError::Refused { field: Some("options.document_ids".to_owned()) }));
    let mut without = wish_without_location();
    without.options = members(&json!({"flow": "classic"}));
    let started = bench.account.start(bench.reach(), &without).await.unwrap();
    let refused = bench.submit(&started.subject, "y", &json!({})).await;
    assert_eq!(refused.err(), Some(ProviderError::Refused { field: Some("options.location".to_owned()) }));
    let location = json!({"location": {"ip_address": "203.0.113.10", "country_of_residence": "GBR"}});
    assert_eq!(bench.submit(&started.subject, "y", &location).await.unwrap().len(), 3);
}

fn wish_without_location() -> Wish {
    let mut wish = wish("classic", Channel::Sdk);
    wish.subject.remove("location");
    wish
}
