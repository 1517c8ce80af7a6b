//! The token call: places of its parameters, rotation, two refreshers at once, the end of access.

use std::time::Duration;

use idv_simulators::fractal::{Act, Application, Button, Classic, Settings, Visit};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Api, SCOPES, by_hand, fixture, fractal, fractal_with, query};
use crate::support::parts;

#[tokio::test]
async fn parameters_are_taken_from_all_three_places() {
    let (fractal, api) = fractal().await;
    let url = api.url("auth", "/oauth/token");
    let given = json!({"grant_type": "client_credentials", "scope": "client.stats:read",
        "client_id": api.application.client_id, "client_secret": api.application.client_secret});
    let pairs: Vec<(String, String)> =
        given.as_object().unwrap().iter().map(|(name, it)| (name.clone(), it.as_str().unwrap().to_owned())).collect();
    let json = api.http.post(&url).header("content-type", "application/json").body(given.to_string());
    assert_eq!(parts(json.send().await.unwrap()).await.0, 200);
    assert_eq!(parts(api.http.post(&url).form(&pairs).send().await.unwrap()).await.0, 200);
    assert_eq!(fractal.token_counts().secrets_in_urls, 0);
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    assert_eq!(parts(api.http.post(format!("{url}?{query}")).send().await.unwrap()).await.0, 200);
    assert_eq!((fractal.token_counts().secrets_in_urls, fractal.token_counts().machine_tokens), (1, 3));
}

#[tokio::test]
async fn who_asks_must_be_known() {
    let (fractal, api) = fractal().await;
    let mut wrong = api.again();
    wrong.application.client_secret = "guessed".to_owned();
    let machine = [("grant_type", "client_credentials"), ("scope", "client.stats:read")];
    assert_eq!(wrong.token(&machine).await, (401, fixture("oauth.error.invalid-client.response.json")));
    assert_eq!(api.token(&[("grant_type", "password")]).await.1["error"], "unsupported_grant_type");
    assert_eq!(
        api.token(&[("grant_type", "client_credentials"), ("scope", "uid:read")]).await.1["error"],
        "invalid_scope"
    );
    // a code and a pair belong to the application that asked for them
    let other = Application::another("other");
    fractal.add_application(other.clone());
    let mut stranger = Api::of(&fractal, &other);
    let gone = fractal.visit(&api.link_for(SCOPES, "st_1"), &Visit::default()).unwrap();
    let code = &query(&gone)["code"];
    assert_eq!(stranger.exchange(code).await.0, 400);
    let pair = api.exchange(code).await.1;
    stranger.take(&pair);
    assert_eq!(stranger.refreshed().await.0, 400);
    assert_eq!((fractal.token_counts().bad_clients, fractal.token_counts().refreshes_refused), (1, 1));
}

#[tokio::test]
async fn the_old_pair_lives_until_the_new_one_is_used() {
    let (fractal, mut api) = fractal().await;
    api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let old = api.again();
    assert_eq!(old.me().await.0, 200);
    let (status, pair) = old.refreshed().await;
    assert_eq!(status, 200);
    api.take(&pair);
    assert_eq!(old.me().await.0, 200, "nobody has used the new one");
    assert_eq!(api.me().await.0, 200);
    assert_eq!(old.me().await.0, 401, "over with the first use of the new one");
    assert_eq!(api.me().await.0, 200);
    let counts = fractal.token_counts();
    assert_eq!((counts.refreshes, counts.repeated_refreshes, counts.parallel_refreshes), (1, 0, 0));
}

#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again() {
    let (fractal, mut api) = fractal().await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.expire_access_tokens();
    assert_eq!(api.me().await.0, 401);
    let lost = api.refreshed().await.1;
    let (status, pair) = api.refreshed().await;
    assert_eq!(status, 200, "its successor was never used");
    assert_ne!(lost["refresh_token"], pair["refresh_token"]);
    api.take(&pair);
    assert_eq!(api.me().await.0, 200);
    assert_eq!(api.refreshed().await.0, 200);
    let counts = fractal.token_counts();
    assert_eq!((counts.refreshes, counts.repeated_refreshes, counts.families_ended), (3, 1, 0));
    assert!(fractal.truth(&uid).unwrap().living_pairs > 0);
}

