//! Attributes of items as plain values. What is not asked for is not seen: an item that a newer version has written
//! with more attributes stays readable, so rolling back is redeploying. Errors name the attribute, never its content.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::aws_sdk_dynamodb_1::{from_attribute_value, to_attribute_value};

use crate::domain::{Lease, Timestamp};
use crate::ports::LedgerError;

/// Deletes an item some time after this (epoch seconds). Readers never wait for it: what is past is absent to them.
pub(super) const EXPIRES: &str = "expires";

/// An item, or as much of it as was asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Item(pub(super) HashMap<String, AttributeValue>);

impl Item {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, LedgerError> {
        self.0.get(name).map(|value| value.as_s().map(String::as_str).map_err(|_| unreadable(name))).transpose()
    }

    pub(super) fn texts(&self, name: &'static str) -> Result<&[String], LedgerError> {
        let set = self.0.get(name).map(|value| value.as_ss().map(Vec::as_slice).map_err(|_| unreadable(name)));
        Ok(set.transpose()?.unwrap_or_default())
    }

    pub(super) fn number<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, LedgerError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let digits = value.as_n().map_err(|_| unreadable(name))?;
        digits.parse().map(Some).map_err(|_| unreadable(name))
    }

    pub(super) fn moment(&self, name: &'static str) -> Result<Option<Timestamp>, LedgerError> {
        Ok(self.number(name)?.map(Timestamp::from_millis))
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, LedgerError> {
        self.0.get(name).map_or(Ok(false), |value| value.as_bool().copied().map_err(|_| unreadable(name)))
    }

    /// A nested value in its own form.
    pub(super) fn nested<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, LedgerError> {
        let value = self.0.get(name).cloned();
        value.map(|value| from_attribute_value(value).map_err(|_| unreadable(name))).transpose()
    }

    pub(super) fn lease(&self, until: &'static str, fence: &'static str) -> Result<Option<Lease>, LedgerError> {
        let (until, fence) = (self.moment(until)?, self.text(fence)?);
        Ok(until.zip(fence).map(|(until, fence)| Lease { until, fence: fence.to_owned() }))
    }
}

/// What must stand there and does not, or has another type.
pub(super) fn unreadable(attribute: &'static str) -> LedgerError {
    LedgerError::Unreadable(attribute.to_owned())
}

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn set_of(value: &str) -> AttributeValue {
    AttributeValue::Ss(vec![value.to_owned()])
}

pub(super) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// Milliseconds since the epoch: a number, because the text form of a time does not sort.
pub(super) fn moment(value: Timestamp) -> AttributeValue {
    number(value.millis())
}

/// Whole seconds, as TTL wants them, rounded up.
pub(super) fn expiry(until: Timestamp) -> AttributeValue {
    number(until.rounded_up(Duration::from_secs(1)).seconds())
}

pub(super) fn nested<T: Serialize>(name: &'static str, value: &T) -> Result<AttributeValue, LedgerError> {
    to_attribute_value(value).map_err(|_| LedgerError::Refused(format!("{name} cannot be written")))
}
