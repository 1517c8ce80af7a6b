//! Bad manners of the APIs, one by one.

use std::time::{Duration, Instant};

use idv_simulators::fractal::{Act, ApiManner, ApiRule, Endpoint, Generation, Visit};
use serde_json::Value;

use super::client::{KycApi, SCOPES, fractal};

#[tokio::test]
async fn reads_are_stale_for_a_while() {
    let (fractal, mut api) = fractal().await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.misbehave(ApiRule::always(ApiManner::Stale).at(Endpoint::UsersMe).times(1));
    assert!(api.cases().await.is_empty(), "before its first case");
    fractal.act(&uid, Act::approve("basic")).unwrap();
    fractal.misbehave(ApiRule::always(ApiManner::Stale).at(Endpoint::UsersMe).times(1));
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(api.cases().await["basic"].1.clone());
    }
    assert_eq!(seen, ["pending", "approved"]);
    let frozen = fractal.misbehave(ApiRule::always(ApiManner::Frozen).lasting(Duration::from_secs(60)));
    fractal.act(&uid, Act::approve("liveness")).unwrap();
    assert_eq!(api.cases().await["liveness"].1, "pending");
    assert_eq!(api.stats("user-verifications").await[0]["credential"], "pending");
    fractal.remove_rule(frozen);
    assert_eq!(api.stats("user-verifications").await[0]["credential"], "approved");
    fractal.misbehave(ApiRule::always(ApiManner::Stale).at(Endpoint::UserVerifications).times(1));
    assert_eq!(api.stats("user-verifications").await[0]["credential"], "pending", "before the last change");

    let kyc = KycApi::of(&fractal, Generation::Relay, "http://127.0.0.1:9");
    let (user, _) = kyc.arrived(&fractal);
    fractal.act(&user, Act::approve_all()).unwrap();
    fractal.misbehave(ApiRule::always(ApiManner::Stale).about(&user).times(1));
    let path = format!("/public/kyc/{user}/status");
    assert_eq!(
        (kyc.get(&path).await.1["status"].clone(), kyc.get(&path).await.1["status"].clone()),
        ("pending".into(), "approved".into())
    );
}

#[tokio::test]
async fn the_api_fails_in_every_way() {
    let (fractal, mut api) = fractal().await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let spoil = |manner| fractal.misbehave(ApiRule::always(manner).about(&uid).times(1));
    let get = || api.http.get(api.url("resource", "/v2/users/me")).bearer_auth(&api.access).send();

    spoil(ApiManner::TooMany { retry_after: Some(7) });
    let answer = get().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    spoil(ApiManner::Status { code: 502 });
    assert_eq!(api.me().await.0, 502);
    spoil(ApiManner::Html);
    assert_eq!(get().await.unwrap().headers()["content-type"].to_str().unwrap(), "text/html; charset=utf-8");
    spoil(ApiManner::Truncated);
    assert_eq!(api.me().await, (200, Value::Null));
    spoil(ApiManner::Closed);
    assert!(get().await.is_err());
    spoil(ApiManner::Silence);
    assert!(tokio::time::timeout(Duration::from_millis(100), get()).await.is_err());
    spoil(ApiManner::SlowDrip { millis: 1 });
    let began = Instant::now();
    assert_eq!(api.me().await.1["uid"], uid.as_str());
    assert!(began.elapsed() > Duration::from_millis(100));
    spoil(ApiManner::Late { millis: 50 });
    let began = Instant::now();
    assert_eq!(api.me().await.0, 200);
    assert!(began.elapsed() > Duration::from_millis(50));
    spoil(ApiManner::WrongUser);
    assert_ne!(api.me().await.1["uid"], uid.as_str());
    spoil(ApiManner::UnknownStatus { status: "frozen".to_owned() });
    assert_eq!(api.cases().await["basic"].0, "frozen");
    spoil(ApiManner::UnknownCredential { credential: "odd".to_owned() });
    assert_eq!(api.cases().await["liveness"].1, "odd");
    spoil(ApiManner::UnknownLevel { level: "platinum".to_owned() });
    assert_eq!(api.cases().await.keys().collect::<Vec<_>>(), ["platinum"]);
    spoil(ApiManner::Without { member: "verification_cases".to_owned() });
    assert_eq!(api.me().await.1.get("verification_cases"), None);
    assert_eq!(api.cases().await.len(), 2, "the rules are used up");
    let unanswered = fractal.requests().iter().filter(|it| it.status.is_none()).count();
    assert_eq!(unanswered, 2, "closed and silent");
    assert_eq!(fractal.requests_about(Endpoint::UsersMe, &uid), 14);
}

