//! Whether the fields of a person's own copy can stand where they stand. The proof does not bind names of fields (fact
//! sheet §7.3): whoever re-encrypts a copy can exchange values of one predicate and leave out what stands there twice.
//!
//! | predicate | what is held against an exchange |
//! | --- | --- |
//! | `aux:date` | birth, issue and expiry are in that order, birth and issue have passed, and the birth is there |
//! | `aux:ISO_3166-1_alpha-2` | two capitals |
//! | `xsd:string` | names, places, numbers, e-mail, phone, kinds and files each have their own form |
//!
//! What cannot be seen: values of one form in each other's place, such as first name and family name, or nationality and
//! country of residence. So this is a second look, never an assurance: a tenant who needs one lets issuers share.

use std::time::Duration;

use super::contexts::Subject;
use super::opened::Members;
use crate::domain::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const LIFETIME: Duration = Duration::from_secs(130 * 366 * 24 * 60 * 60);
const DOCUMENTS: [&str; 7] =
    ["PASSPORT", "DRIVERS", "ID_CARD", "VOTING_CARD", "PAN_CARD", "INTERNAL_PASSPORT", "RESIDENCE_PERMIT"];
const GENDERS: [&str; 3] = ["M", "F", "OTHER"];

pub(super) fn is_plausible(context: Subject, subject: &Members, now: Timestamp) -> bool {
    match context {
        // one field: there is nothing to exchange
        Subject::Face => subject.get("faceSignUserId").is_some(),
        Subject::First | Subject::Second => {
            let named = ["firstName", "familyName"].iter().any(|name| subject.get(name).is_some());
            let fits =
                |(member, value): (&str, &super::opened::Node)| value.text().is_some_and(|text| has_form(member, text));
            named && subject.iter().all(fits) && are_in_order(subject, now)
        }
    }
}

/// The form of a member, as far as it has one.
fn has_form(member: &str, text: &str) -> bool {
    match member {
        "firstName"
        | "middleName"
        | "familyName"
        | "maidenName"
        | "placeOfBirth"
        | "residentialAddressCity"
        | "residentialAddressRegion" => is_name(text),
        "gender" => GENDERS.contains(&text),
        "nationality" | "residentialAddressCountry" | "idDocumentCountry" => {
            text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
        }
        "email" => text.contains('@') && is_short(text),
        "phoneNumber" => {
            text.strip_prefix('+').is_some_and(|digits| (6..=15).contains(&digits.len()) && are_digits(digits))
        }
        "ssn" => text.len() == 9 && are_digits(text),
        "idDocumentNumber" => is_number(text),
        "idDocumentType" => DOCUMENTS.contains(&text),
        "idDocumentFrontFile" | "idDocumentBackFile" | "selfieFile" | "residentialAddressProofFile" => is_file(text),
        "residentialAddressProofCategory" => {
            is_short(text) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        }
        "dateOfBirth" | "idDocumentDateOfIssue" | "idDocumentDateOfExpiry" | "residentialAddressProofDateOfIssue" => {
            date(text).is_some()
        }
        // addresses and ids of other systems have no form of their own, but no member but files is a file
        _ => !is_file(text) && text.len() <= 256,
    }
}

fn are_in_order(subject: &Members, now: Timestamp) -> bool {
    let at = |member| subject.text(member).and_then(date);
    let Some(birth) = at("dateOfBirth") else { return false };
    let issue = at("idDocumentDateOfIssue");
    let expiry = at("idDocumentDateOfExpiry");
    let passed = |moment: Timestamp| moment <= now + DAY;
    let after = |earlier: Timestamp, later: Option<Timestamp>| later.is_none_or(|later| earlier < later);
    birth < now
        && now.since(birth) < LIFETIME
        && after(birth, issue)
        && after(birth, expiry)
        && issue.is_none_or(|issue| passed(issue) && after(issue, expiry))
        && at("residentialAddressProofDateOfIssue").is_none_or(|proof| birth < proof && passed(proof))
}

/// ISO 8601, with or without a time.
fn date(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")))
}

/// Of persons and places: letters, and no digits or signs of other fields.
fn is_name(text: &str) -> bool {
    let foreign = |c: char| c.is_numeric() || c.is_control() || matches!(c, '@' | '_' | '+' | '<' | '>' | '~');
    is_short(text) && text.chars().any(char::is_alphabetic) && !text.contains(foreign)
}

