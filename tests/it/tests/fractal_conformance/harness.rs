//! An account configured as in a file, and a classic Fractal that answers by script: no socket, no clock.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use idv_gateway::domain::{Channel, OnboardingId, Part, ProviderId, Resource, ResourceKind, SubjectKind};
use idv_gateway::memory::http::{Call, ScriptedHttp, empty, json};
use idv_gateway::ports::{Account, Event, Http, HttpError, Request, Response, Unreadable, Wish};
use idv_gateway::proof::{Context, Proofs, Unverified, prove};
use idv_gateway::providers;
use idv_gateway::secret::Secret;
use idv_gateway::section::{Fault, Faults, Section};
pub(crate) use idv_it::bench::Bench;
use idv_simulators::fractal::{Generation, HEADER, signature};
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

/// Of `users/me` in the fixtures.
pub(crate) const UID: &str = "b76ab44d-b71e-4d19-b6f9-f6e88cd73946";
/// Of the webhooks in the fixtures.
pub(crate) const USER: &str = "14ec6af0-12f8-4bce-a6ab-01ce87fa1812";
pub(crate) const ANOTHER: &str = "11111111-2222-4333-8444-555555555555";
pub(crate) const ONBOARDING: &str = "onb_01M7VZGC00EXAMPEEXAMPEEXAM";
pub(crate) const CLIENT: &str = "5d6f2b1c5d6f2b1c5d6f2b1c5d6f2b1c";
pub(crate) const CLIENT_SECRET: &str = "example-client-secret & more";
pub(crate) const SIGNING: &str = "whsec-example-classic-0001";
pub(crate) const RETURN_URL: &str = "https://app.example.com/onboarding/done";

pub(crate) const CODE: &str = "authorization_code";
pub(crate) const REFRESH: &str = "refresh_token";
pub(crate) const MACHINE: &str = "client_credentials";
pub(crate) const ME: &str = "GET /v2/users/me";
pub(crate) const ROWS: &str = "GET /v2/stats/user-verifications";

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/fractal")
}

pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(folder().join(format!("{name}.json"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn fixture(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn configure(base_urls: &Value, api: &Value, settings: &Value) -> Result<Arc<dyn Account>, Vec<Fault>> {
    let faults = Faults::default();
    let mut base_urls = Section::new("base_urls", base_urls, &faults);
    let mut api = Section::new("api", api, &faults);
    let mut settings = Section::new("settings", settings, &faults);
    let account = providers::configure("fractal", &mut base_urls, &mut api, &mut settings);
    for section in [base_urls, api, settings] {
        section.finish();
    }
    let faults = faults.take();
    if faults.is_empty() { Ok(account.unwrap()) } else { Err(faults) }
}

/// A classic account with those settings beside the usual ones.
pub(crate) fn account_with(settings: Value) -> Arc<dyn Account> {
    let mut all = json!({"generation": "classic", "level": "basic+liveness"});
    for (name, value) in members(settings) {
        all[name] = value;
    }
    let api = json!({"client_id": CLIENT, "client_secret": CLIENT_SECRET});
    configure(&json!({}), &api, &all).unwrap_or_else(|faults| panic!("{faults:?}"))
}

pub(crate) fn account() -> Arc<dyn Account> {
    account_with(json!({}))
}

pub(crate) fn resource(kind: &str, id: &str) -> Resource {
    Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() }
}

/// The root of a run that asked for that.
pub(crate) fn journey(asked: &str) -> Resource {
    resource("journey", &format!("{ONBOARDING}.1.{}", asked.replace('+', ".")))
}

pub(crate) fn run() -> Resource {
    journey("basic+liveness")
}

pub(crate) fn user(uid: &str) -> Resource {
    resource("user", uid)
}

pub(crate) fn level(uid: &str, level: &str) -> Resource {
    resource("level", &format!("{uid}.{level}"))
}

pub(crate) fn part<'p>(parts: &'p [Part], resource: &Resource) -> &'p Part {
    parts.iter().find(|part| part.resource == *resource).unwrap_or_else(|| panic!("no {resource} in {parts:?}"))
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

/// A proven body.
pub(crate) fn event(account: &dyn Account, body: &[u8]) -> Result<Event, Unreadable> {
    event_of(account, body, &json!({"hmac": [{"secret": SIGNING}]}))
}

pub(crate) fn event_of(account: &dyn Account, body: &[u8], proofs: &Value) -> Result<Event, Unreadable> {
    let signed = signature(Generation::Classic, SIGNING, body);
    let proofs: Proofs = serde_json::from_value(proofs.clone()).unwrap();
    let headers = [(HEADER.as_bytes(), signed.as_bytes())];
    let request = Unverified { headers: &headers, body, url_key: None, source: None, received_at: 1_795_161_600 };
    let context = Context { tenant: "acme", connection: "fractal" };
    let Ok(proven) = prove(account.specification(), &proofs, request, context) else { panic!("the secret proves") };
    account.event(proven)
}

/// What a token request asks for.
pub(crate) fn wanted(call: &Call) -> BTreeMap<String, String> {
    form_urlencoded::parse(&call.body).into_owned().collect()
}

/// `METHOD /path`; a token request by its grant.
pub(crate) fn line(call: &Call) -> String {
    let grant = || wanted(call).remove("grant_type");
    if call.url.path() == "/oauth/token" { grant().unwrap_or_else(|| "no grant".to_owned()) } else { call.line() }
}

type Answer = Result<Response, HttpError>;

/// Answers per line, in order; the last stays. Tokens are numbered where nothing else is said, anything else is 404.
#[derive(Default)]
pub(crate) struct Script(BTreeMap<String, Vec<Answer>>);

impl Script {
    pub(crate) fn on(self, line: &str, status: u16, answer: &Value) -> Self {
        self.then(line, Ok(json(status, answer)))
    }

    pub(crate) fn then(mut self, line: &str, answer: Answer) -> Self {
        self.0.entry(line.to_owned()).or_default().push(answer);
        self
    }

    /// Instead of what was said of that line.
    pub(crate) fn only(mut self, line: &str, answers: Vec<Answer>) -> Self {
        self.0.insert(line.to_owned(), answers);
        self
    }

    pub(crate) fn me(self, body: &Value) -> Self {
        self.on(ME, 200, body)
    }

    pub(crate) fn rows(self, rows: &Value) -> Self {
        self.on(ROWS, 200, rows)
    }

    pub(crate) fn start(self) -> Bench {
        let state = Mutex::new((self.0, 0));
        let answered = move |call: &Call| {
            let mut state = state.lock().unwrap();
            let (answers, issued) = &mut *state;
            let line = line(call);
            if let Some(list) = answers.get_mut(&line) {
                return if list.len() > 1 { list.remove(0) } else { list[0].clone() };
            }
            if ![CODE, REFRESH, MACHINE].contains(&line.as_str()) {
                return Ok(empty(404));
            }
            *issued += 1;
            Ok(json(200, &pair(*issued, line != MACHINE)))
        };
        Bench::new("fractal", ScriptedHttp::new(answered), line)
    }

    /// With a person who has come back by a code; `users/me` is answered as scripted from then on.
    pub(crate) async fn arrived(self, account: &dyn Account, run: &Resource) -> Bench {
        let mut script = self;
        script.0.entry(ME.to_owned()).or_default().insert(0, Ok(json(200, &fixture("get.users-me.no-cases"))));
        let bench = script.start();
        let names = account.exchange(bench.reach(), run, Some(&secret("code-1"))).await;
        assert_eq!(names, Ok(Some(vec![user(UID)])));
        bench
    }
}

/// An outside that leaves so little time.
pub(crate) struct Hurried<'a>(pub(crate) &'a dyn Http, pub(crate) Duration);

#[async_trait]
impl Http for Hurried<'_> {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.0.send(request).await
    }

    fn left(&self) -> Duration {
        self.1
    }
}

/// The n-th pair of tokens, of two hours.
pub(crate) fn pair(n: u32, refreshes: bool) -> Value {
    let mut pair = json!({"access_token": format!("access-{n}"), "token_type": "bearer", "expires_in": 7200});
    if refreshes {
        pair["refresh_token"] = json!(format!("refresh-{n}"));
    }
    pair
}

/// A person with those cases.
pub(crate) fn person(cases: &[Value]) -> Value {
    json!({"uid": UID, "emails": [], "phones": [], "wallets": [], "verification_cases": cases})
}

pub(crate) fn case(level: &str, status: &str, credential: &str) -> Value {
    json!({"level": level, "journey_completed": true, "status": status, "credential": credential, "details": null})
}

pub(crate) fn row(user: &str, level: &str, credential: &str) -> Value {
    json!({"user_id": user, "level": level, "credential": credential})
}

pub(crate) fn members(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("not an object") };
    members
}

pub(crate) fn wish(options: Value) -> Wish {
    Wish {
        onboarding: OnboardingId::parse(ONBOARDING).unwrap(),
        attempt: 1,
        kind: SubjectKind::Individual,
        subject: Map::new(),
        channel: Channel::Link,
        return_url: Url::parse(RETURN_URL).ok(),
        options: members(options),
        before: None,
    }
}
