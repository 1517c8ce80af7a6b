//! A caller of the simulated instance, as its tenant's documentation has it, and the fixtures.

use idv_simulators::fintechos::{FintechOs, Settings};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{fixture_of, http, parts, shape};

pub(super) fn fixture(name: &str) -> Value {
    fixture_of("fintechos", name)
}

pub(super) fn same_shape(emitted: &Value, name: &str) {
    assert_eq!(shape(emitted), shape(&fixture(name)), "differs from {name}: {emitted:#}");
}

pub(super) struct Caller {
    pub(super) http: reqwest::Client,
    pub(super) base: String,
    pub(super) token: String,
}

impl Caller {
    pub(super) fn of(instance: &FintechOs) -> Self {
        Self { http: http(), base: instance.base_url(), token: String::new() }
    }

    pub(super) async fn signed_in(instance: &FintechOs) -> Self {
        let mut caller = Self::of(instance);
        let (status, answer) = caller.get_token(&fixture("gettoken.request.json")).await;
        assert_eq!(status, 200);
        caller.token = answer["access_token"].as_str().unwrap().to_owned();
        caller
    }

    pub(super) fn request(&self, path: &str, body: &Value) -> reqwest::RequestBuilder {
        let request = self.http.request(Method::POST, format!("{}{path}", self.base));
        request.header("content-type", "application/json").body(body.to_string())
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        parts(self.request(path, body).send().await.unwrap()).await
    }

    pub(super) async fn get_token(&self, body: &Value) -> (u16, Value) {
        self.post("/api/Authorize/GetToken", body).await
    }

    pub(super) async fn keycloak(&self, body: &Value) -> (u16, Value) {
        self.post("/ftosapi/authentication/keycloakToken", body).await
    }

    /// The fixture's call with our token and this event.
    pub(super) fn call_action(&self, event: &Value) -> reqwest::RequestBuilder {
        let mut body = fixture("callaction.data_string.request.json");
        body["ApiInfo"]["Token"] = json!(self.token);
        body["Request"]["Data"] = json!(event.to_string());
        self.request("/api/openApi/CallAction", &body)
    }

    pub(super) async fn call(&self, event: &Value) -> (u16, Value) {
        parts(self.call_action(event).send().await.unwrap()).await
    }

    pub(super) async fn endpoint(&self, name: &str, body: &Value) -> (u16, Value) {
        let request = self.request(&format!("/ftosapi/automation-processors/actions/{name}"), body);
        parts(request.bearer_auth(&self.token).send().await.unwrap()).await
    }
}

pub(super) fn event(id: &str) -> Value {
    let mut event = fixture("event.report_completed.json");
    event["payload"]["object"]["id"] = json!(id);
    event
}

pub(super) async fn instance() -> (FintechOs, Caller) {
    let instance = FintechOs::start(Settings::default()).await.unwrap();
    let caller = Caller::signed_in(&instance).await;
    (instance, caller)
}
