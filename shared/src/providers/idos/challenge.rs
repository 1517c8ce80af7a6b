//! The gateway's challenge: a text that we sign, so that it lets us in (client code of Kwil, in three languages).
//!
//! What is signed is text that the gateway chose. It is signed only if it says that it is for this gateway, in the form
//! that is known and, where one is configured, for our chain; and if no member of it brings lines of its own: else whoever
//! stands in the gateway's place could have us sign a login somewhere else.
//!
//! The public clients compare domain and chain only where the challenge names them. Here a domain must be there, and a chain
//! where one is configured: stricter by choice, since an empty line in what is signed would hold for any gateway.

use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::signature::{Ed25519KeyPair, KeyPair};
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use url::Url;

use crate::secret::Secret;

const FORM: &str = "must be an Ed25519 seed of 32 bytes or a NaCl secret of 64, as hex or base64";

/// Our name in the network, and what proves it.
pub(super) struct Signer {
    pair: Ed25519KeyPair,
    name: String,
}

impl Signer {
    pub(super) fn parse(text: &Secret) -> Result<Self, &'static str> {
        let text = text.expose_text().map_err(|_| FORM)?.trim().as_bytes();
        let encoding = if matches!(text.len(), 64 | 128) { HEXLOWER_PERMISSIVE } else { BASE64 };
        let bytes = encoding.decode(text).map(Zeroizing::new).map_err(|_| FORM)?;
        let pair = match bytes.split_at_checked(32) {
            Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| FORM)?,
            Some((seed, public)) if public.len() == 32 => Ed25519KeyPair::from_seed_and_public_key(seed, public)
                .map_err(|_| "is no key: its public half is another seed's")?,
            Some(_) | None => return Err(FORM),
        };
        let name = HEXLOWER.encode(pair.public_key().as_ref());
        Ok(Self { pair, name })
    }

    /// Lower-case hex of the public key: `sender` of every call, and the grantee of every grant to us.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Base64.
    pub(super) fn sign(&self, text: &str) -> String {
        BASE64.encode(self.pair.sign(text.as_bytes()).as_ref())
    }
}

/// What a challenge must say of itself.
pub(super) struct Expected {
    /// Scheme and host of the gateway, without a slash at the end.
    domain: String,
    chain_id: Option<String>,
}

impl Expected {
    pub(super) fn of(gateway: &Url, chain_id: Option<String>) -> Self {
        Self { domain: gateway.origin().ascii_serialization(), chain_id }
    }
}

/// As `kgw.authn_param` gives it.
#[derive(Deserialize)]
pub(super) struct Challenge {
    pub(super) nonce: String,
    #[serde(default)]
    statement: String,
    #[serde(default)]
    issue_at: String,
    #[serde(default)]
    expiration_time: String,
    #[serde(default)]
    chain_id: String,
    #[serde(default)]
    domain: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    uri: String,
}

impl Challenge {
    /// The text to sign, or the rule that the challenge breaks.
    pub(super) fn text(&self, expected: &Expected) -> Result<String, &'static str> {
        let Self { nonce, statement, issue_at, expiration_time, chain_id, domain, version, uri } = self;
        if *domain != expected.domain {
            return Err("the challenge is for another domain");
        }
        // An empty one is what older gateways leave out.
        if !matches!(version.as_str(), "" | "1") {
            return Err("the challenge has another version");
        }
        if expected.chain_id.as_ref().is_some_and(|own| own != chain_id) {
            return Err("the challenge is for another chain");
        }
        let members = [nonce, statement, issue_at, expiration_time, chain_id, domain, version, uri];
        if nonce.is_empty() || members.iter().any(|member| member.chars().any(char::is_control)) {
            return Err("the challenge is none");
        }
        let statement = if statement.is_empty() { String::new() } else { format!("{statement}\n") };
        Ok(format!(
            "{domain} wants you to sign in with your account:\n\n{statement}\nURI: {uri}\nVersion: 1\n\
             Chain ID: {chain_id}\nNonce: {nonce}\nIssue At: {issue_at}\nExpiration Time: {expiration_time}\n"
        ))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const GOLDEN: &str = include_str!("../../../../tests/fixtures/idos/vector.kgw-login.json");

    fn vectors() -> Vec<Value> {
        serde_json::from_str(GOLDEN).unwrap()
    }

    fn signer(text: &str) -> Result<Signer, &'static str> {
        Signer::parse(&Secret::from(text.to_owned()))
    }

    fn expected(chain_id: Option<&str>) -> Expected {
        Expected::of(&Url::parse("https://nodes.example.test/").unwrap(), chain_id.map(str::to_owned))
    }

    fn text(changed: &str, value: &Value, chain_id: Option<&str>) -> Result<String, &'static str> {
        let mut params = vectors()[0]["authn_param"].clone();
        params[changed] = value.clone();
        serde_json::from_value::<Challenge>(params).unwrap().text(&expected(chain_id))
    }

    #[test]
    fn texts_and_signatures_are_those_of_the_public_client() {
        let vectors = vectors();
        assert!(vectors.len() >= 2);
        for vector in vectors {
            let of = |name: &str| vector[name].as_str().unwrap().to_owned();
            let challenge: Challenge = serde_json::from_value(vector["authn_param"].clone()).unwrap();
            let text = challenge.text(&expected(Some("idos-example-1"))).unwrap();
            assert_eq!(text, of("message_utf8"));
            let secret = HEXLOWER.decode(of("nacl_secret_key_hex").as_bytes()).unwrap();
            let seed = BASE64.encode(secret.get(..32).unwrap());
            for key in [of("ed25519_seed_hex"), of("nacl_secret_key_hex"), BASE64.encode(&secret), seed] {
                let signer = signer(&key).unwrap();
                assert_eq!(signer.name(), of("ed25519_public_key_hex"));
                assert_eq!(signer.sign(&text), of("signature_base64"));
            }
        }
    }

    #[test]
    fn only_a_challenge_of_this_gateway_is_signed() {
        for domain in
            ["", "https://nodes.example.test/", "http://nodes.example.test", "nodes.example.test", "https://evil"]
        {
            assert_eq!(text("domain", &json!(domain), None), Err("the challenge is for another domain"), "{domain}");
        }
        for version in ["2", "1.0", "01"] {
            assert_eq!(text("version", &json!(version), None), Err("the challenge has another version"));
        }
        assert!(text("version", &json!(""), None).is_ok_and(|text| text.contains("\nVersion: 1\n")));
        for chain in ["", "idos-example-2"] {
            assert_eq!(
                text("chain_id", &json!(chain), Some("idos-example-1")),
                Err("the challenge is for another chain")
            );
            assert!(text("chain_id", &json!(chain), None).is_ok());
        }
        for member in ["nonce", "statement", "issue_at", "expiration_time", "chain_id", "uri"] {
            assert_eq!(text(member, &json!("a\nNonce: b"), None), Err("the challenge is none"), "{member}");
        }
        assert_eq!(text("nonce", &json!(""), None), Err("the challenge is none"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let mixed = format!("{}{}", "42".repeat(32), "43".repeat(32));
        for bad in ["", "42", &"42".repeat(31), &"zz".repeat(32), &mixed, &BASE64.encode(&[0; 31]), "not a key"] {
            assert!(signer(bad).is_err(), "{bad}");
        }
    }
}
