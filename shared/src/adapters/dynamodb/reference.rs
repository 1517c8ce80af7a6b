//! Onboardings of one reference of the app: a set of ids. It lasts as long as they do.

use crate::domain::{OnboardingId, Reference, Tenant};
use crate::ports::{LedgerError, MAX_REFERENCES};

use super::DynamoLedger;
use super::attributes::{set_of, text};
use super::calls::{Outcome, RACES, contended};
use super::expression::{Condition, Update};
use super::keys::ReferenceKey;

const ONBOARDINGS: &str = "onboardings";

pub(super) async fn add(
    ledger: &DynamoLedger,
    tenant: &Tenant,
    reference: &Reference,
    onboarding: &OnboardingId,
) -> Result<(), LedgerError> {
    let key = ReferenceKey(tenant, reference);
    let room = Condition::Any(vec![
        Condition::Absent(ONBOARDINGS),
        Condition::Smaller(ONBOARDINGS, MAX_REFERENCES),
        Condition::Holds(ONBOARDINGS, text(onboarding.as_str())),
    ]);
    let update = Update::of(&key).add(ONBOARDINGS, set_of(onboarding.as_str())).when(room);
    for _ in 0..RACES {
        let Outcome::Stood(stood) = ledger.update(&update).await? else { return Ok(()) };
        let oldest =
            stood.map(|stood| stood.texts(ONBOARDINGS).map(|ids| ids.iter().min().cloned())).transpose()?.flatten();
        if let Some(oldest) = oldest {
            ledger.update(&Update::of(&key).take(ONBOARDINGS, set_of(&oldest))).await?;
        }
    }
    Err(contended())
}

pub(super) async fn onboardings(
    ledger: &DynamoLedger,
    tenant: &Tenant,
    reference: &Reference,
) -> Result<Vec<OnboardingId>, LedgerError> {
    let Some(item) = ledger.get(&ReferenceKey(tenant, reference), true).await? else { return Ok(Vec::new()) };
    let mut ids: Vec<OnboardingId> =
        item.texts(ONBOARDINGS)?.iter().filter_map(|id| OnboardingId::parse(id.as_str()).ok()).collect();
    ids.sort_unstable_by(|one, other| other.cmp(one));
    Ok(ids)
}

pub(super) async fn take(
    ledger: &DynamoLedger,
    tenant: &Tenant,
    reference: &Reference,
    onboarding: &OnboardingId,
) -> Result<(), LedgerError> {
    let key = ReferenceKey(tenant, reference);
    let there = Condition::Holds(ONBOARDINGS, text(onboarding.as_str()));
    ledger.update(&Update::of(&key).take(ONBOARDINGS, set_of(onboarding.as_str())).when(there)).await?;
    // A set is never empty: without its last member the attribute is gone, and the item says nothing any more.
    ledger.delete(&key, Some(Condition::Absent(ONBOARDINGS))).await
}
