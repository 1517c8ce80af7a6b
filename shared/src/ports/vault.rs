//! Tenants' configuration, secrets included.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use crate::domain::{ConnectionKey, Tenant};

use super::tenant::TenantConfig;

/// What exists at all: a name that is not in it is refused without a further call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// Known tenants, each with the version of its secret.
    pub tenants: BTreeMap<Tenant, String>,
    /// Exact paths of other integrations.
    pub aliases: BTreeMap<String, ConnectionKey>,
    /// Subscriptions of another integration, by their id.
    pub subscriptions: BTreeMap<String, Subscription>,
    /// Tenants to read at start-up.
    pub prefetch: Vec<Tenant>,
}

/// What a system that speaks another integration's language acts upon. Its id is a name and no credential: it opens
/// nothing to a caller who is not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Upon which connection.
    pub connection: ConnectionKey,
    /// Who may: ARNs of users and roles, or a token's `sub` or `client_id`.
    pub callers: BTreeSet<String>,
}

/// Why there is no configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VaultError {
    /// There is no such tenant, and the index that says so is fresh.
    #[error("no such tenant")]
    Unknown,
    /// We cannot tell: the vault does not answer, refuses us, or holds what cannot be read.
    #[error("the vault cannot tell: {0}")]
    Unavailable(&'static str),
}

/// Reads configuration, through a cache.
#[async_trait]
pub trait Vault: Send + Sync {
    /// The configuration of a tenant.
    ///
    /// # Errors
    /// No such tenant, or we cannot tell.
    async fn tenant(&self, tenant: &Tenant) -> Result<Arc<TenantConfig>, VaultError>;

    /// A fresher one after a proof was refused: read anew at most each 10 s per tenant, else the same again.
    ///
    /// # Errors
    /// No such tenant, or we cannot tell.
    async fn fresher(&self, tenant: &Tenant) -> Result<Arc<TenantConfig>, VaultError>;

    /// The connection behind an exact path of another integration.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] where a fresh enough index has no such path.
    async fn alias(&self, path: &str) -> Result<ConnectionKey, VaultError>;

    /// What stands behind a subscription's id, compared exactly.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] where a fresh enough index has no such id.
    async fn subscription(&self, id: &str) -> Result<Subscription, VaultError>;

    /// Every tenant there is.
    ///
    /// # Errors
    /// We cannot tell.
    async fn tenants(&self) -> Result<Vec<Tenant>, VaultError>;
}
