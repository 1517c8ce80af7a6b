//! Texts that a caller signs: the gateway's login (§4.2), a call in private mode (§4.2), a transaction (§6).

use serde::Serialize;

use super::keys::{hex, sha256};

/// What `kgw.authn_param` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Challenge {
    pub nonce: String,
    pub statement: String,
    pub issue_at: String,
    pub expiration_time: String,
    pub chain_id: String,
    pub domain: String,
    pub version: String,
    pub uri: String,
}

pub fn login(of: &Challenge) -> String {
    let statement = if of.statement.is_empty() { String::new() } else { format!("{}\n", of.statement) };
    format!(
        "{} wants you to sign in with your account:\n\n{statement}\nURI: {}\nVersion: {}\nChain ID: {}\nNonce: {}\n\
         Issue At: {}\nExpiration Time: {}\n",
        of.domain, of.uri, of.version, of.chain_id, of.nonce, of.issue_at, of.expiration_time
    )
}

/// The first 20 bytes of a payload's SHA-256.
pub fn digest(payload: &[u8]) -> String {
    hex(sha256(payload).first_chunk::<20>().map_or(&[], |first| first))
}

pub fn private_call(namespace: &str, action: &str, payload: &[u8], challenge: &[u8]) -> String {
    format!(
        "Kwil view call.\n\nNamespace: {namespace}\nMethod: {action}\nDigest: {}\nChallenge: {}\n",
        digest(payload),
        hex(challenge)
    )
}

/// What a transaction says beside its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction<'a> {
    pub description: &'a str,
    pub payload_type: &'a str,
    pub fee: &'a str,
    pub nonce: u64,
    pub chain_id: &'a str,
}

pub fn transaction(of: &Transaction<'_>, payload: &[u8]) -> String {
    format!(
        "{}\n\nPayloadType: {}\nPayloadDigest: {}\nFee: {}\nNonce: {}\n\nKwil Chain ID: {}\n",
        of.description,
        of.payload_type,
        digest(payload),
        of.fee,
        of.nonce,
        of.chain_id
    )
}
