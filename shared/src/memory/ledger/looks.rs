//! The fetcher's side: the look lease, the commit, and "a look is due".

use crate::domain::{Lease, OnboardingKey, Timestamp};
use crate::ports::{Commit, Committed, Due, LeaseOutcome};

use super::state::{Entry, Row, State};

/// Nonces that are remembered.
const REMEMBERED: u64 = 4;

impl State {
    pub(super) fn lease_look(&mut self, key: &OnboardingKey, lease: &Lease, now: Timestamp) -> LeaseOutcome {
        let Some(row) = self.onboardings.get_mut(key).filter(|row| !row.is_erased()) else {
            return LeaseOutcome::Missing;
        };
        match &row.onboarding.look.lease {
            Some(held) if held.until > now && held.fence != lease.fence => LeaseOutcome::Held(held.until),
            Some(_) | None => {
                row.onboarding.look.lease = Some(lease.clone());
                row.asked = false;
                self.writes += 1;
                LeaseOutcome::Taken(Box::new(row.seen()))
            }
        }
    }

    pub(super) fn commit(&mut self, commit: &Commit) -> Committed {
        let pace = self.pace;
        let Some(row) = self.onboardings.get_mut(&commit.key).filter(|row| !row.is_erased()) else {
            return Committed::Erased;
        };
        if row.commits.get(&commit.expected) == Some(&commit.nonce) {
            return Committed::Done;
        }
        if row.onboarding.truth.look_seq != commit.expected {
            return Committed::Conflict;
        }
        row.onboarding.truth = commit.truth.clone();
        row.commits.insert(commit.expected, commit.nonce.clone());
        row.commits.retain(|&seq, _| seq.saturating_add(REMEMBERED) > commit.expected);
        if commit.looked_at.is_some() {
            row.onboarding.look.started_at = commit.looked_at;
            row.onboarding.look.lease = None;
        }
        if row.delivery.at.is_none() {
            row.delivery = Entry::at(Due::Delivery, commit.delivery_due, pace);
        }
        plan(row, Entry::at(Due::Look, commit.look_due, pace));
        self.writes += 1;
        self.spill(&commit.key);
        Committed::Done
    }

    pub(super) fn postpone_look(&mut self, key: &OnboardingKey, due: Timestamp, fence: Option<&str>) {
        let Some(row) = self.onboardings.get_mut(key).filter(|row| !row.is_erased()) else { return };
        row.asked = true;
        row.look.bring_forward(Due::Look, due, self.pace);
        if row.onboarding.look.lease.as_ref().is_some_and(|lease| Some(lease.fence.as_str()) == fence) {
            row.onboarding.look.lease = None;
        }
        self.writes += 1;
    }
}

/// The entry that a commit wants, beside what was asked for meanwhile.
fn plan(row: &mut Row, planned: Entry) {
    let earlier = match (planned.at, row.look.at) {
        (Some(planned), Some(standing)) => planned < standing,
        (Some(_), None) => true,
        (None, Some(_) | None) => false,
    };
    if !row.asked || earlier {
        row.look = planned;
    }
}
