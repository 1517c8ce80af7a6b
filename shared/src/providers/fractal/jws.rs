//! Tokens that we sign ourselves: compact JWS (RFC 7515) with ES512, that is ECDSA on P-521 with SHA-512 and a signature
//! of `r‖s`, 66 bytes each (RFC 7518 §3.4).
//!
//! Neither `ring` nor the usual JWT libraries have P-521. The arithmetic is the `p521` crate's; what is ours is three
//! times base64. A signature's secret number is derived from key and message (RFC 6979), so that no weak source of chance
//! can give the key away, and one message has one signature.
//!
//! A key is read as a configuration is, and refused there with what to do about it. It is never shown: a refusal names
//! the form that was found, and nothing of what stood in it.

use std::sync::OnceLock;

use data_encoding::BASE64URL_NOPAD;
use p521::SecretKey;
use p521::ecdsa::signature::Signer as _;
use p521::ecdsa::{Signature, SigningKey};
use p521::pkcs8::DecodePrivateKey;
use serde::Serialize;

use crate::ports::ProviderError;
use crate::secret::Secret;

/// What each of our tokens begins with.
const HEADER: &[u8] = br#"{"alg":"ES512","typ":"JWT"}"#;

const UNSIGNED: ProviderError = ProviderError::Unavailable("a token could not be signed");

/// What stands at the head of a PEM that is not the one we need, and what is to be done about it.
const OTHER_FORMS: &[(&str, &str)] = &[
    (
        "BEGIN EC PRIVATE KEY",
        "must be PKCS#8, and this is SEC1: convert it by `openssl pkcs8 -topk8 -nocrypt -in key.pem`",
    ),
    (
        "BEGIN EC PARAMETERS",
        "must be PKCS#8, and this is SEC1: convert it by `openssl pkcs8 -topk8 -nocrypt -in key.pem`",
    ),
    ("BEGIN ENCRYPTED PRIVATE KEY", "must have no password of its own: take it off by `openssl pkcs8 -in key.pem`"),
    ("BEGIN PUBLIC KEY", "must be the private key; its public half is what the provider's staff is given"),
    ("BEGIN CERTIFICATE", "must be a private key as PKCS#8 PEM, and this is a certificate"),
    ("BEGIN RSA PRIVATE KEY", OTHER_KEY),
];

const OTHER_KEY: &str = "must be a key on the curve P-521: make one by \
                         `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521`, and give the provider's staff \
                         its public half";

const NO_KEY: &str = "must be a private key as PKCS#8 PEM: its lines from `-----BEGIN PRIVATE KEY-----` to \
                      `-----END PRIVATE KEY-----`, with the breaks between them";

/// A P-521 key that signs. Its memory is wiped when it is dropped. Made ready at its first signature, which costs as much
/// as signing does (1 ms on the machine that this was written on): every function reads keys, and most sign nothing.
pub(super) struct Signer {
    key: SecretKey,
    ready: OnceLock<SigningKey>,
}

impl Signer {
    /// Of a PKCS#8 PEM; else the rule that it breaks.
    pub(super) fn of(pem: &str) -> Result<Self, &'static str> {
        let pem = pem.trim();
        if let Some((_, rule)) = OTHER_FORMS.iter().find(|(head, _)| pem.contains(head)) {
            return Err(rule);
        }
        match SecretKey::from_pkcs8_pem(pem) {
            Ok(key) => Ok(Self { key, ready: OnceLock::new() }),
            Err(fault) if is_another_key(&fault) => Err(OTHER_KEY),
            Err(_) => Err(NO_KEY),
        }
    }

    /// A token that says `claims`.
    pub(super) fn token(&self, claims: &impl Serialize) -> Result<Secret, ProviderError> {
        let claims = serde_json::to_vec(claims).map_err(|_| UNSIGNED)?;
        let mut token = BASE64URL_NOPAD.encode(HEADER);
        token.push('.');
        BASE64URL_NOPAD.encode_append(&claims, &mut token);
        let signature: Signature = self.ready().try_sign(token.as_bytes()).map_err(|_| UNSIGNED)?;
        token.push('.');
        BASE64URL_NOPAD.encode_append(&signature.to_bytes(), &mut token);
        Ok(Secret::from(token))
    }

    fn ready(&self) -> &SigningKey {
        self.ready.get_or_init(|| SigningKey::from(&self.key))
    }
}

/// Whether it is whole, and of another algorithm or curve.
fn is_another_key(fault: &p521::pkcs8::Error) -> bool {
    matches!(fault, p521::pkcs8::Error::PublicKey(p521::pkcs8::spki::Error::OidUnknown { .. }))
}

/// The key of RFC 6979 §A.2.7, which everybody knows.
#[cfg(test)]
pub(super) const EXAMPLE_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIA+tBtqmK6OyXS+0AT
PadXIF3mf1uwAY/ujIbhtox+dcqolusy8fR8cIVYNqbRb8wUZvbY++xn24nsDAiw
6Za4NTihgYkDgYYABAGJRVDQeFky4A6qI7aU8hP4wxIfhtyXoE5acWfbTlvNNxEj
1G5F22tdU3Cn8g+2MxVdOP+hbSvXYdysR0uaL1AjpABJMQHJYs1NL933giheZFhB
OcL5G0f4f/gjVNZjD3RqKKDbJXQbWzSoKACLIqzCP5JPqvvU0z+B6maVbf6qK/38
9Q==
-----END PRIVATE KEY-----
";

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test stops loudly")]
mod tests {
    use p521::ecdsa::VerifyingKey;
    use p521::ecdsa::signature::Verifier as _;
    use serde_json::json;

