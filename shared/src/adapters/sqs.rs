//! SQS: our own bells ([`SqsBells`]), and tenants' queues as targets of deliveries ([`QueueTarget`]).
//!
//! Our queues are standard queues with a message group per tenant (fair queues: a tenant with many messages does not
//! delay the others). A message is at most 4 KiB of JSON: ids and a claim. SQS takes the characters of XML 1.0 alone
//! and a body of at least one character; what is put aside may be anything that somebody sent, so it is made fit first.

use std::time::Duration;

mod bells;
mod fit;
mod target;

pub use self::bells::{MAX_MESSAGE, Served, SqsBells};
pub use self::fit::{Fit, MAX_BODY, fit};
pub use self::target::{QueueArn, QueueMessage, QueueTarget, TargetError};

/// SQS's longest delay.
pub const MAX_DELAY: Duration = Duration::from_secs(900);
/// SQS's longest visibility timeout.
pub const MAX_VISIBILITY: Duration = Duration::from_secs(12 * 3600);
/// SQS's largest batch.
pub const MAX_BATCH: usize = 10;

/// Whole seconds, never less than asked for unless the limit says so.
pub(crate) fn whole_seconds(span: Duration, limit: Duration) -> i32 {
    let capped = span.min(limit);
    let seconds = capped.as_secs() + u64::from(capped.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
