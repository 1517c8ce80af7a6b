//! The deliverer's side: a fenced lease, how far changes were handed over, and when the next try is due.

use crate::domain::{Handover, Lease, OnboardingKey, Timestamp};
use crate::ports::{Due, LeaseOutcome, Released};

use super::state::{Entry, Row, State};

impl State {
    pub(super) fn lease_delivery(&mut self, key: &OnboardingKey, lease: &Lease, now: Timestamp) -> LeaseOutcome {
        let Some(row) = self.onboardings.get_mut(key).filter(|row| !row.is_erased() || row.buried) else {
            return LeaseOutcome::Missing;
        };
        let handover = &mut row.onboarding.delivery;
        let held = handover.lease.as_ref().map(|held| held.until);
        let hindrance = [held, handover.retry_at].into_iter().flatten().max().filter(|&until| until > now);
        if let Some(until) = hindrance {
            let ours = handover.lease.as_ref().is_some_and(|held| held.fence == lease.fence);
            return if ours { LeaseOutcome::Taken(Box::new(row.seen())) } else { LeaseOutcome::Held(until) };
        }
        if handover.through >= row.onboarding.truth.version {
            if row.delivery.at.is_some() {
                row.delivery = Entry::default();
                self.writes += 1;
            }
            return LeaseOutcome::Missing;
        }
        handover.lease = Some(lease.clone());
        handover.tries = handover.tries.saturating_add(1);
        handover.first_tried_at.get_or_insert(now);
        self.writes += 1;
        LeaseOutcome::Taken(Box::new(row.seen()))
    }

    pub(super) fn handed_over(&mut self, key: &OnboardingKey, fence: &str, handover: &Handover) -> bool {
        let Some(row) = self.onboardings.get_mut(key).filter(|row| holds(row, fence)) else { return false };
        if handover.through >= row.onboarding.delivery.through {
            record(row, handover);
            self.writes += 1;
        }
        true
    }

    pub(super) fn release_delivery(
        &mut self,
        key: &OnboardingKey,
        fence: &str,
        handover: &Handover,
        version: u64,
    ) -> Released {
        let Some(row) = self.onboardings.get_mut(key) else { return Released::Lost };
        if !holds(row, fence) {
            return if row.released.as_deref() == Some(fence) { Released::Done } else { Released::Lost };
        }
        if handover.due.is_none() && row.onboarding.truth.version != version {
            return Released::MoreToDo;
        }
        record(row, handover);
        row.onboarding.delivery.lease = None;
        row.released = Some(fence.to_owned());
        row.delivery = Entry::at(Due::Delivery, handover.due, self.pace);
        self.writes += 1;
        Released::Done
    }

    pub(super) fn resend(&mut self, key: &OnboardingKey, version: u64, due: Timestamp) -> bool {
        let Some(row) = self.onboardings.get_mut(key) else { return false };
        let truth = &row.onboarding.truth;
        let before = if row.is_erased() { truth.version.saturating_sub(1) } else { version.saturating_sub(1) };
        let delivery = &mut row.onboarding.delivery;
        if delivery.lease.as_ref().is_some_and(|lease| lease.until > due) {
            return false;
        }
        delivery.through = delivery.through.min(before);
        let through = delivery.through;
        delivery.parked.retain(|&parked| parked <= through);
        *delivery = Handover {
            through,
            parked: std::mem::take(&mut delivery.parked),
            lease: delivery.lease.take(),
            ..Handover::default()
        };
        row.delivery = Entry::at(Due::Delivery, Some(due), self.pace);
        self.writes += 1;
        true
    }
}

fn holds(row: &Row, fence: &str) -> bool {
    row.onboarding.delivery.lease.as_ref().is_some_and(|lease| lease.fence == fence)
}

/// All but lease and due.
fn record(row: &mut Row, handover: &Handover) {
    let lease = row.onboarding.delivery.lease.take();
    row.onboarding.delivery = Handover { lease, due: None, ..handover.clone() };
}
