//! What a request may hold (§2.1–§2.3): required members, refused characters, country codes, rules by version.

use serde_json::{Map, Value, json};

use super::{
    call::Reply,
    records::{text, texts},
    words::REPORT_NAMES,
};

/// Not in names.
const NOT_IN_NAMES: &str = "!#$%*=<>;{}\"";
/// Not in the lines of an address.
const NOT_IN_LINES: &str = "!$%^*=<>";
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
pub(super) const CONSENTS: [&str; 3] = ["privacy_notices_read", "ssn_verification", "phone_number_verification"];
const LANGUAGES: [&str; 7] = ["en_US", "de_DE", "es_ES", "fr_FR", "it_IT", "pt_PT", "nl_NL"];

/// What is wrong, by member.
#[derive(Default)]
pub(super) struct Problems(Map<String, Value>);

impl Problems {
    pub(super) fn add(&mut self, field: &str, message: &str) {
        self.0.insert(field.to_owned(), json!([message]));
    }

    fn within(&mut self, field: &str, inner: Self) {
        if !inner.0.is_empty() {
            self.0.insert(field.to_owned(), Value::Object(inner.0));
        }
    }

    pub(super) fn settled(self) -> Result<(), Reply> {
        if self.0.is_empty() { Ok(()) } else { Err(Reply::invalid(Value::Object(self.0))) }
    }
}

/// `new`: names are required; a change may leave them out.
pub(super) fn applicant(body: &Value, new: bool) -> Result<(), Reply> {
    let mut problems = Problems::default();
    for name in ["first_name", "last_name"] {
        match body.get(name) {
            Some(Value::String(name_given)) if name_given.trim().is_empty() => problems.add(name, "can't be blank"),
            Some(Value::String(name_given)) if name_given.contains(|it| NOT_IN_NAMES.contains(it)) => {
                problems.add(name, "invalid characters");
            }
            Some(Value::String(_)) => {}
            Some(_) => problems.add(name, "is invalid"),
            None if new => problems.add(name, "can't be blank"),
            None => {}
        }
    }
    if given(body, "email").is_some_and(|email| !is_email(email)) {
        problems.add("email", "invalid format");
    }
    if given(body, "dob").is_some_and(|dob| !is_date(dob)) {
        problems.add("dob", "invalid date format");
    }
    if let Some(of) = body.get("address").filter(|it| !it.is_null()) {
        problems.within("address", address(of));
    }
    if let Some(of) = body.get("location").filter(|it| !it.is_null()) {
        problems.within("location", location(of));
    }
    for row in body.get("id_numbers").and_then(Value::as_array).into_iter().flatten() {
        if !ID_NUMBERS.contains(&text(row, "type")) || text(row, "value").is_empty() {
            problems.add("id_numbers", "is invalid");
        }
    }
    for row in body.get("consents").and_then(Value::as_array).into_iter().flatten() {
        if !CONSENTS.contains(&text(row, "name")) || !row.get("granted").is_some_and(Value::is_boolean) {
            problems.add("consents", "is invalid");
        }
    }
    problems.settled()
}

fn address(of: &Value) -> Problems {
    let mut problems = Problems::default();
    for name in ["postcode", "country"] {
        if text(of, name).is_empty() {
            problems.add(name, "can't be blank");
        }
    }
    let country = text(of, "country");
    if !country.is_empty() && !is_alpha3(country) {
        problems.add("country", "is invalid");
    }
    if country == "USA" && text(of, "state").len() != 2 {
        problems.add("state", "can't be blank");
    }
    for name in ["line1", "line2", "line3"] {
        if text(of, name).contains(|it| NOT_IN_LINES.contains(it)) {
            problems.add(name, "invalid characters");
        }
    }
    problems
}

fn location(of: &Value) -> Problems {
    let mut problems = Problems::default();
    if given(of, "country_of_residence").is_some_and(|country| !is_alpha3(country)) {
        problems.add("country_of_residence", "is invalid");
    }
    if given(of, "ip_address").is_some_and(|address| address.parse::<std::net::IpAddr>().is_err()) {
        problems.add("ip_address", "is invalid");
    }
    problems
}

/// What the body of a check alone can be wrong about.
pub(super) fn check(body: &Value) -> Problems {
    let mut problems = Problems::default();
    let names = texts(body.get("report_names"));
    if names.is_empty() {
        problems.add("report_names", "must not be empty");
    }
    if names.iter().any(|name| !REPORT_NAMES.contains(&name.as_str())) {
        problems.add("report_names", "unknown report name");
    }
    if names.iter().any(|name| name == "us_driving_licence") {
        let licence = body.get("us_driving_licence").unwrap_or(&Value::Null);
        if text(licence, "id_number").is_empty() || text(licence, "issue_state").is_empty() {
            problems.add("us_driving_licence", "can't be blank");
        }
    }
    problems
}

/// Location and consent by version (§1.1, §2.1): `minor` is that of the path.
pub(super) fn applicant_for_check(shown: &Value, consents: &Value, body: &Value, minor: u8, problems: &mut Problems) {
    let place = shown.get("location").unwrap_or(&Value::Null);
    let country = text(place, "country_of_residence");
    let with_form = body.get("applicant_provides_data").and_then(Value::as_bool).unwrap_or_default();
    if minor >= 4 && (country.is_empty() || text(place, "ip_address").is_empty()) {
        problems.add("location", "is required");
    }
    let rows = consents.as_array().into_iter().flatten();
    let is_granted =
        |row: &Value| text(row, "name") == "privacy_notices_read" && row.get("granted") == Some(&json!(true));
    if minor >= 4 && country == "USA" && !rows.into_iter().any(is_granted) {
        problems.add("consents", "privacy_notices_read must be granted");
    }
    let wants_email = country == "USA" || with_form;
    if wants_email && text(shown, "email").is_empty() {
        problems.add("email", "can't be blank");
    }
}

pub(super) fn run(body: &Value) -> Result<(), Reply> {
    let mut problems = Problems::default();
    for name in ["workflow_id", "applicant_id"] {
        if text(body, name).is_empty() {
            problems.add(name, "can't be blank");
        }
    }
    let tags = texts(body.get("tags"));
    if tags.len() > 30 || tags.iter().any(|tag| tag.is_empty() || tag.chars().count() > 128) {
        problems.add("tags", "is invalid");
    }
    if text(body, "customer_user_id").chars().count() > 256 {
        problems.add("customer_user_id", "is too long");
    }
    let link = body.get("link").unwrap_or(&Value::Null);
    if given(link, "language").is_some_and(|language| !LANGUAGES.contains(&language)) {
        problems.add("link", "language is invalid");
    }
    if given(link, "expires_at").is_some_and(|at| moment(at).is_none()) {
        problems.add("link", "expires_at is invalid");
    }
    problems.settled()
}

/// https; plain http on the machine itself, so that tests can listen.
pub(super) fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|address| {
        let here = matches!(address.host_str(), Some("127.0.0.1" | "localhost"));
        address.scheme() == "https" || (address.scheme() == "http" && here)
    })
}

pub(super) fn moment(text: &str) -> Option<time::OffsetDateTime> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()
}

fn given<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
}

fn is_alpha3(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// `YYYY-MM-DD`.
pub(super) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, width: usize| (part.len() == width).then(|| part.parse::<u16>().ok()).flatten();
    match parts.as_slice() {
        [year, month, day] => {
            number(year, 4).is_some()
                && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
                && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
        }
        _ => false,
    }
}
