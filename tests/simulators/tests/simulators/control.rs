//! The same levers over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Receiver, SOON, ondato};

async fn control(api: &Api, method: Method, path: &str, body: &Value) -> (u16, Value) {
    api.send(method, "app", &format!("/_control/{path}"), body).await
}

#[tokio::test]
async fn everything_can_be_driven_from_outside() {
    let receiver = Receiver::start().await;
    let (ondato, api) = ondato().await;
    let idv = api.created().await;
    let post = |path: String, body: Value| {
        let api = &api;
        async move { control(api, Method::POST, &path, &body).await }
    };
    assert_eq!(
        post("subscriptions".into(), json!({"url": receiver.url, "hmac": {"secret": "s"}})).await,
        (200, json!(0))
    );
    assert_eq!(control(&api, Method::PUT, "style", &json!({"pascal_envelope": true})).await.0, 200);
    assert_eq!(post("rules/webhooks".into(), json!({"type": "KycIdentification.", "manner": "held"})).await.0, 200);
    assert_eq!(
        post("rules/api".into(), json!({"endpoint": "get_idv", "manner": {"status": {"code": 500}}, "times": 1}))
            .await
            .0,
        200
    );
    assert_eq!(api.idv(&idv).await.0, 500);
    let acts = json!([{"act": "open"}, {"act": "consent"}, {"act": "start_kyc"}, {"act": "finish_kyc"}]);
    assert_eq!(post(format!("idvs/{idv}/acts"), acts).await.0, 200);
    let decided = post(format!("idvs/{idv}/acts"), json!({"act": "decide", "approved": true})).await;
    assert_eq!((decided.0, decided.1["events"].as_array().unwrap().len()), (200, 1));
    assert_eq!(post(format!("idvs/{idv}/acts"), json!({"act": "resume"})).await.0, 409);
    assert_eq!(post("release".into(), json!("reversed")).await.0, 200);
    assert_eq!(post("advance".into(), json!({"seconds": 1})).await.0, 200);
    ondato.quiet(SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 5);
    let get = |path: &'static str| {
        let api = &api;
        async move { control(api, Method::GET, path, &Value::Null).await.1 }
    };
    assert_eq!(get("idvs").await, json!([idv]));
    assert_eq!(get("webhooks").await.as_array().unwrap().len(), 5);
    assert_eq!(get("base_urls").await, ondato.base_urls());
    assert_eq!(get("requests").await["counts"]["get_idv"], 1);
    let truth = control(&api, Method::GET, &format!("idvs/{idv}"), &Value::Null).await.1;
    assert_eq!(truth["kyc"]["status"], "Approved");
    assert_eq!(control(&api, Method::DELETE, "tokens", &Value::Null).await.0, 200);
    assert_eq!(api.idv(&idv).await.0, 401);
    assert_eq!(control(&api, Method::GET, "nonsense", &Value::Null).await.0, 404);
}
