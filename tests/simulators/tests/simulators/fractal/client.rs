//! A client of the simulated APIs, and the fixtures.

use std::collections::BTreeMap;

use idv_simulators::fractal::{
    Application, Callback, Client, Fractal, Generation, Retry, Return, Settings, Visit, is_signed_by,
};
use serde_json::{Value, json};

use super::signer::Signer;
pub(super) use crate::support::text;
use crate::support::{Receiver, fixture_of, http, parts, shape};

/// A level with an add-on, status and details.
pub(super) const SCOPES: &str = "contact:read verification.basic:read verification.basic.details:read \
                                 verification.liveness:read verification.liveness.details:read";
pub(super) const RETURN: &str = "https://tenant.example.com/oauth/callback";

pub(super) fn fixture(name: &str) -> Value {
    fixture_of("fractal", name)
}

pub(super) fn same_shape(emitted: &Value, name: &str) {
    assert_eq!(shape(emitted), shape(&fixture(name)), "differs from {name}: {emitted:#}");
}

/// Retry time stands still: repeats go out only when pushed.
pub(super) fn by_hand() -> Settings {
    Settings { retry: Retry { scale: 0, ..Retry::default() }, ..Settings::default() }
}

/// A client of one application, with the pair of its newest exchange or refresh.
pub(super) struct Api {
    pub(super) http: reqwest::Client,
    pub(super) urls: Value,
    pub(super) application: Application,
    pub(super) access: String,
    pub(super) refresh: String,
}

impl Api {
    pub(super) fn of(fractal: &Fractal, application: &Application) -> Self {
        let (urls, application) = (fractal.base_urls(), application.clone());
        Self { http: http(), urls, application, access: String::new(), refresh: String::new() }
    }

    pub(super) fn again(&self) -> Self {
        Self {
            http: self.http.clone(),
            urls: self.urls.clone(),
            application: self.application.clone(),
            access: self.access.clone(),
            refresh: self.refresh.clone(),
        }
    }

    pub(super) fn url(&self, host: &str, path: &str) -> String {
        format!("{}{path}", text(&self.urls, &format!("/{host}")))
    }

    pub(super) fn take(&mut self, pair: &Value) {
        (self.access, self.refresh) = (text(pair, "/access_token"), text(pair, "/refresh_token"));
    }

    pub(super) fn link(&self, pairs: &[(&str, &str)]) -> String {
        let usual = [("client_id", self.application.client_id.as_str()), ("response_type", "code")];
        let all = usual.iter().chain(pairs);
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        self.url("app", &format!("/authorize?{query}"))
    }

    pub(super) fn link_for(&self, scopes: &str, state: &str) -> String {
        self.link(&[("redirect_uri", RETURN), ("scope", scopes), ("state", state)])
    }

    pub(super) async fn token(&self, pairs: &[(&str, &str)]) -> (u16, Value) {
        let usual = [
            ("client_id", self.application.client_id.as_str()),
            ("client_secret", self.application.client_secret.as_str()),
        ];
        let form: Vec<(&str, &str)> = usual.iter().chain(pairs).copied().collect();
        parts(self.http.post(self.url("auth", "/oauth/token")).form(&form).send().await.unwrap()).await
    }

