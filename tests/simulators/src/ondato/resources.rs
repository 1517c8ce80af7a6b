//! The resources of Ondato and how a GET shows each: field for field as the fixtures.
//!
//! All personal data is invented. Members that Ondato leaves out are left out, not null.

use serde_json::{Map, Value, json};

use super::settings::Application;
use crate::chance;

/// Setups of the steps; one each is enough here.
const STEP_SETUP: &str = "6082aec5-913d-4f70-b2b4-5d6e7f809108";
const STEP_SETUP_VERSION: &str = "7193bfd6-a24e-4081-83c5-6e7f8091a209";
const IDV_SETUP_VERSION: &str = "5f719db4-802c-4e6f-a1a3-4c5d6e7f8007";
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

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdvStatus {
    Pending,
    InProgress,
    Suspended,
    Completed,
    Aborted,
    Expired,
}

impl IdvStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Suspended => "Suspended",
            Self::Completed => "Completed",
            Self::Aborted => "Aborted",
            Self::Expired => "Expired",
        }
    }
}

#[derive(Clone)]
pub(crate) struct Consent {
    pub(crate) given: bool,
    pub(crate) at: Option<String>,
}

#[derive(Clone)]
pub(crate) struct Redaction {
    pub(crate) client_id: String,
    pub(crate) created: String,
    pub(crate) completed: Option<String>,
    pub(crate) scope: Value,
}

#[derive(Clone)]
pub(crate) struct Idv {
    pub(crate) id: String,
    pub(crate) application: Application,
    pub(crate) created: String,
    pub(crate) modified: String,
    pub(crate) status: IdvStatus,
    pub(crate) status_reason: Option<String>,
    pub(crate) external_reference: Option<Value>,
    pub(crate) registration: Option<Value>,
    pub(crate) representative: Option<Value>,
    pub(crate) consent: Option<Consent>,
    pub(crate) kyc: Option<String>,
    pub(crate) earlier_kyc: Vec<String>,
    pub(crate) kyc_success: Option<bool>,
    pub(crate) kyb: Option<String>,
    pub(crate) forms: Vec<String>,
    pub(crate) localisations: Option<(String, Value)>,
    pub(crate) redaction: Option<Redaction>,
}

impl Idv {
    pub(crate) fn new(application: &Application, request: &Value, now: String) -> Self {
        let given = |member: &str| {
            request
                .get(member)
                .filter(|value| !value.is_null())
                .cloned()
        };
        Self {
            id: chance::uuid(),
            application: application.clone(),
            created: now.clone(),
            modified: now,
            status: IdvStatus::Pending,
            status_reason: None,
            external_reference: given("externalReferenceId"),
            registration: given("registration"),
            representative: given("representativeId"),
            consent: None,
            kyc: None,
            earlier_kyc: Vec::new(),
            kyc_success: None,
            kyb: None,
            forms: Vec::new(),
            localisations: None,
            redaction: None,
        }
    }

    pub(crate) fn shown(&self) -> Value {
        let mut setup =
            object(json!({"id": self.application.setup_id, "versionId": IDV_SETUP_VERSION}));
        put(
            &mut setup,
            "overrideId",
            self.localisations.as_ref().map(|(id, _)| json!(id)),
        );
        let mut shown = object(json!({
            "id": self.id, "applicationId": self.application.application_id, "createdUtc": self.created,
            "modifiedUtc": self.modified, "status": self.status.name(), "setup": setup, "step": self.steps(),
        }));
        put(
            &mut shown,
            "externalReferenceId",
            self.external_reference.clone(),
        );
        put(
            &mut shown,
            "statusReason",
            self.status_reason.as_ref().map(|reason| json!(reason)),
        );
        put(&mut shown, "representativeId", self.representative.clone());
        match &self.redaction {
            Some(redaction) => put(&mut shown, "redaction", Some(redaction.shown())),
            None => put(&mut shown, "registration", self.registration.clone()),
        }
        Value::Object(shown)
    }

    fn steps(&self) -> Value {
        let mut steps = Map::new();
        let consent = self
            .consent
            .as_ref()
            .filter(|_| self.redaction.is_none())
            .map(|consent| {
                let mut shown = object(json!({"isConsented": consent.given}));
                put(
                    &mut shown,
                    "consentedUtc",
                    consent.at.as_ref().map(|at| json!(at)),
                );
                Value::Object(shown)
            });
        put(&mut steps, "consent", consent);
        let kyc = self.kyc.as_ref().map(|id| {
            let mut shown = object(json!({"id": id}));
            put(&mut shown, "isSuccess", self.kyc_success.map(Value::Bool));
            Value::Object(shown)
        });
        put(&mut steps, "kycIdentification", kyc);
        put(
            &mut steps,
            "kybIdentification",
            self.kyb.as_ref().map(|id| json!({"id": id})),
        );
        let forms: Vec<Value> = self.forms.iter().map(|id| json!({"id": id})).collect();
        put(
            &mut steps,
            "forms",
            (!forms.is_empty()).then_some(Value::Array(forms)),
        );
        Value::Object(steps)
    }

