//! The calls themselves. Each write is conditional and answers a failed condition with the item that stands there: the
//! SDK repeats a write by itself when its answer was lost, and then meets its own first one (proofs §1, measured).

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure};

use crate::adapters::aws::Cause;
use crate::ports::LedgerError;

use super::DynamoLedger;
use super::attributes::{Item, text};
use super::expression::{Answer, Condition, Update, Written};
use super::keys::ItemKey;

/// One batch reads at most this many.
const BATCH: usize = 100;
/// A batch that is answered in part is asked again for the rest, this often in all. Pauses are the SDK's, which repeats
/// what was throttled as a whole.
const ROUNDS: usize = 4;
/// A write whose condition names what was read is tried again this often when somebody was faster.
pub(super) const RACES: usize = 4;

/// What became of a conditional write.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is done; the item that was asked for.
    Done(Item),
    /// The condition did not hold; what stands there.
    Stood(Option<Item>),
}

impl DynamoLedger {
    pub(super) async fn get(&self, key: impl Into<ItemKey>, consistent: bool) -> Result<Option<Item>, LedgerError> {
        let call = self.client.get_item().table_name(&self.table).set_key(Some(attributes_of(&key.into())));
        let answer = call.consistent_read(consistent).send().await.map_err(|error| failed("get", &error))?;
        Ok(answer.item.map(Item))
    }

    /// What stands at those keys, strongly consistent. Keys may repeat.
    pub(super) async fn get_all(&self, keys: &[ItemKey]) -> Result<HashMap<ItemKey, Item>, LedgerError> {
        let mut open: Vec<ItemKey> = Vec::new();
        for key in keys {
            if !open.contains(key) {
                open.push(key.clone());
            }
        }
        let mut found = HashMap::new();
        for some in open.chunks(BATCH) {
            self.get_some(some, &mut found).await?;
        }
        Ok(found)
    }

    async fn get_some(&self, keys: &[ItemKey], found: &mut HashMap<ItemKey, Item>) -> Result<(), LedgerError> {
        let mut open: Vec<HashMap<String, AttributeValue>> = keys.iter().map(attributes_of).collect();
        for _ in 0..ROUNDS {
            let wanted = KeysAndAttributes::builder().set_keys(Some(open)).consistent_read(true).build();
            let wanted = wanted.map_err(|_| LedgerError::Refused("get_all: no keys".to_owned()))?;
            let call = self.client.batch_get_item().request_items(&self.table, wanted);
            let mut answer = call.send().await.map_err(|error| failed("get_all", &error))?;
            let items = answer.responses.as_mut().and_then(|tables| tables.remove(&self.table)).unwrap_or_default();
            for item in items.into_iter().map(Item) {
                if let Some(key) = keys.iter().find(|key| is_at(&item, key)) {
                    found.insert(key.clone(), item);
                }
            }
            let rest = answer.unprocessed_keys.as_mut().and_then(|tables| tables.remove(&self.table));
            match rest {
                Some(rest) if !rest.keys.is_empty() => open = rest.keys,
                Some(_) | None => return Ok(()),
            }
        }
        Err(LedgerError::Unavailable("throttled"))
    }