    pub(super) async fn exchange(&self, code: &str) -> (u16, Value) {
        self.token(&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", RETURN)]).await
    }

    pub(super) async fn refreshed(&self) -> (u16, Value) {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", &self.refresh)]).await
    }

    pub(super) async fn machine(&self) -> String {
        let (status, answer) =
            self.token(&[("grant_type", "client_credentials"), ("scope", "client.stats:read")]).await;
        assert_eq!(status, 200, "{answer}");
        text(&answer, "/access_token")
    }

    pub(super) async fn get(&self, host: &str, path: &str, token: &str) -> (u16, Value) {
        parts(self.http.get(self.url(host, path)).bearer_auth(token).send().await.unwrap()).await
    }

    pub(super) async fn me(&self) -> (u16, Value) {
        self.get("resource", "/v2/users/me", &self.access).await
    }

    /// `(status, credential)` of each case.
    pub(super) async fn cases(&self) -> BTreeMap<String, (String, String)> {
        let (status, me) = self.me().await;
        assert_eq!(status, 200, "{me}");
        let cases = me["verification_cases"].as_array().unwrap();
        cases.iter().map(|it| (text(it, "/level"), (text(it, "/status"), text(it, "/credential")))).collect()
    }

    /// What `stats/{name}` answers to a machine's token.
    pub(super) async fn stats(&self, name: &str) -> Value {
        let (status, answer) = self.get("resource", &format!("/v2/stats/{name}"), &self.machine().await).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// A person that comes with a link and comes back; the code is exchanged. Gives its id.
    pub(super) async fn arrived(&mut self, fractal: &Fractal, scopes: &str, visit: &Visit) -> String {
        let gone = fractal.visit(&self.link_for(scopes, "st_01HEXAMPLE"), visit).unwrap();
        let (status, pair) = self.exchange(&query(&gone)["code"]).await;
        assert_eq!(status, 200, "{pair}");
        self.take(&pair);
        gone.user.unwrap()
    }
}

/// What the browser brings back.
pub(super) fn query(gone: &Return) -> BTreeMap<String, String> {
    query_of(gone.url.as_deref().unwrap())
}

pub(super) fn query_of(url: &str) -> BTreeMap<String, String> {
    url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

pub(super) async fn fractal() -> (Fractal, Api) {
    fractal_with(by_hand()).await
}

pub(super) async fn fractal_with(settings: Settings) -> (Fractal, Api) {
    let fractal = Fractal::start(settings).await.unwrap();
    let application = fractal.applications().remove(0);
    let api = Api::of(&fractal, &application);
    (fractal, api)
}

/// With a receiver for the webhooks.
pub(super) async fn listening(settings: Settings) -> (Fractal, Api, Receiver) {
    let receiver = Receiver::start().await;
    let (fractal, api) = fractal_with(settings).await;
    fractal.register(Callback::to(&receiver.url));
    (fractal, api, receiver)
}

/// A client of verifier or relay with a key of its own.
pub(super) struct KycApi {
    pub(super) http: reqwest::Client,
    pub(super) base: String,
    pub(super) client: Client,
    pub(super) signer: Signer,
}

impl KycApi {
    pub(super) fn of(fractal: &Fractal, generation: Generation, webhook_url: &str) -> Self {
        let signer = Signer::new();
        let back = "https://tenant.example.com/redirect_back_url";
        let client = Client::new(generation, signer.public_key(), back).telling(webhook_url);
        fractal.add_client(client.clone());
        let base = text(&fractal.base_urls(), &format!("/{}", generation.name()));
        Self { http: http(), base, client, signer }
    }

    pub(super) fn api_token(&self) -> String {
        let mut claims = fixture("kraken.api-token.claims.json")["claims"].clone();
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        claims["clientId"] = json!(self.client.client_id);
        (claims["iat"], claims["exp"]) = (json!(now), json!(now + 600));
        let token = self.signer.jwt(&claims);
        assert!(is_signed_by(&self.client.public_key, &token));
        token
    }

    pub(super) fn link_claims(&self) -> Value {
        let mut claims = fixture("kraken.link-token.claims.json")["claims"].clone();
        claims["clientId"] = json!(self.client.client_id);
        claims
    }

    pub(super) fn link(&self, claims: &Value) -> String {
        format!("{}/kyc?token={}", self.base, self.signer.jwt(claims))
    }

    pub(super) async fn get_with(&self, path: &str, token: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(token);
        parts(request.send().await.unwrap()).await
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.get_with(path, &self.api_token()).await
    }

    /// A user that went through a link, with the one-time token that came back.
    pub(super) fn arrived(&self, fractal: &Fractal) -> (String, String) {
        let gone = fractal.visit(&self.link(&self.link_claims()), &Visit::default()).unwrap();
        (gone.user.clone().unwrap(), query(&gone)["oneTimeToken"].clone())
    }
}
