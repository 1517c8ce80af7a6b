//! What an app says of a person, checked and turned into the body of `POST` and `PUT /applicants` (OpenAPI
//! description). The names are Onfido's own; a member that is null counts as left out.
//!
//! Names may not hold some characters, countries have three letters (one example of Onfido's own shows two), an address
//! in the USA needs its state: what Onfido would refuse is refused here, with the field, before anything is made.
//! Lengths are not documented; more than 200 characters is no name.

use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::ports::BadField;
use crate::providers::fields::{is_date, is_email, text, unknown, wrong};

/// Members of an applicant, and of `subject`.
pub(super) const FIELDS: [&str; 9] =
    ["first_name", "last_name", "email", "dob", "phone_number", "id_numbers", "address", "location", "consents"];
const REQUIRED: [&str; 2] = ["first_name", "last_name"];

const NOT_IN_NAMES: &str = "!#$%*=<>;{}\"";
const NOT_IN_LINES: &str = "!$%^*=<>";
const LONGEST: usize = 200;

const ADDRESS: [&str; 12] = [
    "flat_number",
    "building_number",
    "building_name",
    "street",
    "sub_street",
    "town",
    "state",
    "postcode",
    "country",
    "line1",
    "line2",
    "line3",
];
const ID_NUMBERS: [&str; 10] = [
    "ssn",
    "social_insurance",
    "tax_id",
    "identity_card",
    "driving_license",
    "driving_licence",
    "share_code",
    "voter_id",
    "passport",
    "other",
];
const CONSENTS: [&str; 3] = ["privacy_notices_read", "ssn_verification", "phone_number_verification"];

const COUNTRY: &str = "must be three letters (ISO 3166 alpha-3), such as GBR";

/// The body of an applicant, every fault of it told. `whole`: one that is not there yet.
pub(super) fn applicant(subject: &Map<String, Value>, whole: bool, bad: &mut Vec<BadField>) -> Map<String, Value> {
    let given = given(subject);
    if whole {
        let missing = REQUIRED.into_iter().filter(|name| !given.contains_key(*name));
        bad.extend(missing.map(|name| wrong(format!("subject.{name}"), "is missing")));
    }
    let known: Vec<&str> = FIELDS.into_iter().chain(["kind"]).collect();
    unknown("subject", &given, &known, bad);
    members("subject", &FIELDS, &given, bad)
}

/// Those of these members that are there, every fault of them told.
pub(super) fn members(
    place: &str,
    names: &[&str],
    given: &Map<String, Value>,
    bad: &mut Vec<BadField>,
) -> Map<String, Value> {
    let mut body = Map::new();
    for name in names {
        let Some(value) = given.get(*name).filter(|value| !value.is_null()) else { continue };
        let at = format!("{place}.{name}");
        let read = match *name {
            "address" => inner(&at, value, bad, address),
            "location" => inner(&at, value, bad, location),
            "id_numbers" => rows(&at, value, bad, id_number),
            "consents" => rows(&at, value, bad, consent),
            _ => field(name, value).map_err(|rule| bad.push(wrong(at, rule))).ok(),
        };
        body.extend(read.map(|value| ((*name).to_owned(), value)));
    }
    body
}

fn field(name: &str, value: &Value) -> Result<Value, &'static str> {
    match name {
        "email" => text(value, is_email).ok_or("must be an e-mail address"),
        "dob" => text(value, is_date).ok_or("must be a date as YYYY-MM-DD"),
        "first_name" | "last_name" => text(value, |text| fits(text) && !text.contains(|c| NOT_IN_NAMES.contains(c)))
            .ok_or("must be a text of 1 to 200 characters without any of ! # $ % * = < > ; { } \""),
        "line1" | "line2" | "line3" => text(value, |text| fits(text) && !text.contains(|c| NOT_IN_LINES.contains(c)))
            .ok_or("must be a text of 1 to 200 characters without any of ! $ % ^ * = < >"),
        "country" | "country_of_residence" => country(value).ok_or(COUNTRY),
        "ip_address" => text(value, |text| text.parse::<IpAddr>().is_ok()).ok_or("must be an IP address"),
        _ => text(value, fits).ok_or("must be a text of 1 to 200 characters"),
    }
}

