//! The box of a credential (§5.1): nonce, Poly1305 tag, XSalsa20 ciphertext, under the X25519 secret of both sides.

use cryptoxide::{
    poly1305::{Poly1305, Tag},
    salsa20::{XSalsa20, hsalsa20},
    x25519::{self, PublicKey, SecretKey},
};

pub const NONCE: usize = 24;
pub const TAG: usize = 16;

pub fn public(secret: &[u8; 32]) -> [u8; 32] {
    x25519::base(&SecretKey::from(*secret)).into()
}

pub fn seal(plaintext: &[u8], recipient: &[u8; 32], sender_secret: &[u8; 32], nonce: &[u8; NONCE]) -> Vec<u8> {
    let (one_time, mut cipher) = stream(&shared(sender_secret, recipient), nonce);
    let mut text = plaintext.to_vec();
    cipher.process_mut(&mut text);
    [&nonce[..], &tag(&one_time, &text).as_ref()[..], &text].concat()
}

/// The consumer's side, for tests: nothing if it is not for this key or was changed.
pub fn open(content: &[u8], sender: &[u8; 32], recipient_secret: &[u8; 32]) -> Option<Vec<u8>> {
    let (nonce, rest) = content.split_first_chunk::<NONCE>()?;
    let (given, text) = rest.split_first_chunk::<TAG>()?;
    let (one_time, mut cipher) = stream(&shared(recipient_secret, sender), nonce);
    if tag(&one_time, text) != Tag(*given) {
        return None;
    }
    let mut text = text.to_vec();
    cipher.process_mut(&mut text);
    Some(text)
}

/// The key of both sides.
fn shared(secret: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
    let agreed = x25519::dh(&SecretKey::from(*secret), &PublicKey::from(*public));
    hsalsa20(&agreed.into(), &[0; 16])
}

/// The first 32 bytes of the key stream are the tag's key, what follows is for the text.
fn stream(key: &[u8; 32], nonce: &[u8; NONCE]) -> ([u8; 32], XSalsa20) {
    let mut cipher = XSalsa20::new(key, nonce);
    let mut one_time = [0; 32];
    cipher.process_mut(&mut one_time);
    (one_time, cipher)
}

fn tag(one_time: &[u8; 32], text: &[u8]) -> Tag {
    let mut mac = Poly1305::new(one_time);
    mac.update_mut(text);
    mac.finalize()
}
