//! A client of the simulated API, and the fixtures.

use idv_simulators::intergiro::{Intergiro, Programme, Settings, Subscription};
use reqwest::Method;
use serde_json::{Value, json};

pub(super) use crate::support::text;
use crate::support::{Receiver, fixture_of, http, parts, shape, visit};

pub(super) fn fixture(name: &str) -> Value {
    fixture_of("intergiro", name)
}

pub(super) fn same_shape(emitted: &Value, name: &str) {
    assert_eq!(shape(emitted), shape(&fixture(name)), "differs from {name}: {emitted:#}");
}

/// A client of one programme, with the pair of its newest login or refresh.
pub(super) struct Api {
    pub(super) http: reqwest::Client,
    pub(super) base: String,
    pub(super) key: String,
    pub(super) access: String,
    pub(super) refresh: String,
}

impl Api {
    pub(super) async fn of(intergiro: &Intergiro, programme: &Programme) -> Self {
        let mut api = Self::without_login(intergiro, &programme.api_key);
        let (status, pair) = api.login().await;
        assert_eq!(status, 200, "{pair}");
        api.take(&pair);
        api
    }

    pub(super) fn without_login(intergiro: &Intergiro, key: &str) -> Self {
        let base = text(&intergiro.base_urls(), "/api");
        Self { http: http(), base, key: key.to_owned(), access: String::new(), refresh: String::new() }
    }

    pub(super) fn take(&mut self, pair: &Value) {
        (self.access, self.refresh) = (text(pair, "/access_token"), text(pair, "/refresh_token"));
    }

    pub(super) async fn login(&self) -> (u16, Value) {
        self.post("/v3/auth/login", &json!({"api_key": self.key})).await
    }

    pub(super) async fn refresh(&self) -> (u16, Value) {
        self.post("/v3/auth/refresh", &json!({"refresh_token": self.refresh})).await
    }

    pub(super) fn request(&self, method: Method, path: &str, body: &Value) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if !self.access.is_empty() {
            request = request.bearer_auth(&self.access);
        }
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

    pub(super) async fn individual(&self, id: &str) -> (u16, Value) {
        self.get(&format!("/v3/individuals/{id}")).await
    }

    pub(super) async fn status(&self, id: &str) -> String {
        text(&self.individual(id).await.1, "/status")
    }

    pub(super) async fn created(&self) -> String {
        let (status, body) = self.post("/v3/individuals", &fixture("post.individuals.request.json")).await;
        assert_eq!(status, 200, "{body}");
        text(&body, "/id")
    }

    pub(super) async fn onboard(&self, id: &str) -> (u16, Value) {
        let body = fixture("post.individual.onboard.request.json");
        self.post(&format!("/v3/individuals/{id}/onboard"), &body).await
    }

    /// An individual with a link.
    pub(super) async fn invited(&self) -> String {
        let id = self.created().await;
        assert_eq!(self.onboard(&id).await.0, 200);
        id
    }

    pub(super) async fn actions_of(&self, id: &str, completed: bool) -> Vec<Value> {
        let path = format!("/v3/pending_actions?individual_id={id}&completed={completed}");
        self.get(&path).await.1["data"].as_array().unwrap().clone()
    }

    /// What a person does on a hosted page; gives the status and where the browser is sent.
    pub(super) async fn visit(&self, url: &str, button: &str) -> (u16, Option<String>) {
        visit(&self.http, url, button).await
    }
}

pub(super) async fn intergiro() -> (Intergiro, Api) {
    intergiro_with(Settings::default()).await
}

pub(super) async fn intergiro_with(settings: Settings) -> (Intergiro, Api) {
    let intergiro = Intergiro::start(settings).await.unwrap();
    let programme = intergiro.programmes().remove(0);
    let api = Api::of(&intergiro, &programme).await;
    (intergiro, api)
}

/// With a receiver for the webhooks.
pub(super) async fn listening(settings: Settings) -> (Intergiro, Api, Receiver) {
    let receiver = Receiver::start().await;
    let (intergiro, api) = intergiro_with(settings).await;
    intergiro.subscribe(Subscription::to(&receiver.url));
    (intergiro, api, receiver)
}

pub(super) fn names(receiver: &Receiver) -> Vec<String> {
    receiver.arrivals().iter().map(|it| text(&it.json(), "/name")).collect()
}