    pub(super) async fn update(&self, update: &Update) -> Result<Outcome, LedgerError> {
        let written = update.write();
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(attributes_of(&update.key)))
            .update_expression(written.update.trim_end())
            .set_expression_attribute_names(written.names())
            .set_expression_attribute_values(written.values())
            .set_condition_expression(written.condition)
            .return_values(match update.answer {
                Answer::Nothing => ReturnValue::None,
                Answer::Before => ReturnValue::AllOld,
                Answer::After => ReturnValue::AllNew,
            })
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match call.send().await {
            Ok(answer) => Ok(Outcome::Done(Item(answer.attributes.unwrap_or_default()))),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(stood)) => Ok(stood_there(stood.item())),
                _ => Err(failed("update", &error)),
            },
        }
    }

    /// Puts an item where the condition holds for what stands there.
    pub(super) async fn put(
        &self,
        key: impl Into<ItemKey>,
        attributes: impl IntoIterator<Item = (&'static str, AttributeValue)>,
        condition: Option<Condition>,
    ) -> Result<Outcome, LedgerError> {
        let mut item = attributes_of(&key.into());
        item.extend(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let written = condition.as_ref().map(Written::condition).unwrap_or_default();
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .set_expression_attribute_names(written.names())
            .set_expression_attribute_values(written.values())
            .set_condition_expression(written.condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match call.send().await {
            Ok(_) => Ok(Outcome::Done(Item::default())),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(stood)) => Ok(stood_there(stood.item())),
                _ => Err(failed("put", &error)),
            },
        }
    }

    /// Deletes an item where the condition holds; done twice is done.
    pub(super) async fn delete(
        &self,
        key: impl Into<ItemKey>,
        condition: Option<Condition>,
    ) -> Result<(), LedgerError> {
        let written = condition.as_ref().map(Written::condition).unwrap_or_default();
        let call = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(attributes_of(&key.into())))
            .set_expression_attribute_names(written.names())
            .set_expression_attribute_values(written.values())
            .set_condition_expression(written.condition);
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(failed("delete", &error)),
            },
        }
    }

    /// Reads along one partition of the table or of an index, as many as asked.
    pub(super) async fn query(&self, query: &Query) -> Result<Vec<Item>, LedgerError> {
        let mut items = Vec::new();
        let mut next = None;
        while items.len() < query.limit {
            let (name, key) = &query.partition;
            let (range, bound) = query.range.write();
            let call = self
                .client
                .query()
                .table_name(&self.table)
                .set_index_name(query.index.map(str::to_owned))
                .consistent_read(query.index.is_none())
                .scan_index_forward(!query.descending)
                .limit(i32::try_from(query.limit - items.len()).unwrap_or(i32::MAX))
                .key_condition_expression(format!("#partition = :partition{range}"))
                .expression_attribute_names("#partition", *name)
                .expression_attribute_values(":partition", text(key))
                .set_exclusive_start_key(next);
            let call = match bound {
                Some((name, value)) => {
                    call.expression_attribute_names("#range", name).expression_attribute_values(":range", value)
                }
                None => call,
            };
            let answer = call.send().await.map_err(|error| failed("query", &error))?;
            items.extend(answer.items.unwrap_or_default().into_iter().map(Item));
            next = answer.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        Ok(items)
    }
}

/// One partition, in the order of its sort key.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) index: Option<&'static str>,
    pub(super) partition: (&'static str, String),
    pub(super) range: Range,
    pub(super) descending: bool,
    pub(super) limit: usize,
}

/// Which part of it.
#[derive(Debug, Clone)]
pub(super) enum Range {
    Whole,
    BeginsWith(&'static str, AttributeValue),
    AtMost(&'static str, AttributeValue),
    Below(&'static str, AttributeValue),
}

impl Range {
    fn write(&self) -> (&'static str, Option<(&'static str, AttributeValue)>) {
        match self {
            Self::Whole => ("", None),
            Self::BeginsWith(name, value) => (" AND begins_with(#range, :range)", Some((name, value.clone()))),
            Self::AtMost(name, value) => (" AND #range <= :range", Some((name, value.clone()))),
            Self::Below(name, value) => (" AND #range < :range", Some((name, value.clone()))),
        }
    }
}

fn attributes_of(key: &ItemKey) -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".to_owned(), text(key.pk())), ("sk".to_owned(), text(key.sk()))])
}

fn is_at(item: &Item, key: &ItemKey) -> bool {
    matches!((item.text("pk"), item.text("sk")), (Ok(Some(pk)), Ok(Some(sk))) if pk == key.pk() && sk == key.sk())
}

fn stood_there(item: Option<&HashMap<String, AttributeValue>>) -> Outcome {
    Outcome::Stood(item.filter(|item| !item.is_empty()).cloned().map(Item))
}

/// The SDK's own texts may quote a request: only the cause is told.
fn failed<E: ProvideErrorMetadata>(call: &'static str, error: &SdkError<E>) -> LedgerError {
    let cause = Cause::of(error);
    if cause.passes() {
        LedgerError::Unavailable(cause.code())
    } else {
        LedgerError::Refused(format!("{call}: {}", cause.code()))
    }
}

/// Too many were faster.
pub(super) const fn contended() -> LedgerError {
    LedgerError::Unavailable("contended")
}
