//! Boxes that cannot be opened, and ids that a test chooses.

use data_encoding::BASE64;
use idv_simulators::idos::{Act, NotPossible, Place, Sealing, Share, craft::sealed};
use serde_json::{Value, json};

use super::client::{Caller, consumer, node, rows, share};

#[tokio::test]
async fn spoilt_boxes() {
    let (node, caller) = node().await;
    for sealing in [
        Sealing::ForeignKey,
        Sealing::WrongSender,
        Sealing::ShortSender,
        Sealing::Tampered,
        Sealing::Truncated(0),
        Sealing::Truncated(23),
        Sealing::Truncated(39),
        Sealing::Truncated(100),
        Sealing::Empty,
        Sealing::NotBase64,
    ] {
        let copy = share(&node, |it| it.sealing = sealing).credential_id;
        let row = rows(&caller.shared(&copy).await).remove(0);
        assert!(row["content"].is_string(), "{sealing:?}");
        assert_eq!(Caller::open(&row, None), None, "{sealing:?}");
    }
    let row =
        rows(&caller.shared(&share(&node, |it| it.sealing = Sealing::Truncated(39)).credential_id).await).remove(0);
    assert_eq!(BASE64.decode(row["content"].as_str().unwrap().as_bytes()).unwrap().len(), 39);
}

#[tokio::test]
async fn every_box_has_a_sender_and_a_nonce_of_its_own() {
    let (node, caller) = node().await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..5 {
        let row = rows(&caller.shared(&share(&node, |_| {}).credential_id).await).remove(0);
        let content = BASE64.decode(row["content"].as_str().unwrap().as_bytes()).unwrap();
        assert!(seen.insert(row["encryptor_public_key"].to_string()));
        assert!(seen.insert(format!("{:?}", &content[..sealed::NONCE])));
    }
}

#[tokio::test]
async fn a_copy_without_content() {
    let (node, caller) = node().await;
    let copy = share(&node, |it| it.place = Place::Nowhere).credential_id;
    let row = rows(&caller.shared(&copy).await).remove(0);
    assert_eq!(
        (&row["content"], &row["content_uri"], &row["content_size"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let elsewhere = share(&node, |it| it.place = Place::Elsewhere("ukyc://s-1/blobs/b-1".to_owned())).credential_id;
    let row = rows(&caller.shared(&elsewhere).await).remove(0);
    assert_eq!((&row["content"], &row["content_uri"]), (&Value::Null, &json!("ukyc://s-1/blobs/b-1")));
    assert_eq!(node.credential(&copy).unwrap().reads, 0, "there was nothing to read");
}

#[tokio::test]
async fn ids_may_be_given() {
    let (node, caller) = node().await;
    let event = super::client::fixture("webhook.credential-shared.json");
    let said = |name: &str| event["data"][name].as_str().unwrap().to_owned();
    let wanted = Share {
        user: Some(said("idos_human_id")),
        credential: Some(said("credential_id")),
        locked_until: 1_800_000_000,
        ..Share::to(&consumer())
    };
    let shared = node.share(&wanted).unwrap();
    assert_eq!(shared.grant_id, "1354b201-e1cc-5500-9502-1d10690022d4", "the fixtures' grant");
    assert_eq!(rows(&caller.shared(&said("credential_id")).await)[0]["user_id"], json!(said("idos_human_id")));
    assert!(matches!(node.share(&wanted), Err(NotPossible::Taken)));
    let second = share(&node, |it| it.user = Some(said("idos_human_id")));
    assert_eq!((&second.user_id, caller.count(Some(&shared.user_id)).await), (&shared.user_id, json!(2)));
    for spoil in [
        |it: &mut Share| it.to.wallet = "0x12".to_owned(),
        |it: &mut Share| it.to.encryption_key = BASE64.encode(&[1; 31]),
        |it: &mut Share| {
            it.content = idv_simulators::idos::Draft { issuer: 9, ..Default::default() }.into();
        },
    ] {
        let mut share = Share::to(&consumer());
        spoil(&mut share);
        assert!(node.share(&share).is_err());
    }
    node.act(&second.credential_id, Act::Delete).unwrap();
    assert_eq!(node.credentials().len(), 1);
}
