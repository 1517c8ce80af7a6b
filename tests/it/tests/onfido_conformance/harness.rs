//! An account configured as in a file, and an Onfido that answers by script: no socket, no clock.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use idv_gateway::domain::{Channel, OnboardingId, Part, ProviderId, Resource, ResourceKind, Snapshot, SubjectKind};
use idv_gateway::memory::http::{Call, ScriptedHttp, empty, json};
use idv_gateway::ports::{Account, Event, HttpError, Response, Unreadable, Wish};
use idv_gateway::proof::{Context, Proofs, Unverified, prove};
use idv_gateway::providers;
use idv_gateway::section::{Fault, Faults, Section};
pub(crate) use idv_it::bench::Bench;
use idv_simulators::onfido::{HEADER, signature};
use serde_json::{Map, Value, json};

pub(crate) const APPLICANT: &str = "3b1f6c2e-6d0a-4c55-9a57-0a4e5d2f1001";
pub(crate) const CHECK: &str = "7c2a9e10-41f3-4d0e-8a77-5b6f1e2c2001";
pub(crate) const OLDER_CHECK: &str = "7c2a9e10-41f3-4d0e-8a77-5b6f1e2c2000";
pub(crate) const DOCUMENT: &str = "a9d0c1b2-1111-4c3d-8e4f-000000003001";
pub(crate) const FACE: &str = "a9d0c1b2-1111-4c3d-8e4f-000000003002";
pub(crate) const RUN: &str = "5e8d7f60-2b3c-4d5e-9f60-71829a3b4001";
pub(crate) const WORKFLOW: &str = "0f9e8d7c-6b5a-4938-8271-605f4e3d5001";
pub(crate) const WEBHOOK: &str = "c4b3a291-8070-4f5e-9d4c-3b2a19087001";
pub(crate) const ANOTHER: &str = "11111111-2222-4333-8444-555555555555";
/// Made at 2026-11-20T08:00:00Z, where the manual clock stands.
pub(crate) const ONBOARDING: &str = "onb_01M7VZGC00EXAMPEEXAMPEEXAM";
pub(crate) const API_TOKEN: &str = "api_live.example0001";
pub(crate) const SIGNING: &str = "fake_webhook_token_for_fixtures1";
pub(crate) const REFERRER: &str = "https://*.example.com/onboarding/*";
pub(crate) const RETURN_URL: &str = "https://app.example.com/onboarding/done";

pub(crate) const NEW_APPLICANT: &str = "POST /v3.6/applicants";
pub(crate) const NEW_TOKEN: &str = "POST /v3.6/sdk_token";
pub(crate) const NEW_RUN: &str = "POST /v3.6/workflow_runs";
pub(crate) const RUNS: &str = "GET /v3.6/workflow_runs";
pub(crate) const NEW_CHECK: &str = "POST /v3.6/checks";
pub(crate) const CHECKS: &str = "GET /v3.6/checks";
pub(crate) const REPORTS: &str = "GET /v3.6/reports";
pub(crate) const LOGIN: &str = "POST /v3.6/oauth/token";

pub(crate) fn applicant_line(method: &str) -> String {
    format!("{method} /v3.6/applicants/{APPLICANT}")
}

pub(crate) fn check_line() -> String {
    format!("GET /v3.6/checks/{CHECK}")
}

pub(crate) fn report_line(id: &str) -> String {
    format!("GET /v3.6/reports/{id}")
}

pub(crate) fn run_line() -> String {
    format!("GET /v3.6/workflow_runs/{RUN}")
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/onfido")
}

pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(folder().join(format!("{name}.json"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn fixture(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The body of an answer.
pub(crate) fn answered(name: &str) -> Value {
    fixture(&format!("{name}.response.200"))
}

/// An account of that configuration, or what is wrong with it.
pub(crate) fn configure(base_urls: &Value, api: &Value, settings: &Value) -> Result<Arc<dyn Account>, Vec<Fault>> {
    let faults = Faults::default();
    let mut base_urls = Section::new("base_urls", base_urls, &faults);
    let mut api = Section::new("api", api, &faults);
    let mut settings = Section::new("settings", settings, &faults);
    let account = providers::configure("onfido", &mut base_urls, &mut api, &mut settings);
    for section in [base_urls, api, settings] {
        section.finish();
    }
    let faults = faults.take();
    if faults.is_empty() { Ok(account.unwrap()) } else { Err(faults) }
}

/// An account with those settings, every fault of it told.
pub(crate) fn configured(settings: &Value) -> Arc<dyn Account> {
    match configure(&json!({}), &json!({"token": API_TOKEN}), settings) {
        Ok(account) => account,
        Err(faults) => panic!("{faults:?}"),
    }
}

pub(crate) fn usual() -> Value {
    json!({
        "referrer": REFERRER, "report_names": ["document", "facial_similarity_photo"], "webhook_ids": [WEBHOOK],
        "workflow_id": WORKFLOW,
    })
}

pub(crate) fn account() -> Arc<dyn Account> {
    configured(&usual())
}

/// The usual settings, and these.
pub(crate) fn account_with(settings: Value) -> Arc<dyn Account> {
    let mut all = usual();
    let Value::Object(settings) = settings else { panic!("settings are an object") };
    for (name, value) in settings {
        all[name] = value;
    }
    configured(&all)
}

pub(crate) fn resource(kind: &str, id: &str) -> Resource {
    Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() }
}

pub(crate) fn applicant() -> Resource {
    resource("applicant", APPLICANT)
}

pub(crate) fn check() -> Resource {
    resource("check", CHECK)
}

pub(crate) fn report(id: &str) -> Resource {
    resource("report", id)
}

pub(crate) fn run() -> Resource {
    resource("workflow_run", RUN)
}

/// A proven body.
pub(crate) fn event(account: &dyn Account, body: &[u8]) -> Result<Event, Unreadable> {
    event_of(account, body, &json!({"hmac": [{"secret": SIGNING}]}))
}

pub(crate) fn event_of(account: &dyn Account, body: &[u8], proofs: &Value) -> Result<Event, Unreadable> {
    let signed = signature(SIGNING, body);
    let proofs: Proofs = serde_json::from_value(proofs.clone()).unwrap();
    let headers = [(HEADER.as_bytes(), signed.as_bytes())];
    let request = Unverified { headers: &headers, body, url_key: None, source: None, received_at: 1_795_161_600 };
    let context = Context { tenant: "acme", connection: "onfido" };
    let Ok(proven) = prove(account.specification(), &proofs, request, context) else { panic!("the token proves") };
    account.event(proven)
}

/// Answers per `METHOD /path`, in order; the last stays. Anything else is 404.
#[derive(Default)]
pub(crate) struct Script(BTreeMap<String, Vec<Result<Response, HttpError>>>);

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
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

    pub(crate) fn checks(self, checks: &[Value]) -> Self {
        self.on(CHECKS, 200, &json!({"checks": checks}))
    }

    pub(crate) fn reports(self, reports: &[Value]) -> Self {
        self.on(REPORTS, 200, &json!({"reports": reports}))
    }

    pub(crate) fn run(self, run: &Value) -> Self {
        self.on(&run_line(), 200, run)
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

/// A check with reports, as a look finds them.
pub(crate) fn classic(check: &Value, reports: &[Value]) -> Script {
    Script::new()
        .on(&applicant_line("GET"), 200, &fixture("post_applicants.response.201"))
        .checks(std::slice::from_ref(check))
        .reports(reports)
}

/// That check, in that status and with that result.
pub(crate) fn check_in(status: &str, result: Option<&str>) -> Value {
    let mut body = answered("get_check.clear");
    body["status"] = json!(status);
    body["result"] = json!(result);
    body
}

/// A report of that name and id, in that status and with those results.
pub(crate) fn report_in(id: &str, name: &str, status: &str, result: Option<&str>, sub: Option<&str>) -> Value {
    json!({
        "id": id, "name": name, "status": status, "result": result, "sub_result": sub, "check_id": CHECK,
        "created_at": "2026-03-02T09:05:00Z", "href": format!("/v3.6/reports/{id}"), "breakdown": {}, "properties": {},
    })
}

/// Both reports done and clear.
pub(crate) fn both_clear() -> Vec<Value> {
    answered("list_reports.clear")["reports"].as_array().unwrap().clone()
}

pub(crate) fn bench(http: ScriptedHttp) -> Bench {
    Bench::new("onfido", http, Call::line)
}

pub(crate) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => panic!("not an object"),
    }
}

pub(crate) fn wish(channel: Channel, subject: Value, options: Value) -> Wish {
    Wish {
        onboarding: OnboardingId::parse(ONBOARDING).unwrap(),
        attempt: 1,
        kind: SubjectKind::Individual,
        subject: members(subject),
        channel,
        return_url: None,
        options: members(options),
        before: None,
    }
}

pub(crate) fn part<'a>(snapshot: &'a Snapshot, resource: &Resource) -> &'a Part {
    let found = snapshot.parts().iter().find(|part| part.resource == *resource);
    found.unwrap_or_else(|| panic!("no {resource} in {:?}", snapshot.parts()))
}
