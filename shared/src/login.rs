//! Logins that functions share: sealed in the ledger, replaced by one at a time.
//!
//! A provider that wants one session per account (Intergiro takes many for fraud) is asked by whoever holds the right:
//! taken with the generation that is to be replaced, so that nobody replaces what somebody else has just renewed, and
//! for a few seconds only, so that whoever dies with it holds nobody up. A login that cannot be opened (its sealing key
//! was removed) is as good as none: the next one replaces it.
//!
//! An account's login rests with its connection, sealed with the tenant's keys. What a person has granted rests beside
//! their onboarding's own key, sealed with that: erasing destroys both.

use std::time::Duration;

use async_trait::async_trait;
use tracing::warn;

use crate::domain::{Lease, OnboardingKey};
use crate::ports::{
    Ledger, LedgerError, Login, LoginKey, LoginLease, ProviderError, Shared, SharedLogin, TenantConfig, Turn, World,
};
use crate::seal::{Binding, NoRandomness, OnboardingKey as DataKey, Sealed, WrappedKey};
use crate::secret::Secret;

/// Somebody who renews is waited for, because it takes a moment and an app may be waiting, too.
const PATIENCE: Duration = Duration::from_secs(2);
const MOMENT: Duration = Duration::from_millis(200);
/// Renewing takes two calls to a provider at most; then the right lapses.
const LEASE: Duration = Duration::from_secs(15);

/// See the module.
pub(crate) struct LedgerLogin<'a> {
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) world: &'a World,
    pub(crate) config: &'a TenantConfig,
    pub(crate) rests: LoginKey,
}

#[async_trait]
impl Login for LedgerLogin<'_> {
    async fn read(&self) -> Result<Shared, ProviderError> {
        let SharedLogin { generation, sealed } = self.ledger.login(&self.rests).await.map_err(unavailable)?;
        let Some(sealed) = sealed.map(Sealed::from_text) else { return Ok(Shared { generation, login: None }) };
        let opened = match &self.rests {
            LoginKey::Connection(key) => {
                let context = [key.name.as_str()];
                self.config.sealing_keys.open(&self.binding(&context), &sealed)
            }
            LoginKey::Onboarding(key) => {
                let context = [key.id.as_str()];
                self.own_key(key).await?.open(&self.binding(&context), &sealed)
            }
        };
        let login = opened.inspect_err(|refusal| warn!(event = "login_unopenable", cause = %refusal)).ok();
        Ok(Shared { generation, login })
    }

    async fn take(&self, generation: u64) -> Result<Option<Turn>, ProviderError> {
        let give_up = self.world.now() + PATIENCE;
        loop {
            let now = self.world.now();
            let lease = Lease { until: now + LEASE, fence: self.world.entropy.mark() };
            let taken = self.ledger.lease_login(&self.rests, generation, &lease, now).await;
            match taken.map_err(unavailable)? {
                LoginLease::Taken => return Ok(Some(Turn { generation, fence: lease.fence })),
                LoginLease::Moved => return Ok(None),
                LoginLease::Held(_) if now >= give_up => return Err(ProviderError::Renewing),
                LoginLease::Held(_) => self.world.clock.wait(MOMENT).await,
            }
        }
    }

    async fn replace(&self, turn: &Turn, login: &Secret) -> Result<bool, ProviderError> {
        let fill = |bytes: &mut [u8]| -> Result<(), NoRandomness> {
            self.world.entropy.fill(bytes);
            Ok(())
        };
        let sealed = match &self.rests {
            LoginKey::Connection(key) => {
                let context = [key.name.as_str()];
                self.config.sealing_keys.seal(&fill, &self.binding(&context), login.expose())
            }
            LoginKey::Onboarding(key) => {
                let context = [key.id.as_str()];
                self.own_key(key).await?.seal(&fill, &self.binding(&context), login.expose())
            }
        };
        let sealed = sealed.map_err(|_| ProviderError::Unavailable("the login cannot be sealed"))?;
        let login =
            SharedLogin { generation: turn.generation.saturating_add(1), sealed: Some(sealed.as_str().to_owned()) };
        self.ledger.replace_login(&self.rests, &turn.fence, &login).await.map_err(unavailable)
    }

    async fn give_back(&self, turn: &Turn) {
        // It lapses by itself.
        let _ = self.ledger.release_login(&self.rests, &turn.fence).await;
    }
}

impl LedgerLogin<'_> {
    fn binding<'b>(&'b self, context: &'b [&'b str]) -> Binding<'b> {
        let purpose = match &self.rests {
            LoginKey::Connection(_) => "login",
            LoginKey::Onboarding(_) => "grant",
        };
        Binding { tenant: self.config.tenant.as_str(), purpose, context }
    }

    async fn own_key(&self, key: &OnboardingKey) -> Result<DataKey, ProviderError> {
        const NO_KEY: ProviderError = ProviderError::Unavailable("the onboarding's own key is not there");
        let wrapped = self.ledger.key(key).await.map_err(unavailable)?.ok_or(NO_KEY)?;
        let (tenant, id) = (key.tenant.as_str(), key.id.as_str());
        self.config.sealing_keys.unwrap_key(tenant, id, &WrappedKey::from_text(wrapped)).map_err(|_| NO_KEY)
    }
}

/// Where the work is not about one onboarding.
pub(crate) struct NoLogin;

const NOBODYS: ProviderError = ProviderError::Unavailable("nobody has granted anything here");

#[async_trait]
impl Login for NoLogin {
    async fn read(&self) -> Result<Shared, ProviderError> {
        Err(NOBODYS)
    }

    async fn take(&self, _generation: u64) -> Result<Option<Turn>, ProviderError> {
        Err(NOBODYS)
    }

    async fn replace(&self, _turn: &Turn, _login: &Secret) -> Result<bool, ProviderError> {
        Err(NOBODYS)
    }

    async fn give_back(&self, _turn: &Turn) {}
}

fn unavailable(failure: LedgerError) -> ProviderError {
    warn!(event = "login_not_reached", cause = %failure);
    ProviderError::Unavailable("the shared login cannot be reached")
}
