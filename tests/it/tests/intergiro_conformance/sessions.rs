//! One login for everybody: refreshed late and by one, shared by all, never asked for again and again.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::ports::{HttpError, Login, ProviderError, Shared, Turn};
use idv_gateway::secret::Secret;
use serde_json::json;

use crate::bank::{Bank, Counts};
use crate::harness::{API_KEY, Bench, LOGIN, REFRESH, Script, account, fixture, individual_line, person};

pub(crate) const FIXTURES: &[&str] = &[
    "error.400.refresh-too-early",
    "error.401.token-expired",
    "post.auth.login.request",
    "post.auth.login.response",
    "post.auth.refresh.request",
    "post.auth.refresh.response",
];

type Account = std::sync::Arc<dyn idv_gateway::ports::Account>;

async fn look(account: &Account, bench: &Bench, login: &dyn Login) -> Result<(), ProviderError> {
    account.look(bench.reach_by(login), &person()).await.map(drop)
}

/// A shared login of which every use is counted, and whose writes may be lost.
#[derive(Default)]
struct Watched {
    inner: MemoryLogin,
    reads: AtomicU32,
    unwritable: AtomicBool,
}

#[async_trait]
impl Login for Watched {
    async fn read(&self) -> Result<Shared, ProviderError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.read().await
    }

    async fn take(&self, generation: u64) -> Result<Option<Turn>, ProviderError> {
        self.inner.take(generation).await
    }

    async fn replace(&self, turn: &Turn, login: &Secret) -> Result<bool, ProviderError> {
        if self.unwritable.load(Ordering::SeqCst) {
            return Err(ProviderError::Unavailable("the ledger is down"));
        }
        self.inner.replace(turn, login).await
    }

    async fn give_back(&self, turn: &Turn) {
        self.inner.give_back(turn).await;
    }
}

#[tokio::test]
async fn the_requests_are_the_documented_ones() {
    let bench = Script::of("onboarding_requested").on(REFRESH, 200, &fixture("post.auth.refresh.response")).start();
    let account = account();
    assert_eq!(account.look(bench.reach(), &person()).await.map(drop), Ok(()));
    bench.clock.advance(Duration::from_secs(15 * 60 + 4));
    account.look(bench.reach(), &person()).await.unwrap();
    assert_eq!((bench.count(LOGIN), bench.count(REFRESH)), (1, 0), "never early");
    bench.clock.advance(Duration::from_secs(1));
    account.look(bench.reach(), &person()).await.unwrap();
    assert_eq!((bench.count(LOGIN), bench.count(REFRESH)), (1, 1));
    assert_eq!(bench.sent(LOGIN), fixture("post.auth.login.request"));
    let granted = fixture("post.auth.login.response");
    let asked = bench.sent(REFRESH);
    assert_eq!(asked["refresh_token"], granted["refresh_token"]);
    let members = |body: &serde_json::Value| body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&asked), members(&fixture("post.auth.refresh.request")));
    let bearer = format!("Bearer {}", granted["access_token"].as_str().unwrap());
    for call in bench.calls() {
        let opens = call.line().starts_with("POST /v3/auth/");
        assert_eq!(call.authorization.as_deref(), (!opens).then_some(bearer.as_str()));
        assert_eq!(String::from_utf8_lossy(&call.body).contains(API_KEY), call.line() == LOGIN);
    }
}

#[tokio::test]
async fn a_warm_call_reads_nothing() {
    let bank = Bank::new();
    let (bench, login, account) = (bank.bench(), Watched::default(), account());
    for _ in 0..10 {
        look(&account, &bench, &login).await.unwrap();
    }
    assert_eq!(login.reads.load(Ordering::SeqCst), 1);
    assert_eq!(bank.counts(), Counts { logins: 1, ..Counts::default() });
}

/// Three functions through a working day: a refresh is never early, never void, and there is one login an hour.
#[tokio::test]
async fn a_day_of_many_functions_is_one_session_after_the_other() {
    let bank = Bank::new();
    let (bench, login) = (bank.bench(), MemoryLogin::default());
    let accounts = [account(), account(), account()];
    for minute in 0..10 * 60_usize {
        for account in &accounts {
            assert_eq!(look(account, &bench, &login).await, Ok(()), "{minute}");
        }
        bank.passes(1);
    }
    let Counts { logins, refreshes, early, void, refused } = bank.counts();
    assert_eq!((early, void), (0, 0));
    assert!((9..=11).contains(&logins), "{:?}", bank.counts());
    assert!(refreshes >= 3 * (logins - 1) && refreshes <= 3 * logins, "{refreshes} of {logins}");
    // Each function meets the end of each token once at most.
    assert!(refused <= 3 * (logins + refreshes), "{refused}");
}

