//! The token endpoint's corpus, and that what it grants proves a webhook.

#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use std::path::Path;

use idv_gateway::proof::token::TokenRequest;
use idv_gateway::proof::{Context, Header, Proofs, Specification, Unverified, prove};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corpus {
    context: Names,
    received_at: i64,
    proofs: Value,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    tenant: String,
    connection: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    headers: Vec<(String, String)>,
    body: Content,
    proofs: Option<Value>,
    verdict: String,
    reason: Option<String>,
    status: u16,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Plain(String),
    Long { text: String, then: String, times: usize },
}

fn corpus() -> Corpus {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/token_endpoint/requests.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_row_is_answered_in_oauths_words() {
    let corpus = corpus();
    assert!(corpus.rows.iter().filter(|row| row.verdict == "refused").count() >= 6);
    for row in &corpus.rows {
        let proofs = serde_json::from_value(row.proofs.clone().unwrap_or_else(|| corpus.proofs.clone())).unwrap();
        let body = match &row.body {
            Content::Plain(text) => text.clone(),
            Content::Long { text, then, times } => format!("{text}{}", then.repeat(*times)),
        };
        let headers: Vec<Header<'_>> =
            row.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        let context = Context { tenant: &corpus.context.tenant, connection: &corpus.context.connection };
        let answer = TokenRequest::read(&headers, body.as_bytes())
            .and_then(|request| request.grant(&proofs, corpus.received_at, context));
        let (verdict, reason, status) = match &answer {
            Ok(_) => ("accepted", None, 200),
            Err(refusal) => ("refused", Some(refusal.code()), refusal.status()),
        };
        let expected = (row.verdict.as_str(), row.reason.as_deref(), row.status);
        assert_eq!((verdict, reason, status), expected, "{}", row.name);
        if let Ok(grant) = answer {
            assert!(proves(&proofs, &grant.json(), context, corpus.received_at), "{}", row.name);
        }
    }
}

#[test]
fn a_grant_is_for_its_tenant_connection_and_ten_minutes() {
    let corpus = corpus();
    let proofs = serde_json::from_value(corpus.proofs).unwrap();
    let body = "grant_type=client_credentials&client_id=old-client&client_secret=example-client-secret-of-32-chars-2";
    let request = TokenRequest::read(&[], body.as_bytes()).ok().unwrap();
    let context = Context { tenant: "acme", connection: "main" };
    let grant = request.grant(&proofs, corpus.received_at, context);
    let json = grant.ok().unwrap().json();
    let at = |seconds| proves(&proofs, &json, context, corpus.received_at + seconds);
    assert!(at(0) && at(599) && !at(600) && !at(-31));
    for context in [Context { tenant: "globex", ..context }, Context { connection: "other", ..context }] {
        assert!(!proves(&proofs, &json, context, corpus.received_at));
    }
    let read: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((read.get("token_type").unwrap(), read.get("expires_in").unwrap()), (&"Bearer".into(), &600.into()));
}

fn proves(proofs: &Proofs, json: &str, context: Context<'_>, received_at: i64) -> bool {
    let specification: Specification =
        serde_json::from_str(r#"{"provider": "example", "all": [{"any": ["oauth2"]}]}"#).unwrap();
    let answer: Value = serde_json::from_str(json).unwrap();
    let bearer = format!("Bearer {}", answer.get("access_token").unwrap().as_str().unwrap());
    let headers: [Header<'_>; 1] = [(b"Authorization", bearer.as_bytes())];
    let request = Unverified { headers: &headers, body: b"{}", url_key: None, source: None, received_at };
    prove(&specification, proofs, request, context).is_ok()
}
