//! A credential as its pinned contexts define it: every member is known and of the one form that the table has, or the
//! whole is refused. What passes here has exactly one reading, and its quads are those of a JSON-LD processor.

use super::contexts::{self, DATE, STRING, Subject};
use super::flaw::Flaw;
use super::opened::{Members, Node};
use super::quads::{BLANK, Quads, TYPE, date_time, iri, literal};
use crate::domain::Timestamp;

const CREDENTIALS: &str = "https://www.w3.org/2018/credentials#";

/// What a credential says, without its proof.
pub(super) struct Document<'a> {
    pub(super) issuer: &'a str,
    pub(super) level: &'a str,
    pub(super) issued: Timestamp,
    pub(super) expires: Option<Timestamp>,
    pub(super) context: Subject,
    pub(super) subject: &'a Members,
    pub(super) proof: Option<&'a Node>,
    /// What its issuer signed.
    pub(super) quads: Quads,
}

impl<'a> Document<'a> {
    /// Contexts first: without them no other member can be read.
    pub(super) fn read(credential: &'a Members) -> Result<Self, Flaw> {
        if !contexts::is_credentials(credential.get("@context")).ok_or(Flaw::NotACredential)? {
            return Err(Flaw::UnknownContext);
        }
        let subject = credential.get("credentialSubject").and_then(Node::members).ok_or(Flaw::NotACredential)?;
        let context = Subject::of(subject).ok_or(Flaw::UnknownContext)?;
        let text = |name| credential.text(name).ok_or(Flaw::NotACredential);
        let moment = |name| Timestamp::parse(text(name)?).ok_or(Flaw::NotACredential);
        let id = text("id")?;
        let node = iri(id).ok_or(Flaw::NotACredential)?;
        // the level has the same predicate as a name: on one node they could be exchanged
        if credential.get("type").is_none() || subject.text("id") == Some(id) {
            return Err(Flaw::NotACredential);
        }
        let subject_node = match subject.get("id") {
            Some(id) => id.text().and_then(iri).ok_or(Flaw::NotACredential)?,
            None => BLANK.to_owned(),
        };
        let mut quads = Quads::default();
        own(&mut quads, credential, &node, &subject_node)?;
        persons(&mut quads, subject, context, &subject_node)?;
        Ok(Self {
            issuer: text("issuer")?,
            level: text("level")?,
            issued: moment("issuanceDate")?,
            expires: credential.get("expirationDate").map(|_| moment("expirationDate")).transpose()?,
            context,
            subject,
            proof: credential.get("proof"),
            quads,
        })
    }
}

fn own(quads: &mut Quads, credential: &Members, node: &str, subject: &str) -> Result<(), Flaw> {
    for (member, value) in credential.iter() {
        let text = || value.text().ok_or(Flaw::NotACredential);
        let named = |name: &str| format!("{CREDENTIALS}{name}");
        match member {
            "@context" | "id" | "proof" => {}
            "type" if is_verifiable(value) => quads.add(node, TYPE, &format!("<{CREDENTIALS}VerifiableCredential>")),
            "type" => return Err(Flaw::NotACredential),
            "issuer" => quads.add(node, &named(member), &iri(text()?).ok_or(Flaw::NotACredential)?),
            "credentialSubject" => quads.add(node, &named(member), subject),
            "issuanceDate" | "issued" | "expirationDate" => quads.add(node, &named(member), &date_time(text()?)),
            "level" => quads.add(node, STRING, &literal(text()?)),
            "approvedAt" => quads.add(node, DATE, &literal(text()?)),
            _ => return Err(Flaw::UnknownMember),
        }
    }
    Ok(())
}

fn is_verifiable(value: &Node) -> bool {
    value.list().is_some_and(|types| types.iter().map(Node::text).eq([Some("VerifiableCredential")]))
}

