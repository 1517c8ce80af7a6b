//! A value that may be compared and used, never shown.
//!
//! `Secret` has no `PartialEq` (a comparison that stops at the first difference tells an attacker how
//! far he came), no `Debug` and no `Display` (what cannot be printed cannot reach a log). Its memory is
//! wiped when it is dropped. Those absences are held by `tests/compile_fail/proof_secret_*.rs`.

use std::str::Utf8Error;

use ring::digest::{SHA256, digest};
use secrecy::zeroize::Zeroize;
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Deserializer};
use subtle::{Choice, ConstantTimeEq};

pub struct Secret(SecretSlice<u8>);

impl Secret {
    /// Whether `candidate` is this value, in a time that depends on the candidate's length alone.
    pub fn matches(&self, candidate: &[u8]) -> bool {
        self.compare(candidate).into()
    }

    /// Both sides are hashed first: `ct_eq` on slices answers at once when the lengths differ.
    pub(crate) fn compare(&self, candidate: &[u8]) -> Choice {
        let own = digest(&SHA256, self.expose());
        own.as_ref().ct_eq(digest(&SHA256, candidate).as_ref())
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// For what a header or a form takes as text. Secrets read from configuration are always text.
    pub(crate) fn expose_text(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(self.expose())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In bytes.
    pub fn len(&self) -> usize {
        self.expose().len()
    }
}

impl From<Vec<u8>> for Secret {
    /// Copies to a box of the exact size and wipes the source: shrinking a vector in place may move it
    /// and leave the old bytes behind.
    fn from(mut bytes: Vec<u8>) -> Self {
        let exact: Box<[u8]> = Box::from(bytes.as_slice());
        bytes.zeroize();
        Self(SecretSlice::new(exact))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn only_the_same_bytes_match() {
        let secret = Secret::from("correct horse".to_owned());
        assert!(secret.matches(b"correct horse"));
        for other in ["", "correct", "correct horsE", "correct horse ", "correct horse\0"] {
            assert!(!secret.matches(other.as_bytes()), "{other:?}");
        }
    }

    #[test]
    fn it_is_read_from_text_alone() {
        let read = |text| serde_json::from_str::<Secret>(text).map(|secret| secret.len());
        assert_eq!(read(r#""four""#).ok(), Some(4));
        assert!(read("4").is_err());
        assert!(read("[102, 111]").is_err());
    }
}
