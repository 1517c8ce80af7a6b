//! A vault whose tenants are set by hand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::domain::{ConnectionKey, Tenant};
use crate::ports::{Subscription, TenantConfig, Vault, VaultError};

/// See the module.
#[derive(Default)]
pub struct MemoryVault(Mutex<State>);

#[derive(Default)]
struct State {
    tenants: BTreeMap<Tenant, Slot>,
    aliases: BTreeMap<String, ConnectionKey>,
    subscriptions: BTreeMap<String, Subscription>,
    failure: Option<&'static str>,
    forced: usize,
}

/// A tenant as it is cached, and as it would be after a fresh read.
struct Slot {
    cached: Arc<TenantConfig>,
    rotated: Option<Arc<TenantConfig>>,
}

impl MemoryVault {
    /// Knows nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Knows a tenant from now on, or knows it anew.
    pub fn set(&self, config: TenantConfig) -> Arc<TenantConfig> {
        let cached = Arc::new(config);
        let slot = Slot { cached: Arc::clone(&cached), rotated: None };
        self.lock().tenants.insert(cached.tenant.clone(), slot);
        cached
    }

    /// Changes a tenant behind the cache: seen only by a forced read. Changes nothing for one that is not known.
    pub fn rotate(&self, config: TenantConfig) {
        let rotated = Arc::new(config);
        if let Some(slot) = self.lock().tenants.get_mut(&rotated.tenant) {
            slot.rotated = Some(Arc::clone(&rotated));
        }
    }

    /// Knows an exact path.
    pub fn set_alias(&self, path: impl Into<String>, connection: ConnectionKey) {
        self.lock().aliases.insert(path.into(), connection);
    }

    /// Knows a subscription.
    pub fn set_subscription(&self, id: impl Into<String>, subscription: Subscription) {
        self.lock().subscriptions.insert(id.into(), subscription);
    }

    /// No longer knows a tenant.
    pub fn remove(&self, tenant: &Tenant) {
        self.lock().tenants.remove(tenant);
    }

    /// Answers nothing from now on, or answers again.
    pub fn fail(&self, cause: Option<&'static str>) {
        self.lock().failure = cause;
    }

    /// How many reads were forced.
    #[must_use]
    pub fn forced(&self) -> usize {
        self.lock().forced
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answering(&self) -> Result<MutexGuard<'_, State>, VaultError> {
        let state = self.lock();
        match state.failure {
            Some(cause) => Err(VaultError::Unavailable(cause)),
            None => Ok(state),
        }
    }
}

#[async_trait]
impl Vault for MemoryVault {
    async fn tenant(&self, tenant: &Tenant) -> Result<Arc<TenantConfig>, VaultError> {
        let state = self.answering()?;
        state.tenants.get(tenant).map(|slot| Arc::clone(&slot.cached)).ok_or(VaultError::Unknown)
    }

    async fn fresher(&self, tenant: &Tenant) -> Result<Arc<TenantConfig>, VaultError> {
        let mut state = self.answering()?;
        state.forced += 1;
        let slot = state.tenants.get_mut(tenant).ok_or(VaultError::Unknown)?;
        if let Some(rotated) = slot.rotated.take() {
            slot.cached = rotated;
        }
        Ok(Arc::clone(&slot.cached))
    }

    async fn alias(&self, path: &str) -> Result<ConnectionKey, VaultError> {
        self.answering()?.aliases.get(path).cloned().ok_or(VaultError::Unknown)
    }

    async fn subscription(&self, id: &str) -> Result<Subscription, VaultError> {
        self.answering()?.subscriptions.get(id).cloned().ok_or(VaultError::Unknown)
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, VaultError> {
        Ok(self.answering()?.tenants.keys().cloned().collect())
    }
}
