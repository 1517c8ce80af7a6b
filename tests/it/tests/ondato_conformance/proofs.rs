//! The specification against the signature vectors and the header fixtures.

use idv_gateway::ports::Account;
use idv_gateway::proof::{Context, Proofs, Unverified, prove};
use serde_json::{Value, json};

use crate::harness::{SETUP, account, configured, fixture};

pub(crate) const FIXTURES: &[&str] = &[
    "webhook.headers.basic",
    "webhook.headers.oauth2",
    "webhook.signature.hmac.vectors",
    "webhook-oauth2.token-url.request",
    "webhook-oauth2.token-url.response",
];

fn holds(account: &dyn Account, proofs: &Value, headers: &[(&str, &str)], body: &str, now: i64) -> bool {
    let proofs: Proofs = serde_json::from_value(proofs.clone()).unwrap();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let request =
        Unverified { headers: &headers, body: body.as_bytes(), url_key: None, source: None, received_at: now };
    prove(account.specification(), &proofs, request, Context { tenant: "acme", connection: "ondato" }).is_ok()
}

#[test]
fn the_signature_vectors_are_judged_as_they_say() {
    let account = account();
    let vectors = fixture("webhook.signature.hmac.vectors");
    let vectors = vectors["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 10);
    for vector in vectors {
        let headers: Vec<_> = vector["header"].as_str().map(|value| ("Ondato-Signature", value)).into_iter().collect();
        let proofs = json!({"hmac": [{"secret": vector["secret"]}]});
        let accepted =
            holds(&*account, &proofs, &headers, vector["body"].as_str().unwrap(), vector["now"].as_i64().unwrap());
        assert_eq!(accepted, vector["expect"].as_str().unwrap().starts_with("accept"), "{}", vector["name"]);
    }
}

#[test]
fn a_login_proves_and_another_does_not() {
    let authorization = fixture("webhook.headers.basic")["Authorization"].as_str().unwrap().to_owned();
    let login = |password: &str| json!({"basic": [{"username": "ondato-user", "password": password}]});
    let headers = [("Authorization", authorization.as_str())];
    assert!(holds(&*account(), &login("example-password"), &headers, "{}", 0));
    assert!(!holds(&*account(), &login("example-passwore"), &headers, "{}", 0));
    assert!(!holds(&*account(), &login("example-password"), &[], "{}", 0));
    assert!(!holds(&*account(), &json!({}), &headers, "{}", 0));
}

/// A Bearer header that our own token endpoint did not write is nobody's, whatever it looks like.
#[test]
fn a_bearer_token_of_another_is_refused() {
    let authorization = fixture("webhook.headers.oauth2")["Authorization"].as_str().unwrap().to_owned();
    let client = fixture("webhook-oauth2.token-url.request");
    let client = json!({"oauth2": [{"client_id": client["client_id"], "client_secret": client["client_secret"]}]});
    let issued = fixture("webhook-oauth2.token-url.response");
    assert_eq!(authorization, format!("Bearer {}", issued["access_token"].as_str().unwrap()));
    assert!(!holds(&*account(), &client, &[("Authorization", &authorization)], "{}", 0));
}

/// `webhook_proofs: all` asks for a signature and a login at once.
#[test]
fn both_proofs_can_be_asked_for() {
    let strict = configured(&json!({}), &json!({"setup_id": SETUP, "webhook_proofs": "all"}));
    let vectors = fixture("webhook.signature.hmac.vectors");
    let vector = &vectors["vectors"][0];
    let authorization = fixture("webhook.headers.basic")["Authorization"].as_str().unwrap().to_owned();
    let signature = ("Ondato-Signature", vector["header"].as_str().unwrap());
    let login = ("Authorization", authorization.as_str());
    let proofs = json!({
        "hmac": [{"secret": vector["secret"]}],
        "basic": [{"username": "ondato-user", "password": "example-password"}],
    });
    for (headers, together, either) in
        [(vec![signature, login], true, true), (vec![signature], false, true), (vec![login], false, true)]
    {
        let body = vector["body"].as_str().unwrap();
        let now = vector["now"].as_i64().unwrap();
        assert_eq!(holds(&*strict, &proofs, &headers, body, now), together, "{headers:?}");
        assert_eq!(holds(&*account(), &proofs, &headers, body, now), either, "{headers:?}");
    }
}
