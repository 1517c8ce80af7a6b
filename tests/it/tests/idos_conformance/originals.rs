//! A person's own copy that a tenant accepts: the node has to know an original by the issuer, whose notes count.

use idv_gateway::domain::Standing;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{HttpError, ProviderError, Response};
use serde_json::{Value, json};

use crate::harness::{
    ANOTHER, CREDENTIAL, SHARED_BY, Script, account_of, fixture, payload, root, settings, settings_with, standing,
    with_cell,
};

pub(crate) const FIXTURES: &[&str] = &["rpc.call.get-credentials-shared-by-user.response"];

const ROW: &str = "rpc.call.get-credentials-shared-by-user.response";

fn own() -> Script {
    let row = with_cell("rpc.call.get-credential-shared.response.blob", "inserter_type", Some(&json!("user")));
    Script::stored().only(CREDENTIAL, vec![Ok(answer(200, &row))])
}

fn original(column: &str, value: Value) -> Result<Response, HttpError> {
    Ok(answer(200, &with_cell(ROW, column, Some(&value))))
}

#[tokio::test]
async fn an_original_by_the_issuer_decides() {
    let none = || {
        let mut body = fixture(ROW);
        body["result"]["query_result"]["values"] = json!([]);
        Ok(answer(200, &body))
    };
    for (found, word) in [
        (Ok(answer(200, &fixture(ROW))), "verified"),
        (original("public_notes", Value::Null), "verified"),
        (original("public_notes", json!(r#"{"status":"revoked"}"#)), "revoked"),
        (original("public_notes", json!(r#"{"status":"on_hold"}"#)), "notes_unknown"),
        (none(), "user_shared"),
        (original("id", json!(ANOTHER)), "user_shared"),
        (original("user_id", json!(ANOTHER)), "user_shared"),
        (Ok(answer(200, &crate::harness::raised("the credential does not exist"))), "user_shared"),
        (Err(HttpError::TooLong), "user_shared"),
    ] {
        let bench = own().then(SHARED_BY, found).start();
        let account = account_of(&settings_with(&json!({"user_shared": "accept"})));
        let snapshot = account.look(bench.reach(), &root()).await.unwrap();
        let (found, standing) = standing(&snapshot).unwrap();
        assert_eq!((found, standing == Standing::Approved), (word, word == "verified"));
        let sent = payload(&bench.sent(SHARED_BY));
        let signer = settings()["issuers"][0]["signers"][0].as_str().unwrap().to_owned();
        assert!(sent.windows(64).any(|window| window == signer.as_bytes()), "of the original's issuer");
    }
    let bench = own().then(SHARED_BY, Ok(empty(503))).start();
    let account = account_of(&settings_with(&json!({"user_shared": "accept"})));
    let outcome = account.look(bench.reach(), &root()).await.map(drop);
    assert_eq!(outcome, Err(ProviderError::Unavailable("its own fault")));
}

/// Only where it could change anything.
#[tokio::test]
async fn the_node_is_not_asked_without_need() {
    for (policy, script) in [("review", own()), ("refuse", own()), ("accept", Script::stored())] {
        let bench = script.start();
        account_of(&settings_with(&json!({"user_shared": policy}))).look(bench.reach(), &root()).await.unwrap();
        assert_eq!(bench.count(SHARED_BY), 0, "{policy}");
    }
    let signerless = json!([{
        "base_url": settings()["issuers"][0]["base_url"], "public_key": settings()["issuers"][0]["public_key"],
    }]);
    let bench = own().then(SHARED_BY, Ok(answer(200, &fixture(ROW)))).start();
    let account = account_of(&settings_with(&json!({"user_shared": "accept", "issuers": signerless})));
    let snapshot = account.look(bench.reach(), &root()).await.unwrap();
    assert_eq!(standing(&snapshot).map(|(word, _)| word.to_owned()).as_deref(), Some("user_shared"), "nobody vouches");
}
