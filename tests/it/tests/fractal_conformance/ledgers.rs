//! Ledgers in which a person's grant does not rest as it should: they fail, they are late, somebody else is faster.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::ports::{Login, ProviderError, Shared, Turn};
use idv_gateway::secret::Secret;
use serde_json::json;

use crate::harness::{UID, run};

/// A ledger that fails as told when something is to be stored.
pub(crate) struct Faulty<'a> {
    inner: &'a MemoryLogin,
    faults: Mutex<VecDeque<Fault>>,
}

#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// Nothing is stored.
    Lost,
    /// It is stored, and we do not hear of it.
    Unheard,
    /// The right had lapsed, and somebody else has stored theirs.
    Lapsed,
    None,
}

impl<'a> Faulty<'a> {
    pub(crate) fn new(inner: &'a MemoryLogin, faults: &[Fault]) -> Self {
        Self { inner, faults: Mutex::new(faults.iter().copied().collect()) }
    }
}

#[async_trait]
impl Login for Faulty<'_> {
    async fn read(&self) -> Result<Shared, ProviderError> {
        self.inner.read().await
    }

    async fn take(&self, generation: u64) -> Result<Option<Turn>, ProviderError> {
        self.inner.take(generation).await
    }

    async fn replace(&self, turn: &Turn, login: &Secret) -> Result<bool, ProviderError> {
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
        match fault {
            Fault::None => self.inner.replace(turn, login).await,
            Fault::Lost => {
                // Whoever cannot store dies, and the right lapses.
                self.inner.give_back(turn).await;
                Err(ProviderError::Unavailable("the ledger is away"))
            }
            Fault::Unheard => {
                self.inner.replace(turn, login).await?;
                Err(ProviderError::Unavailable("the ledger's answer is lost"))
            }
            Fault::Lapsed => {
                self.inner.give_back(turn).await;
                let second = self.inner.take(turn.generation).await?.unwrap();
                self.inner.replace(&second, &theirs()).await?;
                Ok(false)
            }
        }
    }

    async fn give_back(&self, turn: &Turn) {
        self.inner.give_back(turn).await;
    }
}

/// What another function has stored meanwhile, in the form in which a grant rests.
fn theirs() -> Secret {
    let stored = json!({
        "run": run().id, "code": "key.x", "uid": UID, "access": "their-access", "refresh": "their-refresh",
        "until": "2026-11-20T20:00:00Z", "scope": null, "lost": false,
    });
    Secret::from(stored.to_string())
}

/// Somebody else stores theirs as soon as we have the right.
pub(crate) struct Overtaken<'a> {
    inner: &'a MemoryLogin,
    taken: Mutex<bool>,
}

impl<'a> Overtaken<'a> {
    pub(crate) fn new(inner: &'a MemoryLogin) -> Self {
        Self { inner, taken: Mutex::new(false) }
    }
}

#[async_trait]
impl Login for Overtaken<'_> {
    async fn read(&self) -> Result<Shared, ProviderError> {
        self.inner.read().await
    }

    async fn take(&self, generation: u64) -> Result<Option<Turn>, ProviderError> {
        let turn = self.inner.take(generation).await?;
        if turn.is_some() && !std::mem::replace(&mut *self.taken.lock().unwrap(), true) {
            self.inner.put(&theirs());
        }
        Ok(turn)
    }

    async fn replace(&self, turn: &Turn, login: &Secret) -> Result<bool, ProviderError> {
        self.inner.replace(turn, login).await
    }

    async fn give_back(&self, turn: &Turn) {
        self.inner.give_back(turn).await;
    }
}