/// Of a document: a digit at least, and nothing but letters, digits and what divides them.
fn is_number(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/' | b'.' | b' ');
    (4..=32).contains(&text.len()) && text.bytes().all(fits) && text.bytes().any(|byte| byte.is_ascii_digit())
}

fn is_file(text: &str) -> bool {
    text.starts_with("<~") && text.ends_with("~>")
}

fn is_short(text: &str) -> bool {
    !text.is_empty() && text.len() <= 256
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

    use serde_json::{Value, json};

    use super::super::opened::Opened;
    use super::super::tests::{NOW, fixture};
    use super::*;

    fn plausible(subject: &Value, context: Subject) -> bool {
        let members = Opened::from(subject.to_string().into_bytes()).read().unwrap();
        let now = Timestamp::parse(NOW).unwrap();
        // as in a document that was read: no context and id among the fields
        is_plausible(context, &members, now)
    }

    fn subject(name: &str) -> Value {
        fixture(name)["credentialSubject"].clone()
    }

    #[test]
    fn the_fixtures_are_told_apart() {
        assert!(plausible(&subject("credential.plaintext.signed"), Subject::Second));
        assert!(!plausible(&subject("credential.plaintext.fields-swapped.still-verifies"), Subject::Second));
        assert!(plausible(&json!({"faceSignUserId": "b7"}), Subject::Face));
        assert!(!plausible(&json!({}), Subject::Face));
    }

    #[test]
    fn exchanges_are_seen_as_far_as_they_can_be() {
        let good = subject("credential.plaintext.signed");
        for (one, other, seen) in [
            ("idDocumentNumber", "placeOfBirth", true),
            ("dateOfBirth", "idDocumentDateOfIssue", true),
            ("dateOfBirth", "idDocumentDateOfExpiry", true),
            ("idDocumentDateOfIssue", "idDocumentDateOfExpiry", true),
            ("firstName", "email", true),
            ("familyName", "phoneNumber", true),
            ("gender", "middleName", true),
            ("idDocumentType", "firstName", true),
            ("idDocumentCountry", "familyName", true),
            ("selfieFile", "residentialAddressStreet", true),
            ("residentialAddressProofCategory", "email", true),
            ("firstName", "familyName", false),
            ("nationality", "residentialAddressCountry", false),
        ] {
            let mut changed = good.clone();
            (changed[one], changed[other]) = (good[other].clone(), good[one].clone());
            assert_eq!(plausible(&changed, Subject::Second), !seen, "{one} {other}");
        }
    }

    #[test]
    fn dates_and_forms_are_held() {
        let good = subject("credential.plaintext.signed");
        for (member, value, fits) in [
            ("dateOfBirth", json!("1990-05-17"), true),
            ("dateOfBirth", json!("17.05.1990"), false),
            ("dateOfBirth", json!("2027-05-17T00:00:00.000Z"), false),
            ("dateOfBirth", json!("1870-05-17T00:00:00.000Z"), false),
            ("idDocumentDateOfIssue", json!("2026-12-24T00:00:00.000Z"), false),
            ("idDocumentDateOfExpiry", json!("2021-02-03T00:00:00.000Z"), false),
            ("residentialAddressProofDateOfIssue", json!("2027-12-01T00:00:00.000Z"), false),
            ("idDocumentNumber", json!("L01X00T47"), true),
            ("idDocumentNumber", json!("AB 123/45-6"), true),
            ("idDocumentNumber", json!("Musterstadt"), false),
            ("idDocumentNumber", json!("123"), false),
            ("ssn", json!("123456789"), true),
            ("ssn", json!("12345678"), false),
            ("firstName", json!("Zoë-Anne d'Arc"), true),
            ("firstName", json!("李"), true),
            ("firstName", json!(""), false),
            ("firstName", json!("R2"), false),
            ("nationality", json!("de"), false),
            ("residentialAddressHouseNumber", json!("7b"), true),
            ("residentialAddressStreet", json!("<~F(K0\"~>"), false),
        ] {
            let mut changed = good.clone();
            changed[member] = value.clone();
            assert_eq!(plausible(&changed, Subject::Second), fits, "{member} {value}");
        }
        for (gone, fits) in [
            (&["dateOfBirth"][..], false),
            (&["firstName"], true),
            (&["firstName", "familyName"], false),
            (&["idDocumentDateOfIssue"], true),
        ] {
            let mut changed = good.clone();
            gone.iter().for_each(|member| drop(changed.as_object_mut().unwrap().remove(*member)));
            assert_eq!(plausible(&changed, Subject::Second), fits, "{gone:?}");
        }
    }
}
