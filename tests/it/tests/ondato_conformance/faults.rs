//! Servers that misbehave: what each fault becomes, on each call of a look, and how often anybody is called for it.

use std::time::Duration;

use futures_util::future::join_all;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{HttpError, ProviderError, Response};
use serde_json::{Value, json};

use crate::harness::{Script, account, fixture, idv_line, kyc_line, run, wish};

pub(crate) const FIXTURES: &[&str] = &[
    "error.400.validation-failed",
    "error.401.authentication-failed",
    "error.403.authorization-failed",
    "post.connect-token.error.400",
];

const TOKEN: &str = "POST id.ondato.com/connect/token";

fn working() -> Script {
    Script::new()
        .idv(&fixture("get.identity-verification.completed"))
        .kyc(&fixture("get.identification.approved.automatic"))
}

fn raw(body: &[u8]) -> Response {
    Response { status: 200, retry_after: None, cookies: Vec::new(), body: body.to_vec() }
}

fn patient(seconds: u64) -> Response {
    Response { retry_after: Some(Duration::from_secs(seconds)), ..empty(429) }
}

fn truncated() -> Response {
    let whole = fixture("get.identity-verification.completed").to_string().into_bytes();
    raw(&whole[..whole.len() / 2])
}

async fn look(script: Script) -> (Result<(), ProviderError>, usize) {
    let bench = script.start();
    let outcome = account().look(bench.reach(), &run()).await.map(drop);
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
    for line in [TOKEN.to_owned(), idv_line(), kyc_line()] {
        for (name, fault) in &faults {
            let (outcome, calls) = look(working().only(&line, vec![fault.clone()])).await;
            assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{line} {name}: {outcome:?}");
            assert!(calls <= 3, "{line} {name}: {calls}");
        }
    }
}

#[tokio::test]
async fn required_members_that_are_null_or_of_another_type_are_a_fault() {
    for (line, name) in
        [(idv_line(), "get.identity-verification.completed"), (kyc_line(), "get.identification.approved.automatic")]
    {
        for member in ["id", "status"] {
            for value in [Value::Null, json!(7), json!({"a": 1})] {
                let mut body = fixture(name);
                body[member] = value;
                let (outcome, _) = look(working().only(&line, vec![Ok(answer(200, &body))])).await;
                assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{line} {member}: {outcome:?}");
            }
        }
        let mut more = fixture(name);
        more["somethingNew"] = json!({"deep": [1, 2, 3]});
        assert_eq!(look(working().only(&line, vec![Ok(answer(200, &more))])).await.0, Ok(()));
    }
}

#[tokio::test]
async fn patience_is_given_within_bounds() {
    for line in [TOKEN.to_owned(), idv_line(), kyc_line()] {
        for (answer, heard) in [(patient(7), Some(7)), (patient(10_000_000), Some(3600)), (empty(429), None)] {
            let (outcome, _) = look(working().only(&line, vec![Ok(answer)])).await;
            assert_eq!(outcome, Err(ProviderError::Busy { retry_after: heard.map(Duration::from_secs) }), "{line}");
        }
    }
}

#[tokio::test]
async fn an_unknown_run_is_not_found_and_an_unread_identification_comes_too_early() {
    assert_eq!(look(working().only(&idv_line(), vec![Ok(empty(404))])).await.0, Err(ProviderError::NotFound));
    let early = vec![Ok(empty(404)), Ok(answer(200, &fixture("get.identification.approved.automatic")))];
    let bench = working().only(&kyc_line(), early).start();
    let account = account();
    assert!(matches!(account.look(bench.reach(), &run()).await, Err(ProviderError::Unavailable(_))));
    assert!(account.look(bench.reach(), &run()).await.is_ok());
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let refused = |status: u16, name: &str| Ok(answer(status, &fixture(name)));
    let unauthorized = || refused(401, "error.401.authentication-failed");
    let forbidden = || refused(403, "error.403.authorization-failed");
    let good = || Ok(answer(200, &fixture("get.identity-verification.completed")));
    let (outcome, calls) = look(working().only(&idv_line(), vec![unauthorized(), good()])).await;
    assert_eq!((outcome, calls), (Ok(()), 5), "token, refused, token, verification, identification");
    let about_this_one = ProviderError::Refused { field: None };
    for (always, error) in [(unauthorized(), ProviderError::Unauthorized), (forbidden(), about_this_one)] {
        let (outcome, calls) = look(working().only(&idv_line(), vec![always])).await;
        assert_eq!((outcome, calls), (Err(error), 4));
    }
    for status in [400, 401, 403] {
        let (outcome, calls) = look(working().only(TOKEN, vec![refused(status, "post.connect-token.error.400")])).await;
        assert_eq!((outcome, calls), (Err(ProviderError::Unauthorized), 1), "{status}");
    }
}

