//! Handing events over: at least once, in no guaranteed order, with the documented repeats (§3.1).
//!
//! One task watches what is due and starts each try on its own, so a silent receiver holds up nobody. A try that
//! is not answered within the patience counts as failed and its repeat is queued; a 2xx that still arrives within
//! the late patience cancels that repeat.

use std::{sync::Arc, time::Duration};

use super::{
    manners::Order,
    proof::{self, Proof},
    records::{Answer, DeliveryRecord, DeliveryState, WebhookSent},
    settings::Subscription,
    world::{Shared, World},
};
use crate::{chance, clock};

pub(crate) struct Delivery {
    pub(crate) event_id: String,
    pub(crate) event_type: String,
    pub(crate) idv: String,
    pub(crate) subscription: usize,
    pub(crate) copy: u32,
    pub(crate) body: Vec<u8>,
    pub(crate) proof: Proof,
    pub(crate) state: DeliveryState,
    /// Retry time at which the event was made.
    pub(crate) made: Duration,
    pub(crate) due: Duration,
    pub(crate) attempts: u32,
    pub(crate) signed_at: Option<i64>,
}

impl Delivery {
    pub(crate) fn record(&self) -> DeliveryRecord {
        DeliveryRecord {
            event_id: self.event_id.clone(),
            event_type: self.event_type.clone(),
            idv: self.idv.clone(),
            subscription: self.subscription,
            copy: self.copy,
            attempts: self.attempts,
            state: self.state,
        }
    }
}

/// All that one try needs, taken out of the lock.
struct Try {
    subscription: Subscription,
    index: usize,
    body: Vec<u8>,
    proof: Proof,
    signed_at: i64,
    patience: Duration,
    late_patience: Duration,
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

    fn begin(&mut self, index: usize) -> Option<Try> {
        let now = clock::now().unix_timestamp();
        let delivery = self.deliveries.get_mut(index)?;
        let subscription = self.settings.subscriptions.get(delivery.subscription)?.clone();
        delivery.attempts = delivery.attempts.saturating_add(1);
        let renew = subscription.hmac.as_ref().is_some_and(|hmac| hmac.renew);
        let signed_at = delivery.signed_at.filter(|_| !renew).unwrap_or(now);
        delivery.signed_at = Some(signed_at);
        Some(Try {
            subscription,
            index: delivery.subscription,
            body: delivery.body.clone(),
            proof: delivery.proof,
            signed_at,
            patience: self.settings.retry.patience,
            late_patience: self.settings.retry.late_patience,
        })
    }

    /// Writes down what became of a try, and queues the repeat if one is due.
    fn finish(&mut self, index: usize, at: String, answer: &Answer) {
        let now = self.retry_time.elapsed();
        let retry = &self.settings.retry;
        let Some(delivery) = self.deliveries.get_mut(index) else {
            return;
        };
        self.sent.push(WebhookSent {
            at,
            event_id: delivery.event_id.clone(),
            event_type: delivery.event_type.clone(),
            idv: delivery.idv.clone(),
            subscription: delivery.subscription,
            copy: delivery.copy,
            attempt: delivery.attempts,
            answer: answer.clone(),
        });
        if *answer == Answer::Status(401) {
            self.receiver_tokens.remove(&delivery.subscription);
        }
        let wait = retry.wait_after(delivery.attempts);
        delivery.due = now.saturating_add(wait.mul_f64(1.0 + retry.jitter * chance::share()));
        let is_final = matches!(answer, Answer::Status(code) if retry.final_codes.contains(code));
        let is_last =
            delivery.attempts >= retry.most_tries || delivery.due.saturating_sub(delivery.made) > retry.horizon;
        delivery.state = if answer.is_success() {
            DeliveryState::Delivered
        } else if is_final || is_last {
            DeliveryState::Dropped
        } else {
            DeliveryState::Waiting
        };
    }

    /// A 2xx after the patience: the queued repeat is cancelled, unless it is already under way.
    fn finish_late(&mut self, index: usize) {
        if let Some(delivery) = self.deliveries.get_mut(index).filter(|it| it.state == DeliveryState::Waiting) {
            delivery.state = DeliveryState::Delivered;
        }
    }

    /// Marks held deliveries as being sent, in the order wanted.
    pub(crate) fn take_held(&mut self, order: &Order) -> Vec<usize> {
        let held = self.deliveries.iter().enumerate().filter(|(_, it)| it.state == DeliveryState::Held);
        let held: Vec<(usize, String)> = held.map(|(index, it)| (index, it.event_id.clone())).collect();
        let indices = order.of(held);
        for index in &indices {
            if let Some(delivery) = self.deliveries.get_mut(*index) {
                delivery.state = DeliveryState::Sending;
            }
        }
        indices
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
    let Some(work) = work else { return };
    let (patience, rest) = (work.patience, work.late_patience.saturating_sub(work.patience));
    let sender = Arc::clone(&shared);
    let mut sending = Box::pin(async move { send(&sender, work).await });
    if let Ok(answer) = tokio::time::timeout(patience, &mut sending).await {
        shared.change(|world| world.finish(index, at, &answer));
        return;
    }
    shared.change(|world| world.finish(index, at, &Answer::TimedOut));
    tokio::spawn(async move {
        let late = tokio::time::timeout(rest, sending).await;
        if late.is_ok_and(|answer| answer.is_success()) {
            shared.change(|world| world.finish_late(index));
        }
    });
}

async fn send(shared: &Shared, work: Try) -> Answer {
    let mut token = None;
    if let Some(mode) = work.subscription.oauth2.as_ref().filter(|_| work.proof != Proof::Absent) {
        match proof::receiver_token(shared, work.index, mode, work.patience).await {
            Ok(fetched) => token = Some(fetched),
            Err(answer) => return answer,
        }
    }
    let request = shared.http.post(&work.subscription.url).header("Content-Type", "application/json");
    let request = proof::prove(request, work.proof, &work.subscription, token.as_deref(), work.signed_at, &work.body);
    match request.body(work.body).send().await {
        Ok(answer) => Answer::Status(answer.status().as_u16()),
        Err(error) => Answer::NotConnected(error.to_string()),
    }
}
