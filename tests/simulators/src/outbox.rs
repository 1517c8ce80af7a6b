//! Events on their way: each delivery from its making to its end, and the tries between.
//!
//! Retry time decides what is due; a try itself takes real time. How often and how long is each provider's own.

use std::{collections::BTreeMap, future::Future, time::Duration};

use futures_util::{StreamExt, stream};
use reqwest::RequestBuilder;
use serde::Serialize;

use crate::{clock::RetryTime, rules::Order};

/// At most so many forged webhooks at the same time.
const AT_ONCE: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Held,
    Waiting,
    Sending,
    Delivered,
    /// Given up after the last try, or its target was removed.
    Dropped,
    /// By a rule: never sent.
    Lost,
}

/// What became of one try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Status(u16),
    /// Nothing within the patience.
    TimedOut,
    NotConnected(String),
    /// The receiver's token endpoint gave none.
    NoToken(String),
}

impl Answer {
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Status(200..=299))
    }
}

/// How the deliveries of an event begin. The rules change it.
pub(crate) struct Passage {
    pub(crate) copies: u32,
    /// Retry time until the first try.
    pub(crate) wait: Duration,
    pub(crate) state: DeliveryState,
    /// The body ends in the middle.
    pub(crate) truncated: bool,
}

impl Default for Passage {
    fn default() -> Self {
        Self { copies: 1, wait: Duration::ZERO, state: DeliveryState::Waiting, truncated: false }
    }
}

/// One event on its way to one target. `L`, the letter, is what the provider's own records and proofs want.
pub struct Delivery<L> {
    pub(crate) event_id: String,
    /// From 1; above 1 for the copies of a repeated event.
    pub(crate) copy: u32,
    pub(crate) body: Vec<u8>,
    pub(crate) letter: L,
    pub(crate) state: DeliveryState,
    /// Retry time.
    pub(crate) due: Duration,
    pub(crate) attempts: u32,
}

pub(crate) struct Outbox<L> {
    pub(crate) time: RetryTime,
    deliveries: Vec<Delivery<L>>,
}

impl<L> Outbox<L> {
    /// Retry time runs `scale` times faster than real time.
    pub(crate) fn new(scale: u32) -> Self {
        Self { time: RetryTime::new(scale), deliveries: Vec::new() }
    }

    pub(crate) fn deliveries(&self) -> &[Delivery<L>] {
        &self.deliveries
    }

    /// Queues every copy.
    pub(crate) fn post(&mut self, event_id: &str, passage: &Passage, body: &[u8], letter: &L)
    where
        L: Clone,
    {
        let length = if passage.truncated { body.len() / 2 } else { body.len() };
        let due = self.time.elapsed().saturating_add(passage.wait);
        for copy in 1..=passage.copies {
            self.deliveries.push(Delivery {
                event_id: event_id.to_owned(),
                copy,
                body: body.iter().take(length).copied().collect(),
                letter: letter.clone(),
                state: passage.state,
                due,
                attempts: 0,
            });
        }
    }

    /// Takes what is due; tells how long until the next is, in real time.
    pub(crate) fn take_due(&mut self) -> (Vec<usize>, Option<Duration>) {
        let now = self.time.elapsed();
        let mut due = Vec::new();
        let mut next: Option<Duration> = None;
        for (index, delivery) in self.deliveries.iter_mut().enumerate() {
            if delivery.state != DeliveryState::Waiting {
                continue;
            }
            if delivery.due <= now {
                delivery.state = DeliveryState::Sending;
                due.push(index);
            } else {
                next = Some(next.map_or(delivery.due, |next| next.min(delivery.due)));
            }
        }
        (due, next.and_then(|next| self.time.real_time_until(next)))
    }

    /// Nothing is being sent and nothing is due. Held deliveries and later repeats don't count.
    pub(crate) fn is_quiet(&self) -> bool {
        let now = self.time.elapsed();
        let busy = |delivery: &Delivery<L>| {
            let waiting = delivery.state == DeliveryState::Waiting && delivery.due <= now;
            delivery.state == DeliveryState::Sending || waiting
        };
        !self.deliveries.iter().any(busy)
    }

