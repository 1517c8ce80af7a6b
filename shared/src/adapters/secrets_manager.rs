//! The vault on AWS Secrets Manager: one call, one secret. The cache before it is [`super::vault`].

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;

use super::aws::Cause;
use super::vault::{CachedVault, Readers, Store, StoreError};
use crate::config::Rules;
use crate::ports::World;
use crate::secret::Secret;

/// The vault of a function.
pub type SecretsVault = CachedVault<SecretsManager>;

impl SecretsVault {
    /// Over `{prefix}/index` and `{prefix}/tenants/{tenant}`. Makes no call.
    #[must_use]
    pub fn on(client: Client, prefix: impl Into<String>, world: World, rules: Rules) -> Self {
        Self::new(SecretsManager::new(client), prefix, world, rules, Readers::CONFIGURATION)
    }
}

/// Reads current versions.
pub struct SecretsManager(Client);

impl SecretsManager {
    /// Makes no call.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self(client)
    }
}

#[async_trait]
impl Store for SecretsManager {
    async fn get(&self, name: &str) -> Result<Secret, StoreError> {
        let answer = self.0.get_secret_value().secret_id(name).send().await.map_err(|error| {
            let cause = Cause::of(&error);
            if cause.passes() { StoreError::Down } else { StoreError::Withheld(cause.code()) }
        })?;
        answer.secret_string.map(Secret::from).ok_or(StoreError::Withheld("no_text"))
    }
}