    use super::*;

    /// Members in the order of the provider's page.
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Link<'a> {
        client_id: &'a str,
        kyc: bool,
        level: &'a str,
        state: &'a str,
    }

    const LINK: Link<'_> = Link { client_id: "CLIENT_ID", kyc: true, level: "basic+liveness+idos", state: "state" };

    fn signed(claims: &impl Serialize) -> String {
        let token = Signer::of(EXAMPLE_KEY).unwrap().token(claims).unwrap();
        token.expose_text().unwrap().to_owned()
    }

    fn refused(pem: &str) -> &'static str {
        match Signer::of(pem) {
            Err(rule) => rule,
            Ok(_) => panic!("taken: {pem}"),
        }
    }

    /// RFC 6979 §A.2.7, with SHA-512, the message "sample".
    #[test]
    fn a_known_message_has_the_known_signature() {
        let signature: Signature = Signer::of(EXAMPLE_KEY).unwrap().ready().try_sign(b"sample").unwrap();
        let known = "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931\
                     d7d4e8455cc91f9b15bf05ec36e377fa\
                     00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a\
                     20f8ccb1dccc43997f1ee0e44da4a67a";
        assert_eq!(data_encoding::HEXLOWER.encode(&signature.to_bytes()), known);
    }

    /// The claims of the provider's page; signed by OpenSSL 3.5 with the same key, deterministically.
    #[test]
    fn a_link_is_what_other_code_makes_of_it() {
        let known = "eyJhbGciOiJFUzUxMiIsInR5cCI6IkpXVCJ9\
                     .eyJjbGllbnRJZCI6IkNMSUVOVF9JRCIsImt5YyI6dHJ1ZSwibGV2ZWwiOiJiYXNpYytsaXZlbmVzcytpZG9zIiwic3RhdGUiOiJz\
                     dGF0ZSJ9\
                     .AbCk9S7U8F3Z_Cs5FfWtKQIU47yYwAWXwMydgp4GGSz7miDFo8E4pvyint1NEtoKho-G3M3Jzs3gd0MngTi_jbUuAApD3oHH2WF8\
                     ywNUeeJXJ3c2EiUHRkNQkpvs6mppxu7QTfLWrXTl7cqml4dTA4dK_7TXhGMj_MjiKyRdNxbXw_Lb";
        assert_eq!(signed(&LINK), known);
    }

    #[test]
    fn a_signature_is_of_132_bytes_and_of_this_message_alone() {
        let key = VerifyingKey::from(Signer::of(EXAMPLE_KEY).unwrap().ready());
        for claims in [json!({}), json!({"api": true, "n": 1}), json!({"ü": "ß"})] {
            let token = signed(&claims);
            let (message, signature) = token.rsplit_once('.').unwrap();
            let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
            assert_eq!(signature.len(), 132);
            let signature = Signature::from_slice(&signature).unwrap();
            assert!(key.verify(message.as_bytes(), &signature).is_ok());
            assert!(key.verify(format!("{message}A").as_bytes(), &signature).is_err());
            assert!(!token.contains(['=', '+', '/']), "{token}");
        }
    }

    /// Blanks at the ends, and the breaks of another system.
    #[test]
    fn a_key_may_come_from_any_editor() {
        for pem in [format!("\n  {EXAMPLE_KEY}\n\n"), EXAMPLE_KEY.replace('\n', "\r\n")] {
            assert!(Signer::of(&pem).is_ok(), "{pem}");
        }
    }

    #[test]
    fn what_is_no_such_key_is_told_what_to_do() {
        const P_256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvhSc2PE/kwlRTcrc
jskmxhvHzXPOt4gsn3nXC76xcMKhRANCAAScWjEfH3Zx4rijCi9Uqhi7IYnLk1Kz
2RShcvUO23xjvvtgZI3aFf2qHXPjeQWL6qNUc2xiZQ4y6SrHgZHxRQan
-----END PRIVATE KEY-----";
        const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEICKyTfJeAnm1ZB4idOG0SZBb5e8jHvsF0IQNW0yaAjCe
-----END PRIVATE KEY-----";
        let headed = |head: &str| format!("-----BEGIN {head}-----\nMC4C\n-----END {head}-----");
        for (pem, what) in [
            (P_256.to_owned(), "P-521"),
            (ED25519.to_owned(), "P-521"),
            (headed("RSA PRIVATE KEY"), "P-521"),
            (headed("EC PRIVATE KEY"), "SEC1"),
            (headed("ENCRYPTED PRIVATE KEY"), "password"),
            (headed("PUBLIC KEY"), "private"),
            (headed("CERTIFICATE"), "certificate"),
            (headed("PRIVATE KEY"), "PKCS#8"),
            (EXAMPLE_KEY.replace('\n', " "), "PKCS#8"),
            (EXAMPLE_KEY.replace('\n', "\\n"), "PKCS#8"),
            (EXAMPLE_KEY.replace("PadX", ""), "PKCS#8"),
            // another number, not that of the public half beside it
            (EXAMPLE_KEY.replace("tBtqmK6", "tBtqmK7"), "PKCS#8"),
            ("secret-of-the-tenant".to_owned(), "PKCS#8"),
            (String::new(), "PKCS#8"),
        ] {
            let rule = refused(&pem);
            assert!(rule.contains(what), "{rule}: {pem}");
            assert!(rule.starts_with("must ") && !rule.contains("tenant"), "{rule}");
        }
    }
}
