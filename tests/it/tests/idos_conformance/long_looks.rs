//! Looks that cannot read everything: what a person shares, however much, is no error that pauses a connection, and what was
//! not read neither approves nor takes an approval back.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use idv_gateway::domain::{Assessment, Part, Snapshot, Standing, Status};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Http, HttpError, ProviderError, Reach, Request, Response};
use serde_json::{Value, json};

use crate::harness::{
    ANOTHER, COPY, CREDENTIAL, GRANTS, Script, USER, account, copy, fixture, grants, line, part, resource, root,
    standing, with_cell,
};

const INLINE: &str = "rpc.call.get-credential-shared.response.inline";

/// Time for so many calls.
struct Timed<'a> {
    http: &'a dyn Http,
    calls: Mutex<usize>,
}

#[async_trait]
impl Http for Timed<'_> {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        {
            let mut calls = self.calls.lock().unwrap();
            *calls = calls.saturating_sub(1);
        }
        self.http.send(request).await
    }

    fn left(&self) -> Duration {
        if *self.calls.lock().unwrap() == 0 { Duration::from_millis(900) } else { Duration::from_secs(20) }
    }
}

/// The other copy, newer than the usual one, and nothing in it.
fn without_content() -> Value {
    let mut body = with_cell(INLINE, "id", Some(&json!(ANOTHER)));
    let table = &mut body["result"]["query_result"];
    let at = table["column_names"].as_array().unwrap().iter().position(|name| name == "content").unwrap();
    table["values"][0][at] = Value::Null;
    body
}

fn two(reads: Vec<Result<Response, HttpError>>) -> Script {
    let both = grants(&[(COPY, USER), (ANOTHER, USER)]);
    Script::usual().only(GRANTS, vec![Ok(answer(200, &both))]).only(CREDENTIAL, reads)
}

fn good() -> Result<Response, HttpError> {
    Ok(answer(200, &fixture(INLINE)))
}

async fn looked(script: Script, calls: usize) -> Result<Snapshot, ProviderError> {
    let bench = script.start();
    let usual = bench.reach();
    let timed = Timed { http: usual.http, calls: Mutex::new(calls) };
    account().look(Reach { http: &timed, ..usual }, &root()).await
}

fn status(parts: &[Part]) -> Option<Status> {
    match account().assess(parts) {
        Assessment::Known(opinion) => Some(opinion.status),
        Assessment::Unrecognised { .. } => None,
    }
}

#[tokio::test]
async fn the_newest_good_copy_is_enough() {
    let both = grants(&[(ANOTHER, USER), (COPY, USER)]);
    let bench = Script::usual().only(GRANTS, vec![Ok(answer(200, &both))]).start();
    let snapshot = account().look(bench.reach(), &root()).await.unwrap();
    assert_eq!(bench.lines().iter().filter(|line| *line == CREDENTIAL).count(), 1, "no older content is read");
    let older = part(&snapshot, &resource("credential", ANOTHER)).unwrap();
    assert_eq!((older.provider_status.as_str(), older.standing), ("not_read", Standing::Open));
    assert_eq!(status(snapshot.parts()), Some(Status::Approved));
    let shown = {
        let other = bench.calls().len();
        let shown = account().details(bench.reach(), &root()).await;
        assert!(
            bench.calls()[other..].iter().filter(|call| line(call) == CREDENTIAL).count() == 2,
            "details are of all"
        );
        shown.unwrap()
    };
    assert_eq!(shown["credentials"][1], json!({"id": ANOTHER, "not_read": true}), "an answer about another copy");
}

/// Sign-in and list are three calls, a content is one more.
#[tokio::test]
async fn time_that_is_over_is_no_fault_of_the_node() {
    let reads = || vec![Ok(answer(200, &without_content())), good()];
    let whole = looked(two(reads()), 5).await.unwrap();
    assert_eq!(status(whole.parts()), Some(Status::Approved));
    let half = looked(two(reads()), 4).await.unwrap();
    assert_eq!(standing(&half), Some(("not_read", Standing::Open)));
    assert_eq!(part(&half, &resource("credential", ANOTHER)).unwrap().provider_status, "content_missing");
    assert_eq!(status(half.parts()), None, "the last status is kept");
    let late = looked(two(reads()), 3).await.map(drop);
    assert_eq!(late, Err(ProviderError::Unavailable("too little time is left to read a copy")), "nothing was read");
}

#[tokio::test]
async fn one_copy_that_cannot_be_read_stops_no_other() {
    for fault in [Ok(empty(503)), Err(HttpError::TimedOut), Err(HttpError::Broken)] {
        let snapshot = looked(two(vec![fault.clone(), good()]), 99).await.unwrap();
        assert_eq!(status(snapshot.parts()), Some(Status::Approved));
        let snapshot = looked(two(vec![Ok(answer(200, &without_content())), fault.clone()]), 99).await.unwrap();
        assert_eq!((standing(&snapshot), status(snapshot.parts())), (Some(("not_read", Standing::Open)), None));
        assert!(matches!(looked(two(vec![fault]), 99).await, Err(ProviderError::Unavailable(_))));
    }
    // a rate is every copy's
    let bench = two(vec![Ok(empty(429)), good()]).start();
    let outcome = account().look(bench.reach(), &root()).await.map(drop);
    assert_eq!((outcome, bench.count(CREDENTIAL)), (Err(ProviderError::Busy { retry_after: None }), 1));
    let bench = Script::usual().only(CREDENTIAL, vec![Ok(empty(503))]).start();
    assert!(account().look(bench.reach(), &root()).await.is_err(), "{} alone", copy());
}