#[tokio::test]
async fn many_calls_at_once_make_one_login_and_one_refresh() {
    let bank = Bank::new();
    let (bench, login) = (bank.bench(), MemoryLogin::default());
    let accounts = [account(), account(), account()];
    let all = |count: usize| {
        let looks = accounts.iter().cycle().take(count);
        join_all(looks.map(|account| look(account, &bench, &login)))
    };
    for (minutes, expected) in [(0, (1, 0)), (16, (1, 1)), (16, (1, 2)), (5, (1, 2))] {
        bank.passes(minutes);
        let outcomes = all(90).await;
        let renewing = |outcome: &Result<(), ProviderError>| *outcome == Err(ProviderError::Renewing);
        assert!(outcomes.iter().all(|outcome| outcome.is_ok() || renewing(outcome)));
        assert!(outcomes.iter().filter(|outcome| outcome.is_ok()).count() >= 30, "those of one function wait for it");
        let counts = bank.counts();
        assert_eq!((counts.logins, counts.refreshes, counts.early, counts.void), (expected.0, expected.1, 0, 0));
        assert!(all(90).await.iter().all(Result::is_ok));
    }
}

#[tokio::test]
async fn what_another_function_has_renewed_is_used() {
    let bank = Bank::new();
    let (bench, login) = (bank.bench(), MemoryLogin::default());
    let (one, other) = (account(), account());
    look(&one, &bench, &login).await.unwrap();
    bank.passes(2);
    bank.revokes();
    look(&other, &bench, &login).await.unwrap();
    let renewed = bank.counts();
    assert_eq!(renewed.logins, 2, "the old session is over");
    look(&one, &bench, &login).await.unwrap();
    let counts = bank.counts();
    assert_eq!((counts.logins, counts.void, counts.refused), (2, renewed.void, renewed.refused + 1));
}

#[tokio::test]
async fn while_another_renews_it_nobody_logs_in() {
    let bank = Bank::new();
    let (bench, login) = (bank.bench(), MemoryLogin::default());
    login.occupy(true);
    assert_eq!(look(&account(), &bench, &login).await, Err(ProviderError::Renewing));
    assert_eq!(bank.counts(), Counts::default());
    login.occupy(false);
    let account = account();
    look(&account, &bench, &login).await.unwrap();
    bank.passes(16);
    login.occupy(true);
    assert_eq!(look(&account, &bench, &login).await, Err(ProviderError::Renewing));
    assert_eq!(bank.counts(), Counts { logins: 1, ..Counts::default() });
}

/// The pair that is shared is void then: its refresh is refused, and somebody logs in.
#[tokio::test]
async fn whoever_dies_after_a_refresh_costs_one_login() {
    let bank = Bank::new();
    let (bench, login) = (bank.bench(), Watched::default());
    look(&account(), &bench, &login).await.unwrap();
    bank.passes(16);
    login.unwritable.store(true, Ordering::SeqCst);
    let dying = account();
    assert_eq!(look(&dying, &bench, &login).await, Ok(()), "what it has got serves it");
    assert_eq!(look(&dying, &bench, &login).await, Ok(()));
    login.unwritable.store(false, Ordering::SeqCst);
    assert_eq!(look(&account(), &bench, &login).await, Err(ProviderError::Renewing), "its right stands for a while");
    login.inner.occupy(false);
    assert_eq!(look(&account(), &bench, &login).await, Ok(()));
    let counts = bank.counts();
    assert_eq!((counts.logins, counts.refreshes, counts.void), (2, 1, 1));
}

type Meanwhile<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A right that lapses before it is used: somebody else does something meanwhile.
struct Lapsing<'a> {
    inner: &'a MemoryLogin,
    meanwhile: Mutex<Option<Meanwhile<'a>>>,
}

