//! The person's way, unsealed: what is carried can be read by a test.

use std::sync::atomic::{AtomicU32, Ordering};

use url::Url;

use crate::domain::{OnboardingId, Timestamp};
use crate::ports::{Carried, ProviderError, Way};
use crate::secret::Secret;

/// Our own addresses at one origin; nonces are numbered.
pub struct MemoryWay {
    origin: Url,
    carried: AtomicU32,
}

impl MemoryWay {
    /// With addresses at that origin.
    #[must_use]
    pub const fn new(origin: Url) -> Self {
        Self { origin, carried: AtomicU32::new(0) }
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.origin.clone();
        url.set_path(path);
        url
    }
}

impl Way for MemoryWay {
    fn back(&self) -> Url {
        self.address("/v1/return")
    }

    fn carry(&self, onboarding: &OnboardingId, return_url: &Url, until: Timestamp) -> Result<Carried, ProviderError> {
        let number = self.carried.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let sealed = format!("{onboarding} {return_url} {} {number}", until.millis());
        Ok(Carried { sealed, nonce: format!("nonce-{number}") })
    }

    fn through_us(&self, page: &Url, carried: &Carried, until: Timestamp) -> Result<Secret, ProviderError> {
        let mut url = self.address("/v1/go");
        url.query_pairs_mut()
            .append_pair("page", page.as_str())
            .append_pair("cookie", &carried.sealed)
            .append_pair("until", &until.millis().to_string());
        Ok(Secret::from(url.to_string()))
    }
}
