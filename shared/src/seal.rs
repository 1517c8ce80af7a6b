//! Sealing: what may rest in the ledger or travel through a browser without being readable there.
//!
//! AES-256-GCM under a tenant's key ring: the first key seals, every key opens, each ciphertext names
//! its key, so rotation is adding a key in front and removing the old one when its ciphertexts are gone.
//! A ciphertext is bound to its tenant, purpose and context by associated data: moved elsewhere it does
//! not open. Nonces are random; that is safe far below 2³² ciphertexts per key, and a key here seals a
//! few per onboarding.
//!
//! `OnboardingKey` is an onboarding's own data key. Only its wrapped form is kept, as an item of its
//! own: whoever deletes that item has erased everything sealed with it, in backups too.
//!
//! Text form: base64url of `version ‖ key name ‖ nonce ‖ ciphertext ‖ tag`. From each 32-byte key three
//! are derived (sealing, digests, name), so that no key serves two algorithms.
//!
//! | what | answer |
//! | --- | --- |
//! | not our text form, or of a later version | `Malformed` |
//! | its key is not in the ring | `UnknownKey`: a key was removed too early, or it is another tenant's |
//! | altered, or of another tenant, purpose or context | `NotAuthentic` |

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use crate::secret::Secret;

mod digest;
mod onboarding;
#[cfg(test)]
mod tests;

pub use digest::Digest;
pub use onboarding::{OnboardingKey, WrappedKey};

const VERSION: u8 = 1;
const NAME: usize = 4;
const KEY: usize = 32;

/// Fills a buffer with random bytes; deterministic in tests.
pub type Fill<'a> = &'a (dyn Fn(&mut [u8]) -> Result<(), NoRandomness> + Sync);

#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the system gave no random bytes")]
pub struct NoRandomness;

/// The operating system's randomness, as a `Fill`.
pub fn system_randomness(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    SystemRandom::new().fill(bytes).map_err(|_| NoRandomness)
}

/// What a ciphertext or digest belongs to. The same three open it.
#[derive(Clone, Copy)]
pub struct Binding<'a> {
    pub tenant: &'a str,
    /// A constant of the calling module (`link`, `return_state`): one purpose's value is no other's.
    pub purpose: &'a str,
    /// Connection, onboarding, field: whatever must not be exchanged.
    pub context: &'a [&'a str],
}

/// A ciphertext in its text form. Safe to store and to print.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Sealed(String);

#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SealFault {
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error("the value is too long to be sealed")]
    TooLong,
}

#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum OpenRefusal {
    #[error("not a sealed value")]
    Malformed,
    #[error("sealed with a key that is not configured")]
    UnknownKey,
    #[error("altered, or sealed for something else")]
    NotAuthentic,
}

/// A tenant's `sealing_keys`: at least one, the first seals, all open.
pub struct SealingKeys {
    first: Key,
    others: Vec<Key>,
}

#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SealingKeyFault {
    #[error("sealing_keys is empty")]
    None,
    #[error("sealing_keys[{0}] is not the base64 of 32 bytes")]
    NotAKey(usize),
    #[error("sealing_keys[{0}] stands twice")]
    Repeated(usize),
}

struct Key {
    name: [u8; NAME],
    sealing: LessSafeKey,
    digests: hmac::Key,
}