#[async_trait]
impl Login for Lapsing<'_> {
    async fn read(&self) -> Result<Shared, ProviderError> {
        self.inner.read().await
    }

    async fn take(&self, generation: u64) -> Result<Option<Turn>, ProviderError> {
        let turn = self.inner.take(generation).await;
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            self.inner.occupy(false);
            meanwhile.await;
        }
        turn
    }

    async fn replace(&self, turn: &Turn, login: &Secret) -> Result<bool, ProviderError> {
        self.inner.replace(turn, login).await
    }

    async fn give_back(&self, turn: &Turn) {
        self.inner.give_back(turn).await;
    }
}

/// Its refresh comes second and is refused: the pair is read again, and the other's is used.
#[tokio::test]
async fn a_refused_refresh_uses_what_is_newer() {
    let bank = Bank::new();
    let (bench, login) = (bank.bench(), MemoryLogin::default());
    let (slow, fast) = (account(), account());
    look(&slow, &bench, &login).await.unwrap();
    bank.passes(16);
    let meanwhile: Meanwhile<'_> = Box::pin(async { look(&fast, &bench, &login).await.unwrap() });
    let lapsing = Lapsing { inner: &login, meanwhile: Mutex::new(Some(meanwhile)) };
    assert_eq!(look(&slow, &bench, &lapsing).await, Ok(()));
    assert_eq!(bank.counts(), Counts { logins: 1, refreshes: 1, void: 1, ..Counts::default() });
    assert_eq!(login.read().await.map(|shared| shared.generation), Ok(2));
}

/// A login that comes second is not shared: the other's stands.
#[tokio::test]
async fn whoever_comes_second_uses_the_other_s_login() {
    let bank = Bank::new();
    let (bench, login) = (bank.bench(), MemoryLogin::default());
    let (slow, fast) = (account(), account());
    let meanwhile: Meanwhile<'_> = Box::pin(async { look(&fast, &bench, &login).await.unwrap() });
    let lapsing = Lapsing { inner: &login, meanwhile: Mutex::new(Some(meanwhile)) };
    assert_eq!(look(&slow, &bench, &lapsing).await, Ok(()));
    let shared = login.read().await.unwrap();
    assert_eq!((bank.counts().logins, shared.generation), (2, 1));
    for account in [&slow, &fast, &account()] {
        assert_eq!(look(account, &bench, &login).await, Ok(()));
    }
    assert_eq!(bank.counts().logins, 2);
}

/// A token that is refused before its time: the refresh is refused as early, then there is a login.
#[tokio::test]
async fn a_session_that_was_ended_is_followed_by_one_login() {
    let bank = Bank::new();
    let (bench, login, account) = (bank.bench(), MemoryLogin::default(), account());
    look(&account, &bench, &login).await.unwrap();
    bank.passes(3);
    bank.revokes();
    assert_eq!(look(&account, &bench, &login).await, Ok(()));
    assert_eq!(bank.counts(), Counts { logins: 2, void: 1, refused: 1, ..Counts::default() });
}

/// Whatever the token, 401: `Unauthorized`, and at most one login in a minute.
#[tokio::test]
async fn a_bank_that_refuses_every_token_is_not_asked_for_ever_more() {
    let bank = Bank::new();
    let (bench, login, account) = (bank.bench(), MemoryLogin::default(), account());
    bank.is_deaf(true);
    for second in 0..120 {
        assert_eq!(look(&account, &bench, &login).await, Err(ProviderError::Unauthorized), "{second}");
        bank.passes_seconds(1);
    }
    let counts = bank.counts();
    assert!(counts.logins <= 3 && counts.early <= 3, "{counts:?}");
    bank.is_deaf(false);
    bank.passes(2);
    assert_eq!(look(&account, &bench, &login).await, Ok(()));
}

#[tokio::test]
async fn a_refused_key_is_asked_about_once_a_minute() {
    for status in [400, 401, 403, 422] {
        let bench = Script::of("activated").only(LOGIN, vec![Ok(empty(status))]).start();
        let account = account();
        let outcomes = join_all((0..20).map(|_| look(&account, &bench, &bench.login))).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Err(ProviderError::Unauthorized)), "{status}");
        assert_eq!(bench.lines(), [LOGIN]);
        bench.clock.advance(Duration::from_secs(59));
        assert_eq!(look(&account, &bench, &bench.login).await, Err(ProviderError::Unauthorized));
        assert_eq!(bench.count(LOGIN), 1);
        bench.clock.advance(Duration::from_secs(1));
        assert_eq!(look(&account, &bench, &bench.login).await, Err(ProviderError::Unauthorized));
        assert_eq!(bench.count(LOGIN), 2, "the right was given back");
    }
}

