//! Every webhook of the fixtures with what it is reduced to.

use idv_gateway::domain::{Claim, ClaimClass, Resource};
use idv_gateway::ports::{Event, Unreadable};
use serde_json::{Value, json};

use crate::harness::{USER, account, account_with, event, fixture, level, resource, text, user};

pub(crate) const FIXTURES: &[&str] = &[
    "webhook.authorization-revoked.removed",
    "webhook.credential-shared",
    "webhook.credential-shared.uuid-values",
    "webhook.email-changed",
    "webhook.pair.out-of-order",
    "webhook.unknown-type",
    "webhook.verification-approved",
    "webhook.verification-approved.addon-liveness",
    "webhook.verification-approved.no-timestamp.legacy",
    "webhook.verification-contacted",
    "webhook.verification-rejected",
];

/// Of idOS, in the fixtures.
const HUMAN: &str = "7c0f8c7e-2b6c-4d5f-8f43-0a8a4c1d9e01";

fn of(body: &Value) -> Result<Event, Unreadable> {
    event(&*account(), body.to_string().as_bytes())
}

fn look(kind: &str, class: ClaimClass, part: Option<Resource>) -> Event {
    Event::Look { subject: user(USER), claim: Claim { class, part, at: None }, kind: kind.to_owned() }
}

#[test]
fn every_webhook_of_the_fixtures() {
    let (decided, exists, nothing) = (ClaimClass::Decided, ClaimClass::Exists, ClaimClass::Nothing);
    let rows = [
        ("verification-approved", look("verification_approved", decided, Some(level(USER, "basic")))),
        ("verification-approved.addon-liveness", look("verification_approved", decided, Some(level(USER, "liveness")))),
        ("verification-rejected", look("verification_rejected", decided, Some(level(USER, "basic")))),
        ("verification-contacted", look("verification_contacted", exists, Some(level(USER, "basic")))),
        ("verification-approved.no-timestamp.legacy", look("verification_approved", nothing, None)),
        ("email-changed", look("email_changed", nothing, None)),
        ("authorization-revoked.removed", look("authorization_revoked", nothing, None)),
        ("unknown-type", Event::Silent { reason: "unknown_event" }),
        ("credential-shared", Event::Silent { reason: "no_idos_connection" }),
        ("credential-shared.uuid-values", Event::Silent { reason: "no_idos_connection" }),
    ];
    for (name, wanted) in rows {
        let found = event(&*account(), text(&format!("webhook.{name}")).as_bytes());
        assert_eq!(found, Ok(wanted), "{name}");
    }
}

/// The older one claims no time, so nothing says that it is older: the look decides.
#[test]
fn two_that_come_in_the_wrong_order_are_two_looks() {
    let pair = fixture("webhook.pair.out-of-order");
    let found: Vec<_> = pair.as_array().unwrap().iter().map(of).collect();
    assert_eq!(found[0], Ok(look("verification_approved", ClaimClass::Decided, Some(level(USER, "basic")))));
    assert_eq!(found[1], Ok(look("verification_contacted", ClaimClass::Exists, Some(level(USER, "basic")))));
}

#[test]
fn access_may_be_revoked_in_two_words() {
    for kind in ["authorization_revoked", "application_access_revoked"] {
        let found = of(&json!({"type": kind, "data": {"user_id": USER}}));
        assert_eq!(found, Ok(look(kind, ClaimClass::Nothing, None)));
    }
}

/// No look would ever show them: such a claim would be repeated in vain.
#[test]
fn a_name_that_nobody_can_ask_for_is_no_claim() {
    for retired in ["v1", "light", "video", "basic+liveness", "quantum", "", "a b"] {
        for kind in ["verification_approved", "verification_rejected", "verification_contacted"] {
            let found = of(&json!({"type": kind, "data": {"level": retired, "user_id": USER}}));
            assert_eq!(found, Ok(look(kind, ClaimClass::Nothing, None)), "{kind} {retired}");
        }
    }
    let named = account_with(json!({"more_levels": ["quantum"]}));
    let body = json!({"type": "verification_approved", "data": {"level": "quantum", "user_id": USER}});
    let claim = look("verification_approved", ClaimClass::Decided, Some(level(USER, "quantum")));
    assert_eq!(event(&*named, body.to_string().as_bytes()), Ok(claim));
}

