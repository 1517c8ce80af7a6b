//! Every webhook fixture with the look or the silence that it must cause.

use idv_gateway::domain::{Claim, ClaimClass, Resource};
use idv_gateway::ports::{Event, Unreadable};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{ANOTHER, CHECK, DOCUMENT, RUN, SIGNING, account, event, event_of, fixture, resource, text};

pub(crate) const FIXTURES: &[&str] = &[
    "webhook.audit_log.created",
    "webhook.check.completed",
    "webhook.check.form_completed",
    "webhook.check.reopened",
    "webhook.check.started",
    "webhook.check.withdrawn",
    "webhook.report.awaiting_approval",
    "webhook.report.cancelled",
    "webhook.report.completed",
    "webhook.report.completed.no_href",
    "webhook.report.resumed",
    "webhook.report.withdrawn",
    "webhook.unknown_event",
    "webhook.watchlist_monitor.matches_updated",
    "webhook.workflow_run.completed.abandoned",
    "webhook.workflow_run.completed.approved",
    "webhook.workflow_run.completed.declined",
    "webhook.workflow_run.completed.error",
    "webhook.workflow_run.completed.no_resource",
    "webhook.workflow_run.completed.review",
    "webhook.workflow_run.completed.timestamp_without_zone",
    "webhook.workflow_run_evidence_folder.created",
    "webhook.workflow_task.completed.list_output",
    "webhook.workflow_task.completed.object_output",
    "webhook.workflow_task.started",
    "webhook.workflow_timeline_file.created",
];

/// Of whom nothing is to be looked at.
const SILENT: &[&str] = &[
    "webhook.audit_log.created",
    "webhook.unknown_event",
    "webhook.watchlist_monitor.matches_updated",
    "webhook.workflow_run_evidence_folder.created",
    "webhook.workflow_timeline_file.created",
];

fn about(fixture: &str) -> Resource {
    match fixture.split('.').nth(1).unwrap() {
        "check" if fixture.ends_with("form_completed") => resource("check", "7c2a9e10-41f3-4d0e-8a77-5b6f1e2c2002"),
        "check" => resource("check", CHECK),
        "report" => resource("report", DOCUMENT),
        "workflow_run" | "workflow_task" => resource("workflow_run", RUN),
        other => panic!("{other}"),
    }
}

fn class(kind: &str) -> ClaimClass {
    match kind {
        "report.completed" | "report.cancelled" | "report.withdrawn" => ClaimClass::Ended,
        "check.completed" | "check.withdrawn" | "workflow_run.completed" => ClaimClass::Ended,
        "check.started" => ClaimClass::Exists,
        _ => ClaimClass::Nothing,
    }
}

