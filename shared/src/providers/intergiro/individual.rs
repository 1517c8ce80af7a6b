//! What an app says when it starts an onboarding, checked and turned into the body of `POST /v3/individuals`
//! (onboarding page).
//!
//! `subject` has Intergiro's own names. Only "the address is optional" is stated; that all others must be there, and
//! that an address is given whole, is read from that. A member that is null counts as left out: Intergiro refuses
//! nulls and empty texts (specification page). A phone number is sent as digits with the country code and without the
//! plus sign, as in the example. Companies join through Intergiro's own portal; there are no `options`.

use serde_json::{Map, Value};
use url::Url;

use crate::domain::SubjectKind;
use crate::ports::{BadField, Wish};
use crate::providers::fields::{country, is_date, is_email, phone, text, unknown, wrong};

/// Members of an individual, and of `subject`.
pub(super) const FIELDS: [&str; 6] = ["first_name", "last_name", "email", "phone_number", "date_of_birth", "address"];
/// Members of an address.
pub(super) const ADDRESS: [&str; 5] = ["country_code", "street1", "city", "region", "postal_code"];

/// Lengths are not documented; more than this is no name.
const LONGEST: usize = 200;

/// The body of a create call, or every field that is missing or wrong.
pub(super) fn order(wish: &Wish) -> Result<Value, Vec<BadField>> {
    let mut bad = Vec::new();
    if wish.kind == SubjectKind::Company {
        bad.push(wrong("subject.kind", "must be individual: Intergiro onboards companies on its own portal alone"));
    }
    let mut individual = Map::new();
    for name in FIELDS {
        let value = wish.subject.get(name).filter(|value| !value.is_null());
        let read = match (name, value) {
            ("address", None) => continue,
            ("address", Some(address)) => whole_address(address, &mut bad),
            (_, None) => {
                bad.push(wrong(format!("subject.{name}"), "is missing"));
                None
            }
            (_, Some(value)) => {
                field(name, value).map_err(|rule| bad.push(wrong(format!("subject.{name}"), rule))).ok()
            }
        };
        individual.extend(read.map(|value| (name.to_owned(), value)));
    }
    let known: Vec<&str> = FIELDS.into_iter().chain(["kind"]).collect();
    let given: Map<String, Value> = wish
        .subject
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, _)| (name.clone(), Value::Null))
        .collect();
    unknown("subject", &given, &known, &mut bad);
    unknown("options", &wish.options, &[], &mut bad);
    if bad.is_empty() { Ok(Value::Object(individual)) } else { Err(bad) }
}

fn field(name: &str, value: &Value) -> Result<Value, &'static str> {
    match name {
        "email" => text(value, is_email).ok_or("must be an e-mail address"),
        "phone_number" => {
            phone(value).map(Value::from).ok_or("must be an international phone number, such as +46700000000")
        }
        "date_of_birth" => text(value, is_date).ok_or("must be a date as YYYY-MM-DD"),
        "country_code" => country(value).ok_or("must be two letters (ISO 3166 alpha-2)"),
        _ => text(value, |text| text.chars().count() <= LONGEST).ok_or("must be a text of 1 to 200 characters"),
    }
}

fn whole_address(address: &Value, bad: &mut Vec<BadField>) -> Option<Value> {
    let Some(members) = address.as_object() else {
        bad.push(wrong("subject.address", "must be an object"));
        return None;
    };
    let mut whole = Map::new();
    for name in ADDRESS {
        let place = format!("subject.address.{name}");
        match members.get(name).filter(|value| !value.is_null()) {
            None => bad.push(wrong(place, "is missing: an address is given whole or not at all")),
            Some(value) => match field(name, value) {
                Ok(value) => {
                    whole.insert(name.to_owned(), value);
                }
                Err(rule) => bad.push(wrong(place, rule)),
            },
        }
    }
    unknown("subject.address", members, &ADDRESS, bad);
    Some(Value::Object(whole))
}

/// Where the person goes afterwards: required by the onboarding page (assumed, with https). Where the API itself is
/// called without TLS, on one machine, so may be the app.
pub(super) fn way_back(asked: Option<&Url>, usual: Option<&Url>, api: &Url) -> Result<Url, BadField> {
    let url = asked.or(usual).ok_or_else(|| {
        wrong(
            "return_url",
            "is missing: Intergiro's pages need one here, or as return_url in this connection's settings",
        )
    })?;
    if url.scheme() == "https" || url.scheme() == api.scheme() {
        Ok(url.clone())
    } else {
        Err(wrong("return_url", "must be https"))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_way_back_is_asked_for_or_configured() {
        let url = |text| Url::parse(text).unwrap();
        let (api, local) = (url("https://3d.intergiro.com"), url("http://127.0.0.1:9"));
        let (app, usual, plain) = (url("https://a.example/x"), url("https://b.example/"), url("http://a.example/"));
        assert_eq!(way_back(Some(&app), Some(&usual), &api).ok(), Some(app));
        assert_eq!(way_back(None, Some(&usual), &api).ok(), Some(usual));
        assert_eq!(way_back(None, None, &api).err().map(|bad| bad.field).as_deref(), Some("return_url"));
        assert!(way_back(Some(&plain), None, &api).is_err());
        assert!(way_back(Some(&plain), None, &local).is_ok());
    }

    #[test]
    fn an_address_is_given_whole() {
        let mut bad = Vec::new();
        whole_address(&json!({"country_code": "Sweden", "street1": "", "city": "Ekerö", "floor": 3}), &mut bad);
        let mut fields: Vec<_> = bad.iter().map(|bad| bad.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(
            fields,
            [
                "subject.address.country_code",
                "subject.address.floor",
                "subject.address.postal_code",
                "subject.address.region",
                "subject.address.street1",
            ]
        );
    }
}
