//! The gateway's door.

use std::time::Duration;

use idv_simulators::idos::{Cookie, Endpoint, Idos, LoginResult, Mode, Session, Settings};
use serde_json::{Value, json};

use super::client::{
    Arg, Caller, OTHER_SEED, SEED, consumer, fixture, node, payload, rows, same_shape, share, started,
};

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_default()
}

#[tokio::test]
async fn the_chain_tells_of_itself() {
    let (_node, caller) = node().await;
    let (status, info) = caller.rpc("user.chain_info", &json!({})).await;
    assert_eq!(status, 200);
    same_shape(&info, "rpc.user-chain-info.response.json");
    let health = caller.rpc("user.health", &json!({})).await.1;
    same_shape(&health, "rpc.user-health.response.json");
    assert_eq!(health["result"]["mode"], "open");
    assert_eq!(caller.rpc("user.other", &json!({})).await.0, 404);
    assert_eq!(code(&caller.rpc("user.challenge", &json!({})).await.1), -32_601);
    assert_eq!(code(&caller.rpc("user.health", &json!([])).await.1), -32_600);
}

/// The fixtures' own requests and the form of the session's cookie.
#[tokio::test]
async fn the_documented_requests_are_understood() {
    let (node, caller) = node().await;
    for (name, endpoint) in [
        ("rpc.user-chain-info.request.json", Endpoint::ChainInfo),
        ("rpc.user-health.request.json", Endpoint::Health),
        ("rpc.kgw-authn-param.request.json", Endpoint::AuthnParam),
    ] {
        let request = fixture(name);
        let (status, answer) = caller.rpc(request["method"].as_str().unwrap(), &request["params"]).await;
        assert_eq!((status, answer["result"].is_object()), (200, true), "{name}");
        assert_eq!(node.received().last().unwrap().endpoint, endpoint, "{name}");
    }
    let request = fixture("rpc.kgw-authn.request.json");
    let (_, answer) = caller.rpc("kgw.authn", &request["params"]).await;
    assert_eq!((code(&answer), node.logins().pop().unwrap().result), (-901, LoginResult::UnknownNonce));

    let wanted = fixture("rpc.kgw-authn.response.json");
    let param = caller.challenge().await;
    let signature = json!({"sig": caller.sign(&Caller::text(&param)), "type": "ed25519"});
    let params = json!({"nonce": param["nonce"], "sender": caller.sender, "signature": signature});
    let answer = caller.request("kgw.authn", &params).send().await.unwrap();
    let attributes = |cookie: &str| cookie.split_once(';').unwrap().1.to_owned();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert_eq!(attributes(cookie), attributes(wanted["headers"]["set-cookie"].as_str().unwrap()));
    let answer = crate::support::parts(answer).await;
    assert_eq!((json!(answer.0), &answer.1["result"]), (wanted["http_status"].clone(), &wanted["body"]["result"]));
}

#[tokio::test]
async fn a_signed_text_opens_the_gateway() {
    let node =
        Idos::start(Settings { statement: "Sign in to a node".to_owned(), ..Settings::default() }).await.unwrap();
    let mut caller = Caller::of(&node, SEED);
    let before = caller.shared("0d6b3f52-8c1a-4a77-9b2e-5f1f6f0f2a10").await;
    assert_eq!(before["error"], fixture("rpc.error.kgw-not-authorized.json")["error"]);
    let challenge = caller.rpc("kgw.authn_param", &json!({})).await.1;
    same_shape(&challenge, "rpc.kgw-authn-param.response.json");
    let param = challenge["result"].clone();
    assert_eq!((&param["domain"], &param["version"]), (&json!(node.base_url()), &json!("1")));
    let signature = caller.sign(&Caller::text(&param));
    let (status, answer) = caller.authn(&param, &signature).await;
    assert_eq!((status, &answer["result"]), (200, &json!({})));
    assert!(caller.cookie.as_deref().unwrap().starts_with("kgw_session="));
    assert!(rows(&caller.call("get_access_grants_granted_count", &[Arg::Uuid(None)]).await).len() == 1);
    let signs = node.sign_ins();
    assert_eq!((signs.challenges, signs.given, signs.refused, signs.without_cookie), (1, 1, 0, 1));
    let kept = serde_json::to_string(&node.received()).unwrap();
    assert!(!kept.contains(caller.cookie.as_deref().unwrap().split_once('=').unwrap().1), "cookies are not told");
    // the nonce was good once
    assert_eq!(code(&caller.authn(&param, &signature).await.1), -901);
}

#[tokio::test]
async fn a_wrong_login_is_refused() {
    let node = Idos::start(Settings::default()).await.unwrap();
    let mut caller = Caller::of(&node, SEED);
    let param = caller.challenge().await;
    for text in [
        Caller::text(&param).replace("account:\n\n\n", "account:\n\n"),
        Caller::text(&param).replace("Issue At", "Issued At"),
        Caller::text(&param).trim_end().to_owned(),
        Caller::text(&param).replace(&node.base_url(), &format!("{}/", node.base_url())),
    ] {
        let signature = caller.sign(&text);
        assert_eq!(code(&caller.authn(&param, &signature).await.1), -901, "{text}");
    }
    assert_eq!(code(&caller.authn(&param, "no base64").await.1), -902);
    assert_eq!(code(&caller.authn(&json!({"nonce": "0011"}), &caller.sign("x")).await.1), -901);
    node.advance(Duration::from_secs(600));
    let signature = caller.sign(&Caller::text(&param));
    assert_eq!(code(&caller.authn(&param, &signature).await.1), -901);
    let results: Vec<_> = node.logins().into_iter().map(|it| it.result).collect();
    let mut wanted = vec![LoginResult::BadSignature; 4];
    wanted.extend([LoginResult::Unreadable, LoginResult::UnknownNonce, LoginResult::Expired]);
    assert_eq!((results, caller.cookie), (wanted, None));
}

