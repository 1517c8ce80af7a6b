//! What an app says of a person, checked before a provider is asked: a fault names the field and the rule, never the
//! value.

use serde_json::{Map, Value};
use time::{Date, Month};

use crate::ports::BadField;

pub(crate) fn wrong(field: impl Into<String>, rule: &str) -> BadField {
    BadField { field: field.into(), rule: rule.to_owned() }
}

/// Members that nobody asked for.
pub(crate) fn unknown(place: &str, members: &Map<String, Value>, known: &[&str], bad: &mut Vec<BadField>) {
    let strangers = members.keys().filter(|name| !known.contains(&name.as_str()));
    bad.extend(strangers.map(|name| wrong(format!("{place}.{name}"), "is not known here")));
}

/// A text that says something, has no control characters and fits.
pub(crate) fn text(value: &Value, fits: fn(&str) -> bool) -> Option<Value> {
    let text = value.as_str().filter(|text| !text.trim().is_empty() && !text.chars().any(char::is_control))?;
    fits(text).then(|| Value::from(text))
}

pub(crate) fn is_email(text: &str) -> bool {
    let whole = text.len() <= 254 && !text.contains(char::is_whitespace);
    whole
        && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

/// A calendar date as `YYYY-MM-DD`.
pub(crate) fn is_date(text: &str) -> bool {
    let digits = |range| text.get(range).filter(|part: &&str| part.bytes().all(|byte| byte.is_ascii_digit()));
    let date = || {
        let year = digits(0..4)?.parse().ok()?;
        let month = Month::try_from(digits(5..7)?.parse::<u8>().ok()?).ok()?;
        Date::from_calendar_date(year, month, digits(8..10)?.parse().ok()?).ok()
    };
    text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-") && date().is_some()
}

/// The digits of an international phone number, with the country code and without the plus sign. One that begins with
/// 0 lacks its country code. At most 15 digits: ITU-T E.164.
pub(crate) fn phone(value: &Value) -> Option<String> {
    let written = match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.as_u64()?.to_string(),
    };
    let digits: String = written.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')).collect();
    let digits = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")).unwrap_or(&digits);
    let fits = (6..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| digits.to_owned())
}

/// Two letters (ISO 3166 alpha-2), in capitals.
pub(crate) fn country(value: &Value) -> Option<Value> {
    let code = value.as_str().filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
    Some(Value::from(code.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_phone_number_is_its_digits() {
        for written in [
            json!("+37060000000"),
            json!("+370 600 00000"),
            json!("0037060000000"),
            json!("370-600-00000"),
            json!(37_060_000_000_u64),
        ] {
            assert_eq!(phone(&written).as_deref(), Some("37060000000"), "{written}");
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
            assert_eq!(phone(&written), None, "{written}");
        }
    }

    #[test]
    fn dates_are_calendar_dates() {
        for good in ["1990-01-01", "2000-02-29"] {
            assert!(is_date(good), "{good}");
        }
        for bad in
            ["1990-1-1", "2001-02-29", "1990-13-01", "19900101", "1990-01-01T00:00:00Z", "+990-01-01", "199０-01-0"]
        {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
