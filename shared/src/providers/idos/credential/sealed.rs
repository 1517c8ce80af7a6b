//! The box that a copy is sealed in: nonce (24 bytes) ‖ tag (16) ‖ ciphertext, x25519-xsalsa20-poly1305 (idOS
//! SDK). The sender's key is new for every copy, so a box that opens proves only that nothing changed on the way: anyone
//! can make one for us.
//!
//! A box that does not open does not tell why: another recipient, another sender and a changed bit look alike.

use crypto_box::aead::Aead;
use crypto_box::{KEY_SIZE, Nonce, PublicKey, SalsaBox, SecretKey};
use data_encoding::BASE64;

use super::flaw::Flaw;
use super::opened::Opened;
use crate::secret::Secret;

const NONCE: usize = 24;
const TAG: usize = 16;

/// The account's X25519 secret. It cannot be printed.
pub(in super::super) struct Key(SecretKey);

impl Key {
    /// 32 bytes in base64, as the network's console writes it.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub(in super::super) fn parse(text: &Secret) -> Result<Self, &'static str> {
        let bytes = BASE64.decode(text.expose()).ok().map(Secret::from);
        let key: Option<[u8; KEY_SIZE]> = bytes.as_ref().and_then(|bytes| bytes.expose().try_into().ok());
        key.map(|key| Self(SecretKey::from(key))).ok_or("must be the 32 bytes of an X25519 secret key in base64")
    }

    /// What a person's box is to be made for, in base64.
    pub(in super::super) fn public(&self) -> String {
        BASE64.encode(self.0.public_key().as_bytes())
    }

    /// Opens a box. `sender` is the row's `encryptor_public_key`.
    pub(super) fn open(&self, sealed: &[u8], sender: &str) -> Result<Opened, Flaw> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(Flaw::BoxTruncated)?;
        if rest.len() < TAG {
            return Err(Flaw::BoxTruncated);
        }
        let sender: Option<[u8; KEY_SIZE]> =
            BASE64.decode(sender.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        let sender = PublicKey::from(sender.ok_or(Flaw::BoxSenderUnusable)?);
        let opened = SalsaBox::new(&sender, &self.0).decrypt(&Nonce::from(*nonce), rest);
        opened.map(Opened::from).map_err(|_| Flaw::BoxUnopenable)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

    use serde_json::Value;

    use super::super::tests::fixture;
    use super::*;

    fn written(vector: &Value) -> Vec<u8> {
        BASE64.decode(vector["content"].as_str().unwrap().as_bytes()).unwrap()
    }

    fn key(vector: &Value) -> Key {
        let secret = vector["recipient_secret_key_base64"].as_str().unwrap().to_owned();
        Key::parse(&Secret::from(secret)).unwrap()
    }

    fn opened(key: &Key, content: &[u8], sender: &str) -> Result<Vec<u8>, Flaw> {
        key.open(content, sender).map(|opened| opened.bytes().to_vec())
    }

    #[test]
    fn the_vectors_open() {
        for name in ["vector.box.small", "vector.box.credential"] {
            let vector = fixture(name);
            let key = key(&vector);
            assert_eq!(key.public(), vector["recipient_public_key_base64"].as_str().unwrap());
            let content = written(&vector);
            let sender = vector["encryptor_public_key"].as_str().unwrap();
            let plaintext = opened(&key, &content, sender).unwrap();
            assert_eq!(plaintext, vector["plaintext_utf8"].as_str().unwrap().as_bytes(), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_box_is_told_as_far_as_it_can_be() {
        let vector = fixture("vector.box.small");
        let (key, sender) = (key(&vector), vector["encryptor_public_key"].as_str().unwrap());
        let content = written(&vector);
        for length in [0, 1, 23, 24, 39] {
            assert_eq!(opened(&key, &content[..length], sender), Err(Flaw::BoxTruncated), "{length}");
        }
        for length in [40, content.len() - 1] {
            assert_eq!(opened(&key, &content[..length], sender), Err(Flaw::BoxUnopenable), "{length}");
        }
        for at in 0..content.len() {
            let mut changed = content.clone();
            changed[at] ^= 1;
            assert_eq!(opened(&key, &changed, sender), Err(Flaw::BoxUnopenable), "{at}");
        }
        let other = Key::parse(&Secret::from(BASE64.encode(&[7; 32]))).unwrap();
        assert_eq!(opened(&other, &content, sender), Err(Flaw::BoxUnopenable));
        assert_eq!(opened(&key, &content, &BASE64.encode(&[7; 32])), Err(Flaw::BoxUnopenable));
        for sender in ["", "Z13V", "not base64!", &BASE64.encode(&[7; 31]), &BASE64.encode(&[7; 33])] {
            assert_eq!(opened(&key, &content, sender), Err(Flaw::BoxSenderUnusable), "{sender}");
        }
        let tampered = fixture("vector.box.tampered.must-fail");
        let content = written(&tampered);
        assert_eq!(opened(&key, &content, sender), Err(Flaw::BoxUnopenable));
    }

    #[test]
    fn a_key_is_32_bytes_in_base64() {
        for text in [BASE64.encode(&[7; 31]), BASE64.encode(&[7; 33]), "00".repeat(32), String::new()] {
            assert!(Key::parse(&Secret::from(text)).is_err());
        }
    }
}
