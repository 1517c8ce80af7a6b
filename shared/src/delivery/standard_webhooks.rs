//! Signing of what a tenant's system receives, by Standard Webhooks.
//!
//! The signature covers id, time and body; the id is the same at every repetition, so a receiver can
//! drop duplicates; the time is that of the attempt, so a receiver can refuse replays. While a secret
//! is rotated, the tenant lists both: every secret signs, and one fitting signature satisfies the receiver.

use data_encoding::BASE64;
use ring::hmac;
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use crate::secret::Secret;

#[cfg(test)]
mod tests;

pub const ID: &str = "webhook-id";
pub const TIMESTAMP: &str = "webhook-timestamp";
pub const SIGNATURE: &str = "webhook-signature";

const PREFIX: &str = "whsec_";
/// Bytes of key, by the specification's recommendation.
const LEAST: usize = 24;
const MOST: usize = 64;
/// Secrets at once. Rotation needs two.
const SECRETS: usize = 4;

/// `whsec_` and the standard base64 of 24 to 64 bytes.
pub struct SigningSecret(hmac::Key);

#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SigningSecretFault {
    #[error("a signing secret starts with whsec_")]
    Prefix,
    #[error("a signing secret is standard base64 behind whsec_")]
    Encoding,
    #[error("a signing secret has 24 to 64 bytes, this one {0}")]
    Length(usize),
}

#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SignFault {
    #[error("no signing secret is configured")]
    NoSecret,
    #[error("more than four signing secrets are configured")]
    TooManySecrets,
    #[error("a message id is visible ASCII without a full stop")]
    Id,
}

/// The three headers of one attempt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    id: String,
    timestamp: String,
    signature: String,
}

/// `timestamp` in Unix seconds: the time of this attempt.
pub fn sign(secrets: &[SigningSecret], id: &str, timestamp: i64, body: &[u8]) -> Result<Signed, SignFault> {
    if secrets.is_empty() {
        return Err(SignFault::NoSecret);
    }
    if secrets.len() > SECRETS {
        return Err(SignFault::TooManySecrets);
    }
    // The full stop divides id, time and body in what is signed: one inside would make it ambiguous.
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.') {
        return Err(SignFault::Id);
    }
    let timestamp = timestamp.to_string();
    let signatures: Vec<_> = secrets.iter().map(|secret| secret.sign(id, &timestamp, body)).collect();
    Ok(Signed { id: id.to_owned(), timestamp, signature: signatures.join(" ") })
}

impl Signed {
    pub fn headers(&self) -> [(&'static str, &str); 3] {
        [(ID, &self.id), (TIMESTAMP, &self.timestamp), (SIGNATURE, &self.signature)]
    }
}

impl SigningSecret {
    pub fn read(text: &Secret) -> Result<Self, SigningSecretFault> {
        let encoded = text.expose().strip_prefix(PREFIX.as_bytes()).ok_or(SigningSecretFault::Prefix)?;
        let key = Zeroizing::new(BASE64.decode(encoded).map_err(|_| SigningSecretFault::Encoding)?);
        if (LEAST..=MOST).contains(&key.len()) {
            Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
        } else {
            Err(SigningSecretFault::Length(key.len()))
        }
    }

    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut mac = hmac::Context::with_key(&self.0);
        for piece in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(piece);
        }
        format!("v1,{}", BASE64.encode(mac.sign().as_ref()))
    }
}

impl<'de> Deserialize<'de> for SigningSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&Secret::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
