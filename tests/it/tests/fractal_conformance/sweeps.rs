//! The account's list of verdicts: what only it tells, when it is read, and what its faults become.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use idv_gateway::domain::{Assessment, Part, Standing, Status};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Account, HttpError, ProviderError, Response};
use serde_json::{Value, json};

use crate::harness::{
    ANOTHER, Bench, MACHINE, ME, REFRESH, ROWS, Script, UID, USER, account, account_with, case, fixture, journey,
    level, part, person, row, run, user, wanted,
};

pub(crate) const FIXTURES: &[&str] = &[
    "get.stats.user-verifications",
    "get.stats.user-verifications.expired",
    "oauth.token.client-credentials.response",
];

const QUARTER: Duration = Duration::from_secs(15 * 60);

fn approved() -> Value {
    person(&[case("basic", "done", "approved"), case("liveness", "done", "approved")])
}

fn raw(body: &[u8]) -> Response {
    Response { body: body.to_vec(), ..empty(200) }
}

async fn looked(account: &Arc<dyn Account>, bench: &Bench) -> Result<Vec<Part>, ProviderError> {
    account.look(bench.reach(), &run()).await.map(|snapshot| snapshot.parts().to_vec())
}

fn status(account: &Arc<dyn Account>, parts: &[Part]) -> Option<Status> {
    match account.assess(parts) {
        Assessment::Known(opinion) => Some(opinion.status),
        Assessment::Unrecognised { .. } => None,
    }
}

/// A person who was approved, and what the list has.
async fn bench(rows: &Value) -> (Arc<dyn Account>, Bench) {
    let account = account();
    let bench = Script::default().me(&approved()).rows(rows).arrived(&*account, &run()).await;
    (account, bench)
}

#[tokio::test]
async fn it_is_read_with_the_machines_own_token() {
    let account = account();
    let script = Script::default().me(&approved()).rows(&fixture("get.stats.user-verifications"));
    let script = script.on(MACHINE, 200, &fixture("oauth.token.client-credentials.response"));
    let bench = script.arrived(&*account, &run()).await;
    looked(&account, &bench).await.unwrap();
    assert_eq!(wanted(&bench.call(MACHINE))["scope"], "client.stats:read");
    let token = "Bearer OUuf_tJs-J2AAxjWr0JHvzFure5Eb7KMUQRO0jpqXWc";
    assert_eq!(bench.call(ROWS).authorization.as_deref(), Some(token));
}

/// Only then does it tell anything that the person's token does not.
#[tokio::test]
async fn it_is_read_where_something_is_approved_and_no_sooner() {
    for (cases, reads) in [
        (vec![case("basic", "pending", "pending"), case("liveness", "pending", "pending")], 0),
        (vec![case("basic", "done", "rejected")], 0),
        (vec![case("basic", "done", "approved")], 1),
    ] {
        let account = account();
        let script = Script::default().me(&person(&cases)).rows(&json!([]));
        let bench = script.arrived(&*account, &run()).await;
        looked(&account, &bench).await.unwrap();
        assert_eq!((bench.count(MACHINE), bench.count(ROWS)), (reads, reads), "{cases:?}");
    }
}

#[tokio::test]
async fn an_expired_row_expires_what_was_approved() {
    for (rows, wanted) in [
        (json!([row(UID, "basic", "expired")]), Status::Expired),
        (json!([row(UID, "basic+liveness", "expired")]), Status::Expired),
        (json!([row(&UID.to_uppercase(), "basic", "expired")]), Status::Expired),
        (json!([row(UID, "basic", "approved"), row(UID, "liveness", "expired")]), Status::Expired),
        (json!([row(UID, "basic+liveness", "approved"), row(UID, "basic+liveness+sow", "expired")]), Status::Approved),
        (json!([row(UID, "plus+selfie", "expired")]), Status::Approved),
        (json!([row(ANOTHER, "basic", "expired"), row("nobody", "basic", "expired")]), Status::Approved),
        (json!([row(UID, "basic", "rejected")]), Status::Approved),
        (json!([row(UID, "basic", "quantum"), 7, null, {"user_id": UID}, row(UID, "", "")]), Status::Approved),
        (json!([]), Status::Approved),
    ] {
        let (account, bench) = bench(&rows).await;
        let parts = looked(&account, &bench).await.unwrap();
        assert_eq!(status(&account, &parts), Some(wanted), "{rows}");
        if wanted == Status::Expired {
            let Assessment::Known(opinion) = account.assess(&parts) else { panic!("{parts:?}") };
            assert_eq!(opinion.reasons[0].code.as_str(), "document_expired");
            assert!(account.asking(&parts).is_some(), "there is a link to another try");
        }
    }
}

