//! The cache in front of the secrets: who is known, and what each tenant has configured (design §8).
//!
//! A call of the store is made for the index when it is 60 s old, or on an unknown name; for a tenant when its entry is
//! 300 s old (spread by a tenth), when the index names another version, or when a proof was refused. Each of these is
//! bounded per environment, whatever is asked: 5 s between tries of the index, 10 s between forced reads of a tenant.
//! Many callers share one call: the first begins it, the others await the same future; the lock is held only to look
//! and to write down, never over a call.
//!
//! | what happens | index | tenant |
//! | --- | --- | --- |
//! | store does not answer | used on for 24 h, but says "unknown" of no name | used on for 24 h, but refuses no proof |
//! | denied, missing, unreadable | [`VaultError::Unavailable`] at once | the same: a revoked secret must not live on |
//! | name not in an index read ≤ 5 s ago | [`VaultError::Unknown`] | not read at all |
//! | text unchanged | | the same `Arc`, and with it the tokens that live in it |
//!
//! A failed try counts like a successful one, so an outage costs one call per 5 s and name.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{join_all, try_join_all};
use serde_json::Value;

use crate::config::{self, Rules, read_index, read_tenant};
use crate::document::Document;
use crate::domain::{ConnectionKey, Tenant};
use crate::ports::{Index, Subscription, TenantConfig, Vault, VaultError, World};
use crate::secret::Secret;
use crate::section::Fault;

mod state;

use self::state::{Flight, State};

/// The index is read again when it is this old.
pub const INDEX_LIFE: Duration = Duration::from_secs(60);
/// Between two tries of the index, and of a tenant that could not be read.
pub const RETRY_GAP: Duration = Duration::from_secs(5);
/// A tenant's configuration is read again when it is about this old.
pub const TENANT_LIFE: Duration = Duration::from_secs(300);
/// Between two forced reads of one tenant.
pub const FORCE_GAP: Duration = Duration::from_secs(10);
/// While the store does not answer, what was read is used for so long.
pub const STALE_LIMIT: Duration = Duration::from_secs(24 * 3600);
/// An index has at most so many parts (design §8: 16).
pub const MOST_PARTS: u64 = 16;
/// So many tenants are read at start.
pub const PREFETCH: usize = 8;
/// No more of the start than this is spent on that: INIT has 10 s in all (AWS Lambda).
pub const PREFETCH_LIMIT: Duration = Duration::from_secs(5);
/// So many tenants are kept.
const KEPT: NonZeroUsize = match NonZeroUsize::new(256) {
    Some(kept) => kept,
    None => NonZeroUsize::MIN,
};

/// Why a secret was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreError {
    /// The store does not answer now.
    Down,
    /// It answers, but not with this secret: denied, missing, no text.
    Withheld(&'static str),
}

/// Where secrets are.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The text of a secret.
    async fn get(&self, name: &str) -> Result<Secret, StoreError>;
}

/// How texts are read; tests read simpler ones.
#[derive(Clone, Copy)]
pub struct Readers {
    /// One tenant's secret.
    pub tenant: fn(&Tenant, &Value, Rules) -> Result<TenantConfig, Vec<Fault>>,
    /// The index.
    pub index: fn(&Value) -> Result<Index, Vec<Fault>>,
}

impl Readers {
    /// The readers of configuration.
    pub const CONFIGURATION: Self = Self { tenant: read_tenant, index: read_index };
}

/// A vault on any store. A clone shares the cache.
pub struct CachedVault<S>(Arc<Core<S>>);

impl<S> Clone for CachedVault<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What the index's own secret says.
enum Head {
    Whole(Index),
    Parts(u64),
}

struct Core<S> {
    store: S,
    prefix: String,
    world: World,
    rules: Rules,
    readers: Readers,
    state: Mutex<State>,
}

