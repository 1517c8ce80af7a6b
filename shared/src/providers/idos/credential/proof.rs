//! Whose a credential is: one of the issuers that the connection accepts, by the key that its configuration pins. What a
//! credential names is compared with what follows from the configuration; it is never fetched (idOS SDK, `credentials`).

use ring::signature::{ED25519, UnparsedPublicKey};

use super::document::Document;
use super::flaw::Flaw;
use super::multibase;
use super::opened::Members;
use super::quads::{BLANK, Quads, TYPE, date_time, iri};
use crate::section::{Section, absolute_url};

const SECURITY: &str = "https://w3id.org/security#";
const CREATED: &str = "http://purl.org/dc/terms/created";
const SUITE: &str = "Ed25519Signature2020";
const PURPOSE: &str = "assertionMethod";
const HEX_KEY: usize = 64;

/// Whose credentials are accepted.
pub(in super::super) struct Issuer {
    controller: String,
    method: String,
    key: [u8; 32],
    /// Of the copies that the issuer writes for a person, in hex.
    pub(super) signers: Vec<String>,
}

impl Issuer {
    /// `base_url`, `public_key` (multibase) and `signers` of one member of `issuers`.
    pub(super) fn configure(mut section: Section<'_>) -> Option<Self> {
        let base = section.required("base_url").map(|text| text.trim_end_matches('/'));
        if let Some(rule) = base.and_then(|base| absolute_url(base).err()) {
            section.fault("base_url", rule);
        }
        let key = section.required("public_key").and_then(multibase::key);
        if key.is_none() {
            section.fault("public_key", "must be an Ed25519 key in multibase: z and base58btc");
        }
        let signers = section.texts("signers");
        let is_key = |text: &&str| text.len() == HEX_KEY && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !signers.iter().all(is_key) {
            section.fault("signers", "must be Ed25519 keys of 32 bytes in hex");
        }
        section.finish();
        Some(Self::new(base?, key?, signers.into_iter().map(str::to_owned).collect()))
    }

    pub(super) fn new(base: &str, key: [u8; 32], signers: Vec<String>) -> Self {
        Self { controller: format!("{base}/issuers/1"), method: format!("{base}/keys/1"), key, signers }
    }
}

/// Who signed the document. An issuer that changes its key stands there once with each.
pub(super) fn verified<'a>(document: &Document<'_>, issuers: &'a [Issuer]) -> Result<&'a Issuer, Flaw> {
    let proof = document.proof.ok_or(Flaw::ProofMissing)?.members().ok_or(Flaw::NotACredential)?;
    let options = options(proof)?;
    let text = |name| proof.text(name).ok_or(Flaw::ProofInvalid);
    let method = text("verificationMethod")?;
    let signature = multibase::signature(text("proofValue")?).ok_or(Flaw::ProofInvalid)?;
    let mut signed = options.sha256().to_vec();
    signed.extend(document.quads.sha256());
    let named: Vec<&Issuer> =
        issuers.iter().filter(|issuer| issuer.controller == document.issuer && issuer.method == method).collect();
    if named.is_empty() {
        return Err(Flaw::IssuerUnknown);
    }
    let fits = |issuer: &&Issuer| UnparsedPublicKey::new(&ED25519, &issuer.key).verify(&signed, &signature).is_ok();
    named.into_iter().find(fits).ok_or(Flaw::ProofInvalid)
}

