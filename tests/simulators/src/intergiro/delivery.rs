//! Handing events over: at least once, in no guaranteed order, with the assumed repeats (§3.1).
//!
//! One task watches what is due and starts each try on its own, so a silent receiver holds up nobody.

use std::{sync::Arc, time::Duration};

use super::{
    records::{Answer, DeliveryRecord, DeliveryState, WebhookSent},
    world::{Shared, World},
};
use crate::rules::Order;

/// A webhook URL of a programme.
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) programme: String,
    pub(crate) removed: bool,
}

pub(crate) struct Delivery {
    pub(crate) event_id: String,
    pub(crate) name: String,
    pub(crate) individual: Option<String>,
    /// Place in the list of targets.
    pub(crate) target: usize,
    pub(crate) url: String,
    pub(crate) copy: u32,
    pub(crate) body: Vec<u8>,
    pub(crate) state: DeliveryState,
    pub(crate) due: Duration,
    pub(crate) attempts: u32,
}

impl Delivery {
    pub(crate) fn record(&self) -> DeliveryRecord {
        DeliveryRecord {
            event_id: self.event_id.clone(),
            name: self.name.clone(),
            individual: self.individual.clone(),
            url: self.url.clone(),
            copy: self.copy,
            attempts: self.attempts,
            state: self.state,
        }
    }
}

impl World {
    /// Takes what is due; tells how long until the next is, in real time.
    fn take_due(&mut self) -> (Vec<usize>, Option<Duration>) {
        let now = self.retry_time.elapsed();
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
        (due, next.and_then(|next| self.retry_time.real_time_until(next)))
    }

    /// Nothing is being sent and nothing is due. Held deliveries and later repeats don't count.
    pub(crate) fn is_quiet(&self) -> bool {
        let now = self.retry_time.elapsed();
        let busy = |delivery: &Delivery| {
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
        self.retry_time.push(next.saturating_sub(self.retry_time.elapsed()));
        true
    }

    /// No webhook goes to this URL any more; what is under way is dropped.
    pub(crate) fn remove_target(&mut self, place: usize) {
        if let Some(target) = self.targets.get_mut(place) {
            target.removed = true;
        }
        for delivery in self.deliveries.iter_mut().filter(|delivery| delivery.target == place) {
            if matches!(delivery.state, DeliveryState::Waiting | DeliveryState::Held) {
                delivery.state = DeliveryState::Dropped;
            }
        }
    }

    /// Marks what is over of this individual's webhooks as waiting again.
    pub(crate) fn requeue(&mut self, individual: &str) {
        let now = self.retry_time.elapsed();
        for delivery in &mut self.deliveries {
            let over =
                matches!(delivery.state, DeliveryState::Delivered | DeliveryState::Dropped | DeliveryState::Lost);
            if over && delivery.individual.as_deref() == Some(individual) {
                (delivery.state, delivery.due) = (DeliveryState::Waiting, now);
            }
        }
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

    fn begin(&mut self, index: usize) -> Option<(String, Vec<u8>, Duration)> {
        let patience = self.settings.retry.patience;
        let delivery = self.deliveries.get_mut(index)?;
        delivery.attempts = delivery.attempts.saturating_add(1);
        Some((delivery.url.clone(), delivery.body.clone(), patience))
    }

    /// Writes down what became of a try, and queues the repeat if one is due.
    fn finish(&mut self, index: usize, at: String, answer: Answer) {
        let now = self.retry_time.elapsed();
        let retry = &self.settings.retry;
        let Some(delivery) = self.deliveries.get_mut(index) else {
            return;
        };
        delivery.due = now.saturating_add(retry.wait_after(delivery.attempts));
        let removed = self.targets.get(delivery.target).is_none_or(|target| target.removed);
        delivery.state = if answer.is_success() {
            DeliveryState::Delivered
        } else if removed || delivery.attempts >= retry.most_tries {
            DeliveryState::Dropped
        } else {
            DeliveryState::Waiting
        };
        self.sent.push(WebhookSent {
            at,
            event_id: delivery.event_id.clone(),
            name: delivery.name.clone(),
            individual: delivery.individual.clone(),
            url: delivery.url.clone(),
            copy: delivery.copy,
            attempt: delivery.attempts,
            answer,
        });
    }
}

/// Starts every delivery when it is due, for ever.
pub(crate) async fn deliver_what_is_due(shared: Arc<Shared>) {
    loop {
        let (due, next) = shared.look().take_due();
        for index in due {
            tokio::spawn(attempt(Arc::clone(&shared), index));
        }
        // a permit of `due` outlives the moment between looking and waiting
        match next {
            Some(next) => drop(tokio::time::timeout(next, shared.due.notified()).await),
            None => shared.due.notified().await,
        }
    }
}

/// Sends these one after the other, each when the one before was answered.
pub(crate) async fn deliver_in_order(shared: Arc<Shared>, indices: Vec<usize>) {
    for index in indices {
        attempt(Arc::clone(&shared), index).await;
    }
}

async fn attempt(shared: Arc<Shared>, index: usize) {
    let (work, at) = shared.change(|world| (world.begin(index), world.stamp()));
    if let Some((url, body, patience)) = work {
        let answer = hand_over(&shared.http, &url, body, patience).await;
        shared.change(|world| world.finish(index, at, answer));
    }
}

/// Posts a body as every webhook of this provider arrives: without any proof.
pub(crate) async fn hand_over(http: &reqwest::Client, url: &str, body: Vec<u8>, patience: Duration) -> Answer {
    let sending = http.post(url).header("Content-Type", "application/json").body(body).send();
    match tokio::time::timeout(patience, sending).await {
        Ok(Ok(answer)) => Answer::Status(answer.status().as_u16()),
        Ok(Err(error)) => Answer::NotConnected(error.to_string()),
        Err(_) => Answer::TimedOut,
    }
}
