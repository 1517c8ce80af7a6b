//! Signatures and tokens of the documents: what the simulator accepts is what the examples say.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use idv_simulators::fractal::{Generation, is_signed_by, signature};
use ring::hmac;

use super::client::{fixture, text};
use super::signer::{Signer, pem};
use serde_json::json;

/// By other libraries than the simulator's.
pub(super) fn right(generation: Generation, secret: &str, body: &[u8]) -> String {
    match generation {
        Generation::Classic => {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
            format!("sha1={}", HEXLOWER.encode(hmac::sign(&key, body).as_ref()))
        }
        Generation::Verifier | Generation::Relay => HEXLOWER.encode(&hmac_sha256::HMAC::mac(body, secret.as_bytes())),
    }
}

#[test]
fn signatures_match_the_examples() {
    let examples = fixture("signed-webhooks.composed.json");
    let rows = examples.as_array().unwrap();
    assert_eq!(rows.len(), 8);
    for row in rows {
        let scheme = text(row, "/scheme");
        let generation = if scheme == "hmac-sha1-prefixed" { Generation::Classic } else { Generation::Verifier };
        assert!(["hmac-sha1-prefixed", "hmac-sha256-bare-hex"].contains(&scheme.as_str()));
        let body = BASE64.decode(text(row, "/body_base64").as_bytes()).unwrap();
        assert_eq!(body, text(row, "/body_utf8").as_bytes());
        let (secret, given) = (text(row, "/secret_utf8"), text(row, "/headers/X-Fractal-Signature"));
        assert_eq!(signature(generation, &secret, &body), right(generation, &secret, &body));
        assert_eq!(signature(generation, &secret, &body) == given, row["valid"] == true, "{}", text(row, "/name"));
    }
}

/// RFC 7515, appendix A.4.
#[test]
fn the_example_of_the_rfc_is_verified() {
    let part = |encoded: &str| BASE64URL_NOPAD.decode(encoded.as_bytes()).unwrap();
    let x = part("AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk");
    let y = part("ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2");
    // SubjectPublicKeyInfo of an uncompressed point on secp521r1
    let head = HEXLOWER.decode(b"30819b301006072a8648ce3d020106052b8104002303818600").unwrap();
    let key = pem(&[head, vec![4], x, y].concat());
    let token = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-\
                 KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    assert!(is_signed_by(&key, token));
    assert!(!is_signed_by(&key, &token.replace("UGF5bG9hZA", "UGF5bG9hZB")));
    assert!(!is_signed_by(&key, &token[..token.len() - 2]));
}

#[test]
fn a_key_made_here_signs_for_itself_alone() {
    let (one, two) = (Signer::new(), Signer::new());
    let token = one.jwt(&json!({"clientId": "CLIENT_ID"}));
    assert!(is_signed_by(&one.public_key(), &token));
    assert!(!is_signed_by(&two.public_key(), &token));
    assert!(!is_signed_by("no key at all", &token));
    assert!(!is_signed_by(&one.public_key(), "no.token"));
}
