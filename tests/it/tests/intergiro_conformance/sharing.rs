//! One login for all functions: renewed by one, used by all, also when somebody dies or is too slow.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use futures_util::future::join_all;
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::ports::{Login, ProviderError, Shared, Turn};
use idv_gateway::secret::Secret;

use crate::bank::{Bank, Counts};
use crate::harness::{Bench, account, person};

pub(crate) type Account = std::sync::Arc<dyn idv_gateway::ports::Account>;

pub(crate) async fn look(account: &Account, bench: &Bench, login: &dyn Login) -> Result<(), ProviderError> {
    account.look(bench.reach_by(login), &person()).await.map(drop)
}

/// A shared login of which every use is counted, and whose writes may be lost.
#[derive(Default)]
struct Watched {
    inner: MemoryLogin,
    reads: AtomicU32,
    unwritable: AtomicBool,
    unheard: AtomicBool,
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
        let replaced = self.inner.replace(turn, login).await;
        if self.unheard.load(Ordering::SeqCst) { Err(ProviderError::Unavailable("no answer")) } else { replaced }
    }

    async fn give_back(&self, turn: &Turn) {
        self.inner.give_back(turn).await;
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

/// What it renewed and could not share is older than what another then shared, and newer than what it was to replace.
#[tokio::test]
async fn what_could_not_be_shared_gives_way_to_what_was() {
    let bank = Bank::new();
    let (bench, login) = (bank.bench(), Watched::default());
    look(&account(), &bench, &login).await.unwrap();
    bank.passes(16);
    login.unwritable.store(true, Ordering::SeqCst);
    let alone = account();
    assert_eq!(look(&alone, &bench, &login).await, Ok(()));
    login.unwritable.store(false, Ordering::SeqCst);
    login.inner.occupy(false);
    assert_eq!(look(&account(), &bench, &login).await, Ok(()), "another logs in and shares that");
    let before = bank.counts();
    bank.ends_the_oldest();
    bank.passes(2);
    assert_eq!(look(&alone, &bench, &login).await, Ok(()));
    assert_eq!(bank.counts(), Counts { refused: before.refused + 1, ..before }, "no early refresh and no other login");
}

/// Shared, but the answer was lost: the same token under a newer generation is no other token.
#[tokio::test]
async fn a_token_that_was_refused_is_not_used_again_under_a_newer_generation() {
    let bank = Bank::new();
    let (bench, login) = (bank.bench(), Watched::default());
    login.unheard.store(true, Ordering::SeqCst);
    let account = account();
    assert_eq!(look(&account, &bench, &login).await, Ok(()));
    assert_eq!(login.read().await.map(|shared| shared.generation), Ok(1));
    bank.passes(2);
    bank.revokes();
    assert_eq!(look(&account, &bench, &login).await, Ok(()));
    assert_eq!((bank.counts().logins, bank.counts().refused), (2, 1));
}

/// Many who were refused at once share what one of them renewed, also where nobody else can.
#[tokio::test]
async fn those_who_waited_use_what_could_not_be_shared() {
    let bank = Bank::new();
    let (bench, login, account) = (bank.bench(), Watched::default(), account());
    look(&account, &bench, &login).await.unwrap();
    bank.passes(2);
    bank.revokes();
    login.unwritable.store(true, Ordering::SeqCst);
    let outcomes = join_all((0..20).map(|_| look(&account, &bench, &login))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(bank.counts().logins, 2);
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
    let used: BTreeSet<_> = bench.calls().into_iter().filter_map(|call| call.authorization).collect();
    assert_eq!(used.len(), 1, "its own login serves nobody");
    for account in [&slow, &fast, &account()] {
        assert_eq!(look(account, &bench, &login).await, Ok(()));
    }
    assert_eq!(bank.counts().logins, 2);
}
