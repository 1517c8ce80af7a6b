use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::memory::vault::MemoryVault;
use crate::memory::world::{ManualClock, manual};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Secrets, how they fail, and how often each was read.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Content>>);

#[derive(Default)]
struct Content {
    secrets: BTreeMap<String, String>,
    failure: Option<StoreError>,
    silent: bool,
    reads: BTreeMap<String, usize>,
}

impl Shelf {
    fn with<T>(&self, act: impl FnOnce(&mut Content) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn index(&self, tenants: &[(&str, &str)]) {
        let tenants: BTreeMap<_, _> = tenants.iter().copied().collect();
        let names: Vec<_> = tenants.keys().collect();
        let alias = json!({"/dcs/notify": {"tenant": "acme", "connection": "ondato"}});
        let subscription = json!({"Sub-1": {"tenant": "acme", "connection": "ondato", "callers": ["portal"]}});
        let index = json!({"tenants": tenants, "aliases": alias, "subscriptions": subscription, "prefetch": names});
        self.with(|content| content.secrets.insert("idv/index".to_owned(), index.to_string()));
    }

    fn tenant(&self, name: &str, allowed: &[&str]) {
        self.with(|content| content.secrets.insert(format!("idv/tenants/{name}"), secret(allowed).to_string()));
    }

    fn fail(&self, failure: Option<StoreError>) {
        self.with(|content| content.failure = failure);
    }

    fn reads(&self, name: &str) -> usize {
        self.with(|content| content.reads.get(name).copied().unwrap_or(0))
    }

    fn all_reads(&self) -> usize {
        self.with(|content| content.reads.values().sum())
    }
}

#[async_trait]
impl Store for Shelf {
    async fn get(&self, name: &str) -> Result<Secret, StoreError> {
        self.with(|content| *content.reads.entry(name.to_owned()).or_default() += 1);
        // Time for others to come in between.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        if self.with(|content| content.silent) {
            return std::future::pending().await;
        }
        self.with(|content| match content.failure {
            Some(failure) => Err(failure),
            None => content.secrets.get(name).cloned().map(Secret::from).ok_or(StoreError::Withheld("missing")),
        })
    }
}