    /// `GET …/setup`: the setup in force, with the localisations put for this IDV alone.
    pub(crate) fn setup_shown(&self, base_url: &str) -> Value {
        let localisations = self
            .localisations
            .as_ref()
            .and_then(|(_, body)| body.get("localisationSettings"))
            .cloned();
        let own = json!([{"successRedirectUrl": "https://www.example.com", "pageTitle": "Identity check"}]);
        json!({
            "id": self.application.setup_id, "versionId": IDV_SETUP_VERSION,
            "applicationId": self.application.application_id,
            "createdUtc": self.created, "modifiedUtc": self.created, "isDisabled": false, "name": "Example IDV setup",
            "webAppSetting": {"baseUrl": base_url, "localisationSettings": localisations.unwrap_or(own)},
            "omnichannel": {"enabled": false, "appStoreEnabled": false, "restrictToSameIpAddress": false, "onlyMobileEnabled": false},
            "sessionScreenRecording": {"enabled": false},
            "steps": [{"type": "KycIdentification", "order": 1, "setupId": STEP_SETUP}, {"type": "Consent", "order": 0}],
        })
    }
}

impl Redaction {
    fn shown(&self) -> Value {
        let mut shown = object(json!({
            "clientId": self.client_id, "createdUtc": self.created, "scope": self.scope, "source": "OnDemand",
            "status": if self.completed.is_some() { "Completed" } else { "InProgress" },
        }));
        put(
            &mut shown,
            "completedUtc",
            self.completed.as_ref().map(|at| json!(at)),
        );
        Value::Object(shown)
    }
}

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
            let given = idv
                .registration
                .as_ref()
                .and_then(|registration| registration.get(member)?.as_str());
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
            put(
                &mut shown,
                "document",
                Some(self.document()).filter(|_| !self.redacted),
            );
            put(&mut shown, "rules", Some(self.rules()));
            put(&mut shown, "registries", Some(json!([])));
            put(&mut shown, "fraudChecks", Some(json!([])));
        }
        if let Some(decision) = &self.decision {
            put(&mut shown, "statusReason", Some(json!(decision.reason)));
            put(
                &mut shown,
                "isCrossChecked",
                Some(json!(decision.cross_checked)),
            );
            put(&mut shown, "completedUtc", Some(json!(decision.at)));
            put(
                &mut shown,
                "face",
                Some(self.face()).filter(|_| !self.redacted),
            );
            put(&mut shown, "scores", Some(json!([])));
            put(
                &mut shown,
                "fraudChecks",
                Some(json!([{"name": "DocumentManipulation", "status": "Success"}])),
            );
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
            put(
                &mut document,
                "ocrValidations",
                Some(json!([{"key": "DocumentNumber", "isValid": false}])),
            );
            return Value::Object(document);
        }
        let validations: Vec<Value> = OCR_KEYS
            .iter()
            .map(|key| json!({"key": key, "isValid": true}))
            .collect();
        put(
            &mut document,
            "ocrValidations",
            Some(Value::Array(validations)),
        );
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
        let files: Vec<Value> = whole
            .then(|| self.file(face, "face", None))
            .into_iter()
            .collect();
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
            if failed && name == "SelfieAndDocumentFacesMatch" {
                "Fail"
            } else {
                "Success"
            }
        };
        let mut rules: Vec<Value> = RULES
            .iter()
            .map(|name| json!({"name": name, "status": status(name)}))
            .collect();
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

/// A company's identification. Its inner members are documented nowhere; these are the fixtures' placeholders.
#[derive(Clone)]
pub(crate) struct Kyb {
    pub(crate) id: String,
    pub(crate) idv: String,
    pub(crate) application_id: String,
    pub(crate) created: String,
    pub(crate) status: &'static str,
    pub(crate) representative: String,
}

impl Kyb {
    pub(crate) fn shown(&self) -> Value {
        json!({
            "id": self.id, "applicationId": self.application_id, "createdUtc": self.created,
            "setup": {"id": STEP_SETUP, "versionId": STEP_SETUP_VERSION},
            "identityVerificationId": self.idv, "status": self.status,
            "company": {"name": "Example UAB", "registrationCode": "000000000", "countryIso3": "LTU"},
            "representatives": [{"id": self.representative, "firstName": "Jane", "lastName": "Example", "kycStatus": self.status}],
        })
    }
}

#[derive(Clone)]
pub(crate) struct CompanyDocument {
    pub(crate) id: String,
    pub(crate) kyb: String,
    pub(crate) application_id: String,
    pub(crate) created: String,
    pub(crate) status: &'static str,
    pub(crate) file: Option<String>,
}

impl CompanyDocument {
    pub(crate) fn shown(&self) -> Value {
        let mut shown = object(json!({
            "id": self.id, "kybIdentificationId": self.kyb, "applicationId": self.application_id,
            "createdUtc": self.created, "status": self.status,
        }));
        let files = self.file.as_ref().map(|id| json!([{"fileId": id, "fileName": "registry-extract.pdf", "fileExtension": "pdf"}]));
        put(&mut shown, "files", files);
        Value::Object(shown)
    }
}

#[derive(Clone)]
pub(crate) struct Form {
    pub(crate) id: String,
    pub(crate) idv: String,
    pub(crate) application_id: String,
    pub(crate) created: String,
    pub(crate) status: &'static str,
}

impl Form {
    pub(crate) fn shown(&self) -> Value {
        json!({
            "id": self.id, "applicationId": self.application_id, "setup": {"id": STEP_SETUP, "versionId": STEP_SETUP_VERSION},
            "createdUtc": self.created, "identityVerificationId": self.idv, "status": self.status,
        })
    }
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value {
        map
    } else {
        Map::new()
    }
}

fn put(map: &mut Map<String, Value>, member: &str, value: Option<Value>) {
    if let Some(value) = value {
        map.insert(member.to_owned(), value);
    }
}
