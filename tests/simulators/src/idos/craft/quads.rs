//! Canonical N-Quads of a credential and of its proof's options, built from the table of §7.2: the contexts are fixed
//! and small, so no JSON-LD is needed. What the table does not have cannot be signed.
//!
//! Many properties share a predicate: that is the network's weakness (§7.3), kept here on purpose.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

pub const CREDENTIALS: &str = "https://www.w3.org/2018/credentials/v1";
pub const SUITE: &str = "https://w3id.org/security/suites/ed25519-2020/v1";
const OURS: &str = "https://idos-network.github.io/idos-sdk-js/credentials/";
const DATE_TIME: &str = "http://www.w3.org/2001/XMLSchema#dateTime";
const STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
const DATE: &str = "http://www.w3.org/2001/XMLSchema#date";
const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const VC: &str = "https://www.w3.org/2018/credentials#";
const SECURITY: &str = "https://w3id.org/security#";
/// The one blank node that there can be.
const BLANK: &str = "_:c14n0";

/// Mapped to the predicate [`STRING`] in both contexts of persons.
const TEXTS: [&str; 23] = [
    "firstName",
    "middleName",
    "familyName",
    "maidenName",
    "gender",
    "email",
    "phoneNumber",
    "ssn",
    "placeOfBirth",
    "idDocumentCountry",
    "idDocumentNumber",
    "idDocumentType",
    "idDocumentFrontFile",
    "idDocumentBackFile",
    "selfieFile",
    "residentialAddressStreet",
    "residentialAddressHouseNumber",
    "residentialAddressAdditionalAddressInfo",
    "residentialAddressRegion",
    "residentialAddressCity",
    "residentialAddressPostalCode",
    "residentialAddressProofCategory",
    "residentialAddressProofFile",
];
/// The first version has these besides.
const FIRST_TEXTS: [&str; 4] = ["applicantId", "inquiryId", "governmentId", "governmentIdType"];

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsignable {
    #[error("not the known contexts")]
    Context,
    #[error("unknown property {0}")]
    Property(String),
    #[error("{0} is missing or no text")]
    NotText(&'static str),
}

/// Which context a subject has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectContext {
    First,
    Second,
    /// Proof of personhood.
    Face,
}

impl SubjectContext {
    pub fn url(self) -> String {
        let name = match self {
            Self::First => "idos-credential-subject-v1.json",
            Self::Second => "idos-credential-subject-v2.json",
            Self::Face => "idos-credential-subject-face-id-v1.json",
        };
        format!("{OURS}{name}")
    }

    fn of(url: Option<&Value>) -> Result<Self, Unsignable> {
        let known = [Self::First, Self::Second, Self::Face];
        known.into_iter().find(|it| url == Some(&Value::String(it.url()))).ok_or(Unsignable::Context)
    }

    fn predicate(self, property: &str) -> Option<&'static str> {
        match (self, property) {
            (Self::Face, "faceSignUserId") => Some(STRING),
            (Self::Face, _) => None,
            (Self::First, property) if FIRST_TEXTS.contains(&property) => Some(STRING),
            (Self::First | Self::Second, "nationality" | "residentialAddressCountry") => Some("aux:ISO_3166-1_alpha-2"),
            (Self::First | Self::Second, "dateOfBirth" | "idDocumentDateOfIssue" | "idDocumentDateOfExpiry") => {
                Some("aux:date")
            }
            (Self::First | Self::Second, "residentialAddressProofDateOfIssue") => Some(DATE),
            (Self::First | Self::Second, property) => TEXTS.contains(&property).then_some(STRING),
        }
    }
}

pub fn contexts() -> [String; 3] {
    [CREDENTIALS.to_owned(), format!("{OURS}idos-credentials-v1.json"), SUITE.to_owned()]
}

/// Of the credential without its proof.
pub fn document(credential: &Value) -> Result<String, Unsignable> {
    let known = contexts();
    let given = credential.get("@context").and_then(Value::as_array).ok_or(Unsignable::Context)?;
    if !given.iter().map(Value::as_str).eq(known.iter().map(|url| Some(url.as_str()))) {
        return Err(Unsignable::Context);
    }
    let subject = credential.get("credentialSubject").ok_or(Unsignable::NotText("credentialSubject"))?;
    let node = iri(text(credential, "id")?);
    let subject_node = subject.get("id").map_or(Ok(BLANK.to_owned()), |_| text(subject, "id").map(iri))?;
    let mut quads = Quads::default();
    for (property, value) in members(credential) {
        let said = || value.as_str().ok_or(Unsignable::NotText("a member"));
        match property.as_str() {
            "@context" | "id" | "proof" => {}
            "type" if *value == serde_json::json!(["VerifiableCredential"]) => {
                quads.add(&node, TYPE, &iri(&format!("{VC}VerifiableCredential")));
            }
            "issuer" => quads.add(&node, &format!("{VC}issuer"), &iri(said()?)),
            "credentialSubject" => quads.add(&node, &format!("{VC}credentialSubject"), &subject_node),
            "issuanceDate" | "issued" | "expirationDate" => {
                quads.add(&node, &format!("{VC}{property}"), &date_time(said()?));
            }
            "level" => quads.add(&node, STRING, &literal(said()?)),
            "approvedAt" => quads.add(&node, DATE, &literal(said()?)),
            _ => return Err(Unsignable::Property(property.clone())),
        }
    }
    person(&mut quads, subject, &subject_node)?;
    Ok(quads.written())
}

fn person(quads: &mut Quads, subject: &Value, node: &str) -> Result<(), Unsignable> {
    let context = SubjectContext::of(subject.get("@context"))?;
    for (property, value) in members(subject).filter(|(property, _)| !["@context", "id"].contains(&property.as_str())) {
        let predicate = context.predicate(property).ok_or_else(|| Unsignable::Property(property.clone()))?;
        quads.add(node, predicate, &literal(value.as_str().ok_or(Unsignable::NotText("a field of the subject"))?));
    }
    Ok(())
}

/// Of the proof without its value.
pub fn options(proof: &Value) -> Result<String, Unsignable> {
    let mut quads = Quads::default();
    quads.add(BLANK, TYPE, &iri(&format!("{SECURITY}{}", text(proof, "type")?)));
    quads.add(BLANK, "http://purl.org/dc/terms/created", &date_time(text(proof, "created")?));
    quads.add(BLANK, &format!("{SECURITY}proofPurpose"), &iri(&format!("{SECURITY}{}", text(proof, "proofPurpose")?)));
    quads.add(BLANK, &format!("{SECURITY}verificationMethod"), &iri(text(proof, "verificationMethod")?));
    Ok(quads.written())
}

fn text<'a>(of: &'a Value, member: &'static str) -> Result<&'a str, Unsignable> {
    of.get(member).and_then(Value::as_str).ok_or(Unsignable::NotText(member))
}

fn members(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flat_map(Map::iter)
}

fn iri(of: &str) -> String {
    format!("<{of}>")
}

fn date_time(of: &str) -> String {
    format!("{}^^<{DATE_TIME}>", literal(of))
}

fn literal(of: &str) -> String {
    let escaped = of.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
    format!("\"{escaped}\"")
}

/// A set: the same line twice is one, and the order is that of the code points.
#[derive(Default)]
struct Quads(BTreeSet<String>);

impl Quads {
    fn add(&mut self, subject: &str, predicate: &str, object: &str) {
        self.0.insert(format!("{subject} <{predicate}> {object} .\n"));
    }

    fn written(self) -> String {
        self.0.into_iter().collect()
    }
}
