//! A node and a gateway that misbehave: faults under HTTP 200, under other statuses, and no answers at all. Nothing of it
//! is ever taken for "nothing is shared".

use idv_gateway::domain::Standing;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{HttpError, ProviderError, Response, Whose};
use serde_json::{Value, json};

use crate::harness::{
    COPY, CREDENTIAL, GRANTS, GRANTS_FOR, Script, account, copy, fixture, grants, part, raised, root, rpc_error,
    standing, user,
};

pub(crate) const FIXTURES: &[&str] = &[
    "rpc.call.get-credential-shared.response.not-found",
    "rpc.call.get-credential-shared.response.not-shared",
    "rpc.error.kgw-too-many-requests",
];

fn all_faults() -> Vec<(Result<Response, HttpError>, ProviderError)> {
    let unavailable = ProviderError::Unavailable;
    let rpc = |code| Ok(answer(200, &rpc_error(code)));
    let body = |text: &str| Ok(Response { body: text.as_bytes().to_vec(), ..empty(200) });
    vec![
        (Ok(answer(200, &fixture("rpc.error.kgw-too-many-requests"))), ProviderError::Busy { retry_after: None }),
        (Ok(empty(429)), ProviderError::Busy { retry_after: None }),
        (rpc(-32_001), unavailable("its database takes too long")),
        (rpc(-300), unavailable("its engine reports a fault")),
        (rpc(-900), unavailable("its own fault")),
        (rpc(-601), ProviderError::Unauthorized),
        (rpc(-32_602), ProviderError::Refused { field: None }),
        (rpc(-32_601), unavailable("its API is not at this address")),
        (rpc(4_711), unavailable("a fault that is not known")),
        (Ok(answer(500, &rpc_error(-32_603))), unavailable("its own fault")),
        (Ok(empty(503)), unavailable("its own fault")),
        (Ok(empty(403)), ProviderError::Unauthorized),
        (Ok(empty(404)), unavailable("its API is not at this address")),
        (Ok(empty(302)), unavailable("an unexpected status")),
        (Err(HttpError::TimedOut), unavailable("not done by the deadline")),
        (Err(HttpError::Unreachable), unavailable("no connection")),
        (Err(HttpError::Broken), unavailable("the connection broke")),
        (body(""), unavailable("the answer cannot be read")),
        (body("<html></html>"), unavailable("the answer cannot be read")),
        (
            body(r#"{"jsonrpc":"2.0","id":1,"result":{"query_result":{"column_names":["id"],"#),
            unavailable("the answer cannot be read"),
        ),
        (body("[]"), unavailable("the answer cannot be read")),
        (Ok(answer(200, &json!({"result": null}))), unavailable("the answer cannot be read")),
        (Ok(answer(200, &raised("something that nobody knows"))), unavailable("an action reports a fault")),
    ]
}

#[tokio::test]
async fn a_fault_is_never_an_empty_answer() {
    for line in [GRANTS, CREDENTIAL] {
        for (fault, expected) in all_faults() {
            let bench = Script::usual().only(line, vec![fault]).start();
            let outcome = account().look(bench.reach(), &root()).await.map(drop);
            assert_eq!(outcome, Err(expected), "{line}");
        }
    }
}

/// Whose a copy is, is asked again after whatever went wrong: nothing is lost by a fault of the call.
#[tokio::test]
async fn a_fault_makes_nobody_a_stranger() {
    for (fault, expected) in all_faults() {
        let bench = Script::usual().only(GRANTS_FOR, vec![fault]).start();
        let refused = matches!(expected, ProviderError::Refused { .. });
        let not_understood = ProviderError::Unavailable("it does not understand the call");
        let expected = if refused { not_understood } else { expected };
        assert_eq!(account().resolve(bench.reach(), &copy()).await, Err(expected));
    }
    for nothing in ["not-found", "not-shared"] {
        let body = fixture(&format!("rpc.call.get-credential-shared.response.{nothing}"));
        let bench = Script::usual().on("", 200, &body).only(GRANTS_FOR, vec![Ok(answer(200, &body))]).start();
        assert_eq!(account().resolve(bench.reach(), &copy()).await, Ok(Whose::Nobodys), "{nothing}: it may come yet");
    }
}

/// A grant that is revoked between two reads: the copy is not there, and that is no fault.
#[tokio::test]
async fn a_copy_that_is_refused_inside_a_good_answer_is_not_there() {
    for name in ["not-found", "not-shared"] {
        let body = fixture(&format!("rpc.call.get-credential-shared.response.{name}"));
        let bench = Script::usual().only(CREDENTIAL, vec![Ok(answer(200, &body))]).start();
        let snapshot = account().look(bench.reach(), &root()).await.unwrap();
        assert!(part(&snapshot, &copy()).is_none() && part(&snapshot, &user()).is_some(), "{name}");
    }
    let around = raised("ERROR: the credential is not shared with the caller (SQLSTATE P0001)");
    let bench = Script::usual().only(CREDENTIAL, vec![Ok(answer(200, &around))]).start();
    assert!(part(&account().look(bench.reach(), &root()).await.unwrap(), &copy()).is_none());
}

/// "no such table" and the like also say "does not exist".
#[tokio::test]
async fn another_error_of_an_action_is_a_fault() {
    for message in
        ["unknown variable: $id does not exist", "credential", "not shared", "namespace \"main\" does not exist"]
    {
        let bench = Script::usual().only(CREDENTIAL, vec![Ok(answer(200, &raised(message)))]).start();
        let outcome = account().look(bench.reach(), &root()).await.map(drop);
        assert_eq!(outcome, Err(ProviderError::Unavailable("an action reports a fault")), "{message}");
    }
}

#[tokio::test]
async fn null_tables_have_no_rows() {
    let tables: [Value; 4] = [
        json!(null),
        json!({}),
        json!({"column_names": ["id"], "values": null}),
        json!({"column_names": null, "values": []}),
    ];
    for table in tables {
        let body = json!({"jsonrpc": "2.0", "id": 1, "result": {"query_result": table, "logs": "", "error": null}});
        let bench = Script::usual().only(GRANTS, vec![Ok(answer(200, &body))]).start();
        let snapshot = account().look(bench.reach(), &root()).await.unwrap();
        assert_eq!(part(&snapshot, &user()).map(|part| part.provider_status.as_str()), Some("nothing_shared"));
        let bench = Script::usual().only(CREDENTIAL, vec![Ok(answer(200, &body))]).start();
        assert!(part(&account().look(bench.reach(), &root()).await.unwrap(), &copy()).is_none());
    }
}

/// What is about somebody else is never taken in.
#[tokio::test]
async fn an_answer_about_somebody_else_is_foreign() {
    let another = "5d54e2b4-791a-4e55-9901-6410c768e8f5";
    let changed = |name: &str, column: &str, value: &Value| {
        Ok(answer(200, &crate::harness::with_cell(&format!("rpc.call.{name}"), column, Some(value))))
    };
    let row = "get-credential-shared.response.inline";
    let granted = "get-access-grants-granted.response";
    for (line, body) in [
        (GRANTS, Ok(answer(200, &grants(&[(COPY, another)])))),
        (GRANTS, changed(granted, "ag_grantee_wallet_identifier", &json!("ab".repeat(32)))),
        (CREDENTIAL, changed(row, "id", &json!(another))),
        (CREDENTIAL, changed(row, "user_id", &json!(another))),
    ] {
        let bench = Script::usual().only(line, vec![body]).start();
        let outcome = account().look(bench.reach(), &root()).await.map(drop);
        assert!(matches!(outcome, Err(ProviderError::Foreign(_))), "{line}: {outcome:?}");
    }
    let mixed = changed("get-access-grants-for-credential.response", "data_id", &json!(another));
    let bench = Script::usual().only(GRANTS_FOR, vec![mixed]).start();
    assert!(matches!(account().resolve(bench.reach(), &copy()).await, Err(ProviderError::Foreign(_))));
}

/// The node may write our name in capitals (grants are matched without case).
#[tokio::test]
async fn our_own_name_is_ours_in_any_case() {
    let capitals = json!(crate::harness::GRANTEE.to_uppercase());
    let body = crate::harness::with_cell(
        "rpc.call.get-access-grants-granted.response",
        "ag_grantee_wallet_identifier",
        Some(&capitals),
    );
    let bench = Script::usual().only(GRANTS, vec![Ok(answer(200, &body))]).start();
    let snapshot = account().look(bench.reach(), &root()).await.unwrap();
    assert_eq!(standing(&snapshot).map(|(_, standing)| standing), Some(Standing::Approved));
}
