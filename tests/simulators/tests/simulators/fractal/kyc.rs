//! Verifier and relay: links and API tokens signed by us, the one-time token, status, data, files.

use std::time::Duration;

use idv_simulators::fractal::{Act, Application, Button, Generation, Kyc, NotPossible, Settings, Visit};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{KycApi, by_hand, fixture, fractal_with, query, text};
use super::signer::Signer;
use crate::support::{Receiver, SOON, parts, visit};

const GENERATIONS: [Generation; 2] = [Generation::Verifier, Generation::Relay];

fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

#[tokio::test]
async fn a_user_comes_back_with_a_one_time_token() {
    for generation in GENERATIONS {
        let receiver = Receiver::start().await;
        let (fractal, _) = fractal_with(by_hand()).await;
        let api = KycApi::of(&fractal, generation, &receiver.url);
        let (user, token) = api.arrived(&fractal);
        let (status, read) = api.get(&format!("/public/kyc/token/{token}")).await;
        assert_eq!((status, read), (200, json!({"userId": user, "state": "pending", "externalState": "state"})));
        assert_eq!(api.get(&format!("/public/kyc/token/{token}")).await.0, 404, "one time");
        let status = format!("/public/kyc/{user}/status");
        assert_eq!(api.get(&status).await, (200, json!({"status": "pending"})));
        fractal.act(&user, Act::approve_all()).unwrap();
        assert_eq!(api.get(&status).await, (200, json!({"status": "approved"})));
        fractal.quiet(SOON).await.unwrap();
        assert_eq!(receiver.arrivals()[0].json(), json!({"id": user, "status": "approved", "note": ""}));
        // an approved user comes back approved
        let gone =
            fractal.visit(&api.link(&api.link_claims()), &Visit { user: Some(user.clone()), ..Visit::default() });
        let token = query(&gone.unwrap())["oneTimeToken"].clone();
        assert_eq!(api.get(&format!("/public/kyc/token/{token}")).await.1["state"], "approved");
    }
}

#[tokio::test]
async fn api_tokens_are_checked() {
    let (fractal, _) = fractal_with(by_hand()).await;
    let (api, other) = (
        KycApi::of(&fractal, Generation::Verifier, "http://127.0.0.1:9"),
        KycApi::of(&fractal, Generation::Verifier, "http://127.0.0.1:9"),
    );
    let (user, one_time) = api.arrived(&fractal);
    let path = format!("/public/kyc/{user}/status");
    let claims = |exp: Value| json!({"api": true, "clientId": api.client.client_id, "iat": now(), "exp": exp});
    let good = api.signer.jwt(&claims(json!(now() + 590)));
    assert_eq!(api.get_with(&path, &good).await.0, 200);
    let (head, tail) = good.rsplit_once('.').unwrap();
    for (token, why) in [
        (api.signer.jwt(&claims(json!(now() + 700))), "longer than 10 minutes"),
        (api.signer.jwt(&claims(json!(now() - 1))), "over"),
        (api.signer.jwt(&claims(Value::Null)), "without an end"),
        (api.signer.jwt(&claims(json!("soon"))), "without a good end"),
        (api.signer.jwt(&json!({"clientId": api.client.client_id, "exp": now() + 500})), "not for the API"),
        (api.signer.jwt(&json!({"api": true, "exp": now() + 500})), "nobody's"),
        (Signer::new().jwt(&claims(json!(now() + 500))), "another key"),
        (api.signer.jwt_with(&json!({"alg": "ES256"}), &claims(json!(now() + 500))), "another algorithm"),
        (api.signer.jwt_with(&json!({"alg": "none"}), &claims(json!(now() + 500))), "no algorithm"),
        (format!("{head}."), "no signature"),
        (format!("{head}.{tail}.{tail}"), "four parts"),
        ("nonsense".to_owned(), "no token"),
    ] {
        let (status, body) = api.get_with(&path, &token).await;
        assert_eq!((status, body["error"]["message"].is_string()), (401, true), "{why}");
    }
    // another client of the same house: its token is good, the user is not its own
    assert_eq!(other.get(&path).await.0, 404);
    assert_eq!(other.get(&format!("/public/kyc/token/{one_time}")).await.0, 404);
    // a client of one generation is nobody at the other
    let relay = text(&fractal.base_urls(), "/relay");
    let elsewhere = api.http.get(format!("{relay}{path}")).bearer_auth(api.api_token()).send().await.unwrap();
    assert_eq!(elsewhere.status().as_u16(), 401);
    let request = fractal.requests().pop().unwrap();
    assert_eq!((request.generation, request.caller, request.status), (Generation::Relay, None, Some(401)));
}

