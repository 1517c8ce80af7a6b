//! Grants: pages, locks, revocation, and what the node does not show yet.

use std::time::Duration;

use idv_simulators::idos::{Act, Columns, Consumer, ContentHash, Endpoint, Meanwhile, NotPossible, Visibility};
use serde_json::{Value, json};

use super::client::{Arg, Caller, OTHER_SEED, consumer, encryption_secret, fixture, node, rows, same_shape, share};

#[tokio::test]
async fn pages_in_a_stable_order() {
    let (node, caller) = node().await;
    let user = share(&node, |it| it.locked_until = 1_800_000_000).user_id;
    let mut ids = vec![caller.granted(None, 1, 1).await[0]["data_id"].as_str().unwrap().to_owned()];
    for _ in 0..4 {
        ids.push(share(&node, |_| {}).credential_id);
    }
    let other = Consumer::of_secrets(&OTHER_SEED, &encryption_secret());
    share(&node, |it| it.to = other);
    let mut seen = Vec::new();
    for page in 1..=4 {
        let grants = caller.granted(None, page, 2).await;
        seen.extend(grants.iter().map(|grant| grant["data_id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen, ids);
    assert_eq!((caller.count(None).await, caller.count(Some(&user)).await), (json!(5), json!(1)));
    assert_eq!(caller.granted(Some(&user), 1, 20).await.len(), 1);
    let args = [Arg::Uuid(Some(&user)), Arg::Int8(Some(1)), Arg::Int8(Some(20))];
    let answer = caller.call("get_access_grants_granted", &args).await;
    same_shape(&answer, "rpc.call.get-access-grants-granted.response.json");
    let answer = caller.call("get_access_grants_for_credential", &[Arg::Uuid(Some(&ids[0]))]).await;
    same_shape(&answer, "rpc.call.get-access-grants-for-credential.response.json");
    let answer = caller.call("get_access_grants_granted_count", &[Arg::Uuid(None)]).await;
    same_shape(&answer, "rpc.call.get-access-grants-granted-count.response.json");
    node.set_columns(Columns::Older);
    assert_eq!(caller.granted(None, 1, 20).await.len(), 5, "grants have one form");
}

#[tokio::test]
async fn hashes_of_plaintexts() {
    let (node, caller) = node().await;
    let right = share(&node, |_| {});
    assert_eq!(caller.grants_for(&right.credential_id).await[0]["content_hash"], json!(right.content_hash));
    let wrong = share(&node, |it| it.content_hash = ContentHash::Wrong);
    assert_ne!(caller.grants_for(&wrong.credential_id).await[0]["content_hash"], json!(wrong.content_hash));
    let absent = share(&node, |it| it.content_hash = ContentHash::Absent);
    assert_eq!(caller.grants_for(&absent.credential_id).await[0]["content_hash"], Value::Null);
}

#[tokio::test]
async fn a_lock_holds_the_user() {
    let (node, caller) = node().await;
    let lock = node.block_time() + 3_600;
    let copy = share(&node, |it| it.locked_until = lock).credential_id;
    for act in [Act::Revoke, Act::Delete] {
        assert!(matches!(node.act(&copy, act), Err(NotPossible::Locked)));
    }
    assert_eq!(caller.grants_for(&copy).await[0]["locked_until"], json!(lock));
    node.advance(Duration::from_secs(3_700));
    let caller = Caller::logged_in(&node, caller.seed).await;
    node.act(&copy, Act::Revoke).unwrap();
    assert_eq!(caller.shared(&copy).await["result"]["error"], "the credential is not shared with the caller");
    assert_eq!((caller.grants_for(&copy).await.len(), caller.count(None).await), (0, json!(0)));
    let again = Act::Grant { to: consumer().wallet, locked_until: 0 };
    node.act(&copy, again.clone()).unwrap();
    assert!(matches!(node.act(&copy, again), Err(NotPossible::AlreadyGranted)));
    assert_eq!(rows(&caller.shared(&copy).await).len(), 1);
    node.act(&copy, Act::Delete).unwrap();
    assert_eq!(caller.shared(&copy).await["result"]["error"], "the credential does not exist");
    assert!(matches!(node.act(&copy, Act::Show), Err(NotPossible::NoSuchCredential)));
    assert!(node.credential(&copy).is_none());
}

/// A wallet is compared without case.
#[tokio::test]
async fn a_second_grantee_reads_the_same_copy() {
    let (node, caller) = node().await;
    let copy = share(&node, |_| {}).credential_id;
    let other = Caller::logged_in(&node, OTHER_SEED).await;
    node.act(&copy, Act::Grant { to: other.sender.to_ascii_uppercase(), locked_until: 7 }).unwrap();
    assert_eq!(rows(&other.shared(&copy).await).len(), 1);
    let grants = other.grants_for(&copy).await;
    assert_eq!((grants.len(), &grants[0]["inserter_type"]), (1, &json!("user")), "each sees its own");
    assert_eq!(caller.grants_for(&copy).await.len(), 1);
    assert_eq!(node.credential(&copy).unwrap().grants.len(), 2);
}

#[tokio::test]
async fn the_node_may_be_behind() {
    let (node, caller) = node().await;
    let late = share(&node, |it| it.visibility = Visibility::AfterReads(2)).credential_id;
    for _ in 0..2 {
        assert_eq!(caller.shared(&late).await["result"]["error"], "the credential does not exist");
        assert!(caller.grants_for(&late).await.is_empty());
    }
    assert_eq!(rows(&caller.shared(&late).await).len(), 1);
    let held = share(&node, |it| {
        it.visibility = Visibility::Held;
        it.meanwhile = Meanwhile::NoGrant;
    });
    let error = "the credential is not shared with the caller";
    assert_eq!(caller.shared(&held.credential_id).await["result"]["error"], error);
    assert!(!node.credential(&held.credential_id).unwrap().visible);
    assert_eq!(caller.count(Some(&held.user_id)).await, json!(0));
    node.act(&held.credential_id, Act::Show).unwrap();
    assert_eq!(rows(&caller.shared(&held.credential_id).await).len(), 1);
    let soon = share(&node, |it| it.visibility = Visibility::AfterSeconds(30)).credential_id;
    assert!(rows(&caller.shared(&soon).await).is_empty());
    node.advance(Duration::from_secs(31));
    assert_eq!(rows(&caller.shared(&soon).await).len(), 1);
    assert_eq!(node.calls_to(Endpoint::GetCredentialShared), 7);
}

#[tokio::test]
async fn notes_change() {
    let (node, caller) = node().await;
    let copy = share(&node, |it| it.notes = Some(fixture("public-notes.approved.json"))).credential_id;
    let notes = async || super::client::cell(&caller.shared(&copy).await, "public_notes").as_str().unwrap().to_owned();
    let parsed = |notes: &str| serde_json::from_str::<Value>(notes).unwrap();
    assert_eq!(parsed(&notes().await), fixture("public-notes.approved.json"));
    node.act(&copy, Act::RevokeNotes).unwrap();
    assert_eq!(parsed(&notes().await), fixture("public-notes.revoked.json"));
    node.act(&copy, Act::ReviseNotes(json!("not JSON at all"))).unwrap();
    assert_eq!(notes().await, "not JSON at all");
    node.act(&copy, Act::ReviseNotes(json!(""))).unwrap();
    assert_eq!(notes().await, "");
}