#[tokio::test]
async fn a_refused_request_names_the_field_and_no_value() {
    const CREATE: &str = "POST idvapi.ondato.com/v1/identity-verifications";
    for (body, field) in [
        (fixture("error.400.validation-failed"), Some("settings.setup_id")),
        (
            json!({"params": {"Registration.PhoneNumber": [{"reason": "Invalid", "message": "+370 is no number"}]}}),
            Some("subject.phoneNumber"),
        ),
        (json!({"params": {"jane@example.com is wrong": []}}), None),
        (json!({"reason": "ValidationFailed"}), None),
        (json!([]), None),
    ] {
        for status in [400, 422] {
            let bench = Script::new().on(CREATE, answer(status, &body)).start();
            let outcome = account().start(bench.reach(), &wish(json!({}), json!({}))).await;
            assert_eq!(outcome.err(), Some(ProviderError::Refused { field: field.map(str::to_owned) }));
            assert_eq!(bench.count(CREATE), 1);
        }
    }
}

#[tokio::test]
async fn many_lookers_fetch_one_token() {
    let bench = working().start();
    let account = account();
    let subject = run();
    let outcomes = join_all((0..100).map(|_| account.look(bench.reach(), &subject))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(bench.count(TOKEN), 1);
}

/// One refusal of the token for everybody: one renewal, not a hundred.
#[tokio::test]
async fn many_refused_lookers_renew_one_token() {
    let refusals =
        (0..100).map(|_| Ok(empty(401))).chain([Ok(answer(200, &fixture("get.identity-verification.completed")))]);
    let bench = working().only(&idv_line(), refusals.collect()).start();
    let account = account();
    let subject = run();
    let outcomes = join_all((0..100).map(|_| account.look(bench.reach(), &subject))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(bench.count(TOKEN), 2);
}

/// Who waited for a token endpoint shares its failure; who comes later asks again.
#[tokio::test]
async fn many_lookers_share_one_failure() {
    let bench = working()
        .only(TOKEN, vec![Err(HttpError::TimedOut), Ok(answer(200, &fixture("post.connect-token.response")))])
        .start();
    let account = account();
    let subject = run();
    let outcomes = join_all((0..100).map(|_| account.look(bench.reach(), &subject))).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(ProviderError::Unavailable(_)))));
    assert_eq!(bench.count(TOKEN), 1);
    assert!(account.look(bench.reach(), &subject).await.is_ok());
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let granted = |life: Value| answer(200, &json!({"access_token": "t", "token_type": "bearer", "expires_in": life}));
    for (life, wait, first, both) in [
        (json!(3600), 3500, 1, 1),
        (json!(3600), 3540, 1, 2),
        (Value::Null, 30, 1, 1),
        (Value::Null, 54, 1, 2),
        (json!(0), 0, 2, 4),
    ] {
        let bench = working().only(TOKEN, vec![Ok(granted(life.clone()))]).start();
        let account = account();
        account.look(bench.reach(), &run()).await.unwrap();
        assert_eq!(bench.count(TOKEN), first, "{life}");
        bench.clock.advance(Duration::from_secs(wait));
        account.look(bench.reach(), &run()).await.unwrap();
        assert_eq!(bench.count(TOKEN), both, "{life} {wait}");
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_sent_is_not_used() {
    for body in [
        json!({"access_token": "a\nb"}),
        json!({"access_token": "a b"}),
        json!({"access_token": ""}),
        json!({"access_token": "a", "token_type": "mac"}),
        json!({"access_token": 7}),
        json!({"token_type": "Bearer"}),
    ] {
        let (outcome, calls) = look(working().only(TOKEN, vec![Ok(answer(200, &body))])).await;
        assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{body}: {outcome:?}");
        assert_eq!(calls, 1);
    }
}

/// No call without an end, none to anybody else, nothing personal in an address.
#[tokio::test]
async fn every_call_is_bounded() {
    let bench = working().start();
    account().look(bench.reach(), &run()).await.unwrap();
    for call in bench.calls() {
        assert!(call.deadline <= Duration::from_secs(8) && call.limit <= 1024 * 1024);
        assert!(call.url.host_str().unwrap().ends_with(".ondato.com") && call.url.scheme() == "https");
        assert_eq!(call.url.query(), None);
    }
}
