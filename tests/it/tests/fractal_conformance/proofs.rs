//! The specification of each generation against the fixtures' signatures, and the classic one against every row of its
//! scheme's corpus.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use data_encoding::BASE64;
use idv_gateway::ports::{Account, Event, Unreadable};
use idv_gateway::proof::{Context, Proofs, Unverified, prove};
use idv_simulators::fractal::{Generation, HEADER, signature};
use serde_json::{Value, json};

use crate::harness::{SIGNING, account, event_of, fixture, text};

pub(crate) const FIXTURES: &[&str] = &["signed-webhooks.composed"];

fn judged(
    account: &Arc<dyn Account>,
    proofs: &Value,
    headers: &[(String, String)],
    body: &[u8],
) -> Option<&'static str> {
    let proofs: Proofs = serde_json::from_value(proofs.clone()).unwrap();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let request = Unverified { headers: &headers, body, url_key: None, source: None, received_at: 1_770_714_935 };
    let context = Context { tenant: "acme", connection: "main" };
    prove(account.specification(), &proofs, request, context).err().map(|refusal| refusal.code())
}

fn signed(value: String) -> Vec<(String, String)> {
    vec![(HEADER.to_owned(), value)]
}

fn secrets(secrets: &[&str]) -> Value {
    json!({"hmac": secrets.iter().map(|secret| json!({"secret": secret})).collect::<Value>()})
}

fn classic(headers: &[(String, String)], body: &[u8]) -> Option<&'static str> {
    judged(&account(), &secrets(&[SIGNING]), headers, body)
}

/// The classic rows, over their exact bytes; a good one of the other scheme is nothing here.
#[test]
fn the_signatures_of_the_fixtures_are_judged_as_they_say() {
    let (mut good, mut bad) = (0, 0);
    for row in fixture("signed-webhooks.composed").as_array().unwrap() {
        let body = BASE64.decode(row["body_base64"].as_str().unwrap().as_bytes()).unwrap();
        let headers = signed(row["headers"][HEADER].as_str().unwrap().to_owned());
        let proofs = secrets(&[row["secret_utf8"].as_str().unwrap()]);
        let found = judged(&account(), &proofs, &headers, &body);
        let classic = row["scheme"] == "hmac-sha1-prefixed";
        if !classic && row["valid"] == false {
            continue;
        }
        assert_eq!(found.is_none(), classic && row["valid"] == true, "{}: {found:?}", row["name"]);
        if found.is_none() { good += 1 } else { bad += 1 }
    }
    assert!(good >= 3 && bad >= 4, "{good} {bad}");
}

/// The corpus takes either case of the hex; Fractal writes the lower one, and nothing else is taken from it.
#[test]
fn the_corpus_is_judged_as_it_says() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance/proof/hmac_prefixed.json");
    let corpus: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for row in corpus["rows"].as_array().unwrap() {
        let proofs = row.get("proofs").unwrap_or(&corpus["proofs"]);
        if proofs.get("oauth2").is_some() || row.get("specification").is_some() {
            continue;
        }
        let request = &row["request"];
        let headers: Vec<(String, String)> = serde_json::from_value(request["headers"].clone()).unwrap();
        let upper = headers.iter().any(|(_, value)| {
            value.strip_prefix("sha1=").is_some_and(|hex| hex.bytes().any(|byte| byte.is_ascii_uppercase()))
        });
        let body = request["body_base64"].as_str().map(|encoded| BASE64.decode(encoded.as_bytes()).unwrap());
        let body = body.unwrap_or_else(|| request["body"].as_str().unwrap_or_default().as_bytes().to_vec());
        // of which types a secret speaks is the event's matter
        let reason = row["reason"].as_str().filter(|reason| *reason != "type_not_vouched");
        let found = judged(&account(), proofs, &headers, &body);
        if upper {
            assert!(found.is_some(), "{}", row["name"]);
        } else {
            assert_eq!(found, reason, "{}", row["name"]);
        }
        if found.is_none() { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted >= 5 && refused >= 20, "{accepted} {refused}");
}