#[tokio::test]
async fn two_refreshers_at_once_lose_everything() {
    // both use what they got
    let (fractal, mut api) = fractal().await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let (mut one, mut two) = (api.again(), api.again());
    let (first, second) = tokio::join!(api.refreshed(), api.refreshed());
    one.take(&first.1);
    two.take(&second.1);
    assert_eq!((one.me().await.0, two.me().await.0, one.me().await.0), (200, 401, 401));
    assert_eq!((one.refreshed().await.0, two.refreshed().await.0, api.refreshed().await.0), (400, 400, 400));
    assert_eq!(fractal.truth(&uid).unwrap().living_pairs, 0, "the person must pass the link again");
    assert_eq!((fractal.token_counts().parallel_refreshes >= 1, fractal.token_counts().families_ended), (true, 1));

    // one uses what it got before the other asks
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let slow = api.again();
    let pair = api.refreshed().await.1;
    api.take(&pair);
    assert_eq!(api.me().await.0, 200);
    assert_eq!(slow.refreshed().await, (400, fixture("oauth.error.invalid-grant.response.json")));
    assert_eq!((api.me().await.0, fractal.truth(&uid).unwrap().living_pairs), (401, 0));
    assert_eq!(fractal.token_counts().families_ended, 2);
}

#[tokio::test]
async fn a_lenient_provider_lets_both_live() {
    let classic = Classic { punish_parallel: false, ..Classic::default() };
    let (fractal, mut api) = fractal_with(Settings { classic, ..by_hand() }).await;
    api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let (mut one, mut two) = (api.again(), api.again());
    one.take(&api.refreshed().await.1);
    two.take(&api.refreshed().await.1);
    assert_eq!((one.me().await.0, two.me().await.0, one.me().await.0, api.me().await.0), (200, 200, 200, 401));
    assert_eq!((fractal.token_counts().parallel_refreshes, fractal.token_counts().families_ended), (1, 0));
}

#[tokio::test]
async fn a_code_that_comes_twice_ends_what_it_gave() {
    let (fractal, mut api) = fractal().await;
    let gone = fractal.visit(&api.link_for(SCOPES, "st_1"), &Visit::default()).unwrap();
    let code = query(&gone)["code"].clone();
    let pair = api.exchange(&code).await.1;
    api.take(&pair);
    assert_eq!(api.me().await.0, 200);
    assert_eq!(api.exchange(&code).await.0, 400);
    assert_eq!(api.me().await.0, 401);
    assert_eq!(fractal.token_counts().codes_reused, 1);
}

#[tokio::test]
async fn tokens_end_with_time_and_with_access() {
    let classic = Classic { refresh_life: Some(Duration::from_hours(24)), ..Classic::default() };
    let (fractal, mut api) = fractal_with(Settings { classic, ..by_hand() }).await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.advance_tokens(Duration::from_hours(2));
    assert_eq!(api.me().await.0, 401);
    let pair = api.refreshed().await.1;
    api.take(&pair);
    assert_eq!(api.me().await.0, 200);
    fractal.advance_tokens(Duration::from_hours(24));
    assert_eq!(api.refreshed().await.0, 400);

    api.arrived(&fractal, SCOPES, &Visit { user: Some(uid.clone()), ..Visit::default() }).await;
    assert_eq!(fractal.truth(&uid).unwrap().authorised, ["example"]);
    fractal.act(&uid, Act::Revoke { application: None }).unwrap();
    assert_eq!((api.me().await.0, api.refreshed().await.0), (401, 400));
    assert!(fractal.truth(&uid).unwrap().authorised.is_empty());

    let gone = api.arrived(&fractal, SCOPES, &Visit::pressing(Button::Allow)).await;
    fractal.forget(&gone);
    assert_eq!((api.me().await.0, api.refreshed().await.0), (401, 400));
    assert!(fractal.act(&gone, Act::approve_all()).is_err());
}

#[tokio::test]
async fn a_token_serves_what_it_was_made_for() {
    let (fractal, mut api) = fractal().await;
    api.arrived(&fractal, "verification.basic:read", &Visit::default()).await;
    let machine = api.machine().await;
    assert_eq!(api.get("resource", "/v2/users/me", &machine).await.0, 403);
    assert_eq!(api.get("resource", "/v2/stats/user-verifications", &api.access).await.0, 403);
    assert_eq!(api.get("resource", "/v2/users/me", "invented").await.0, 401);
    let bare = api.http.request(Method::GET, api.url("resource", "/users/me")).send().await.unwrap();
    assert_eq!(bare.status().as_u16(), 401);
    let (status, older) = api.get("resource", "/users/me", &api.access).await;
    assert_eq!((status, older), (200, api.me().await.1), "the older path");
    assert_eq!(
        api.get("resource", "/v2/stats/nothing", &machine).await,
        (404, json!({"error": {"message": "not found"}}))
    );
    assert_ne!(api.me().await.1, Value::Null);
}
