//! Servers that misbehave: what each fault becomes, on each of the three calls.

use std::time::Duration;

use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{HttpError, ProviderError, Response};
use idv_simulators::fractal::Generation;
use serde_json::{Value, json};

use super::desk::{BY_TOKEN, DATA, GENERATIONS, STATUS, Script, account, back, code, fixture, of_run, run};

const CALLS: [&str; 3] = [BY_TOKEN, STATUS, DATA];

fn well(line: &str) -> Value {
    match line {
        BY_TOKEN => of_run("kraken.get.kyc-token.pending", &run()),
        STATUS => fixture("kraken.get.kyc-status.pending"),
        _ => fixture("kraken.get.kyc-data.approved"),
    }
}

/// What one call becomes, and how many were made.
async fn outcome(
    generation: Generation,
    line: &str,
    fault: Result<Response, HttpError>,
) -> (Result<(), ProviderError>, usize) {
    let bench = Script::default().then(line, fault).start();
    if line != BY_TOKEN {
        back(&bench);
    }
    let account = account(generation);
    let reach = bench.reach();
    let outcome = match line {
        BY_TOKEN => account.exchange(reach, &run(), Some(&code())).await.map(drop),
        STATUS => account.look(reach, &run()).await.map(drop),
        _ => account.details(reach, &run()).await.map(drop),
    };
    (outcome, bench.calls().len())
}

fn raw(status: u16, body: &[u8]) -> Result<Response, HttpError> {
    Ok(Response { body: body.to_vec(), ..empty(status) })
}

/// Faults that a repeat may cure.
#[tokio::test]
async fn a_broken_answer_is_a_fault_of_the_provider() {
    for generation in GENERATIONS {
        for line in CALLS {
            let whole = well(line).to_string().into_bytes();
            let faults: Vec<(&str, Result<Response, HttpError>)> = vec![
                ("500", Ok(answer(500, &json!({"error": "x"})))),
                ("502", raw(502, b"<html></html>")),
                ("503", Ok(empty(503))),
                ("504", Ok(empty(504))),
                ("408", Ok(empty(408))),
                ("409", Ok(empty(409))),
                ("redirect", Ok(empty(302))),
                ("html", raw(200, b"<!DOCTYPE html><html></html>")),
                ("truncated", raw(200, &whole[..whole.len() / 2])),
                ("empty", raw(200, b"")),
                ("a list", raw(200, b"[{\"status\":\"approved\"}]")),
                ("a list of values", raw(200, b"[\"approved\"]")),
                ("null", raw(200, b"null")),
                ("5 MB", raw(200, &vec![b' '; 5 * 1024 * 1024])),
                ("not utf-8", raw(200, b"{\"status\": \"\xff\"}")),
                (
                    "no member twice",
                    raw(200, b"{\"status\":\"pending\",\"status\":\"approved\",\"userId\":\"a\",\"userId\":\"b\""),
                ),
                ("silent", Err(HttpError::TimedOut)),
                ("unreachable", Err(HttpError::Unreachable)),
                ("reset", Err(HttpError::Broken)),
            ];
            for (name, fault) in faults {
                let (outcome, calls) = outcome(generation, line, fault).await;
                assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{line} {name}: {outcome:?}");
                assert_eq!(calls, 1, "{line} {name}: nobody insists");
            }
            assert_eq!(outcome(generation, line, Ok(answer(200, &well(line)))).await, (Ok(()), 1), "{line}");
        }
        for line in [BY_TOKEN, STATUS] {
            let (outcome, _) = outcome(generation, line, raw(200, b"{}")).await;
            assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{line}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn rights_and_patience_are_told_as_they_are() {
    let message = json!({"error": {"message": "signature does not match"}});
    for generation in GENERATIONS {
        for line in CALLS {
            // A 403 is one person's, and pauses nobody else.
            for (status, error) in [(401, ProviderError::Unauthorized), (403, ProviderError::Refused { field: None })] {
                for fault in [Ok(answer(status, &message)), raw(status, b"<html></html>"), Ok(empty(status))] {
                    let (outcome, calls) = outcome(generation, line, fault).await;
                    assert_eq!((outcome, calls), (Err(error.clone()), 1), "{line} {status}");
                }
            }
            let patient = Response { retry_after: Some(Duration::from_secs(40)), ..answer(429, &message) };
            for (fault, retry_after) in [(patient, Some(Duration::from_secs(40))), (empty(429), None)] {
                let (outcome, _) = outcome(generation, line, Ok(fault)).await;
                assert_eq!(outcome, Err(ProviderError::Busy { retry_after }), "{line}");
            }
            for status in [400, 405, 422] {
                let (outcome, _) = outcome(generation, line, Ok(answer(status, &message))).await;
                assert_eq!(outcome, Err(ProviderError::Refused { field: None }), "{line} {status}");
            }
        }
    }
}

/// Every refusal of theirs is JSON. A page of a proxy, or of whoever is at this address now, takes nobody away.
#[tokio::test]
async fn only_a_404_of_their_own_says_that_somebody_is_gone() {
    for generation in GENERATIONS {
        for line in CALLS {
            for status in [404, 410] {
                let own = Ok(answer(status, &json!({"error": {"message": "not found"}})));
                assert_eq!(outcome(generation, line, own).await.0, Err(ProviderError::NotFound), "{line} {status}");
                for page in [&b"<html>nginx</html>"[..], b"", b"[]", b"\"not found\"", b"404"] {
                    let (outcome, _) = outcome(generation, line, raw(status, page)).await;
                    assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{line} {status} {outcome:?}");
                }
            }
        }
    }
}
