//! Tokens that a client of verifier or relay signs itself: ES512, that is ECDSA on P-521 with SHA-512 and `r‖s` (§8.1).
//!
//! AWS-LC does the arithmetic: other code than the gateway signs with.

use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED, UnparsedPublicKey};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::Value;

use super::{
    records::text,
    settings::{Client, Generation},
    world::World,
};
use crate::clock;

impl World {
    /// Whose token it is and what it says; else why it is refused.
    pub(super) fn opened(&self, generation: Generation, token: &str) -> Result<(Client, Value), &'static str> {
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("token is malformed");
        };
        let header = member(header).ok_or("token is malformed")?;
        if text(&header, "alg") != "ES512" {
            return Err("algorithm is not ES512");
        }
        let claims = member(claims).ok_or("token is malformed")?;
        let client = self.client(generation, text(&claims, "clientId")).ok_or("client is not known")?;
        if !is_signed_by(&client.public_key, token) {
            return Err("signature does not match");
        }
        if claims.get("exp").is_some_and(|exp| exp.as_i64().is_none_or(|exp| exp <= clock::now().unix_timestamp())) {
            return Err("token is expired");
        }
        Ok((client.clone(), claims))
    }
}

fn member(encoded: &str) -> Option<Value> {
    let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

/// Whether a compact JWS has a good ES512 signature of this key (SubjectPublicKeyInfo as PEM).
pub fn is_signed_by(public_key: &str, token: &str) -> bool {
    let checked = || {
        let (message, signature) = token.rsplit_once('.')?;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        let key = UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, der(public_key)?);
        key.verify(message.as_bytes(), &signature).ok()
    };
    checked().is_some()
}

fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN PUBLIC KEY-----")?;
    let (body, _) = rest.split_once("-----END PUBLIC KEY-----")?;
    let body: String = body.split_whitespace().collect();
    BASE64.decode(body.as_bytes()).ok()
}
