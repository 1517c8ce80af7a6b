//! Logins that functions share.

use crate::domain::{Lease, Timestamp};
use crate::ports::{LedgerError, LoginKey, LoginLease, SharedLogin};

use super::state::State;

impl State {
    pub(super) fn login(&self, key: &LoginKey) -> SharedLogin {
        self.logins.get(key).map(|row| row.login.clone()).unwrap_or_default()
    }

    pub(super) fn lease_login(
        &mut self,
        key: &LoginKey,
        generation: u64,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<LoginLease, LedgerError> {
        if matches!(key, LoginKey::Onboarding(key) if !self.keys.contains_key(key)) {
            return Err(LedgerError::Unavailable("the onboarding's own key is not there"));
        }
        let row = self.logins.entry(key.clone()).or_default();
        if row.login.generation != generation {
            return Ok(LoginLease::Moved);
        }
        Ok(match &row.renewing {
            Some(held) if held.fence == lease.fence => LoginLease::Taken,
            Some(held) if held.until > now => LoginLease::Held(held.until),
            Some(_) | None => {
                row.renewing = Some(lease.clone());
                self.writes += 1;
                LoginLease::Taken
            }
        })
    }

    pub(super) fn replace_login(&mut self, key: &LoginKey, fence: &str, login: &SharedLogin) -> bool {
        let Some(row) = self.logins.get_mut(key) else { return false };
        if row.renewing.as_ref().is_none_or(|held| held.fence != fence) {
            return &row.login == login;
        }
        row.login = login.clone();
        row.renewing = None;
        self.writes += 1;
        true
    }

    pub(super) fn release_login(&mut self, key: &LoginKey, fence: &str) {
        let Some(row) = self.logins.get_mut(key) else { return };
        if row.renewing.as_ref().is_some_and(|held| held.fence == fence) {
            row.renewing = None;
            self.writes += 1;
        }
    }
}