fn silence(outcome: Result<Event, Unreadable>) -> &'static str {
    match outcome {
        Ok(Event::Silent { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

fn looked(body: &Value) -> (Resource, Claim, String) {
    match event(&*account(), body.to_string().as_bytes()) {
        Ok(Event::Look { subject, claim, kind }) => (subject, claim, kind),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_event_causes_its_look() {
    for name in FIXTURES.iter().filter(|name| !SILENT.contains(name)) {
        let (subject, claim, kind) = looked(&fixture(name));
        let action = fixture(name)["payload"]["action"].as_str().unwrap().to_owned();
        assert_eq!((&subject, &kind), (&about(name), &action), "{name}");
        assert_eq!(claim.class, class(&action), "{name}");
        if claim.class != ClaimClass::Nothing {
            assert_eq!(claim.part, Some(subject), "{name}");
        }
        assert_eq!(claim.at, None, "{name}: no answer of the API has a time to compare it with");
    }
}

/// The exact bytes, as they come: also the pretty ones.
#[test]
fn fixtures_are_read_as_they_are() {
    for name in FIXTURES {
        assert!(event(&*account(), text(name).as_bytes()).is_ok(), "{name}");
    }
}

#[test]
fn what_is_about_no_person_is_silent_for_a_stable_reason() {
    let mut reasons = Vec::new();
    for name in SILENT {
        let reason = silence(event(&*account(), text(name).as_bytes()));
        assert_eq!(reason == "unknown_event", *name == "webhook.unknown_event", "{name}: {reason}");
        reasons.push(reason);
    }
    assert!(reasons.iter().all(|reason| reason.chars().all(|c| c.is_ascii_lowercase() || c == '_')), "{reasons:?}");
}

#[test]
fn nothing_but_the_action_and_the_id_is_needed() {
    for name in FIXTURES.iter().filter(|name| !SILENT.contains(name)) {
        let whole = fixture(name);
        let (subject, claim, kind) = looked(&whole);
        let payload = &whole["payload"];
        let mut object = json!({"id": payload["object"]["id"]});
        if name.contains("workflow_task") {
            object["workflow_run_id"] = payload["object"]["workflow_run_id"].clone();
        }
        let bare = json!({"payload": {
            "resource_type": payload["resource_type"], "action": payload["action"], "object": object,
        }});
        assert_eq!(looked(&bare), (subject, claim, kind), "{name}");
    }
}

/// A status, a result or an owner that an event names is nobody's word.
#[test]
fn what_an_event_says_of_the_result_changes_nothing() {
    for name in FIXTURES.iter().filter(|name| !SILENT.contains(name)) {
        let told = looked(&fixture(name));
        let mut body = fixture(name);
        body["payload"]["object"]["status"] = json!("approved");
        body["payload"]["object"]["result"] = json!("clear");
        body["payload"]["object"]["href"] = json!("https://evil.example/v3.6/checks/x");
        body["payload"]["object"]["completed_at_iso8601"] = json!([1]);
        body["payload"]["resource"] = json!({"status": "approved", "id": ANOTHER, "applicant_id": ANOTHER});
        if name.contains("workflow_task") {
            body["payload"]["resource"]["workflow_run_id"] = json!(ANOTHER);
        }
        assert_eq!(looked(&body), told, "{name}");
    }
}

/// One resource is one subject.
#[test]
fn letter_case_makes_no_second_subject() {
    for (name, id) in [
        ("webhook.check.completed", CHECK),
        ("webhook.report.completed", DOCUMENT),
        ("webhook.workflow_run.completed.no_resource", RUN),
    ] {
        let told = looked(&fixture(name));
        let body: Value = serde_json::from_str(&text(name).replace(id, &id.to_uppercase())).unwrap();
        assert_eq!(looked(&body), told, "{name}");
    }
}

#[test]
fn an_unknown_action_is_silent_whatever_stands_in_it() {
    let mut body = fixture("webhook.check.completed");
    for action in
        ["", "check", "check.", "check.Completed", "CHECK.COMPLETED", "check.completed ", "workflow_run.error"]
    {
        body["payload"]["action"] = json!(action);
        assert_eq!(silence(event(&*account(), body.to_string().as_bytes())), "unknown_event", "{action:?}");
    }
    // a signed evidence file was once described and taken back
    body["payload"]["action"] = json!("workflow_signed_evidence_file.created");
    silence(event(&*account(), body.to_string().as_bytes()));
}

#[test]
fn an_event_whose_id_is_none_is_silent() {
    for name in ["webhook.check.completed", "webhook.report.completed", "webhook.workflow_run.completed.approved"] {
        let mut body = fixture(name);
        let long = "a".repeat(100_000);
        for id in [
            json!(null),
            json!(""),
            json!(7),
            json!([1]),
            json!({}),
            json!("../../webhooks"),
            json!("x y"),
            json!(long),
        ] {
            body["payload"]["object"]["id"] = id.clone();
            let reason = silence(event(&*account(), body.to_string().as_bytes()));
            assert_eq!(reason, "no_subject", "{name} {}", &id.to_string()[..id.to_string().len().min(40)]);
        }
        body["payload"].as_object_mut().unwrap().remove("object");
        assert_eq!(silence(event(&*account(), body.to_string().as_bytes())), "no_subject", "{name}");
    }
    let mut task = fixture("webhook.workflow_task.started");
    task["payload"]["object"]["workflow_run_id"] = Value::Null;
    task["payload"]["resource"]["workflow_run_id"] = Value::Null;
    assert_eq!(silence(event(&*account(), task.to_string().as_bytes())), "no_subject", "a task's own id is no subject");
}

#[test]
fn what_is_no_event_is_none() {
    let good = text("webhook.check.completed");
    let twice =
        |member: &str| good.replacen("{\"resource_type\"", &format!("{{\"{member}\":\"x\",\"resource_type\""), 1);
    let bodies = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "7".to_owned(),
        "{}".to_owned(),
        "<html></html>".to_owned(),
        "{\"payload\": null}".to_owned(),
        "{\"payload\": {\"action\": 7}}".to_owned(),
        format!("[{good}]"),
        format!("{good}{good}"),
        good[..good.len() / 2].to_owned(),
        twice("action"),
        format!("{{\"payload\":{{}},{}", &good[1..]),
    ];
    for body in bodies {
        let found = event(&*account(), body.as_bytes());
        assert!(matches!(found, Err(Unreadable::NotAnEvent(_))), "{found:?} {}", &body[..body.len().min(80)]);
    }
    let invalid = [good.as_bytes(), b"\xff"].concat();
    assert!(matches!(event(&*account(), &invalid), Err(Unreadable::NotAnEvent(_))));
}

/// A token that may speak for some events alone.
#[test]
fn a_token_vouches_for_its_types() {
    let proofs = json!({"hmac": [{"secret": SIGNING, "types": ["report.completed"]}]});
    let heard = |name: &str| event_of(&*account(), text(name).as_bytes(), &proofs);
    assert!(matches!(heard("webhook.report.completed"), Ok(Event::Look { .. })));
    assert_eq!(heard("webhook.check.completed"), Err(Unreadable::NotVouched));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_body_is_too_strange(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = event(&*account(), &body);
    }

    #[test]
    fn no_action_but_a_known_one_causes_a_look(action in "[a-z_]{0,20}\\.[a-z_]{0,20}") {
        let mut body = fixture("webhook.check.completed");
        body["payload"]["action"] = json!(action);
        prop_assert_eq!(silence(event(&*account(), body.to_string().as_bytes())), "unknown_event");
    }
}
