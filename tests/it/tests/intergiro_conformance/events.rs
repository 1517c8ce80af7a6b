//! Every webhook fixture with the look or the silence that it must cause, and whose an event is.

use idv_gateway::domain::{Claim, ClaimClass, Resource};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Event, ProviderError, Unreadable, Whose};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{
    ACTION, ACTIONS, ANOTHER, PERSON, Script, URL_KEY, account, action, action_line, event, event_of, fixture, list,
    person, resource, text,
};

pub(crate) const FIXTURES: &[&str] = &[
    "get.event.individual-activated",
    "get.event.individual-blocked",
    "get.event.individual-onboarding-data-provided",
    "get.event.pending-action-completed",
    "get.event.pending-action-created",
    "webhook.individual-activated",
    "webhook.individual-blocked",
    "webhook.individual-onboarding-data-provided",
    "webhook.pending-action-completed",
    "webhook.pending-action-created",
    "webhook.unknown-event",
];

/// What a fixture must cause: the event that is asked for, its name in the log, what the look must not contradict.
const ROWS: &[(&str, &str, &str, ClaimClass)] = &[
    ("individual-activated", "859edbaa-e110-482d-9054-1d187179aaee", "IndividualActivated", ClaimClass::Decided),
    ("individual-blocked", "1f0c6e1d-5a0b-4c57-9a51-6f3a2b7c8d90", "IndividualBlocked", ClaimClass::Decided),
    (
        "individual-onboarding-data-provided",
        "d08fb891-40be-4579-90c4-92c648b973f0",
        "IndividualOnboardingDataProvided",
        ClaimClass::Ended,
    ),
    ("pending-action-created", "927bf478-e246-477f-b3ef-dfa4b806a640", "PendingActionCreated", ClaimClass::Exists),
    ("pending-action-completed", "2a1d7f2e-6b1c-4d68-8b62-7a4b3c8d9ea1", "PendingActionCompleted", ClaimClass::Nothing),
];

fn event_line(id: &str) -> String {
    format!("GET /v3/events/{id}")
}

#[test]
fn every_event_causes_its_look() {
    for (name, id, kind, class) in ROWS {
        let claim = Claim { class: *class, part: None, at: None };
        let look = Event::Look { subject: resource("event", id), claim, kind: (*kind).to_owned() };
        let body = text(&format!("webhook.{name}"));
        assert_eq!(event(&*account(), body.as_bytes()), Ok(look.clone()), "{name}");
        let shouted = body.replace(id, &id.to_uppercase());
        assert_eq!(event(&*account(), shouted.as_bytes()), Ok(look), "one event is one subject: {name}");
    }
}

#[test]
fn an_unknown_event_is_silent_whatever_stands_in_it() {
    let silent = Ok(Event::Silent { reason: "unknown_event" });
    let mut body = fixture("webhook.unknown-event");
    for id in [body["id"].clone(), json!(null), json!(7), json!("x".repeat(100_000)), json!([1])] {
        body["id"] = id;
        assert_eq!(event(&*account(), body.to_string().as_bytes()), silent);
    }
    for name in ["individualActivated", "IndividualActivated ", "IndividualClosed", ""] {
        body["name"] = json!(name);
        assert_eq!(event(&*account(), body.to_string().as_bytes()), silent, "{name:?}");
    }
}

#[test]
fn an_event_whose_id_is_none_is_silent() {
    let mut body = fixture("webhook.individual-activated");
    let nil = "00000000-0000-0000-0000-000000000000";
    for id in ["", "123", "../../auth/login", nil, "859edbaa-e110-482d-9054-1d187179aaee ", &"a".repeat(100_000)] {
        body["id"] = json!(id);
        let found = event(&*account(), body.to_string().as_bytes());
        assert_eq!(found, Ok(Event::Silent { reason: "no_subject" }), "{}", &id[..id.len().min(40)]);
    }
}

