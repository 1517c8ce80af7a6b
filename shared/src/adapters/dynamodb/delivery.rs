//! The deliverer's side: a fenced lease, how far changes were handed over, and when the next try is due.

use crate::domain::{Handover, Lease, Onboarding, OnboardingKey, Timestamp};
use crate::ports::{Due, LeaseOutcome, LedgerError, Released};

use super::DynamoLedger;
use super::attributes::{Item, moment, nested, number, text};
use super::calls::{Outcome, RACES, contended};
use super::expression::{Answer, Condition, Relation, Update};
use super::onboarding::{
    BURIED, DELIVERY_LEASE_FENCE, DELIVERY_LEASE_UNTIL, ERASED, FIRST_TRIED, LAST_ERROR, PARKED, RETRY_AT, THROUGH,
    TRIES, of_item, read,
};

const VERSION: &str = "truth.version";
/// The fence that was given back last: tells the repeat of that write from a lost lease.
const RELEASED: &str = "delivery_released";

pub(super) async fn lease(
    ledger: &DynamoLedger,
    key: &OnboardingKey,
    lease: &Lease,
    now: Timestamp,
) -> Result<LeaseOutcome, LedgerError> {
    let update = Update::of(key)
        .set(DELIVERY_LEASE_UNTIL, moment(lease.until))
        .set(DELIVERY_LEASE_FENCE, text(&lease.fence))
        .set_once(FIRST_TRIED, moment(now))
        .add(TRIES, number(1))
        .when(Condition::Present("pk"))
        .when(Condition::Any(vec![Condition::Absent(ERASED), Condition::Present(BURIED)]))
        .when(Condition::absent_or(DELIVERY_LEASE_UNTIL, Relation::AtMost, moment(now)))
        .when(Condition::absent_or(RETRY_AT, Relation::AtMost, moment(now)))
        .when(Condition::Lower(THROUGH, VERSION))
        .answering(Answer::After);
    match ledger.update(&update).await? {
        Outcome::Done(item) => Ok(LeaseOutcome::Taken(Box::new(of_item(key, &item)?))),
        Outcome::Stood(Some(stood)) if !stood.has(ERASED) || stood.has(BURIED) => {
            // The repeat of our own: the try is counted already.
            if fence_of(&stood)? == Some(lease.fence.as_str()) {
                return Ok(LeaseOutcome::Taken(Box::new(of_item(key, &stood)?)));
            }
            let hindrances = [stood.moment(DELIVERY_LEASE_UNTIL)?, stood.moment(RETRY_AT)?];
            if let Some(until) = hindrances.into_iter().flatten().max().filter(|&until| until > now) {
                return Ok(LeaseOutcome::Held(until));
            }
            let idle = of_item(key, &stood)?;
            if idle.delivery.due.is_some() {
                forget_due(ledger, &idle, now).await?;
            }
            Ok(LeaseOutcome::Missing)
        }
        Outcome::Stood(_) => Ok(LeaseOutcome::Missing),
    }
}

/// Nothing waits, and yet it is due: a commit saw something undelivered while its last change was handed over.
async fn forget_due(ledger: &DynamoLedger, idle: &Onboarding, now: Timestamp) -> Result<(), LedgerError> {
    let update = Update::of(&idle.key)
        .enter(ledger, Due::Delivery, idle.key.id.as_str(), None)
        .when(Condition::equal(THROUGH, number(idle.delivery.through)))
        .when(Condition::equal(VERSION, number(idle.truth.version)))
        .when(Condition::absent_or(DELIVERY_LEASE_UNTIL, Relation::AtMost, moment(now)));
    ledger.update(&update).await.map(drop)
}

pub(super) async fn handed_over(
    ledger: &DynamoLedger,
    key: &OnboardingKey,
    fence: &str,
    handover: &Handover,
) -> Result<bool, LedgerError> {
    // An attempt of ours that arrives late must not take back what a later one recorded.
    let update = known(Update::of(key), handover)?
        .when(Condition::equal(DELIVERY_LEASE_FENCE, text(fence)))
        .when(Condition::absent_or(THROUGH, Relation::AtMost, number(handover.through)));
    match ledger.update(&update).await? {
        Outcome::Done(_) => Ok(true),
        Outcome::Stood(stood) => Ok(stood.as_ref().map(fence_of).transpose()?.flatten() == Some(fence)),
    }
}

pub(super) async fn release(
    ledger: &DynamoLedger,
    key: &OnboardingKey,
    fence: &str,
    handover: &Handover,
    version: u64,
) -> Result<Released, LedgerError> {
    let mut update = known(Update::of(key), handover)?
        .enter(ledger, Due::Delivery, key.id.as_str(), handover.due)
        .remove(DELIVERY_LEASE_UNTIL)
        .remove(DELIVERY_LEASE_FENCE)
        .set(RELEASED, text(fence))
        .when(Condition::equal(DELIVERY_LEASE_FENCE, text(fence)));
    if handover.due.is_none() {
        update = update.when(Condition::equal(VERSION, number(version)));
    }
    let Outcome::Stood(stood) = ledger.update(&update).await? else { return Ok(Released::Done) };
    let Some(stood) = stood else { return Ok(Released::Lost) };
    if fence_of(&stood)? == Some(fence) {
        return Ok(Released::MoreToDo);
    }
    Ok(if stood.text(RELEASED)? == Some(fence) { Released::Done } else { Released::Lost })
}

pub(super) async fn resend(
    ledger: &DynamoLedger,
    key: &OnboardingKey,
    version: u64,
    due: Timestamp,
) -> Result<bool, LedgerError> {
    for _ in 0..RACES {
        let Some(onboarding) = read(ledger, key).await? else { return Ok(false) };
        if onboarding.delivery.lease.as_ref().is_some_and(|lease| lease.until > due) {
            return Ok(false);
        }
        let handover = resent(&onboarding, version);
        let update = known(Update::of(key), &handover)?
            .enter(ledger, Due::Delivery, key.id.as_str(), Some(due))
            .when(Condition::equal(THROUGH, number(onboarding.delivery.through)))
            .when(Condition::absent_or(DELIVERY_LEASE_UNTIL, Relation::AtMost, moment(due)));
        if matches!(ledger.update(&update).await?, Outcome::Done(_)) {
            return Ok(true);
        }
    }
    Err(contended())
}

/// What the handover becomes when everything from `version` on is to be handed over again.
fn resent(onboarding: &Onboarding, version: u64) -> Handover {
    // Of what is erased, only the last change is left.
    let last = onboarding.truth.version.saturating_sub(1);
    let before = if onboarding.erased_at.is_some() { last } else { version.saturating_sub(1) };
    let through = onboarding.delivery.through.min(before);
    let parked = onboarding.delivery.parked.iter().copied().filter(|&parked| parked <= through).collect();
    Handover { through, parked, ..Handover::default() }
}

fn known(update: Update, handover: &Handover) -> Result<Update, LedgerError> {
    let parked = (!handover.parked.is_empty()).then(|| nested(PARKED, &handover.parked)).transpose()?;
    Ok(update
        .set(THROUGH, number(handover.through))
        .set(TRIES, number(handover.tries))
        .put(FIRST_TRIED, handover.first_tried_at.map(moment))
        .put(LAST_ERROR, handover.last_error.as_deref().map(text))
        .put(RETRY_AT, handover.retry_at.map(moment))
        .put(PARKED, parked))
}

fn fence_of(item: &Item) -> Result<Option<&str>, LedgerError> {
    item.text(DELIVERY_LEASE_FENCE)
}
