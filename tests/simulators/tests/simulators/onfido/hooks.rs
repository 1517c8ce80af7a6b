//! Webhooks by call: made, listed, changed, removed; who gets what; sent again.

use idv_simulators::onfido::{Act, Environment, Registration, Settings, Workflow};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{actions, by_hand, fixture, onfido, onfido_with, same_shape, sandbox, text};
use crate::support::{Receiver, SOON};

#[tokio::test]
async fn webhooks_are_made_changed_and_removed() {
    let (onfido, api) = onfido().await;
    let (status, made) = api.post("/webhooks", &fixture("post_webhooks.request.json")).await;
    assert_eq!(status, 201);
    same_shape(&made, "post_webhooks.response.201.json");
    let path = format!("/webhooks/{}", text(&made, "/id"));
    assert_eq!(api.get(&path).await, (200, made.clone()), "with its token");
    let token = text(&made, "/token");
    assert!(token.len() == 32 && token.bytes().all(|it| it.is_ascii_alphanumeric()));
    let list = api.get("/webhooks").await.1;
    same_shape(&list, "list_webhooks.response.200.json");
    assert_eq!(list["webhooks"], json!([made]));
    let (status, off) = api.send(Method::PUT, &path, &fixture("put_webhook.disable.request.json")).await;
    assert_eq!((status, &off["enabled"], &off["events"]), (200, &json!(false), &made["events"]));
    assert_eq!(off["token"], made["token"], "no call changes it");
    assert_eq!((api.delete(&path).await, api.delete(&path).await, api.get(&path).await.0), (204, 404, 404));
    assert_eq!(api.get("/webhooks").await.1, json!({"webhooks": []}));
    let bare = json!({"url": "https://gateway.example.com/x"});
    let bare = api.post("/webhooks", &bare).await.1;
    assert_eq!((&bare["environments"], &bare["payload_version"]), (&json!(["live"]), &json!(3)), "the token's own");
    assert_eq!((bare["events"].as_array().unwrap().len(), &bare["enabled"]), (17, &json!(true)));
    assert_eq!(onfido.webhooks().iter().filter(|it| !it.removed).count(), 1);
    for (field, body) in [
        ("url", json!({})),
        ("url", json!({"url": "http://gateway.example.com/"})),
        ("events", json!({"url": "https://a.example.com/", "events": ["workflow_run.started"]})),
        ("environments", json!({"url": "https://a.example.com/", "environments": ["test"]})),
        ("oauth_server_url", json!({"url": "https://a.example.com/", "oauth_enabled": true})),
    ] {
        let (status, refused) = api.post("/webhooks", &body).await;
        assert_eq!(status, 422);
        assert!(refused["error"]["fields"].get(field).is_some(), "{field}: {refused}");
    }
}

#[tokio::test]
async fn an_account_may_allow_one_webhook() {
    let (_onfido, api) = onfido_with(Settings { most_webhooks: Some(1), ..by_hand() }).await;
    let id = api.made("/webhooks", &fixture("post_webhooks.request.json")).await;
    assert_eq!(api.post("/webhooks", &fixture("post_webhooks.request.json")).await.0, 422);
    api.delete(&format!("/webhooks/{id}")).await;
    api.made("/webhooks", &fixture("post_webhooks.request.json")).await;
}