#[test]
fn what_is_no_event_is_none() {
    let good = text("webhook.individual-activated");
    let twice = |member: &str| good.replacen('{', &format!("{{\"{member}\": \"x\","), 1);
    let mut bodies: Vec<String> = ["", "null", "[]", "7", "\"x\"", "{}", "<html></html>", "{\"name\": 7}"]
        .into_iter()
        .map(str::to_owned)
        .collect();
    bodies.extend([
        format!("[{good}]"),
        good.trim_end().trim_end_matches('}').to_owned(),
        format!("{good}{good}"),
        twice("id"),
        twice("name"),
        twice("created_at"),
        "[".repeat(100_000),
    ]);
    for member in ["id", "name"] {
        for value in [Value::Null, json!(7), json!([1]), json!({})] {
            let mut body = fixture("webhook.individual-activated");
            body[member] = value;
            bodies.push(body.to_string());
            body.as_object_mut().unwrap().remove(member);
            bodies.push(body.to_string());
        }
    }
    for body in bodies {
        let found = event(&*account(), body.as_bytes());
        assert!(matches!(found, Err(Unreadable::NotAnEvent(_))), "{}: {found:?}", &body[..body.len().min(200)]);
    }
    assert!(matches!(event(&*account(), b"{\"name\": \"\xff\"}"), Err(Unreadable::NotAnEvent(_))));
}

#[test]
fn extra_and_missing_members_make_no_difference() {
    let mut body = fixture("webhook.individual-activated");
    let known = event(&*account(), body.to_string().as_bytes());
    body["payload"] = json!({"individual_id": ANOTHER});
    body["somethingNew"] = json!([1, {"deep": null}]);
    assert_eq!(event(&*account(), body.to_string().as_bytes()), known, "a body is a hint and nothing more");
    for time in [json!(null), json!(7), json!([])] {
        body["created_at"] = time;
        assert_eq!(event(&*account(), body.to_string().as_bytes()), known);
    }
    body.as_object_mut().unwrap().remove("created_at");
    assert_eq!(event(&*account(), body.to_string().as_bytes()), known);
}

