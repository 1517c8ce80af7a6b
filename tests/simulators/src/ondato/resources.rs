//! The resources of Ondato and how a GET shows each: field for field as the fixtures.
//!
//! All personal data is invented. Members that Ondato leaves out are left out, not null. Here: what the company
//! flow has, and what all have in common; `idv` and `kyc` hold the two large ones.

use serde_json::{Map, Value, json};

/// Setups of the steps; one each is enough here.
pub(super) const STEP_SETUP: &str = "6082aec5-913d-4f70-b2b4-5d6e7f809108";
pub(super) const STEP_SETUP_VERSION: &str = "7193bfd6-a24e-4081-83c5-6e7f8091a209";

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
        let files = self
            .file
            .as_ref()
            .map(|id| json!([{"fileId": id, "fileName": "registry-extract.pdf", "fileExtension": "pdf"}]));
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
    if let Value::Object(map) = value { map } else { Map::new() }
}

pub(super) fn put(map: &mut Map<String, Value>, member: &str, value: Option<Value>) {
    if let Some(value) = value {
        map.insert(member.to_owned(), value);
    }
}
