//! Bad manners, one by one.

use std::time::{Duration, Instant};

use idv_simulators::ondato::{
    Act, ApiManner, ApiRule, DeliveryState, Endpoint, Ondato, Order, Retry, Settings, Subscription, WebhookManner,
    WebhookRule,
};
use serde_json::Value;

use crate::support::{Api, Arrival, Receiver, SOON, ondato, ondato_with};

async fn listening() -> (Ondato, Api, Receiver) {
    let receiver = Receiver::start().await;
    let settings = Settings {
        subscriptions: vec![Subscription::to(&receiver.url).with_basic("user", "password").with_hmac("secret")],
        retry: Retry { scale: 0, ..Retry::default() },
        ..Settings::default()
    };
    let (ondato, api) = ondato_with(settings).await;
    (ondato, api, receiver)
}

async fn bodies_of(manner: WebhookManner, acts: &[Act]) -> (Vec<Arrival>, Ondato, String) {
    let (ondato, api, receiver) = listening().await;
    let idv = api.created().await;
    ondato.misdeliver(WebhookRule::always(manner));
    ondato.perform(&idv, acts.to_vec()).unwrap();
    ondato.quiet(SOON).await.unwrap();
    (receiver.arrivals(), ondato, idv)
}

#[tokio::test]
async fn webhooks_come_late_doubled_or_never() {
    let (arrivals, _, _) = bodies_of(WebhookManner::Repeated { copies: 3 }, &[Act::Open]).await;
    assert_eq!(arrivals.len(), 3);
    assert!(arrivals.iter().all(|it| it.json()["id"] == arrivals[0].json()["id"]));

    let (arrivals, ondato, _) = bodies_of(WebhookManner::Lost, &[Act::Open]).await;
    assert!(arrivals.is_empty());
    assert_eq!(ondato.deliveries()[0].state, DeliveryState::Lost);

    let (arrivals, ondato, _) = bodies_of(WebhookManner::Late { seconds: 90 }, &[Act::Open]).await;
    assert!(arrivals.is_empty());
    ondato.advance(Duration::from_secs(89));
    ondato.quiet(SOON).await.unwrap();
    assert!(ondato.webhooks_sent().is_empty());
    ondato.advance(Duration::from_secs(1));
    ondato.quiet(SOON).await.unwrap();
    assert_eq!(ondato.webhooks_sent().len(), 1);
}

#[tokio::test]
async fn held_webhooks_go_out_in_another_order() {
    let (ondato, api, receiver) = listening().await;
    let idv = api.created().await;
    ondato.misdeliver(WebhookRule::always(WebhookManner::Held));
    let events = ondato.perform(&idv, Act::whole_approval()).unwrap();
    ondato.quiet(SOON).await.unwrap();
    assert!(receiver.arrivals().is_empty());
    let chosen = vec![events[4].clone(), events[0].clone()];
    ondato.release(&Order::Given(chosen));
    ondato.quiet(SOON).await.unwrap();
    ondato.release(&Order::Reversed);
    ondato.quiet(SOON).await.unwrap();
    assert_eq!(
        receiver.types(),
        [
            "KycIdentification.Approved",
            "IdentityVerification.StatusChanged",
            "IdentityVerification.StatusChanged",
            "KycIdentification.Processed",
            "KycIdentification.Created",
            "IdentityVerification.Consented",
        ]
    );
}

#[tokio::test]
async fn rules_hold_for_one_idv_one_type_and_some_times() {
    let (ondato, api, receiver) = listening().await;
    let (one, other) = (api.created().await, api.created().await);
    let rule = WebhookRule::always(WebhookManner::Lost).on("KycIdentification.").about(&one).times(1);
    ondato.misdeliver(rule);
    for idv in [&one, &other] {
        ondato.perform(idv, Act::whole_capture()).unwrap();
    }
    ondato.quiet(SOON).await.unwrap();
    let lost: Vec<_> = ondato.deliveries().into_iter().filter(|it| it.state == DeliveryState::Lost).collect();
    assert_eq!(lost.len(), 1);
    assert_eq!((lost[0].event_type.as_str(), &lost[0].idv), ("KycIdentification.Created", &one));
    assert_eq!(receiver.arrivals().len(), 7);
}

#[tokio::test]
async fn webhooks_say_wrong_things() {
    let (arrivals, _, idv) = bodies_of(WebhookManner::WrongId, &[Act::Open]).await;
    assert_ne!(arrivals[0].json()["payload"]["id"], idv.as_str());
    let (arrivals, ondato, _) = bodies_of(WebhookManner::ForeignApplication, &[Act::Open]).await;
    assert_ne!(arrivals[0].json()["applicationId"], ondato.applications()[0].application_id.as_str());
    let unknown = WebhookManner::UnknownStatus { status: "Pondering".to_owned() };
    let (arrivals, _, _) = bodies_of(unknown, &[Act::Open]).await;
    assert_eq!(arrivals[0].json()["payload"]["status"], "Pondering");
    let unknown = WebhookManner::UnknownType { name: "FaceAuthentication.Completed".to_owned() };
    let (arrivals, _, _) = bodies_of(unknown, &[Act::Open]).await;
    assert_eq!(arrivals[0].json()["type"], "FaceAuthentication.Completed");
    let (arrivals, _, idv) = bodies_of(WebhookManner::UpperCaseIds, &[Act::Open]).await;
    assert_eq!(arrivals[0].json()["payload"]["id"], idv.to_uppercase());
    let (arrivals, _, _) = bodies_of(WebhookManner::StalePayload, &[Act::Open]).await;
    assert_eq!(arrivals[0].json()["payload"]["status"], "Pending");
    let (arrivals, _, _) = bodies_of(WebhookManner::Truncated, &[Act::Open]).await;
    assert!(serde_json::from_slice::<Value>(&arrivals[0].body).is_err());
    let (arrivals, _, _) = bodies_of(WebhookManner::NoProof, &[Act::Open]).await;
    assert!(arrivals[0].header("authorization").is_none() && arrivals[0].header("ondato-signature").is_none());
    let (right, _, _) = bodies_of(WebhookManner::Repeated { copies: 1 }, &[Act::Open]).await;
    let (wrong, _, _) = bodies_of(WebhookManner::WrongProof, &[Act::Open]).await;
    assert_ne!(right[0].header("authorization"), wrong[0].header("authorization"));
}

