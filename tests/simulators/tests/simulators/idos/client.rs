//! A consumer of the simulated node, as the fact sheet has it: another library for its signatures, and its own encoder.

use data_encoding::BASE64;
use idv_simulators::idos::{Consumer, Idos, Settings, Share, Shared, craft::sealed};
use reqwest::Method;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::support::{fixture_of, http, parts, shape};

pub(super) fn fixture(name: &str) -> Value {
    fixture_of("idos", name)
}

pub(super) fn same_shape(emitted: &Value, name: &str) {
    assert_eq!(shape(emitted), shape(&fixture(name)), "differs from {name}: {emitted:#}");
}

/// Toy keys of the fixtures.
pub(super) const SEED: [u8; 32] = [0x42; 32];
pub(super) const OTHER_SEED: [u8; 32] = [0x43; 32];

/// 0x20, 0x21, …
pub(super) fn encryption_secret() -> [u8; 32] {
    std::array::from_fn(|place| u8::try_from(0x20 + place).unwrap())
}

pub(super) fn consumer() -> Consumer {
    Consumer::of_secrets(&SEED, &encryption_secret())
}

pub(super) enum Arg<'a> {
    Uuid(Option<&'a str>),
    Text(Option<&'a str>),
    Int8(Option<i64>),
    Bool(Option<bool>),
}

/// Of a call, or with `batched` of a transaction with one batch.
pub(super) fn payload(namespace: &str, action: &str, args: &[Arg<'_>], batched: bool) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    for text in [namespace, action] {
        sized(&mut bytes, text.as_bytes());
    }
    if batched {
        bytes.extend(1_u16.to_le_bytes());
    }
    bytes.extend(u16::try_from(args.len()).unwrap().to_le_bytes());
    for arg in args {
        sized(&mut bytes, &encoded(arg));
    }
    bytes
}

fn sized(into: &mut Vec<u8>, bytes: &[u8]) {
    into.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    into.extend(bytes);
}

fn encoded(arg: &Arg<'_>) -> Vec<u8> {
    let (name, data) = match arg {
        Arg::Uuid(uuid) => ("uuid", uuid.map(uuid_bytes)),
        Arg::Text(text) => ("text", text.map(|text| text.as_bytes().to_vec())),
        Arg::Int8(number) => ("int8", number.map(|number| number.to_be_bytes().to_vec())),
        Arg::Bool(truth) => ("bool", truth.map(|truth| vec![u8::from(truth)])),
    };
    let mut kind = vec![0, 0];
    kind.extend(u32::try_from(name.len()).unwrap().to_be_bytes());
    kind.extend(name.as_bytes());
    kind.extend([0; 5]);
    let mut bytes = vec![0, 0];
    sized(&mut bytes, &kind);
    bytes.extend(1_u16.to_le_bytes());
    sized(&mut bytes, &data.map_or(vec![0], |data| [vec![1], data].concat()));
    bytes
}

fn uuid_bytes(uuid: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(uuid.replace('-', "").as_bytes()).unwrap()
}

/// A column of the first row.
pub(super) fn cell(answer: &Value, column: &str) -> Value {
    rows(answer).first().map(|row| row[column].clone()).unwrap()
}

/// By name; none if there is no table.
pub(super) fn rows(answer: &Value) -> Vec<Value> {
    let table = &answer["result"]["query_result"];
    let names: Vec<_> = table["column_names"].as_array().into_iter().flatten().collect();
    let row = |row: &Value| {
        let cells = names.iter().zip(row.as_array().unwrap());
        cells.map(|(name, cell)| (name.as_str().unwrap().to_owned(), cell.clone())).collect::<Value>()
    };
    table["values"].as_array().into_iter().flatten().map(row).collect()
}

pub(super) struct Caller {
    pub(super) http: reqwest::Client,
    pub(super) base: String,
    pub(super) seed: [u8; 32],
    pub(super) sender: String,
    pub(super) cookie: Option<String>,
}

impl Caller {
    pub(super) fn of(node: &Idos, seed: [u8; 32]) -> Self {
        let sender = Consumer::of_secrets(&seed, &[1; 32]).wallet;
        Self { http: http(), base: node.base_url(), seed, sender, cookie: None }
    }

    pub(super) async fn logged_in(node: &Idos, seed: [u8; 32]) -> Self {
        let mut caller = Self::of(node, seed);
        let (status, answer) = caller.login().await;
        assert_eq!((status, caller.cookie.is_some()), (200, true), "{answer}");
        caller
    }

    pub(super) fn sign(&self, text: &str) -> String {
        let pair = Ed25519KeyPair::from_seed_unchecked(&self.seed).unwrap();
        assert_eq!(data_encoding::HEXLOWER.encode(pair.public_key().as_ref()), self.sender);
        BASE64.encode(pair.sign(text.as_bytes()).as_ref())
    }

    pub(super) fn request(&self, method: &str, params: &Value) -> reqwest::RequestBuilder {
        let body = json!({"jsonrpc": "2.0", "id": 6, "method": method, "params": params});
        let request = self.http.post(format!("{}/rpc/v1", self.base)).body(body.to_string());
        let request = request.header("content-type", "application/json");
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    pub(super) async fn rpc(&self, method: &str, params: &Value) -> (u16, Value) {
        parts(self.request(method, params).send().await.unwrap()).await
    }

    pub(super) async fn challenge(&self) -> Value {
        self.rpc("kgw.authn_param", &json!({})).await.1["result"].clone()
    }

    /// As the page writes it, with the JavaScript client's last line.
    pub(super) fn text(param: &Value) -> String {
        let said = |name: &str| param[name].as_str().unwrap();
        let mut lines = vec![format!("{} wants you to sign in with your account:", said("domain")), String::new()];
        if !said("statement").is_empty() {
            lines.push(said("statement").to_owned());
        }
        lines.push(String::new());
        for (title, name) in [
            ("URI", "uri"),
            ("Version", "version"),
            ("Chain ID", "chain_id"),
            ("Nonce", "nonce"),
            ("Issue At", "issue_at"),
            ("Expiration Time", "expiration_time"),
        ] {
            lines.push(format!("{title}: {}", said(name)));
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    pub(super) async fn authn(&mut self, param: &Value, signature: &str) -> (u16, Value) {
        let params = json!({
            "nonce": param["nonce"], "sender": self.sender, "signature": {"sig": signature, "type": "ed25519"},
        });
        let answer = self.request("kgw.authn", &params).send().await.unwrap();
        let given = answer.headers().get("set-cookie").map(|cookie| cookie.to_str().unwrap().to_owned());
        if let Some(given) = given {
            self.cookie = given.split(';').next().map(str::to_owned);
        }
        parts(answer).await
    }

    pub(super) async fn login(&mut self) -> (u16, Value) {
        let param = self.challenge().await;
        let signature = self.sign(&Self::text(&param));
        self.authn(&param, &signature).await
    }

    pub(super) fn call_params(&self, payload: &[u8]) -> Value {
        json!({
            "body": {"payload": BASE64.encode(payload), "challenge": ""}, "auth_type": "ed25519",
            "sender": self.sender, "signature": "",
        })
    }

    pub(super) async fn call(&self, action: &str, args: &[Arg<'_>]) -> Value {
        let params = self.call_params(&payload("main", action, args, false));
        self.rpc("user.call", &params).await.1
    }

    pub(super) async fn shared(&self, id: &str) -> Value {
        self.call("get_credential_shared", &[Arg::Uuid(Some(id))]).await
    }

    pub(super) async fn granted(&self, user: Option<&str>, page: i64, size: i64) -> Vec<Value> {
        let args = [Arg::Uuid(user), Arg::Int8(Some(page)), Arg::Int8(Some(size))];
        rows(&self.call("get_access_grants_granted", &args).await)
    }

    pub(super) async fn count(&self, user: Option<&str>) -> Value {
        cell(&self.call("get_access_grants_granted_count", &[Arg::Uuid(user)]).await, "count")
    }

    pub(super) async fn grants_for(&self, id: &str) -> Vec<Value> {
        rows(&self.call("get_access_grants_for_credential", &[Arg::Uuid(Some(id))]).await)
    }

    pub(super) async fn blob(&self, path: &str) -> (u16, Vec<u8>) {
        let request = self.http.request(Method::GET, format!("{}/blob/v1/{path}", self.base));
        let request = request.header("cookie", self.cookie.clone().unwrap_or_default());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }

    /// Opens a row's box, or these bytes with the row's sender.
    pub(super) fn open(row: &Value, bytes: Option<Vec<u8>>) -> Option<String> {
        let content = || BASE64.decode(row["content"].as_str()?.as_bytes()).ok();
        let sender = BASE64.decode(row["encryptor_public_key"].as_str()?.as_bytes()).ok()?;
        let opened = sealed::open(&bytes.or_else(content)?, &sender.try_into().ok()?, &encryption_secret())?;
        String::from_utf8(opened).ok()
    }
}

pub(super) async fn node() -> (Idos, Caller) {
    started(Settings::default()).await
}

pub(super) async fn started(settings: Settings) -> (Idos, Caller) {
    let node = Idos::start(settings).await.unwrap();
    let caller = Caller::logged_in(&node, SEED).await;
    (node, caller)
}

/// A good credential for the consumer, changed by `with`.
pub(super) fn share(node: &Idos, with: impl FnOnce(&mut Share)) -> Shared {
    let mut share = Share::to(&consumer());
    with(&mut share);
    node.share(&share).unwrap()
}