/// The fixture's person, whose `plus+liveness` is over.
#[tokio::test]
async fn the_expired_row_of_the_fixtures() {
    let account = account();
    let asked = journey("plus+liveness");
    let mut script = Script::default();
    let own = json!({"uid": USER, "verification_cases": [
        case("plus", "done", "approved"), case("liveness", "done", "approved"),
    ]});
    script = script.me(&own).rows(&fixture("get.stats.user-verifications.expired"));
    let bench = script.start();
    let names = account.exchange(bench.reach(), &asked, Some(&crate::harness::secret("c"))).await;
    assert_eq!(names, Ok(Some(vec![user(USER)])));
    let snapshot = account.look(bench.reach(), &asked).await.unwrap();
    assert_eq!(status(&account, snapshot.parts()), Some(Status::Expired));
    assert_eq!(part(snapshot.parts(), &level(USER, "plus")).provider_reason.as_deref(), Some("expired"));
}

#[tokio::test]
async fn it_is_kept_for_a_quarter_of_an_hour() {
    let (account, bench) = bench(&json!([])).await;
    for (advance, reads) in [(0, 1), (60, 1), (839, 1), (1, 2), (899, 2), (1, 3)] {
        bench.clock.advance(Duration::from_secs(advance));
        looked(&account, &bench).await.unwrap();
        assert_eq!(bench.count(ROWS), reads, "{advance}");
    }
}

#[tokio::test]
async fn who_comes_at_once_shares_one() {
    let (account, bench) = bench(&json!([row(UID, "basic", "expired")])).await;
    let all = join_all((0..8).map(|_| looked(&account, &bench))).await;
    for parts in all {
        assert_eq!(status(&account, &parts.unwrap()), Some(Status::Expired));
    }
    assert_eq!((bench.count(MACHINE), bench.count(ROWS)), (1, 1));
}

/// A failure is shared, too, and the next one tries again.
#[tokio::test]
async fn a_failure_is_shared_and_not_kept() {
    let account = account();
    let script = Script::default().me(&approved()).only(ROWS, vec![Ok(empty(503)), Ok(answer(200, &json!([])))]);
    let bench = script.arrived(&*account, &run()).await;
    let all = join_all((0..4).map(|_| looked(&account, &bench))).await;
    assert!(all.iter().all(|found| matches!(found, Err(ProviderError::Unavailable(_)))), "{all:?}");
    assert_eq!(bench.count(ROWS), 1);
    assert!(looked(&account, &bench).await.is_ok());
}

/// The account has no such right: that is no fault of a look, and is asked again after a quarter of an hour.
#[tokio::test]
async fn a_refusal_counts_as_switched_off() {
    let refusals: Vec<(&str, Result<Response, HttpError>)> = vec![
        (ROWS, Ok(empty(403))),
        (ROWS, Ok(empty(401))),
        (ROWS, Ok(empty(404))),
        (ROWS, Err(HttpError::TooLong)),
        (MACHINE, Ok(empty(403))),
        (ROWS, Ok(answer(200, &json!({"rows": []})))),
        (ROWS, Ok(answer(200, &json!("[]")))),
        (ROWS, Ok(raw(b"<html>[]</html>"))),
        (ROWS, Ok(empty(200))),
    ];
    let words = ["unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request", "invalid_grant"];
    let said = words.into_iter().flat_map(|word| {
        [400, 401, 403].map(|status| (MACHINE, Ok(answer(status, &json!({"error": word, "error_description": "no"})))))
    });
    for (line, refusal) in refusals.into_iter().chain(said) {
        let account = account();
        let script = Script::default().me(&approved()).rows(&json!([])).only(line, vec![refusal]);
        let bench = script.arrived(&*account, &run()).await;
        for _ in 0..3 {
            let parts = looked(&account, &bench).await.unwrap();
            assert_eq!(status(&account, &parts), Some(Status::Approved), "{line}");
        }
        assert_eq!(bench.count(line), 1);
        bench.clock.advance(QUARTER);
        looked(&account, &bench).await.unwrap();
        assert_eq!(bench.count(line), 2);
    }
}

/// An expired document must not be told as approved, so such a look has found nothing.
#[tokio::test]
async fn a_fault_of_it_is_a_fault_of_the_look() {
    let faults: Vec<(&str, Result<Response, HttpError>, Option<ProviderError>)> = vec![
        (ROWS, Ok(empty(429)), Some(ProviderError::Busy { retry_after: None })),
        (ROWS, Ok(empty(500)), None),
        (ROWS, Ok(raw(b"[{\"user_id\": \"x\"}, {\"user_i")), None),
        (ROWS, Ok(raw(b"[] []")), None),
        (ROWS, Ok(raw(b" [")), None),
        (ROWS, Err(HttpError::TimedOut), None),
        (MACHINE, Ok(empty(500)), None),
        (MACHINE, Ok(answer(401, &fixture("oauth.error.invalid-client.response"))), Some(ProviderError::Unauthorized)),
        (MACHINE, Ok(answer(400, &json!({"error": "invalid_client"}))), Some(ProviderError::Unauthorized)),
        (MACHINE, Ok(empty(401)), Some(ProviderError::Unauthorized)),
        (MACHINE, Ok(answer(401, &json!({"message": "no"}))), Some(ProviderError::Unauthorized)),
    ];
    for (line, fault, wanted) in faults {
        let account = account();
        let script = Script::default().me(&approved()).rows(&json!([])).only(line, vec![fault]);
        let bench = script.arrived(&*account, &run()).await;
        let found = looked(&account, &bench).await;
        match wanted {
            Some(error) => assert_eq!(found, Err(error), "{line}"),
            None => assert!(matches!(found, Err(ProviderError::Unavailable(_))), "{line}: {found:?}"),
        }
    }
}