#[tokio::test]
async fn webhooks_get_what_they_list_and_were_chosen_for() {
    let (onfido, api) = onfido().await;
    let (all, reports, off, other) =
        (Receiver::start().await, Receiver::start().await, Receiver::start().await, Receiver::start().await);
    let everything = onfido.register(Registration::to(&all.url).within(&[Environment::Live]));
    let chosen = onfido.register(Registration::to(&reports.url).only(&["report.completed"]));
    let disabled = api.made("/webhooks", &json!({"url": off.url, "enabled": false})).await;
    onfido.register(Registration::to(&other.url).within(&[Environment::Sandbox]));
    let id = api.applicant().await;
    let check = api.check(&id, Some(&chosen)).await;
    onfido.act(&check, Act::complete()).unwrap();
    onfido.quiet(SOON).await.unwrap();
    assert_eq!(actions(&reports), ["report.completed"; 2]);
    assert!(all.arrivals().is_empty(), "webhook_ids limits");
    let second = api.check(&id, None).await;
    onfido.act(&second, Act::complete()).unwrap();
    onfido.quiet(SOON).await.unwrap();
    assert_eq!((all.arrivals().len(), reports.arrivals().len()), (4, 4), "without it everybody hears");
    api.send(Method::PUT, &format!("/webhooks/{disabled}"), &json!({"enabled": true})).await;
    onfido.act(&second, Act::Reopen).unwrap();
    onfido.quiet(SOON).await.unwrap();
    assert_eq!((actions(&off), other.arrivals().len()), (vec!["check.reopened".to_owned()], 0));
    let sandbox = sandbox(&onfido);
    sandbox.check(&sandbox.applicant().await, None).await;
    onfido.quiet(SOON).await.unwrap();
    assert_eq!((other.arrivals().len(), all.arrivals().len()), (4, 5), "the environments are apart");
    assert!(onfido.webhook(&everything).unwrap().events.is_none());
}

#[tokio::test]
async fn a_checks_end_is_sent_again_to_all() {
    let (onfido, api) = onfido().await;
    let (one, two) = (Receiver::start().await, Receiver::start().await);
    let chosen = onfido.register(Registration::to(&one.url));
    onfido.register(Registration::to(&two.url).only(&["report.completed"]));
    let check = api.check(&api.applicant().await, Some(&chosen)).await;
    let ask = json!({"data": [{"resource_id": check, "event": "check.completed"}]});
    assert_eq!(api.post("/webhooks/resend", &ask).await.0, 422, "it has not happened");
    onfido.act(&check, Act::complete()).unwrap();
    onfido.quiet(SOON).await.unwrap();
    assert_eq!(one.arrivals().len(), 4);
    assert_eq!(api.post("/webhooks/resend", &ask).await, (204, Value::Null));
    onfido.quiet(SOON).await.unwrap();
    assert_eq!((one.arrivals().len(), actions(&two)), (5, vec!["check.completed".to_owned()]));
    let mut body = fixture("post_webhooks_resend.request.json");
    assert_eq!(api.post("/webhooks/resend", &body).await.0, 422, "an unknown check");
    body["data"][0] = json!({"resource_id": check, "event": "report.completed"});
    assert_eq!(api.post("/webhooks/resend", &body).await.0, 422);
}

#[tokio::test]
async fn older_payloads_have_no_resource_and_calls_may_carry_a_token() {
    let (onfido, api) = onfido().await;
    let receiver = Receiver::start().await;
    let mut body = fixture("post_webhooks.oauth.request.json");
    body["url"] = json!(receiver.url);
    body["oauth_server_url"] = json!(format!("{}/token", receiver.url));
    body["payload_version"] = json!(2);
    let (_, made) = api.post("/webhooks", &body).await;
    assert_eq!((&made["oauth_enabled"], &made["oauth_server_scope"]), (&json!(true), &json!("idv/webhook.write")));
    let run = json!({"workflow_id": Workflow::instant().id, "applicant_id": api.applicant().await});
    for _ in 0..2 {
        api.made("/workflow_runs", &run).await;
        onfido.quiet(SOON).await.unwrap();
    }
    let arrivals = receiver.arrivals();
    let paths: Vec<&str> = arrivals.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["/token", "/", "/"], "the token is kept");
    let asked = String::from_utf8(arrivals[0].body.clone()).unwrap();
    assert!(asked.contains("grant_type=client_credentials") && asked.contains("scope=idv%2Fwebhook.write"), "{asked}");
    assert!(arrivals[1].header("authorization").unwrap().starts_with("Bearer "));
    same_shape(&without_href(arrivals[1].json()), "webhook.workflow_run.completed.no_resource.json");
}

fn without_href(mut event: Value) -> Value {
    event["payload"]["object"].as_object_mut().unwrap().remove("href");
    event
}