impl SealingKeys {
    /// From the configuration's list: standard base64, padded, of exactly 32 bytes each.
    pub fn read(texts: &[Secret]) -> Result<Self, SealingKeyFault> {
        let mut keys: Vec<Key> = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let bytes = Zeroizing::new(BASE64.decode(text.expose()).map_err(|_| SealingKeyFault::NotAKey(at))?);
            let key = Key::derive(&bytes).ok_or(SealingKeyFault::NotAKey(at))?;
            if keys.iter().any(|other| other.name == key.name) {
                return Err(SealingKeyFault::Repeated(at));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(SealingKeyFault::None)?;
        Ok(Self { first, others: keys.collect() })
    }

    pub fn seal(&self, fill: Fill<'_>, binding: &Binding<'_>, plain: &[u8]) -> Result<Sealed, SealFault> {
        self.first.seal(fill, binding, plain)
    }

    pub fn open(&self, binding: &Binding<'_>, sealed: &Sealed) -> Result<Secret, OpenRefusal> {
        let parts = Parts::read(sealed)?;
        let key = self.all().find(|key| key.name == parts.name).ok_or(OpenRefusal::UnknownKey)?;
        key.open(binding, &parts)
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl<'de> Deserialize<'de> for SealingKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<Secret>::deserialize(deserializer)?;
        Self::read(&texts).map_err(serde::de::Error::custom)
    }
}

impl Sealed {
    /// Of a text from outside (a URL, a cookie). Whether it is sealed shows when it is opened.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Key {
    fn derive(master: &[u8]) -> Option<Self> {
        if master.len() != KEY {
            return None;
        }
        let master = hmac::Key::new(hmac::HMAC_SHA256, master);
        let part = |label: &str| hmac::sign(&master, label.as_bytes());
        let named = part("idv-gateway key name 1");
        let sealing = UnboundKey::new(&AES_256_GCM, part("idv-gateway sealing 1").as_ref()).ok()?;
        Some(Self {
            name: named.as_ref().first_chunk().copied()?,
            sealing: LessSafeKey::new(sealing),
            digests: hmac::Key::new(hmac::HMAC_SHA256, part("idv-gateway digests 1").as_ref()),
        })
    }

    fn seal(&self, fill: Fill<'_>, binding: &Binding<'_>, plain: &[u8]) -> Result<Sealed, SealFault> {
        let mut nonce = [0; NONCE_LEN];
        fill(&mut nonce)?;
        let mut text = plain.to_vec();
        self.sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(binding.bytes()), &mut text)
            .map_err(|_| SealFault::TooLong)?;
        let whole = [&[VERSION], &self.name[..], &nonce, &text].concat();
        Ok(Sealed(BASE64URL_NOPAD.encode(&whole)))
    }

    fn open(&self, binding: &Binding<'_>, parts: &Parts) -> Result<Secret, OpenRefusal> {
        let mut text = Zeroizing::new(parts.text.clone());
        let nonce = Nonce::assume_unique_for_key(parts.nonce);
        let plain = self.sealing.open_in_place(nonce, Aad::from(binding.bytes()), &mut text);
        plain.map(|plain| Secret::from(plain.to_vec())).map_err(|_| OpenRefusal::NotAuthentic)
    }
}

struct Parts {
    name: [u8; NAME],
    nonce: [u8; NONCE_LEN],
    text: Vec<u8>,
}

impl Parts {
    fn read(sealed: &Sealed) -> Result<Self, OpenRefusal> {
        let whole = BASE64URL_NOPAD.decode(sealed.0.as_bytes()).map_err(|_| OpenRefusal::Malformed)?;
        let ([VERSION], rest) = whole.split_first_chunk::<1>().ok_or(OpenRefusal::Malformed)? else {
            return Err(OpenRefusal::Malformed);
        };
        let (name, rest) = rest.split_first_chunk::<NAME>().ok_or(OpenRefusal::Malformed)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenRefusal::Malformed)?;
        if text.len() < AES_256_GCM.tag_len() {
            return Err(OpenRefusal::Malformed);
        }
        Ok(Self { name: *name, nonce: *nonce, text: text.to_vec() })
    }
}

impl Binding<'_> {
    /// Each part behind its length, so that no two bindings have the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let fixed = [self.tenant, self.purpose];
        let mut bytes = vec![VERSION];
        for part in fixed.iter().chain(self.context) {
            digest::append(&mut bytes, part.as_bytes());
        }
        bytes
    }
}
