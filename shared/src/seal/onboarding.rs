//! The data key of one onboarding, kept only wrapped by its tenant's keys.

use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};

use super::{Binding, Fill, KEY, Key, NoRandomness, OpenRefusal, Parts, SealFault, Sealed, SealingKeys};
use crate::secret::Secret;

const PURPOSE: &str = "onboarding_key";

pub struct OnboardingKey {
    bytes: Secret,
    pub(super) key: Key,
}

/// What the ledger keeps. Destroying it destroys everything that the key sealed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct WrappedKey(Sealed);

impl OnboardingKey {
    pub fn generate(fill: Fill<'_>) -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; KEY]);
        fill(&mut *bytes)?;
        Self::of(Secret::from(bytes.to_vec())).ok_or(NoRandomness)
    }

    pub fn wrap(
        &self,
        keys: &SealingKeys,
        fill: Fill<'_>,
        tenant: &str,
        onboarding: &str,
    ) -> Result<WrappedKey, SealFault> {
        let binding = Binding { tenant, purpose: PURPOSE, context: &[onboarding] };
        keys.seal(fill, &binding, self.bytes.expose()).map(WrappedKey)
    }

    pub fn seal(&self, fill: Fill<'_>, binding: &Binding<'_>, plain: &[u8]) -> Result<Sealed, SealFault> {
        self.key.seal(fill, binding, plain)
    }

    pub fn open(&self, binding: &Binding<'_>, sealed: &Sealed) -> Result<Secret, OpenRefusal> {
        let parts = Parts::read(sealed)?;
        if parts.name == self.key.name { self.key.open(binding, &parts) } else { Err(OpenRefusal::UnknownKey) }
    }

    fn of(bytes: Secret) -> Option<Self> {
        let key = Key::derive(bytes.expose())?;
        Some(Self { bytes, key })
    }
}

impl SealingKeys {
    pub fn unwrap_key(
        &self,
        tenant: &str,
        onboarding: &str,
        wrapped: &WrappedKey,
    ) -> Result<OnboardingKey, OpenRefusal> {
        let binding = Binding { tenant, purpose: PURPOSE, context: &[onboarding] };
        let bytes = self.open(&binding, &wrapped.0)?;
        OnboardingKey::of(bytes).ok_or(OpenRefusal::Malformed)
    }
}

impl WrappedKey {
    /// Of the ledger's text.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(Sealed::from_text(text))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