#[tokio::test]
async fn reads_are_stale_for_a_while() {
    let (ondato, api) = ondato().await;
    let idv = api.created().await;
    ondato.act(&idv, Act::Open).unwrap();
    ondato.misbehave(ApiRule::always(ApiManner::Stale).at(Endpoint::GetIdv).times(2));
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(api.idv(&idv).await.1["status"].clone());
    }
    assert_eq!(seen, ["Pending", "Pending", "InProgress"]);

    ondato.misbehave(ApiRule::always(ApiManner::Frozen).lasting(Duration::from_secs(60)));
    ondato.perform(&idv, [Act::Consent, Act::Suspend]).unwrap();
    assert_eq!(api.idv(&idv).await.1["status"], "InProgress");
    let later = api.created().await;
    assert_eq!(api.idv(&later).await.0, 404, "made after the freeze");
    ondato.behave();
    assert_eq!(api.idv(&idv).await.1["status"], "Suspended");
}

#[tokio::test]
async fn the_api_fails_in_every_way() {
    let (ondato, api) = ondato().await;
    let idv = api.created().await;
    let path = format!("/v1/identity-verifications/{idv}");
    let spoil = |manner| ondato.misbehave(ApiRule::always(manner).about(&idv).times(1));

    spoil(ApiManner::TooMany { retry_after: Some(7) });
    let answer = api.try_get("idv", &path).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    spoil(ApiManner::TooMany { retry_after: None });
    assert!(!api.try_get("idv", &path).await.unwrap().headers().contains_key("retry-after"));
    spoil(ApiManner::Status { code: 502 });
    assert_eq!(api.idv(&idv).await.0, 502);
    spoil(ApiManner::Html);
    let page = api.try_get("idv", &path).await.unwrap();
    assert_eq!(
        (page.status().as_u16(), page.headers()["content-type"].to_str().unwrap()),
        (200, "text/html; charset=utf-8")
    );
    spoil(ApiManner::Truncated);
    assert_eq!(api.idv(&idv).await, (200, Value::Null));
    spoil(ApiManner::Closed);
    assert!(api.try_get("idv", &path).await.is_err());
    spoil(ApiManner::Silence);
    let silent = tokio::time::timeout(Duration::from_millis(100), api.try_get("idv", &path)).await;
    assert!(silent.is_err());
    spoil(ApiManner::SlowDrip { millis: 1 });
    let began = Instant::now();
    assert_eq!(api.idv(&idv).await.1["id"], idv.as_str());
    assert!(began.elapsed() > Duration::from_millis(100));
    spoil(ApiManner::WrongId);
    assert_ne!(api.idv(&idv).await.1["id"], idv.as_str());
    spoil(ApiManner::ForeignApplication);
    assert_ne!(api.idv(&idv).await.1["applicationId"], api.application.application_id.as_str());
    spoil(ApiManner::UnknownStatus { status: "Pondering".to_owned() });
    assert_eq!(api.idv(&idv).await.1["status"], "Pondering");
    assert_eq!(api.idv(&idv).await.1["status"], "Pending", "the rules are used up");
    let unanswered = ondato.requests().iter().filter(|it| it.status.is_none()).count();
    assert_eq!(unanswered, 2, "closed and silent");
}

#[tokio::test]
async fn an_answer_is_lost_after_the_work() {
    let (ondato, api) = ondato().await;
    let lost = ApiRule::always(ApiManner::Closed).at(Endpoint::CreateIdv).with_work_done().times(1);
    ondato.misbehave(lost);
    let body = serde_json::json!({"setupId": api.application.setup_id, "externalReferenceId": "onb_lost"});
    let request = api.http.post(api.url("idv", "/v1/identity-verifications")).bearer_auth(&api.token);
    assert!(request.body(body.to_string()).send().await.is_err());
    assert_eq!(ondato.idvs_created().len(), 1, "made, though nobody was told");
    ondato.misbehave(ApiRule::always(ApiManner::Closed).at(Endpoint::CreateIdv).times(1));
    let request = api.http.post(api.url("idv", "/v1/identity-verifications")).bearer_auth(&api.token);
    assert!(request.body(body.to_string()).send().await.is_err());
    assert_eq!(ondato.idvs_created().len(), 1, "closed before the work");
}

#[tokio::test]
async fn a_stopped_provider_refuses_connections() {
    let (mut ondato, api) = ondato().await;
    let idv = api.created().await;
    ondato.stop().await;
    assert!(api.try_get("idv", &format!("/v1/identity-verifications/{idv}")).await.is_err());
    assert_eq!(ondato.idvs_created(), [idv]);
}
