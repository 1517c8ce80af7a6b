//! The same levers over HTTP, on any host.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Api, KycApi, SCOPES, fixture, fractal, query_of, text};
use super::signer::Signer;
use crate::support::{Receiver, SOON, parts};

async fn control(api: &Api, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let mut request = api.http.request(method, api.url("resource", &format!("/_control/{path}")));
    if !body.is_null() {
        request = request.body(body.to_string());
    }
    parts(request.send().await.unwrap()).await
}

async fn post(api: &Api, path: &str, body: Value) -> (u16, Value) {
    control(api, Method::POST, path, &body).await
}

async fn get(api: &Api, path: &str) -> Value {
    let (status, body) = control(api, Method::GET, path, &Value::Null).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

#[tokio::test]
async fn people_can_be_driven_from_outside() {
    let receiver = Receiver::start().await;
    let (fractal, mut api) = fractal().await;
    assert_eq!(post(&api, "callbacks", json!({"url": receiver.url, "secret": "ours"})).await.0, 200);
    assert_eq!(get(&api, "secrets").await["email_changed"], "ours");
    let link = api.link_for(SCOPES, "st_1");
    let visit = json!({"link": link, "button": "allow", "email": "testa.sample@example.com", "country": "DK"});
    let (_, gone) = post(&api, "visits", visit).await;
    let pair = api.exchange(&query_of(&text(&gone, "/url"))["code"]).await.1;
    api.take(&pair);
    let uid = text(&gone, "/user");
    let acts = format!("users/{uid}/acts");
    assert_eq!(post(&api, &acts, json!({"act": "approve", "part": "basic"})).await.0, 409, "the journey is not done");
    let done = post(&api, &acts, json!([{"act": "complete_journey"}, {"act": "approve", "part": "liveness"}])).await;
    assert_eq!(done.1["events"].as_array().unwrap().len(), 1);
    assert_eq!(post(&api, &acts, json!({"act": "fly"})).await.0, 400);
    fractal.quiet(SOON).await.unwrap();
    assert_eq!(receiver.types(), ["verification_approved"]);
    assert_eq!(get(&api, &format!("users/{uid}")).await["parts"][1]["credential"], "approved");
    assert_eq!(post(&api, &format!("users/{uid}/webhooks"), Value::Null).await.0, 200);
    fractal.wait_for(|it| it.webhooks_sent().len() == 2, SOON).await.unwrap();
    for (path, rows) in [("webhooks", 2), ("deliveries", 1), ("events", 1), ("visits", 1), ("users", 1), ("clients", 0)]
    {
        assert_eq!(get(&api, path).await.as_array().unwrap().len(), rows, "{path}");
    }
    assert_eq!(get(&api, "base_urls").await, fractal.base_urls());
    assert_eq!(get(&api, "tokens").await["codes_exchanged"], 1);
    assert_eq!(get(&api, "requests").await["counts"]["exchange_code"], 1);
    assert_eq!(post(&api, "tokens/expire", Value::Null).await.0, 200);
    assert_eq!(api.me().await.0, 401);
    assert_eq!(control(&api, Method::DELETE, &format!("users/{uid}"), &Value::Null).await.0, 200);
    assert_eq!(control(&api, Method::GET, &format!("users/{uid}"), &Value::Null).await.0, 404);
    assert_eq!(api.refreshed().await.0, 400);
}

#[tokio::test]
async fn manners_and_clients_can_be_driven_from_outside() {
    let receiver = Receiver::start().await;
    let (fractal, api) = fractal().await;
    let signer = Signer::new();
    let client = json!({"generation": "relay", "client_id": "c1", "public_key": signer.public_key(),
        "redirect_url": "https://tenant.example.com/back", "webhook_url": receiver.url});
    assert_eq!(post(&api, "clients", client).await.0, 200);
    let mut claims = fixture("kraken.link-token.claims.json")["claims"].clone();
    claims["clientId"] = json!("c1");
    let link = format!("{}?token={}", api.url("relay", "/kyc"), signer.jwt(&claims));
    let gone = post(&api, "visits", json!({"link": link})).await.1;
    let user = text(&gone, "/user");
    assert_eq!(post(&api, "rules/webhooks", json!({"type": "approved", "manner": "held"})).await.0, 200);
    assert_eq!(post(&api, &format!("users/{user}/acts"), json!({"act": "approve"})).await.0, 200);
    assert!(receiver.arrivals().is_empty());
    assert_eq!(post(&api, "release", json!("as_held")).await.0, 200);
    fractal.wait_for(|it| it.webhooks_sent().len() == 1, SOON).await.unwrap();
    assert_eq!(control(&api, Method::DELETE, "callbacks/c1", &Value::Null).await.0, 200);
    let rule = json!({"endpoint": "machine_token", "manner": {"too_many": {"retry_after": 3}}, "times": 1});
    assert_eq!(post(&api, "rules/api", rule).await.0, 200);
    assert_eq!(api.token(&[("grant_type", "client_credentials"), ("scope", "client.stats:read")]).await.0, 429);
    let forgery = json!({"url": receiver.url, "count": 5, "generation": "relay", "seal": "prefix"});
    assert_eq!(post(&api, "forge", forgery).await.1, json!({"200": 5}));
    assert_eq!(post(&api, "tokens/advance", json!({"seconds": 900})).await.0, 200);
    let (http, client) = (api.http.clone(), fractal.clients().remove(0));
    let kyc = KycApi { http, base: api.url("relay", ""), client, signer };
    assert_eq!(kyc.get(&format!("/public/kyc/{user}/status")).await.1["status"], "approved");
    let token = query_of(&text(&gone, "/url"))["oneTimeToken"].clone();
    assert_eq!(kyc.get(&format!("/public/kyc/token/{token}")).await.0, 404, "15 minutes later");
    assert_eq!(
        (post(&api, "nonsense", Value::Null).await.0, post(&api, "visits", json!({"link": "x"})).await.0),
        (404, 404)
    );
}
