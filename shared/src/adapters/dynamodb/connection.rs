//! A connection's shared state: its pause, its failures in a row, and how many looks it had in this minute.

use crate::domain::{ConnectionKey, Timestamp};
use crate::ports::{ConnectionRecord, Due, LedgerError};

use super::DynamoLedger;
use super::attributes::{moment, number, text};
use super::calls::Outcome;
use super::due::{LOOK_DUE, LOOK_RUNG};
use super::expression::{Condition, Relation, Update};

const PAUSED_UNTIL: &str = "paused_until";
const FAILURES: &str = "failures";
const CURSOR: &str = "cursor";
const MINUTE: &str = "look_minute";
const LOOKS: &str = "looks";

pub(super) async fn read(ledger: &DynamoLedger, key: &ConnectionKey) -> Result<ConnectionRecord, LedgerError> {
    let item = ledger.get(key, true).await?.unwrap_or_default();
    Ok(ConnectionRecord {
        paused_until: item.moment(PAUSED_UNTIL)?,
        failures: item.number(FAILURES)?.unwrap_or_default(),
        cursor: item.text(CURSOR)?.map(str::to_owned),
        feed_due: item.moment(LOOK_RUNG)?.or(item.moment(LOOK_DUE)?),
    })
}

/// Two failures that pause until the very same millisecond count once: so the repeat of our own write does.
pub(super) async fn pause(ledger: &DynamoLedger, key: &ConnectionKey, until: Timestamp) -> Result<(), LedgerError> {
    let update = Update::of(key).set(PAUSED_UNTIL, moment(until)).add(FAILURES, number(1)).when(Condition::absent_or(
        PAUSED_UNTIL,
        Relation::Below,
        moment(until),
    ));
    let Outcome::Stood(Some(stood)) = ledger.update(&update).await? else { return Ok(()) };
    if stood.moment(PAUSED_UNTIL)? == Some(until) {
        return Ok(());
    }
    // A longer pause stands. Whoever counts at the same time counts for both.
    let failures: u32 = stood.number(FAILURES)?.unwrap_or_default();
    let counted = Update::of(key).set(FAILURES, number(failures.saturating_add(1))).when(Condition::absent_or(
        FAILURES,
        Relation::Equal,
        number(failures),
    ));
    ledger.update(&counted).await.map(drop)
}

/// Only what was read is taken back: a pause that came after the success had begun stands.
pub(super) async fn unpause(
    ledger: &DynamoLedger,
    key: &ConnectionKey,
    read: &ConnectionRecord,
) -> Result<(), LedgerError> {
    let paused = match read.paused_until {
        Some(until) => Condition::equal(PAUSED_UNTIL, moment(until)),
        None => Condition::Absent(PAUSED_UNTIL),
    };
    let failures = match read.failures {
        0 => Condition::absent_or(FAILURES, Relation::Equal, number(0)),
        failures => Condition::equal(FAILURES, number(failures)),
    };
    let update = Update::of(key)
        .remove(PAUSED_UNTIL)
        .remove(FAILURES)
        .when(Condition::Any(vec![Condition::Present(PAUSED_UNTIL), Condition::Present(FAILURES)]))
        .when(paused)
        .when(failures);
    ledger.update(&update).await.map(drop)
}

pub(super) async fn take_look(
    ledger: &DynamoLedger,
    key: &ConnectionKey,
    minute: i64,
    max: u32,
) -> Result<bool, LedgerError> {
    if max == 0 {
        return Ok(false);
    }
    // Mostly there was a look in this minute already, or in one that a faster clock calls the next.
    let another = Update::of(key)
        .add(LOOKS, number(1))
        .when(Condition::Is(MINUTE, Relation::AtLeast, number(minute)))
        .when(Condition::Is(LOOKS, Relation::Below, number(max)));
    let first = Update::of(key).set(MINUTE, number(minute)).set(LOOKS, number(1)).when(Condition::absent_or(
        MINUTE,
        Relation::Below,
        number(minute),
    ));
    for update in [&another, &first, &another] {
        match ledger.update(update).await? {
            Outcome::Done(_) => return Ok(true),
            Outcome::Stood(Some(stood)) if stood.number(MINUTE)?.is_some_and(|stood: i64| stood >= minute) => {
                let looks: u32 = stood.number(LOOKS)?.unwrap_or_default();
                if looks >= max {
                    return Ok(false);
                }
            }
            Outcome::Stood(_) => {}
        }
    }
    Ok(false)
}

pub(super) async fn move_cursor(
    ledger: &DynamoLedger,
    key: &ConnectionKey,
    from: Option<&str>,
    to: &str,
) -> Result<(), LedgerError> {
    let unmoved = match from {
        Some(from) => Condition::equal(CURSOR, text(from)),
        None => Condition::Absent(CURSOR),
    };
    ledger.update(&Update::of(key).set(CURSOR, text(to)).when(unmoved)).await.map(drop)
}

pub(super) async fn plan_feed(
    ledger: &DynamoLedger,
    key: &ConnectionKey,
    due: Option<Timestamp>,
) -> Result<(), LedgerError> {
    let name = format!("{}#{}", key.tenant, key.name);
    ledger.update(&Update::of(key).enter(ledger, Due::Look, &name, due)).await.map(drop)
}
