//! Destinations: open, probing, stopped.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::Timestamp;
use crate::ports::{EndpointKey, EndpointRecord, EndpointWrite, LedgerError};

use super::DynamoLedger;
use super::attributes::{Item, moment, nested, number, text, unreadable};
use super::calls::Outcome;
use super::expression::{Condition, Relation, Update};

const STATE: &str = "state";
const FAILURES: &str = "failures";
const PROBE_AT: &str = "probe_at";
const CONFIGURATION: &str = "configuration";
/// Tells the repeat of our own write from another's.
const NONCE: &str = "nonce";

pub(super) async fn read(ledger: &DynamoLedger, key: &EndpointKey) -> Result<Option<EndpointRecord>, LedgerError> {
    ledger.get(key, false).await?.as_ref().map(of_item).transpose()
}

pub(super) async fn set(
    ledger: &DynamoLedger,
    key: &EndpointKey,
    read: Option<&EndpointRecord>,
    record: &EndpointRecord,
    nonce: &str,
) -> Result<EndpointWrite, LedgerError> {
    let mut attributes: Vec<(&'static str, AttributeValue)> = vec![
        (STATE, nested(STATE, &record.state)?),
        (FAILURES, number(record.failures)),
        (CONFIGURATION, text(&record.configuration)),
        (NONCE, text(nonce)),
    ];
    attributes.extend(record.probe_at.map(|at| (PROBE_AT, moment(at))));
    match ledger.put(key, attributes, Some(unchanged(read)?)).await? {
        Outcome::Done(_) => Ok(EndpointWrite::Done),
        Outcome::Stood(Some(stood)) if stood.text(NONCE)? == Some(nonce) => Ok(EndpointWrite::Done),
        Outcome::Stood(stood) => Ok(EndpointWrite::Stood(stood.as_ref().map(of_item).transpose()?)),
    }
}

/// Who probes next may have changed: that is written beside it.
fn unchanged(read: Option<&EndpointRecord>) -> Result<Condition, LedgerError> {
    let Some(read) = read else { return Ok(Condition::Absent("pk")) };
    Ok(Condition::All(vec![
        Condition::equal(STATE, nested(STATE, &read.state)?),
        Condition::equal(FAILURES, number(read.failures)),
        Condition::equal(CONFIGURATION, text(&read.configuration)),
    ]))
}

pub(super) async fn take_probe(
    ledger: &DynamoLedger,
    key: &EndpointKey,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, LedgerError> {
    let update = Update::of(key)
        .set(PROBE_AT, moment(until))
        .when(Condition::Present("pk"))
        .when(Condition::absent_or(PROBE_AT, Relation::AtMost, moment(now)));
    match ledger.update(&update).await? {
        Outcome::Done(_) => Ok(true),
        // The repeat of our own. Two that would end in the very same millisecond both probe: one delivery more.
        Outcome::Stood(stood) => Ok(stood.map(|stood| stood.moment(PROBE_AT)).transpose()?.flatten() == Some(until)),
    }
}

fn of_item(item: &Item) -> Result<EndpointRecord, LedgerError> {
    Ok(EndpointRecord {
        state: item.nested(STATE)?.ok_or_else(|| unreadable(STATE))?,
        failures: item.number(FAILURES)?.unwrap_or_default(),
        probe_at: item.moment(PROBE_AT)?,
        configuration: item.text(CONFIGURATION)?.ok_or_else(|| unreadable(CONFIGURATION))?.to_owned(),
    })
}
