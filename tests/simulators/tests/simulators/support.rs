//! A client of the simulated API, a receiver of webhooks, fixtures and their shapes.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, Uri},
};
use idv_simulators::ondato::{Application, Ondato, Settings};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};

pub(crate) const SOON: Duration = Duration::from_secs(10);

/// By provider and name.
pub(crate) fn fixture_bytes(provider: &str, name: &str) -> Vec<u8> {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    std::fs::read(fixtures.join(provider).join(name)).unwrap()
}

pub(crate) fn fixture_of(provider: &str, name: &str) -> Value {
    serde_json::from_slice(&fixture_bytes(provider, name)).unwrap()
}

pub(crate) fn fixture(name: &str) -> Value {
    fixture_of("ondato", name)
}

pub(crate) fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    assert!(found.is_some(), "no {pointer} in {value}");
    found.unwrap().to_owned()
}

/// What a person does on a hosted page; gives the status and where the browser is sent.
pub(crate) async fn visit(http: &reqwest::Client, url: &str, button: &str) -> (u16, Option<String>) {
    let answer = http.post(url).form(&[("act", button)]).send().await.unwrap();
    let back = answer.headers().get("location").map(|it| it.to_str().unwrap().to_owned());
    (answer.status().as_u16(), back)
}

/// The form of a document: member names and kinds of values; of a list the set of its elements' forms.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    Null,
    Truth,
    Number,
    Text,
    List(BTreeSet<Shape>),
    Object(BTreeMap<String, Shape>),
}

pub(crate) fn shape(value: &Value) -> Shape {
    match value {
        Value::Null => Shape::Null,
        Value::Bool(_) => Shape::Truth,
        Value::Number(_) => Shape::Number,
        Value::String(_) => Shape::Text,
        Value::Array(elements) => Shape::List(elements.iter().map(shape).collect()),
        Value::Object(members) => {
            Shape::Object(members.iter().map(|(name, member)| (name.clone(), shape(member))).collect())
        }
    }
}

pub(crate) fn http() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.tls_backend_preconfigured(tls).build().unwrap()
}

/// An API client of one application.
pub(crate) struct Api {
    pub(crate) http: reqwest::Client,
    pub(crate) urls: Value,
    pub(crate) application: Application,
    pub(crate) token: String,
}

impl Api {
    pub(crate) async fn of(ondato: &Ondato, application: &Application) -> Self {
        let mut api =
            Self { http: http(), urls: ondato.base_urls(), application: application.clone(), token: String::new() };
        let (status, body) = api.sign_in(&application.client_secret).await;
        assert_eq!(status, 200, "{body}");
        api.token = body["access_token"].as_str().unwrap().to_owned();
        api
    }

    pub(crate) async fn sign_in(&self, secret: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.application.client_id),
            ("client_secret", secret),
        ];
        let answer = self.http.post(self.url("identity", "/connect/token")).form(&form).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    }

    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("{}{path}", self.urls[host].as_str().unwrap())
    }

    pub(crate) async fn try_get(&self, host: &str, path: &str) -> Result<reqwest::Response, reqwest::Error> {
        self.http.get(self.url(host, path)).bearer_auth(&self.token).send().await
    }

    pub(crate) async fn get(&self, host: &str, path: &str) -> (u16, Value) {
        parts(self.try_get(host, path).await.unwrap()).await
    }

    pub(crate) async fn idv(&self, id: &str) -> (u16, Value) {
        self.get("idv", &format!("/v1/identity-verifications/{id}")).await
    }

    pub(crate) async fn send(&self, method: reqwest::Method, host: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.request(method, self.url(host, path)).bearer_auth(&self.token);
        let request = request.header("content-type", "application/json").body(body.to_string());
        parts(request.send().await.unwrap()).await
    }

    pub(crate) async fn create(&self, body: &Value) -> (u16, Value) {
        self.send(reqwest::Method::POST, "idv", "/v1/identity-verifications", body).await
    }

    /// An IDV with reference and registration, as in the fixtures.
    pub(crate) async fn created(&self) -> String {
        self.created_with(&self.application.setup_id).await
    }

    pub(crate) async fn created_with(&self, setup: &str) -> String {
        let registration = json!({"email": "jane.example@example.com", "firstName": "Jane", "lastName": "Example",
            "dateOfBirth": "1990-01-01", "phoneNumber": 37_060_000_000_u64, "countryCode": "LT"});
        let body = json!({"setupId": setup, "externalReferenceId": "onb_1", "registration": registration});
        let (status, body) = self.create(&body).await;
        assert_eq!(status, 201);
        body["id"].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn parts(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

pub(crate) async fn ondato() -> (Ondato, Api) {
    ondato_with(Settings::default()).await
}

pub(crate) async fn ondato_with(settings: Settings) -> (Ondato, Api) {
    let ondato = Ondato::start(settings).await.unwrap();
    let application = ondato.applications().remove(0);
    let api = Api::of(&ondato, &application).await;
    (ondato, api)
}

#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Arrival {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Takes whatever is posted; answers 200, or what was scripted.
pub(crate) struct Receiver {
    pub(crate) url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    arrivals: Mutex<Vec<Arrival>>,
    answers: Mutex<VecDeque<u16>>,
    gate: Mutex<Option<Arc<Notify>>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State::default());
        let seen = Arc::clone(&state);
        let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let seen = Arc::clone(&seen);
            async move { seen.take(uri.path(), headers, &body).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    pub(crate) fn answer_with(&self, codes: &[u16]) {
        self.state.answers.lock().unwrap().extend(codes);
    }

    /// The next arrivals are answered only after the returned bell rings, once each.
    pub(crate) fn hold_answers(&self) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        *self.state.gate.lock().unwrap() = Some(Arc::clone(&gate));
        gate
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.state.arrivals.lock().unwrap().clone()
    }

    pub(crate) fn types(&self) -> Vec<String> {
        self.arrivals().iter().map(|it| it.json()["type"].as_str().unwrap().to_owned()).collect()
    }
}

impl State {
    async fn take(&self, path: &str, headers: HeaderMap, body: &[u8]) -> (StatusCode, String) {
        let arrival = Arrival { path: path.to_owned(), headers, body: body.to_vec() };
        self.arrivals.lock().unwrap().push(arrival);
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.notified().await;
        }
        if path == "/token" {
            return (StatusCode::OK, fixture("webhook-oauth2.token-url.response.json").to_string());
        }
        let code = self.answers.lock().unwrap().pop_front().unwrap_or(200);
        (StatusCode::from_u16(code).unwrap(), String::new())
    }
}
