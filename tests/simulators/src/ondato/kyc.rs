//! The identification of a person: what was read, what was decided (§4.2, §5.2).

use serde_json::{Value, json};

use super::{
    idv::Idv,
    resources::{STEP_SETUP, STEP_SETUP_VERSION, object, put},
};
use crate::chance;

/// Keys that the machine reads from a document (§4.2).
const OCR_KEYS: [&str; 11] = [
    "Address",
    "Category",
    "DateOfBirth",
    "DateOfExpiration",
    "DateOfIssue",
    "DocumentNumber",
    "FirstName",
    "LastName",
    "Gender",
    "Nationality",
    "PersonalCode",
];
const RULES: [&str; 7] = [
    "DocumentHasBothSides",
    "DocumentNotExpired",
    "DocumentHasFace",
    "DocumentTypeNotProhibited",
    "NotUnder18",
    "SelfieHasFace",
    "SelfieAndDocumentFacesMatch",
];

/// What was read from the document so far.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Nothing,
    Whole,
    /// Only photographs that could not be read.
    Photographs,
}

#[derive(Clone)]
pub(crate) struct Decision {
    pub(crate) approved: bool,
    pub(crate) reason: String,
    pub(crate) cross_checked: bool,
    pub(crate) at: String,
}

#[derive(Clone)]
pub(crate) struct Kyc {
    pub(crate) id: String,
    pub(crate) idv: String,
    pub(crate) application_id: String,
    pub(crate) created: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) reading: Reading,
    pub(crate) decision: Option<Decision>,
    pub(crate) redacted: bool,
    files: [String; 4],
}

impl Kyc {
    pub(crate) fn new(idv: &Idv, now: String) -> Self {
        let name = |member: &str, otherwise: &str| {
            let given = idv.registration.as_ref().and_then(|registration| registration.get(member)?.as_str());
            given.unwrap_or(otherwise).to_uppercase()
        };
        Self {
            id: chance::uuid(),
            idv: idv.id.clone(),
            application_id: idv.application.application_id.clone(),
            created: now,
            first_name: name("firstName", "Jane"),
            last_name: name("lastName", "Example"),
            reading: Reading::Nothing,
            decision: None,
            redacted: false,
            files: std::array::from_fn(|_| chance::uuid()),
        }
    }

    pub(crate) fn status(&self) -> &'static str {
        match &self.decision {
            None => "Awaiting",
            Some(decision) if decision.approved => "Approved",
            Some(_) => "Rejected",
        }
    }

    pub(crate) fn shown(&self) -> Value {
        let mut shown = object(json!({
            "id": self.id, "applicationId": self.application_id, "createdUtc": self.created,
            "setup": {"id": STEP_SETUP, "versionId": STEP_SETUP_VERSION},
            "identityVerificationId": self.idv, "status": self.status(),
        }));
        if self.reading != Reading::Nothing {
            put(&mut shown, "document", Some(self.document()).filter(|_| !self.redacted));
            put(&mut shown, "rules", Some(self.rules()));
            put(&mut shown, "registries", Some(json!([])));
            put(&mut shown, "fraudChecks", Some(json!([])));
        }
        if let Some(decision) = &self.decision {
            put(&mut shown, "statusReason", Some(json!(decision.reason)));
            put(&mut shown, "isCrossChecked", Some(json!(decision.cross_checked)));
            put(&mut shown, "completedUtc", Some(json!(decision.at)));
            put(&mut shown, "face", Some(self.face()).filter(|_| !self.redacted));
            put(&mut shown, "scores", Some(json!([])));
            put(&mut shown, "fraudChecks", Some(json!([{"name": "DocumentManipulation", "status": "Success"}])));
        }
        Value::Object(shown)
    }

    fn document(&self) -> Value {
        let [front, back, ..] = &self.files;
        let mut document = object(json!({
            "type": "IdCard", "mrzVerified": self.reading == Reading::Whole,
            "files": [self.file(front, "identity_front", Some("Front")), self.file(back, "identity_back", Some("Back"))],
        }));
        if self.reading == Reading::Photographs {
            put(&mut document, "ocrValidations", Some(json!([{"key": "DocumentNumber", "isValid": false}])));
            return Value::Object(document);
        }
        let validations: Vec<Value> = OCR_KEYS.iter().map(|key| json!({"key": key, "isValid": true})).collect();
        put(&mut document, "ocrValidations", Some(Value::Array(validations)));
        document.extend(object(json!({
            "fullName": format!("{} {}", self.first_name, self.last_name), "firstName": self.first_name,
            "lastName": self.last_name, "documentNumber": "X0000000", "dateOfIssue": "2020-01-01",
            "dateOfExpiration": "2030-01-01", "dateOfBirth": "1990-01-01", "personalCode": "00000000000",
            "nationalityIso3": "LTU", "countryIso3": "LTU", "gender": "Female", "category": "B",
        })));
        Value::Object(document)
    }

    fn face(&self) -> Value {
        let [_, _, face, enrollment] = &self.files;
        let whole = self.reading == Reading::Whole;
        let files: Vec<Value> = whole.then(|| self.file(face, "face", None)).into_iter().collect();
        json!({"enrollmentId": enrollment, "ageEstimation": "Age30AndOver", "files": files})
    }

    fn file(&self, id: &str, name: &str, part: Option<&str>) -> Value {
        let mut file = object(json!({
            "createdUtc": self.created, "fileId": id, "fileName": format!("{name}.jpeg"), "fileExtension": "jpeg",
            "fileType": if part.is_some() { "DocumentPhoto" } else { "FacePhoto" },
        }));
        put(&mut file, "part", part.map(|part| json!(part)));
        Value::Object(file)
    }

    fn rules(&self) -> Value {
        let failed = self.reading == Reading::Photographs;
        let status = |name: &str| {
            if failed && name == "SelfieAndDocumentFacesMatch" { "Fail" } else { "Success" }
        };
        let mut rules: Vec<Value> = RULES.iter().map(|name| json!({"name": name, "status": status(name)})).collect();
        if failed {
            rules.push(json!({"name": "SuccessfulPassiveLivenessCheck", "status": "Unavailable"}));
        }
        Value::Array(rules)
    }

    /// `GET kyc …/setup`.
    pub(crate) fn setup_shown(&self) -> Value {
        json!({
            "id": STEP_SETUP, "versionId": STEP_SETUP_VERSION, "applicationId": self.application_id, "isDisabled": false,
            "document": {"enabled": true, "types": [
                {"name": "IdCard", "parts": [{"name": "Front"}, {"name": "Back"}]},
                {"name": "Passport", "parts": [{"name": "DataPage"}]}]},
            "face": {"enabled": true, "activeLivenessEnabled": true, "passiveLivenessEnabled": false},
            "resultsWaiting": {"enabled": true, "autoCompleteSkip": false},
            "additionalDocument": {"enabled": false, "types": []},
        })
    }
}