#[test]
fn a_shared_credential_is_the_idos_connections() {
    let account = account_with(json!({"idos_connection": "idos-live"}));
    let (connection, provider) = account.refers_to().unwrap();
    assert_eq!((connection.as_str(), provider), ("idos-live", "idos"));
    let found = event(&*account, text("webhook.credential-shared.uuid-values").as_bytes());
    let credential = resource("credential", "0d6b3f52-8c1a-4a77-9b2e-5f1f6f0f2a10");
    let wanted = Event::Elsewhere {
        connection: connection.clone(),
        provider: "idos",
        subject: user(HUMAN),
        claim: Claim { class: ClaimClass::Exists, part: Some(credential.clone()), at: None },
        kind: "credential_shared".to_owned(),
    };
    assert_eq!(found, Ok(wanted.clone()), "idOS's user, by whom the onboarding is known");
    // without a user who can be read, the credential itself is asked about
    let Event::Elsewhere { connection, provider, claim, kind, .. } = wanted else { panic!("{wanted:?}") };
    let alone = Event::Elsewhere { connection, provider, subject: credential, claim, kind };
    let id = "0d6b3f52-8c1a-4a77-9b2e-5f1f6f0f2a10";
    for human in [json!(null), json!("IDOS_HUMAN_UUID"), json!(7), json!({"id": HUMAN}), json!("")] {
        let body = json!({"type": "credential_shared", "data": {"credential_id": id, "idos_human_id": human}});
        assert_eq!(event(&*account, body.to_string().as_bytes()), Ok(alone.clone()), "{human}");
    }
    let body = json!({"type": "credential_shared", "data": {"credential_id": id}});
    assert_eq!(event(&*account, body.to_string().as_bytes()), Ok(alone));
    let body = json!({"type": "credential_shared", "data": {"credential_id": "x", "idos_human_id": HUMAN}});
    assert_eq!(event(&*account, body.to_string().as_bytes()), Ok(Event::Silent { reason: "no_subject" }));
    let placeholder = event(&*account, text("webhook.credential-shared").as_bytes());
    assert_eq!(placeholder, Ok(Event::Silent { reason: "no_subject" }));
}

#[test]
fn what_is_no_event_says_so() {
    let approved = "verification_approved";
    for (body, wanted) in [
        (json!([]), Err(Unreadable::NotAnEvent("no envelope"))),
        (json!({}), Err(Unreadable::NotAnEvent("no envelope"))),
        (json!({"type": 7, "data": {}}), Err(Unreadable::NotAnEvent("no envelope"))),
        (json!({"type": approved, "data": []}), Err(Unreadable::NotAnEvent("no envelope"))),
        (json!({"type": approved}), Err(Unreadable::NotAnEvent("it has no data"))),
        (json!({"type": approved, "data": {}}), Err(Unreadable::NotAnEvent("it names no user"))),
        (json!({"type": approved, "data": {"user_id": 7}}), Err(Unreadable::NotAnEvent("it names no user"))),
        (json!({"type": "credential_shared", "data": {}}), Err(Unreadable::NotAnEvent("it names no credential"))),
        (
            json!({"type": approved, "data": {"user_id": "jane@example.com"}}),
            Ok(Event::Silent { reason: "no_subject" }),
        ),
        (json!({"type": "something_new"}), Ok(Event::Silent { reason: "unknown_event" })),
        (json!({"type": "something_new", "data": []}), Ok(Event::Silent { reason: "unknown_event" })),
        (json!({"type": "something_new", "data": "text"}), Ok(Event::Silent { reason: "unknown_event" })),
        (json!({"type": "something_new", "data": {"user_id": [7]}}), Ok(Event::Silent { reason: "unknown_event" })),
        (json!({"type": approved, "data": "text"}), Err(Unreadable::NotAnEvent("no envelope"))),
        (json!({"type": "Verification_Approved", "data": {}}), Ok(Event::Silent { reason: "unknown_event" })),
    ] {
        assert_eq!(of(&body), wanted, "{body}");
    }
    let twice = format!(r#"{{"type":"{approved}","data":{{"user_id":"{USER}","user_id":"{USER}"}}}}"#);
    assert_eq!(event(&*account(), twice.as_bytes()), Err(Unreadable::NotAnEvent("no envelope")));
    assert_eq!(event(&*account(), b"\xff"), Err(Unreadable::NotAnEvent("no text")));
}

/// An e-mail address is in the event and in nothing that is made of it.
#[test]
fn no_personal_data_leaves_an_event() {
    let told = format!("{:?}", event(&*account(), text("webhook.email-changed").as_bytes()));
    assert!(!told.contains('@'), "{told}");
    let upper = json!({"type": "email_changed", "data": {"user_id": USER.to_uppercase(), "email": "a@example.com"}});
    assert_eq!(of(&upper), Ok(look("email_changed", ClaimClass::Nothing, None)), "one person is one key");
}
