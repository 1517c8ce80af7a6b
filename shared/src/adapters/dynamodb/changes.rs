//! Changes that have left the item: one item each, numbered, never rewritten with other content. A change is spilled
//! when it is committed, first written here, then taken out there; in between it stands in both places.

use futures_util::future::try_join_all;

use crate::domain::{Change, Onboarding, OnboardingKey, Truth};
use crate::ports::LedgerError;

use super::DynamoLedger;
use super::attributes::{Item, nested, number, text, unreadable};
use super::calls::{Outcome, Query, Range};
use super::expression::{Condition, Update};
use super::keys::{CHANGES, ChangeKey, partition};
use super::onboarding::{ERASED, of_item};

const CHANGE: &str = "change";
const INLINE: &str = "truth.changes";
/// Calls that share the time limits of one: more at once would wait for each other.
pub(super) const AT_ONCE: usize = 16;

/// Writes what overflows to items of its own, then takes it out of the onboarding, if that still is as committed.
pub(super) async fn spill(ledger: &DynamoLedger, key: &OnboardingKey, committed: &Truth) -> Result<(), LedgerError> {
    let overflowing = committed.overflowing();
    for some in overflowing.chunks(AT_ONCE) {
        try_join_all(some.iter().map(|change| async move {
            let content = nested(CHANGE, change)?;
            ledger.put(&ChangeKey(key, change.version), [(CHANGE, content)], None).await
        }))
        .await?;
    }
    let kept: Vec<&Change> = committed.changes.iter().skip(overflowing.len()).collect();
    let update = Update::of(key)
        .set(INLINE, nested(INLINE, &kept)?)
        .when(Condition::equal("truth.look_seq", number(committed.look_seq)))
        .when(Condition::Absent(ERASED));
    match ledger.update(&update).await? {
        Outcome::Done(_) => Ok(()),
        // Erased meanwhile: nothing of it stays. Committed meanwhile: that commit spills the same.
        Outcome::Stood(Some(stood)) if stood.has(ERASED) => {
            forget(ledger, overflowing.iter().map(|change| ChangeKey(key, change.version))).await
        }
        Outcome::Stood(_) => Ok(()),
    }
}

pub(super) async fn timeline(ledger: &DynamoLedger, key: &OnboardingKey) -> Result<Vec<Change>, LedgerError> {
    // The item first: what it has spilled since then is found in both.
    let Some(item) = ledger.get(key, true).await? else { return Ok(Vec::new()) };
    let inline = of_item(key, &item)?.truth.changes;
    let first = inline.first().map_or(1, |change| change.version);
    let mut all = Vec::new();
    if first > 1 {
        let spilled = ledger.query(&spilled_of(key)).await?;
        all = spilled.iter().map(of_spilled).collect::<Result<Vec<_>, _>>()?;
        all.retain(|change| change.version < first);
    }
    all.extend(inline);
    Ok(all)
}

pub(super) async fn change(
    ledger: &DynamoLedger,
    onboarding: &Onboarding,
    version: u64,
) -> Result<Option<Change>, LedgerError> {
    if let Some(inline) = onboarding.truth.changes.iter().find(|change| change.version == version) {
        return Ok(Some(inline.clone()));
    }
    ledger.get(&ChangeKey(&onboarding.key, version), true).await?.map(|item| of_spilled(&item)).transpose()
}

/// Deletes everything that was spilled.
pub(super) async fn forget_all(ledger: &DynamoLedger, key: &OnboardingKey) -> Result<(), LedgerError> {
    let spilled = ledger.query(&spilled_of(key)).await?;
    let versions: Vec<u64> = spilled.iter().filter_map(version_of).collect();
    for some in versions.chunks(AT_ONCE) {
        forget(ledger, some.iter().map(|&version| ChangeKey(key, version))).await?;
    }
    Ok(())
}

async fn forget<'a>(ledger: &DynamoLedger, changes: impl Iterator<Item = ChangeKey<'a>>) -> Result<(), LedgerError> {
    try_join_all(changes.map(|change| async move { ledger.delete(&change, None).await })).await.map(drop)
}

fn spilled_of(key: &OnboardingKey) -> Query {
    Query {
        index: None,
        partition: ("pk", partition(key)),
        range: Range::BeginsWith("sk", text(CHANGES)),
        descending: false,
        limit: usize::MAX,
    }
}

fn of_spilled(item: &Item) -> Result<Change, LedgerError> {
    item.nested(CHANGE)?.ok_or_else(|| unreadable(CHANGE))
}

fn version_of(item: &Item) -> Option<u64> {
    item.text("sk").ok()??.strip_prefix(CHANGES)?.parse().ok()
}