fn secret(allowed: &[&str]) -> Value {
    json!({"sealing_keys": ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="], "allowed_actions": allowed})
}

fn vault() -> (CachedVault<Shelf>, Shelf, Arc<ManualClock>) {
    let (world, clock) = manual(1);
    let shelf = Shelf::default();
    shelf.index(&[("acme", "1")]);
    shelf.tenant("acme", &["details"]);
    let vault = CachedVault::new(shelf.clone(), "idv", world, Rules::default(), Readers::CONFIGURATION);
    (vault, shelf, clock)
}

fn acme() -> Result<Tenant, crate::domain::BadName> {
    Tenant::parse("acme")
}

const ACME: &str = "idv/tenants/acme";
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_warm_cache_calls_nobody() -> Outcome {
    let (vault, shelf, clock) = vault();
    vault.prefetch().await;
    assert_eq!((shelf.reads("idv/index"), shelf.reads(ACME)), (1, 1));
    clock.advance(59 * SECOND);
    for _ in 0..100 {
        vault.tenant(&acme()?).await?;
        vault.alias("/dcs/notify").await?;
        vault.subscription("Sub-1").await?;
        vault.tenants().await?;
    }
    assert_eq!(shelf.all_reads(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_start_does_not_wait_for_a_silent_store() -> Outcome {
    let (vault, shelf, _clock) = vault();
    shelf.with(|content| content.silent = true);
    let begun = tokio::time::Instant::now();
    vault.prefetch().await;
    assert_eq!(begun.elapsed(), PREFETCH_LIMIT);
    Ok(())
}

#[tokio::test]
async fn a_thousand_at_once_across_a_rotation_cost_one_read() -> Outcome {
    let (vault, shelf, clock) = vault();
    let tenant = acme()?;
    let first = join_all((0..1000).map(|_| vault.tenant(&tenant))).await;
    assert!(first.iter().all(Result::is_ok));
    assert_eq!((shelf.reads("idv/index"), shelf.reads(ACME)), (1, 1));
    shelf.tenant("acme", &["details", "erase"]);
    clock.advance(11 * SECOND);
    let rotated = join_all((0..1000).map(|_| vault.fresher(&tenant))).await;
    assert_eq!((shelf.reads("idv/index"), shelf.reads(ACME)), (1, 2));
    for config in rotated {
        assert!(config?.allowed_actions.contains("erase"));
    }
    assert!(vault.tenant(&tenant).await?.allowed_actions.contains("erase"));
    Ok(())
}

#[tokio::test]
async fn refused_proofs_cost_a_read_each_ten_seconds() -> Outcome {
    let (vault, shelf, clock) = vault();
    vault.tenant(&acme()?).await?;
    for _ in 0..59 {
        clock.advance(SECOND);
        for _ in 0..20 {
            vault.fresher(&acme()?).await?;
        }
    }
    assert_eq!((shelf.reads("idv/index"), shelf.reads(ACME)), (1, 6));
    Ok(())
}

#[tokio::test]
async fn guessed_names_cost_a_read_of_the_index_each_five_seconds_and_no_other() -> Outcome {
    let (vault, shelf, clock) = vault();
    vault.prefetch().await;
    for second in 0..50 {
        clock.advance(SECOND);
        for number in 0..100 {
            let guessed = Tenant::parse(format!("t{second}-{number}"))?;
            assert_eq!(vault.tenant(&guessed).await.err(), Some(VaultError::Unknown));
            assert_eq!(vault.alias(&format!("/guess/{number}")).await.err(), Some(VaultError::Unknown));
            assert_eq!(vault.subscription(&format!("guess-{number}")).await.err(), Some(VaultError::Unknown));
        }
    }
    assert_eq!(shelf.all_reads(), 2 + 10);
    Ok(())
}

#[tokio::test]
async fn a_new_tenant_is_known_within_five_seconds() -> Outcome {
    let (vault, shelf, clock) = vault();
    vault.prefetch().await;
    shelf.index(&[("acme", "1"), ("beta", "1")]);
    shelf.tenant("beta", &[]);
    let beta = Tenant::parse("beta")?;
    clock.advance(4 * SECOND);
    assert_eq!(vault.tenant(&beta).await.err(), Some(VaultError::Unknown));
    clock.advance(SECOND);
    assert!(vault.tenant(&beta).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn an_outage_is_bridged_for_a_day_at_a_call_each_five_seconds() -> Outcome {
    let (vault, shelf, clock) = vault();
    vault.prefetch().await;
    shelf.fail(Some(StoreError::Down));
    clock.advance(400 * SECOND);
    let before = shelf.all_reads();
    for _ in 0..60 {
        clock.advance(SECOND);
        for _ in 0..20 {
            assert!(vault.tenant(&acme()?).await.is_ok());
            assert_eq!(vault.fresher(&acme()?).await.err(), Some(VaultError::Unavailable("down")), "refuses nothing");
            assert!(vault.alias("/dcs/notify").await.is_ok());
            let stranger = vault.tenant(&Tenant::parse("stranger")?).await.err();
            assert_eq!(stranger, Some(VaultError::Unavailable("down")), "cannot tell");
        }
    }
    assert!(shelf.all_reads() - before <= 2 * 12, "{}", shelf.all_reads() - before);
    clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(vault.tenant(&acme()?).await.err(), Some(VaultError::Unavailable("down")));
    shelf.fail(None);
    clock.advance(5 * SECOND);
    assert!(vault.tenant(&acme()?).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn what_is_withheld_is_not_used_on() -> Outcome {
    let (vault, shelf, clock) = vault();
    vault.prefetch().await;
    shelf.fail(Some(StoreError::Withheld("denied")));
    clock.advance(11 * SECOND);
    assert_eq!(vault.fresher(&acme()?).await.err(), Some(VaultError::Unavailable("denied")));
    assert_eq!(vault.tenant(&acme()?).await.err(), Some(VaultError::Unavailable("denied")));
    clock.advance(60 * SECOND);
    assert_eq!(vault.tenants().await.err(), Some(VaultError::Unavailable("denied")));
    assert_eq!(vault.tenant(&Tenant::parse("beta")?).await.err(), Some(VaultError::Unavailable("denied")));
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_is_our_fault_and_never_an_unknown_name() -> Outcome {
    let (vault, shelf, clock) = vault();
    shelf.with(|content| content.secrets.insert(ACME.to_owned(), r#"{"sealing_keys": "none", "what": 1}"#.to_owned()));
    assert_eq!(vault.tenant(&acme()?).await.err(), Some(VaultError::Unavailable("unreadable")));
    shelf.with(|content| content.secrets.remove(ACME));
    clock.advance(5 * SECOND);
    assert_eq!(vault.tenant(&acme()?).await.err(), Some(VaultError::Unavailable("missing")));
    shelf.with(|content| content.secrets.insert("idv/index".to_owned(), "not json".to_owned()));
    clock.advance(60 * SECOND);
    assert_eq!(vault.tenant(&acme()?).await.err(), Some(VaultError::Unavailable("unreadable")));
    assert_eq!(vault.alias("/else").await.err(), Some(VaultError::Unavailable("unreadable")));
    Ok(())
}

#[tokio::test]
async fn an_unchanged_secret_stays_the_same_value() -> Outcome {
    let (vault, shelf, clock) = vault();
    let before = vault.tenant(&acme()?).await?;
    clock.advance(400 * SECOND);
    let same = vault.tenant(&acme()?).await?;
    assert_eq!(shelf.reads(ACME), 2);
    assert!(Arc::ptr_eq(&before, &same));
    shelf.tenant("acme", &["cancel"]);
    clock.advance(400 * SECOND);
    assert!(!Arc::ptr_eq(&before, &vault.tenant(&acme()?).await?));
    Ok(())
}

#[tokio::test]
async fn another_version_in_the_index_is_read_at_once_and_once() -> Outcome {
    let (vault, shelf, clock) = vault();
    vault.prefetch().await;
    shelf.index(&[("acme", "2")]);
    shelf.tenant("acme", &["cancel"]);
    clock.advance(60 * SECOND);
    for _ in 0..10 {
        assert!(vault.tenant(&acme()?).await?.allowed_actions.contains("cancel"));
    }
    assert_eq!((shelf.reads("idv/index"), shelf.reads(ACME)), (2, 2));
    Ok(())
}

#[tokio::test]
async fn a_failed_start_does_not_hold_up_the_first_request() -> Outcome {
    let (vault, shelf, _clock) = vault();
    shelf.fail(Some(StoreError::Down));
    vault.prefetch().await;
    shelf.fail(None);
    assert!(vault.tenant(&acme()?).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn a_caller_that_leaves_does_not_take_the_call_with_it() -> Outcome {
    let (vault, shelf, _clock) = vault();
    let tenant = acme()?;
    {
        let mut left = Box::pin(vault.tenant(&tenant));
        assert!(futures_util::poll!(&mut left).is_pending());
    }
    assert!(vault.tenant(&tenant).await.is_ok());
    assert_eq!(shelf.reads("idv/index"), 1);
    Ok(())
}

/// What every implementation of the port promises.
async fn promises(vault: &dyn Vault, rotate: impl Fn(), fail: impl Fn()) -> Outcome {
    let (known, stranger) = (acme()?, Tenant::parse("stranger")?);
    let before = vault.tenant(&known).await?;
    assert!(Arc::ptr_eq(&before, &vault.tenant(&known).await?), "one value while nothing changes");
    assert_eq!(vault.tenant(&stranger).await.err(), Some(VaultError::Unknown));
    assert_eq!(vault.fresher(&stranger).await.err(), Some(VaultError::Unknown));
    assert_eq!(vault.alias("/dcs/notify").await?.tenant, known);
    assert_eq!(vault.alias("/else").await.err(), Some(VaultError::Unknown));
    assert!(vault.subscription("Sub-1").await?.callers.contains("portal"));
    assert_eq!(vault.subscription("sub-1").await.err(), Some(VaultError::Unknown), "letters count");
    assert_eq!(vault.tenants().await?, std::slice::from_ref(&known));
    rotate();
    assert!(vault.tenant(&known).await?.allowed_actions.contains("details"), "a rotation waits for the cache");
    assert!(vault.fresher(&known).await?.allowed_actions.contains("erase"), "or for a refused proof");
    assert!(vault.tenant(&known).await?.allowed_actions.contains("erase"));
    fail();
    assert!(matches!(vault.fresher(&known).await, Err(VaultError::Unavailable(_))));
    assert!(matches!(vault.tenant(&stranger).await, Err(VaultError::Unavailable(_))));
    Ok(())
}

#[tokio::test]
async fn the_real_one_and_its_twin_promise_the_same() -> Outcome {
    let (vault, shelf, clock) = vault();
    let rotate = || {
        shelf.tenant("acme", &["erase"]);
        clock.advance(10 * SECOND);
    };
    let fail = || {
        shelf.fail(Some(StoreError::Down));
        clock.advance(10 * SECOND);
    };
    promises(&vault, rotate, fail).await?;

    let config = |allowed| read_tenant(&acme().map_err(|_| Vec::new())?, &secret(allowed), Rules::default());
    let (first, second) = (config(&["details"]).ok(), config(&["erase"]).ok());
    let second = Mutex::new(second);
    let twin = MemoryVault::new();
    first.map(|config| twin.set(config));
    twin.set_alias("/dcs/notify", serde_json::from_value(json!({"tenant": "acme", "name": "ondato"}))?);
    let subscription = crate::ports::Subscription {
        connection: serde_json::from_value(json!({"tenant": "acme", "name": "ondato"}))?,
        callers: ["portal".to_owned()].into(),
    };
    twin.set_subscription("Sub-1", subscription);
    let rotate = || {
        let rotated = second.lock().unwrap_or_else(PoisonError::into_inner).take();
        rotated.into_iter().for_each(|config| twin.rotate(config));
    };
    promises(&twin, rotate, || twin.fail(Some("down"))).await
}

#[tokio::test]
async fn an_index_that_has_outgrown_one_secret_stands_in_parts() -> Outcome {
    let (vault, shelf, _clock) = vault();
    shelf.tenant("other", &[]);
    let part = |tenant: &str, aliases: Value| json!({"tenants": {tenant: "1"}, "aliases": aliases}).to_string();
    let alias = json!({"/dcs/notify": {"tenant": "acme", "connection": "ondato"}});
    shelf.with(|content| {
        content.secrets.insert("idv/index".to_owned(), json!({"parts": 2}).to_string());
        content.secrets.insert("idv/index/0".to_owned(), part("other", json!({})));
        content.secrets.insert("idv/index/1".to_owned(), part("acme", alias));
    });
    for tenant in ["acme", "other"] {
        vault.tenant(&Tenant::parse(tenant)?).await?;
    }
    vault.alias("/dcs/notify").await?;
    assert_eq!(vault.tenant(&Tenant::parse("nobody")?).await.err(), Some(VaultError::Unknown));
    assert_eq!(["idv/index", "idv/index/0", "idv/index/1"].map(|name| shelf.reads(name)), [1, 1, 1]);
    shelf.with(|content| content.secrets.remove("idv/index/1"));
    let (vault, ..) =
        (CachedVault::new(shelf.clone(), "idv", manual(1).0, Rules::default(), Readers::CONFIGURATION), ());
    assert!(
        matches!(vault.tenant(&acme()?).await, Err(VaultError::Unavailable(_))),
        "a part that is missing is no proof"
    );
    Ok(())
}
