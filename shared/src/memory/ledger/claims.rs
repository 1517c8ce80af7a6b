//! Claims, and the onboardings of references.

use crate::domain::{OnboardingId, OnboardingKey, Reference, Tenant, Timestamp};
use crate::ports::{ClaimKey, ClaimRecord, Claimed, ERASED_CLAIM, MAX_REFERENCES};

use super::state::State;

impl State {
    pub(super) fn claim(&mut self, key: &ClaimKey, record: &ClaimRecord, now: Timestamp) -> Claimed {
        let taken = match self.claims.get(key).filter(|standing| standing.until > now) {
            None => record.clone(),
            Some(standing) if standing.erased => return Claimed::Erased(standing.onboarding.clone()),
            Some(standing) if standing.fence == record.fence => return Claimed::Ours(standing.clone()),
            Some(standing) if standing.done => return Claimed::Before(standing.clone()),
            Some(standing) if standing.deadline > now => return Claimed::Working(standing.clone()),
            Some(abandoned) => {
                let ClaimRecord { content, onboarding, .. } = abandoned.clone();
                ClaimRecord { content, onboarding, ..record.clone() }
            }
        };
        self.claims.insert(key.clone(), taken.clone());
        self.writes += 1;
        Claimed::Ours(taken)
    }

    pub(super) fn finish_claim(&mut self, key: &ClaimKey, fence: &str) -> bool {
        let Some(claim) = self.claims.get_mut(key).filter(|claim| claim.fence == fence) else { return false };
        claim.done = true;
        self.writes += 1;
        true
    }

    pub(super) fn drop_claim(&mut self, key: &ClaimKey, fence: &str, now: Timestamp) {
        if let Some(claim) = self.claims.get_mut(key).filter(|claim| claim.fence == fence && !claim.done) {
            claim.deadline = now;
            self.writes += 1;
        }
    }

    pub(super) fn erase_claims(&mut self, of: &OnboardingKey) {
        let own = self.claims.iter_mut().filter(|(key, claim)| key.tenant == of.tenant && claim.onboarding == of.id);
        for (_, claim) in own.filter(|(_, claim)| !claim.erased) {
            let nothing = || ERASED_CLAIM.to_owned();
            *claim = ClaimRecord { content: nothing(), fence: nothing(), done: true, erased: true, ..claim.clone() };
            self.writes += 1;
        }
    }

    pub(super) fn add_reference(&mut self, tenant: &Tenant, reference: &Reference, onboarding: &OnboardingId) {
        let ids = self.references.entry((tenant.clone(), reference.clone())).or_default();
        if !ids.contains(onboarding) && ids.len() >= usize::from(MAX_REFERENCES) {
            ids.pop_first();
        }
        ids.insert(onboarding.clone());
        self.writes += 1;
    }

    pub(super) fn by_reference(&self, tenant: &Tenant, reference: &Reference) -> Vec<OnboardingId> {
        let ids = self.references.get(&(tenant.clone(), reference.clone()));
        ids.map(|ids| ids.iter().rev().cloned().collect()).unwrap_or_default()
    }
}
