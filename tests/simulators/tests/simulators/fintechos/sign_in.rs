//! Both sign-ins: credentials, forms of the answer, how long a token is good.

use std::time::Duration;

use idv_simulators::fintechos::{DeadToken, FintechOs, Outcome, RefusedSignIn, Settings, SignIn, TokenForm};
use serde_json::{Value, json};

use super::client::{Caller, event, fixture, instance, same_shape};

async fn start(settings: Settings) -> (FintechOs, Caller) {
    let instance = FintechOs::start(settings).await.unwrap();
    let caller = Caller::of(&instance);
    (instance, caller)
}

#[tokio::test]
async fn the_legacy_call_gives_a_token_in_either_form() {
    let (_instance, caller) = start(Settings::default()).await;
    let (status, answer) = caller.get_token(&fixture("gettoken.request.json")).await;
    assert_eq!(status, 200);
    same_shape(&answer, "gettoken.response.assumed_object.json");
    let (_instance, caller) = start(Settings { token_form: TokenForm::Text, ..Settings::default() }).await;
    same_shape(&caller.get_token(&fixture("gettoken.request.json")).await.1, "gettoken.response.assumed_string.json");
    let other = TokenForm::Object { member: "Token".to_owned() };
    let (_instance, caller) = start(Settings { token_form: other, ..Settings::default() }).await;
    assert!(caller.get_token(&fixture("gettoken.request.json")).await.1["Token"].is_string());
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let (instance, caller) = start(Settings::default()).await;
    for member in ["username", "password", "client_id"] {
        let mut body = fixture("gettoken.request.json");
        body[member] = json!("other");
        assert_eq!(caller.get_token(&body).await.0, 401, "{member}");
    }
    let wrong = json!({"userName": "dcs.integration@acme.example.com", "password": "other"});
    assert_eq!(caller.keycloak(&wrong).await.0, 401);
    instance.set_password("fake-password-2");
    assert_eq!(caller.get_token(&fixture("gettoken.request.json")).await.0, 401, "it has changed");
    assert_eq!((instance.sign_ins().refused, instance.sign_ins().get_token), (5, 0));
    let silent = Settings { refused_sign_in: RefusedSignIn::NoToken, ..Settings::default() };
    let (_instance, caller) = start(silent).await;
    assert_eq!(caller.get_token(&json!({})).await, (200, json!({})), "an inactive user gets no token (§2.1)");
}

#[tokio::test]
async fn the_newer_sign_in_tells_no_usable_life() {
    let (instance, mut caller) = start(Settings::default()).await;
    let (status, answer) = caller.keycloak(&fixture("keycloaktoken.request.json")).await;
    assert_eq!(status, 200);
    same_shape(&answer, "keycloaktoken.response.json");
    assert_eq!((&answer["expiresIn"], &answer["refreshExpiresIn"]), (&json!(0), &json!(1800)));
    caller.token = answer["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(caller.endpoint("FTOS_Onfido_WebHook", &event("a")).await.0, 200);
    assert_eq!(instance.received().last().unwrap().token_of, Some(SignIn::Keycloak));
    instance.advance_tokens(Duration::from_secs(1_800));
    assert_eq!(caller.endpoint("FTOS_Onfido_WebHook", &event("b")).await.0, 401);
}

#[tokio::test]
async fn tokens_end() {
    let (instance, caller) = instance().await;
    assert_eq!(caller.call(&event("a")).await.0, 200);
    let second = Caller::signed_in(&instance).await;
    assert_eq!(caller.call(&event("b")).await.0, 200, "an older token lives on (§2.1)");
    instance.advance_tokens(Duration::from_secs(1_199));
    assert_eq!(second.call(&event("c")).await.0, 200);
    instance.advance_tokens(Duration::from_secs(1));
    assert_eq!(caller.call(&event("d")).await.0, 401);
    assert_eq!((instance.accepted().len(), instance.sign_ins().tokens_refused), (3, 1));
    let last = instance.received().pop().unwrap();
    assert_eq!((last.outcome, last.token_of, last.answer), (Outcome::TokenRefused, None, Some(401)));
    let fresh = Caller::signed_in(&instance).await;
    instance.expire_tokens();
    assert_eq!(fresh.call(&event("d")).await.0, 401);

    let logical = Settings { dead_token: DeadToken::Logical, ..Settings::default() };
    let (_instance, caller) = start(logical).await;
    let (status, answer) = caller.call(&event("a")).await;
    assert_eq!((status, answer), (200, fixture("callaction.response.assumed_failure.json")));
}

#[tokio::test]
async fn credentials_in_the_query_are_told_of() {
    let (instance, caller) = start(Settings::default()).await;
    let query = "username=dcs.integration%40acme.example.com&password=fake-password-1&client_id=acme-client";
    let url = format!("{}/api/Authorize/GetToken?{query}", caller.base);
    assert_eq!(caller.http.get(url).send().await.unwrap().status().as_u16(), 200);
    assert_eq!(instance.sign_ins().credentials_in_query, 1);
    let kept = serde_json::to_value(instance.received()).unwrap();
    assert!(!kept.to_string().contains("fake-password"), "{kept}");
    assert_eq!(kept[0]["data"], Value::Null);
}
