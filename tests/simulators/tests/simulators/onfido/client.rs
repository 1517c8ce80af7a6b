//! A client of the simulated API, and the fixtures.

use idv_simulators::onfido::{Environment, Onfido, Region, Registration, Retry, Settings};
use reqwest::Method;
use serde_json::{Value, json};

pub(super) use crate::support::text;
use crate::support::{self, Receiver, fixture_of, http, parts, shape, visit};

pub(super) fn fixture_bytes(name: &str) -> Vec<u8> {
    support::fixture_bytes("onfido", name)
}

pub(super) fn fixture(name: &str) -> Value {
    fixture_of("onfido", name)
}

pub(super) fn same_shape(emitted: &Value, name: &str) {
    assert_eq!(shape(emitted), shape(&fixture(name)), "differs from {name}: {emitted:#}");
}

/// A client with one credential, one region and one version.
pub(super) struct Api {
    pub(super) http: reqwest::Client,
    pub(super) origin: String,
    pub(super) base: String,
    pub(super) credential: String,
}

impl Api {
    pub(super) fn with(onfido: &Onfido, token: &str) -> Self {
        Self {
            http: http(),
            origin: onfido.api_url(),
            base: onfido.base_url(Region::Eu, "v3.6"),
            credential: format!("Token token={token}"),
        }
    }

    pub(super) fn at(&self, region: Region, version: &str) -> Self {
        let base = format!("{}/{}/{version}", self.origin, region.name());
        Self { http: self.http.clone(), origin: self.origin.clone(), base, credential: self.credential.clone() }
    }

    pub(super) fn request(&self, method: Method, path: &str, body: &Value) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = request.header("authorization", &self.credential);
        if body.is_null() {
            return request;
        }
        request.header("content-type", "application/json").body(body.to_string())
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        parts(self.request(method, path, body).send().await.unwrap()).await
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, &Value::Null).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(Method::POST, path, body).await
    }

    pub(super) async fn delete(&self, path: &str) -> u16 {
        self.send(Method::DELETE, path, &Value::Null).await.0
    }

    pub(super) async fn applicant(&self) -> String {
        self.made("/applicants", &fixture("post_applicants.request.json")).await
    }

    pub(super) async fn made(&self, path: &str, body: &Value) -> String {
        let (status, body) = self.post(path, body).await;
        assert_eq!(status, 201, "{body}");
        text(&body, "/id")
    }

    /// A check for document and face, for this webhook alone if there is one.
    pub(super) async fn check(&self, applicant: &str, webhook: Option<&str>) -> String {
        let mut body = json!({"applicant_id": applicant, "report_names": ["document", "facial_similarity_photo"],
            "tags": ["tenant:acme", "onboarding:ob-000123"]});
        if let Some(webhook) = webhook {
            body["webhook_ids"] = json!([webhook]);
        }
        self.made("/checks", &body).await
    }

    pub(super) async fn run(&self, applicant: &str) -> String {
        self.made("/workflow_runs", &run_body(applicant)).await
    }

    pub(super) async fn status(&self, path: &str) -> String {
        text(&self.get(path).await.1, "/status")
    }

    /// What a person does on a hosted page; gives the status and where the browser is sent.
    pub(super) async fn visit(&self, url: &str, button: &str) -> (u16, Option<String>) {
        visit(&self.http, url, button).await
    }
}

/// The fixture's request, with a link that lives.
pub(super) fn run_body(applicant: &str) -> Value {
    let mut body = fixture("post_workflow_runs.request.json");
    body["applicant_id"] = json!(applicant);
    body["link"]["expires_at"] = json!("2999-03-09T09:00:00Z");
    body
}

/// Retry time stands still: repeats go out only when pushed.
pub(super) fn by_hand() -> Settings {
    Settings { retry: Retry { scale: 0, ..Retry::default() }, ..Settings::default() }
}

pub(super) async fn onfido_with(settings: Settings) -> (Onfido, Api) {
    let onfido = Onfido::start(settings).await.unwrap();
    let token = onfido.accounts()[0].tokens[0].token.clone();
    let api = Api::with(&onfido, &token);
    (onfido, api)
}

pub(super) async fn onfido() -> (Onfido, Api) {
    onfido_with(by_hand()).await
}

pub(super) fn sandbox(onfido: &Onfido) -> Api {
    Api::with(onfido, &onfido.new_token(None, "acme-sandbox", Environment::Sandbox))
}

/// With a receiver for the webhooks, and the id of that webhook.
pub(super) async fn listening(settings: Settings) -> (Onfido, Api, Receiver, String) {
    let receiver = Receiver::start().await;
    let (onfido, api) = onfido_with(settings).await;
    let webhook = onfido.register(Registration::to(&receiver.url));
    (onfido, api, receiver, webhook)
}

pub(super) fn actions(receiver: &Receiver) -> Vec<String> {
    receiver.arrivals().iter().map(|it| text(&it.json(), "/payload/action")).collect()
}
