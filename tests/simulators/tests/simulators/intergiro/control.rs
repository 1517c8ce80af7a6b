//! The same levers over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Api, intergiro, text};
use crate::support::{Receiver, SOON};

async fn control(api: &Api, method: Method, path: &str, body: &Value) -> (u16, Value) {
    api.send(method, &format!("/_control/{path}"), body).await
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
    let (intergiro, api) = intergiro().await;
    let id = api.invited().await;
    let acts = format!("individuals/{id}/acts");
    assert_eq!(post(&api, "subscriptions", json!({"url": receiver.url})).await.0, 200);
    assert_eq!(post(&api, "rules/webhooks", json!({"name": "PendingAction", "manner": "held"})).await.0, 200);
    assert_eq!(post(&api, &acts, json!([{"act": "open_link"}, {"act": "submit_form"}])).await.0, 200);
    let asked = json!({"act": "request", "action": "ProofOfAddressVerification", "valid": {"seconds": 600}});
    assert_eq!(post(&api, &acts, asked).await.1["events"].as_array().unwrap().len(), 1);
    assert_eq!(post(&api, &acts, json!({"act": "complete_action"})).await.0, 200);
    assert_eq!(post(&api, &acts, json!({"act": "submit_form"})).await.0, 409);
    assert_eq!(post(&api, &acts, json!({"act": "fly"})).await.0, 400);
    assert_eq!(post(&api, "release", json!("reversed")).await.0, 200);
    assert_eq!(post(&api, "advance", json!({"seconds": 1})).await.0, 200);
    assert_eq!(post(&api, "advance", Value::Null).await.1, json!({"moved": false}));
    intergiro.quiet(SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 3);
    assert_eq!(get(&api, "individuals").await, json!([id]));
    let truth = get(&api, &format!("individuals/{id}")).await;
    assert_eq!(
        (text(&truth, "/individual/status").as_str(), &truth["actions"][0]["completed"]),
        ("onboarding_data_provided", &json!(true))
    );
    for (path, rows) in [("webhooks", 3), ("deliveries", 3), ("events", 3)] {
        assert_eq!(get(&api, path).await.as_array().unwrap().len(), rows, "{path}");
    }
    assert_eq!(get(&api, "base_urls").await, intergiro.base_urls());
    assert_eq!(get(&api, "pages_url").await, json!(intergiro.pages_url()));
    assert_eq!(control(&api, Method::DELETE, &format!("individuals/{id}"), &Value::Null).await.0, 200);
    assert_eq!(control(&api, Method::GET, &format!("individuals/{id}"), &Value::Null).await.0, 404);
}

#[tokio::test]
async fn manners_and_sign_in_can_be_driven_from_outside() {
    let receiver = Receiver::start().await;
    let (_intergiro, api) = intergiro().await;
    let rule = json!({"endpoint": "list_events", "manner": {"too_many": {"retry_after": 3}}, "times": 1});
    assert_eq!(post(&api, "rules/api", rule).await, (200, json!(1)));
    assert_eq!(api.get("/v3/events").await.0, 429);
    assert_eq!(control(&api, Method::DELETE, "rules", &Value::Null).await.0, 200);
    assert_eq!(
        post(&api, "events", json!({"name": "PaymentSettled", "count": 3})).await.1["events"].as_array().unwrap().len(),
        3
    );
    assert_eq!(post(&api, "forge", json!({"url": receiver.url, "count": 5})).await.1, json!({"200": 5}));
    let requests = get(&api, "requests").await;
    assert_eq!((&requests["counts"]["list_events"], &requests["paths"]["GET /v3/events"]), (&json!(1), &json!(1)));
    assert_eq!(post(&api, "tokens/expire", Value::Null).await.0, 200);
    assert_eq!(api.get("/v3/events").await.0, 401);
    assert_eq!(post(&api, "tokens/advance", json!({"seconds": 3600})).await.0, 200);
    assert_eq!(api.refresh().await.0, 401);
    let key = text(&post(&api, "keys", json!({"programme": "example"})).await.1, "/api_key");
    assert_eq!(control(&api, Method::DELETE, &format!("keys/{}", api.key), &Value::Null).await.0, 200);
    assert_eq!((api.login().await.0, post(&api, "nonsense", Value::Null).await.0), (401, 404));
    let mut fresh =
        Api { key, http: api.http.clone(), base: api.base.clone(), access: String::new(), refresh: String::new() };
    let pair = fresh.login().await.1;
    fresh.take(&pair);
    assert_eq!(fresh.get("/v3/events").await.0, 200);
    assert_eq!(control(&api, Method::DELETE, "sessions", &Value::Null).await.0, 200);
    assert_eq!(fresh.get("/v3/events").await.0, 401);
    let counted = get(&api, "sign_ins").await;
    assert_eq!((&counted["logins"], &counted["bad_keys"]), (&json!(2), &json!(1)));
}
