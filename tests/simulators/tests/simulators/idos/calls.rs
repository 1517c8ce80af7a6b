//! The actions of a consumer: forms of their answers, of their errors, and of what is no call.

use idv_simulators::idos::{Columns, NoRows, Outcome, Settings, Sharer};
use serde_json::{Value, json};

use super::client::{Arg, Caller, OTHER_SEED, cell, fixture, node, payload, rows, same_shape, share, started};

#[tokio::test]
async fn both_ages_of_the_schema() {
    let (node, caller) = node().await;
    let inline = share(&node, |_| {});
    let blob = share(&node, |it| it.place = idv_simulators::idos::Place::Blob);
    let older = fixture("rpc.call.get-credential-shared.response.inline.json");
    let newer = fixture("rpc.call.get-credential-shared.response.blob.json");
    let by_user = fixture("rpc.call.get-credentials-shared-by-user.response.json");
    let columns = |of: &Value| of["result"]["query_result"]["column_names"].clone();
    let types = |of: &Value| of["result"]["query_result"]["column_types"].clone();
    same_shape(&caller.shared(&blob.credential_id).await, "rpc.call.get-credential-shared.response.blob.json");
    let answer = caller.shared(&blob.credential_id).await;
    assert_eq!((columns(&answer), types(&answer)), (columns(&newer), types(&newer)));
    let answer = caller.shared(&inline.credential_id).await;
    assert_eq!(columns(&answer), columns(&newer));
    assert_eq!((cell(&answer, "content").is_string(), cell(&answer, "content_uri")), (true, Value::Null));
    assert_eq!(cell(&answer, "inserter_type"), "delegated_write_grant");

    node.set_columns(Columns::Older);
    let answer = caller.shared(&inline.credential_id).await;
    same_shape(&answer, "rpc.call.get-credential-shared.response.inline.json");
    assert_eq!((columns(&answer), types(&answer)), (columns(&older), types(&older)));
    assert!(cell(&caller.shared(&blob.credential_id).await, "content").is_string());
    let theirs = share(&node, |it| it.by = Sharer::User);
    let args = [Arg::Uuid(Some(&theirs.user_id)), Arg::Text(None)];
    let answer = caller.call("get_credentials_shared_by_user", &args).await;
    same_shape(&answer, "rpc.call.get-credentials-shared-by-user.response.json");
    assert_eq!((columns(&answer), types(&answer)), (columns(&by_user), types(&by_user)));
}

#[tokio::test]
async fn what_a_copy_tells() {
    let (node, caller) = node().await;
    let shared = share(&node, |it| it.notes = Some(fixture("public-notes.approved.json")));
    let answer = caller.shared(&shared.credential_id).await;
    let row = rows(&answer).remove(0);
    assert_eq!((&row["id"], &row["user_id"]), (&json!(shared.credential_id), &json!(shared.user_id)));
    assert_eq!(row["issuer_auth_public_key"], json!(node.issuers()[0].issuer_auth_public_key));
    let notes: Value = serde_json::from_str(row["public_notes"].as_str().unwrap()).unwrap();
    assert_eq!(notes, fixture("public-notes.approved.json"));
    assert_eq!((&answer["result"]["error"], &answer["id"]), (&Value::Null, &json!(6)));
    let event = shared.event_data();
    let known = fixture("webhook.credential-shared.json");
    assert_eq!(crate::support::shape(&event), crate::support::shape(&known["data"]));
    assert_eq!((&event["credential_id"], &event["idos_human_id"]), (&row["id"], &row["user_id"]));
}

#[tokio::test]
async fn an_action_raises_its_error_in_a_good_answer() {
    let (node, caller) = node().await;
    let nowhere = caller.shared("00000000-0000-4000-8000-000000000000").await;
    assert_eq!(nowhere, fixture("rpc.call.get-credential-shared.response.not-found.json"));
    let shared = share(&node, |_| {});
    assert_ne!(shared.original_id, shared.credential_id);
    let original = caller.shared(&shared.original_id).await;
    assert_eq!(original["result"]["error"], "the credential does not exist", "only the copy is called that");
    let stranger = Caller::logged_in(&node, OTHER_SEED).await;
    let refused = stranger.shared(&shared.credential_id).await;
    assert_eq!(refused, fixture("rpc.call.get-credential-shared.response.not-shared.json"));
    let outcomes: Vec<_> = node.received().into_iter().filter(|it| it.action.is_some()).map(|it| it.outcome).collect();
    assert_eq!(outcomes, [Outcome::ActionError; 3]);
    for (page, size, error) in
        [(0, 20, "page has to be a positive integer"), (1, 0, "size has to be a positive integer")]
    {
        let args = [Arg::Uuid(None), Arg::Int8(Some(page)), Arg::Int8(Some(size))];
        assert_eq!(caller.call("get_access_grants_granted", &args).await["result"]["error"], error);
    }
}

