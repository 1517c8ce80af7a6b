//! Whose a one-time token is: every answer of the fixtures, those that are about another run, and two at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use idv_gateway::memory::http::json as answer;
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::ports::{Login, ProviderError, Reach, Shared, Turn};
use idv_gateway::secret::Secret;
use idv_it::bench::Bench;
use idv_simulators::fractal::Generation;
use serde_json::{Value, json};

use crate::harness::Hurried;

use super::desk::{
    BY_TOKEN, GENERATIONS, ONBOARDING, Script, USER_ID, account, account_with, back, code, fixture, of_run, run, user,
};

const ANSWERS: [&str; 3] =
    ["kraken.get.kyc-token.approved", "kraken.get.kyc-token.pending", "kraken.get.kyc-token.rejected"];

/// What is kept, if that and nothing else is.
async fn keeps(bench: &Bench, person: Option<&str>) -> bool {
    let shared = bench.grant.read().await.unwrap();
    match (shared.login, person) {
        (None, None) => true,
        (Some(login), Some(person)) => {
            login.matches(format!(r#"{{"run":"{}","uid":"{person}"}}"#, run().id).as_bytes())
        }
        (_, _) => false,
    }
}

/// Whatever it says of the status.
#[tokio::test]
async fn a_token_of_the_run_names_its_person() {
    for generation in GENERATIONS {
        for name in ANSWERS {
            let bench = Script::default().on(BY_TOKEN, &of_run(name, &run())).start();
            let names = account(generation).exchange(bench.reach(), &run(), Some(&code())).await;
            assert_eq!(names, Ok(Some(vec![user(USER_ID)])), "{name}");
            assert!(keeps(&bench, Some(USER_ID)).await);
            assert_eq!(bench.lines(), [BY_TOKEN]);
        }
    }
}

/// The fixtures as they are: their link was another's.
#[tokio::test]
async fn a_token_of_another_run_is_foreign() {
    for generation in GENERATIONS {
        for setting in ["required", "when_given"] {
            let account = account_with(generation, json!({"external_state": setting}));
            let states = [
                json!("state"),
                json!(""),
                json!(format!("{ONBOARDING}.2.basic.liveness.idos")),
                json!(format!("{ONBOARDING}.1.basic.liveness")),
                json!(ONBOARDING),
                json!(run().id.as_str().to_lowercase()),
            ];
            for state in states {
                let mut body = fixture("kraken.get.kyc-token.approved");
                body["externalState"] = state.clone();
                let bench = Script::default().on(BY_TOKEN, &body).start();
                let names = account.exchange(bench.reach(), &run(), Some(&code())).await;
                assert!(matches!(names, Err(ProviderError::Foreign(_))), "{generation:?} {setting} {state}");
                assert!(keeps(&bench, None).await);
            }
        }
    }
}

#[tokio::test]
async fn none_at_all_counts_where_the_settings_say_so() {
    for (generation, setting, counts) in [
        (Generation::Verifier, json!({}), false),
        (Generation::Verifier, json!({"external_state": "when_given"}), true),
        (Generation::Relay, json!({}), true),
        (Generation::Relay, json!({"external_state": "required"}), false),
    ] {
        for state in [None, Some(Value::Null)] {
            let mut body = fixture("kraken.get.kyc-token.approved");
            body.as_object_mut().unwrap().remove("externalState");
            if let Some(state) = state {
                body["externalState"] = state;
            }
            let bench = Script::default().on(BY_TOKEN, &body).start();
            let account = account_with(generation, setting.clone());
            let names = account.exchange(bench.reach(), &run(), Some(&code())).await;
            assert_eq!(names.is_ok(), counts, "{generation:?} {setting} {names:?}");
            assert!(keeps(&bench, counts.then_some(USER_ID)).await);
        }
    }
}

#[tokio::test]
async fn an_answer_without_a_person_is_none() {
    for id in [Value::Null, json!(""), json!(7), json!("../token"), json!("jane@example.com"), json!("a/b")] {
        let mut body = of_run("kraken.get.kyc-token.approved", &run());
        body["userId"] = id.clone();
        let bench = Script::default().on(BY_TOKEN, &body).start();
        let names = account(Generation::Verifier).exchange(bench.reach(), &run(), Some(&code())).await;
        assert!(matches!(names, Err(ProviderError::Unavailable(_))), "{id} {names:?}");
        assert!(keeps(&bench, None).await);
    }
}

#[tokio::test]
async fn what_is_kept_is_gone_on_with() {
    for generation in GENERATIONS {
        let bench = Script::default().start();
        assert_eq!(account(generation).exchange(bench.reach(), &run(), None).await, Ok(None));
        back(&bench);
        let names = account(generation).exchange(bench.reach(), &run(), None).await;
        assert_eq!(names, Ok(Some(vec![user(USER_ID)])));
        for strange in ["", "7", "{}", r#"{"run":"x","uid":"USER_ID"}"#, r#"{"uid":"USER_ID"}"#] {
            bench.grant.put(&Secret::from(strange.to_owned()));
            assert_eq!(account(generation).exchange(bench.reach(), &run(), None).await, Ok(None), "{strange}");
        }
        assert!(bench.calls().is_empty());
    }
}

/// A token can be read once: of two with the same code one reads it, and the other is told to wait.
#[tokio::test]
async fn two_at_once_read_a_token_once() {
    for generation in GENERATIONS {
        let used = answer(404, &json!({"error": {"message": "not found"}}));
        let script = Script::default().on(BY_TOKEN, &of_run("kraken.get.kyc-token.pending", &run()));
        let bench = script.then(BY_TOKEN, Ok(used)).start();
        let (account, code, run) = (account(generation), code(), run());
        let (first, second) = futures_util::join!(
            account.exchange(bench.reach(), &run, Some(&code)),
            account.exchange(bench.reach(), &run, Some(&code)),
        );
        let names = Ok(Some(vec![user(USER_ID)]));
        assert_eq!((first, second), (names.clone(), Err(ProviderError::Renewing)));
        assert_eq!(bench.lines(), [BY_TOKEN]);
        assert_eq!(account.exchange(bench.reach(), &run, None).await, names, "who waited finds what was kept");
    }
}

/// A right that lapses before what is read can be kept: somebody else kept something meanwhile.
struct Lapsing {
    inner: MemoryLogin,
    meanwhile: Option<Secret>,
    lapsed: AtomicBool,
}

#[async_trait]
impl Login for Lapsing {
    async fn read(&self) -> Result<Shared, ProviderError> {
        self.inner.read().await
    }

    async fn take(&self, generation: u64) -> Result<Option<Turn>, ProviderError> {
        self.inner.take(generation).await
    }

    async fn replace(&self, turn: &Turn, login: &Secret) -> Result<bool, ProviderError> {
        match &self.meanwhile {
            Some(other) if !self.lapsed.swap(true, Ordering::SeqCst) => self.inner.put(other),
            Some(_) | None => {}
        }
        self.inner.replace(turn, login).await
    }

    async fn give_back(&self, turn: &Turn) {
        self.inner.give_back(turn).await;
    }
}

/// A token that can be read once is read where there is time to keep what it says.
#[tokio::test]
async fn no_token_is_read_without_the_time_for_it() {
    for generation in GENERATIONS {
        let bench = Script::default().on(BY_TOKEN, &of_run("kraken.get.kyc-token.pending", &run())).start();
        for (left, reads) in [(0, 0), (2999, 0), (3000, 1)] {
            let hurried = Hurried(bench.reach().http, Duration::from_millis(left));
            let reach = Reach { http: &hurried, ..bench.reach() };
            let found = account(generation).exchange(reach, &run(), Some(&code())).await;
            assert_eq!((bench.calls().len(), found.is_ok()), (reads, reads == 1), "{left}");
            assert!(found.is_ok() || matches!(found, Err(ProviderError::Unavailable(_))), "{found:?}");
        }
    }
}

#[tokio::test]
async fn an_earlier_attempt_takes_nothing_from_a_later_one() {
    let of = |attempt: u8| format!(r#"{{"run":"{ONBOARDING}.{attempt}.basic.liveness.idos","uid":"OTHER"}}"#);
    for generation in GENERATIONS {
        for (kept, counts) in [(of(2), false), (of(10), false), (of(1), true), (of(0), true), ("{}".to_owned(), true)] {
            let bench = Script::default().on(BY_TOKEN, &of_run("kraken.get.kyc-token.pending", &run())).start();
            bench.grant.put(&Secret::from(kept.clone()));
            let found = account(generation).exchange(bench.reach(), &run(), Some(&code())).await;
            assert_eq!(found, Ok(counts.then(|| vec![user(USER_ID)])), "{kept}");
            assert_eq!(bench.calls().len(), usize::from(counts), "{kept}: nothing is used up");
            let stands = bench.grant.read().await.unwrap().login.unwrap().matches(kept.as_bytes());
            assert_eq!(stands, !counts, "{kept}");
        }
    }
}

#[tokio::test]
async fn what_somebody_else_has_kept_of_the_run_stands() {
    let other_run = format!(r#"{{"run":"{ONBOARDING}.2.basic","uid":"OTHER"}}"#);
    let same_run = format!(r#"{{"run":"{}","uid":"OTHER"}}"#, run().id);
    for (meanwhile, names) in [(same_run, Some(vec![user("OTHER")])), (other_run, None)] {
        let bench = Script::default().on(BY_TOKEN, &of_run("kraken.get.kyc-token.pending", &run())).start();
        let grant = Lapsing {
            inner: MemoryLogin::default(),
            meanwhile: Some(Secret::from(meanwhile.clone())),
            lapsed: AtomicBool::new(false),
        };
        let reach = Reach { grant: &grant, ..bench.reach() };
        assert_eq!(account(Generation::Relay).exchange(reach, &run(), Some(&code())).await, Ok(names));
        assert!(grant.read().await.unwrap().login.unwrap().matches(meanwhile.as_bytes()), "theirs is not replaced");
    }
}
