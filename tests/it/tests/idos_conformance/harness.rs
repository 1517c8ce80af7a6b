//! An account configured as in a file, and a gateway that answers by script: no socket, no clock.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use idv_gateway::domain::{
    Channel, OnboardingId, Part, ProviderId, Resource, ResourceKind, Snapshot, Standing, SubjectKind,
};
use idv_gateway::memory::http::{Call, ScriptedHttp, empty, json as answer};
use idv_gateway::ports::{Account, HttpError, Response, Wish};
use idv_gateway::providers;
use idv_gateway::section::{Faults, Section};
pub(crate) use idv_it::bench::Bench;
use serde_json::{Map, Value, json};
use url::Url;

pub(crate) const USER: &str = "7c0f8c7e-2b6c-4d5f-8f43-0a8a4c1d9e01";
pub(crate) const COPY: &str = "0d6b3f52-8c1a-4a77-9b2e-5f1f6f0f2a10";
pub(crate) const ANOTHER: &str = "5d54e2b4-791a-4e55-9901-6410c768e8f5";
pub(crate) const GRANTEE: &str = "2152f8d19b791d24453242e15f2eab6cb7cffa7b6a5ed30097960e069881db12";
/// Made at 2026-11-20T08:00:00Z, where the manual clock stands.
pub(crate) const ONBOARDING: &str = "onb_01M7VZGC00EXAMPEEXAMPEEXAM";
pub(crate) const COOKIE: &str = "kgw_session=EXAMPLESESSION";
pub(crate) const RETURN_URL: &str = "https://example.com/back";

pub(crate) const PARAM: &str = "kgw.authn_param";
pub(crate) const AUTHN: &str = "kgw.authn";
pub(crate) const GRANTS: &str = "get_access_grants_granted";
pub(crate) const GRANTS_FOR: &str = "get_access_grants_for_credential";
pub(crate) const CREDENTIAL: &str = "get_credential_shared";
pub(crate) const SHARED_BY: &str = "get_credentials_shared_by_user";
pub(crate) const CID: &str = "bafkreie5bjstojehibeqct724yqzxsbm7e2bhf4tnttsbrxwefsjh4ddqy";

pub(crate) fn by_copy() -> String {
    format!("GET /blob/v1/credentials/{COPY}")
}

pub(crate) fn by_cid() -> String {
    format!("GET /blob/v1/ipfs/{CID}")
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/idos")
}

pub(crate) fn fixture(name: &str) -> Value {
    let text =
        fs::read_to_string(folder().join(format!("{name}.json"))).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The keys of the fixtures' consumer.
pub(crate) fn api() -> Value {
    json!({"signing_key": "42".repeat(32), "encryption_key": fixture("vector.box.credential")["recipient_secret_key_base64"]})
}

/// The fixtures' issuer is accepted, in either role.
pub(crate) fn settings() -> Value {
    let proof = fixture("vector.vc-proof");
    let row = fixture("rpc.call.get-credential-shared.response.blob");
    let signer = row["result"]["query_result"]["values"][0][7].clone();
    json!({
        "issuers": [{
            "base_url": proof["issuer_base"], "public_key": proof["public_key_multibase"], "signers": [signer],
        }],
        "share_url": "https://share.example.com/idos?app=1",
        "chain_id": "idos-example-1",
    })
}

/// With these over the usual ones.
pub(crate) fn settings_with(changed: &Value) -> Value {
    let mut settings = settings();
    settings.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    settings
}

/// An account of that configuration, or the places of its faults.
pub(crate) fn configured(base_urls: &Value, api: &Value, settings: &Value) -> Result<Arc<dyn Account>, Vec<String>> {
    let faults = Faults::default();
    let mut base_urls = Section::new("base_urls", base_urls, &faults);
    let mut api = Section::new("api", api, &faults);
    let mut settings = Section::new("settings", settings, &faults);
    let account = providers::configure("idos", &mut base_urls, &mut api, &mut settings);
    for section in [base_urls, api, settings] {
        section.finish();
    }
    let places: Vec<String> = faults.take().into_iter().map(|fault| fault.place).collect();
    if places.is_empty() { Ok(account.unwrap()) } else { Err(places) }
}

pub(crate) fn account_of(settings: &Value) -> Arc<dyn Account> {
    configured(&json!({"gateway": "https://nodes.example.test"}), &api(), settings).unwrap()
}

pub(crate) fn account() -> Arc<dyn Account> {
    account_of(&settings())
}

pub(crate) fn resource(kind: &str, id: &str) -> Resource {
    Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() }
}

pub(crate) fn user() -> Resource {
    resource("user", USER)
}

pub(crate) fn copy() -> Resource {
    resource("credential", COPY)
}

/// What a run of that person for the level `basic` is called.
pub(crate) fn root() -> Resource {
    resource("share", &format!("{ONBOARDING}.1.basic.{USER}"))
}

pub(crate) fn part<'a>(snapshot: &'a Snapshot, resource: &Resource) -> Option<&'a Part> {
    snapshot.parts().iter().find(|part| part.resource == *resource)
}

/// The copy's word and where it stands.
pub(crate) fn standing(snapshot: &Snapshot) -> Option<(&str, Standing)> {
    part(snapshot, &copy()).map(|part| (part.provider_status.as_str(), part.standing))
}

