//! What the cache knows. Only looks and writes down: nothing here waits.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use lru::LruCache;
use ring::digest::{SHA256, digest};

use super::{INDEX_LIFE, RETRY_GAP, STALE_LIMIT, StoreError};
use crate::domain::{Tenant, Timestamp};
use crate::ports::{Index, TenantConfig};
use crate::secret::Secret;

/// Tells whether a secret's text has changed without keeping it.
pub(super) type Print = [u8; 32];

pub(super) fn print_of(text: &Secret) -> Print {
    let mut print = [0; 32];
    print.copy_from_slice(digest(&SHA256, text.expose()).as_ref());
    print
}

/// A call under way that any number of callers await. If all of them go, the next one takes it up again.
pub(super) struct Flight<T: Clone>(Shared<BoxFuture<'static, Result<T, StoreError>>>);

impl<T: Clone> Clone for Flight<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Clone> Flight<T> {
    pub(super) fn of(call: impl Future<Output = Result<T, StoreError>> + Send + 'static) -> Self {
        Self(call.boxed().shared())
    }

    pub(super) async fn landed(self) -> Result<T, StoreError> {
        self.0.await
    }
}

/// Something that was read, and when.
#[derive(Clone)]
pub(super) struct Known<T> {
    pub(super) value: T,
    pub(super) at: Timestamp,
}

impl<T> Known<T> {
    pub(super) fn is_younger(&self, than: Duration, now: Timestamp) -> bool {
        now.since(self.at) < than
    }
}

/// The last try, and what came of it.
#[derive(Clone, Copy)]
struct Try {
    at: Timestamp,
    failure: Option<StoreError>,
}

impl Try {
    /// The store has spoken, and no longer gives it: nothing older may be used.
    const fn was_withheld(&self) -> bool {
        matches!(self.failure, Some(StoreError::Withheld(_)))
    }
}

/// What is known of one tenant. A clone is a look at it.
#[derive(Clone, Default)]
pub(super) struct Entry {
    config: Option<Known<Arc<TenantConfig>>>,
    print: Option<Print>,
    version: Option<String>,
    life: Duration,
    last: Option<Try>,
}

impl Entry {
    /// The configuration, if nothing says that there may be a newer one.
    pub(super) fn current(&self, version: &str, now: Timestamp) -> Option<Arc<TenantConfig>> {
        let known = self.config.as_ref().filter(|known| known.is_younger(self.life, now))?;
        let same = self.version.as_deref() == Some(version);
        let withheld = self.last.is_some_and(|last| last.was_withheld());
        (same && !withheld).then(|| Arc::clone(&known.value))
    }

    /// Why the last try failed, if that was only just.
    pub(super) fn recent_failure(&self, gap: Duration, now: Timestamp) -> Option<StoreError> {
        self.last.filter(|last| now.since(last.at) < gap)?.failure
    }

    /// What the last try came to, if that was only just.
    pub(super) fn verdict_within(
        &self,
        gap: Duration,
        now: Timestamp,
    ) -> Option<Result<Arc<TenantConfig>, StoreError>> {
        let last = self.last.filter(|last| now.since(last.at) < gap)?;
        match (last.failure, &self.config) {
            (Some(failure), _) => Some(Err(failure)),
            (None, Some(known)) => Some(Ok(Arc::clone(&known.value))),
            (None, None) => None,
        }
    }

    /// What an outage may be bridged with.
    pub(super) fn stale(&self, error: StoreError, now: Timestamp) -> Option<Arc<TenantConfig>> {
        let known = self.config.as_ref().filter(|known| known.is_younger(STALE_LIMIT, now))?;
        (error == StoreError::Down).then(|| Arc::clone(&known.value))
    }
}

/// Everything.
pub(super) struct State {
    index: Option<Known<Arc<Index>>>,
    index_try: Option<Try>,
    index_flight: Option<Flight<Arc<Index>>>,
    tenants: LruCache<Tenant, Entry>,
    tenant_flights: BTreeMap<Tenant, Flight<Arc<TenantConfig>>>,
}

impl State {
    pub(super) fn new(kept: NonZeroUsize) -> Self {
        Self {
            index: None,
            index_try: None,
            index_flight: None,
            tenants: LruCache::sparse(kept),
            tenant_flights: BTreeMap::new(),
        }
    }

    /// The index, and whether it may be read now: a call under way may always be joined.
    pub(super) fn index(&self, now: Timestamp) -> (Option<Known<Arc<Index>>>, bool) {
        let rested = self.index_try.is_none_or(|last| now.since(last.at) >= RETRY_GAP);
        let withheld = self.index_try.is_some_and(|last| last.was_withheld());
        (self.index.clone().filter(|_| !withheld), rested || self.index_flight.is_some())
    }

    /// What the last try of the index came to.
    pub(super) fn index_verdict(&self) -> Result<Arc<Index>, StoreError> {
        match (self.index_try.and_then(|last| last.failure), &self.index) {
            (Some(failure), _) => Err(failure),
            (None, Some(known)) => Ok(Arc::clone(&known.value)),
            (None, None) => Err(StoreError::Down),
        }
    }

    pub(super) fn index_flight(&mut self, begin: impl FnOnce() -> Flight<Arc<Index>>) -> Flight<Arc<Index>> {
        self.index_flight.get_or_insert_with(begin).clone()
    }

    pub(super) fn index_landed(&mut self, begun: Timestamp, outcome: Result<Arc<Index>, StoreError>) {
        self.index_flight = None;
        self.index_try = Some(Try { at: begun, failure: outcome.as_ref().err().copied() });
        if let Ok(value) = outcome {
            self.index = Some(Known { value, at: begun });
        }
    }

    pub(super) fn tenant(&mut self, tenant: &Tenant) -> Entry {
        self.tenants.get(tenant).cloned().unwrap_or_default()
    }

    pub(super) fn tenant_flight(
        &mut self,
        tenant: &Tenant,
        begin: impl FnOnce() -> Flight<Arc<TenantConfig>>,
    ) -> Flight<Arc<TenantConfig>> {
        self.tenant_flights.entry(tenant.clone()).or_insert_with(begin).clone()
    }

    pub(super) fn tenant_landed(
        &mut self,
        tenant: &Tenant,
        begun: Timestamp,
        life: Duration,
        version: String,
        read: Result<(TenantConfig, Print), StoreError>,
    ) -> Result<Arc<TenantConfig>, StoreError> {
        self.tenant_flights.remove(tenant);
        let entry = self.tenants.get_or_insert_mut(tenant.clone(), Entry::default);
        entry.last = Some(Try { at: begun, failure: read.as_ref().err().copied() });
        let (config, print) = read?;
        let config = match entry.config.take() {
            Some(known) if entry.print == Some(print) => known.value,
            Some(_) | None => Arc::new(config),
        };
        entry.config = Some(Known { value: Arc::clone(&config), at: begun });
        entry.print = Some(print);
        entry.version = Some(version);
        entry.life = life;
        Ok(config)
    }

    /// Failures so far do not hold up the next try.
    pub(super) fn forgive(&mut self) {
        self.index_try = self.index_try.filter(|last| last.failure.is_none());
        for (_, entry) in self.tenants.iter_mut() {
            entry.last = entry.last.filter(|last| last.failure.is_none());
        }
    }
}

const _: () = assert!(RETRY_GAP.as_secs() < INDEX_LIFE.as_secs());
