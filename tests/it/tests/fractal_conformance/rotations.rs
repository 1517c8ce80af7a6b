//! A person's tokens: each refresh gives a new pair, and ends the old one when the new one is used for the first time.
//! Whoever dies, is late or comes second: no pair is used that is not stored, and no grant is lost by it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use idv_gateway::domain::{Assessment, Part, Status};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Account, HttpError, ProviderError, Reach, Response};
use idv_gateway::secret::Secret;
use serde_json::json;

use crate::harness::{
    Bench, CODE, ME, REFRESH, Script, UID, account, account_with, case, fixture, part, person, run, secret, user,
    wanted,
};
use crate::ledgers::{Fault, Faulty, Overtaken};

const HOURS: Duration = Duration::from_secs(3 * 60 * 60);

fn script() -> Script {
    Script::default().me(&person(&[case("basic", "done", "approved"), case("liveness", "pending", "pending")]))
}

/// A run whose person came back three hours ago.
async fn later(script: Script) -> Bench {
    let bench = script.arrived(&*quiet(), &run()).await;
    bench.clock.advance(HOURS);
    bench
}

/// Without the sweep, so that the person's tokens are all there is.
fn quiet() -> Arc<dyn Account> {
    account_with(json!({"sweep": false}))
}

async fn look(bench: &Bench) -> Result<Vec<Part>, ProviderError> {
    look_by(bench.reach()).await
}

async fn look_by(reach: Reach<'_>) -> Result<Vec<Part>, ProviderError> {
    quiet().look(reach, &run()).await.map(|snapshot| snapshot.parts().to_vec())
}

fn refreshes(bench: &Bench) -> Vec<String> {
    let of = |call: &_| wanted(call).get("refresh_token").cloned();
    bench.calls().iter().filter_map(of).collect()
}

/// The tokens that were used, each once.
fn used(bench: &Bench) -> Vec<String> {
    let mut used: Vec<String> = bench.calls().iter().filter_map(|call| call.authorization.clone()).collect();
    used.dedup();
    used
}

#[tokio::test]
async fn a_living_token_is_used_as_it_is() {
    let bench = script().arrived(&*quiet(), &run()).await;
    for _ in 0..3 {
        look(&bench).await.unwrap();
    }
    assert_eq!((bench.count(CODE), bench.count(REFRESH), bench.count(ME)), (1, 0, 4));
    assert_eq!(used(&bench), ["Bearer access-1"]);
}

#[tokio::test]
async fn an_old_token_is_refreshed_stored_and_then_used() {
    let bench = later(script()).await;
    look(&bench).await.unwrap();
    bench.clock.advance(HOURS);
    look(&bench).await.unwrap();
    assert_eq!(refreshes(&bench), ["refresh-1", "refresh-2"]);
    assert_eq!(used(&bench), ["Bearer access-1", "Bearer access-2", "Bearer access-3"]);
}

/// Refused before its time, by a person who is signed out everywhere: renewed once, and not insisted on.
#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let good = answer(200, &person(&[]));
    let script = Script::default().only(ME, vec![Ok(empty(401)), Ok(good)]);
    let bench = script.arrived(&*quiet(), &run()).await;
    look(&bench).await.unwrap();
    assert_eq!((bench.count(REFRESH), bench.count(ME)), (1, 3));
    let stubborn = Script::default().only(ME, vec![Ok(empty(401))]).arrived(&*quiet(), &run()).await;
    let refused = look(&stubborn).await;
    assert_eq!(refused, Err(ProviderError::Refused { field: None }), "never the account's fault");
    assert_eq!((stubborn.count(REFRESH), stubborn.count(ME)), (1, 3));
}

/// Fractal answered, and we died before it was stored: the old pair lives, because nobody has used the new one.
#[tokio::test]
async fn a_pair_that_was_not_stored_is_not_used() {
    let bench = later(script()).await;
    let faulty = Faulty::new(&bench.grant, &[Fault::Lost]);
    let reach = Reach { grant: &faulty, ..bench.reach() };
    assert!(matches!(look_by(reach).await, Err(ProviderError::Unavailable(_))));
    assert_eq!(used(&bench), ["Bearer access-1"], "the new one was not used");
    look(&bench).await.unwrap();
    assert_eq!(refreshes(&bench), ["refresh-1", "refresh-1"]);
    assert_eq!(used(&bench), ["Bearer access-1", "Bearer access-3"]);
}