/// A call by the method or action that it names; a blob by its path.
pub(crate) fn line(call: &Call) -> String {
    let body = call.json();
    match body["method"].as_str() {
        Some("user.call") => action(&payload(&body)),
        Some(method) => method.to_owned(),
        None => call.line(),
    }
}

pub(crate) fn payload(body: &Value) -> Vec<u8> {
    BASE64.decode(body["params"]["body"]["payload"].as_str().unwrap().as_bytes()).unwrap()
}

/// Behind version and namespace.
fn action(payload: &[u8]) -> String {
    let length = usize::from(payload[10]);
    String::from_utf8(payload[14..14 + length].to_vec()).unwrap()
}

/// The page that a list of grants is asked for: its second argument.
pub(crate) fn page(call: &Call) -> u8 {
    let payload = payload(&call.json());
    // the last argument is as long as this one
    payload[payload.len() - 40 - 1]
}

pub(crate) fn logged_in() -> Response {
    let mut response = answer(200, &fixture("rpc.kgw-authn.response")["body"]);
    let own = fixture("rpc.kgw-authn.response")["headers"]["set-cookie"].as_str().map(str::to_owned);
    // a balancer's stands before it
    response.cookies = std::iter::once("AWSALB=EXAMPLE; Path=/".to_owned()).chain(own).collect();
    response
}

pub(crate) fn logged_in_as(token: &str) -> Response {
    Response { cookies: vec![format!("kgw_session={token}; Path=/; HttpOnly; Secure")], ..logged_in() }
}

/// A fixture's table with one cell changed in every row; without a value the column is missing.
pub(crate) fn with_cell(name: &str, column: &str, value: Option<&Value>) -> Value {
    let mut body = fixture(name);
    let table = &mut body["result"]["query_result"];
    let at = table["column_names"].as_array().unwrap().iter().position(|own| own == column).unwrap();
    for row in table["values"].as_array_mut().unwrap() {
        match value {
            Some(value) => row[at] = value.clone(),
            None => drop(row.as_array_mut().unwrap().remove(at)),
        }
    }
    if value.is_none() {
        table["column_names"].as_array_mut().unwrap().remove(at);
        table["column_types"].as_array_mut().unwrap().remove(at);
    }
    body
}

/// A page of grants of that user, one for each copy.
pub(crate) fn grants(rows: &[(&str, &str)]) -> Value {
    let mut body = fixture("rpc.call.get-access-grants-granted.response");
    let table = &mut body["result"]["query_result"];
    let row = table["values"][0].clone();
    let rows = rows.iter().map(|(copy, owner)| {
        let mut row = row.clone();
        (row[3], row[1]) = (json!(copy), json!(owner));
        row
    });
    table["values"] = rows.collect();
    body
}

pub(crate) fn raised(message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "result": {"query_result": null, "logs": "", "error": message}})
}

pub(crate) fn rpc_error(code: i64) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "m"}})
}

/// Answers per name of a call, in order; the last stays. Anything else is 404.
#[derive(Default)]
pub(crate) struct Script(BTreeMap<String, Vec<Result<Response, HttpError>>>);

impl Script {
    /// A sign-in that is granted, and nothing else.
    pub(crate) fn new() -> Self {
        Self::default().on(PARAM, 200, &fixture("rpc.kgw-authn-param.response")).then(AUTHN, Ok(logged_in()))
    }

    /// One grant whose copy stands in its row.
    pub(crate) fn usual() -> Self {
        Self::new()
            .on(GRANTS, 200, &fixture("rpc.call.get-access-grants-granted.response"))
            .on(GRANTS_FOR, 200, &fixture("rpc.call.get-access-grants-for-credential.response"))
            .on(CREDENTIAL, 200, &fixture("rpc.call.get-credential-shared.response.inline"))
    }

    /// The same, with the copy in the blob store, under both addresses.
    pub(crate) fn stored() -> Self {
        let blob = || Ok(Response { body: content(), ..empty(200) });
        let row = fixture("rpc.call.get-credential-shared.response.blob");
        Self::usual().only(CREDENTIAL, vec![Ok(answer(200, &row))]).then(&by_copy(), blob()).then(&by_cid(), blob())
    }

    pub(crate) fn on(self, line: &str, status: u16, body: &Value) -> Self {
        self.then(line, Ok(answer(status, body)))
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

    pub(crate) fn start(self) -> Bench {
        let answers = Mutex::new(self.0);
        bench(ScriptedHttp::new(move |call| {
            let mut answers = answers.lock().unwrap();
            let Some(list) = answers.get_mut(&line(call)) else { return Ok(empty(404)) };
            if list.len() > 1 { list.remove(0) } else { list[0].clone() }
        }))
    }
}

pub(crate) fn bench(http: ScriptedHttp) -> Bench {
    Bench::new("idos", http, line)
}

/// The bytes of the fixtures' box.
pub(crate) fn content() -> Vec<u8> {
    BASE64.decode(fixture("vector.box.credential")["content"].as_str().unwrap().as_bytes()).unwrap()
}

pub(crate) fn wish(subject: Value, options: Value, channel: Channel) -> Wish {
    let members = |value: Value| -> Map<String, Value> { value.as_object().unwrap().clone() };
    Wish {
        onboarding: OnboardingId::parse(ONBOARDING).unwrap(),
        attempt: 1,
        kind: SubjectKind::Individual,
        subject: members(subject),
        channel,
        return_url: Some(Url::parse(RETURN_URL).unwrap()),
        options: members(options),
        before: None,
    }
}