impl<S: Store> CachedVault<S> {
    /// Reads nothing yet.
    pub fn new(store: S, prefix: impl Into<String>, world: World, rules: Rules, readers: Readers) -> Self {
        let state = Mutex::new(State::new(KEPT));
        Self(Arc::new(Core { store, prefix: prefix.into(), world, rules, readers, state }))
    }

    /// Reads the index and the tenants that it names for this, at start, where CPU is free. A failure costs nothing: the
    /// first request tries again at once, or takes up what was under way at [`PREFETCH_LIMIT`].
    pub async fn prefetch(&self) {
        if tokio::time::timeout(PREFETCH_LIMIT, self.read_ahead()).await.is_err() {
            tracing::warn!(event = "prefetch_cut_short");
        }
        self.0.lock().forgive();
    }

    async fn read_ahead(&self) {
        let index = self.index_flight().await;
        let mut names = index.map(|index| index.prefetch.clone()).unwrap_or_default();
        names.truncate(PREFETCH);
        join_all(names.iter().map(|tenant| self.tenant(tenant))).await;
    }

    /// The index if it answers the question, read anew where it is too old for that.
    async fn index_that(&self, answers: impl Fn(&Index) -> bool) -> Result<Arc<Index>, VaultError> {
        let now = self.0.world.now();
        let (known, may_try) = self.0.lock().index(now);
        if let Some(known) = &known
            && known.is_younger(INDEX_LIFE, now)
            && answers(&known.value)
        {
            return Ok(Arc::clone(&known.value));
        }
        let fresh = if may_try { self.index_flight().await } else { self.0.lock().index_verdict() };
        match (fresh, known) {
            (Ok(index), _) if answers(&index) => Ok(index),
            (Ok(_), _) => Err(VaultError::Unknown),
            (Err(StoreError::Down), Some(known)) if known.is_younger(STALE_LIMIT, now) && answers(&known.value) => {
                Ok(known.value)
            }
            (Err(error), _) => Err(unavailable(error)),
        }
    }

    async fn index_flight(&self) -> Result<Arc<Index>, StoreError> {
        let flight = {
            let core = Arc::clone(&self.0);
            self.0.lock().index_flight(move || Flight::of(async move { core.read_index().await }))
        };
        flight.landed().await
    }

    async fn tenant_flight(&self, tenant: &Tenant, version: &str) -> Result<Arc<TenantConfig>, StoreError> {
        let flight = {
            let core = Arc::clone(&self.0);
            let (tenant, version) = (tenant.clone(), version.to_owned());
            let key = tenant.clone();
            self.0
                .lock()
                .tenant_flight(&key, move || Flight::of(async move { core.read_tenant(&tenant, version).await }))
        };
        flight.landed().await
    }

    async fn version_of(&self, tenant: &Tenant) -> Result<String, VaultError> {
        let index = self.index_that(|index| index.tenants.contains_key(tenant)).await?;
        index.tenants.get(tenant).cloned().ok_or(VaultError::Unknown)
    }
}

#[async_trait]
impl<S: Store> Vault for CachedVault<S> {
    async fn tenant(&self, tenant: &Tenant) -> Result<Arc<TenantConfig>, VaultError> {
        let version = self.version_of(tenant).await?;
        let now = self.0.world.now();
        let entry = self.0.lock().tenant(tenant);
        if let Some(config) = entry.current(&version, now) {
            return Ok(config);
        }
        let fresh = match entry.recent_failure(RETRY_GAP, now) {
            Some(failure) => Err(failure),
            None => self.tenant_flight(tenant, &version).await,
        };
        fresh.or_else(|error| entry.stale(error, now).ok_or_else(|| unavailable(error)))
    }

    async fn fresher(&self, tenant: &Tenant) -> Result<Arc<TenantConfig>, VaultError> {
        let version = self.version_of(tenant).await?;
        let now = self.0.world.now();
        let entry = self.0.lock().tenant(tenant);
        match entry.verdict_within(FORCE_GAP, now) {
            Some(verdict) => verdict,
            None => self.tenant_flight(tenant, &version).await,
        }
        .map_err(unavailable)
    }

