//! Servers that misbehave where a person is read: what each fault becomes.

use std::time::Duration;

use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{HttpError, ProviderError, Response};
use serde_json::json;

use crate::harness::{ME, REFRESH, Script, UID, account, fixture, run};

fn raw(body: &[u8]) -> Response {
    Response { body: body.to_vec(), ..empty(200) }
}

async fn look(fault: Result<Response, HttpError>) -> (Result<(), ProviderError>, usize, usize) {
    let account = account();
    let bench = Script::default().only(ME, vec![fault]).arrived(&*account, &run()).await;
    let outcome = account.look(bench.reach(), &run()).await.map(drop);
    (outcome, bench.count(ME) - 1, bench.count(REFRESH))
}

#[tokio::test]
async fn a_broken_answer_is_a_fault_of_the_provider() {
    let whole = fixture("get.users-me.approved").to_string().into_bytes();
    let faults: Vec<(&str, Result<Response, HttpError>)> = vec![
        ("500", Ok(empty(500))),
        ("502", Ok(empty(502))),
        ("503", Ok(empty(503))),
        ("504", Ok(empty(504))),
        ("redirect", Ok(empty(302))),
        ("404", Ok(empty(404))),
        ("410", Ok(empty(410))),
        ("html", Ok(raw(b"<!DOCTYPE html><html></html>"))),
        ("truncated", Ok(raw(&whole[..whole.len() / 2]))),
        ("empty", Ok(raw(b""))),
        ("a list", Ok(raw(b"[7]"))),
        ("null", Ok(raw(b"null"))),
        ("nothing in it", Ok(raw(b"{}"))),
        ("no uuid", Ok(answer(200, &json!({"uid": "jane@example.com"})))),
        ("uid of another kind", Ok(answer(200, &json!({"uid": 7})))),
        ("cases of another kind", Ok(answer(200, &json!({"uid": UID, "verification_cases": {}})))),
        ("5 MB", Ok(raw(&vec![b' '; 5 * 1024 * 1024]))),
        ("silent", Err(HttpError::TimedOut)),
        ("unreachable", Err(HttpError::Unreachable)),
        ("reset", Err(HttpError::Broken)),
    ];
    for (name, fault) in faults {
        let (outcome, asked, refreshed) = look(fault).await;
        assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{name}: {outcome:?}");
        assert_eq!((asked, refreshed), (1, 0), "{name}: nobody insists");
    }
}

#[tokio::test]
async fn patience_is_told_as_it_is() {
    let patient = Response { retry_after: Some(Duration::from_secs(40)), ..empty(429) };
    let (outcome, asked, _) = look(Ok(patient)).await;
    assert_eq!((outcome, asked), (Err(ProviderError::Busy { retry_after: Some(Duration::from_secs(40)) }), 1));
}

/// One person's token is never the account's: nothing of it may hold up the others.
#[tokio::test]
async fn a_persons_rights_are_not_the_accounts() {
    let (refused, asked, refreshed) = look(Ok(empty(401))).await;
    assert_eq!(refused, Err(ProviderError::Refused { field: None }), "looked at later, and nobody is paused by it");
    assert_eq!((asked, refreshed), (2, 1));
    let (forbidden, _, _) = look(Ok(empty(403))).await;
    assert_eq!(forbidden, Err(ProviderError::Refused { field: None }));
}

/// What is asked for is within the usual limits, and says what it takes.
#[tokio::test]
async fn each_call_has_its_limits() {
    let account = account();
    let bench =
        Script::default().me(&fixture("get.users-me.approved")).rows(&json!([])).arrived(&*account, &run()).await;
    account.look(bench.reach(), &run()).await.unwrap();
    assert!(bench.calls().len() >= 4);
    for call in bench.calls() {
        assert!(call.deadline <= Duration::from_secs(5) && call.limit <= 8 * 1024 * 1024, "{}", call.line());
        assert_eq!(call.header("accept"), Some("application/json"));
        assert!(call.url.query().is_none(), "nothing in an address");
    }
}