/// Of the proof without its value.
fn options(proof: &Members) -> Result<Quads, Flaw> {
    let mut quads = Quads::default();
    for (member, value) in proof.iter() {
        let text = value.text().ok_or(Flaw::ProofInvalid)?;
        match member {
            "type" if text == SUITE => quads.add(BLANK, TYPE, &format!("<{SECURITY}{SUITE}>")),
            "proofPurpose" if text == PURPOSE => {
                quads.add(BLANK, &format!("{SECURITY}proofPurpose"), &format!("<{SECURITY}{PURPOSE}>"));
            }
            "type" | "proofPurpose" => return Err(Flaw::ProofInvalid),
            "created" => quads.add(BLANK, CREATED, &date_time(text)),
            "verificationMethod" => {
                let method = iri(text).ok_or(Flaw::ProofInvalid)?;
                quads.add(BLANK, &format!("{SECURITY}verificationMethod"), &method);
            }
            "proofValue" => {}
            _ => return Err(Flaw::UnknownMember),
        }
    }
    let whole = ["type", "proofPurpose", "created", "verificationMethod"].iter().all(|name| proof.get(name).is_some());
    if whole { Ok(quads) } else { Err(Flaw::ProofInvalid) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

    use data_encoding::HEXLOWER;
    use serde_json::{Value, json};

    use super::super::opened::Opened;
    use super::super::tests::{fixture, issuer};
    use super::*;

    fn whole(credential: &Value, issuers: &[Issuer]) -> Result<(), Flaw> {
        let members = Opened::from(credential.to_string().into_bytes()).read().unwrap();
        verified(&Document::read(&members)?, issuers).map(drop)
    }

    #[test]
    fn the_vectors_bytes_are_what_is_signed() {
        let vector = fixture("vector.vc-proof");
        let credential = fixture("credential.plaintext.signed");
        let proof = Opened::from(credential["proof"].to_string().into_bytes()).read().unwrap();
        let options = options(&proof).unwrap();
        assert_eq!(options.written(), vector["canonical_proof_options_nquads"].as_str().unwrap());
        assert_eq!(HEXLOWER.encode(&options.sha256()), vector["sha256_proof_options_hex"].as_str().unwrap());
        let members = Opened::from(credential.to_string().into_bytes()).read().unwrap();
        let document = Document::read(&members).unwrap();
        assert_eq!(HEXLOWER.encode(&document.quads.sha256()), vector["sha256_document_hex"].as_str().unwrap());
    }

    #[test]
    fn the_fixtures_verify_as_they_should() {
        for (name, verdict) in [
            ("credential.plaintext.signed", Ok(())),
            ("credential.plaintext.fields-swapped.still-verifies", Ok(())),
            ("credential.plaintext.tampered.must-fail", Err(Flaw::ProofInvalid)),
        ] {
            assert_eq!(whole(&fixture(name), &[issuer()]), verdict, "{name}");
        }
    }

    /// Each change of a signed credential, with what is wrong then.
    #[test]
    fn whatever_the_proof_binds_cannot_be_changed() {
        let good = fixture("credential.plaintext.signed");
        for (pointer, value, flaw) in [
            ("/level", json!("plus+liveness+email"), Flaw::ProofInvalid),
            ("/approvedAt", json!("2026-01-15T10:00:01.000Z"), Flaw::ProofInvalid),
            ("/issuanceDate", json!("2026-01-15T10:00:01Z"), Flaw::ProofInvalid),
            ("/expirationDate", json!("2046-01-15T10:00:00.000Z"), Flaw::ProofInvalid),
            ("/id", json!("https://issuer.example.com/idos/credentials/7"), Flaw::ProofInvalid),
            ("/credentialSubject/id", json!("uuid:7"), Flaw::ProofInvalid),
            ("/credentialSubject/nationality", json!("FR"), Flaw::ProofInvalid),
            ("/credentialSubject/ssn", json!("123456789"), Flaw::ProofInvalid),
            ("/proof/created", json!("2026-01-15T10:00:01Z"), Flaw::ProofInvalid),
            ("/proof/proofPurpose", json!("authentication"), Flaw::ProofInvalid),
            ("/proof/type", json!("Ed25519Signature2018"), Flaw::ProofInvalid),
            ("/proof/proofValue", json!("z1"), Flaw::ProofInvalid),
            ("/proof/proofValue", json!(null), Flaw::ProofInvalid),
            ("/proof/challenge", json!("x"), Flaw::UnknownMember),
            ("/proof/verificationMethod", json!("https://issuer.example.com/idos/keys/2"), Flaw::IssuerUnknown),
            ("/issuer", json!("https://issuer.example.com/idos/issuers/2"), Flaw::IssuerUnknown),
            ("/issuer", json!("https://other.example.net/idos/issuers/1"), Flaw::IssuerUnknown),
            ("/proof", json!([good["proof"]]), Flaw::NotACredential),
        ] {
            let mut changed = good.clone();
            let (place, name) = pointer.rsplit_once('/').unwrap();
            changed.pointer_mut(place).unwrap()[name] = value.clone();
            assert_eq!(whole(&changed, &[issuer()]), Err(flaw), "{pointer} {value}");
        }
        for (place, name, verdict) in [
            ("", "proof", Err(Flaw::ProofMissing)),
            ("", "expirationDate", Err(Flaw::ProofInvalid)),
            ("/credentialSubject", "dateOfBirth", Err(Flaw::ProofInvalid)),
            // the value is also another member's, of the same predicate: that is the weakness
            ("/credentialSubject", "nationality", Ok(())),
            ("/proof", "created", Err(Flaw::ProofInvalid)),
            ("/proof", "verificationMethod", Err(Flaw::ProofInvalid)),
            ("/proof", "proofValue", Err(Flaw::ProofInvalid)),
        ] {
            let mut changed = good.clone();
            changed.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(name);
            assert_eq!(whole(&changed, &[issuer()]), verdict, "{place} {name}");
        }
    }

    #[test]
    fn an_issuer_is_its_base_and_its_key() {
        let good = fixture("credential.plaintext.signed");
        let base = "https://issuer.example.com/idos";
        let stranger = || Issuer::new("https://stranger.example.org/idos", issuer().key, Vec::new());
        let older = || Issuer::new(base, [7; 32], Vec::new());
        assert_eq!(whole(&good, &[]), Err(Flaw::IssuerUnknown));
        assert_eq!(whole(&good, &[stranger()]), Err(Flaw::IssuerUnknown));
        assert_eq!(whole(&good, &[older()]), Err(Flaw::ProofInvalid));
        assert_eq!(whole(&good, &[stranger(), older(), issuer()]), Ok(()));
    }
}
