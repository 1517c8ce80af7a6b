//! An account of each of the two, an API that answers by script, and what stands in a token.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use data_encoding::BASE64URL_NOPAD;
use idv_gateway::domain::{Channel, OnboardingId, Part, ProviderId, Resource, ResourceKind, SubjectKind, Timestamp};
use idv_gateway::memory::http::{Call, ScriptedHttp, json as answer};
use idv_gateway::ports::{Account, Carried, Event, HttpError, ProviderError, Response, Unreadable, Way, Wish};
use idv_gateway::proof::{Context, Proofs, Unverified, prove};
use idv_gateway::providers;
use idv_gateway::secret::Secret;
use idv_gateway::section::{Faults, Section};
use idv_it::bench::Bench;
use idv_simulators::fractal::{Generation, HEADER, KeyPair, is_signed_by, signature};
use serde_json::{Map, Value, json};
use url::Url;

pub(super) const GENERATIONS: [Generation; 2] = [Generation::Verifier, Generation::Relay];
/// Made at 2026-11-20T08:00:00Z, where the manual clock stands.
pub(super) const ONBOARDING: &str = "onb_01M7VZGC00EXAMPEEXAMPEEXAM";
pub(super) const NOW: i64 = 1_795_161_600;
pub(super) const CLIENT_ID: &str = "CLIENT_ID";
/// As the fixtures write it.
pub(super) const USER_ID: &str = "USER_ID";
/// Of the redirect's fixture.
pub(super) const TOKEN: &str = "MXES5XpDzMRAHyMI3Jx5K3nrxzZjWjEr-EXAMPLE";
pub(super) const BY_TOKEN: &str = "GET /public/kyc/token/MXES5XpDzMRAHyMI3Jx5K3nrxzZjWjEr-EXAMPLE";
pub(super) const STATUS: &str = "GET /public/kyc/USER_ID/status";
pub(super) const DATA: &str = "GET /public/kyc/USER_ID/data";
pub(super) const SECRET: &str = "whsec-example-kraken-0001";

static KEYS: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate().unwrap());

pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/fractal")
}

pub(super) fn fixture(name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder().join(format!("{name}.json"))).unwrap()).unwrap()
}

static ACCOUNTS: LazyLock<[Arc<dyn Account>; 2]> =
    LazyLock::new(|| GENERATIONS.map(|generation| account_with(generation, json!({}))));

pub(super) fn account(generation: Generation) -> Arc<dyn Account> {
    let [verifier, relay] = &*ACCOUNTS;
    Arc::clone(if generation == Generation::Relay { relay } else { verifier })
}

pub(super) fn account_with(generation: Generation, settings: Value) -> Arc<dyn Account> {
    let api = json!({"client_id": CLIENT_ID, "signing_key": KEYS.private_key});
    let mut all = json!({"generation": generation.name(), "level": "basic+liveness+idos"});
    for (name, value) in settings.as_object().unwrap() {
        all[name] = value.clone();
    }
    let (nothing, faults) = (json!({}), Faults::default());
    let mut sections = [("base_urls", &nothing), ("api", &api), ("settings", &all)]
        .map(|(place, value)| Section::new(place, value, &faults));
    let [base_urls, api, settings] = &mut sections;
    let account = providers::configure("fractal", base_urls, api, settings);
    sections.into_iter().for_each(Section::finish);
    let faults = faults.take();
    assert!(faults.is_empty(), "{faults:?}");
    account.unwrap()
}

/// Answers per `METHOD /path`, in order; the last stays. Anything else is a 404 of theirs.
#[derive(Default)]
pub(super) struct Script(BTreeMap<String, Vec<Result<Response, HttpError>>>);

impl Script {
    pub(super) fn on(self, line: &str, body: &Value) -> Self {
        self.then(line, Ok(answer(200, body)))
    }

    pub(super) fn then(mut self, line: &str, answer: Result<Response, HttpError>) -> Self {
        self.0.entry(line.to_owned()).or_default().push(answer);
        self
    }

    pub(super) fn start(self) -> Bench {
        let answers = Mutex::new(self.0);
        let http = ScriptedHttp::new(move |call| {
            let mut answers = answers.lock().unwrap();
            let Some(list) = answers.get_mut(&call.line()) else {
                return Ok(answer(404, &json!({"error": {"message": "not found"}})));
            };
            if list.len() > 1 { list.remove(0) } else { list[0].clone() }
        });
        Bench::new("fractal", http, Call::line)
    }
}

