//! From a draft to the plaintext of a credential: the invented person, the signature, the flaw.

use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};

use super::{
    craft::{
        ascii85,
        quads::{self, SubjectContext, Unsignable},
        verifiable,
    },
    settings::Issuer,
    share::{Draft, Flaw},
};
use crate::{
    chance,
    clock::{stamp_millis, stamp_seconds},
    members::set,
};

/// How long a credential is good.
const LIFE: Duration = Duration::days(3_650);
/// Pairs of fields with one predicate.
const SWAPS: [(&str, &str); 3] =
    [("firstName", "familyName"), ("idDocumentNumber", "placeOfBirth"), ("dateOfBirth", "idDocumentDateOfIssue")];

pub(super) fn plaintext(draft: &Draft, issuer: &Issuer, now: OffsetDateTime) -> Result<String, Unsignable> {
    let number = chance::uuid();
    if draft.flaw == Some(Flaw::Legacy) {
        return Ok(legacy(&issuer.base, &number, draft, now).to_string());
    }
    let mut credential = unsigned(draft, issuer, &number, now);
    if draft.flaw == Some(Flaw::OtherIssuer) {
        set(&mut credential, "issuer", json!("https://other.example.net/idos/issuers/1"));
    }
    let seed = if draft.flaw == Some(Flaw::ForeignKey) { [0x77; 32] } else { issuer.seed };
    let base = if draft.flaw == Some(Flaw::OtherMethod) { format!("{}/2", issuer.base) } else { issuer.base.clone() };
    verifiable::sign(&mut credential, &base, &seed, &stamp_seconds(now))?;
    if let Some(flaw) = draft.flaw {
        spoil(&mut credential, flaw);
    }
    let text = credential.to_string();
    Ok(if draft.flaw == Some(Flaw::NotJson) { text.replacen('{', "{{", 1) } else { text })
}

fn unsigned(draft: &Draft, issuer: &Issuer, number: &str, now: OffsetDateTime) -> Value {
    let issuance = draft.issuance_date.clone().unwrap_or_else(|| stamp_seconds(now));
    let expires = draft.expiration_date.clone().unwrap_or_else(|| stamp_millis(now.saturating_add(LIFE)));
    json!({
        "@context": quads::contexts(), "type": ["VerifiableCredential"], "issuer": verifiable::controller(&issuer.base),
        "id": format!("{}/credentials/{number}", issuer.base), "level": draft.level, "issued": issuance,
        "approvedAt": issuance, "expirationDate": expires, "issuanceDate": issuance,
        "credentialSubject": subject(draft, number),
    })
}

fn subject(draft: &Draft, number: &str) -> Value {
    let mut subject = match draft.context {
        SubjectContext::First | SubjectContext::Second => person(number),
        // without an id, as documented
        SubjectContext::Face => json!({"faceSignUserId": number}),
    };
    set(&mut subject, "@context", json!(draft.context.url()));
    if let Some(bytes) = draft.front_file_bytes {
        let mut file = b"\xff\xd8\xff\xe0".to_vec();
        file.resize(bytes, 0x5a);
        set(&mut subject, "idDocumentFrontFile", json!(ascii85::encode(&file)));
    }
    for (name, value) in &draft.subject {
        crate::members::bend(&mut subject, name, Some(value).filter(|value| !value.is_null()));
    }
    subject
}

/// As in the fixtures: nobody.
fn person(number: &str) -> Value {
    json!({
        "id": format!("uuid:{number}"), "firstName": "Testa", "middleName": "Quill", "familyName": "Sample",
        "gender": "F", "nationality": "DE", "email": "testa.sample@example.com", "phoneNumber": "+4915550001234",
        "dateOfBirth": "1990-05-17T00:00:00.000Z", "placeOfBirth": "Musterstadt", "idDocumentCountry": "DE",
        "idDocumentNumber": "TEST0001X", "idDocumentType": "PASSPORT",
        "idDocumentDateOfIssue": "2021-02-03T00:00:00.000Z", "idDocumentDateOfExpiry": "2031-02-02T00:00:00.000Z",
        "idDocumentFrontFile": ascii85::encode(b"\xff\xd8\xff\xe0front of a document"),
        "selfieFile": ascii85::encode(b"\xff\xd8\xff\xe0face"), "residentialAddressStreet": "Beispielweg",
        "residentialAddressHouseNumber": "7", "residentialAddressCity": "Musterstadt",
        "residentialAddressPostalCode": "12345", "residentialAddressCountry": "DE",
        "residentialAddressProofCategory": "UTILITY_BILL",
        "residentialAddressProofDateOfIssue": "2025-12-01T00:00:00.000Z",
        "residentialAddressProofFile": ascii85::encode(b"%PDF-1.7 proof"),
    })
}

