//! The vectors of Ondato's fact sheet through the interpreter, with the specification of our corpus.

#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use std::path::Path;

use idv_gateway::proof::{Context, Header, Proofs, Specification, Unverified, prove};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    secret: String,
    now: i64,
    body: String,
    header: Option<String>,
    expect: String,
}

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests").join(path);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_fact_sheets_vectors_hold() {
    let corpus = read("conformance/proof/hmac_pairs.json");
    let specification: Specification = serde_json::from_value(corpus.get("specification").unwrap().clone()).unwrap();
    let vectors: Vectors = serde_json::from_value(read("fixtures/ondato/webhook.signature.hmac.vectors.json")).unwrap();
    assert!(vectors.vectors.len() >= 10);
    for vector in vectors.vectors {
        let proofs: Proofs = serde_json::from_value(json!({"hmac": [{"secret": vector.secret}]})).unwrap();
        let headers: Vec<Header<'_>> =
            vector.header.iter().map(|value| (&b"Ondato-Signature"[..], value.as_bytes())).collect();
        let body = vector.body.as_bytes();
        let request = Unverified { headers: &headers, body, url_key: None, source: None, received_at: vector.now };
        let found = prove(&specification, &proofs, request, Context { tenant: "acme", connection: "ondato" });
        let reason = found.err().map(|refusal| refusal.code());
        assert_eq!(reason, expected(&vector.name), "{}", vector.name);
        assert_eq!(reason.is_none(), vector.expect.starts_with("accept"), "{}", vector.name);
    }
}

/// The fact sheet gives the verdicts, these are the reasons.
fn expected(name: &str) -> Option<&'static str> {
    match name {
        "body-altered" | "wrong-secret" | "timestamp-altered" => Some("signature_mismatch"),
        "too-old" => Some("timestamp_stale"),
        "from-the-future" => Some("timestamp_ahead"),
        "malformed-header" => Some("signature_malformed"),
        "header-missing" => Some("signature_missing"),
        _ => None,
    }
}