fn fits(text: &str) -> bool {
    text.chars().count() <= LONGEST
}

/// Three letters, in capitals.
fn country(value: &Value) -> Option<Value> {
    let code = value.as_str().filter(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
    Some(Value::from(code.to_ascii_uppercase()))
}

type Inner = fn(&str, &Map<String, Value>, &mut Vec<BadField>) -> Map<String, Value>;

fn inner(place: &str, value: &Value, bad: &mut Vec<BadField>, read: Inner) -> Option<Value> {
    let Some(members) = value.as_object() else {
        bad.push(wrong(place, "must be an object"));
        return None;
    };
    Some(Value::Object(read(place, &given(members), bad)))
}

fn rows(place: &str, value: &Value, bad: &mut Vec<BadField>, read: Inner) -> Option<Value> {
    let Some(rows) = value.as_array() else {
        bad.push(wrong(place, "must be a list"));
        return None;
    };
    let read = rows.iter().enumerate().filter_map(|(at, row)| inner(&format!("{place}[{at}]"), row, bad, read));
    Some(read.collect())
}

fn address(place: &str, given: &Map<String, Value>, bad: &mut Vec<BadField>) -> Map<String, Value> {
    unknown(place, given, &ADDRESS, bad);
    missing(place, &["postcode", "country"], given, bad);
    let mut address = members_of(place, &ADDRESS, given, bad);
    if address.get("country").and_then(Value::as_str) == Some("USA") {
        let state = address.get("state").and_then(Value::as_str).map(str::to_ascii_uppercase);
        match state.filter(|state| state.len() == 2 && state.bytes().all(|byte| byte.is_ascii_uppercase())) {
            Some(state) => drop(address.insert("state".to_owned(), Value::from(state))),
            None => bad.push(wrong(format!("{place}.state"), "must be two letters (USPS), such as CA, in the USA")),
        }
    }
    address
}

fn location(place: &str, given: &Map<String, Value>, bad: &mut Vec<BadField>) -> Map<String, Value> {
    const NAMES: [&str; 2] = ["ip_address", "country_of_residence"];
    unknown(place, given, &NAMES, bad);
    members_of(place, &NAMES, given, bad)
}

fn id_number(place: &str, given: &Map<String, Value>, bad: &mut Vec<BadField>) -> Map<String, Value> {
    const NAMES: [&str; 3] = ["type", "value", "state_code"];
    unknown(place, given, &NAMES, bad);
    missing(place, &["type", "value"], given, bad);
    if given.get("type").is_some_and(|kind| !kind.as_str().is_some_and(|kind| ID_NUMBERS.contains(&kind))) {
        bad.push(wrong(format!("{place}.type"), &format!("must be one of {}", ID_NUMBERS.join(", "))));
    }
    members_of(place, &NAMES, given, bad)
}

fn consent(place: &str, given: &Map<String, Value>, bad: &mut Vec<BadField>) -> Map<String, Value> {
    unknown(place, given, &["name", "granted"], bad);
    missing(place, &["name", "granted"], given, bad);
    if given.get("name").is_some_and(|name| !name.as_str().is_some_and(|name| CONSENTS.contains(&name))) {
        bad.push(wrong(format!("{place}.name"), &format!("must be one of {}", CONSENTS.join(", "))));
    }
    if given.get("granted").is_some_and(|granted| !granted.is_boolean()) {
        bad.push(wrong(format!("{place}.granted"), "must be true or false"));
    }
    given.clone()
}

fn members_of(place: &str, names: &[&str], given: &Map<String, Value>, bad: &mut Vec<BadField>) -> Map<String, Value> {
    let mut read = Map::new();
    for (name, value) in names.iter().filter_map(|name| Some((*name, given.get(*name)?))) {
        match field(name, value) {
            Ok(value) => drop(read.insert(name.to_owned(), value)),
            Err(rule) => bad.push(wrong(format!("{place}.{name}"), rule)),
        }
    }
    read
}

fn missing(place: &str, names: &[&str], given: &Map<String, Value>, bad: &mut Vec<BadField>) {
    let missing = names.iter().filter(|name| !given.contains_key(**name));
    bad.extend(missing.map(|name| wrong(format!("{place}.{name}"), "is missing")));
}

pub(super) fn given(members: &Map<String, Value>) -> Map<String, Value> {
    let given = members.iter().filter(|(_, value)| !value.is_null());
    given.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(subject: &Value, whole: bool) -> Vec<String> {
        let mut bad = Vec::new();
        applicant(subject.as_object().unwrap(), whole, &mut bad);
        let mut fields: Vec<String> = bad.into_iter().map(|bad| bad.field).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    #[test]
    fn the_whole_form_is_taken_as_it_is() {
        let whole = json!({
            "kind": "individual", "first_name": "Ada", "last_name": "O'Example-Smith", "dob": "1990-01-31",
            "email": "ada@example.com", "phone_number": "+447700900123",
            "id_numbers": [{"type": "ssn", "value": "433-54-3937"}],
            "address": {"street": "Main Street", "postcode": "S2 2DF", "country": "gbr", "state": null},
            "location": {"ip_address": "203.0.113.10", "country_of_residence": "GBR"},
            "consents": [{"name": "privacy_notices_read", "granted": true}],
        });
        let mut bad = Vec::new();
        let body = applicant(whole.as_object().unwrap(), true, &mut bad);
        assert_eq!(bad, []);
        assert_eq!(
            body.get("address").unwrap(),
            &json!({"street": "Main Street", "postcode": "S2 2DF", "country": "GBR"})
        );
        assert_eq!(body.get("kind"), None);
        assert_eq!(body.get("consents"), whole.get("consents"));
    }

    #[test]
    fn what_onfido_would_refuse_has_its_field() {
        assert_eq!(faults(&json!({}), true), ["subject.first_name", "subject.last_name"]);
        assert_eq!(faults(&json!({}), false), Vec::<String>::new());
        for letter in NOT_IN_NAMES.chars() {
            let subject = json!({"first_name": format!("Ada{letter}"), "last_name": "Example"});
            assert_eq!(faults(&subject, true), ["subject.first_name"], "{letter}");
        }
        let subject = json!({
            "first_name": "Ada", "last_name": 7, "email": "ada", "dob": "1990-1-31", "nickname": "A",
            "address": {"country": "US", "line1": "100%", "floor": "3"},
            "location": {"ip_address": "300.0.0.1", "country_of_residence": "GB"},
            "id_numbers": [{"type": "library_card"}, 7], "consents": [{"name": "all", "granted": "true"}],
        });
        assert_eq!(
            faults(&subject, true),
            [
                "subject.address.country",
                "subject.address.floor",
                "subject.address.line1",
                "subject.address.postcode",
                "subject.consents[0].granted",
                "subject.consents[0].name",
                "subject.dob",
                "subject.email",
                "subject.id_numbers[0].type",
                "subject.id_numbers[0].value",
                "subject.id_numbers[1]",
                "subject.last_name",
                "subject.location.country_of_residence",
                "subject.location.ip_address",
                "subject.nickname",
            ]
        );
    }

    #[test]
    fn an_address_in_the_usa_has_its_state() {
        let at = |state: Value| json!({"address": {"postcode": "94103", "country": "USA", "state": state}});
        assert_eq!(faults(&at(json!("ca")), false), Vec::<String>::new());
        for state in [json!(null), json!("California")] {
            assert_eq!(faults(&at(state), false), ["subject.address.state"]);
        }
    }
}
