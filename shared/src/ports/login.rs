//! A login that functions share, as an account sees it.

use async_trait::async_trait;

use crate::secret::Secret;

use super::provider::ProviderError;

/// A login that all functions share: it rests sealed with the connection, and one at a time replaces it. Whoever dies
/// while replacing it holds the others up for some seconds only.
#[async_trait]
pub trait Login: Send + Sync {
    /// What is shared now; generation 0 where there is nothing yet, or nothing that can be opened.
    ///
    /// # Errors
    /// It cannot be read now.
    async fn read(&self) -> Result<Shared, ProviderError>;

    /// Takes the right to replace that generation. None where it was replaced meanwhile: read again.
    ///
    /// # Errors
    /// [`ProviderError::Renewing`] while somebody else has it.
    async fn take(&self, generation: u64) -> Result<Option<Turn>, ProviderError>;

    /// Replaces it. False where the right had lapsed: then the others' stands.
    ///
    /// # Errors
    /// It cannot be written now.
    async fn replace(&self, turn: &Turn, login: &Secret) -> Result<bool, ProviderError>;

    /// Gives the right back unused.
    async fn give_back(&self, turn: &Turn);
}

/// A login as it is shared.
pub struct Shared {
    /// Bumped by every replacement.
    pub generation: u64,
    /// The login, in the adapter's own form.
    pub login: Option<Secret>,
}

/// The right to replace a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Which generation it replaces.
    pub generation: u64,
    /// The holder's mark.
    pub fence: String,
}