#[test]
fn what_is_no_signature_of_this_generation_is_refused() {
    let body = text("webhook.verification-approved").into_bytes();
    let right = signature(Generation::Classic, SIGNING, &body);
    let bare = right.strip_prefix("sha1=").unwrap().to_owned();
    let newer = signature(Generation::Verifier, SIGNING, &body);
    assert_eq!(classic(&signed(right.clone()), &body), None);
    for (name, value) in [
        ("without its prefix", bare.clone()),
        ("of the newer generations", newer.clone()),
        ("the newer hash behind the prefix", format!("sha1={newer}")),
        ("another prefix", format!("sha256={newer}")),
        ("another prefix, the old hash", format!("sha256={bare}")),
        ("upper case", format!("sha1={}", bare.to_uppercase())),
        ("empty", String::new()),
        ("the prefix alone", "sha1=".to_owned()),
        ("half", right[..25].to_owned()),
        ("twice", format!("{right},{right}")),
    ] {
        assert_eq!(classic(&signed(value), &body), Some("signature_malformed"), "{name}");
    }
    assert_eq!(classic(&[], &body), Some("signature_missing"));
    let twice = [signed(right.clone()), signed(right.clone())].concat();
    assert_eq!(classic(&twice, &body), Some("signature_duplicated"));
    let forged = signature(Generation::Classic, "a-secret-that-nobody-has", &body);
    assert_eq!(classic(&signed(forged), &body), Some("signature_mismatch"));
    let again: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(classic(&signed(right), again.to_string().as_bytes()), Some("signature_mismatch"), "written again");
}

#[test]
fn a_secret_proves_while_it_is_listed() {
    let body = text("webhook.verification-rejected").into_bytes();
    let with = |secret: &str| signed(signature(Generation::Classic, secret, &body));
    let (old, new) = (SIGNING, "whsec-example-classic-0002");
    let refused = Some("signature_mismatch");
    for (listed, by_old, by_new) in
        [(vec![old], None, refused), (vec![new, old], None, None), (vec![new], refused, None)]
    {
        assert_eq!(judged(&account(), &secrets(&listed), &with(old), &body), by_old, "{listed:?}");
        assert_eq!(judged(&account(), &secrets(&listed), &with(new), &body), by_new, "{listed:?}");
    }
    assert_eq!(judged(&account(), &json!({}), &with(old), &body), Some("nothing_configured"));
}

/// Secrets may differ for each type: one proves the types that it is listed for, and no other.
#[test]
fn a_secret_of_one_type_proves_no_other() {
    const TYPES: [&str; 3] = ["verification_approved", "verification_rejected", "verification_contacted"];
    let bodies = ["webhook.verification-approved", "webhook.verification-rejected", "webhook.verification-contacted"];
    for own in TYPES {
        let proofs = json!({"hmac": [
            {"secret": SIGNING, "types": [own]},
            {"secret": "whsec-of-the-others", "types": TYPES.iter().filter(|kind| **kind != own).collect::<Vec<_>>()},
        ]});
        for (kind, body) in TYPES.iter().zip(bodies) {
            let found = event_of(&*account(), text(body).as_bytes(), &proofs);
            if *kind == own {
                assert!(matches!(found, Ok(Event::Look { .. })), "{own} {kind}: {found:?}");
            } else {
                assert_eq!(found, Err(Unreadable::NotVouched), "{own} {kind}");
            }
        }
    }
}

/// A Basic login, a Bearer token or a key in the address is nobody's proof here, whatever a tenant lists.
#[test]
fn nothing_else_proves() {
    let body = text("webhook.verification-approved").into_bytes();
    let others = json!({
        "basic": [{"username": "fractal", "password": "password-of-the-webhook"}],
        "bearer": ["token-of-the-webhook-0001"], "url_keys": ["kY3vQ9x0Zr7Lw2Tn5Bc8Df"],
    });
    let login = vec![("authorization".to_owned(), "Bearer token-of-the-webhook-0001".to_owned())];
    assert_eq!(judged(&account(), &others, &login, &body), Some("nothing_configured"));
}