#[tokio::test]
async fn links_are_checked() {
    let kyc = Kyc { link_must_end: true, ..Kyc::default() };
    let (fractal, _) = fractal_with(Settings { kyc, ..by_hand() }).await;
    let api = KycApi::of(&fractal, Generation::Relay, "http://127.0.0.1:9");
    let with = |name: &str, value: Value| {
        let mut claims = api.link_claims();
        claims["exp"] = json!(now() + 3_600);
        claims[name] = value;
        api.link(&claims)
    };
    let good = with("state", json!("s"));
    let page = api.http.get(&good).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 200);
    assert!(page.text().await.unwrap().contains("basic+liveness+idos"));
    for (link, why) in [
        (api.link(&api.link_claims()), "no end"),
        (with("exp", json!(now() - 1)), "over"),
        (with("kyc", json!(false)), "not for a link"),
        (with("level", json!("platinum")), "no such level"),
        (with("level", json!("liveness")), "an add-on alone"),
        (with("clientId", json!("nobody")), "no such client"),
        (format!("{}/kyc?token={}", api.base, api.api_token()), "an API token"),
        (format!("{}/kyc", api.base), "no token"),
    ] {
        assert_eq!(visit(&api.http, &link, "complete").await, (401, None), "{why}");
    }
    let (status, back) = visit(&api.http, &good, "leave").await;
    assert_eq!((status, back), (200, None), "who leaves goes nowhere");
    let (status, back) = visit(&api.http, &format!("{good}&provider=sumsub"), "complete").await;
    let wanted = text(&fixture("kraken.redirect.completed.json"), "/url");
    assert_eq!(status, 303);
    assert_eq!(back.unwrap().split('=').next(), wanted.split('=').next());
    assert_eq!(visit(&api.http, &good, "fly").await.0, 400);
    assert_eq!(fractal.visits().iter().map(|it| it.user.is_some()).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn an_external_id_is_the_same_user_again() {
    let (fractal, _) = fractal_with(by_hand()).await;
    let api = KycApi::of(&fractal, Generation::Relay, "http://127.0.0.1:9");
    let mut claims = api.link_claims();
    claims.as_object_mut().unwrap().remove("state");
    claims["externalUserId"] = json!("tenant-user-0001");
    claims["walletAddress"] = json!("0x00000000000000000000000000000000000000aa");
    let come = |claims: &Value| fractal.visit(&api.link(claims), &Visit::default()).unwrap();
    let first = come(&claims);
    let token = query(&first)["oneTimeToken"].clone();
    let (_, read) = api.get(&format!("/public/kyc/token/{token}")).await;
    assert_eq!(read.get("externalState"), None, "no state was given");
    let user = first.user.clone().unwrap();
    assert_eq!(fractal.user_by_external_id("tenant-user-0001"), first.user);
    fractal.act(&user, Act::approve_all()).unwrap();
    claims["level"] = json!("plus+idos");
    assert_eq!(come(&claims).user, first.user);
    let truth = fractal.truth(&user).unwrap();
    assert_eq!(
        (truth.status.as_str(), truth.level.as_str()),
        ("pending", "plus+idos"),
        "another level is decided anew"
    );
    assert_eq!(fractal.users_created().len(), 1);
}

#[tokio::test]
async fn decisions_are_told_without_level_and_time() {
    let receiver = Receiver::start().await;
    let kyc = Kyc { tells_pending: true, ..Kyc::default() };
    let (fractal, _) = fractal_with(Settings { kyc, ..by_hand() }).await;
    let api = KycApi::of(&fractal, Generation::Verifier, &receiver.url);
    let (user, _) = api.arrived(&fractal);
    fractal.act(&user, Act::approve_all()).unwrap();
    fractal.act(&user, Act::reject_all("Rejection reason")).unwrap();
    assert!(matches!(fractal.act(&user, Act::reject_all("again")), Err(NotPossible::InStatus { .. })));
    assert_eq!(fractal.act(&user, Act::contact("basic")), Err(NotPossible::NotHere));
    fractal.act(&user, Act::approve_all()).unwrap();
    fractal.quiet(SOON).await.unwrap();
    let bodies: Vec<Vec<u8>> = receiver.arrivals().into_iter().map(|it| it.body).collect();
    let of = |status: &str, note: &str| format!("{{\"id\":\"{user}\",\"status\":\"{status}\",\"note\":\"{note}\"}}");
    let count = |body: String| bodies.iter().filter(|it| **it == body.as_bytes()).count();
    assert_eq!(count(of("approved", "")), 2, "two approvals have the same bytes");
    assert_eq!((count(of("pending", "")), count(of("rejected", "Rejection reason"))), (1, 1));
}

#[tokio::test]
async fn data_and_files_are_read() {
    let (fractal, _) = fractal_with(by_hand()).await;
    let api = KycApi::of(&fractal, Generation::Verifier, "http://127.0.0.1:9");
    let (user, _) = api.arrived(&fractal);
    let data = format!("/public/kyc/{user}/data");
    assert_eq!(api.get(&data).await.1["review"], json!({"levelName": "basic+liveness+idos"}), "nothing decided");
    fractal.act(&user, Act::reject_all("blurred")).unwrap();
    assert_eq!(api.get(&data).await.1["review"]["reviewResult"]["reviewAnswer"], "RED");
    let file = |kind: &str| {
        let url = format!("{}/public/kyc/{user}/file/{kind}", api.base);
        api.http.get(url).bearer_auth(api.api_token()).send()
    };
    for kind in ["idFront", "idBack", "selfie"] {
        assert!(file(kind).await.unwrap().bytes().await.unwrap().starts_with(&[0xff, 0xd8]), "{kind}");
    }
    assert_eq!(file("proofOfResidence").await.unwrap().status().as_u16(), 404, "the level has none");
    assert_eq!(file("passport").await.unwrap().status().as_u16(), 404);
    fractal.act(&user, Act::EraseData).unwrap();
    assert_eq!((api.get(&data).await.0, file("idFront").await.unwrap().status().as_u16()), (404, 404));
    assert_eq!(api.get(&format!("/public/kyc/{user}/status")).await.1["status"], "rejected");
    assert_eq!(api.get("/public/kyc/nobody/status").await.0, 404);
    fractal.forget(&user);
    assert_eq!(api.get(&format!("/public/kyc/{user}/status")).await.0, 404);
}

#[tokio::test]
async fn one_time_tokens_end_and_may_be_read_again_where_set() {
    let kyc = Kyc { token_once: false, ..Kyc::default() };
    let (fractal, _) = fractal_with(Settings { kyc, ..by_hand() }).await;
    let api = KycApi::of(&fractal, Generation::Relay, "http://127.0.0.1:9");
    let (_, token) = api.arrived(&fractal);
    let path = format!("/public/kyc/token/{token}");
    assert_eq!((api.get(&path).await.0, api.get(&path).await.0), (200, 200));
    fractal.advance_tokens(Duration::from_mins(10));
    assert_eq!(api.get(&path).await.0, 404);
}

#[tokio::test]
async fn relay_shares_tokens_and_verifier_does_not() {
    let (fractal, _) = fractal_with(by_hand()).await;
    for (generation, status) in [(Generation::Relay, 200), (Generation::Verifier, 404)] {
        let api = KycApi::of(&fractal, generation, "http://127.0.0.1:9");
        let url = format!("{}/providers/sumsub/sharedToken", api.base);
        let body = json!({"credentialId": "c1", "forClientId": "other_1", "skipCheck": false});
        let request = api.http.request(Method::POST, &url).bearer_auth(api.api_token()).body(body.to_string());
        let (answered, shared) = parts(request.send().await.unwrap()).await;
        assert_eq!(answered, status);
        assert_eq!(api.get("/providers/sumsub/sharedToken/c1").await.0, status);
        if status == 200 {
            assert_eq!((&shared["id"], &shared["forClientId"]), (&json!("c1"), &json!("other_1")));
            assert_eq!(shared["kycStatus"], "approved");
        }
    }
    // all generations at once: ids do not mix
    let mut classic = super::client::Api::of(&fractal, &Application::example());
    let uid = classic.arrived(&fractal, "verification.basic:read", &Visit::pressing(Button::Allow)).await;
    let api = KycApi::of(&fractal, Generation::Relay, "http://127.0.0.1:9");
    assert_eq!(api.get(&format!("/public/kyc/{uid}/status")).await.0, 404);
}
