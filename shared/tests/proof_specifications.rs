//! A provider's proof is data: one is added here at run time, another as a constant; and what a
//! configuration gets wrong is told at once.

#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use std::borrow::Cow;

use idv_gateway::proof::{
    Clause, Context, Encoding, Grammar, Hash, Header, Kind, Mac, Piece, Place, Proofs, Refusal, Specification,
    Timestamp, Unverified, prove,
};
use proptest::prelude::*;
use ring::hmac;

const CONTEXT: Context<'_> = Context { tenant: "acme", connection: "new" };
const NOW: i64 = 1_770_714_935;

const CONSTANT: Specification = Specification {
    provider: Cow::Borrowed("constant"),
    all: Cow::Borrowed(&[Clause { any: Cow::Borrowed(&[Kind::Hmac]), when_configured: false }]),
    mac: Some(Mac {
        header: Cow::Borrowed("x-new-signature"),
        grammar: Grammar::Pairs { signature: Cow::Borrowed("sig"), sets: false },
        encoding: Encoding::Base64Url,
        hash: Hash::Sha256,
        message: Cow::Borrowed(&[Piece::Body, Piece::Literal(Cow::Borrowed("|")), Piece::Timestamp]),
        timestamp: Some(Timestamp { at: Place::Parameter(Cow::Borrowed("at")), past: 300, ahead: 30 }),
    }),
    body_token: None,
};

const FROM_DATA: &str = r#"{
  "provider": "brand-new",
  "all": [{"any": ["hmac"]}],
  "mac": {
    "header": "X-New-Signature", "grammar": {"pairs": {"signature": "sig"}},
    "encoding": "base64_url", "hash": "sha256",
    "message": ["body", {"literal": "|"}, "timestamp"],
    "timestamp": {"at": {"parameter": "at"}, "past": 300, "ahead": 30}
  }
}"#;

fn proofs(json: &str) -> Proofs {
    serde_json::from_str(json).map_err(|error| error.to_string()).unwrap()
}

fn signature(secret: &str, body: &[u8], at: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let message = [body, b"|", at.to_string().as_bytes()].concat();
    format!("at={at},sig={}", data_encoding::BASE64URL_NOPAD.encode(hmac::sign(&key, &message).as_ref()))
}

fn judge(specification: &Specification, signature: &[u8], body: &[u8]) -> Result<Option<i64>, Refusal> {
    let headers: [Header<'_>; 1] = [(b"x-new-signature", signature)];
    let request = Unverified { headers: &headers, body, url_key: None, source: None, received_at: NOW };
    let proofs = proofs(r#"{"hmac": [{"secret": "new-secret"}]}"#);
    prove(specification, &proofs, request, CONTEXT).map(|verified| verified.signed_at())
}

#[test]
fn a_provider_is_added_at_run_time_from_data_alone() {
    let from_data: Specification = serde_json::from_str(FROM_DATA).unwrap();
    for specification in [&from_data, &CONSTANT] {
        assert_eq!(specification.check(), Ok(()));
        let of = |secret, at| judge(specification, signature(secret, b"{}", at).as_bytes(), b"{}");
        assert_eq!(of("new-secret", NOW), Ok(Some(NOW)));
        assert_eq!(of("other-secret", NOW), Err(Refusal::SignatureMismatch));
        assert_eq!(of("new-secret", NOW - 301), Err(Refusal::TimestampStale));
        assert_eq!(of("new-secret", NOW + 31), Err(Refusal::TimestampAhead));
    }
}

#[test]
fn an_unknown_member_of_a_specification_is_an_error() {
    for (from, to) in
        [("\"past\"", "\"pust\""), ("sha256", "md5"), ("\"body\",", "\"path\","), ("[\"hmac\"]", "[\"none\"]")]
    {
        assert!(serde_json::from_str::<Specification>(&FROM_DATA.replace(from, to)).is_err(), "{to}");
    }
}

proptest! {
    /// Whatever is changed in body or header, it is not proven; and nothing makes the reader stop.
    #[test]
    fn a_changed_request_is_never_proven(at in 0usize..90, with in any::<u8>(), body in prop::collection::vec(any::<u8>(), 1..40)) {
        let signed = signature("new-secret", &body, NOW).into_bytes();
        prop_assert!(judge(&CONSTANT, &signed, &body).is_ok());
        let whole = signed.len() + body.len();
        let at = at % whole;
        let (mut header, mut changed) = (signed.clone(), body.clone());
        let target = if at < header.len() { header.get_mut(at) } else { changed.get_mut(at - signed.len()) };
        *target.unwrap() = with;
        if header != signed || changed != body {
            prop_assert!(judge(&CONSTANT, &header, &changed).is_err());
        }
    }

    #[test]
    fn any_header_is_read_to_an_answer(header in prop::collection::vec(any::<u8>(), 0..200)) {
        let found = judge(&CONSTANT, &header, b"body");
        prop_assert!(found.is_err());
    }
}

#[test]
fn a_configuration_tells_all_its_faults_at_once() {
    let weak = proofs(
        r#"{"basic": [{"username": "a:b", "password": ""}], "bearer": ["x"],
            "oauth2": [{"client_id": "c", "client_secret": "short"}],
            "hmac": [{"secret": "s", "types": []}], "url_keys": ["a/b"], "sources": ["published"]}"#,
    );
    let told: Vec<_> = weak.faults(&CONSTANT).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "basic: this provider's webhooks are not proven this way",
            "bearer: this provider's webhooks are not proven this way",
            "oauth2: this provider's webhooks are not proven this way",
            "url_keys: this provider's webhooks are not proven this way",
            "basic[0].password: is empty",
            "basic[0].username: a user name cannot hold a colon",
            "oauth2[0].client_secret: has fewer than 32 characters",
            "hmac[0].types: an empty list vouches for nothing; leave it out for every type",
            "url_keys[0]: has fewer than 22 characters",
            "url_keys[0]: has characters other than letters, digits, - and _",
            "sources[0]: no published addresses are known for this provider",
        ]
    );
    let none: Vec<_> = proofs("{}").faults(&CONSTANT).iter().map(ToString::to_string).collect();
    assert_eq!(none, ["no proof that this provider's webhooks need is configured"]);
    assert!(proofs(r#"{"hmac": [{"secret": "s"}]}"#).faults(&CONSTANT).is_empty());
}

#[test]
fn a_configuration_with_an_unknown_member_is_an_error() {
    for text in [
        r#"{"hmacs": []}"#,
        r#"{"hmac": [{"secret": "s", "type": "x"}]}"#,
        r#"{"bearer": [{"value": "s", "extra": 1}]}"#,
        r#"{"bearer": [1]}"#,
        r#"{"sources": ["everywhere"]}"#,
        r#"{"sources": ["10.0.0.0/33"]}"#,
        r#"{"basic": [{"username": "u"}]}"#,
    ] {
        assert!(serde_json::from_str::<Proofs>(text).is_err(), "{text}");
    }
}
