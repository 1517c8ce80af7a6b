//! `public_notes`: unencrypted, free text, usually JSON with a `status` (idOS docs, SDK). The issuer may change them later,
//! and that is how a credential is revoked. A text that gives no status says nothing; a status that nobody here knows is
//! never passed over, and neither is JSON that is not read: too long, too large, or with a member twice.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::flaw::Flaw;
use super::opened::{Node, bounded};

/// Longer notes are not read.
const LONGEST: usize = 16 * 1024;

pub(super) fn flaw(notes: Option<&str>) -> Option<Flaw> {
    let notes = notes?;
    if notes.len() > LONGEST {
        return Some(Flaw::NotesUnknown);
    }
    let Some(read) = bounded(notes) else {
        let is_json = serde_json::from_str::<IgnoredAny>(notes).is_ok();
        return is_json.then_some(Flaw::NotesUnknown);
    };
    match read.members()?.get("status")? {
        Node::Plain(Value::Null) => None,
        Node::Text(status) if status.is_empty() || status == "approved" => None,
        Node::Text(status) if status.eq_ignore_ascii_case("revoked") => Some(Flaw::Revoked),
        Node::Text(_) | Node::List(_) | Node::Members(_) | Node::Plain(_) => Some(Flaw::NotesUnknown),
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

    #[test]
    fn notes_that_are_not_read_are_not_passed_over() {
        let filled = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - 8));
        assert_eq!(flaw(Some(&filled(LONGEST))), None);
        assert_eq!(flaw(Some(&filled(LONGEST + 1))), Some(Flaw::NotesUnknown));
        assert_eq!(flaw(Some(&"x".repeat(LONGEST + 1))), Some(Flaw::NotesUnknown));
        let twice = r#"{"status":"revoked","status":"approved"}"#;
        assert_eq!(flaw(Some(twice)), Some(Flaw::NotesUnknown), "one reader would take the first");
        let many = format!(r#"{{"a":[{}0],"status":"approved"}}"#, "0,".repeat(600));
        assert_eq!(flaw(Some(&many)), Some(Flaw::NotesUnknown));
    }
}
