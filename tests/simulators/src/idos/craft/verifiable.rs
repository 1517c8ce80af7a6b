//! The proof of a verifiable credential (§7.2): Ed25519 over the digests of the canonical options and document.

use serde_json::{Value, json};

use super::{
    base58, keys,
    quads::{self, Unsignable},
};
use crate::members::{set, text};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    #[error(transparent)]
    Unsignable(#[from] Unsignable),
    #[error("there is no proof")]
    Missing,
    #[error("the proof is another issuer's")]
    Issuer,
    #[error("the proof does not fit")]
    Signature,
}

/// Adds the proof of the issuer at this base URL.
pub fn sign(credential: &mut Value, base: &str, seed: &[u8; 32], created: &str) -> Result<(), Unsignable> {
    let mut proof = json!({
        "type": "Ed25519Signature2020", "created": created, "verificationMethod": key_id(base),
        "proofPurpose": "assertionMethod",
    });
    let signature = keys::sign(seed, &signed_bytes(credential, &proof)?);
    set(&mut proof, "proofValue", json!(format!("z{}", base58::encode(&signature))));
    set(credential, "proof", proof);
    Ok(())
}

/// Whether the credential is proven by the issuer of this base URL and key.
pub fn verify(credential: &Value, base: &str, multibase: &str) -> Result<(), Unproven> {
    let proof = credential.get("proof").ok_or(Unproven::Missing)?;
    if text(credential, "issuer") != controller(base) || text(proof, "verificationMethod") != key_id(base) {
        return Err(Unproven::Issuer);
    }
    let signature = text(proof, "proofValue").strip_prefix('z').and_then(base58::decode).ok_or(Unproven::Signature)?;
    let key = keys::key_of_multibase(multibase).ok_or(Unproven::Issuer)?;
    let fits = keys::verifies(&key, &signed_bytes(credential, proof)?, &signature);
    if fits { Ok(()) } else { Err(Unproven::Signature) }
}

pub fn signed_bytes(credential: &Value, proof: &Value) -> Result<Vec<u8>, Unsignable> {
    let options = keys::sha256(quads::options(proof)?.as_bytes());
    Ok([options, keys::sha256(quads::document(credential)?.as_bytes())].concat())
}

pub fn controller(base: &str) -> String {
    format!("{base}/issuers/1")
}

pub fn key_id(base: &str) -> String {
    format!("{base}/keys/1")
}