#[test]
fn a_key_speaks_only_for_its_types() {
    let limited = format!(r#"{{"url_keys": [{{"value": "{URL_KEY}", "types": ["IndividualActivated"]}}]}}"#);
    for (name, vouched) in [("individual-activated", true), ("individual-blocked", false), ("unknown-event", false)] {
        let found = event_of(&*account(), text(&format!("webhook.{name}")).as_bytes(), &limited);
        assert_eq!(found == Err(Unreadable::NotVouched), !vouched, "{name}: {found:?}");
    }
}

async fn whose(script: Script, subject: &Resource) -> (Result<Whose, ProviderError>, Vec<String>) {
    let bench = script.start();
    let found = account().resolve(bench.reach(), subject).await;
    (found, bench.lines())
}

#[tokio::test]
async fn an_event_names_its_person_and_what_is_claimed_of() {
    for (name, id, ..) in ROWS {
        let script = Script::new().on(&event_line(id), 200, &fixture(&format!("get.event.{name}"))).on(
            &action_line(),
            200,
            &action("identity-verification"),
        );
        let part = if name.starts_with("pending") { resource("pending_action", ACTION) } else { person() };
        let (found, lines) = whose(script, &resource("event", id)).await;
        assert_eq!(found, Ok(Whose::About { subject: person(), part }), "{name}");
        let reads = if *name == "pending-action-created" { 2 } else { 1 };
        assert_eq!(lines.len(), 1 + reads, "a login and the event, and what is claimed to exist: {lines:?}");
    }
}

/// A card payment costs one finding of whose it is and one look, which contradicts nothing that is claimed.
#[tokio::test]
async fn an_action_of_a_card_is_looked_at_once() {
    let card = |kind: &str| {
        let mut card = action("identity-verification");
        card["type"] = json!(kind);
        card
    };
    let id = ROWS[3].1;
    let script = |kind: &str| {
        Script::of("activated")
            .asking(&[card(kind)])
            .on(&event_line(id), 200, &fixture("get.event.pending-action-created"))
            .on(&action_line(), 200, &card(kind))
    };
    for subject in [resource("event", id), resource("pending_action", ACTION)] {
        let bench = script("AuthenticateCardOperation").only(ACTIONS, vec![Ok(answer(200, &list(&[])))]).start();
        let found = account().resolve(bench.reach(), &subject).await;
        assert_eq!(found, Ok(Whose::About { subject: person(), part: person() }));
        let snapshot = account().look(bench.reach(), &person()).await.unwrap();
        let claim = Claim { class: ClaimClass::Exists, part: Some(person()), at: None };
        assert!(!claim.contradicts(snapshot.parts()), "there would be five more looks");
        let expected = if subject.kind.as_str() == "event" { 2 } else { 1 };
        assert_eq!(bench.lines().len(), 2 + expected + 1, "a login, whose it is, the look: {:?}", bench.lines());
    }
    let action = resource("pending_action", ACTION);
    let claimed = Ok(Whose::About { subject: person(), part: action });
    assert_eq!(whose(script("SourceOfFunds"), &resource("event", id)).await.0, claimed, "what nobody knows is claimed");
    for unreadable in [empty(404), empty(429), empty(503), answer(200, &json!([]))] {
        let script = script("IdentityVerification").only(&action_line(), vec![Ok(unreadable)]);
        assert_eq!(whose(script, &resource("event", id)).await.0, claimed, "so is what cannot be read");
    }
}

/// Forged events cost one call each, and never another.
#[tokio::test]
async fn what_is_not_there_or_about_no_person_is_invented() {
    let id = ROWS[0].1;
    let subject = resource("event", id);
    assert_eq!(whose(Script::new(), &subject).await.0, Ok(Whose::Invented));
    let event = fixture("get.event.individual-activated");
    for payload in [json!({"account_id": PERSON}), json!({}), Value::Null, json!([1]), json!({"individual_id": "x"})] {
        let mut body = event.clone();
        body["payload"] = payload;
        let (found, lines) = whose(Script::new().on(&event_line(id), 200, &body), &subject).await;
        assert_eq!(found, Ok(Whose::Invented), "{body}");
        assert_eq!(lines.len(), 2);
    }
    assert_eq!(whose(Script::new(), &resource("something", id)).await, (Ok(Whose::Invented), vec![]));
    let mut foreign = event;
    foreign["id"] = json!(ANOTHER);
    let (found, _) = whose(Script::new().on(&event_line(id), 200, &foreign), &subject).await;
    assert!(matches!(found, Err(ProviderError::Foreign(_))), "{found:?}");
}

#[tokio::test]
async fn a_person_is_nobodys_and_an_action_is_a_persons() {
    assert_eq!(whose(Script::new(), &person()).await, (Ok(Whose::Nobodys), vec![]), "no call is made for that");
    let subject = resource("pending_action", ACTION);
    let script = Script::new().on(&action_line(), 200, &action("identity-verification"));
    let about = Whose::About { subject: person(), part: subject.clone() };
    assert_eq!(whose(script, &subject).await.0, Ok(about));
    assert_eq!(whose(Script::new(), &subject).await.0, Ok(Whose::Invented));
}

/// What looks takes an event or an action for its subject too.
#[tokio::test]
async fn an_event_leads_a_look_to_its_person() {
    let (_, id, ..) = ROWS[3];
    let script = || {
        Script::of("activated").on(&event_line(id), 200, &fixture("get.event.pending-action-created")).on(
            &action_line(),
            200,
            &action("identity-verification"),
        )
    };
    let bench = script().start();
    let plain = account().look(bench.reach(), &person()).await.unwrap();
    for subject in [resource("event", id), resource("pending_action", ACTION)] {
        assert_eq!(account().look(script().start().reach(), &subject).await, Ok(plain.clone()));
        assert!(account().details(script().start().reach(), &subject).await.is_ok());
    }
    let lost = account().look(Script::new().start().reach(), &resource("event", id)).await;
    assert_eq!(lost, Err(ProviderError::NotFound));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_body_is_too_strange(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = event(&*account(), &body);
    }

    #[test]
    fn no_name_but_a_known_one_causes_a_look(name in "[A-Za-z]{0,40}") {
        let mut body = fixture("webhook.individual-activated");
        body["name"] = json!(name);
        let found = event(&*account(), body.to_string().as_bytes());
        prop_assert_eq!(found, Ok(Event::Silent { reason: "unknown_event" }));
    }
}