#[tokio::test]
async fn the_token_call_fails_before_and_after_the_work() {
    let (fractal, mut api) = fractal().await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let rule = ApiRule::always(ApiManner::Closed).at(Endpoint::RefreshToken).about(&uid).times(1);
    fractal.misbehave(rule.clone());
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", api.refresh.as_str()),
        ("client_id", api.application.client_id.as_str()),
        ("client_secret", api.application.client_secret.as_str()),
    ];
    let ask = || api.http.post(api.url("auth", "/oauth/token")).form(&form).send();
    assert!(ask().await.is_err());
    assert_eq!(fractal.token_counts().refreshes, 0, "closed before the work");
    fractal.misbehave(rule.with_work_done());
    assert!(ask().await.is_err());
    assert_eq!(fractal.token_counts().refreshes, 1, "a pair that nobody holds");
    let (status, pair) = api.refreshed().await;
    assert_eq!((status, fractal.token_counts().repeated_refreshes), (200, 1));
    api.take(&pair);
    assert_eq!(api.me().await.0, 200);
    fractal.misbehave(ApiRule::always(ApiManner::InvalidGrant).at(Endpoint::RefreshToken).times(1));
    assert_eq!(api.refreshed().await.1["error"], "invalid_grant");
    fractal.misbehave(ApiRule::always(ApiManner::Scope { scope: "uid:read".to_owned() }).at(Endpoint::RefreshToken));
    assert_eq!(api.refreshed().await.1["scope"], "uid:read");
}

#[tokio::test]
async fn verifier_and_relay_fail_too() {
    let (fractal, _) = fractal().await;
    let api = KycApi::of(&fractal, Generation::Verifier, "http://127.0.0.1:9");
    let (user, token) = api.arrived(&fractal);
    let (path, one_time) = (format!("/public/kyc/{user}/status"), format!("/public/kyc/token/{token}"));
    fractal.misbehave(ApiRule::always(ApiManner::UnknownStatus { status: "pondering".to_owned() }).times(2));
    assert_eq!(api.get(&path).await.1["status"], "pondering");
    assert_eq!(api.get(&one_time).await.1["state"], "pondering");
    let again = fractal.visit(&api.link(&api.link_claims()), &Visit { user: Some(user.clone()), ..Visit::default() });
    let token = super::client::query(&again.unwrap())["oneTimeToken"].clone();
    fractal.misbehave(ApiRule::always(ApiManner::WrongUser).at(Endpoint::KycToken).about(&user));
    assert_ne!(api.get(&format!("/public/kyc/token/{token}")).await.1["userId"], user.as_str());
    fractal.behave();
    let file = format!("{}/public/kyc/{user}/file/selfie", api.base);
    let get = || api.http.get(&file).bearer_auth(api.api_token()).send();
    fractal.misbehave(ApiRule::always(ApiManner::Status { code: 503 }).at(Endpoint::KycFile).times(1));
    assert_eq!((get().await.unwrap().status().as_u16(), get().await.unwrap().status().as_u16()), (503, 200));
    assert_eq!(fractal.requests_to(Endpoint::KycFile), 2);
    assert_eq!(fractal.path_counts()[&format!("GET {path}")], 1);
}

#[tokio::test]
async fn a_stopped_provider_refuses_connections() {
    let (mut fractal, mut api) = fractal().await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.stop().await;
    assert!(api.http.get(api.url("resource", "/v2/users/me")).send().await.is_err());
    assert!(api.http.get(api.url("relay", "/kyc")).send().await.is_err());
    assert_eq!(fractal.users_created(), [uid]);
}
