//! Keyed digests: equality without the value, for content hashes, data digests and the ids of the erased.
//!
//! Keyed, because the values have little entropy (a birth date, a status) and a plain hash of them can
//! be guessed. A digest names its key like a ciphertext does, so that it can still be compared after a
//! rotation.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::{Binding, Key, OnboardingKey, SealingKeys};

/// `<key name>.<HMAC-SHA256>`. Safe to store and to print.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Of the ledger's text.
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SealingKeys {
    /// With the key that seals.
    pub fn digest(&self, binding: &Binding<'_>, content: &[u8]) -> Digest {
        self.first.digest(binding, content)
    }

    /// With each key, the sealing one first: what to look for when a digest is the name of an item.
    pub fn digests(&self, binding: &Binding<'_>, content: &[u8]) -> Vec<Digest> {
        self.all().map(|key| key.digest(binding, content)).collect()
    }

    /// Whether `known` is the digest of this content. `None`: its key is not in the ring any more.
    pub fn matches(&self, binding: &Binding<'_>, content: &[u8], known: &Digest) -> Option<bool> {
        let name = known.0.split_once('.').map(|(name, _)| name)?;
        let key = self.all().find(|key| HEXLOWER.encode(&key.name) == name)?;
        Some(key.digest(binding, content) == *known)
    }
}

impl OnboardingKey {
    /// Of the onboarding's own data: worthless once the key is destroyed, and stable over rotations of
    /// the tenant's keys.
    pub fn digest(&self, binding: &Binding<'_>, content: &[u8]) -> Digest {
        self.key.digest(binding, content)
    }
}

impl Key {
    fn digest(&self, binding: &Binding<'_>, content: &[u8]) -> Digest {
        let mut message = binding.bytes();
        append(&mut message, content);
        let mac = hmac::sign(&self.digests, &message);
        Digest(format!("{}.{}", HEXLOWER.encode(&self.name), BASE64URL_NOPAD.encode(mac.as_ref())))
    }
}

pub(super) fn append(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    bytes.extend_from_slice(part);
}
