//! Erasing, step by step.

use crate::domain::{Handover, Identity, Look, Onboarding, OnboardingKey, Reference, Timestamp, Truth};
use crate::ports::{Due, ERASED_REFERENCE, LedgerError, LoginKey};

use super::state::{Entry, State};

impl State {
    pub(super) fn put_key(&mut self, key: &OnboardingKey, wrapped: &str) -> String {
        if !self.keys.contains_key(key) {
            self.keys.insert(key.clone(), wrapped.to_owned());
            self.writes += 1;
        }
        self.keys.get(key).cloned().unwrap_or_default()
    }

    pub(super) fn destroy_key(&mut self, key: &OnboardingKey) {
        self.keys.remove(key);
        self.logins.remove(&LoginKey::Onboarding(key.clone()));
        self.writes += 1;
    }

    pub(super) fn fence_erasure(&mut self, key: &OnboardingKey, at: Timestamp) -> Option<Onboarding> {
        let row = self.onboardings.get_mut(key)?;
        row.onboarding.erased_at.get_or_insert(at);
        row.onboarding.look.lease = None;
        row.look = Entry::default();
        row.asked = false;
        self.writes += 1;
        Some(row.seen())
    }

    pub(super) fn bury(
        &mut self,
        onboarding: &Onboarding,
        tombstone: &Truth,
        due: Timestamp,
    ) -> Result<(), LedgerError> {
        if onboarding.erased_at.is_none() {
            return Err(LedgerError::Refused("bury: not fenced".to_owned()));
        }
        let key = &onboarding.key;
        self.spilled.retain(|(of, _), _| of != key);
        self.destroy_key(key);
        self.forget_reference(key, &onboarding.identity.reference);
        let reference =
            Reference::parse(ERASED_REFERENCE).map_err(|_| LedgerError::Unreadable("identity".to_owned()))?;
        let Some(row) = self.onboardings.get_mut(key).filter(|row| row.is_erased() && !row.buried) else {
            return Ok(());
        };
        row.onboarding = Onboarding {
            identity: Identity { reference, ..row.onboarding.identity.clone() },
            truth: tombstone.clone(),
            look: Look { started_at: row.onboarding.look.started_at, ..Look::default() },
            delivery: Handover { through: tombstone.version.saturating_sub(1), ..Handover::default() },
            ..row.onboarding.clone()
        };
        row.delivery = Entry::at(Due::Delivery, Some(due), self.pace);
        row.buried = true;
        self.writes += 1;
        Ok(())
    }

    fn forget_reference(&mut self, key: &OnboardingKey, reference: &Reference) {
        let at = (key.tenant.clone(), reference.clone());
        if let Some(ids) = self.references.get_mut(&at) {
            ids.remove(&key.id);
            self.writes += 1;
        }
        self.references.retain(|_, ids| !ids.is_empty());
    }
}
