//! What a request may hold: required members, no nulls, no empty strings (§1.3, §2.1).

use serde_json::{Map, Value};

use super::call::Reply;

type Problems = Vec<(String, String)>;

const TEXTS: [&str; 5] = ["first_name", "last_name", "email", "phone_number", "date_of_birth"];
const ADDRESS: [&str; 5] = ["country_code", "street1", "city", "region", "postal_code"];

/// The members of a good create call, unknown ones left out.
pub(super) fn individual(body: &Value, digits_only: bool) -> Result<Map<String, Value>, Reply> {
    let mut problems = empty_members(body);
    let mut given = Map::new();
    for name in TEXTS {
        match body.get(name) {
            Some(Value::String(text)) => problems.extend(ill_formed(name, text, digits_only)),
            Some(Value::Null) => {}
            Some(_) => problems.push(problem(name, "Invalid value")),
            None => problems.push(problem(name, "Required")),
        }
        given.extend(body.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    match body.get("address") {
        Some(address @ Value::Object(_)) => {
            problems.extend(wrong_address(address));
            given.insert("address".to_owned(), address.clone());
        }
        Some(Value::Null) | None => {}
        Some(_) => problems.push(problem("address", "Invalid value")),
    }
    settled(problems, given)
}

/// E-mail or phone number, nothing else; both at once is taken (§2.3, open).
pub(super) fn contact(body: &Value, digits_only: bool) -> Result<Map<String, Value>, Reply> {
    let mut problems = empty_members(body);
    let mut given = Map::new();
    for (name, value) in body.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("email" | "phone_number", Value::String(text)) => problems.extend(ill_formed(name, text, digits_only)),
            (_, Value::Null) => {}
            (_, _) => problems.push(problem(name, "Cannot be changed")),
        }
        given.insert(name.clone(), value.clone());
    }
    if given.is_empty() {
        problems.push(problem("email", "Required"));
    }
    settled(problems, given)
}

/// Required and https (an assumption, §2.2); plain http on the machine itself, so that tests can listen.
pub(super) fn return_url(body: &Value) -> Result<String, Reply> {
    let problems = empty_members(body);
    if !problems.is_empty() {
        return Err(Reply::all_invalid(problems));
    }
    web_address(body, "return_url")
}

pub(super) fn web_address(body: &Value, name: &str) -> Result<String, Reply> {
    let text = body.get(name).and_then(Value::as_str).ok_or_else(|| Reply::invalid(name, "Required"))?;
    let address = url::Url::parse(text).map_err(|_| Reply::invalid(name, "Invalid value"))?;
    let here = matches!(address.host_str(), Some("127.0.0.1" | "localhost"));
    if address.scheme() == "https" || (address.scheme() == "http" && here) {
        return Ok(text.to_owned());
    }
    Err(Reply::invalid(name, "Must be an https address"))
}

fn settled(problems: Problems, given: Map<String, Value>) -> Result<Map<String, Value>, Reply> {
    if problems.is_empty() { Ok(given) } else { Err(Reply::all_invalid(problems)) }
}

/// Every null and every empty string, at any depth.
pub(super) fn empty_members(body: &Value) -> Problems {
    let mut problems = Vec::new();
    collect("", body, &mut problems);
    problems
}

fn collect(path: &str, value: &Value, problems: &mut Problems) {
    match value {
        Value::Null => problems.push(problem(path, "Must not be null: leave it out")),
        Value::String(text) if text.trim().is_empty() => problems.push(problem(path, "Must not be empty")),
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(&path, member, problems);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(path, element, problems)),
        Value::String(_) | Value::Number(_) | Value::Bool(_) => {}
    }
}

fn ill_formed(name: &str, text: &str, digits_only: bool) -> Option<(String, String)> {
    let good = match name {
        "email" => text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.')),
        "phone_number" => !digits_only || text.bytes().all(|byte| byte.is_ascii_digit()),
        "date_of_birth" => is_date(text),
        _ => true,
    };
    // an empty one is told already
    (!good && !text.trim().is_empty()).then(|| problem(name, "Invalid value"))
}

fn is_date(text: &str) -> bool {
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

fn wrong_address(address: &Value) -> Problems {
    let mut problems = Vec::new();
    for name in ADDRESS {
        match address.get(name) {
            Some(Value::String(_) | Value::Null) => {}
            Some(_) => problems.push(problem(&format!("address.{name}"), "Invalid value")),
            None => problems.push(problem(&format!("address.{name}"), "Required")),
        }
    }
    let country = address.get("country_code").and_then(Value::as_str);
    if country.is_some_and(|code| code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase())) {
        problems.push(problem("address.country_code", "Invalid value"));
    }
    problems
}

fn problem(field: &str, message: &str) -> (String, String) {
    (field.to_owned(), message.to_owned())
}
