//! Login sessions: lives, rotation, and what punishes those who refresh side by side.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use idv_simulators::intergiro::{Fraud, Settings, SignIn};
use serde_json::{Value, json};

use super::client::{Api, fixture, intergiro, intergiro_with, same_shape};

fn with(sign_in: SignIn) -> Settings {
    Settings { sign_in, ..Settings::default() }
}

async fn works(api: &Api) -> u16 {
    api.get("/v3/events").await.0
}

fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(body.as_bytes()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_login_opens_a_session_with_a_pair_of_tokens() {
    let (intergiro, api) = intergiro().await;
    let (status, pair) = api.post("/v3/auth/login", &fixture("post.auth.login.request.json")).await;
    assert_eq!(status, 200);
    same_shape(&pair, "post.auth.login.response.json");
    let life = |token: &str| claims(token)["exp"].as_i64().unwrap() - claims(token)["iat"].as_i64().unwrap();
    assert_eq!((life(&api.access), life(&api.refresh)), (900, 3_600));
    assert_eq!(works(&api).await, 200, "sessions live side by side");
    let stranger = Api::without_login(&intergiro, "00000000-0000-4000-8000-000000000000");
    assert_eq!(stranger.login().await.0, 401);
    assert_eq!(works(&stranger).await, 401, "no token");
    assert_eq!((intergiro.sign_ins().logins, intergiro.sign_ins().bad_keys), (2, 1));
}

#[tokio::test]
async fn refreshing_before_the_end_is_refused_and_changes_nothing() {
    let (intergiro, mut api) = intergiro().await;
    assert_eq!(api.refresh().await, (400, fixture("error.400.refresh-too-early.json")));
    assert_eq!(works(&api).await, 200);
    intergiro.advance_tokens(Duration::from_secs(899));
    assert_eq!(api.refresh().await.0, 400);
    intergiro.advance_tokens(Duration::from_secs(1));
    assert_eq!(api.get("/v3/events").await, (401, fixture("error.401.token-expired.json")));
    let (status, pair) = api.refresh().await;
    assert_eq!(status, 200);
    same_shape(&pair, "post.auth.refresh.response.json");
    assert_ne!(pair["refresh_token"], api.refresh.as_str());
    api.take(&pair);
    assert_eq!(works(&api).await, 200);
    let counted = intergiro.sign_ins();
    assert_eq!((counted.early_refreshes, counted.refreshes, counted.logins), (2, 1, 1));
}

#[tokio::test]
async fn three_refreshes_then_log_in_again() {
    let (intergiro, mut api) = intergiro().await;
    for _ in 0..3 {
        intergiro.expire_access_tokens();
        let (status, pair) = api.refresh().await;
        assert_eq!(status, 200);
        api.take(&pair);
    }
    intergiro.expire_access_tokens();
    assert_eq!(api.refresh().await.0, 401);
    let (status, pair) = api.login().await;
    assert_eq!(status, 200);
    api.take(&pair);
    assert_eq!(works(&api).await, 200);
    assert_eq!((intergiro.sign_ins().refreshes, intergiro.sign_ins().late_refreshes), (3, 1));
    let refused = SignIn { most_refreshes: 0, refused_refresh: 400, ..SignIn::default() };
    let (other, api) = intergiro_with(with(refused)).await;
    other.expire_access_tokens();
    assert_eq!(api.refresh().await.0, 400, "as the settings say");
}

#[tokio::test]
async fn a_session_ends_after_an_hour_whatever_was_refreshed() {
    let (intergiro, mut api) = intergiro().await;
    for _ in 0..3 {
        intergiro.advance_tokens(Duration::from_mins(19));
        let (status, pair) = api.refresh().await;
        assert_eq!(status, 200);
        api.take(&pair);
    }
    assert_eq!(works(&api).await, 200);
    intergiro.advance_tokens(Duration::from_mins(3));
    assert_eq!(works(&api).await, 401, "the access token does not outlive its session");
    assert_eq!(api.refresh().await.0, 401);
}

#[tokio::test]
async fn two_refreshers_at_once_end_the_session() {
    let (intergiro, api) = intergiro().await;
    intergiro.expire_access_tokens();
    let (one, other) = tokio::join!(api.refresh(), api.refresh());
    let mut codes = [one.0, other.0];
    codes.sort_unstable();
    assert_eq!(codes, [200, 400]);
    let pair = if one.0 == 200 { one.1 } else { other.1 };
    let mut winner = Api::without_login(&intergiro, &api.key);
    winner.take(&pair);
    assert_eq!(works(&winner).await, 401, "punished with the loser");
    assert_eq!(winner.refresh().await.0, 401);
    let counted = intergiro.sign_ins();
    assert_eq!((counted.parallel_refreshes, counted.sessions_punished), (1, 1));

    let mild = SignIn { punish_reuse: false, ..SignIn::default() };
    let (mild, mut api) = intergiro_with(with(mild)).await;
    mild.expire_access_tokens();
    let (_, pair) = api.refresh().await;
    assert_eq!(api.refresh().await.0, 400, "void all the same");
    api.take(&pair);
    assert_eq!(works(&api).await, 200);
    assert_eq!(mild.sign_ins().sessions_punished, 0);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_and_ends_what_it_opened() {
    let (intergiro, api) = intergiro().await;
    let fresh = intergiro.new_key("example");
    intergiro.revoke_key(&api.key);
    assert_eq!(works(&api).await, 401);
    assert_eq!(api.login().await.0, 401);
    assert_eq!(api.refresh().await.0, 401);
    assert_eq!(Api::without_login(&intergiro, &fresh).login().await.0, 200);
}

#[tokio::test]
async fn too_many_logins_look_like_fraud() {
    let fraud = Some(Fraud { logins_per_minute: 3, status: 429 });
    let (intergiro, api) = intergiro_with(with(SignIn { fraud, ..SignIn::default() })).await;
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(api.login().await.0);
    }
    assert_eq!(codes, [200, 200, 429], "the first was made by the client");
    intergiro.advance_tokens(Duration::from_mins(1));
    assert_eq!(api.login().await.0, 200);
    let counted = intergiro.sign_ins();
    assert_eq!((counted.logins, counted.fraud_refusals, counted.most_logins_in_a_minute), (4, 1, 4));
}

#[tokio::test]
async fn harder_sign_ins_can_be_chosen() {
    let (_intergiro, api) = intergiro_with(with(SignIn { one_session: true, ..SignIn::default() })).await;
    assert_eq!(works(&api).await, 200);
    assert_eq!(api.login().await.0, 200);
    assert_eq!(works(&api).await, 401, "the second login ended the first session");
    let (_intergiro, api) = intergiro_with(with(SignIn { opaque_tokens: true, ..SignIn::default() })).await;
    assert!(!api.access.contains('.'));
    let short = SignIn { access_life: Duration::ZERO, ..SignIn::default() };
    let (_intergiro, api) = intergiro_with(with(short)).await;
    assert_eq!(works(&api).await, 401);
    assert_eq!(api.post("/v3/auth/refresh", &json!({})).await.0, 400);
}
