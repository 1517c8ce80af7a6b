//! A code is used where there is time for what it gives, and what it gives is kept unless somebody has come back from a
//! later attempt.

use std::time::Duration;

use async_trait::async_trait;
use idv_gateway::domain::Resource;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::ports::{Login, ProviderError, Reach, Shared, Turn};
use idv_gateway::secret::Secret;
use serde_json::json;

use crate::harness::{
    ANOTHER, Bench, CODE, Hurried, ME, ONBOARDING, REFRESH, Script, UID, account, fixture, part, resource, run, secret,
    user,
};

type Named = Result<Option<Vec<Resource>>, ProviderError>;

fn script() -> Script {
    Script::default().me(&fixture("get.users-me.no-cases"))
}

fn attempt(number: u8) -> Resource {
    resource("journey", &format!("{ONBOARDING}.{number}.basic.liveness"))
}

async fn exchange(bench: &Bench, number: u8, code: &str) -> Named {
    account().exchange(bench.reach(), &attempt(number), Some(&secret(code))).await
}

fn came() -> Named {
    Ok(Some(vec![user(UID)]))
}

/// It is asked for again with the same code, which is still good.
#[tokio::test]
async fn no_code_is_used_without_the_time_for_it() {
    let bench = script().start();
    let usual = bench.reach().http;
    for (left, is_enough) in [(0, false), (2999, false), (3000, true)] {
        let hurried = Hurried(usual, Duration::from_millis(left));
        let reach = Reach { http: &hurried, ..bench.reach() };
        let found = account().exchange(reach, &run(), Some(&secret("c"))).await;
        assert_eq!(bench.count(CODE), usize::from(is_enough), "{left}");
        match is_enough {
            true => assert_eq!(found, came()),
            false => assert!(matches!(found, Err(ProviderError::Unavailable(_))), "{left}: {found:?}"),
        }
    }
    // what was given is gone on with, however little time there is
    let hurried = Hurried(usual, Duration::ZERO);
    let reach = Reach { http: &hurried, ..bench.reach() };
    assert_eq!(account().exchange(reach, &run(), Some(&secret("c"))).await, came());
    assert_eq!((bench.count(CODE), bench.count(REFRESH)), (1, 0));
}

#[tokio::test]
async fn an_earlier_attempt_takes_nothing_from_a_later_one() {
    for (first, second, comes) in [(1, 2, true), (2, 1, false), (2, 10, true), (10, 9, false)] {
        let bench = script().start();
        assert_eq!(exchange(&bench, first, "c1").await, came());
        let found = exchange(&bench, second, "c2").await;
        assert_eq!(found, if comes { came() } else { Ok(None) }, "{first} {second}");
        assert_eq!(bench.count(CODE), if comes { 2 } else { 1 }, "{first} {second}: no code is used up");
        let snapshot = account().look(bench.reach(), &attempt(first.max(second))).await.unwrap();
        assert_eq!(part(snapshot.parts(), &user(UID)).provider_status, "granted");
    }
}

/// Whose right to keep something lapses, and meanwhile somebody keeps what a later attempt gave.
struct Later(MemoryLogin);

#[async_trait]
impl Login for Later {
    async fn read(&self) -> Result<Shared, ProviderError> {
        self.0.read().await
    }

    async fn take(&self, generation: u64) -> Result<Option<Turn>, ProviderError> {
        self.0.take(generation).await
    }

    async fn replace(&self, _turn: &Turn, _login: &Secret) -> Result<bool, ProviderError> {
        let stored = json!({
            "run": attempt(2).id, "code": "key.x", "uid": ANOTHER, "access": "later-access", "refresh": "later-refresh",
            "until": "2026-11-20T20:00:00Z", "scope": null, "lost": false,
        });
        self.0.put(&secret(&stored.to_string()));
        Ok(false)
    }

    async fn give_back(&self, turn: &Turn) {
        self.0.give_back(turn).await;
    }
}

#[tokio::test]
async fn what_comes_too_late_is_not_kept() {
    let bench = script().start();
    let later = Later(MemoryLogin::default());
    let reach = Reach { grant: &later, ..bench.reach() };
    assert_eq!(account().exchange(reach, &attempt(1), Some(&secret("c"))).await, Ok(None));
    assert_eq!(bench.lines(), [CODE], "and nobody is read with it");
    let reach = Reach { grant: &later, ..bench.reach() };
    let there = account().exchange(reach, &attempt(2), None).await;
    assert!(matches!(there, Err(ProviderError::Foreign(_))), "the later one's person is asked for: {there:?}");
    assert_eq!(bench.calls().last().unwrap().authorization.as_deref(), Some("Bearer later-access"));
}

/// Fractal refuses what it has just given: the code is used up and its tokens are kept, so the person is asked for again.
#[tokio::test]
async fn who_cannot_be_read_at_first_is_asked_for_again() {
    for refusal in [401, 403] {
        let good = answer(200, &fixture("get.users-me.no-cases"));
        let refusals = if refusal == 401 { 2 } else { 1 };
        let answers = std::iter::repeat_n(Ok(empty(refusal)), refusals).chain([Ok(good)]).collect();
        let bench = Script::default().only(ME, answers).start();
        let found = exchange(&bench, 1, "c").await;
        assert!(matches!(found, Err(ProviderError::Unavailable(_))), "{refusal}: {found:?}");
        assert_eq!(exchange(&bench, 1, "c").await, came());
        assert_eq!(bench.count(CODE), 1);
    }
}
