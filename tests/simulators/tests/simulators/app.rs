//! The tenant application, with deliveries signed by the same foreign library.

use std::time::Duration;

use axum::http::HeaderMap;
use data_encoding::BASE64;
use idv_simulators::app::{Behaviour, Outcome, TenantApp};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use time::OffsetDateTime;

use crate::support::{SOON, http};

fn secret() -> String {
    format!("whsec_{}", BASE64.encode(&[7; 32]))
}

async fn app() -> TenantApp {
    TenantApp::start(0, &[&secret()]).await.unwrap()
}

fn change(version: u64, status: &str) -> Value {
    json!({"type": format!("onboarding.{status}"), "timestamp": "2026-11-20T08:00:00Z",
        "data": {"schema": 1, "kind": "status", "onboarding_id": "onb_1", "reference": "customer-1", "version": version, "status": status}})
}

async fn deliver(app: &TenantApp, secret: &str, body: &Value) -> Result<u16, reqwest::Error> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let body = body.to_string();
    let signature = Webhook::new(secret).unwrap().sign("msg_1", now, body.as_bytes()).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", "msg_1".parse().unwrap());
    headers.insert("webhook-timestamp", now.into());
    headers.insert("webhook-signature", signature.parse().unwrap());
    let answer = http().post(app.url()).headers(headers).body(body).send().await?;
    Ok(answer.status().as_u16())
}

#[tokio::test]
async fn deliveries_are_verified_and_old_versions_dropped() {
    let app = app().await;
    for (version, status) in [(1, "in_progress"), (2, "approved"), (2, "approved"), (1, "in_progress")] {
        assert_eq!(deliver(&app, &secret(), &change(version, status)).await.unwrap(), 200);
    }
    let outcomes: Vec<Outcome> = app.received().into_iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Applied, Outcome::Dropped, Outcome::Dropped]);
    assert_eq!(app.status_of("onb_1").as_deref(), Some("approved"));
    let forged = format!("whsec_{}", BASE64.encode(&[8; 32]));
    assert_eq!(deliver(&app, &forged, &change(3, "rejected")).await.unwrap(), 401);
    assert_eq!(deliver(&app, &secret(), &json!({"hello": "world"})).await.unwrap(), 400);
    assert_eq!(app.status_of("onb_1").as_deref(), Some("approved"));
    assert!(!app.received()[4].verified());
    let page = http().get(app.base_url()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("onboarding.approved"), "{page}");
}

#[tokio::test]
async fn it_fails_as_told() {
    let app = app().await;
    app.misbehave(Behaviour::Status { code: 500 }, Some(2));
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(deliver(&app, &secret(), &change(1, "approved")).await.unwrap());
    }
    assert_eq!(answers, [500, 500, 200]);
    app.misbehave(Behaviour::Status { code: 410 }, None);
    assert_eq!(deliver(&app, &secret(), &change(2, "rejected")).await.unwrap(), 410);
    app.misbehave(Behaviour::Redirect { to: "http://127.0.0.1:9/".to_owned() }, Some(1));
    assert_eq!(deliver(&app, &secret(), &change(2, "rejected")).await.unwrap(), 307);
    app.misbehave(Behaviour::AnswerLost, Some(1));
    assert!(deliver(&app, &secret(), &change(2, "rejected")).await.is_err());
    assert_eq!(app.status_of("onb_1").as_deref(), Some("rejected"), "worked, though the answer was lost");
    app.misbehave(Behaviour::Silence, Some(1));
    let silent =
        tokio::time::timeout(Duration::from_millis(100), deliver(&app, &secret(), &change(3, "approved"))).await;
    assert!(silent.is_err());
    app.misbehave(Behaviour::Slow { millis: 5 }, Some(1));
    assert_eq!(deliver(&app, &secret(), &change(3, "approved")).await.unwrap(), 200);
    assert_eq!(app.received().len(), 8);
}

#[tokio::test]
async fn it_can_be_awaited_stopped_and_started_again() {
    let mut app = app().await;
    let two = app.wait_for(|received| received.len() == 2, SOON);
    let (awaited, ()) = tokio::join!(two, async {
        for version in 1..=2 {
            deliver(&app, &secret(), &change(version, "in_progress")).await.unwrap();
        }
    });
    awaited.unwrap();
    assert!(app.wait_for(|received| received.len() > 2, Duration::from_millis(10)).await.is_err());
    app.stop().await;
    assert!(deliver(&app, &secret(), &change(3, "approved")).await.is_err());
    app.restart().await.unwrap();
    assert_eq!(deliver(&app, &secret(), &change(3, "approved")).await.unwrap(), 200);
    assert_eq!(app.applied_to("onb_1").len(), 3);
}