    async fn alias(&self, path: &str) -> Result<ConnectionKey, VaultError> {
        let index = self.index_that(|index| index.aliases.contains_key(path)).await?;
        index.aliases.get(path).cloned().ok_or(VaultError::Unknown)
    }

    async fn subscription(&self, id: &str) -> Result<Subscription, VaultError> {
        let index = self.index_that(|index| index.subscriptions.contains_key(id)).await?;
        index.subscriptions.get(id).cloned().ok_or(VaultError::Unknown)
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, VaultError> {
        let index = self.index_that(|_| true).await?;
        Ok(index.tenants.keys().cloned().collect())
    }
}

impl<S: Store> Core<S> {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held; if it did, what it left is only a cache.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read_index(&self) -> Result<Arc<Index>, StoreError> {
        let begun = self.world.now();
        let outcome = self.read_whole_index().await.map(Arc::new);
        self.lock().index_landed(begun, outcome.clone());
        outcome
    }

    /// One secret, or as many as it says (a secret holds 64 KB): `{"parts": 16}`. A tenant stands in the part of its
    /// name's hash and its aliases beside it; which hash is the writer's matter, because all parts are read.
    async fn read_whole_index(&self) -> Result<Index, StoreError> {
        let name = format!("{}/index", self.prefix);
        let head = self.read(&name, |document| match document.value.get("parts").and_then(Value::as_u64) {
            Some(parts) => Ok(Head::Parts(parts.min(MOST_PARTS))),
            None => (self.readers.index)(&config::index_of(document)).map(Head::Whole),
        });
        let parts = match head.await?.0 {
            Head::Whole(index) => return Ok(index),
            Head::Parts(parts) => parts,
        };
        let read = (0..parts).map(|part| {
            let name = format!("{name}/{part}");
            async move { self.read(&name, |document| (self.readers.index)(&config::index_of(document))).await }
        });
        let parts = try_join_all(read).await?;
        Ok(config::join(parts.into_iter().map(|(part, _)| part).collect()))
    }

    async fn read_tenant(&self, tenant: &Tenant, version: String) -> Result<Arc<TenantConfig>, StoreError> {
        let begun = self.world.now();
        let name = format!("{}/tenants/{tenant}", self.prefix);
        let read = self.read(&name, |document| (self.readers.tenant)(tenant, &document.value, self.rules)).await;
        for (connection, cause) in read.iter().flat_map(|(config, _)| &config.unreadable) {
            tracing::error!(event = "connection_unreadable", tenant = %tenant, connection = %connection, cause);
        }
        let spread = 0.9 + 0.2 * self.world.entropy.chance();
        self.lock().tenant_landed(tenant, begun, TENANT_LIFE.mul_f64(spread), version, read)
    }

    async fn read<T>(
        &self,
        name: &str,
        parse: impl Fn(Document) -> Result<T, Vec<Fault>> + Send + Sync,
    ) -> Result<(T, state::Print), StoreError> {
        let text = self.store.get(name).await.inspect_err(|error| {
            let cause = match error {
                StoreError::Down => "down",
                StoreError::Withheld(cause) => cause,
            };
            tracing::warn!(event = "secret_unread", secret = name, cause);
        })?;
        let document = Document::read(text.expose()).map_err(|_| {
            tracing::error!(event = "secret_not_json", secret = name);
            StoreError::Withheld("unreadable")
        })?;
        let parsed = parse(document).map_err(|faults| {
            for fault in faults.iter().take(10) {
                tracing::error!(event = "secret_fault", secret = name, %fault);
            }
            StoreError::Withheld("unreadable")
        })?;
        Ok((parsed, state::print_of(&text)))
    }
}

const fn unavailable(error: StoreError) -> VaultError {
    VaultError::Unavailable(match error {
        StoreError::Down => "down",
        StoreError::Withheld(cause) => cause,
    })
}

#[cfg(test)]
mod tests;