/// An old rejection beside a new approval, or the other way round: the account's own list says which stands.
#[tokio::test]
async fn a_row_decides_between_cases_that_contradict_each_other() {
    let both = person(&[case("basic+liveness", "done", "rejected"), case("basic+liveness", "done", "approved")]);
    for (rows, wanted) in [
        (json!([row(UID, "basic+liveness", "approved")]), Some(Status::Approved)),
        (json!([row(UID, "basic+liveness", "rejected")]), Some(Status::Rejected)),
        (json!([row(UID, "basic+liveness", "expired")]), Some(Status::Expired)),
        (json!([row(UID, "basic+liveness", "pending")]), Some(Status::InProgress)),
        (json!([row(UID, "basic+liveness", "approved"), row(UID, "basic+liveness", "rejected")]), None),
        (json!([row(UID, "basic", "approved")]), None),
        (json!([row(UID, "basic+liveness", "quantum")]), None),
        (json!([row(ANOTHER, "basic+liveness", "approved")]), None),
        (json!([]), None),
    ] {
        let account = account();
        let bench = Script::default().me(&both).rows(&rows).arrived(&*account, &run()).await;
        let parts = looked(&account, &bench).await.unwrap();
        assert_eq!(status(&account, &parts), wanted, "{rows}");
    }
    // a word of theirs is never taken for our own
    for word in ["contradictory", "cases:contradictory"] {
        let account = account();
        let rows = json!([row(UID, "basic+liveness", "approved")]);
        let script = Script::default().me(&person(&[case("basic+liveness", word, "approved")])).rows(&rows);
        let bench = script.arrived(&*account, &run()).await;
        let parts = looked(&account, &bench).await.unwrap();
        assert_eq!(status(&account, &parts), None, "{word}");
    }
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let account = account_with(json!({"sweep": false}));
    let script = Script::default().me(&approved()).rows(&json!([row(UID, "basic", "expired")]));
    let bench = script.arrived(&*account, &run()).await;
    let parts = looked(&account, &bench).await.unwrap();
    assert_eq!((status(&account, &parts), bench.count(ROWS)), (Some(Status::Approved), 0));
}

/// With the person's token over, the rows stand for the cases, where each level has one.
#[tokio::test]
async fn rows_stand_for_the_cases_of_a_lost_grant() {
    for (rows, wanted) in [
        (json!([row(UID, "basic+liveness", "approved")]), Status::Approved),
        (json!([row(UID, "basic", "approved"), row(UID, "liveness", "approved")]), Status::Approved),
        (json!([row(UID, "basic", "approved"), row(UID, "liveness", "pending")]), Status::InProgress),
        (json!([row(UID, "basic+liveness", "contacted")]), Status::ActionRequired),
        (json!([row(UID, "basic+liveness", "rejected")]), Status::Rejected),
        (json!([row(UID, "basic", "rejected")]), Status::Rejected),
        (json!([row(UID, "basic+liveness", "expired")]), Status::Expired),
        (json!([row(UID, "basic", "approved")]), Status::ActionRequired),
        (json!([row(ANOTHER, "basic+liveness", "approved")]), Status::ActionRequired),
        (json!([row(UID, "light+selfie+wallet", "approved")]), Status::ActionRequired),
    ] {
        let account = account();
        let refused = fixture("oauth.error.invalid-grant.response");
        let script = Script::default().me(&person(&[])).rows(&rows).on(REFRESH, 400, &refused);
        let bench = script.arrived(&*account, &run()).await;
        bench.clock.advance(Duration::from_secs(10_000));
        let parts = looked(&account, &bench).await.unwrap();
        assert_eq!(status(&account, &parts), Some(wanted), "{rows}");
        assert_eq!(bench.count(ME), 1, "no token is tried");
        let asked = part(&parts, &user(UID)).standing == Standing::Waiting;
        assert_eq!(asked, parts.len() < 3, "{rows}: what is lost is asked for where the rows do not tell all");
    }
}

/// A person who came without us: there is no grant, and the rows are all that is known.
#[tokio::test]
async fn an_adopted_person_is_known_by_the_rows_alone() {
    for (rows, wanted) in [
        (json!([row(UID, "basic+liveness", "approved")]), Status::Approved),
        (json!([row(UID, "basic", "rejected")]), Status::Rejected),
        (json!([row(UID, "basic", "approved")]), Status::InProgress),
        (json!([]), Status::InProgress),
    ] {
        let account = account();
        let bench = Script::default().rows(&rows).start();
        let snapshot = account.look(bench.reach(), &user(UID)).await.unwrap();
        assert_eq!(status(&account, snapshot.parts()), Some(wanted), "{rows}");
        assert!(account.asking(snapshot.parts()).is_none(), "there is no run to lead into");
    }
}
