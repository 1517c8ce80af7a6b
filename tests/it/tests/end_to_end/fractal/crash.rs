//! The fetcher is killed (SIGKILL) where only Fractal knows what has happened: between the exchange of a code or a refresh
//! token and what follows.
//!
//! Leases last in real time, so all stages run side by side.

use std::time::Duration;

use idv_it::stage::{CLASSIC, PATIENCE, Plan, Stage, Traveller};
use idv_local::FunctionName;
use idv_simulators::fractal::{Act, ApiManner, ApiRule, Endpoint, Fractal, TokenCounts, Visit};

use super::nothing_dead;

const FETCHER: FunctionName = FunctionName::EventFetcher;
/// Longer than the longest lease (90 s).
const RECOVERY: Duration = Duration::from_secs(130);

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_around_an_exchange_exchanges_nothing_twice() {
    tokio::join!(Box::pin(after_the_exchange()), Box::pin(before_its_answer()), Box::pin(while_refreshing()));
}

async fn stage() -> Stage {
    let plan = Plan::of(&["acme"]).with_fractal();
    Stage::with(Plan { concurrency: 1, ..plan }).await
}

/// One call is answered late; the fetcher dies as soon as that is so.
async fn killed_at(stage: &Stage, endpoint: Endpoint, begins: impl AsyncFnOnce(), holds: impl Fn(&Fractal) -> bool) {
    let rule = stage.fractal().misbehave(ApiRule::always(ApiManner::Late { millis: 6_000 }).at(endpoint).times(1));
    begins().await;
    assert!(stage.fractal().wait_for(|fractal| holds(fractal), PATIENCE).await.is_ok(), "{endpoint:?}");
    stage.stack.kill(FETCHER).await;
    stage.fractal().remove_rule(rule);
}

async fn recovers(person: &Traveller<'_>, status: &str) {
    let mut moments = tokio::time::interval(Duration::from_secs(1));
    let recovered = tokio::time::timeout(RECOVERY, async {
        while !person.has_ended(status).await {
            moments.tick().await;
        }
    });
    assert!(recovered.await.is_ok(), "not {status} within {RECOVERY:?}: {}", person.shown().await);
    person.ends(status).await;
}

fn nobody_was_punished(stage: &Stage) -> TokenCounts {
    let tokens = stage.fractal().token_counts();
    let punished = (tokens.codes_reused, tokens.parallel_refreshes, tokens.families_ended);
    assert_eq!(punished, (0, 0, 0), "{tokens:?}");
    tokens
}

/// The pair is stored; whose it is was being asked. It is gone on with what is stored.
async fn after_the_exchange() {
    let stage = stage().await;
    let mut person = stage.sets_out("acme", CLASSIC, "after-the-exchange").await;
    let asked = |fractal: &Fractal| fractal.requests_to(Endpoint::UsersMe) > 0;
    let begins = async || drop(person.goes_through(&Visit::default()).await);
    killed_at(&stage, Endpoint::UsersMe, begins, asked).await;
    recovers(&person, "in_review").await;
    person.does([Act::approve_all()]);
    person.ends("approved").await;
    assert_eq!(nobody_was_punished(&stage).codes_exchanged, 1);
    nothing_dead(&stage).await;
}

/// What the exchange gave is lost. The same code is not tried again, which would be punished: the person comes again.
async fn before_its_answer() {
    let stage = stage().await;
    let mut person = stage.sets_out("acme", CLASSIC, "before-its-answer").await;
    let exchanged = |fractal: &Fractal| fractal.token_counts().codes_exchanged > 0;
    let begins = async || drop(person.goes_through(&Visit::default()).await);
    killed_at(&stage, Endpoint::ExchangeCode, begins, exchanged).await;
    stage.calm().await;
    assert_eq!(nobody_was_punished(&stage).codes_exchanged, 1);
    let shown = person.shown().await;
    assert!(["link_issued", "in_progress", "submitted"].iter().any(|status| shown["status"] == *status), "{shown}");
    let address = person.truth().email;
    person.goes_through(&Visit::default().by(address)).await;
    recovers(&person, "in_review").await;
    person.does([Act::approve_all()]);
    person.ends("approved").await;
    assert_eq!(nobody_was_punished(&stage).codes_exchanged, 2);
    nothing_dead(&stage).await;
}

/// The new pair is lost with its refresher; the old one is good until the new one is used.
async fn while_refreshing() {
    let stage = stage().await;
    let person = stage.travels("acme", CLASSIC, "while-refreshing").await;
    person.ends("in_review").await;
    stage.calm().await;
    stage.fractal().expire_access_tokens();
    let refreshed = |fractal: &Fractal| fractal.token_counts().refreshes > 0;
    let begins = async || drop(person.does([Act::approve_all()]));
    killed_at(&stage, Endpoint::RefreshToken, begins, refreshed).await;
    recovers(&person, "approved").await;
    let tokens = nobody_was_punished(&stage);
    assert_eq!((tokens.refreshes, tokens.repeated_refreshes), (2, 1), "{tokens:?}");
    nothing_dead(&stage).await;
}
