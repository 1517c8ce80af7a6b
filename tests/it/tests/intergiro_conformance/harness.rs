//! An account configured as in a file, and an Intergiro that answers by script: no socket, no clock.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use idv_gateway::domain::{Channel, OnboardingId, ProviderId, Resource, ResourceKind, SubjectKind};
use idv_gateway::memory::http::{Call, ScriptedHttp, empty, json};
use idv_gateway::ports::{Account, Event, HttpError, Response, Unreadable, Wish};
use idv_gateway::proof::{Context, Proofs, Unverified, prove};
use idv_gateway::providers;
use idv_gateway::section::{Faults, Section};
pub(crate) use idv_it::bench::Bench;
use serde_json::{Map, Value};
use url::Url;

pub(crate) const PERSON: &str = "bd4af0ff-0a72-4e09-b247-c6d8c2391496";
pub(crate) const ANOTHER: &str = "5d54e2b4-791a-4e55-9901-6410c768e8f5";
pub(crate) const ACTION: &str = "b46cfa61-b8bf-4cde-b028-c0cb1990666d";
pub(crate) const CONSENT: &str = "2ca48d0e-4053-4020-8a9a-9d94be51ee5c";
/// Made at 2026-11-20T08:00:00Z, where the manual clock stands.
pub(crate) const ONBOARDING: &str = "onb_01M7VZGC00EXAMPEEXAMPEEXAM";
pub(crate) const API_KEY: &str = "c5f90f4b-9d69-416a-8611-8a8c8d605c36";
pub(crate) const URL_KEY: &str = "kY3vQ9x0Zr7Lw2Tn5Bc8Df";
pub(crate) const RETURN_URL: &str = "https://example.com/onboarding_callback";

pub(crate) const LOGIN: &str = "POST /v3/auth/login";
pub(crate) const REFRESH: &str = "POST /v3/auth/refresh";
pub(crate) const ACTIONS: &str = "GET /v3/pending_actions";
pub(crate) const EVENTS: &str = "GET /v3/events";

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/intergiro")
}

pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(folder().join(format!("{name}.json"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn fixture(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// An account of that configuration, every fault of it told.
pub(crate) fn configured(base_urls: &Value, settings: &Value) -> Arc<dyn Account> {
    let api = serde_json::json!({"api_key": API_KEY});
    let faults = Faults::default();
    let mut base_urls = Section::new("base_urls", base_urls, &faults);
    let mut api = Section::new("api", &api, &faults);
    let mut settings = Section::new("settings", settings, &faults);
    let account = providers::configure("intergiro", &mut base_urls, &mut api, &mut settings);
    for section in [base_urls, api, settings] {
        section.finish();
    }
    let faults = faults.take();
    assert!(faults.is_empty(), "{faults:?}");
    account.unwrap()
}

pub(crate) fn account() -> Arc<dyn Account> {
    configured(&serde_json::json!({}), &serde_json::json!({}))
}

pub(crate) fn resource(kind: &str, id: &str) -> Resource {
    Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() }
}

pub(crate) fn person() -> Resource {
    resource("individual", PERSON)
}

/// A body that came to the address that nobody can guess.
pub(crate) fn event(account: &dyn Account, body: &[u8]) -> Result<Event, Unreadable> {
    event_of(account, body, &format!(r#"{{"url_keys": ["{URL_KEY}"]}}"#))
}

pub(crate) fn event_of(account: &dyn Account, body: &[u8], proofs: &str) -> Result<Event, Unreadable> {
    let proofs: Proofs = serde_json::from_str(proofs).unwrap();
    let request = Unverified { headers: &[], body, url_key: Some(URL_KEY), source: None, received_at: 1_795_161_600 };
    let context = Context { tenant: "acme", connection: "intergiro" };
    let Ok(proven) = prove(account.specification(), &proofs, request, context) else { panic!("the key proves") };
    account.event(proven)
}

pub(crate) fn individual_line() -> String {
    format!("GET /v3/individuals/{PERSON}")
}

pub(crate) fn action_line() -> String {
    format!("GET /v3/pending_actions/{ACTION}")
}

/// That person, in that status.
pub(crate) fn individual(status: &str) -> Value {
    let mut body = fixture("get.individual.activated");
    body["status"] = Value::from(status);
    body
}

/// A fixture's pending action, of the person of the others.
pub(crate) fn action(name: &str) -> Value {
    let mut body = fixture(&format!("get.pending-action.{name}"));
    body["payload"]["individual_id"] = Value::from(PERSON);
    body
}

pub(crate) fn list(items: &[Value]) -> Value {
    serde_json::json!({"data": items, "has_more": false})
}

/// Answers per `METHOD /path`, in order; the last stays. Anything else is 404.
#[derive(Default)]
pub(crate) struct Script(BTreeMap<String, Vec<Result<Response, HttpError>>>);

impl Script {
    /// A login that is granted, and nothing else.
    pub(crate) fn new() -> Self {
        Self::default().on(LOGIN, 200, &fixture("post.auth.login.response"))
    }

    /// A person in that status of whom nothing is asked.
    pub(crate) fn of(status: &str) -> Self {
        Self::new().person(&individual(status)).asking(&[])
    }

    pub(crate) fn on(self, line: &str, status: u16, answer: &Value) -> Self {
        self.then(line, Ok(json(status, answer)))
    }

    pub(crate) fn then(mut self, line: &str, answer: Result<Response, HttpError>) -> Self {
        self.0.entry(line.to_owned()).or_default().push(answer);
        self
    }

    /// Instead of what was said of that line.
    pub(crate) fn only(mut self, line: &str, answers: Vec<Result<Response, HttpError>>) -> Self {
        self.0.insert(line.to_owned(), answers);
        self
    }

    pub(crate) fn person(self, answer: &Value) -> Self {
        self.on(&individual_line(), 200, answer)
    }

    pub(crate) fn asking(self, actions: &[Value]) -> Self {
        self.on(ACTIONS, 200, &list(actions))
    }

    pub(crate) fn start(self) -> Bench {
        let answers = Mutex::new(self.0);
        bench(ScriptedHttp::new(move |call| {
            let mut answers = answers.lock().unwrap();
            let Some(list) = answers.get_mut(&call.line()) else { return Ok(empty(404)) };
            if list.len() > 1 { list.remove(0) } else { list[0].clone() }
        }))
    }
}

pub(crate) fn bench(http: ScriptedHttp) -> Bench {
    Bench::new("intergiro", http, Call::line)
}

pub(crate) fn wish(subject: Value) -> Wish {
    let Value::Object(subject) = subject else { panic!("a subject is an object") };
    Wish {
        onboarding: OnboardingId::parse(ONBOARDING).unwrap(),
        attempt: 1,
        kind: SubjectKind::Individual,
        subject,
        channel: Channel::Link,
        return_url: Some(Url::parse(RETURN_URL).unwrap()),
        options: Map::new(),
        before: None,
    }
}
