//! The queues with SQS's semantics as far as bells need them: delay, visibility, receive count, redrive, on virtual time.
//!
//! A message is seen when its time has come, then hidden for the receiver's visibility. Received more often than
//! [`MAX_RECEIVES`] it is moved to the DLQ instead of being handed out once more. The newest receipt alone is valid.
//! Bodies and delays are checked as SQS checks them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::adapters::sqs::{MAX_DELAY, MAX_MESSAGE, MAX_VISIBILITY, fit, whole_seconds};
use crate::domain::{Notice, Timestamp};
use crate::ports::{Bells, BellsError, Clock, DeliveryBell, Rejected};

/// After so many receives a message goes to the DLQ (design: maxReceiveCount 4).
pub const MAX_RECEIVES: u32 = 4;

/// The four queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueName {
    /// "Go and look".
    Notices,
    /// Put aside.
    NoticesDlq,
    /// "Hand over".
    Deliveries,
    /// Put aside.
    DeliveriesDlq,
}

impl QueueName {
    /// What [`Rejected::source_queue`] ends with when a record of this queue is put aside.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notices => "notices",
            Self::NoticesDlq => "notices-dlq",
            Self::Deliveries => "deliveries",
            Self::DeliveriesDlq => "deliveries-dlq",
        }
    }

    const fn dlq(self) -> Option<Self> {
        match self {
            Self::Notices => Some(Self::NoticesDlq),
            Self::Deliveries => Some(Self::DeliveriesDlq),
            Self::NoticesDlq | Self::DeliveriesDlq => None,
        }
    }
}

/// A message, seen from outside or as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it is.
    pub queue: QueueName,
    /// Its id, the same for its whole life.
    pub id: String,
    /// The newest receipt; empty before the first receive.
    pub receipt: String,
    /// The body.
    pub body: String,
    /// Its message group: the tenant.
    pub group: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// From when on it can be received.
    pub visible_at: Timestamp,
    /// How often it was received.
    pub receives: u32,
    /// Attributes of what was put aside.
    pub attributes: Vec<(&'static str, String)>,
}

/// See the module.
pub struct MemoryBells {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    numbered: u64,
    failure: Option<&'static str>,
}

impl MemoryBells {
    /// Empty queues.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Takes nothing from now on, or takes again.
    pub fn fail(&self, cause: Option<&'static str>) {
        self.lock().failure = cause;
    }

    /// Sends any body, as somebody with access to the queue could.
    pub fn send_raw(&self, queue: QueueName, body: impl Into<String>) {
        let now = self.clock.now();
        self.lock().add(queue, body.into(), String::new(), now, now, Vec::new());
    }

    /// Up to `most` messages whose time has come, hidden from now on for `visibility`.
    pub fn receive(&self, queue: QueueName, most: usize, visibility: Duration) -> Vec<Message> {
        let now = self.clock.now();
        let mut state = self.lock();
        state.redrive(queue, now);
        let State { messages, numbered, .. } = &mut *state;
        let due = messages.iter_mut().filter(|message| message.queue == queue && message.visible_at <= now);
        due.take(most)
            .map(|message| {
                *numbered += 1;
                message.receipt = format!("receipt-{numbered}");
                message.receives += 1;
                message.visible_at = now + visibility;
                message.clone()
            })
            .collect()
    }

    /// Done with a message. False for an old receipt.
    pub fn delete(&self, receipt: &str) -> bool {
        let mut state = self.lock();
        let before = state.messages.len();
        state.messages.retain(|message| message.receipt.is_empty() || message.receipt != receipt);
        state.messages.len() < before
    }

    /// All messages of a queue, hidden and delayed ones too, oldest first.
    #[must_use]
    pub fn messages(&self, queue: QueueName) -> Vec<Message> {
        self.lock().messages.iter().filter(|message| message.queue == queue).cloned().collect()
    }

