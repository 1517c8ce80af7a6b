//! An account configured as in a file, and an Ondato that answers by script: no socket, no clock.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use idv_gateway::domain::{Channel, OnboardingId, ProviderId, Resource, ResourceKind, SubjectKind};
use idv_gateway::memory::http::{Call, ScriptedHttp, empty, json};
use idv_gateway::ports::{Account, HttpError, Response, Wish};
use idv_gateway::proof::{Context, Proofs, Unverified, prove};
use idv_gateway::providers;
use idv_gateway::section::{Faults, Section};
pub(crate) use idv_it::bench::Bench;
use serde_json::{Map, Value};

pub(crate) const IDV: &str = "7a1f3c94-2b5d-4e6f-8a90-b1c2d3e4f501";
pub(crate) const KYC: &str = "9c2e4d15-3a6b-4c7d-9e8f-a0b1c2d3e402";
pub(crate) const KYB: &str = "1b3d5f70-4c8e-4a2b-8d6f-0e1f2a3b4c03";
pub(crate) const FORM: &str = "2c4e6a81-5d9f-4b3c-9e70-1f2a3b4c5d04";
pub(crate) const APPLICATION: &str = "5d0c4a52-6f0e-4f0b-9c1e-1f5f6f5a0001";
pub(crate) const SETUP: &str = "4e608ca3-7f1b-4d5e-9092-3b4c5d6e7f06";
pub(crate) const KYB_SETUP: &str = "3d5f7b92-6e0a-4c4d-8f81-2a3b4c5d6e99";
pub(crate) const ONBOARDING: &str = "onb_01ARZ3NDEKTSV4RRFFQ69G5FAV";

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/ondato")
}

pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(folder().join(format!("{name}.json"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn fixture(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// An account of that configuration, every fault of it told.
pub(crate) fn configured(base_urls: &Value, settings: &Value) -> Arc<dyn Account> {
    let api = serde_json::json!({"client_id": "client", "client_secret": "secret"});
    let faults = Faults::default();
    let mut base_urls = Section::new("base_urls", base_urls, &faults);
    let mut api = Section::new("api", &api, &faults);
    let mut settings = Section::new("settings", settings, &faults);
    let account = providers::configure("ondato", &mut base_urls, &mut api, &mut settings);
    for section in [base_urls, api, settings] {
        section.finish();
    }
    let faults = faults.take();
    assert!(faults.is_empty(), "{faults:?}");
    account.unwrap()
}

pub(crate) fn account() -> Arc<dyn Account> {
    let settings = serde_json::json!({"setup_id": SETUP, "kyb_setup_id": KYB_SETUP, "application_id": APPLICATION});
    configured(&serde_json::json!({}), &settings)
}

pub(crate) fn resource(kind: &str, id: &str) -> Resource {
    Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() }
}

pub(crate) fn run() -> Resource {
    resource("identity_verification", IDV)
}

/// A proven body, by the Basic login of the fixtures; only that makes one.
pub(crate) fn event(
    account: &dyn Account,
    body: &[u8],
) -> Result<idv_gateway::ports::Event, idv_gateway::ports::Unreadable> {
    event_of(account, body, r#"{"basic": [{"username": "ondato-user", "password": "example-password"}]}"#)
}

pub(crate) fn event_of(
    account: &dyn Account,
    body: &[u8],
    proofs: &str,
) -> Result<idv_gateway::ports::Event, idv_gateway::ports::Unreadable> {
    let headers = fixture("webhook.headers.basic");
    let authorization = headers["Authorization"].as_str().unwrap();
    let proofs: Proofs = serde_json::from_str(proofs).unwrap();
    let headers = [("authorization".as_bytes(), authorization.as_bytes())];
    let request = Unverified { headers: &headers, body, url_key: None, source: None, received_at: 1_770_714_935 };
    let context = Context { tenant: "acme", connection: "ondato" };
    let Ok(proven) = prove(account.specification(), &proofs, request, context) else {
        panic!("the fixture's login proves")
    };
    account.event(proven)
}

/// Answers per `METHOD host/path`, in order; the last stays. Anything else is 404.
#[derive(Default)]
pub(crate) struct Script(BTreeMap<String, Vec<Result<Response, HttpError>>>);

impl Script {
    /// A token endpoint that grants, and nothing else.
    pub(crate) fn new() -> Self {
        Self::default().on("POST id.ondato.com/connect/token", json(200, &fixture("post.connect-token.response")))
    }

    pub(crate) fn on(self, line: &str, answer: Response) -> Self {
        self.then(line, Ok(answer))
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

    pub(crate) fn idv(self, answer: &Value) -> Self {
        self.on(&idv_line(), json(200, answer))
    }

    pub(crate) fn kyc(self, answer: &Value) -> Self {
        self.on(&kyc_line(), json(200, answer))
    }

    pub(crate) fn kyb(self, answer: &Value) -> Self {
        self.on(&kyb_line(), json(200, answer))
    }

    pub(crate) fn start(self) -> Bench {
        let answers = Mutex::new(self.0);
        bench(ScriptedHttp::new(move |call| {
            let mut answers = answers.lock().unwrap();
            let Some(list) = answers.get_mut(&line(call)) else { return Ok(empty(404)) };
            if list.len() > 1 { list.remove(0) } else { list[0].clone() }
        }))
    }
}

pub(crate) fn idv_line() -> String {
    format!("GET idvapi.ondato.com/v1/identity-verifications/{IDV}")
}

pub(crate) fn kyc_line() -> String {
    format!("GET kycid.ondato.com/v1/identifications/{KYC}")
}

pub(crate) fn kyb_line() -> String {
    format!("GET kybid.ondato.com/v1/identifications/{KYB}")
}

pub(crate) fn line(call: &Call) -> String {
    let (method, path) =
        call.line().split_once(' ').map(|(method, path)| (method.to_owned(), path.to_owned())).unwrap();
    format!("{method} {}{path}", call.url.host_str().unwrap())
}

pub(crate) fn bench(http: ScriptedHttp) -> Bench {
    Bench::new("ondato", http, line)
}

pub(crate) fn wish(subject: Value, options: Value) -> Wish {
    let members = |value| match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    Wish {
        onboarding: OnboardingId::parse(ONBOARDING).unwrap(),
        attempt: 1,
        kind: SubjectKind::Individual,
        subject: members(subject),
        channel: Channel::Link,
        return_url: None,
        options: members(options),
        before: None,
    }
}