/// The answer to a one-time token, of a link of that run.
pub(super) fn of_run(name: &str, run: &Resource) -> Value {
    let mut body = fixture(name);
    assert_eq!(body["externalState"], "state", "the fixture's link said so");
    body["externalState"] = json!(run.id.as_str());
    body
}

pub(super) fn run() -> Resource {
    resource("journey", &format!("{ONBOARDING}.1.basic.liveness.idos"))
}

pub(super) fn user(id: &str) -> Resource {
    resource("user", id)
}

fn resource(kind: &str, id: &str) -> Resource {
    Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() }
}

pub(super) fn code() -> Secret {
    Secret::from(TOKEN.to_owned())
}

/// A person of the run is back.
pub(super) fn back(bench: &Bench) {
    bench.grant.put(&Secret::from(format!(r#"{{"run":"{}","uid":"{USER_ID}"}}"#, run().id)));
}

pub(super) async fn parts(generation: Generation, bench: &Bench) -> Result<Vec<Part>, ProviderError> {
    account(generation).look(bench.reach(), &run()).await.map(|found| found.parts().to_vec())
}

pub(super) fn wish(options: Value) -> Wish {
    Wish {
        onboarding: OnboardingId::parse(ONBOARDING).unwrap(),
        attempt: 1,
        kind: SubjectKind::Individual,
        subject: Map::new(),
        channel: Channel::Link,
        return_url: Url::parse("https://app.example.com/done").ok(),
        options: options.as_object().cloned().unwrap(),
        before: None,
    }
}

/// Header and claims of a token whose signature is good by other code.
pub(super) fn opened(token: &str) -> (Value, Value) {
    assert!(is_signed_by(&KEYS.public_key, token), "{token}");
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(BASE64URL_NOPAD.decode(parts[2].as_bytes()).unwrap().len(), 132);
    let read = |part: &str| serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap();
    (read(parts[0]), read(parts[1]))
}

/// A proven body.
pub(super) fn event(generation: Generation, body: &[u8]) -> Result<Event, Unreadable> {
    let signed = signature(generation, SECRET, body);
    judged(generation, SECRET, &[(HEADER, &signed)], body).unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// Why it is refused, or what it is.
pub(super) fn judged(
    generation: Generation,
    secret: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Result<Event, Unreadable>, &'static str> {
    let account = account(generation);
    let proofs: Proofs = serde_json::from_value(json!({"hmac": [{"secret": secret}]})).unwrap();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let request = Unverified { headers: &headers, body, url_key: None, source: None, received_at: NOW };
    let context = Context { tenant: "acme", connection: "fractal" };
    match prove(account.specification(), &proofs, request, context) {
        Ok(proven) => Ok(account.event(proven)),
        Err(refusal) => Err(refusal.code()),
    }
}

/// A way whose pages can be read.
#[derive(Default)]
pub(super) struct OpenWay(Mutex<Option<Url>>, Mutex<Vec<Timestamp>>);

impl OpenWay {
    pub(super) const LINK: &'static str = "https://idv.example.com/v1/go/acme/fractal/ticket";

    /// Until when what is carried lives, and then the way through us.
    pub(super) fn ends(&self) -> Vec<i64> {
        self.1.lock().unwrap().iter().map(|until| until.seconds()).collect()
    }

    pub(super) fn page(&self) -> Url {
        self.0.lock().unwrap().clone().unwrap()
    }
}

impl Way for OpenWay {
    fn back(&self) -> Url {
        panic!("where people are sent back to is fixed with the client")
    }

    fn carry(&self, _of: &OnboardingId, _back: &Url, until: Timestamp) -> Result<Carried, ProviderError> {
        self.1.lock().unwrap().push(until);
        Ok(Carried { sealed: "sealed".to_owned(), nonce: "nonce".to_owned() })
    }

    fn through_us(&self, page: &Url, _carried: &Carried, until: Timestamp) -> Result<Secret, ProviderError> {
        self.1.lock().unwrap().push(until);
        *self.0.lock().unwrap() = Some(page.clone());
        Ok(Secret::from(Self::LINK.to_owned()))
    }
}
