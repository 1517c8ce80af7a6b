//! Contents by address.

use idv_simulators::idos::{Blobs, Draft, Endpoint, Manner, Place, Rule, Visibility, craft::cid};
use serde_json::{Value, json};

use super::client::{Caller, OTHER_SEED, cell, node, rows, share};

#[tokio::test]
async fn both_addresses_give_the_box() {
    let (node, caller) = node().await;
    let shared = share(&node, |it| it.place = Place::Blob);
    let row = rows(&caller.shared(&shared.credential_id).await).remove(0);
    let cid = row["content_uri"].as_str().unwrap().strip_prefix("ipfs://").unwrap().to_owned();
    for path in [format!("credentials/{}", shared.credential_id), format!("ipfs/{cid}")] {
        let (status, bytes) = caller.blob(&path).await;
        assert_eq!(
            (status, json!(bytes.len()), cid::of(&bytes)),
            (200, row["content_size"].clone(), Some(cid.clone()))
        );
        assert_eq!(Caller::open(&row, Some(bytes)), Some(shared.plaintext.clone()), "{path}");
    }
    assert_eq!(node.credential(&shared.credential_id).unwrap().reads, 2);
    let inline = share(&node, |_| {});
    assert_eq!(caller.blob(&format!("credentials/{}", inline.credential_id)).await.0, 404, "it is in the row");
    let over = share(&node, |it| it.place = Place::BlobOverText).credential_id;
    let row = rows(&caller.shared(&over).await).remove(0);
    assert_eq!((row["content"].is_string(), row["content_uri"].is_string()), (true, true));
    assert_eq!(Caller::open(&row, None), None);
    assert!(Caller::open(&row, Some(caller.blob(&format!("credentials/{over}")).await.1)).is_some());
}

#[tokio::test]
async fn who_may_not() {
    let (node, caller) = node().await;
    let copy = share(&node, |it| it.place = Place::Blob).credential_id;
    let cid = node.credential(&copy).unwrap().cid.unwrap();
    let nobody = Caller::of(&node, OTHER_SEED);
    let other = Caller::logged_in(&node, OTHER_SEED).await;
    for path in [format!("credentials/{copy}"), format!("ipfs/{cid}")] {
        let url = format!("{}/blob/v1/{path}", node.base_url());
        let answer = nobody.http.get(url).send().await.unwrap();
        assert!(answer.headers().contains_key("x-request-id"));
        let (status, body) = crate::support::parts(answer).await;
        assert_eq!((status, body["code"].is_string(), body["error"].is_string()), (401, true, true));
        assert_eq!(other.blob(&path).await.0, 403);
        assert_eq!(caller.blob(&path).await.0, 200);
    }
    node.expire_sessions();
    assert_eq!(caller.blob(&format!("credentials/{copy}")).await.0, 401);
    assert_eq!((node.sign_ins().without_cookie, node.sign_ins().dead_cookies), (2, 1));
    let caller = Caller::logged_in(&node, caller.seed).await;
    assert_eq!(caller.blob("credentials/0d6b3f52-8c1a-4a77-9b2e-5f1f6f0f2a10").await.0, 404);
    assert_eq!(caller.blob("other").await.0, 404);
    let held = share(&node, |it| {
        (it.place, it.visibility) = (Place::Blob, Visibility::Held);
    });
    assert_eq!(caller.blob(&format!("credentials/{}", held.credential_id)).await.0, 404);
}

/// The first form of the service and the second: the one that is not served answers 404.
#[tokio::test]
async fn one_address_may_be_missing() {
    let (node, caller) = node().await;
    let copy = share(&node, |it| it.place = Place::Blob).credential_id;
    let cid = node.credential(&copy).unwrap().cid.unwrap();
    let both = async || {
        let by_credential = caller.blob(&format!("credentials/{copy}")).await.0;
        (by_credential, caller.blob(&format!("ipfs/{cid}")).await.0)
    };
    for (blobs, wanted) in [
        (Blobs::ByCredential, (200, 404)),
        (Blobs::ByCid, (404, 200)),
        (Blobs::Neither, (404, 404)),
        (Blobs::Both, (200, 200)),
    ] {
        node.set_blobs(blobs);
        assert_eq!(both().await, wanted, "{blobs:?}");
    }
    assert_eq!((node.calls_to(Endpoint::BlobByCredential), node.calls_to(Endpoint::BlobByCid)), (4, 4));
}

#[tokio::test]
async fn big_ones_have_several_chunks() {
    let (node, caller) = node().await;
    let big = Draft { front_file_bytes: Some(1_500_000), ..Draft::default() };
    let shared = share(&node, |it| (it.content, it.place) = (big.into(), Place::Blob));
    let row = rows(&caller.shared(&shared.credential_id).await).remove(0);
    let cid = row["content_uri"].as_str().unwrap().strip_prefix("ipfs://").unwrap().to_owned();
    assert!(cid.starts_with("bafybei"), "{cid}: a node over leaves");
    let bytes = caller.blob(&format!("ipfs/{cid}")).await.1;
    assert!(bytes.len() > 1_800_000 && cid::of(&bytes) == Some(cid));
    assert!(Caller::open(&row, Some(bytes)).is_some_and(|text| text == shared.plaintext));
}

#[tokio::test]
async fn sizes_that_do_not_fit() {
    let (node, caller) = node().await;
    let unknown = share(&node, |it| it.place = Place::BlobOfSize(None)).credential_id;
    assert_eq!(cell(&caller.shared(&unknown).await, "content_size"), Value::Null);
    let wrong = share(&node, |it| it.place = Place::BlobOfSize(Some(5))).credential_id;
    assert_eq!(cell(&caller.shared(&wrong).await, "content_size"), json!(5));
    assert!(caller.blob(&format!("credentials/{wrong}")).await.1.len() > 1_000);
}

#[tokio::test]
async fn bytes_on_their_way() {
    let (node, caller) = node().await;
    let copy = share(&node, |it| it.place = Place::Blob).credential_id;
    let standing = node.credential(&copy).unwrap();
    let path = format!("credentials/{copy}");
    let good = caller.blob(&path).await.1;
    for (manner, length) in [
        (Manner::OtherBytes, good.len()),
        (Manner::MoreBytes { count: 7 }, good.len() + 7),
        (Manner::FewerBytes { count: 7 }, good.len() - 7),
        (Manner::Truncated, good.len() / 2),
    ] {
        node.misbehave(Rule::always(manner.clone()).about(&copy).times(1));
        let (status, bytes) = caller.blob(&path).await;
        assert_eq!((status, bytes.len()), (200, length), "{manner:?}");
        assert_ne!(cid::of(&bytes), standing.cid, "{manner:?}");
    }
    for (manner, status) in [
        (Manner::Status { code: 403 }, 403),
        (Manner::Status { code: 502 }, 502),
        (Manner::TooMany { retry_after: Some(3) }, 429),
        (Manner::Late { millis: 1 }, 200),
        (Manner::Html, 200),
        (Manner::Empty, 200),
    ] {
        node.misbehave(Rule::always(manner.clone()).at(Endpoint::BlobByCredential).times(1));
        assert_eq!(caller.blob(&path).await.0, status, "{manner:?}");
    }
    assert_eq!(caller.blob(&path).await.1, good);
}
