//! The same levers over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Api, onfido, text};
use crate::support::{Receiver, SOON, parts};

async fn control(api: &Api, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let mut request = api.http.request(method, format!("{}/_control/{path}", api.origin));
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
    let (onfido, api) = onfido().await;
    let (status, webhook) = post(&api, "webhooks", json!({"url": receiver.url, "events": ["report.completed"]})).await;
    assert_eq!(status, 200);
    let id = api.applicant().await;
    let check = api.check(&id, None).await;
    let acts = format!("things/{check}/acts");
    assert_eq!(post(&api, "rules/webhooks", json!({"action": "report.", "manner": "held"})).await.0, 200);
    assert_eq!(post(&api, &format!("things/{id}/acts"), json!({"act": "capture"})).await.0, 200);
    let first = json!([{"act": "pause"}, {"act": "resume"}, {"act": "complete_report", "report": "document"}]);
    assert_eq!(post(&api, &acts, first).await.1["events"].as_array().unwrap().len(), 1);
    let rest = json!({"act": "complete", "outcomes": {"facial_similarity_photo": "spoofed"}});
    assert_eq!(post(&api, &acts, rest).await.1["events"].as_array().unwrap().len(), 2);
    assert_eq!(post(&api, &acts, json!({"act": "finish_check"})).await.0, 409);
    assert_eq!(post(&api, &acts, json!({"act": "fly"})).await.0, 400);
    assert_eq!(post(&api, "release", json!("reversed")).await.0, 200);
    onfido.quiet(SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 2);
    assert_eq!(post(&api, "advance", json!({"seconds": 1})).await.0, 200);
    assert_eq!(post(&api, "advance", Value::Null).await.1, json!({"moved": false}));
    assert_eq!((get(&api, "applicants").await, get(&api, "checks").await), (json!([id]), json!([check])));
    let truth = get(&api, &format!("things/{check}")).await;
    assert_eq!(
        (text(&truth, "/resource/result").as_str(), &truth["reports"][0]["sub_result"]),
        ("consider", &json!("clear"))
    );
    for (path, rows) in [("sent", 2), ("deliveries", 2), ("events", 4), ("webhooks", 1), ("runs", 0)] {
        assert_eq!(get(&api, path).await.as_array().unwrap().len(), rows, "{path}");
    }
    assert_eq!(get(&api, "base_urls").await, onfido.base_urls());
    assert_eq!(get(&api, "pages_url").await, json!(onfido.pages_url()));
    let run = api.run(&id).await;
    let decided = json!([{"act": "complete_tasks"}, {"act": "decide", "decision": "declined", "reasons": ["x"]}]);
    assert_eq!(post(&api, &format!("things/{run}/acts"), decided).await.0, 200);
    assert_eq!(get(&api, &format!("things/{run}/start")).await["kind"], "task");
    assert_eq!(post(&api, &format!("things/{check}/webhooks"), Value::Null).await.0, 200);
    onfido.quiet(SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 4);
    let gone = control(&api, Method::DELETE, &format!("webhooks/{}", webhook.as_str().unwrap()), &Value::Null).await;
    assert_eq!((gone.0, &get(&api, "webhooks").await[0]["removed"]), (200, &json!(true)));
    assert_eq!(control(&api, Method::DELETE, &format!("things/{check}"), &Value::Null).await.0, 200);
    assert_eq!(control(&api, Method::GET, &format!("things/{check}"), &Value::Null).await.0, 404);
}

#[tokio::test]
async fn manners_and_credentials_can_be_driven_from_outside() {
    let receiver = Receiver::start().await;
    let (onfido, api) = onfido().await;
    let rule = json!({"endpoint": "list_applicants", "manner": {"too_many": {"retry_after": 3}}, "times": 1});
    assert_eq!(post(&api, "rules/api", rule).await, (200, json!(1)));
    assert_eq!(api.get("/applicants").await.0, 429);
    assert_eq!(control(&api, Method::DELETE, "rules/1", &Value::Null).await.0, 200);
    assert_eq!(control(&api, Method::DELETE, "rules", &Value::Null).await.0, 200);
    let events = post(&api, "events", json!({"action": "audit_log.created", "count": 3})).await.1;
    assert_eq!(events["events"].as_array().unwrap().len(), 3);
    let forged = json!({"url": receiver.url, "count": 5, "seal": "truncated"});
    assert_eq!(post(&api, "forge", forged).await.1, json!({"200": 5}));
    let requests = get(&api, "requests").await;
    assert_eq!(
        (&requests["counts"]["list_applicants"], &requests["paths"]["GET /eu/v3.6/applicants"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(post(&api, "tokens/expire", Value::Null).await.0, 200);
    assert_eq!(post(&api, "tokens/advance", json!({"seconds": 60})).await.0, 200);
    let made = post(&api, "tokens", json!({"client": "late", "environment": "sandbox"})).await.1;
    let late = Api::with(&onfido, &text(&made, "/token"));
    assert_eq!(late.get("/applicants").await.0, 200);
    let path = format!("tokens/{}", text(&made, "/token"));
    assert_eq!(control(&api, Method::DELETE, &path, &Value::Null).await.0, 200);
    assert_eq!((late.get("/applicants").await.0, post(&api, "nonsense", Value::Null).await.0), (401, 404));
    assert_eq!(control(&api, Method::DELETE, "webhooks", &Value::Null).await.0, 200);
}