    /// Pushes retry time to the next waiting delivery; false if there is none.
    pub(crate) fn push_to_next(&mut self) -> bool {
        let waiting = self.deliveries.iter().filter(|delivery| delivery.state == DeliveryState::Waiting);
        let Some(next) = waiting.map(|delivery| delivery.due).min() else {
            return false;
        };
        self.time.push(next.saturating_sub(self.time.elapsed()));
        true
    }

    /// Marks held deliveries as being sent, in the order wanted.
    pub(crate) fn take_held(&mut self, order: &Order) -> Vec<usize> {
        let held = self.deliveries.iter().enumerate().filter(|(_, it)| it.state == DeliveryState::Held);
        let indices = order.of(held.map(|(index, it)| (index, it.event_id.clone())).collect());
        for index in &indices {
            if let Some(delivery) = self.deliveries.get_mut(*index) {
                delivery.state = DeliveryState::Sending;
            }
        }
        indices
    }

    /// Drops what is under way there.
    pub(crate) fn drop_where(&mut self, there: impl Fn(&L) -> bool) {
        for delivery in self.deliveries.iter_mut().filter(|delivery| there(&delivery.letter)) {
            if matches!(delivery.state, DeliveryState::Waiting | DeliveryState::Held) {
                delivery.state = DeliveryState::Dropped;
            }
        }
    }

    /// Marks what is over as waiting again.
    pub(crate) fn requeue(&mut self, wanted: impl Fn(&L) -> bool) {
        let now = self.time.elapsed();
        for delivery in self.deliveries.iter_mut().filter(|delivery| wanted(&delivery.letter)) {
            if matches!(delivery.state, DeliveryState::Delivered | DeliveryState::Dropped | DeliveryState::Lost) {
                (delivery.state, delivery.due) = (DeliveryState::Waiting, now);
            }
        }
    }

    /// Counts one more try.
    pub(crate) fn begin(&mut self, index: usize) -> Option<&mut Delivery<L>> {
        let delivery = self.deliveries.get_mut(index)?;
        delivery.attempts = delivery.attempts.saturating_add(1);
        Some(delivery)
    }

    /// Writes down what became of a try. `wait` says how long until the next one, if there is to be one.
    pub(crate) fn settle(
        &mut self,
        index: usize,
        answer: &Answer,
        wait: impl FnOnce(&Delivery<L>) -> Option<Duration>,
    ) -> Option<&Delivery<L>> {
        let delivery = self.deliveries.get_mut(index)?;
        delivery.state = if answer.is_success() {
            DeliveryState::Delivered
        } else if let Some(wait) = wait(delivery) {
            delivery.due = self.time.elapsed().saturating_add(wait);
            DeliveryState::Waiting
        } else {
            DeliveryState::Dropped
        };
        Some(delivery)
    }

    /// A good answer after the patience: the queued repeat is cancelled, unless it is already under way.
    pub(crate) fn settle_late(&mut self, index: usize) {
        if let Some(delivery) = self.deliveries.get_mut(index).filter(|it| it.state == DeliveryState::Waiting) {
            delivery.state = DeliveryState::Delivered;
        }
    }
}

/// The wait after try number `tries` (from 1); the last step repeats.
pub(crate) fn wait_after(steps: &[Duration], tries: u32) -> Duration {
    let index = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    steps.get(index).or(steps.last()).copied().unwrap_or_default()
}

/// Posts a body as JSON.
pub(crate) async fn hand_over(request: RequestBuilder, body: Vec<u8>, patience: Duration) -> Answer {
    let sending = request.header("Content-Type", "application/json").body(body).send();
    match tokio::time::timeout(patience, sending).await {
        Ok(Ok(answer)) => Answer::Status(answer.status().as_u16()),
        Ok(Err(error)) => Answer::NotConnected(error.to_string()),
        Err(_) => Answer::TimedOut,
    }
}

/// Does these, several at a time; gives how many were answered with which code (0: not at all).
pub(crate) async fn tally<F>(sendings: impl Iterator<Item = F>) -> BTreeMap<u16, usize>
where
    F: Future<Output = Answer>,
{
    let mut counts = BTreeMap::new();
    for answer in stream::iter(sendings).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await {
        let code = if let Answer::Status(code) = answer { code } else { 0 };
        *counts.entry(code).or_default() += 1;
    }
    counts
}
