//! Bad manners by rules.

use std::time::Duration;

use idv_simulators::idos::{Endpoint, Manner, Outcome, Rule};
use serde_json::{Value, json};

use super::client::{Arg, Caller, SEED, cell, fixture, node, rows, share};

#[tokio::test]
async fn refusals_with_the_requests_id() {
    let (node, caller) = node().await;
    let copy = share(&node, |_| {}).credential_id;
    for (manner, file) in [
        (Manner::not_authorized(), "rpc.error.kgw-not-authorized.json"),
        (Manner::too_many_requests(), "rpc.error.kgw-too-many-requests.json"),
    ] {
        node.misbehave(Rule::always(manner).at(Endpoint::GetCredentialShared).times(1));
        let answer = caller.shared(&copy).await;
        assert_eq!((&answer["error"], &answer["id"]), (&fixture(file)["error"], &json!(6)));
    }
    for (code, status) in [(-32_603, 500), (-32_001, 200), (-300, 200)] {
        node.misbehave(Rule::always(Manner::Rpc { code, message: "bad".to_owned() }).times(1));
        let answer = caller.rpc("user.health", &json!({})).await;
        assert_eq!((answer.0, &answer.1["error"]["code"]), (status, &json!(code)));
    }
    let message = "the credential is not shared with the caller".to_owned();
    node.misbehave(Rule::always(Manner::ActionError { message }).about(&copy).times(1));
    assert_eq!(caller.count(None).await, json!(1), "not about it");
    let answer = caller.shared(&copy).await;
    assert_eq!(answer, fixture("rpc.call.get-credential-shared.response.not-shared.json"));
    assert_eq!(node.received().last().unwrap().outcome, Outcome::NotDone);
    assert_eq!((rows(&caller.shared(&copy).await).len(), node.living_sessions(&caller.sender)), (1, 1));
}

#[tokio::test]
async fn tables_of_another_form() {
    let (node, caller) = node().await;
    let copy = share(&node, |_| {}).credential_id;
    let once = |manner: Manner| node.misbehave(Rule::always(manner).at(Endpoint::GetCredentialShared).times(1));
    once(Manner::NullTable);
    assert_eq!(caller.shared(&copy).await["result"]["query_result"], Value::Null);
    once(Manner::NullValues);
    let answer = caller.shared(&copy).await;
    let table = &answer["result"]["query_result"];
    assert_eq!((&table["values"], table["column_names"].is_array()), (&Value::Null, true));
    once(Manner::Column { name: "public_notes".to_owned(), value: None });
    let row = rows(&caller.shared(&copy).await).remove(0);
    assert_eq!((row.get("public_notes"), row["user_id"].is_string()), (None, true));
    once(Manner::Column { name: "user_id".to_owned(), value: Some(json!("someone-else")) });
    assert_eq!(cell(&caller.shared(&copy).await, "user_id"), "someone-else");
    once(Manner::ExtraColumn);
    let row = rows(&caller.shared(&copy).await).remove(0);
    assert_eq!((&row["surprise"], &row["id"]), (&json!("surprise"), &json!(copy)));
    let usual = caller.shared(&copy).await;
    once(Manner::ColumnsReversed);
    let turned = caller.shared(&copy).await;
    assert_ne!(turned, usual);
    assert_eq!(rows(&turned), rows(&usual));
}

#[tokio::test]
async fn spoilt_logins() {
    let (node, _) = node().await;
    let mut caller = Caller::of(&node, SEED);
    let elsewhere = Manner::Member { name: "domain".to_owned(), value: Some(json!("https://evil.example.test")) };
    node.misbehave(Rule::always(elsewhere).at(Endpoint::AuthnParam).times(1));
    let param = caller.challenge().await;
    assert_eq!(param["domain"], "https://evil.example.test");
    let signature = caller.sign(&Caller::text(&param));
    assert_eq!(caller.authn(&param, &signature).await.1["error"]["code"], -901, "the node means its own");
    node.misbehave(Rule::always(Manner::NoCookie).at(Endpoint::Authn).times(1));
    let (status, answer) = caller.login().await;
    assert_eq!((status, &answer["result"], &caller.cookie), (200, &json!({}), &None));
    node.misbehave(Rule::always(Manner::Status { code: 503 }).at(Endpoint::Authn).times(1));
    let before = node.sign_ins();
    let param = caller.challenge().await;
    let params = json!({"nonce": param["nonce"]});
    let answer = caller.request("kgw.authn", &params).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), node.sign_ins().refused), (503, before.refused));
    caller.login().await;
    assert!(caller.cookie.is_some());
}

#[tokio::test]
async fn what_any_server_can_do() {
    let (node, caller) = node().await;
    let copy = share(&node, |_| {}).credential_id;
    let params =
        caller.call_params(&super::client::payload("main", "get_credential_shared", &[Arg::Uuid(Some(&copy))], false));
    let ask = async || {
        let answer = caller.request("user.call", &params).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.bytes().await.ok()?.to_vec()))
    };
    let good = ask().await.unwrap().1;
    for (manner, seen) in [
        (Manner::Status { code: 502 }, Some((502, 0))),
        (Manner::TooMany { retry_after: Some(7) }, Some((429, 0))),
        (Manner::Closed, None),
        (Manner::AnswerLost, None),
        (Manner::Late { millis: 1 }, Some((200, good.len()))),
        (Manner::Truncated, Some((200, good.len() / 2))),
        (Manner::Empty, Some((200, 0))),
        (Manner::Redirect { to: "https://elsewhere.example.test/".to_owned() }, Some((307, 0))),
    ] {
        node.misbehave(Rule::always(manner.clone()).times(1));
        assert_eq!(ask().await.map(|(status, body)| (status, body.len())), seen, "{manner:?}");
    }
    node.misbehave(Rule::always(Manner::Html).times(1));
    assert!(ask().await.unwrap().1.starts_with(b"<!doctype html>"));
    let rule = node.misbehave(Rule::always(Manner::Silence));
    let waiting = tokio::time::timeout(Duration::from_millis(50), ask());
    assert!(waiting.await.is_err());
    node.remove_rule(rule);
    assert_eq!(ask().await.unwrap().1, good);
    let manners: Vec<_> = node.received().into_iter().filter_map(|it| it.manner).collect();
    assert_eq!(manners.len(), 10);
    assert_eq!(node.credential(&copy).unwrap().reads, 7);
}
