//! What an app says when it starts an onboarding, checked and turned into the body of
//! `POST /v1/identity-verifications` (topic "KYC integration with UI").
//!
//! `subject` has the names of Ondato's `registration`: personal data to be compared with the document, all optional
//! here; which of them a setup insists on is not documented, a 400 of Ondato then names the field. `phoneNumber` is a
//! JSON *number* there, so `"+370 600 00000"` is turned into one. `options`: `language` of the pages around the flow,
//! `representative_id` for the KYC of a company's representative (read in a public client, not in the documentation).

use serde_json::{Map, Value, json};

use super::id::uuid;
use super::settings::Settings;
use crate::domain::SubjectKind;
use crate::ports::{BadField, Wish};
use crate::providers::fields::{country, is_date, is_email, phone, text, unknown, wrong};

/// Members of `registration`, and of `subject`.
pub(super) const FIELDS: [&str; 8] =
    ["email", "firstName", "middleName", "lastName", "dateOfBirth", "personalCode", "phoneNumber", "countryCode"];

/// Lengths are not documented; more than this is no name.
const LONGEST: usize = 200;

/// A checked wish.
pub(super) struct Order {
    pub(super) body: Value,
    pub(super) language: Option<String>,
}

pub(super) fn order(wish: &Wish, settings: &Settings) -> Result<Order, Vec<BadField>> {
    let mut bad = Vec::new();
    let registration = registration(&wish.subject, &mut bad);
    let language = option(wish, "language", "must be a language, such as en-GB", language, &mut bad);
    let representative = option(wish, "representative_id", "must be a UUID", uuid, &mut bad);
    unknown("options", &wish.options, &["language", "representative_id"], &mut bad);
    let setup = match wish.kind {
        SubjectKind::Individual => Some(&settings.setup),
        SubjectKind::Company => settings.kyb_setup.as_ref(),
    };
    let Some(setup) = setup.filter(|_| bad.is_empty()) else {
        if setup.is_none() {
            bad.push(wrong("subject.kind", "companies need kyb_setup_id in this connection's settings"));
        }
        return Err(bad);
    };
    let mut body = json!({"setupId": setup.as_str(), "externalReferenceId": wish.onboarding.as_str()});
    if !registration.is_empty() {
        insert(&mut body, "registration", Value::Object(registration));
    }
    if let Some(representative) = representative {
        insert(&mut body, "representativeId", Value::from(representative.as_str()));
    }
    Ok(Order { body, language })
}

fn insert(body: &mut Value, name: &str, value: Value) {
    if let Some(members) = body.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn option<T>(wish: &Wish, name: &str, rule: &str, read: fn(&str) -> Option<T>, bad: &mut Vec<BadField>) -> Option<T> {
    let value = wish.options.get(name).filter(|value| !value.is_null())?;
    let read = value.as_str().and_then(read);
    if read.is_none() {
        bad.push(wrong(format!("options.{name}"), rule));
    }
    read
}

/// `kind` is the gateway's own member and no field of Ondato's.
fn registration(subject: &Map<String, Value>, bad: &mut Vec<BadField>) -> Map<String, Value> {
    let mut registration = Map::new();
    for (name, value) in subject.iter().filter(|(name, value)| *name != "kind" && !value.is_null()) {
        let read = match name.as_str() {
            "email" => text(value, is_email).ok_or("must be an e-mail address"),
            "firstName" | "middleName" | "lastName" | "personalCode" => {
                text(value, |text| text.chars().count() <= LONGEST).ok_or("must be a text of 1 to 200 characters")
            }
            "dateOfBirth" => text(value, is_date).ok_or("must be a date as YYYY-MM-DD"),
            "phoneNumber" => phone(value)
                .and_then(|digits| digits.parse::<u64>().ok())
                .map(Value::from)
                .ok_or("must be an international phone number, such as +37060000000"),
            "countryCode" => country(value).ok_or("must be two letters (ISO 3166 alpha-2)"),
            _ => Err("is not known here"),
        };
        match read {
            Ok(read) => {
                registration.insert(name.clone(), read);
            }
            Err(rule) => bad.push(wrong(format!("subject.{name}"), rule)),
        }
    }
    registration
}

/// A language tag of RFC 5646 in the parts that occur: `lt`, `en-GB`, `zh-Hans-CN`.
pub(super) fn language(text: &str) -> Option<String> {
    let mut parts = text.split('-');
    let first =
        parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()));
    let rest = parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    (first && rest && text.len() <= 35).then(|| text.to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    fn registered(subject: &Value) -> Result<Value, Vec<String>> {
        let mut bad = Vec::new();
        let registration = registration(subject.as_object().unwrap(), &mut bad);
        if bad.is_empty() {
            Ok(Value::Object(registration))
        } else {
            Err(bad.into_iter().map(|bad| bad.field).collect())
        }
    }

    #[test]
    fn a_phone_number_becomes_a_number() {
        for written in [
            json!("+37060000000"),
            json!("+370 600 00000"),
            json!("0037060000000"),
            json!("370-600-00000"),
            json!(37_060_000_000_u64),
        ] {
            assert_eq!(registered(&json!({"phoneNumber": written})), Ok(json!({"phoneNumber": 37_060_000_000_u64})));
        }
        for written in [
            json!("060000000"),
            json!("+"),
            json!("12345"),
            json!("1234567890123456"),
            json!(-5),
            json!(1.5),
            json!("٣٧٠٦٠٠٠٠٠٠٠"),
        ] {
            assert!(registered(&json!({"phoneNumber": written})).is_err(), "{written}");
        }
    }

    #[test]
    fn every_wrong_field_is_named_and_no_value() {
        let subject = json!({"email": "jane", "firstName": "", "lastName": 7, "dateOfBirth": "1.1.1990", "countryCode": "LTU",
            "phone": "x", "middleName": null, "kind": "individual"});
        let mut fields = registered(&subject).unwrap_err();
        fields.sort();
        assert_eq!(
            fields,
            [
                "subject.countryCode",
                "subject.dateOfBirth",
                "subject.email",
                "subject.firstName",
                "subject.lastName",
                "subject.phone",
            ]
        );
    }

    #[test]
    fn languages() {
        for good in ["lt", "en-GB", "zh-Hans-CN"] {
            assert_eq!(language(good).as_deref(), Some(good));
        }
        for bad in ["", "e", "english", "en_GB", "en-", "en-G", "en GB"] {
            assert_eq!(language(bad), None, "{bad}");
        }
    }
}
