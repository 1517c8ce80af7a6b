//! The specification against the fixtures' signatures and against every row of the corpus of its scheme.

use std::fs;
use std::path::PathBuf;

use data_encoding::BASE64;
use idv_gateway::proof::{Context, Proofs, Unverified, prove};
use idv_simulators::onfido::{HEADER, signature};
use serde_json::{Value, json};

use crate::harness::{SIGNING, account, fixture, folder, text};

pub(crate) const FIXTURES: &[&str] = &["signature_examples"];

/// The reason, where it is refused.
fn judged(proofs: &Value, headers: &[(String, String)], body: &[u8]) -> Option<&'static str> {
    let proofs: Proofs = serde_json::from_value(proofs.clone()).unwrap();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let request = Unverified { headers: &headers, body, url_key: None, source: None, received_at: 1_770_714_935 };
    let context = Context { tenant: "acme", connection: "main" };
    prove(account().specification(), &proofs, request, context).err().map(|refusal| refusal.code())
}

fn signed(value: String) -> Vec<(String, String)> {
    vec![(HEADER.to_owned(), value)]
}

fn tokens(secrets: &[&str]) -> Value {
    json!({"hmac": secrets.iter().map(|secret| json!({"secret": secret})).collect::<Value>()})
}

/// Over the exact bytes of each file, also of the one that is written prettily and ends with a newline.
#[test]
fn the_signatures_of_the_fixtures_hold() {
    let examples = fixture("signature_examples");
    let token = tokens(&[examples["token"].as_str().unwrap()]);
    let signatures = examples["signatures"].as_object().unwrap();
    assert!(signatures.len() >= 4);
    let mut pretty = 0;
    for (file, value) in signatures {
        let (body, value) = (fs::read(folder().join(file)).unwrap(), value.as_str().unwrap().to_owned());
        assert_eq!(judged(&token, &signed(value.clone()), &body), None, "{file}");
        let mismatch = Some("signature_mismatch");
        assert_eq!(judged(&token, &signed(value.clone()), &[&body[..], b"\n"].concat()), mismatch, "{file}");
        if body.ends_with(b"\n") {
            pretty += 1;
            assert_eq!(judged(&token, &signed(value.clone()), body.trim_ascii_end()), mismatch, "{file}");
        }
        let again: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(judged(&token, &signed(value), again.to_string().as_bytes()), mismatch, "{file}: written again");
    }
    assert_eq!(pretty, 1);
}

/// Every row of the scheme's corpus that is about a signature, through Onfido's own specification.
#[test]
fn the_corpus_is_judged_as_it_says() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance/proof/hmac_plain.json");
    let corpus: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for row in corpus["rows"].as_array().unwrap() {
        let proofs = row.get("proofs").unwrap_or(&corpus["proofs"]);
        if proofs.get("oauth2").is_some() || row.get("specification").is_some() {
            continue;
        }
        let request = &row["request"];
        let headers: Vec<(String, String)> = serde_json::from_value(request["headers"].clone()).unwrap();
        let body = request["body_base64"].as_str().map(|encoded| BASE64.decode(encoded.as_bytes()).unwrap());
        let body = body.unwrap_or_else(|| request["body"].as_str().unwrap_or_default().as_bytes().to_vec());
        let found = judged(proofs, &headers, &body);
        assert_eq!(found, row["reason"].as_str(), "{}", row["name"]);
        if found.is_none() { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted >= 5 && refused >= 25, "{accepted} {refused}");
}

#[test]
fn a_token_proves_while_it_is_listed() {
    let body = text("webhook.check.completed").into_bytes();
    let with = |token: &str| signed(signature(token, &body));
    let (old, new) = (SIGNING, "another_webhook_token_000000002");
    let refused = Some("signature_mismatch");
    for (listed, by_old, by_new) in
        [(vec![old], None, refused), (vec![new, old], None, None), (vec![new], refused, None)]
    {
        assert_eq!(judged(&tokens(&listed), &with(old), &body), by_old, "{listed:?}");
        assert_eq!(judged(&tokens(&listed), &with(new), &body), by_new, "{listed:?}");
    }
    assert_eq!(judged(&json!({}), &with(old), &body), Some("nothing_configured"));
}

/// A Basic login, a Bearer token or a key in the address is nobody's proof here, whatever a tenant lists.
#[test]
fn nothing_else_proves() {
    let body = text("webhook.check.completed").into_bytes();
    let others = json!({
        "basic": [{"username": "onfido", "password": "password-of-the-webhook"}], "bearer": ["token-of-the-webhook-0001"],
        "url_keys": ["kY3vQ9x0Zr7Lw2Tn5Bc8Df"],
    });
    let login = vec![("authorization".to_owned(), "Bearer token-of-the-webhook-0001".to_owned())];
    assert_eq!(judged(&others, &login, &body), Some("nothing_configured"));
    let mut both = others;
    both["hmac"] = json!([{"secret": SIGNING}]);
    assert_eq!(judged(&both, &login, &body), Some("signature_missing"));
}
