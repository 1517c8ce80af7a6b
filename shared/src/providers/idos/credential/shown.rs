//! A credential as its tenant sees it, who asked for it: with its documents where there is room for them, else with their
//! kind and size. It is passed on and stored nowhere.

use serde_json::{Map, Value, json};

use super::flaw::Flaw;
use super::opened::Opened;
use super::{Copied, Judged, ascii85};

/// A text that is no Ascii85 and longer than this is not shown in a credential that has no room: it can only be a file of
/// another encoding, which older credentials may have.
const LONG: usize = 16 * 1024;
/// A file that is shorter than this is shown: saying what it is takes nearly as much.
const SHORT: usize = 256;

/// `room`: so many bytes may still be shown.
pub(in super::super) fn shown(
    opened: Result<&Opened, Flaw>,
    copied: &Copied,
    judged: &Judged,
    room: &mut usize,
) -> Value {
    let credential = opened.ok().and_then(Opened::read).map(Value::from);
    let said = |name| credential.as_ref().and_then(|credential| credential.get(name)).cloned();
    let mut shown = Map::new();
    shown.insert("id".to_owned(), json!(copied.id.as_str()));
    shown.insert("user_id".to_owned(), json!(copied.user.as_str()));
    shown.insert("shared_by".to_owned(), json!(judged.by));
    if let Some(until) = copied.locked_until {
        shown.insert("locked_until".to_owned(), json!(until));
    }
    for name in ["issuer", "level"] {
        shown.insert(name.to_owned(), said(name).filter(Value::is_string).unwrap_or_default());
    }
    if let Some(flaw) = judged.flaw {
        shown.insert("flaw".to_owned(), json!(flaw));
    }
    shown.insert("credential".to_owned(), credential.map(|credential| fitted(credential, room)).unwrap_or_default());
    Value::Object(shown)
}

/// Whole, else without its files, else nothing but how large it is.
fn fitted(mut credential: Value, room: &mut usize) -> Value {
    if !takes(&credential, room) {
        without_files(&mut credential);
        if !takes(&credential, room) {
            return json!({"bytes": size(&credential)});
        }
    }
    credential
}

fn takes(credential: &Value, room: &mut usize) -> bool {
    let rest = room.checked_sub(size(credential));
    *room = rest.unwrap_or(*room);
    rest.is_some()
}

fn size(credential: &Value) -> usize {
    serde_json::to_vec(credential).map_or(usize::MAX, |bytes| bytes.len())
}

fn without_files(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(without_files),
        Value::Object(members) => members.values_mut().for_each(without_files),
        Value::String(text) => {
            if text.len() < SHORT {
                return;
            }
            if let Some(letters) = ascii85::letters(text) {
                *value = json!({"media_type": ascii85::media_type(letters), "bytes": ascii85::length(letters)});
            } else if text.len() > LONG {
                *value = json!({"media_type": null, "bytes": text.len()});
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

    use super::super::tests::{copied, fixture, judged};
    use super::*;

    #[test]
    fn files_give_way_first_then_the_credential() {
        let mut credential = fixture("credential.plaintext.signed");
        credential["credentialSubject"]["idDocumentFrontFile"] = json!(format!("<~s4IA0{}~>", "z".repeat(20_000)));
        let opened = Opened::from(credential.to_string().into_bytes());
        let whole = credential.to_string().len();
        let mut room = 2 * whole;
        let copied = Copied { content_hash: None, ..copied() };
        let show = |room: &mut usize| shown(Ok(&opened), &copied, &judged(Ok(&opened), &copied), room);
        let first = show(&mut room);
        assert_eq!((&first["credential"], room), (&credential, whole));
        assert_eq!((first["level"].as_str(), first["shared_by"].as_str()), (Some("plus+liveness"), Some("issuer")));
        assert_eq!((&first["issuer"], first["flaw"].as_str()), (&credential["issuer"], Some("proof_invalid")));
        room = whole - 1;
        let second = show(&mut room)["credential"].clone();
        let front = &second["credentialSubject"]["idDocumentFrontFile"];
        assert_eq!(*front, json!({"media_type": "image/jpeg", "bytes": 80_004}));
        assert_eq!(second["credentialSubject"]["firstName"], "Testa");
        assert!(room > whole / 2, "{room}");
        room = 100;
        assert!(show(&mut room)["credential"]["bytes"].as_u64().unwrap() > 1000);
        assert_eq!(room, 100);
    }

    #[test]
    fn a_flaw_is_named_and_what_cannot_be_read_is_not_shown() {
        let mut room = usize::MAX;
        let flaw = Err(Flaw::BoxUnopenable);
        let shown_ = shown(flaw, &copied(), &judged(flaw, &copied()), &mut room);
        assert_eq!(shown_["flaw"], "box_unopenable");
        assert_eq!(shown_["credential"], Value::Null);
        let opened = Opened::from(b"Jane Example".to_vec());
        let text = shown(Ok(&opened), &copied(), &judged(Ok(&opened), &copied()), &mut room).to_string();
        assert!(text.contains("hash_mismatch") && !text.contains("Jane"), "{text}");
    }

    #[test]
    fn long_texts_of_another_encoding_give_way_too() {
        let file = format!("<~s4IA0!\"]{}~>", " ".repeat(SHORT));
        let mut value = json!({"a": "x".repeat(LONG + 1), "b": [file, 1, null, "kept", "<~s4IA0!\"]~>"]});
        without_files(&mut value);
        let (long, file) =
            (json!({"media_type": null, "bytes": LONG + 1}), json!({"media_type": "image/jpeg", "bytes": 6}));
        assert_eq!(value, json!({"a": long, "b": [file, 1, null, "kept", "<~s4IA0!\"]~>"]}));
    }
}
