//! Bad manners of the API, one by one.

use std::time::{Duration, Instant};

use idv_simulators::intergiro::{Act, ActionType, ApiManner, ApiRule, Endpoint, Intergiro};
use reqwest::Method;
use serde_json::Value;

use super::client::{fixture, intergiro};

#[tokio::test]
async fn reads_are_stale_for_a_while() {
    let (intergiro, api) = intergiro().await;
    let id = api.invited().await;
    intergiro.perform(&id, Act::whole_form()).unwrap();
    intergiro.misbehave(ApiRule::always(ApiManner::Stale).at(Endpoint::GetIndividual).times(2));
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(api.status(&id).await);
    }
    assert_eq!(seen, ["onboarding_requested", "onboarding_requested", "onboarding_data_provided"]);

    intergiro.act(&id, Act::request(ActionType::IdentityVerification)).unwrap();
    let frozen = intergiro.misbehave(ApiRule::always(ApiManner::Frozen).lasting(Duration::from_secs(60)));
    let done = intergiro.perform(&id, [Act::complete(), Act::Activate]).unwrap();
    assert_eq!(api.status(&id).await, "onboarding_data_provided");
    assert_eq!(api.actions_of(&id, false).await.len(), 1, "not yet completed");
    assert_eq!(api.get("/v3/events").await.1["data"].as_array().unwrap().len(), 2);
    assert_eq!(api.get(&format!("/v3/events/{}", done[0])).await.0, 404, "made after the freeze");
    intergiro.remove_rule(frozen);
    assert_eq!(api.status(&id).await, "activated");
    assert_eq!(api.actions_of(&id, true).await.len(), 1);
    intergiro.misbehave(ApiRule::always(ApiManner::Stale).at(Endpoint::ListPendingActions));
    assert_eq!(api.actions_of(&id, false).await.len(), 1, "before its completion");
}

#[tokio::test]
async fn the_api_fails_in_every_way() {
    let (intergiro, api) = intergiro().await;
    let id = api.invited().await;
    let path = format!("/v3/individuals/{id}");
    let spoil = |manner| intergiro.misbehave(ApiRule::always(manner).about(&id).times(1));
    let get = || async { api.request(Method::GET, &path, &Value::Null).send().await };

    spoil(ApiManner::TooMany { retry_after: Some(7) });
    let answer = get().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    spoil(ApiManner::TooMany { retry_after: None });
    assert!(!get().await.unwrap().headers().contains_key("retry-after"));
    spoil(ApiManner::Status { code: 502 });
    assert_eq!(api.individual(&id).await.0, 502);
    spoil(ApiManner::ConsentRequired { with_scope: false });
    assert_eq!(api.individual(&id).await.0, 412);
    spoil(ApiManner::Html);
    assert_eq!(get().await.unwrap().headers()["content-type"].to_str().unwrap(), "text/html; charset=utf-8");
    spoil(ApiManner::Truncated);
    assert_eq!(api.individual(&id).await, (200, Value::Null));
    spoil(ApiManner::Closed);
    assert!(get().await.is_err());
    spoil(ApiManner::Silence);
    assert!(tokio::time::timeout(Duration::from_millis(100), get()).await.is_err());
    spoil(ApiManner::SlowDrip { millis: 1 });
    let began = Instant::now();
    assert_eq!(api.individual(&id).await.1["id"], id.as_str());
    assert!(began.elapsed() > Duration::from_millis(100));
    spoil(ApiManner::Late { millis: 50 });
    let began = Instant::now();
    assert_eq!(api.individual(&id).await.0, 200);
    assert!(began.elapsed() > Duration::from_millis(50));
    spoil(ApiManner::WrongId);
    assert_ne!(api.individual(&id).await.1["id"], id.as_str());
    spoil(ApiManner::UnknownStatus { status: "closed".to_owned() });
    assert_eq!(api.status(&id).await, "closed");
    spoil(ApiManner::Without { member: "status".to_owned() });
    assert_eq!(api.individual(&id).await.1.get("status"), None);
    assert_eq!(api.status(&id).await, "onboarding_requested", "the rules are used up");
    let unanswered = intergiro.requests().iter().filter(|it| it.status.is_none()).count();
    assert_eq!(unanswered, 2, "closed and silent");
}

#[tokio::test]
async fn a_rule_finds_its_person_by_any_id() {
    let (intergiro, api) = intergiro().await;
    let (id, other) = (api.invited().await, api.invited().await);
    intergiro.perform(&id, Act::whole_form()).unwrap();
    let event = intergiro.act(&id, Act::request(ActionType::IdentityVerification)).unwrap().remove(0);
    let action = intergiro.truth(&id).unwrap().actions.remove(0);
    intergiro.misbehave(ApiRule::always(ApiManner::Status { code: 503 }).about(&id));
    for path in [
        format!("/v3/individuals/{id}"),
        format!("/v3/pending_actions?individual_id={id}"),
        format!("/v3/pending_actions?event_id={event}"),
        format!("/v3/pending_actions/{}", action.id),
        format!("/v3/consents/{}", action.consent_id),
        format!("/v3/events/{event}"),
    ] {
        assert_eq!(api.get(&path).await.0, 503, "{path}");
    }
    assert_eq!(api.individual(&other).await.0, 200);
    intergiro.behave();
    assert_eq!(api.individual(&id).await.0, 200);
    assert_eq!(intergiro.path_counts()[&format!("GET /v3/events/{event}")], 1);
    assert_eq!(intergiro.request_counts()[&Endpoint::GetIndividual], 3);
}

async fn lost_create(intergiro: &Intergiro, api: &super::client::Api, work_done: bool) {
    let rule = ApiRule { work_done, ..ApiRule::always(ApiManner::Closed).at(Endpoint::CreateIndividual).times(1) };
    intergiro.misbehave(rule);
    let body = fixture("post.individuals.request.json");
    assert!(api.request(Method::POST, "/v3/individuals", &body).send().await.is_err());
}

#[tokio::test]
async fn an_answer_is_lost_after_the_work() {
    let (intergiro, api) = intergiro().await;
    lost_create(&intergiro, &api, true).await;
    assert_eq!(intergiro.individuals_created().len(), 1, "made, though nobody was told");
    lost_create(&intergiro, &api, false).await;
    assert_eq!(intergiro.individuals_created().len(), 1, "closed before the work");
    intergiro.expire_access_tokens();
    intergiro.misbehave(ApiRule::always(ApiManner::Closed).at(Endpoint::Refresh).times(1).with_work_done());
    let body = serde_json::json!({"refresh_token": api.refresh});
    assert!(api.request(Method::POST, "/v3/auth/refresh", &body).send().await.is_err());
    assert_eq!(api.refresh().await.0, 400, "a crash after the refresh leaves only the login");
}

#[tokio::test]
async fn a_stopped_provider_refuses_connections() {
    let (mut intergiro, api) = intergiro().await;
    let id = api.created().await;
    intergiro.stop().await;
    assert!(api.request(Method::GET, "/v3/events", &Value::Null).send().await.is_err());
    assert_eq!(intergiro.individuals_created(), [id]);
}
