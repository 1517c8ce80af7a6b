//! Rings.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{BatchResultErrorEntry, MessageAttributeValue, SendMessageBatchRequestEntry};
use serde::Serialize;

use super::fit::{fit, fit_attribute, is_permitted};
use super::{MAX_BATCH, MAX_DELAY, MAX_VISIBILITY, whole_seconds};
use crate::adapters::aws::Cause;
use crate::adapters::environment::Queues;
use crate::domain::{Notice, Tenant};
use crate::ports::{Bells, BellsError, DeliveryBell, Rejected};

/// A notice or a bell is at most this long (design §2).
pub const MAX_MESSAGE: usize = 4096;
/// A batch is taken or refused entry by entry; refused ones are sent again this often. The SDK repeats whole requests,
/// with pauses, by itself.
const ROUNDS: usize = 3;

/// Which queue the function receives from: a receipt is valid there alone, and its DLQ takes what is put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// The fetcher's. Also for functions that receive from none.
    Notices,
    /// The deliverer's.
    Deliveries,
}

/// The bells on SQS.
pub struct SqsBells {
    client: Client,
    queues: Queues,
    served: Served,
}

/// One message before it is sent.
struct Outgoing {
    body: String,
    group: String,
}

impl SqsBells {
    /// Makes no call.
    #[must_use]
    pub const fn new(client: Client, queues: Queues, served: Served) -> Self {
        Self { client, queues, served }
    }

    /// Opens the connection that the first message will use, at start, where CPU is free. Tolerates every failure.
    pub async fn warm(&self) {
        let attributes = self.client.get_queue_attributes().queue_url(&self.queues.notices).send().await;
        if let Err(error) = attributes {
            // Also without the right to ask, the connection is open now.
            tracing::debug!(event = "queue_not_warm", cause = Cause::of(&error).code());
        }
    }

    const fn own_queue(&self) -> &str {
        match self.served {
            Served::Notices => self.queues.notices.as_str(),
            Served::Deliveries => self.queues.deliveries.as_str(),
        }
    }

    const fn own_dlq(&self) -> &str {
        match self.served {
            Served::Notices => self.queues.notices_dlq.as_str(),
            Served::Deliveries => self.queues.deliveries_dlq.as_str(),
        }
    }

    async fn send(&self, queue: &str, message: Outgoing, after: Duration) -> Result<(), BellsError> {
        let sent = self
            .client
            .send_message()
            .queue_url(queue)
            .message_group_id(message.group)
            .message_body(message.body)
            .delay_seconds(whole_seconds(after, MAX_DELAY))
            .send()
            .await;
        sent.map(drop).map_err(|error| refused(Cause::of(&error)))
    }

    async fn send_all(&self, queue: &str, messages: Vec<Outgoing>, after: Duration) -> Result<(), BellsError> {
        let mut messages = messages.into_iter().peekable();
        while messages.peek().is_some() {
            let mut batch = BTreeMap::new();
            for (number, message) in messages.by_ref().take(MAX_BATCH).enumerate() {
                let id = number.to_string();
                batch.insert(id.clone(), entry(id, message, after)?);
            }
            self.send_batch(queue, batch).await?;
        }
        Ok(())
    }

    async fn send_batch(
        &self,
        queue: &str,
        mut batch: BTreeMap<String, SendMessageBatchRequestEntry>,
    ) -> Result<(), BellsError> {
        for _ in 0..ROUNDS {
            let entries = batch.values().cloned().collect();
            let answer = self.client.send_message_batch().queue_url(queue).set_entries(Some(entries)).send().await;
            let answer = answer.map_err(|error| refused(Cause::of(&error)))?;
            if answer.failed.iter().any(BatchResultErrorEntry::sender_fault) {
                return Err(refused(Cause::Refused));
            }
            // What is named neither way is not known to be queued, so it is sent again.
            for sent in &answer.successful {
                batch.remove(&sent.id);
            }
            if batch.is_empty() {
                return Ok(());
            }
        }
        Err(refused(Cause::Throttled))
    }
}

#[async_trait]
impl Bells for SqsBells {
    async fn notify(&self, notice: &Notice, after: Duration) -> Result<(), BellsError> {
        let message = outgoing(&notice.connection.tenant, notice)?;
        self.send(&self.queues.notices, message, after).await
    }

    async fn notify_all(&self, notices: &[Notice]) -> Result<(), BellsError> {
        let messages = notices.iter().map(|notice| outgoing(&notice.connection.tenant, notice));
        let messages = messages.collect::<Result<_, _>>()?;
        self.send_all(&self.queues.notices, messages, Duration::ZERO).await
    }

    async fn ring(&self, bells: &[DeliveryBell], after: Duration) -> Result<(), BellsError> {
        let messages = bells.iter().map(|bell| outgoing(&bell.onboarding.tenant, bell));
        let messages = messages.collect::<Result<_, _>>()?;
        self.send_all(&self.queues.deliveries, messages, after).await
    }

    async fn reject(&self, rejected: &Rejected) -> Result<(), BellsError> {
        let fit = fit(&rejected.body);
        let attributes = [
            ("cause", rejected.cause),
            ("source_queue", rejected.source_queue.as_str()),
            ("original_id", rejected.original_id.as_str()),
            ("first_sent", rejected.first_sent.as_str()),
            ("body_encoding", fit.encoding),
        ];
        let mut request = self.client.send_message().queue_url(self.own_dlq()).message_body(fit.body);
        for (name, value) in attributes {
            request = request.message_attributes(name, text_attribute(value)?);
        }
        request.send().await.map(drop).map_err(|error| refused(Cause::of(&error)))
    }

    async fn postpone(&self, receipt: &str, after: Duration) -> Result<(), BellsError> {
        let changed = self
            .client
            .change_message_visibility()
            .queue_url(self.own_queue())
            .receipt_handle(receipt)
            .visibility_timeout(whole_seconds(after, MAX_VISIBILITY))
            .send()
            .await;
        changed.map(drop).map_err(|error| refused(Cause::of(&error)))
    }
}

fn outgoing<T: Serialize>(tenant: &Tenant, message: &T) -> Result<Outgoing, BellsError> {
    let body = serde_json::to_string(message).map_err(|_| BellsError("unwritable"))?;
    if body.len() > MAX_MESSAGE {
        return Err(BellsError("too_long"));
    }
    if !body.chars().all(is_permitted) {
        return Err(BellsError("characters"));
    }
    Ok(Outgoing { body, group: tenant.as_str().to_owned() })
}

fn entry(id: String, message: Outgoing, after: Duration) -> Result<SendMessageBatchRequestEntry, BellsError> {
    SendMessageBatchRequestEntry::builder()
        .id(id)
        .message_group_id(message.group)
        .message_body(message.body)
        .delay_seconds(whole_seconds(after, MAX_DELAY))
        .build()
        .map_err(|_| BellsError("unwritable"))
}

fn text_attribute(value: &str) -> Result<MessageAttributeValue, BellsError> {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(fit_attribute(value))
        .build()
        .map_err(|_| BellsError("unwritable"))
}

fn refused(cause: Cause) -> BellsError {
    tracing::warn!(event = "message_not_taken", cause = cause.code());
    BellsError(cause.code())
}
