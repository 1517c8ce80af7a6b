//! The login that all functions share, for one process.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::ports::{Login, ProviderError, Shared, Turn};
use crate::secret::Secret;

/// A shared login, and who replaces it.
#[derive(Default)]
pub struct MemoryLogin(Mutex<State>);

#[derive(Default)]
struct State {
    generation: u64,
    login: Option<Vec<u8>>,
    held: Option<String>,
    turns: u64,
}

impl MemoryLogin {
    /// Puts one there, as another function would have.
    pub fn put(&self, login: &Secret) {
        let mut state = self.state();
        state.generation += 1;
        state.login = Some(login.expose().to_vec());
        state.held = None;
    }

    /// Somebody else replaces it now, or (false) has stopped to.
    pub fn occupy(&self, occupied: bool) {
        self.state().held = occupied.then(|| "somebody else".to_owned());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Login for MemoryLogin {
    async fn read(&self) -> Result<Shared, ProviderError> {
        let state = self.state();
        Ok(Shared { generation: state.generation, login: state.login.clone().map(Secret::from) })
    }

    async fn take(&self, generation: u64) -> Result<Option<Turn>, ProviderError> {
        let mut state = self.state();
        if state.generation != generation {
            return Ok(None);
        }
        if state.held.is_some() {
            return Err(ProviderError::Renewing);
        }
        state.turns += 1;
        let fence = format!("turn {}", state.turns);
        state.held = Some(fence.clone());
        Ok(Some(Turn { generation, fence }))
    }

    async fn replace(&self, turn: &Turn, login: &Secret) -> Result<bool, ProviderError> {
        let mut state = self.state();
        if state.held.as_ref() != Some(&turn.fence) {
            return Ok(false);
        }
        state.generation = turn.generation + 1;
        state.login = Some(login.expose().to_vec());
        state.held = None;
        Ok(true)
    }

    async fn give_back(&self, turn: &Turn) {
        let mut state = self.state();
        if state.held.as_ref() == Some(&turn.fence) {
            state.held = None;
        }
    }
}
