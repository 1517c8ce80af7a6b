//! `public_notes`: unencrypted, free text, usually JSON with a `status` (fact sheet §7.1). The issuer may change them later,
//! and that is how a credential is revoked. A text that gives no status says nothing; a status that nobody here knows is
//! never passed over.

use serde_json::Value;

use super::flaw::Flaw;

pub(super) fn flaw(notes: Option<&str>) -> Option<Flaw> {
    let notes: Value = serde_json::from_str(notes?).ok()?;
    match notes.get("status")? {
        Value::Null => None,
        Value::String(status) if status.is_empty() || status == "approved" => None,
        Value::String(status) if status.eq_ignore_ascii_case("revoked") => Some(Flaw::Revoked),
        Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(Flaw::NotesUnknown)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::fixture;
    use super::*;

    #[test]
    fn notes_revoke_or_say_nothing_or_are_not_understood() {
        assert_eq!(flaw(Some(&fixture("public-notes.approved").to_string())), None);
        assert_eq!(flaw(Some(&fixture("public-notes.revoked").to_string())), Some(Flaw::Revoked));
        assert_eq!(flaw(None), None);
        for text in ["", "free text", "{", "[]", "{}", r#"{"status":null}"#, r#"{"status":""}"#, r#"["revoked"]"#] {
            assert_eq!(flaw(Some(text)), None, "{text}");
        }
        assert_eq!(flaw(Some(r#"{"status":"REVOKED"}"#)), Some(Flaw::Revoked));
        for text in
            [r#"{"status":"pending"}"#, r#"{"status":"Approved"}"#, r#"{"status":1}"#, r#"{"status":["revoked"]}"#]
        {
            assert_eq!(flaw(Some(text)), Some(Flaw::NotesUnknown), "{text}");
        }
    }
}
