//! Ed25519 keys and digests, and how the network writes them.

use cryptoxide::{ed25519, hashing};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use super::base58;

/// What stands before an Ed25519 key in a multibase text.
const MULTICODEC: [u8; 2] = [0xed, 0x01];

pub fn public(seed: &[u8; 32]) -> [u8; 32] {
    ed25519::keypair(seed).1
}

pub fn sign(seed: &[u8; 32], message: &[u8]) -> [u8; 64] {
    ed25519::signature(message, &ed25519::keypair(seed).0)
}

pub fn verifies(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    signature.try_into().is_ok_and(|signature| ed25519::verify(message, public, signature))
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    hashing::sha256(bytes)
}

/// Lower case, as in columns and identifiers.
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// A key of 32 bytes in either case.
pub fn key_of_hex(text: &str) -> Option<[u8; 32]> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// `z`, base58btc, the key's kind before it (§7.2).
pub fn multibase(public: &[u8; 32]) -> String {
    format!("z{}", base58::encode(&[&MULTICODEC[..], &public[..]].concat()))
}

pub fn key_of_multibase(text: &str) -> Option<[u8; 32]> {
    let bytes = base58::decode(text.strip_prefix('z')?)?;
    bytes.strip_prefix(&MULTICODEC)?.try_into().ok()
}

/// UUID version 5: a name within a namespace, both written out.
pub fn uuid_of_name(namespace: &[u8; 16], name: &str) -> String {
    let digest = hashing::sha1(&[&namespace[..], name.as_bytes()].concat());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, from)| *byte = from);
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = (*version & 0x0f) | 0x50;
    *variant = (*variant & 0x3f) | 0x80;
    uuid(&bytes)
}

/// With its hyphens.
pub fn uuid(bytes: &[u8; 16]) -> String {
    let hex = hex(bytes);
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}
