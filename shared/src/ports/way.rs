//! How a person gets to a provider and back.

use url::Url;

use crate::domain::{OnboardingId, Timestamp};
use crate::secret::Secret;

use super::provider::ProviderError;

/// A person's way through the provider's pages and back to us.
pub trait Way: Send + Sync {
    /// Where the provider sends people back to; without a query, so that it can be registered there.
    fn back(&self) -> Url;

    /// What the person carries there and back: sealed, it names the onboarding and where they go in the end.
    ///
    /// # Errors
    /// It cannot be sealed.
    fn carry(&self, onboarding: &OnboardingId, return_url: &Url, until: Timestamp) -> Result<Carried, ProviderError>;

    /// The provider's page, reached through us: what is carried is put into a cookie, for providers that may not give it
    /// back.
    ///
    /// # Errors
    /// It cannot be sealed.
    fn through_us(&self, page: &Url, carried: &Carried, until: Timestamp) -> Result<Secret, ProviderError>;
}

/// What a person carries.
pub struct Carried {
    /// As the provider's page gets it.
    pub sealed: String,
    /// What it is consumed by: see [`Started::return_nonce`].
    pub nonce: String,
}

/// How a provider sends a person back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WayBack {
    /// The member of the query that holds its code.
    pub code: &'static str,
    /// Whether what the person carries comes back in the query with a code (`state`). Then a code without it is refused:
    /// a cookie alone says whose browser it is, not whose code.
    pub with_state: bool,
}

impl WayBack {
    /// OAuth2's authorisation code.
    pub const OAUTH2: Self = Self { code: "code", with_state: true };
}
