//! The same levers over HTTP, and the tables for people.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Caller, consumer, node, rows};
use crate::support::{SOON, parts};

async fn control(caller: &Caller, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = caller.http.request(method, format!("{}/_control/{path}", caller.base));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    parts(request.body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn the_node_can_be_driven_from_outside() {
    let (node, caller) = node().await;
    let post = async |path: &str, body: Value| control(&caller, Method::POST, path, &body).await;
    let get = async |path: &str| control(&caller, Method::GET, path, &Value::Null).await.1;
    let share = json!({
        "to": consumer(), "by": "user", "content": {"made": {"level": "basic", "flaw": "fields_swapped"}},
        "place": "blob", "visibility": {"after_reads": 1}, "sealing": "right", "locked_until": 0,
    });
    let (status, shared) = post("share", share).await;
    assert_eq!(status, 200, "{shared}");
    let copy = shared["credential_id"].as_str().unwrap().to_owned();
    assert!(rows(&caller.shared(&copy).await).is_empty());
    assert_eq!(rows(&caller.shared(&copy).await).len(), 1);
    assert_eq!(get(&format!("credentials/{copy}")).await["place"], "blob");
    assert_eq!(post(&format!("credentials/{copy}/acts"), json!(["revoke_notes", "show"])).await.0, 200);
    let grant = json!({"grant": {"to": "00", "locked_until": i64::MAX}});
    assert_eq!(post(&format!("credentials/{copy}/acts"), grant).await.0, 200);
    let (status, refused) = post(&format!("credentials/{copy}/acts"), json!("revoke")).await;
    assert_eq!((status, &refused["error"]), (409, &json!("the grant is locked")));
    assert_eq!(post("share", json!({"to": {"wallet": "x", "encryption_key": "x"}})).await.0, 409);
    assert_eq!(post("share", json!({"unknown": 1})).await.0, 400);
    let rule = json!({"endpoint": "get_credential_shared", "manner": {"status": {"code": 503}}, "times": 1});
    assert_eq!(post("rules", rule).await, (200, json!(1)));
    assert_eq!(caller.rpc("user.health", &json!({})).await.0, 200);
    assert_eq!(control(&caller, Method::DELETE, "rules/1", &Value::Null).await.0, 200);
    assert_eq!(post("rules", json!({"manner": "silence"})).await.1, json!(2));
    assert_eq!(control(&caller, Method::DELETE, "rules", &Value::Null).await.0, 200);
    for (path, body) in [
        ("columns", json!("older")),
        ("blobs", json!("by_cid")),
        ("advance", json!({"seconds": 10})),
        ("profiles", json!({"wallets": ["0x01"]})),
        ("sessions/expire", json!({"wallet": "00"})),
    ] {
        assert_eq!(post(path, body).await.0, 200, "{path}");
    }
    assert_eq!(node.living_sessions(&caller.sender), 1);
    assert_eq!(post("sessions/expire", Value::Null).await.0, 200);
    assert_eq!(caller.shared(&copy).await["error"]["code"], -901);
    node.wait_for(|it| it.sign_ins().dead_cookies == 1, SOON).await.unwrap();
    assert_eq!(
        (get("logins").await[0]["result"].clone(), get("sign_ins").await["given"].clone()),
        (json!("given"), json!(1))
    );
    assert_eq!(get("received").await.as_array().unwrap().len(), node.received().len());
    assert_eq!(get("issuers").await, json!(node.issuers()));
    assert_eq!(get("base_url").await, json!(node.base_url()));
    assert_eq!((get("credentials").await.as_array().unwrap().len(), get("rescinded").await), (1, json!([])));
    assert_eq!(control(&caller, Method::GET, "nonsense", &Value::Null).await.0, 404);
    assert_eq!(control(&caller, Method::GET, "credentials/x", &Value::Null).await.0, 404);
    assert_eq!(post("nonsense", Value::Null).await.0, 404);
}

#[tokio::test]
async fn tables_for_people() {
    let (mut node, caller) = node().await;
    let notes = json!("<script>alert(1)</script>");
    let shared = super::client::share(&node, |it| it.notes = Some(notes));
    caller.shared(&shared.credential_id).await;
    let page = caller.http.get(format!("{}/", caller.base)).send().await.unwrap().bytes().await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(page.contains(&shared.credential_id) && page.contains("get_credential_shared"), "{page}");
    assert!(!page.contains("<script") && !page.contains("Testa"), "{page}");
    assert_eq!(node.base_urls()["gateway"], json!(node.base_url()));
    assert_eq!((node.settings().chain_id.as_str(), node.handle().received().len()), ("idos-example-1", 3));
    node.stop().await;
    assert!(caller.request("user.health", &json!({})).send().await.is_err());
    assert_eq!(node.received().len(), 3);
}
