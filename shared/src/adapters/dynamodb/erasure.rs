//! Erasing, step by step, each of which may be done again: the fence, the onboarding's own key, and at last everything
//! that says more than that there was one.

use std::time::Duration;

use crate::domain::{Identity, Onboarding, OnboardingKey, Reference, Timestamp, Truth};
use crate::ports::{Due, ERASED_REFERENCE, LedgerError};

use super::DynamoLedger;
use super::attributes::{EXPIRES, expiry, moment, nested, number, text, unreadable};
use super::calls::Outcome;
use super::changes;
use super::due::LOOK_ENTRY;
use super::expression::{Answer, Condition, Update};
use super::keys::OwnKey;
use super::onboarding::{
    BURIED, DELIVERY_LEASE_FENCE, DELIVERY_LEASE_UNTIL, ERASED, FIRST_TRIED, IDENTITY, LAST_ERROR, LIST_PK, LIST_SK,
    LOOK_ASKED, LOOK_LEASE_FENCE, LOOK_LEASE_UNTIL, PARKED, RETRY_AT, THROUGH, TRIES, TRUTH, of_item,
};
use super::reference;

const WRAPPED: &str = "wrapped";
/// A tombstone stays this long, as its subjects do (design §6).
const TOMBSTONE: Duration = Duration::from_secs(400 * 24 * 3600);
const LOOK_LEASE: [&str; 2] = [LOOK_LEASE_UNTIL, LOOK_LEASE_FENCE];
const DELIVERY_LEFT: [&str; 6] =
    [FIRST_TRIED, LAST_ERROR, RETRY_AT, PARKED, DELIVERY_LEASE_UNTIL, DELIVERY_LEASE_FENCE];

pub(super) async fn put_key(ledger: &DynamoLedger, key: &OnboardingKey, wrapped: &str) -> Result<String, LedgerError> {
    match ledger.put(&OwnKey(key), [(WRAPPED, text(wrapped))], Some(Condition::Absent("pk"))).await? {
        Outcome::Done(_) => Ok(wrapped.to_owned()),
        Outcome::Stood(stood) => {
            let standing = stood.as_ref().map(|stood| stood.text(WRAPPED)).transpose()?.flatten();
            standing.map(str::to_owned).ok_or_else(|| unreadable(WRAPPED))
        }
    }
}

pub(super) async fn key(ledger: &DynamoLedger, key: &OnboardingKey) -> Result<Option<String>, LedgerError> {
    let item = ledger.get(&OwnKey(key), true).await?;
    Ok(item.as_ref().map(|item| item.text(WRAPPED)).transpose()?.flatten().map(str::to_owned))
}

pub(super) async fn destroy_key(ledger: &DynamoLedger, key: &OnboardingKey) -> Result<(), LedgerError> {
    ledger.delete(&OwnKey(key), None).await
}

pub(super) async fn fence(
    ledger: &DynamoLedger,
    key: &OnboardingKey,
    at: Timestamp,
) -> Result<Option<Onboarding>, LedgerError> {
    let update = Update::of(key)
        .set_once(ERASED, moment(at))
        .remove_all(&LOOK_ENTRY)
        .remove_all(&LOOK_LEASE)
        .remove(LOOK_ASKED)
        .when(Condition::Present("pk"))
        .answering(Answer::After);
    match ledger.update(&update).await? {
        Outcome::Done(item) => of_item(key, &item).map(Some),
        Outcome::Stood(_) => Ok(None),
    }
}

pub(super) async fn bury(
    ledger: &DynamoLedger,
    onboarding: &Onboarding,
    tombstone: &Truth,
    due: Timestamp,
) -> Result<(), LedgerError> {
    if onboarding.erased_at.is_none() {
        return Err(LedgerError::Refused("bury: not fenced".to_owned()));
    }
    let key = &onboarding.key;
    changes::forget_all(ledger, key).await?;
    destroy_key(ledger, key).await?;
    reference::take(ledger, &key.tenant, &onboarding.identity.reference, &key.id).await?;
    let update = Update::of(key)
        .set(TRUTH, nested(TRUTH, tombstone)?)
        .set(IDENTITY, nested(IDENTITY, &nameless(&onboarding.identity)?)?)
        .set(THROUGH, number(tombstone.version.saturating_sub(1)))
        .set(TRIES, number(0))
        .remove_all(&DELIVERY_LEFT)
        .enter(ledger, Due::Delivery, key.id.as_str(), Some(due))
        .remove_all(&[LIST_PK, LIST_SK])
        .set(BURIED, moment(due))
        .set(EXPIRES, expiry(due + TOMBSTONE))
        .when(Condition::Present(ERASED))
        .when(Condition::Absent(BURIED));
    // Buried already, by somebody or by our own first try: both are done.
    ledger.update(&update).await.map(drop)
}

fn nameless(identity: &Identity) -> Result<Identity, LedgerError> {
    let reference = Reference::parse(ERASED_REFERENCE).map_err(|_| unreadable(IDENTITY))?;
    Ok(Identity { reference, ..identity.clone() })
}
