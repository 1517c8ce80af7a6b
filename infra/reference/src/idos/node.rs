//! A node that answers by script: signs in, lists grants, gives copies.

use std::sync::Arc;

use data_encoding::BASE64;
use idv_gateway::memory::http::{Call, empty, json as answer};
use idv_gateway::ports::Response;
use serde_json::{Value, json};

use super::nothing;
use crate::ReferenceError;
use crate::staged::{Staged, set};

const CHAIN: &str = "idos-example-1";
pub(super) const USER: &str = "7c0f8c7e-2b6c-4d5f-8f43-0a8a4c1d9e01";

/// A copy as the node has it.
#[derive(Clone)]
pub(super) struct Copy {
    /// Of the copy itself.
    pub(super) id: String,
    /// Base64 of the box.
    pub(super) content: Option<String>,
    /// Who sealed the box.
    pub(super) encryptor: String,
    /// With which key the copy is signed.
    pub(super) signer: String,
    /// `user` or `delegated_write_grant`.
    pub(super) inserter: &'static str,
    /// Whether the node has an original of it that the issuer signed.
    pub(super) original: bool,
    /// Of the original, in the clear.
    pub(super) notes: Value,
}

/// Signed in, with these copies.
pub(super) fn with(copies: Vec<Copy>) -> impl Fn(&Call) -> Response + Send + Sync + 'static {
    let copies = Arc::new(copies);
    move |call| {
        let asked = call.json();
        match asked.pointer("/method").and_then(Value::as_str) {
            Some("kgw.authn_param") => result(&asked, &param(call)),
            Some("kgw.authn") => {
                Response { cookies: vec!["kgw_session=SESSION; Path=/".to_owned()], ..result(&asked, &json!({})) }
            }
            Some("user.chain_info") => result(&asked, &json!({"chain_id": CHAIN, "block_height": 1})),
            Some("user.health") => result(&asked, &json!({"chain_id": CHAIN, "mode": "open", "healthy": true})),
            Some("user.call") => result(&asked, &called(&asked, &copies)),
            Some(_) | None => empty(404),
        }
    }
}

fn result(asked: &Value, result: &Value) -> Response {
    answer(200, &json!({"jsonrpc": "2.0", "id": asked.get("id"), "result": result}))
}

fn param(call: &Call) -> Value {
    let domain = call.url.origin().ascii_serialization();
    json!({"nonce": "b7c1f0a2d94e4c8f", "statement": "", "issue_at": "2026-11-20T08:00:00Z",
        "expiration_time": "2026-11-20T08:10:00Z", "chain_id": CHAIN, "domain": domain, "version": "1",
        "uri": format!("{domain}/rpc/v1")})
}

/// The action's name stands in the payload as it is.
fn called(asked: &Value, copies: &[Copy]) -> Value {
    let payload = asked.pointer("/params/body/payload").and_then(Value::as_str).unwrap_or_default();
    let payload = BASE64.decode(payload.as_bytes()).unwrap_or_default();
    let names = |word: &[u8]| payload.windows(word.len()).any(|window| window == word);
    if names(b"get_access_grants") {
        let columns =
            ["id", "ag_owner_user_id", "ag_grantee_wallet_identifier", "data_id", "locked_until", "inserter_type"];
        let grantee = asked.pointer("/params/sender");
        let row = |copy: &Copy| json!([copy.id, USER, grantee, copy.id, 0, copy.inserter]);
        return rows(&columns, copies.iter().map(row).collect());
    }
    if names(b"get_credentials_shared_by_user") {
        // originals by the issuer who is asked for
        let row = |copy: &Copy| json!([copy.id, USER, copy.notes.to_string(), copy.id]);
        return rows(
            &["id", "user_id", "public_notes", "original_id"],
            copies.iter().filter(|copy| copy.original).map(row).collect(),
        );
    }
    // arguments are binary: a UUID is its sixteen bytes
    let wanted = copies.iter().find(|copy| {
        let hex: String = copy.id.chars().filter(|letter| *letter != '-').collect();
        let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap_or_default();
        names(&bytes)
    });
    let Some(copy) = wanted else { return json!({"error": "the credential does not exist"}) };
    let columns = [
        "id",
        "user_id",
        "public_notes",
        "content",
        "encryptor_public_key",
        "issuer_auth_public_key",
        "content_uri",
        "content_size",
        "inserter_type",
        "inserter_id",
    ];
    let row = json!([
        copy.id,
        USER,
        copy.notes.to_string(),
        copy.content,
        copy.encryptor,
        copy.signer,
        null,
        null,
        copy.inserter,
        null
    ]);
    rows(&columns, vec![row])
}

fn rows(columns: &[&str], values: Vec<Value>) -> Value {
    let types: Vec<Value> =
        columns.iter().map(|_| json!({"name": "text", "is_array": false, "metadata": [0, 0]})).collect();
    json!({"query_result": {"column_names": columns, "column_types": types, "values": values}, "logs": "", "error": null})
}

/// Makes an answer to what was asked.
type With = fn(&Value) -> Response;

/// What the node says instead, and what becomes of a look.
pub(super) fn errors() -> Result<Vec<Vec<String>>, ReferenceError> {
    let of_call: [(&str, With); 9] = [
        ("HTTP 500", |_| empty(500)),
        ("HTTP 429", |_| empty(429)),
        ("HTTP 200, and no JSON", |_| empty(200)),
        ("HTTP 200, an error of the action", |asked| result(asked, &json!({"error": "something new"}))),
        ("−901, the session, also after signing in again", |asked| failed(asked, -901)),
        ("−903, not allowed", |asked| failed(asked, -903)),
        ("−905, too many requests", |asked| failed(asked, -905)),
        ("−32602, bad parameters", |asked| failed(asked, -32_602)),
        ("−32603, internal", |asked| failed(asked, -32_603)),
    ];
    let mut rows = Vec::new();
    for (title, answered) in of_call {
        rows.push(vec![
            title.to_owned(),
            looked(move |asked, _| {
                (asked.pointer("/method").and_then(Value::as_str) == Some("user.call")).then(|| answered(asked))
            })?,
        ]);
    }
    let of_sign_in: [(&str, &str, &str); 3] = [
        ("a challenge for another domain", "domain", "https://elsewhere.example"),
        ("a challenge of another version", "version", "2"),
        ("a challenge of another chain than `chain_id`", "chain_id", "another-chain"),
    ];
    for (title, member, value) in of_sign_in {
        rows.push(vec![
            title.to_owned(),
            looked(move |asked, call| {
                asked.pointer("/method").filter(|method| *method == "kgw.authn_param")?;
                let mut told = param(call);
                set(&mut told, &format!("/{member}"), json!(value)).ok()?;
                Some(result(asked, &told))
            })?,
        ]);
    }
    Ok(rows)
}

fn failed(asked: &Value, code: i32) -> Response {
    let error = json!({"code": code, "message": "no"});
    answer(200, &json!({"jsonrpc": "2.0", "id": asked.get("id"), "error": error}))
}

/// A look; `instead` may answer a call.
fn looked(
    instead: impl Fn(&Value, &Call) -> Option<Response> + Send + Sync + 'static,
) -> Result<String, ReferenceError> {
    let stage = Staged::of(super::copies::CONNECTION, &[("/settings/chain_id", json!(CHAIN))])?;
    let usual = with(Vec::new());
    stage.answers(move |call| Ok(instead(&call.json(), call).unwrap_or_else(|| usual(call))));
    let run = stage.begun(json!({"user_id": USER}), nothing())?;
    stage.looked(&run)
}
