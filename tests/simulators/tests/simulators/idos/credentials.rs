//! Credentials as the issuer makes them: good ones, and each flaw with what it does to the proof.

use idv_simulators::idos::{
    Content, Draft, Flaw, NotPossible, Share, SubjectContext,
    craft::{
        keys,
        quads::Unsignable,
        verifiable::{self, Unproven},
    },
};
use serde_json::{Value, json};

use super::client::{Caller, consumer, fixture, node, rows, share};
use crate::support::shape;

/// Shared, fetched, opened.
async fn opened(with: impl Into<Content>) -> (String, idv_simulators::idos::Idos) {
    let (node, caller) = node().await;
    let shared = share(&node, |it| it.content = with.into());
    let row = rows(&caller.shared(&shared.credential_id).await).remove(0);
    let plaintext = Caller::open(&row, None).unwrap();
    assert_eq!(plaintext, shared.plaintext);
    assert_eq!(keys::hex(&keys::sha256(plaintext.as_bytes())), shared.content_hash);
    (plaintext, node)
}

async fn verdict(draft: Draft) -> (Value, Result<(), Unproven>) {
    let (plaintext, node) = opened(draft).await;
    let credential: Value = serde_json::from_str(&plaintext).unwrap();
    let issuer = node.issuers().remove(0);
    let verdict = verifiable::verify(&credential, &issuer.base_url, &issuer.public_key_multibase);
    (credential, verdict)
}

#[tokio::test]
async fn a_good_one_has_the_documented_form() {
    let (credential, verdict) = verdict(Draft::default()).await;
    assert_eq!(shape(&credential), shape(&fixture("credential.plaintext.signed.json")));
    assert_eq!(verdict, Ok(()));
    let subject = json!({"maidenName": "Other", "phoneNumber": null}).as_object().unwrap().clone();
    let (credential, verdict) = self::verdict(Draft { subject, ..Draft::of_level("basic") }).await;
    let subject = &credential["credentialSubject"];
    assert_eq!((verdict, &credential["level"]), (Ok(()), &json!("basic")));
    assert_eq!((&subject["maidenName"], subject.get("phoneNumber")), (&json!("Other"), None));
}

#[tokio::test]
async fn other_subjects() {
    let face = Draft { context: SubjectContext::Face, ..Draft::of_level("human") };
    let (credential, verdict) = verdict(face).await;
    assert_eq!(verdict, Ok(()));
    assert_eq!(credential["credentialSubject"].as_object().unwrap().len(), 2);
    let subject = json!({"applicantId": "a-1"}).as_object().unwrap().clone();
    let first = Draft { context: SubjectContext::First, subject: subject.clone(), ..Draft::default() };
    assert_eq!(self::verdict(first).await.1, Ok(()));
    let (node, _) = node().await;
    let second = Share { content: Draft { subject, ..Draft::default() }.into(), ..Share::to(&consumer()) };
    let refused = node.share(&second);
    assert!(matches!(refused, Err(NotPossible::Unsignable(Unsignable::Property(name))) if name == "applicantId"));
}

#[tokio::test]
async fn an_expired_one_is_proven_all_the_same() {
    let (credential, verdict) = verdict(Draft::expired()).await;
    assert_eq!((verdict, &credential["expirationDate"]), (Ok(()), &json!("2025-01-15T10:00:00Z")));
    let future = Draft { issuance_date: Some("2999-01-01T00:00:00Z".to_owned()), ..Draft::default() };
    assert_eq!(self::verdict(future).await.1, Ok(()));
}

#[tokio::test]
async fn a_strangers_is_proven_by_the_stranger() {
    let (plaintext, node) = opened(Draft::by_stranger()).await;
    let credential: Value = serde_json::from_str(&plaintext).unwrap();
    let verify = |issuer: &idv_simulators::idos::IssuerCard| {
        verifiable::verify(&credential, &issuer.base_url, &issuer.public_key_multibase)
    };
    let known = node.issuers();
    assert_eq!((verify(&known[0]), verify(&known[1])), (Err(Unproven::Issuer), Ok(())));
}

#[tokio::test]
async fn every_flaw_does_what_it_says() {
    let context = || Err(Unproven::Unsignable(Unsignable::Context));
    for (flaw, wanted) in [
        (Flaw::FieldsSwapped, Ok(())),
        (Flaw::FieldRenamed, Ok(())),
        (Flaw::FieldDropped, Ok(())),
        (Flaw::Tampered, Err(Unproven::Signature)),
        (Flaw::LevelRaised, Err(Unproven::Signature)),
        (Flaw::ForeignKey, Err(Unproven::Signature)),
        (Flaw::ProofMissing, Err(Unproven::Missing)),
        (Flaw::Legacy, Err(Unproven::Missing)),
        (Flaw::OtherIssuer, Err(Unproven::Issuer)),
        (Flaw::OtherMethod, Err(Unproven::Issuer)),
        (Flaw::UnknownContext, context()),
        (Flaw::UnknownField, Err(Unproven::Unsignable(Unsignable::Property("favouriteColour".to_owned())))),
    ] {
        let (credential, verdict) = verdict(Draft::flawed(flaw)).await;
        assert_eq!(verdict, wanted, "{flaw:?}: {credential:#}");
    }
    let (swapped, _) = verdict(Draft::flawed(Flaw::FieldsSwapped)).await;
    let known = fixture("credential.plaintext.fields-swapped.still-verifies.json");
    for field in ["firstName", "familyName", "idDocumentNumber", "placeOfBirth", "dateOfBirth", "idDocumentDateOfIssue"]
    {
        assert_eq!(swapped["credentialSubject"][field], known["credentialSubject"][field], "{field}");
    }
    let (legacy, _) = verdict(Draft::flawed(Flaw::Legacy)).await;
    assert_eq!(shape(&legacy), shape(&fixture("credential.plaintext.unsigned.fractal-legacy-schema.json")));
    let (plaintext, _) = opened(Draft::flawed(Flaw::NotJson)).await;
    assert!(serde_json::from_str::<Value>(&plaintext).is_err());
}

#[tokio::test]
async fn any_plaintext_can_be_shared() {
    let vector = fixture("vector.box.credential.json");
    let text = vector["plaintext_utf8"].as_str().unwrap().to_owned();
    let (plaintext, _) = opened(Content::Text(text.clone())).await;
    assert_eq!(plaintext, text);
    let credential: Value = serde_json::from_str(&plaintext).unwrap();
    assert_eq!(credential, fixture("credential.plaintext.signed.json"));
}