    /// All notices that are queued.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        self.read(QueueName::Notices)
    }

    /// All bells of deliveries that are queued.
    #[must_use]
    pub fn bells(&self) -> Vec<DeliveryBell> {
        self.read(QueueName::Deliveries)
    }

    /// Empties a queue.
    pub fn purge(&self, queue: QueueName) {
        self.lock().messages.retain(|message| message.queue != queue);
    }

    fn read<T: DeserializeOwned>(&self, queue: QueueName) -> Vec<T> {
        self.messages(queue).iter().filter_map(|message| serde_json::from_str(&message.body).ok()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taking(&self) -> Result<MutexGuard<'_, State>, BellsError> {
        let state = self.lock();
        match state.failure {
            Some(cause) => Err(BellsError(cause)),
            None => Ok(state),
        }
    }

    fn send<T: Serialize>(&self, queue: QueueName, messages: &[(&str, T)], after: Duration) -> Result<(), BellsError> {
        let now = self.clock.now();
        let visible_at = now + whole(after, MAX_DELAY);
        let mut state = self.taking()?;
        for (group, message) in messages {
            let body = serde_json::to_string(message).map_err(|_| BellsError("unwritable"))?;
            if body.len() > MAX_MESSAGE {
                return Err(BellsError("too_long"));
            }
            state.add(queue, body, (*group).to_owned(), now, visible_at, Vec::new());
        }
        Ok(())
    }
}

impl State {
    fn add(
        &mut self,
        queue: QueueName,
        body: String,
        group: String,
        sent_at: Timestamp,
        visible_at: Timestamp,
        attributes: Vec<(&'static str, String)>,
    ) {
        self.numbered += 1;
        let id = format!("message-{}", self.numbered);
        let receipt = String::new();
        self.messages.push(Message { queue, id, receipt, body, group, sent_at, visible_at, receives: 0, attributes });
    }

    fn redrive(&mut self, queue: QueueName, now: Timestamp) {
        let Some(dlq) = queue.dlq() else { return };
        for message in &mut self.messages {
            if message.queue == queue && message.visible_at <= now && message.receives >= MAX_RECEIVES {
                message.queue = dlq;
                message.receipt.clear();
            }
        }
    }
}

#[async_trait]
impl Bells for MemoryBells {
    async fn notify(&self, notice: &Notice, after: Duration) -> Result<(), BellsError> {
        self.send(QueueName::Notices, &[(notice.connection.tenant.as_str(), notice)], after)
    }

    async fn notify_all(&self, notices: &[Notice]) -> Result<(), BellsError> {
        let messages: Vec<_> = notices.iter().map(|notice| (notice.connection.tenant.as_str(), notice)).collect();
        self.send(QueueName::Notices, &messages, Duration::ZERO)
    }

    async fn ring(&self, bells: &[DeliveryBell], after: Duration) -> Result<(), BellsError> {
        let messages: Vec<_> = bells.iter().map(|bell| (bell.onboarding.tenant.as_str(), bell)).collect();
        self.send(QueueName::Deliveries, &messages, after)
    }

    async fn reject(&self, rejected: &Rejected) -> Result<(), BellsError> {
        let delivery = rejected.source_queue.ends_with(QueueName::Deliveries.as_str());
        let dlq = if delivery { QueueName::DeliveriesDlq } else { QueueName::NoticesDlq };
        let fit = fit(&rejected.body);
        let attributes = vec![
            ("cause", rejected.cause.to_owned()),
            ("source_queue", rejected.source_queue.clone()),
            ("original_id", rejected.original_id.clone()),
            ("first_sent", rejected.first_sent.clone()),
            ("body_encoding", fit.encoding.to_owned()),
        ];
        let now = self.clock.now();
        self.taking()?.add(dlq, fit.body, String::new(), now, now, attributes);
        Ok(())
    }

    async fn postpone(&self, receipt: &str, after: Duration) -> Result<(), BellsError> {
        let now = self.clock.now();
        let mut state = self.taking()?;
        let mut hidden = state.messages.iter_mut().filter(|message| message.visible_at > now);
        let message = hidden.find(|message| !receipt.is_empty() && message.receipt == receipt);
        let message = message.ok_or(BellsError("refused"))?;
        message.visible_at = now + whole(after, MAX_VISIBILITY);
        Ok(())
    }
}

fn whole(span: Duration, limit: Duration) -> Duration {
    Duration::from_secs(u64::try_from(whole_seconds(span, limit)).unwrap_or(0))
}

#[cfg(test)]
mod tests;