fn persons(quads: &mut Quads, subject: &Members, context: Subject, node: &str) -> Result<(), Flaw> {
    for (member, value) in subject.iter().filter(|(member, _)| !matches!(*member, "@context" | "id")) {
        let predicate = context.predicate(member).ok_or(Flaw::UnknownMember)?;
        quads.add(node, predicate, &literal(value.text().ok_or(Flaw::NotACredential)?));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

    use serde_json::{Value, json};

    use super::super::opened::Opened;
    use super::super::tests::fixture;
    use super::*;

    fn read(credential: &Value) -> Result<String, Flaw> {
        let members = Opened::from(credential.to_string().into_bytes()).read().unwrap();
        Document::read(&members).map(|document| document.quads.written())
    }

    #[test]
    fn the_vectors_quads_are_made() {
        let vector = fixture("vector.vc-proof");
        let written = read(&fixture("credential.plaintext.signed")).unwrap();
        assert_eq!(written, vector["canonical_document_nquads"].as_str().unwrap());
    }

    /// Each change of a good credential, with what is wrong then.
    #[test]
    fn what_is_not_known_is_refused() {
        let good = fixture("credential.plaintext.signed");
        let contexts = good["@context"].clone();
        let other = |at: usize, url: &str| {
            let mut list = contexts.clone();
            list[at] = json!(url);
            list
        };
        let swapped = json!([contexts[1], contexts[0], contexts[2]]);
        for (pointer, value, flaw) in [
            ("/@context", json!("https://www.w3.org/2018/credentials/v1"), Flaw::NotACredential),
            ("/@context", json!([]), Flaw::UnknownContext),
            ("/@context", json!([contexts[0], contexts[1]]), Flaw::UnknownContext),
            ("/@context", json!([contexts[0], contexts[1], contexts[2], contexts[2]]), Flaw::UnknownContext),
            ("/@context", json!([contexts[0], contexts[1], {"level": "x:y"}]), Flaw::UnknownContext),
            ("/@context", swapped, Flaw::UnknownContext),
            ("/@context", other(0, "https://www.w3.org/ns/credentials/v2"), Flaw::UnknownContext),
            ("/@context", other(1, &contexts[1].as_str().unwrap().replace("v1", "v2")), Flaw::UnknownContext),
            ("/credentialSubject/@context", json!("https://contexts.example.org/subject"), Flaw::UnknownContext),
            ("/credentialSubject/@context", json!([good["credentialSubject"]["@context"]]), Flaw::UnknownContext),
            ("/credentialSubject", json!([good["credentialSubject"]]), Flaw::NotACredential),
            ("/credentialSubject", json!("uuid:1"), Flaw::NotACredential),
            ("/credentialSubject/favouriteColour", json!("green"), Flaw::UnknownMember),
            ("/credentialSubject/governmentId", json!("1"), Flaw::UnknownMember),
            ("/credentialSubject/faceSignUserId", json!("1"), Flaw::UnknownMember),
            ("/credentialSubject/@id", json!("uuid:2"), Flaw::UnknownMember),
            ("/credentialSubject/type", json!("Person"), Flaw::UnknownMember),
            ("/credentialSubject/firstName", json!(["Testa"]), Flaw::NotACredential),
            ("/credentialSubject/firstName", json!({"@value": "Testa"}), Flaw::NotACredential),
            ("/credentialSubject/firstName", json!(null), Flaw::NotACredential),
            ("/credentialSubject/firstName", json!(7), Flaw::NotACredential),
            ("/credentialSubject/id", json!("no iri"), Flaw::NotACredential),
            ("/credentialSubject/id", good["id"].clone(), Flaw::NotACredential),
            ("/credentialSubject/id", json!(null), Flaw::NotACredential),
            ("/status", json!("approved"), Flaw::UnknownMember),
            ("/@graph", json!([]), Flaw::UnknownMember),
            ("/@type", json!("VerifiableCredential"), Flaw::UnknownMember),
            ("/type", json!("VerifiableCredential"), Flaw::NotACredential),
            ("/type", json!(["VerifiableCredential", "Other"]), Flaw::NotACredential),
            ("/id", json!("relative"), Flaw::NotACredential),
            ("/issuer", json!({"id": good["issuer"]}), Flaw::NotACredential),
            ("/level", json!(["plus"]), Flaw::NotACredential),
            ("/issuanceDate", json!("2026-01-15"), Flaw::NotACredential),
            ("/expirationDate", json!("never"), Flaw::NotACredential),
            ("/expirationDate", json!(null), Flaw::NotACredential),
        ] {
            let mut changed = good.clone();
            let (place, name) = pointer.rsplit_once('/').unwrap();
            changed.pointer_mut(place).unwrap()[name] = value.clone();
            assert_eq!(read(&changed), Err(flaw), "{pointer} {value}");
        }
    }

    #[test]
    fn what_must_be_there_is_missed() {
        let good = fixture("credential.plaintext.signed");
        for name in ["@context", "id", "type", "issuer", "level", "issuanceDate", "credentialSubject"] {
            let mut changed = good.clone();
            changed.as_object_mut().unwrap().remove(name);
            assert_eq!(read(&changed), Err(Flaw::NotACredential), "{name}");
        }
        for name in ["issued", "approvedAt", "expirationDate", "proof"] {
            let mut changed = good.clone();
            changed.as_object_mut().unwrap().remove(name);
            assert!(read(&changed).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_subject_without_an_id_is_the_blank_node() {
        let mut face = fixture("credential.plaintext.signed");
        let context = "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-face-id-v1.json";
        face["credentialSubject"] = json!({"@context": context, "faceSignUserId": "b7\"c"});
        let written = read(&face).unwrap();
        assert!(written.contains("<https://www.w3.org/2018/credentials#credentialSubject> _:c14n0 .\n"), "{written}");
        assert!(written.contains("_:c14n0 <http://www.w3.org/2001/XMLSchema#string> \"b7\\\"c\" .\n"), "{written}");
    }

    #[test]
    fn the_older_schema_is_an_unknown_context() {
        let legacy = fixture("credential.plaintext.unsigned.fractal-legacy-schema");
        assert_eq!(read(&legacy), Err(Flaw::UnknownContext));
    }
}
