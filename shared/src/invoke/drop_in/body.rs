//! The bodies, in the other integration's own words, and those words in the provider's.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::domain::{ErrorCode, ProviderId, Reference};

use super::super::answer::Refusal;

macro_rules! body {
    ($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        pub(super) struct $name { $($(#[$of])* pub(super) $field: $type),* }
    };
}

body! {
    /// Who is to be verified: passed on and stored nowhere, but for the reference.
    CreateApplicant {
        first_name: Option<String>,
        last_name: Option<String>,
        dob: Option<String>,
        email: Option<String>,
        phone_number: Option<String>,
        address: Option<Map<String, Value>>,
        id_numbers: Option<Vec<Value>>,
        consents: Option<Vec<Value>>,
        country_of_residence: Option<String>,
        ip_address: Option<String>,
        /// The caller's own id of whom it verifies; the onboarding's own id where there is none.
        reference: Option<Reference>,
        /// The same.
        external_reference: Option<Reference>,
    }
}

body! {
    /// For whom a token is asked.
    GetSdkToken {
        applicant_id: ProviderId,
        /// Taken and not used: where a token may be used is the connection's setting, not the caller's.
        #[serde(rename = "referrer")]
        _referrer: Option<String>,
    }
}

body! {
    /// What is to be checked. The webhook's id is the connection's setting, never the caller's.
    StartCheck {
        applicant_id: ProviderId,
        report_names: Option<Vec<Value>>,
        document_ids: Option<Vec<Value>>,
        privacy_notices_read_consent_given: Option<bool>,
        consents: Option<Vec<Value>>,
        country_of_residence: Option<String>,
        ip_address: Option<String>,
    }
}

impl CreateApplicant {
    pub(super) fn take_reference(&mut self) -> Result<Option<Reference>, Refusal> {
        match (self.reference.take(), self.external_reference.take()) {
            (Some(_), Some(_)) => Err(Refusal::field("externalReference", "give it or reference, not both")),
            (one, other) => Ok(one.or(other)),
        }
    }

    pub(super) fn subject(self) -> Map<String, Value> {
        given(json!({
            "first_name": self.first_name, "last_name": self.last_name, "dob": self.dob, "email": self.email,
            "phone_number": self.phone_number, "address": self.address, "id_numbers": self.id_numbers,
            "consents": self.consents, "location": location(self.country_of_residence, self.ip_address),
        }))
    }
}

impl StartCheck {
    pub(super) fn options(&self) -> Map<String, Value> {
        given(json!({
            "report_names": self.report_names, "document_ids": self.document_ids,
            "privacy_notices_read_consent_given": self.privacy_notices_read_consent_given, "consents": self.consents,
            "location": location(self.country_of_residence.clone(), self.ip_address.clone()),
        }))
    }
}

fn location(country: Option<String>, address: Option<String>) -> Option<Map<String, Value>> {
    let location = given(json!({ "country_of_residence": country, "ip_address": address }));
    Some(location).filter(|location| !location.is_empty())
}

/// The members that there are.
fn given(members: Value) -> Map<String, Value> {
    let Value::Object(members) = members else { return Map::new() };
    members.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// A member that stands twice is refused by the reader. The message may repeat the caller's own value to the caller, and
/// goes nowhere else.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        let named = message.split('`').nth(1).unwrap_or("body");
        let field = if path == "." { named.to_owned() } else { path };
        Refusal::new(ErrorCode::InvalidRequest, message).of_field(field)
    })?;
    json.end().map_err(|_| Refusal::field("body", "has something behind its end"))?;
    Ok(read)
}

/// A field of ours in the caller's word: `subject.location.ip_address` is `ipAddress`.
pub(super) fn named(field: &str) -> String {
    match field {
        "idempotency_key" => return "Idempotency-Key".to_owned(),
        "onboarding_id" => return "applicantId".to_owned(),
        _ => {}
    }
    let ours = ["subject.location.", "options.location.", "subject.", "options."];
    let rest = ours.iter().find_map(|prefix| field.strip_prefix(prefix)).unwrap_or(field);
    // The first word is what the caller wrote; what is below an address or a list is the provider's own.
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    let (word, below) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let mut words = word.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |whole, word| whole + &capital(word)) + below
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

    use super::*;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/fintechos");

    fn fixture<T: DeserializeOwned>(name: &str) -> T {
        read(&std::fs::read(format!("{FOLDER}/{name}.request.proposed.json")).unwrap()).ok().unwrap()
    }

    #[test]
    fn the_proposed_bodies_are_taken_in_the_providers_words() {
        let mut applicant: CreateApplicant = fixture("dcs.create_applicant");
        assert_eq!(applicant.take_reference().ok().unwrap().unwrap().as_str(), "ftos-account-000123");
        assert_eq!(
            Value::Object(applicant.subject()),
            json!({
                "first_name": "Ada", "last_name": "Example", "dob": "1990-01-31", "email": "ada.example@example.com",
                "location": {"country_of_residence": "GBR", "ip_address": "203.0.113.10"},
            })
        );
        let token: GetSdkToken = fixture("dcs.get_sdk_token");
        assert_eq!(token.applicant_id.as_str(), "3b1f6c2e-6d0a-4c55-9a57-0a4e5d2f1001");
        let check: StartCheck = fixture("dcs.start_check");
        assert_eq!(
            Value::Object(check.options()),
            json!({
                "report_names": ["document", "facial_similarity_photo"],
                "document_ids": ["d0c1b2a3-9484-4736-a625-514031228001"],
            })
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let field = |body: &str| {
            let refusal = read::<StartCheck>(body.as_bytes()).err().unwrap();
            refusal.json()["error"]["field"].as_str().unwrap_or_default().to_owned()
        };
        let corpus = [
            ("", "body"),
            ("[]", "body"),
            ("{}", "applicantId"),
            (r#"{"applicantId": ""}"#, "applicantId"),
            (r#"{"applicantId": 1}"#, "applicantId"),
            (r#"{"applicantId": "a", "applicantId": "b"}"#, "applicantId"),
            (r#"{"applicantId": "a", "webhookIds": ["w"]}"#, "webhookIds"),
            (r#"{"applicantId": "a", "reportNames": "document"}"#, "reportNames"),
            (r#"{"applicantId": "a"} {}"#, "body"),
        ];
        for (body, expected) in corpus {
            assert_eq!(field(body), expected, "{body}");
        }
    }

    #[test]
    fn fields_are_named_as_the_caller_names_them() {
        let corpus = [
            ("subject.first_name", "firstName"),
            ("subject.location.ip_address", "ipAddress"),
            ("options.report_names", "reportNames"),
            ("options.report_names[1]", "reportNames[1]"),
            ("subject.address.post_code", "address.post_code"),
            ("options.document_ids", "documentIds"),
            ("idempotency_key", "Idempotency-Key"),
            ("onboarding_id", "applicantId"),
            ("applicantId", "applicantId"),
            ("body", "body"),
        ];
        for (ours, theirs) in corpus {
            assert_eq!(named(ours), theirs);
        }
    }
}
