//! Only a key in the address proves a webhook; a key vouches for the address, not for what the body says.

use idv_gateway::proof::{Context, Header, Proofs, Unverified, prove};
use serde_json::{Value, json};

use crate::harness::{URL_KEY, account};

fn judged(proofs: &Value, url_key: Option<&str>, headers: &[(&str, &str)]) -> Result<(), &'static str> {
    let proofs: Proofs = serde_json::from_value(proofs.clone()).unwrap();
    let headers: Vec<Header<'_>> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let request = Unverified { headers: &headers, body: b"{}", url_key, source: None, received_at: 0 };
    let context = Context { tenant: "acme", connection: "intergiro" };
    prove(account().specification(), &proofs, request, context).map(drop).map_err(|refusal| refusal.code())
}

#[test]
fn a_key_proves_while_it_is_listed() {
    let (old, new) = ("old3vQ9x0Zr7Lw2Tn5Bc8D", URL_KEY);
    let (before, rotating, after) =
        (json!({"url_keys": [old]}), json!({"url_keys": [new, old]}), json!({"url_keys": [new]}));
    for (proofs, key, verdict) in [
        (&before, old, Ok(())),
        (&before, new, Err("credential_unknown")),
        (&rotating, old, Ok(())),
        (&rotating, new, Ok(())),
        (&after, old, Err("credential_unknown")),
        (&after, new, Ok(())),
    ] {
        assert_eq!(judged(proofs, Some(key), &[]), verdict, "{key}");
    }
}

#[test]
fn forged_and_foreign_keys_are_refused_for_their_reason() {
    let proofs = json!({"url_keys": [URL_KEY]});
    let long = "k".repeat(4096);
    for (key, reason) in [
        (None, "credential_missing"),
        (Some(""), "credential_unknown"),
        (Some("guess"), "credential_unknown"),
        (Some(&URL_KEY[1..]), "credential_unknown"),
        (Some("globex9x0Zr7Lw2Tn5Bc8D"), "credential_unknown"),
        (Some(long.as_str()), "credential_unknown"),
    ] {
        assert_eq!(judged(&proofs, key, &[]), Err(reason), "{key:?}");
    }
    assert_eq!(judged(&json!({}), Some(URL_KEY), &[]), Err("nothing_configured"));
}

/// Whatever else a tenant configures or a sender carries.
#[test]
fn nothing_else_proves() {
    let login = ("authorization", "Basic b25kYXRvOnBhc3N3b3JkLW9mLXRoZS13ZWJob29r");
    let others = json!({
        "basic": [{"username": "ondato", "password": "password-of-the-webhook"}],
        "bearer": [URL_KEY],
        "hmac": [{"secret": "secret-of-the-webhook"}],
    });
    assert_eq!(judged(&others, None, &[login]), Err("nothing_configured"));
    let mut both = others;
    both["url_keys"] = json!([URL_KEY]);
    assert_eq!(judged(&both, None, &[login]), Err("credential_missing"));
    assert_eq!(judged(&both, Some(URL_KEY), &[]), Ok(()));
}