/// It was stored, and whoever did so died before its first use.
#[tokio::test]
async fn a_pair_that_was_stored_serves_the_next() {
    let bench = later(script()).await;
    let faulty = Faulty::new(&bench.grant, &[Fault::Unheard]);
    let reach = Reach { grant: &faulty, ..bench.reach() };
    assert!(look_by(reach).await.is_err());
    look(&bench).await.unwrap();
    assert_eq!(refreshes(&bench), ["refresh-1"]);
    assert_eq!(used(&bench), ["Bearer access-1", "Bearer access-2"]);
}

#[tokio::test]
async fn of_two_at_once_one_refreshes() {
    let bench = later(script()).await;
    let (one, other) = join(look(&bench), look(&bench)).await;
    let renewing = |outcome: &Result<Vec<Part>, ProviderError>| *outcome == Err(ProviderError::Renewing);
    assert!(one.is_ok() || other.is_ok());
    assert!((one.is_ok() || renewing(&one)) && (other.is_ok() || renewing(&other)), "{one:?} {other:?}");
    assert_eq!(refreshes(&bench), ["refresh-1"]);
    look(&bench).await.unwrap();
    assert_eq!(used(&bench), ["Bearer access-1", "Bearer access-2"]);
}

#[tokio::test]
async fn while_another_renews_nobody_does() {
    let bench = later(script()).await;
    bench.grant.occupy(true);
    assert_eq!(look(&bench).await, Err(ProviderError::Renewing));
    assert_eq!(refreshes(&bench), Vec::<String>::new());
    bench.grant.occupy(false);
    assert!(look(&bench).await.is_ok());
}

/// We were too slow, our right had lapsed and another's pair is stored: ours is thrown away unused.
#[tokio::test]
async fn who_is_late_uses_what_others_have_stored() {
    let bench = later(script()).await;
    let faulty = Faulty::new(&bench.grant, &[Fault::Lapsed]);
    let reach = Reach { grant: &faulty, ..bench.reach() };
    assert!(look_by(reach).await.is_ok());
    assert_eq!(used(&bench), ["Bearer access-1", "Bearer their-access"]);
    assert_eq!(refreshes(&bench), ["refresh-1"]);
}

/// Lost before a decision: the person is asked again, by a link. It is not tried a second time with the dead token.
#[tokio::test]
async fn a_grant_that_cannot_be_renewed_is_asked_for_again() {
    let refused = fixture("oauth.error.invalid-grant.response");
    let bench = later(script().on(REFRESH, 400, &refused)).await;
    let account = quiet();
    for _ in 0..3 {
        let parts = look(&bench).await.unwrap();
        let Assessment::Known(opinion) = account.assess(&parts) else { panic!("{parts:?}") };
        assert_eq!((opinion.status, opinion.action.unwrap().ask.as_str()), (Status::ActionRequired, "give_consent"));
        assert_eq!(opinion.reasons[0].code.as_str(), "consent_declined");
        assert_eq!(account.asking(&parts), Some(user(UID)));
    }
    assert_eq!(refreshes(&bench).len(), 1);
    assert!(matches!(account.details(bench.reach(), &run()).await, Err(ProviderError::Unsupported(_))));
    assert_eq!(account.exchange(bench.reach(), &run(), None).await, Ok(None));
    // they come again
    assert!(account.exchange(bench.reach(), &run(), Some(&secret("code-2"))).await.unwrap().is_some());
    let parts = look(&bench).await.unwrap();
    assert_eq!(part(&parts, &user(UID)).provider_status, "granted");
}

