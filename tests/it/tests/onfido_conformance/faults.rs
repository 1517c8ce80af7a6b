//! Servers that misbehave: what each fault becomes, on each call of a look.

use std::time::Duration;

use idv_gateway::domain::Resource;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{HttpError, ProviderError, Response};
use serde_json::{Value, json};

use crate::harness::{
    ANOTHER, CHECKS, REPORTS, Script, account, answered, applicant, both_clear, check_in, classic, fixture, run,
    run_line,
};

pub(crate) const FIXTURES: &[&str] =
    &["error.authorization.401", "error.internal.500", "error.not_found.404", "error.rate_limit.429"];

fn raw(body: &[u8]) -> Response {
    Response { status: 200, retry_after: None, cookies: Vec::new(), body: body.to_vec() }
}

fn truncated(whole: &Value) -> Response {
    let bytes = whole.to_string().into_bytes();
    raw(&bytes[..bytes.len() / 2])
}

/// Each call of a look, with what it is answered when all is well.
fn calls() -> Vec<(Resource, String, Value)> {
    vec![
        (applicant(), CHECKS.to_owned(), json!({"checks": [check_in("complete", Some("clear"))]})),
        (applicant(), REPORTS.to_owned(), json!({"reports": both_clear()})),
        (run(), run_line(), answered("get_workflow_run.approved")),
    ]
}

fn working() -> Script {
    classic(&check_in("complete", Some("clear")), &both_clear()).run(&answered("get_workflow_run.approved")).on(
        "GET /v3.6/ping",
        200,
        &json!("pong"),
    )
}

async fn look(script: Script, subject: &Resource) -> (Result<(), ProviderError>, usize) {
    let bench = script.start();
    let outcome = account().look(bench.reach(), subject).await.map(drop);
    (outcome, bench.lines().len())
}

/// Faults that a repeat may cure.
#[tokio::test]
async fn a_broken_answer_is_a_fault_of_the_provider() {
    for (subject, line, well) in calls() {
        let faults: Vec<(&str, Result<Response, HttpError>)> = vec![
            ("500", Ok(answer(500, &fixture("error.internal.500")))),
            ("502", Ok(empty(502))),
            ("503", Ok(empty(503))),
            ("504", Ok(empty(504))),
            ("redirect", Ok(empty(302))),
            ("html", Ok(raw(b"<!DOCTYPE html><html></html>"))),
            ("truncated", Ok(truncated(&well))),
            ("empty", Ok(raw(b""))),
            ("array of numbers", Ok(raw(b"[7]"))),
            ("null", Ok(raw(b"null"))),
            ("nothing in it", Ok(raw(b"{}"))),
            ("5 MB", Ok(raw(&vec![b' '; 5 * 1024 * 1024]))),
            ("not utf-8", Ok(raw(b"{\"id\": \"\xff\"}"))),
            ("silent", Err(HttpError::TimedOut)),
            ("unreachable", Err(HttpError::Unreachable)),
            ("reset", Err(HttpError::Broken)),
        ];
        for (name, fault) in faults {
            let (outcome, _) = look(working().only(&line, vec![fault]), &subject).await;
            assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{line} {name}: {outcome:?}");
        }
        assert_eq!(look(working(), &subject).await.0, Ok(()));
    }
}

#[tokio::test]
async fn patience_and_rights_are_told_as_they_are() {
    for (subject, line, _) in calls() {
        let patient =
            Response { retry_after: Some(Duration::from_secs(40)), ..answer(429, &fixture("error.rate_limit.429")) };
        let (outcome, _) = look(working().only(&line, vec![Ok(patient)]), &subject).await;
        assert_eq!(outcome, Err(ProviderError::Busy { retry_after: Some(Duration::from_secs(40)) }), "{line}");
        let (outcome, _) = look(working().only(&line, vec![Ok(empty(429))]), &subject).await;
        assert_eq!(outcome, Err(ProviderError::Busy { retry_after: None }), "{line}");
        for status in [401, 403] {
            let refused = answer(status, &fixture("error.authorization.401"));
            let (outcome, calls) = look(working().only(&line, vec![Ok(refused)]), &subject).await;
            assert_eq!(outcome, Err(ProviderError::Unauthorized), "{line} {status}");
            assert!(calls <= 4, "{line}: nobody insists");
        }
    }
}

/// Deleted, or never there: the run itself is gone. A host that is no Onfido must not look like that.
#[tokio::test]
async fn what_is_not_found_is_told_of_the_run_alone() {
    let gone = || Ok(answer(404, &fixture("error.not_found.404")));
    let (outcome, _) = look(working().only(CHECKS, vec![gone()]), &applicant()).await;
    assert_eq!(outcome, Err(ProviderError::NotFound));
    let (outcome, _) = look(working().only(&run_line(), vec![gone()]), &run()).await;
    assert_eq!(outcome, Err(ProviderError::NotFound));
    for subject in [applicant(), run()] {
        let (outcome, _) = look(Script::new(), &subject).await;
        assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "nothing answers there: {outcome:?}");
    }
    // a list that was there a moment ago is no reason to take the whole run for gone
    let (outcome, _) = look(working().only(REPORTS, vec![gone()]), &applicant()).await;
    assert!(!matches!(outcome, Ok(())), "{outcome:?}");
}

/// Every answer that is about something else is refused, in whichever member it shows.
#[tokio::test]
async fn what_is_not_ours_is_never_taken() {
    for (list, member) in [(CHECKS, "applicant_id"), (REPORTS, "check_id")] {
        let mut check = check_in("complete", Some("clear"));
        let mut reports = both_clear();
        if list == CHECKS {
            check[member] = json!(ANOTHER)
        } else {
            reports[1][member] = json!(ANOTHER)
        }
        let (outcome, _) = look(classic(&check, &reports), &applicant()).await;
        assert!(matches!(outcome, Err(ProviderError::Foreign(_))), "{list}: {outcome:?}");
    }
    let mut other = answered("get_workflow_run.approved");
    other["id"] = json!(ANOTHER);
    let (outcome, _) = look(Script::new().run(&other), &run()).await;
    assert!(matches!(outcome, Err(ProviderError::Foreign(_))), "{outcome:?}");
}
