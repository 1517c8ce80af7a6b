//! The same levers over HTTP, and the table for people.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Caller, event, fixture, instance};
use crate::support::parts;

async fn control(caller: &Caller, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = caller.http.request(method, format!("{}/_control/{path}", caller.base));
    parts(request.body(body.to_string()).send().await.unwrap()).await
}

#[tokio::test]
async fn the_instance_can_be_driven_from_outside() {
    let (instance, caller) = instance().await;
    let post = async |path: &str, body: Value| control(&caller, Method::POST, path, &body).await;
    let get = async |path: &str| control(&caller, Method::GET, path, &Value::Null).await.1;
    let rule = json!({"endpoint": "call_action", "manner": {"status": {"code": 503}}, "times": 1});
    assert_eq!(post("rules", rule).await, (200, json!(1)));
    assert_eq!((caller.call(&event("a")).await.0, caller.call(&event("a")).await.0), (503, 200));
    assert_eq!(post("rules", json!({"manner": "silence"})).await.1, json!(2));
    assert_eq!(control(&caller, Method::DELETE, "rules/2", &Value::Null).await.0, 200);
    assert_eq!(control(&caller, Method::DELETE, "rules", &Value::Null).await.0, 200);
    assert_eq!(post("tokens/advance", json!({"seconds": 1})).await.0, 200);
    assert_eq!(post("tokens/expire", Value::Null).await.0, 200);
    assert_eq!(caller.call(&event("b")).await.0, 401);
    assert_eq!(post("crash", json!({"after": 0})).await.0, 200);
    assert!(caller.call_action(&event("c")).send().await.is_err());
    assert_eq!(post("recover", Value::Null).await.0, 200);
    assert_eq!(post("password", json!({"password": "other"})).await.0, 200);
    assert_eq!(caller.get_token(&fixture("gettoken.request.json")).await.0, 401);
    assert_eq!((post("nonsense", Value::Null).await.0, post("crash", json!({})).await.0), (404, 400));
    assert_eq!(get("accepted").await[0]["object"], "a");
    assert_eq!(get("received").await.as_array().unwrap().len(), 6);
    assert_eq!(get("sign_ins").await["tokens_refused"], 1);
    assert_eq!(get("base_url").await, json!(instance.base_url()));
    let page = caller.http.get(format!("{}/", caller.base)).send().await.unwrap().bytes().await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(page.contains("report.completed") && !page.contains("<script"), "{page}");
}

/// These are of the gateway's own side: what it is given, and what it may be asked.
const NOT_OF_THE_INSTANCE: [&str; 9] = [
    "vault.kyc-onfido.config.json",
    "vault.onfido-apitokens.decoded.json",
    "dcs.create_applicant.request.proposed.json",
    "dcs.create_applicant.response.proposed.json",
    "dcs.get_sdk_token.request.proposed.json",
    "dcs.get_sdk_token.response.proposed.json",
    "dcs.start_check.request.proposed.json",
    "dcs.start_check.response.proposed.json",
    "delivery.settings.proposed.json",
];

/// What the gateway sends to Onfido for such a call is good there.
#[tokio::test]
async fn the_request_for_a_check_is_good_at_onfido() {
    use idv_simulators::onfido::{Act, Region, Settings};
    let onfido = idv_simulators::onfido::Onfido::start(Settings::default()).await.unwrap();
    let token = onfido.accounts()[0].tokens[0].token.clone();
    let mut body = fixture("dcs.start_check.onfido_request.json");
    let applicant = onfido.applicant_elsewhere(None, Default::default());
    onfido.act(&applicant, Act::Capture).unwrap();
    let webhook = onfido.register(idv_simulators::onfido::Registration::to("http://127.0.0.1:9/"));
    let http = crate::support::http();
    let base = onfido.base_url(Region::Eu, "v3.2");
    let header = format!("Token token={token}");
    let documents = http.get(format!("{base}/documents?applicant_id={applicant}")).header("authorization", &header);
    let documents = parts(documents.send().await.unwrap()).await.1;
    body["applicant_id"] = json!(applicant);
    body["document_ids"] = json!([documents["documents"][0]["id"]]);
    body["webhook_ids"] = json!([webhook]);
    let request = http.post(format!("{base}/checks")).header("authorization", &header).body(body.to_string());
    assert_eq!(parts(request.send().await.unwrap()).await.0, 201);
}

/// A fixture that comes without a test would document nothing.
#[test]
fn every_fixture_is_met() {
    const TESTS: [&str; 6] = [
        include_str!("backlog.rs"),
        include_str!("calls.rs"),
        include_str!("client.rs"),
        include_str!("control.rs"),
        include_str!("manners.rs"),
        include_str!("sign_in.rs"),
    ];
    let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/fintechos");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let all: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
    assert_eq!(all.len(), 22);
    for name in &all {
        let met = TESTS.iter().any(|test| test.contains(&format!("\"{name}\"")));
        assert!(met || NOT_OF_THE_INSTANCE.contains(&name.as_str()), "{name}");
    }
}
