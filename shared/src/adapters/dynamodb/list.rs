//! A tenant's onboardings, newest first: an id begins with its time. Spread over shards, because one tenant's creations
//! would else meet in one partition of the index.

use futures_util::future::try_join_all;

use crate::domain::{OnboardingId, Tenant};
use crate::ports::{Due, LedgerError, Page};

use super::DynamoLedger;
use super::attributes::{Item, text};
use super::calls::{Query, Range};
use super::onboarding::{LIST_PK, LIST_SK};

const INDEX: &str = "list";

pub(super) fn list_partition(tenant: &Tenant, shard: u8) -> String {
    format!("{tenant}#{shard}")
}

pub(super) async fn list(
    ledger: &DynamoLedger,
    tenant: &Tenant,
    before: Option<&OnboardingId>,
    limit: usize,
) -> Result<Page, LedgerError> {
    let shards = (0..Due::SHARDS).map(|shard| async move {
        let range = before.map_or(Range::Whole, |before| Range::Below(LIST_SK, text(before.as_str())));
        let partition = (LIST_PK, list_partition(tenant, shard));
        // One more than asked tells whether there is a next page.
        let query = Query { index: Some(INDEX), partition, range, descending: true, limit: limit.saturating_add(1) };
        ledger.query(&query).await
    });
    let found = try_join_all(shards).await?;
    let mut ids: Vec<OnboardingId> = found.iter().flatten().filter_map(id_of).collect();
    ids.sort_unstable_by(|one, other| other.cmp(one));
    let more = ids.len() > limit;
    ids.truncate(limit);
    let next = ids.last().filter(|_| more).cloned();
    Ok(Page { ids, next })
}

fn id_of(entry: &Item) -> Option<OnboardingId> {
    OnboardingId::parse(entry.text(LIST_SK).ok()??).ok()
}