/// What is done to a signed credential.
fn spoil(credential: &mut Value, flaw: Flaw) {
    match flaw {
        Flaw::FieldsSwapped => {
            for (one, other) in SWAPS {
                in_subject(credential, |subject| swap(subject, one, other));
            }
        }
        Flaw::FieldRenamed => in_subject(credential, |subject| {
            if let Some(name) = subject.remove("middleName") {
                subject.insert("maidenName".to_owned(), name);
            }
        }),
        // the town is also the place of birth
        Flaw::FieldDropped => in_subject(credential, |subject| {
            subject.remove("residentialAddressCity");
        }),
        Flaw::Tampered => in_subject(credential, |subject| {
            subject.insert("firstName".to_owned(), json!("Mallory"));
        }),
        Flaw::LevelRaised => set(credential, "level", json!("plus+liveness+email+phoneNumber")),
        Flaw::ProofMissing => crate::members::bend(credential, "proof", None),
        Flaw::UnknownContext => in_subject(credential, |subject| {
            let elsewhere = "https://contexts.example.org/idos-credential-subject-v2.json";
            subject.insert("@context".to_owned(), json!(elsewhere));
        }),
        Flaw::UnknownField => in_subject(credential, |subject| {
            subject.insert("favouriteColour".to_owned(), json!("green"));
        }),
        Flaw::ForeignKey | Flaw::OtherIssuer | Flaw::OtherMethod | Flaw::NotJson | Flaw::Legacy => {}
    }
}

fn in_subject(credential: &mut Value, change: impl FnOnce(&mut Map<String, Value>)) {
    if let Some(subject) = credential.get_mut("credentialSubject").and_then(Value::as_object_mut) {
        change(subject);
    }
}

fn swap(subject: &mut Map<String, Value>, one: &str, other: &str) {
    if let (Some(first), Some(second)) = (subject.remove(one), subject.remove(other)) {
        subject.insert(one.to_owned(), second);
        subject.insert(other.to_owned(), first);
    }
}

fn legacy(base: &str, number: &str, draft: &Draft, now: OffsetDateTime) -> Value {
    let claims = "https://raw.githubusercontent.com/trustfractal/claim-schemas/686bd9c0b44f8af03831f7dc31f7d6a9b6b5ff5b/\
                  verifiable_credential/fractal_id.json-ld";
    json!({
        "@context": [quads::CREDENTIALS, claims, quads::SUITE], "id": format!("{base}/credentials/{number}"),
        "type": ["VerifiableCredential"], "issuer": base, "level": draft.level, "status": "approved",
        "approved_at": stamp_seconds(now), "issuanceDate": stamp_seconds(now),
        "credentialSubject": {
            "id": format!("uuid:{number}"), "wallets": [{"currency": "eth", "verified": true,
            "address": "0x00000000000000000000000000000000000000aa"}],
            "emails": [{"verified": true, "address": "testa.sample@example.com"}], "full_name": "Testa Quill Sample",
            "date_of_birth": "1990-05-17", "place_of_birth": "Musterstadt",
            "residential_address": "Beispielweg 7, Musterstadt, 12345", "residential_address_country": "DE",
            "identification_document_country": "DE", "identification_document_number": "TEST0001X",
            "identification_document_type": "passport", "identification_document_date_of_issue": "2021-02-03",
            "identification_document_date_of_expiry": "2031-02-02",
        },
    })
}
