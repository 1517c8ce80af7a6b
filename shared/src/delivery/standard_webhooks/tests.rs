#![expect(clippy::unwrap_used, reason = "tests stop loudly")]

use reqwest::header::HeaderMap;
use standardwebhooks::Webhook;

use super::{SignFault, Signed, SigningSecret, SigningSecretFault, sign};
use crate::secret::Secret;

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAAAAAAAAAAA=";
const BODY: &[u8] = br#"{"type":"onboarding.approved"}"#;

fn secret(text: &str) -> SigningSecret {
    SigningSecret::read(&Secret::from(text.to_owned())).ok().unwrap()
}

fn fault(text: &str) -> SigningSecretFault {
    SigningSecret::read(&Secret::from(text.to_owned())).err().unwrap()
}

fn map(signed: &Signed) -> HeaderMap {
    signed.headers().iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

/// The library of another project judges by the real time.
fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the other library compares with the machine's clock")]
    let now = time::OffsetDateTime::now_utc();
    now.unix_timestamp()
}

#[test]
fn another_project_verifies_ours() {
    let signed = sign(&[secret(OLD)], "msg_1", now(), BODY).unwrap();
    assert!(Webhook::new(OLD).unwrap().verify(BODY, &map(&signed)).is_ok());
    assert!(Webhook::new(NEW).unwrap().verify(BODY, &map(&signed)).is_err());
    assert!(Webhook::new(OLD).unwrap().verify(b"{}", &map(&signed)).is_err());
}

#[test]
fn during_a_rotation_either_secret_verifies() {
    let signed = sign(&[secret(NEW), secret(OLD)], "msg_1", now(), BODY).unwrap();
    for known in [OLD, NEW] {
        assert!(Webhook::new(known).unwrap().verify(BODY, &map(&signed)).is_ok(), "{known}");
    }
}

#[test]
fn signatures_are_theirs_byte_for_byte() {
    let signed = sign(&[secret(OLD), secret(NEW)], "msg_1", 1_614_265_330, BODY).unwrap();
    let each = [OLD, NEW].map(|text| Webhook::new(text).unwrap().sign("msg_1", 1_614_265_330, BODY).unwrap());
    let [(_, id), (_, timestamp), (_, signature)] = signed.headers();
    assert_eq!((id, timestamp, signature), ("msg_1", "1614265330", each.join(" ").as_str()));
}

#[test]
fn a_weak_secret_is_refused_with_its_fault() {
    assert_eq!(fault("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), SigningSecretFault::Prefix);
    assert_eq!(fault("whsec_MfKQ9r8G KYqrTwjUPD8ILPZIo2LaLaSw"), SigningSecretFault::Encoding);
    assert_eq!(fault("whsec_"), SigningSecretFault::Length(0));
    let of = |bytes: usize| format!("whsec_{}", data_encoding::BASE64.encode(&vec![1; bytes]));
    assert_eq!(fault(&of(23)), SigningSecretFault::Length(23));
    assert_eq!(fault(&of(65)), SigningSecretFault::Length(65));
    secret(&of(24));
    secret(&of(64));
}

#[test]
fn what_cannot_be_signed_is_not_sent() {
    assert_eq!(sign(&[], "msg_1", 1, BODY), Err(SignFault::NoSecret));
    let five: Vec<_> = (0..5).map(|_| secret(OLD)).collect();
    assert_eq!(sign(&five, "msg_1", 1, BODY), Err(SignFault::TooManySecrets));
    for id in ["", "a.b", "a b", "ä", "a\n"] {
        assert_eq!(sign(&[secret(OLD)], id, 1, BODY), Err(SignFault::Id), "{id:?}");
    }
}