#[tokio::test]
async fn sessions_end() {
    let (node, mut caller) = node().await;
    let copy = share(&node, |_| {}).credential_id;
    assert_eq!(rows(&caller.shared(&copy).await).len(), 1);
    node.advance(Duration::from_secs(3_600));
    assert_eq!(code(&caller.shared(&copy).await), -901);
    caller.login().await;
    assert_eq!(rows(&caller.shared(&copy).await).len(), 1);
    node.expire_sessions();
    assert_eq!(code(&caller.shared(&copy).await), -901);
    let mut other = Caller::logged_in(&node, SEED).await;
    caller.login().await;
    assert_eq!(code(&other.shared(&copy).await), -901, "one session per signer");
    assert_eq!((node.living_sessions(&caller.sender), node.sign_ins().dead_cookies), (1, 3));
    let cleared = caller.request("kgw.logout", &json!({"account": caller.sender})).send().await.unwrap();
    assert!(cleared.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(code(&caller.shared(&copy).await), -901);
    assert_eq!((node.living_sessions(&caller.sender), node.sign_ins().logged_out), (0, 1));
    other.login().await;
    node.expire_sessions_of(&other.sender);
    assert_eq!(node.living_sessions(&other.sender), 0);
}

/// A session opens its signer's calls alone; the oracle tells of the attempt.
#[tokio::test]
async fn a_cookie_is_its_signers() {
    let (node, caller) = node().await;
    let copy = share(&node, |_| {}).credential_id;
    let mut other = Caller::logged_in(&node, OTHER_SEED).await;
    let refused = other.shared(&copy).await;
    assert_eq!(refused, fixture("rpc.call.get-credential-shared.response.not-shared.json"));
    other.sender.clone_from(&caller.sender);
    assert_eq!(code(&other.shared(&copy).await), -901, "a sender proves nothing");
    let sessions: Vec<_> = node.received().into_iter().rev().take(2).map(|it| it.session).collect();
    assert_eq!((sessions, node.sign_ins().foreign_cookies), (vec![Session::Foreign, Session::Good], 1));
}

#[tokio::test]
async fn the_other_name_and_other_sessions() {
    let settings = Settings { cookie: Cookie::HostPrefix, one_session: false, ..Settings::default() };
    let (node, first) = started(settings).await;
    let second = Caller::logged_in(&node, SEED).await;
    assert!(first.cookie.as_deref().unwrap().starts_with("__Host-kgw_session="));
    assert_eq!((first.count(None).await, second.count(None).await), (json!(0), json!(0)));
    assert_eq!(node.living_sessions(&first.sender), 2);
}

#[tokio::test]
async fn a_profile_is_for_everybody() {
    let node = Idos::start(Settings::default()).await.unwrap();
    let caller = Caller::of(&node, SEED);
    node.profile(vec!["0x00000000000000000000000000000000000000Aa".to_owned()]);
    for (address, known) in [("0x00000000000000000000000000000000000000aA", true), ("0x01", false)] {
        let answer = caller.call("has_profile", &[Arg::Text(Some(address))]).await;
        assert_eq!(super::client::cell(&answer, "has_profile"), known);
    }
    assert_eq!(node.sign_ins().without_cookie, 0);
}

/// A node without a gateway wants each call signed.
#[tokio::test]
async fn private_mode() {
    let node = Idos::start(Settings { mode: Mode::Private, ..Settings::default() }).await.unwrap();
    let caller = Caller::of(&node, SEED);
    let copy = share(&node, |_| {}).credential_id;
    assert_eq!(caller.rpc("user.health", &json!({})).await.1["result"]["mode"], "private");
    assert_eq!(code(&caller.rpc("kgw.authn_param", &json!({})).await.1), -32_601);
    let bytes = payload("main", "get_credential_shared", &[Arg::Uuid(Some(&copy))], false);
    let challenge =
        caller.rpc("user.challenge", &json!({})).await.1["result"]["challenge"].as_str().unwrap().to_owned();
    let raw = data_encoding::HEXLOWER.decode(challenge.as_bytes()).unwrap();
    let mut params = caller.call_params(&bytes);
    assert_eq!(code(&caller.rpc("user.call", &params).await.1), -1_001);
    params["body"]["challenge"] = json!(data_encoding::BASE64.encode(&raw));
    let digest = idv_simulators::idos::craft::texts::digest(&bytes);
    let text = format!(
        "Kwil view call.\n\nNamespace: main\nMethod: get_credential_shared\nDigest: {digest}\nChallenge: {challenge}\n"
    );
    params["signature"] = json!(caller.sign(&text));
    assert_eq!(rows(&caller.rpc("user.call", &params).await.1).len(), 1);
    assert_eq!(code(&caller.rpc("user.call", &params).await.1), -1_001, "a challenge is good once");
    assert_eq!(node.calls_to(Endpoint::GetCredentialShared), 3);
    assert_eq!(consumer().wallet, caller.sender);
}