#[tokio::test]
async fn who_made_the_original() {
    let (node, caller) = node().await;
    let ours = share(&node, |it| it.by = Sharer::User);
    let theirs = share(&node, |it| {
        it.user = Some(ours.user_id.clone());
        it.content = idv_simulators::idos::Draft::by_stranger().into();
    });
    let made_by = async |issuer: Option<&str>| -> Vec<String> {
        let args = [Arg::Uuid(Some(&ours.user_id)), Arg::Text(issuer)];
        let answer = caller.call("get_credentials_shared_by_user", &args).await;
        let mut ids: Vec<_> = rows(&answer).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let mut both = vec![ours.credential_id.clone(), theirs.credential_id.clone()];
    both.sort();
    assert_eq!(made_by(None).await, both);
    let known = node.issuers();
    assert_eq!(made_by(Some(&known[0].issuer_auth_public_key)).await, std::slice::from_ref(&ours.credential_id));
    assert_eq!(made_by(Some(&known[1].issuer_auth_public_key)).await, [theirs.credential_id]);
    let row = rows(&caller.shared(&ours.credential_id).await).remove(0);
    assert!(known.iter().all(|it| row["issuer_auth_public_key"] != it.issuer_auth_public_key), "a throw-away key");
    assert_eq!(row["inserter_type"], "user");
    let sibling = caller.call("get_sibling_credential_id", &[Arg::Text(Some(&ours.content_hash))]).await;
    assert_eq!(cell(&sibling, "id"), json!(ours.credential_id));
    let nothing = caller.call("get_sibling_credential_id", &[Arg::Text(Some("00"))]).await;
    assert!(rows(&nothing).is_empty());
}

#[tokio::test]
async fn tables_without_rows() {
    let (_node, caller) = node().await;
    let args = [Arg::Uuid(None), Arg::Int8(Some(1)), Arg::Int8(Some(20))];
    let answer = caller.call("get_access_grants_granted", &args).await;
    let wanted = fixture("rpc.call.get-access-grants-granted.response.empty.json");
    assert_eq!(answer["result"], wanted["result"]);
    let (_node, caller) = started(Settings { no_rows: NoRows::Empty, ..Settings::default() }).await;
    let answer = caller.call("get_access_grants_granted", &args).await;
    assert_eq!(answer["result"]["query_result"]["values"], json!([]));
}

#[tokio::test]
async fn the_fixtures_requests_are_understood() {
    let (node, caller) = node().await;
    for (name, action) in [
        ("rpc.call.get-credential-shared.request.json", "get_credential_shared"),
        ("rpc.call.get-access-grants-granted.request.json", "get_access_grants_granted"),
        ("rpc.call.get-access-grants-granted.all-users.request.json", "get_access_grants_granted"),
        ("rpc.call.get-access-grants-for-credential.request.json", "get_access_grants_for_credential"),
        ("rpc.call.get-credentials-shared-by-user.request.json", "get_credentials_shared_by_user"),
    ] {
        let request = fixture(name);
        let (status, answer) = caller.rpc("user.call", &request["params"]).await;
        assert_eq!((status, answer.get("error")), (200, None), "{name}");
        assert_eq!(node.received().last().unwrap().action.as_deref(), Some(action), "{name}");
    }
    let last = node.received().pop().unwrap();
    assert_eq!(last.arguments, [json!("7c0f8c7e-2b6c-4d5f-8f43-0a8a4c1d9e01"), Value::Null]);
}

#[tokio::test]
async fn what_is_no_call() {
    let (node, caller) = node().await;
    let copy = share(&node, |_| {}).credential_id;
    let id = || Arg::Uuid(Some(&copy));
    let ask = async |bytes: Vec<u8>| {
        let (status, answer) = caller.rpc("user.call", &caller.call_params(&bytes)).await;
        (status, answer["error"]["code"].as_i64().unwrap_or_default())
    };
    let good = payload("main", "get_credential_shared", &[id()], false);
    assert_eq!(ask(good.clone()).await, (200, 0));
    assert_eq!(ask(good[..good.len() - 1].to_vec()).await, (400, -32_602));
    assert_eq!(ask([&good[..], b"x"].concat()).await, (400, -32_602));
    assert_eq!(ask(Vec::new()).await, (400, -32_602));
    assert_eq!(ask(payload("idos", "get_credential_shared", &[id()], false)).await, (200, -301));
    assert_eq!(ask(payload("main", "Get_Credential_Shared", &[id()], false)).await, (200, -300));
    assert_eq!(ask(payload("main", "get_credential_shared", &[], false)).await, (200, -300), "all must be there");
    assert_eq!(ask(payload("main", "get_credential_shared", &[Arg::Text(Some(&copy))], false)).await, (200, -300));
    for (member, value) in [("sender", json!("0x12")), ("auth_type", json!("secp256k1_ep"))] {
        let mut params = caller.call_params(&good);
        params[member] = value;
        let (status, answer) = caller.rpc("user.call", &params).await;
        assert_eq!((status, &answer["error"]["code"]), (200, &json!(-601)), "{member}");
    }
    let broken = caller.http.post(format!("{}/rpc/v1", caller.base)).body("{").send().await.unwrap();
    assert_eq!(broken.status().as_u16(), 400);
}