#[tokio::test]
async fn a_login_that_fails_is_shared_by_those_who_waited_and_tried_again_by_the_next() {
    let granted = || Ok(answer(200, &fixture("post.auth.login.response")));
    for (fault, expected) in [
        (Ok(empty(429)), ProviderError::Busy { retry_after: None }),
        (Ok(empty(503)), ProviderError::Unavailable("its own fault")),
        (Err(HttpError::TimedOut), ProviderError::Unavailable("not done by the deadline")),
        (Ok(empty(404)), ProviderError::Unavailable("its API is not at this address")),
        (
            Ok(answer(200, &json!({"access_token": "a b", "refresh_token": "r"}))),
            ProviderError::Unavailable("the token cannot be used"),
        ),
        (Ok(answer(200, &json!({"access_token": "a"}))), ProviderError::Unavailable("the answer cannot be read")),
    ] {
        let bench = Script::of("activated").only(LOGIN, vec![fault, granted()]).start();
        let account = account();
        let outcomes = join_all((0..20).map(|_| look(&account, &bench, &bench.login))).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Err(expected.clone())), "{outcomes:?}");
        assert_eq!(bench.count(LOGIN), 1);
        assert_eq!(look(&account, &bench, &bench.login).await, Ok(()));
    }
}

/// A refresh that may have been done is not a reason to log in at once.
#[tokio::test]
async fn a_refresh_that_is_not_answered_is_tried_again() {
    let refreshed = || Ok(answer(200, &fixture("post.auth.refresh.response")));
    for (fault, expected) in [
        (Ok(empty(429)), ProviderError::Busy { retry_after: None }),
        (Err(HttpError::Broken), ProviderError::Unavailable("the connection broke")),
        (Ok(answer(200, &json!([]))), ProviderError::Unavailable("the answer cannot be read")),
    ] {
        let bench = Script::of("activated").only(REFRESH, vec![fault, refreshed()]).start();
        let account = account();
        look(&account, &bench, &bench.login).await.unwrap();
        bench.clock.advance(Duration::from_secs(16 * 60));
        assert_eq!(look(&account, &bench, &bench.login).await, Err(expected));
        assert_eq!(look(&account, &bench, &bench.login).await, Ok(()));
        assert_eq!((bench.count(LOGIN), bench.count(REFRESH)), (1, 2));
    }
}

#[tokio::test]
async fn a_shared_login_that_cannot_be_read_is_replaced() {
    for strange in ["", "{}", "[1]", "not json", r#"{"access_token": "a\nb"}"#] {
        let bank = Bank::new();
        let (bench, login) = (bank.bench(), MemoryLogin::default());
        login.put(&Secret::from(strange.to_owned()));
        assert_eq!(look(&account(), &bench, &login).await, Ok(()), "{strange}");
        assert_eq!((bank.counts().logins, login.read().await.map(|shared| shared.generation)), (1, Ok(2)));
    }
}

/// Refused twice is refused; once is not.
#[tokio::test]
async fn a_call_is_made_twice_at_most() {
    let expired = || Ok(answer(401, &fixture("error.401.token-expired")));
    let early = || Ok(answer(400, &fixture("error.400.refresh-too-early")));
    let person_line = individual_line();
    let bench = Script::of("activated").only(&person_line, vec![expired()]).only(REFRESH, vec![early()]).start();
    let account = account();
    bench.login.put(&Secret::from("{}".to_owned()));
    assert_eq!(look(&account, &bench, &bench.login).await, Err(ProviderError::Unauthorized));
    assert!(bench.count(&person_line) <= 2);
    let good = Ok(answer(200, &crate::harness::individual("onboarding_requested")));
    let refreshed = Ok(answer(200, &fixture("post.auth.refresh.response")));
    let bench =
        Script::of("activated").only(&person_line, vec![expired(), good]).only(REFRESH, vec![refreshed]).start();
    assert_eq!(look(&crate::harness::account(), &bench, &bench.login).await, Ok(()));
    assert_eq!((bench.count(LOGIN), bench.count(REFRESH), bench.count(&person_line)), (1, 1, 2));
}