/// What was decided before stands, and is shown as not to be read.
#[tokio::test]
async fn a_lost_grant_takes_no_decision_away() {
    let refused = fixture("oauth.error.invalid-grant.response");
    let both = person(&[case("basic", "done", "approved"), case("liveness", "done", "approved")]);
    let bench = Script::default().me(&both).on(REFRESH, 400, &refused).arrived(&*quiet(), &run()).await;
    let decided = look(&bench).await.unwrap();
    bench.clock.advance(HOURS);
    let lost = look(&bench).await.unwrap();
    let known: Vec<Part> = lost
        .iter()
        .cloned()
        .chain(
            decided
                .iter()
                .filter(|old| !lost.iter().any(|new| new.resource == old.resource))
                .map(|old| Part { gone: true, ..old.clone() }),
        )
        .collect();
    let account = quiet();
    assert!(matches!(account.assess(&known), Assessment::Unrecognised { .. }));
    assert_eq!(account.asking(&known), Some(user(UID)), "a link can be had");
}

/// Everything that is not the grant's own end leaves it as it is.
#[tokio::test]
async fn no_other_fault_ends_a_grant() {
    let client = answer(401, &fixture("oauth.error.invalid-client.response"));
    let faults: Vec<(Result<Response, HttpError>, Option<ProviderError>)> = vec![
        (Ok(client), Some(ProviderError::Unauthorized)),
        (Ok(empty(429)), Some(ProviderError::Busy { retry_after: None })),
        (Ok(empty(400)), Some(ProviderError::Refused { field: None })),
        (Ok(empty(500)), None),
        (Ok(empty(404)), None),
        (Ok(answer(200, &json!({"access_token": "a"}))), None),
        (Ok(answer(200, &json!([]))), None),
        (Err(HttpError::TimedOut), None),
        (Err(HttpError::Broken), None),
    ];
    for (fault, wanted) in faults {
        let name = format!("{:?}", fault.as_ref().map(|response| response.status));
        let script = script().then(REFRESH, fault).on(REFRESH, 200, &crate::harness::pair(7, true));
        let bench = later(script).await;
        let found = look(&bench).await;
        match wanted {
            Some(error) => assert_eq!(found, Err(error), "{name}"),
            None => assert!(matches!(found, Err(ProviderError::Unavailable(_))), "{name}: {found:?}"),
        }
        assert!(look(&bench).await.is_ok(), "{name}: the next one refreshes");
        assert_eq!(refreshes(&bench), ["refresh-1", "refresh-1"], "{name}");
    }
}

/// A newer pair was stored while ours was refused: that is no loss.
#[tokio::test]
async fn who_is_refused_because_another_was_faster_goes_on_with_theirs() {
    let bench = later(script().on(REFRESH, 400, &fixture("oauth.error.invalid-grant.response"))).await;
    let late = Overtaken::new(&bench.grant);
    let reach = Reach { grant: &late, ..bench.reach() };
    let parts = look_by(reach).await.unwrap();
    assert_eq!(part(&parts, &user(UID)).provider_status, "granted");
    assert_eq!(used(&bench), ["Bearer access-1", "Bearer their-access"]);
}

/// The first pair of a code is all there is: it is stored through the ledger's own faults.
#[tokio::test]
async fn the_first_pair_survives_the_ledgers_faults() {
    for faults in [&[Fault::Lost][..], &[Fault::Unheard], &[Fault::Lost, Fault::Unheard], &[Fault::Lost, Fault::Lost]] {
        let bench = script().start();
        let faulty = Faulty::new(&bench.grant, faults);
        let reach = Reach { grant: &faulty, ..bench.reach() };
        let names = quiet().exchange(reach, &run(), Some(&secret("c"))).await;
        assert_eq!(names, Ok(Some(vec![user(UID)])));
        assert_eq!(bench.count(CODE), 1);
    }
}

/// What nobody can open is no grant, and no decision is taken back by it.
#[tokio::test]
async fn a_grant_that_cannot_be_opened_is_as_good_as_none() {
    let bench = script().arrived(&*quiet(), &run()).await;
    let decided = look(&bench).await.unwrap();
    bench.grant.put(&Secret::from("not to be read".to_owned()));
    let account = account();
    let parts = account.look(bench.reach(), &run()).await.unwrap();
    assert_eq!(parts.parts().len(), 1);
    let gone = decided.into_iter().map(|old| Part { gone: true, ..old });
    let known: Vec<Part> = parts.parts().iter().cloned().chain(gone).collect();
    assert!(matches!(account.assess(&known), Assessment::Unrecognised { .. }));
    assert_eq!(account.asking(&known), Some(run()));
}
