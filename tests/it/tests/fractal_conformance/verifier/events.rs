//! Every webhook fixture with the look that it must cause, and bodies that nobody documented.

use idv_gateway::domain::{Claim, ClaimClass};
use idv_gateway::ports::{Event, Unreadable};
use idv_simulators::fractal::Generation;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::desk::{GENERATIONS, USER_ID, event, fixture, user};

fn look(id: &str, class: ClaimClass, kind: &str) -> Result<Event, Unreadable> {
    let part = (class != ClaimClass::Nothing).then(|| user(id));
    Ok(Event::Look { subject: user(id), claim: Claim { class, part, at: None }, kind: kind.to_owned() })
}

fn told(body: &Value) -> Result<Event, Unreadable> {
    event(Generation::Relay, body.to_string().as_bytes())
}

#[test]
fn every_fixture_is_a_look_at_its_person() {
    for generation in GENERATIONS {
        for (name, class, kind) in [
            ("kraken.webhook.approved", ClaimClass::Decided, "approved"),
            ("kraken.webhook.rejected", ClaimClass::Decided, "rejected"),
            ("kraken.webhook.pending.early-doc", ClaimClass::Nothing, "pending"),
        ] {
            let body = fixture(name).to_string();
            assert_eq!(event(generation, body.as_bytes()), look(USER_ID, class, kind), "{name}");
            assert_eq!(event(generation, body.as_bytes()), look(USER_ID, class, kind), "{name}, the same bytes again");
        }
    }
}

#[test]
fn a_persons_id_is_one_key() {
    let upper = json!({"id": "5D1A6A0E-0000-4000-8000-00000000000A", "status": "approved"});
    assert_eq!(told(&upper), look("5d1a6a0e-0000-4000-8000-00000000000a", ClaimClass::Decided, "approved"));
}

#[test]
fn what_is_not_documented_claims_nothing_or_is_silent() {
    for (body, expected) in [
        (json!({"id": USER_ID, "status": "quantum"}), look(USER_ID, ClaimClass::Nothing, "quantum")),
        (json!({"id": USER_ID, "status": "Approved"}), look(USER_ID, ClaimClass::Nothing, "Approved")),
        (json!({"id": USER_ID}), look(USER_ID, ClaimClass::Nothing, "no_status")),
        (json!({"id": USER_ID, "status": null, "note": 7}), look(USER_ID, ClaimClass::Nothing, "no_status")),
        (json!({"id": USER_ID, "status": "Testa Sample"}), look(USER_ID, ClaimClass::Nothing, "not_a_word")),
        (json!({"status": "approved"}), Ok(Event::Silent { reason: "no_subject" })),
        (json!({"id": "", "status": "approved"}), Ok(Event::Silent { reason: "no_subject" })),
        (json!({"id": "../token", "status": "approved"}), Ok(Event::Silent { reason: "no_subject" })),
        (json!({"id": "jane@example.com", "status": "approved"}), Ok(Event::Silent { reason: "no_subject" })),
        (json!({}), Ok(Event::Silent { reason: "no_subject" })),
        // of the classic way, or of a kind that relay has not told us of
        (fixture("webhook.verification-approved"), Ok(Event::Silent { reason: "unknown_event" })),
        (json!({"type": "x", "id": USER_ID, "status": "approved"}), Ok(Event::Silent { reason: "unknown_event" })),
    ] {
        assert_eq!(told(&body), expected, "{body}");
    }
}

#[test]
fn what_is_no_event_is_told_so() {
    for body in [
        "",
        "null",
        "[]",
        "\"approved\"",
        "{\"id\":7,\"status\":\"approved\"}",
        "{\"id\":\"a\",\"status\":{\"approved\":true}}",
        "{\"id\":\"a\",\"id\":\"b\",\"status\":\"approved\"}",
        "{\"id\":\"a\",\"status\":\"pending\",\"status\":\"approved\"}",
        "{\"id\":\"a\",\"status\":\"approved\",\"note\":\"\",\"note\":\"\"}",
        "{\"id\":\"a\",\"status\":\"approved\"",
        "{\"id\":\"a\",\"status\":\"approved\"}x",
    ] {
        for generation in GENERATIONS {
            let found = event(generation, body.as_bytes());
            assert!(matches!(found, Err(Unreadable::NotAnEvent(_))), "{body}: {found:?}");
        }
    }
    assert!(matches!(event(Generation::Verifier, b"{\"id\":\"\xff\"}"), Err(Unreadable::NotAnEvent(_))));
}

proptest! {
    /// A note says anything of a person, in any language, and nothing of it comes through.
    #[test]
    fn no_note_is_kept(note in "[\\PC\n\t]{0,80}", status in "approved|rejected|pending|other") {
        let marked = format!("§{note}§");
        let found = told(&json!({"id": USER_ID, "status": status, "note": marked}));
        prop_assert!(found.is_ok());
        let shown = format!("{found:?}");
        prop_assert!(!shown.contains('§'));
    }

    /// No word but two claims a decision, and none is more than a look.
    #[test]
    fn no_word_decides(status in "\\PC{0,40}") {
        let claims = matches!(status.as_str(), "approved" | "rejected");
        let found = told(&json!({"id": USER_ID, "status": status, "note": ""}));
        let Ok(Event::Look { subject, claim, kind }) = found else { return Err(TestCaseError::fail("no look")) };
        prop_assert_eq!(subject, user(USER_ID));
        prop_assert_eq!(claim.class == ClaimClass::Decided, claims);
        prop_assert!(kind.len() <= 64 && kind.is_ascii());
    }
}
