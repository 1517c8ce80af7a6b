//! Entries of the two sparse due indexes: a shard, and the time rounded up. Keys alone stand there.

use tracing::warn;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::Timestamp;
use crate::ports::{Due, DueBell, LedgerError};

use super::DynamoLedger;
use super::attributes::{Item, moment, text};
use super::calls::{Query, Range};
use super::expression::{Condition, Relation, Update};
use super::keys::{ItemKey, Pointed};
use super::subject;

pub(super) const LOOK_DUE: &str = "look_due";
pub(super) const DELIVERY_DUE: &str = "delivery_due";
/// Where the look entry stood when it was rung: due since then.
pub(super) const LOOK_RUNG: &str = "look_rung";
const LOOK_SHARD: &str = "look_shard";
const DELIVERY_SHARD: &str = "delivery_shard";
/// All of an entry in the look index.
pub(super) const LOOK_ENTRY: [&str; 3] = [LOOK_DUE, LOOK_SHARD, LOOK_RUNG];
/// All of an entry in the delivery index.
pub(super) const DELIVERY_ENTRY: [&str; 2] = [DELIVERY_DUE, DELIVERY_SHARD];

/// Attributes of an entry; `name` says the shard.
pub(super) fn entry_of(
    ledger: &DynamoLedger,
    which: Due,
    name: &str,
    due: Timestamp,
) -> [(&'static str, AttributeValue); 2] {
    let (due_at, shard_at) = names(which);
    let shard = Due::shard_of(name).to_string();
    [(due_at, moment(which.rounded(due, ledger.pace))), (shard_at, text(&shard))]
}

impl Update {
    /// Sets the entry, or takes it out. What was rung before counts no more.
    pub(super) fn enter(self, ledger: &DynamoLedger, which: Due, name: &str, due: Option<Timestamp>) -> Self {
        let Some(due) = due else {
            return match which {
                Due::Look => self.remove_all(&LOOK_ENTRY),
                Due::Delivery => self.remove_all(&DELIVERY_ENTRY),
            };
        };
        let update = match which {
            Due::Look => self.remove(LOOK_RUNG),
            Due::Delivery => self,
        };
        entry_of(ledger, which, name, due).into_iter().fold(update, |update, (name, value)| update.set(name, value))
    }

    /// Sets the entry unless there is one.
    pub(super) fn enter_once(self, ledger: &DynamoLedger, which: Due, name: &str, due: Timestamp) -> Self {
        entry_of(ledger, which, name, due).into_iter().fold(self, |update, (name, value)| update.set_once(name, value))
    }
}

/// The look entry may be moved to `due`: there is none, it was rung already, or it is not earlier.
pub(super) fn gives_way(ledger: &DynamoLedger, due: Timestamp) -> Condition {
    let due = moment(Due::Look.rounded(due, ledger.pace));
    Condition::Any(vec![
        Condition::Absent(LOOK_DUE),
        Condition::Present(LOOK_RUNG),
        Condition::Is(LOOK_DUE, Relation::AtLeast, due),
    ])
}

pub(super) async fn due(
    ledger: &DynamoLedger,
    which: Due,
    shard: u8,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<DueBell>, LedgerError> {
    let (due_at, shard_at) = names(which);
    let query = Query {
        index: Some(due_at),
        partition: (shard_at, shard.to_string()),
        range: Range::AtMost(due_at, moment(until)),
        descending: false,
        limit,
    };
    let entries = ledger.query(&query).await?;
    let subjects: Vec<ItemKey> = entries.iter().filter_map(pointed_subject).collect();
    let subjects = if subjects.is_empty() { Default::default() } else { ledger.get_all(&subjects).await? };
    let mut bells = Vec::new();
    for entry in &entries {
        let at = entry.moment(due_at)?;
        match (Pointed::of(entry), at) {
            (Some(Pointed::Onboarding(key)), Some(at)) => bells.push(DueBell::Onboarding(key, at)),
            // One that is no longer parked has left the index, though the index may not know yet.
            (Some(Pointed::Subject(key)), Some(at)) => {
                let parked = subjects.get(&key).and_then(subject::parked_key);
                bells.extend(parked.map(|key| DueBell::Subject(key, at)));
            }
            (Some(Pointed::Connection(key)), Some(at)) => bells.push(DueBell::Feed(key, at)),
            (None, _) | (_, None) => warn!(event = "due_entry_unreadable", shard, "an entry of the index is skipped"),
        }
    }
    Ok(bells)
}

pub(super) async fn defer(ledger: &DynamoLedger, which: Due, bell: &DueBell, to: Timestamp) -> Result<(), LedgerError> {
    let (key, from): (ItemKey, Timestamp) = match bell {
        DueBell::Onboarding(key, from) => (key.into(), *from),
        DueBell::Subject(key, from) => (key.into(), *from),
        DueBell::Feed(key, from) => (key.into(), *from),
    };
    let (due_at, _) = names(which);
    let update = Update::of(key)
        .set(due_at, moment(which.rounded(to, ledger.pace)))
        .when(Condition::equal(due_at, moment(from)));
    let update = match which {
        Due::Look => update.set_once(LOOK_RUNG, moment(from)),
        Due::Delivery => update,
    };
    // Moved meanwhile, by somebody or by our own first try: both are done.
    ledger.update(&update).await.map(drop)
}

fn pointed_subject(entry: &Item) -> Option<ItemKey> {
    match Pointed::of(entry)? {
        Pointed::Subject(key) => Some(key),
        Pointed::Onboarding(_) | Pointed::Connection(_) => None,
    }
}

/// An index has the name of its sort key.
const fn names(which: Due) -> (&'static str, &'static str) {
    match which {
        Due::Look => (LOOK_DUE, LOOK_SHARD),
        Due::Delivery => (DELIVERY_DUE, DELIVERY_SHARD),
    }
}
