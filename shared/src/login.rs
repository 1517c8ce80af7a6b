//! The login that all functions share: sealed in the connection's item, replaced by one at a time.
//!
//! A provider that wants one session per account (Intergiro takes many for fraud) is asked by whoever holds the right:
//! taken with the generation that is to be replaced, so that nobody replaces what somebody else has just renewed, and
//! for a few seconds only, so that whoever dies with it holds nobody up. A login that cannot be opened (its sealing key
//! was removed) is as good as none: the next one replaces it.

use std::time::Duration;

use async_trait::async_trait;
use tracing::warn;

use crate::domain::Lease;
use crate::ports::{
    Connection, Ledger, LedgerError, Login, LoginLease, ProviderError, Shared, SharedLogin, TenantConfig, Turn, World,
};
use crate::seal::{Binding, NoRandomness, Sealed};
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
    pub(crate) connection: &'a Connection,
}

#[async_trait]
impl Login for LedgerLogin<'_> {
    async fn read(&self) -> Result<Shared, ProviderError> {
        let record = self.ledger.connection(&self.connection.key).await.map_err(unavailable)?;
        let login = record.login.sealed.and_then(|sealed| {
            let opened = self.config.sealing_keys.open(&self.binding().get(), &Sealed::from_text(sealed));
            opened.inspect_err(|refusal| warn!(event = "login_unopenable", cause = %refusal)).ok()
        });
        Ok(Shared { generation: record.login.generation, login })
    }

    async fn take(&self, generation: u64) -> Result<Option<Turn>, ProviderError> {
        let give_up = self.world.now() + PATIENCE;
        loop {
            let now = self.world.now();
            let lease = Lease { until: now + LEASE, fence: self.world.entropy.mark() };
            let taken = self.ledger.lease_login(&self.connection.key, generation, &lease, now).await;
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
        let sealed = self.config.sealing_keys.seal(&fill, &self.binding().get(), login.expose());
        let sealed = sealed.map_err(|_| ProviderError::Unavailable("the login cannot be sealed"))?;
        let login =
            SharedLogin { generation: turn.generation.saturating_add(1), sealed: Some(sealed.as_str().to_owned()) };
        self.ledger.replace_login(&self.connection.key, &turn.fence, &login).await.map_err(unavailable)
    }

    async fn give_back(&self, turn: &Turn) {
        // It lapses by itself.
        let _ = self.ledger.release_login(&self.connection.key, &turn.fence).await;
    }
}

impl LedgerLogin<'_> {
    fn binding(&self) -> Bound<'_> {
        let key = &self.connection.key;
        Bound { tenant: key.tenant.as_str(), context: [key.name.as_str()] }
    }
}

struct Bound<'a> {
    tenant: &'a str,
    context: [&'a str; 1],
}

impl Bound<'_> {
    const fn get(&self) -> Binding<'_> {
        Binding { tenant: self.tenant, purpose: "login", context: &self.context }
    }
}

fn unavailable(failure: LedgerError) -> ProviderError {
    warn!(event = "login_not_reached", cause = %failure);
    ProviderError::Unavailable("the shared login cannot be reached")
}
