//! Credentials: tokens, OAuth, regions, versions, environments, and how many calls may be made.

use std::time::Duration;

use idv_simulators::onfido::{Account, Environment, Region, Settings};
use serde_json::{Value, json};

use super::client::{Api, by_hand, fixture, onfido, onfido_with, same_shape, sandbox, text};

#[tokio::test]
async fn a_token_speaks_for_its_account_environment_and_region() {
    let other = Account::shared("other", Region::Us, &["globex", "initech"]);
    let settings = Settings { accounts: vec![Account::example(), other.clone()], ..by_hand() };
    let (onfido, api) = onfido_with(settings).await;
    let id = api.applicant().await;
    let path = format!("/applicants/{id}");
    assert_eq!(api.get(&path).await.0, 200);
    assert_eq!(sandbox(&onfido).get(&path).await.0, 404, "another environment's");
    let (status, refused) = api.at(Region::Us, "v3.6").get(&path).await;
    assert_eq!(status, 401, "wrong region");
    assert_eq!(refused, fixture("error.authorization.401.json"));
    let us = |token: &str| Api::with(&onfido, token).at(Region::Us, "v3.6");
    let (globex, initech) = (us(&other.tokens[0].token), us(&other.tokens[1].token));
    assert!(other.tokens[0].token.starts_with("api_live_us."));
    assert_eq!(globex.get(&path).await, (404, fixture("error.not_found.404.json")), "another account's");
    let shared = globex.applicant().await;
    assert_eq!(initech.get(&format!("/applicants/{shared}")).await.0, 200, "one account, several clients");
    onfido.revoke(&other.tokens[0].token);
    assert_eq!(globex.get(&format!("/applicants/{shared}")).await.0, 401);
    assert_eq!(initech.get(&format!("/applicants/{shared}")).await.0, 200);
    let seen = onfido.requests().into_iter().rev().take(2).map(|it| it.client).collect::<Vec<_>>();
    assert_eq!(seen, [Some("initech".to_owned()), None]);
    assert_eq!(Api { credential: "Bearer nobody".to_owned(), ..us("x") }.get(&path).await.0, 401);
    assert_eq!(Api { credential: "Token token=".to_owned(), ..us("x") }.get(&path).await.0, 401);
}

#[tokio::test]
async fn versions_and_regions_are_prefixes() {
    let (onfido, api) = onfido().await;
    let id = api.applicant().await;
    for version in ["v3.2", "v3.3", "v3.4", "v3.5", "v3.6"] {
        let (status, applicant) = api.at(Region::Eu, version).get(&format!("/applicants/{id}")).await;
        assert_eq!((status, text(&applicant, "/href")), (200, format!("/{version}/applicants/{id}")));
    }
    for version in ["v3.1", "v3.7", "v4", "v2"] {
        assert_eq!(api.at(Region::Eu, version).get(&format!("/applicants/{id}")).await.0, 404, "{version}");
    }
    let old = Api { base: format!("{}/v3.2", onfido.api_url()), ..api.at(Region::Eu, "") };
    assert_eq!(old.get(&format!("/applicants/{id}")).await.0, 200, "the old host without region is the EU");
    assert_eq!(api.at(Region::Eu, "v3.2").get("/workflow_runs").await.0, 404, "Studio is of v3.6");
    assert_eq!(api.get("/ping").await.0, 200);
}

#[tokio::test]
async fn client_credentials_open_the_same_doors() {
    let (onfido, api) = onfido().await;
    let pair = onfido.accounts()[0].oauth_clients[0].clone();
    let ask = async |region: Region, secret: &str| {
        let form = [("client_id", pair.client_id.as_str()), ("client_secret", secret)];
        let url = format!("{}/oauth/token", onfido.base_url(region, "v3.6"));
        crate::support::parts(api.http.post(url).form(&form).send().await.unwrap()).await
    };
    assert_eq!(ask(Region::Eu, "wrong").await.0, 401);
    assert_eq!(ask(Region::Ca, &pair.client_secret).await.0, 401);
    let (status, answer) = ask(Region::Eu, &pair.client_secret).await;
    assert_eq!(status, 200);
    same_shape(&answer, "post_oauth_token.response.200.json");
    let bearer = Api { credential: format!("Bearer {}", text(&answer, "/access_token")), ..api.at(Region::Eu, "v3.6") };
    let id = bearer.applicant().await;
    assert_eq!(api.get(&format!("/applicants/{id}")).await.0, 200);
    onfido.advance_tokens(Duration::from_secs(3_600));
    assert_eq!(bearer.get(&format!("/applicants/{id}")).await.0, 401, "expired");
    let (_, again) = ask(Region::Eu, &pair.client_secret).await;
    let bearer = Api { credential: format!("Bearer {}", text(&again, "/access_token")), ..bearer };
    assert_eq!(bearer.get(&format!("/applicants/{id}")).await.0, 200);
    onfido.expire_access_tokens();
    assert_eq!(bearer.get(&format!("/applicants/{id}")).await.0, 401);
    let mixed = Api { credential: format!("Bearer {}", onfido.accounts()[0].tokens[0].token), ..bearer };
    assert_eq!(mixed.get(&format!("/applicants/{id}")).await.0, 401, "an API token is no access token");
}

#[tokio::test]
async fn an_account_may_make_so_many_calls_in_a_minute() {
    let (onfido, api) = onfido_with(Settings { rate_limit: Some(3), ..by_hand() }).await;
    for _ in 0..3 {
        assert_eq!(api.get("/applicants").await.0, 200);
    }
    assert_eq!(api.get("/applicants").await, (429, fixture("error.rate_limit.429.json")));
    assert_eq!(sandbox(&onfido).get("/applicants").await.0, 429, "counted by account");
    onfido.advance_tokens(Duration::from_secs(60));
    assert_eq!(api.get("/applicants").await.0, 200);
    let made = onfido.new_token(None, "late", Environment::Live);
    assert_eq!(Api::with(&onfido, &made).send(reqwest::Method::GET, "/applicants", &Value::Null).await.0, 200);
    assert_eq!(api.get("/nonsense").await.1, json!(fixture("error.not_found.404.json")));
}
