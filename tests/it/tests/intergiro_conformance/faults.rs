//! Servers that misbehave: what each fault becomes, on each call of a look, and how often anybody is called for it.

use std::time::Duration;

use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{HttpError, ProviderError, Response};
use serde_json::{Value, json};

use crate::harness::{
    ACTIONS, LOGIN, Script, account, action, fixture, individual, individual_line, list, person, wish,
};

fn working() -> Script {
    Script::new().person(&individual("activated")).asking(&[action("identity-verification")])
}

fn raw(body: &[u8]) -> Response {
    Response { status: 200, retry_after: None, cookies: Vec::new(), body: body.to_vec() }
}

fn patient(seconds: u64) -> Response {
    Response { retry_after: Some(Duration::from_secs(seconds)), ..empty(429) }
}

fn truncated() -> Response {
    let whole = individual("activated").to_string().into_bytes();
    raw(&whole[..whole.len() / 2])
}

async fn look(script: Script) -> (Result<(), ProviderError>, usize) {
    let bench = script.start();
    let outcome = account().look(bench.reach(), &person()).await.map(drop);
    (outcome, bench.lines().len())
}

/// Faults that a repeat may cure, on every call that a look makes.
#[tokio::test]
async fn a_broken_answer_is_a_fault_of_the_provider() {
    let faults: Vec<(&str, Result<Response, HttpError>)> = vec![
        ("500", Ok(empty(500))),
        ("502", Ok(empty(502))),
        ("503", Ok(empty(503))),
        ("504", Ok(empty(504))),
        ("redirect", Ok(empty(302))),
        ("409", Ok(empty(409))),
        ("html", Ok(raw(b"<!DOCTYPE html><html></html>"))),
        ("truncated", Ok(truncated())),
        ("empty", Ok(raw(b""))),
        ("array", Ok(raw(b"[{}]"))),
        ("null", Ok(raw(b"null"))),
        ("nothing in it", Ok(raw(b"{}"))),
        ("5 MB", Ok(raw(&vec![b' '; 5 * 1024 * 1024]))),
        ("not utf-8", Ok(raw(b"{\"id\": \"\xff\"}"))),
        ("silent", Err(HttpError::TimedOut)),
        ("unreachable", Err(HttpError::Unreachable)),
        ("reset", Err(HttpError::Broken)),
    ];
    for line in [LOGIN.to_owned(), individual_line(), ACTIONS.to_owned()] {
        for (name, fault) in &faults {
            let (outcome, calls) = look(working().only(&line, vec![fault.clone()])).await;
            assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{line} {name}: {outcome:?}");
            assert!(calls <= 3, "{line} {name}: {calls}");
        }
    }
}

#[tokio::test]
async fn required_members_that_are_null_or_of_another_type_are_a_fault() {
    for value in [Value::Null, json!(7), json!({"a": 1})] {
        for member in ["id", "status"] {
            let mut body = individual("activated");
            body[member] = value.clone();
            let (outcome, _) = look(working().only(&individual_line(), vec![Ok(answer(200, &body))])).await;
            assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{member} {value}: {outcome:?}");
        }
        let mut open = action("identity-verification");
        open["id"] = value.clone();
        let (outcome, _) = look(working().only(ACTIONS, vec![Ok(answer(200, &list(&[open])))])).await;
        assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{value}: {outcome:?}");
    }
    let mut more = individual("activated");
    more["something_new"] = json!({"deep": [1, 2, 3]});
    more["email"] = json!(7);
    more["address"] = json!("Ekerö");
    assert_eq!(look(working().only(&individual_line(), vec![Ok(answer(200, &more))])).await.0, Ok(()));
    let mut more = action("identity-verification");
    for member in ["description", "expires_at", "created_at"] {
        more[member] = json!([7]);
    }
    assert_eq!(look(working().only(ACTIONS, vec![Ok(answer(200, &list(&[more])))])).await.0, Ok(()));
}

#[tokio::test]
async fn patience_is_given_within_bounds() {
    for line in [LOGIN.to_owned(), individual_line(), ACTIONS.to_owned()] {
        for (answer, heard) in [(patient(7), Some(7)), (patient(10_000_000), Some(3600)), (empty(429), None)] {
            let (outcome, _) = look(working().only(&line, vec![Ok(answer)])).await;
            assert_eq!(outcome, Err(ProviderError::Busy { retry_after: heard.map(Duration::from_secs) }), "{line}");
        }
    }
}

/// What is refused because of this person alone is no fault of the credentials.
#[tokio::test]
async fn a_refusal_of_one_person_is_not_one_of_the_key() {
    for (status, name) in [(403, "error.401.token-expired"), (422, "error.422.request-blocked")] {
        let refused = Ok(answer(status, &fixture(name)));
        let (outcome, calls) = look(working().only(&individual_line(), vec![refused])).await;
        assert_eq!((outcome, calls), (Err(ProviderError::Refused { field: None }), 2));
    }
}

/// No call without an end, none to anybody else, nothing personal in an address.
#[tokio::test]
async fn every_call_is_bounded() {
    let bench = working()
        .on("POST /v3/individuals", 201, &fixture("post.individuals.response"))
        .on(
            &format!("POST /v3/individuals/{}/onboard", crate::harness::PERSON),
            200,
            &fixture("post.individual.onboard.response"),
        )
        .start();
    let account = account();
    account.look(bench.reach(), &person()).await.unwrap();
    account.start(bench.reach(), &wish(fixture("post.individuals.request"))).await.unwrap();
    assert!(account.recover(bench.reach(), &wish(fixture("post.individuals.request"))).await.unwrap().is_none());
    for call in bench.calls() {
        assert!(call.deadline <= Duration::from_secs(8) && call.limit <= 1024 * 1024);
        assert_eq!((call.url.host_str(), call.url.scheme()), (Some("3d.intergiro.com"), "https"));
        let address = call.url.as_str();
        assert!(!["John", "Mayor", "example.com", "46700000000"].iter().any(|canary| address.contains(canary)));
    }
}
