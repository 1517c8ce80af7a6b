//! Giving a copy back.

use data_encoding::BASE64;
use idv_simulators::idos::{Act, Idos, Settings, craft::texts};
use serde_json::{Value, json};

use super::client::{Arg, Caller, OTHER_SEED, SEED, fixture, node, payload, share};

async fn nonce(caller: &Caller) -> u64 {
    let id = json!({"identifier": caller.sender, "key_type": "ed25519"});
    let answer = caller.rpc("user.account", &json!({"id": id, "status": 0})).await.1;
    assert_eq!(answer["result"]["id"], id);
    answer["result"]["nonce"].as_u64().unwrap()
}

/// In the form of the fixture, signed.
fn transaction(caller: &Caller, copy: &str, nonce: u64) -> Value {
    let bytes = payload("main", "rescind_shared_credential", &[Arg::Uuid(Some(copy))], true);
    let mut tx = fixture("rpc.user-broadcast.rescind-shared-credential.request.json")["params"]["tx"].clone();
    let text = format!(
        "Rescind a shared credential as a grantee\n\nPayloadType: execute\nPayloadDigest: {}\nFee: 0\nNonce: {nonce}\n\n\
         Kwil Chain ID: idos-example-1\n",
        texts::digest(&bytes)
    );
    tx["body"]["payload"] = json!(BASE64.encode(&bytes));
    tx["body"]["nonce"] = json!(nonce);
    tx["signature"]["sig"] = json!(caller.sign(&text));
    tx["sender"] = json!(caller.sender);
    tx
}

async fn broadcast(caller: &Caller, tx: &Value, sync: u8) -> Value {
    caller.rpc("user.broadcast", &json!({"tx": tx, "sync": sync})).await.1
}

#[tokio::test]
async fn a_copy_is_given_back_though_locked() {
    let (node, caller) = node().await;
    let lock = node.block_time() + 3_600;
    let copy = share(&node, |it| it.locked_until = lock).credential_id;
    let tx = transaction(&caller, &copy, nonce(&caller).await + 1);
    assert_eq!(caller.rpc("user.estimate_price", &json!({"tx": tx})).await.1["result"], json!({"price": "0"}));
    let answer = broadcast(&caller, &tx, 1).await;
    assert_eq!(answer["result"]["result"]["code"], 0, "{answer}");
    assert_eq!(caller.shared(&copy).await["result"]["error"], "the credential does not exist");
    assert_eq!((node.rescinded(), caller.count(None).await), (vec![copy.clone()], json!(0)));
    assert_eq!(nonce(&caller).await, 1);
    let again = broadcast(&caller, &tx, 1).await;
    assert_eq!(again["error"]["code"], -201, "its nonce is used");
    assert!(matches!(node.act(&copy, Act::Show), Err(idv_simulators::idos::NotPossible::NoSuchCredential)));
}

#[tokio::test]
async fn without_waiting_it_is_asked_for() {
    let node = Idos::start(Settings { pending: 2, ..Settings::default() }).await.unwrap();
    // no session is needed: transactions are signed
    let caller = Caller::of(&node, SEED);
    let copy = share(&node, |_| {}).credential_id;
    let answer = broadcast(&caller, &transaction(&caller, &copy, 1), 0).await;
    assert_eq!(answer["result"].get("result"), None);
    let hash = json!({"tx_hash": answer["result"]["tx_hash"]});
    for _ in 0..2 {
        assert_eq!(caller.rpc("user.tx_query", &hash).await.1["error"]["code"], -202);
    }
    let found = caller.rpc("user.tx_query", &hash).await.1;
    assert_eq!((&found["result"]["tx_result"]["code"], &found["result"]["tx_hash"]), (&json!(0), &hash["tx_hash"]));
    assert_eq!(caller.rpc("user.tx_query", &json!({"tx_hash": "00"})).await.1["error"]["code"], -202);
}

#[tokio::test]
async fn nobody_gives_back_what_is_not_shared_with_him() {
    let (node, caller) = node().await;
    let copy = share(&node, |_| {}).credential_id;
    let other = Caller::of(&node, OTHER_SEED);
    let answer = broadcast(&other, &transaction(&other, &copy, 1), 1).await;
    assert_eq!(answer["result"]["result"]["code"], 1);
    assert_eq!((node.rescinded().len(), node.credentials().len(), nonce(&caller).await), (0, 1, 0));
}

#[tokio::test]
async fn what_is_not_taken() {
    let (node, caller) = node().await;
    let copy = share(&node, |_| {}).credential_id;
    let good = transaction(&caller, &copy, 1);
    for (pointer, value, code) in [
        ("/body/nonce", json!(2), -201),
        ("/body/chain_id", json!("other"), -201),
        ("/body/fee", json!("1"), -201),
        ("/body/desc", json!("Something else"), -201),
        ("/body/type", json!("transfer"), -201),
        ("/body/payload", json!("AAAE"), -32_602),
        ("/signature/sig", json!(caller.sign("other")), -201),
        ("/signature/type", json!("secp256k1_ep"), -201),
        ("/serialization", json!("direct"), -201),
        ("/sender", json!(Caller::of(&node, OTHER_SEED).sender), -201),
        ("/sender", json!("0x12"), -601),
    ] {
        let mut tx = good.clone();
        *tx.pointer_mut(pointer).unwrap() = value;
        assert_eq!(broadcast(&caller, &tx, 1).await["error"]["code"], code, "{pointer}");
    }
    assert_eq!(caller.rpc("user.account", &json!({"id": {"identifier": "x"}})).await.0, 400);
    assert_eq!(broadcast(&caller, &good, 1).await["result"]["result"]["code"], 0);
    // the fixture's own: another chain's nonce
    let fixture = fixture("rpc.user-broadcast.rescind-shared-credential.request.json");
    assert_eq!(caller.rpc("user.broadcast", &fixture["params"]).await.1["error"]["code"], -201);
}
