#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

use std::fs;

use serde_json::Value;

use super::*;
use crate::providers::text::uuid;

/// A moment at which the fixtures are good.
pub(super) const NOW: &str = "2026-11-20T08:00:00Z";
const SIGNED: &str = "credential.plaintext.signed";
const SWAPPED: &str = "credential.plaintext.fields-swapped.still-verifies";
/// Key of the copy in the fixtures' row.
const SIGNER: &str = "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737";

pub(super) fn fixture(name: &str) -> Value {
    let path = format!("{}/../tests/fixtures/idos/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
}

pub(super) fn issuer() -> Issuer {
    let vector = fixture("vector.vc-proof");
    let key = multibase::key(vector["public_key_multibase"].as_str().unwrap()).unwrap();
    Issuer::new(vector["issuer_base"].as_str().unwrap(), key, vec![SIGNER.to_owned()])
}

pub(super) fn copied() -> Copied {
    Copied {
        id: uuid("0d6b3f52-8c1a-4a77-9b2e-5f1f6f0f2a10").unwrap(),
        user: uuid("7c0f8c7e-2b6c-4d5f-8f43-0a8a4c1d9e01").unwrap(),
        notes: Some(fixture("public-notes.approved").to_string()),
        encryptor_public_key: "Z13VdO13iTELPS52gfN5C0ZsdzsVIf7PNld5WDcepS8=".to_owned(),
        signer: SIGNER.to_owned(),
        inserter: Inserter::WriteGrant,
        content_hash: Some("7d915f8d5295be0fe769058ff0596ac73b77a6d587cd13b2de83c016c215a3a0".to_owned()),
        locked_until: None,
    }
}

fn judged_by(opened: Result<&Opened, Flaw>, copied: &Copied, policy: UserShared, level: &str, now: &str) -> Judged {
    let terms = Terms { issuers: vec![issuer()], user_shared: policy };
    judge(opened, copied, &terms, &Level::parse(level).unwrap(), Timestamp::parse(now).unwrap())
}

pub(super) fn judged(opened: Result<&Opened, Flaw>, copied: &Copied) -> Judged {
    judged_by(opened, copied, UserShared::Review, "basic", NOW)
}

/// A fixture's plaintext; the hash of another writing than the vector's is left out.
fn plain(name: &str) -> (Opened, Copied) {
    (Opened::from(fixture(name).to_string().into_bytes()), Copied { content_hash: None, ..copied() })
}

fn by_user(copied: Copied) -> Copied {
    Copied { signer: "ab".repeat(32), inserter: Inserter::User, ..copied }
}

/// With an original by the issuer, whose notes are clean.
fn kept(opened: &Opened, copied: &Copied, policy: UserShared) -> (String, Standing, Vec<String>) {
    let mut judged = judged_by(Ok(opened), copied, policy, "plus+liveness", NOW);
    judged.vouched(Some(r#"{"status":"approved"}"#));
    let part = part(copied, &judged, Ok(opened), &|bytes| format!("key.{}", bytes.len()));
    assert_eq!(part.digest.as_deref(), Some("key.32"));
    (part.provider_status, part.standing, part.marks)
}

#[test]
fn the_fixtures_copy_is_opened_and_good() {
    let vector = fixture("vector.box.credential");
    let secret = vector["recipient_secret_key_base64"].as_str().unwrap().to_owned();
    let key = Key::parse(&crate::secret::Secret::from(secret)).unwrap();
    let boxed = data_encoding::BASE64.decode(vector["content"].as_str().unwrap().as_bytes()).unwrap();
    let copied = copied();
    let opened = open(&boxed, &copied.encryptor_public_key, &key).unwrap();
    let marks = vec!["by:issuer".to_owned(), "level:plus+liveness".to_owned()];
    assert_eq!(kept(&opened, &copied, UserShared::Refuse), ("verified".to_owned(), Standing::Approved, marks));
}

/// Who inserted it × what the tenant says × whether the fields stand where they should.
#[test]
fn a_persons_own_copy_is_worth_what_the_tenant_says() {
    use UserShared::{Accept, Refuse, Review};
    for (name, policy, word, standing) in [
        (SIGNED, Review, "user_shared", Standing::Waiting),
        (SIGNED, Accept, "verified", Standing::Approved),
        (SIGNED, Refuse, "user_shared", Standing::Rejected),
        // its proof verifies
        (SWAPPED, Review, "implausible", Standing::Waiting),
        (SWAPPED, Accept, "implausible", Standing::Waiting),
        (SWAPPED, Refuse, "user_shared", Standing::Rejected),
    ] {
        let (opened, copied) = plain(name);
        let (kept_word, kept_standing, marks) = kept(&opened, &by_user(copied), policy);
        assert_eq!((kept_word.as_str(), kept_standing), (word, standing), "{name} {policy}");
        assert!(marks.contains(&"by:user".to_owned()));
    }
    for policy in UserShared::ALL {
        let (opened, copied) = plain(SIGNED);
        assert_eq!(kept(&opened, &copied, *policy).1, Standing::Approved, "{policy}");
        // a write grant alone, or the issuer's key alone, is not sharing by the issuer
        let other_key = Copied { signer: "ab".repeat(32), ..plain(SIGNED).1 };
        let other_way = Copied { inserter: Inserter::Unknown, ..plain(SIGNED).1 };
        for copied in [other_key, other_way] {
            let expected = if *policy == Accept { Standing::Approved } else { Flaw::UserShared.standing(*policy) };
            let (_, standing, marks) = kept(&opened, &copied, *policy);
            assert_eq!((standing, marks.contains(&"by:user".to_owned())), (expected, true), "{policy}");
        }
    }
}

#[test]
fn accepting_needs_an_original_by_the_issuer() {
    use UserShared::{Accept, Refuse, Review};
    let signers = [SIGNER.to_owned()];
    for (name, policy, by) in
        [(SIGNED, Review, &[][..]), (SIGNED, Refuse, &[]), (SWAPPED, Accept, &[]), (SIGNED, Accept, &signers)]
    {
        let (opened, copied) = plain(name);
        let judged = judged_by(Ok(&opened), &by_user(copied), policy, "basic", NOW);
        assert_eq!((judged.vouching(), judged.approves()), (by, false), "{name} {policy}");
    }
    let (opened, copied) = plain(SIGNED);
    assert!(judged_by(Ok(&opened), &copied, Accept, "basic", NOW).vouching().is_empty(), "the issuer's own");
    for (notes, flaw) in [
        (None, None),
        (Some(r#"{"status":"approved"}"#), None),
        (Some(r#"{"status":"revoked"}"#), Some(Flaw::Revoked)),
        (Some(r#"{"status":"on_hold"}"#), Some(Flaw::NotesUnknown)),
    ] {
        let mut judged = judged_by(Ok(&opened), &by_user(plain(SIGNED).1), Accept, "basic", NOW);
        judged.vouched(notes);
        assert_eq!(judged.flaw, flaw, "{notes:?}");
    }
    let mut revoked = judged_by(
        Ok(&opened),
        &Copied { notes: Some(r#"{"status":"revoked"}"#.to_owned()), ..by_user(copied) },
        Accept,
        "basic",
        NOW,
    );
    revoked.vouched(None);
    assert_eq!(revoked.flaw, Some(Flaw::Revoked), "clean notes elsewhere do not help");
}

#[test]
fn time_level_hash_and_notes_are_held() {
    let (opened, good) = plain(SIGNED);
    let flaw = |copied: &Copied, level, now| judged_by(Ok(&opened), copied, UserShared::Review, level, now).flaw;
    assert_eq!(flaw(&good, "plus+liveness", NOW), None);
    for (level, now, expected) in [
        ("basic", "2026-01-15T09:55:00Z", None),
        ("basic", "2026-01-15T09:54:59Z", Some(Flaw::NotYetValid)),
        ("basic", "2036-01-15T09:59:59.999Z", None),
        ("basic", "2036-01-15T10:00:00Z", Some(Flaw::Expired)),
        ("plus+liveness+email", "2036-01-15T10:00:00Z", Some(Flaw::Expired)),
        ("plus+liveness+email", NOW, Some(Flaw::LevelInsufficient)),
        ("human", NOW, Some(Flaw::LevelInsufficient)),
    ] {
        assert_eq!(flaw(&good, level, now), expected, "{level} {now}");
    }
    let mismatch = Copied { content_hash: Some("00".repeat(32)), ..plain(SIGNED).1 };
    assert_eq!(flaw(&mismatch, "basic", NOW), Some(Flaw::HashMismatch));
    let revoked = Copied { notes: Some(fixture("public-notes.revoked").to_string()), ..mismatch };
    assert_eq!(flaw(&revoked, "basic", "2036-01-15T10:00:00Z"), Some(Flaw::Revoked));
    let odd = Copied { notes: Some(r#"{"status":"suspended"}"#.to_owned()), ..good };
    assert_eq!(flaw(&odd, "basic", NOW), Some(Flaw::NotesUnknown));
}

#[test]
fn what_is_not_proven_leaves_no_word_of_it() {
    let mut credential = fixture(SIGNED);
    credential["level"] = Value::from("plus+JaneExample");
    let opened = Opened::from(credential.to_string().into_bytes());
    let (word, standing, marks) = kept(&opened, &plain(SIGNED).1, UserShared::Accept);
    assert_eq!((word.as_str(), standing, marks), ("proof_invalid", Standing::Rejected, vec!["by:issuer".to_owned()]));
}

#[test]
fn terms_are_read_and_their_faults_named() {
    let read = |settings: Value| {
        let faults = crate::section::Faults::default();
        let mut section = Section::new("settings", &settings, &faults);
        let terms = Terms::configure(&mut section);
        section.finish();
        let places: Vec<String> = faults.take().into_iter().map(|fault| fault.place).collect();
        (terms, places)
    };
    let vector = fixture("vector.vc-proof");
    let good = serde_json::json!({
        "base_url": "https://issuer.example.com/idos/", "public_key": vector["public_key_multibase"], "signers": [SIGNER],
    });
    let (terms, faults) = read(serde_json::json!({"issuers": [good], "user_shared": "accept"}));
    assert_eq!((faults, terms.user_shared, terms.issuers.len()), (vec![], UserShared::Accept, 1));
    let (opened, copied) = plain(SIGNED);
    let judged = judge(Ok(&opened), &copied, &terms, &Level::parse("plus").unwrap(), Timestamp::parse(NOW).unwrap());
    assert_eq!((judged.flaw, judged.by), (None, SharedBy::Issuer));
    let with = |name: &str, value: Value| {
        let mut issuer = good.clone();
        issuer[name] = value;
        read(serde_json::json!({"issuers": [issuer]})).1
    };
    assert_eq!(read(serde_json::json!({})).1, ["settings.issuers"]);
    assert_eq!(read(serde_json::json!({"issuers": [good], "user_shared": "always"})).1, ["settings.user_shared"]);
    assert_eq!(with("base_url", "issuer.example.com".into()), ["settings.issuers[0].base_url"]);
    assert_eq!(with("public_key", SIGNER.into()), ["settings.issuers[0].public_key"]);
    assert_eq!(with("signers", serde_json::json!(["ab"])), ["settings.issuers[0].signers"]);
    assert_eq!(with("key", SIGNER.into()), ["settings.issuers[0].key"]);
}
