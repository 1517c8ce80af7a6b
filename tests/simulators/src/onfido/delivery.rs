//! Handing events over: at least once, in no guaranteed order, repeated on an assumed schedule (§3.5).
//!
//! One task watches what is due and starts each try on its own, so a silent receiver holds up nobody.

use std::{sync::Arc, time::Duration};

use super::{
    bearer::{WebhookOAuth, receiver_token},
    records::{Answer, DeliveryRecord, DeliveryState, WebhookRecord, WebhookSent},
    seal::Seal,
    settings::Environment,
    world::{Shared, World},
};
use crate::rules::Order;

/// A webhook of an account.
#[derive(Clone)]
pub(crate) struct Webhook {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) name: Option<String>,
    pub(crate) url: String,
    pub(crate) enabled: bool,
    pub(crate) environments: Vec<Environment>,
    /// Absent: all.
    pub(crate) events: Option<Vec<String>>,
    pub(crate) payload_version: u64,
    /// The signing secret.
    pub(crate) token: String,
    pub(crate) oauth: Option<WebhookOAuth>,
    pub(crate) removed: bool,
}

impl Webhook {
    pub(crate) fn record(&self) -> WebhookRecord {
        WebhookRecord {
            id: self.id.clone(),
            account: self.account.clone(),
            url: self.url.clone(),
            enabled: self.enabled,
            environments: self.environments.clone(),
            events: self.events.clone(),
            token: self.token.clone(),
            removed: self.removed,
        }
    }
}

pub(crate) struct Delivery {
    pub(crate) event_id: String,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) about: Vec<String>,
    pub(crate) webhook: String,
    pub(crate) url: String,
    pub(crate) copy: u32,
    pub(crate) body: Vec<u8>,
    pub(crate) seal: Seal,
    pub(crate) state: DeliveryState,
    pub(crate) due: Duration,
    pub(crate) attempts: u32,
}

impl Delivery {
    pub(crate) fn record(&self) -> DeliveryRecord {
        DeliveryRecord {
            event_id: self.event_id.clone(),
            action: self.action.clone(),
            object: self.object.clone(),
            webhook: self.webhook.clone(),
            url: self.url.clone(),
            copy: self.copy,
            attempts: self.attempts,
            state: self.state,
        }
    }
}

/// One try as it goes out.
struct Try {
    url: String,
    body: Vec<u8>,
    seal: Seal,
    token: String,
    webhook: String,
    oauth: Option<WebhookOAuth>,
    patience: Duration,
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

    /// What is under way to this webhook goes nowhere.
    pub(super) fn drop_deliveries(&mut self, webhook: &str) {
        for delivery in self.deliveries.iter_mut().filter(|delivery| delivery.webhook == webhook) {
            if matches!(delivery.state, DeliveryState::Waiting | DeliveryState::Held) {
                delivery.state = DeliveryState::Dropped;
            }
        }
    }

    /// Marks what is over of this resource's webhooks as waiting again.
    pub(crate) fn requeue(&mut self, about: &str) {
        let now = self.retry_time.elapsed();
        for delivery in &mut self.deliveries {
            let over =
                matches!(delivery.state, DeliveryState::Delivered | DeliveryState::Dropped | DeliveryState::Lost);
            if over && delivery.about.iter().any(|id| id == about) {
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

    fn begin(&mut self, index: usize) -> Option<Try> {
        let patience = self.settings.retry.patience;
        let delivery = self.deliveries.get_mut(index)?;
        delivery.attempts = delivery.attempts.saturating_add(1);
        let webhook = self.webhooks.iter().find(|webhook| webhook.id == delivery.webhook)?;
        Some(Try {
            url: delivery.url.clone(),
            body: delivery.body.clone(),
            seal: delivery.seal,
            token: webhook.token.clone(),
            webhook: webhook.id.clone(),
            oauth: webhook.oauth.clone(),
            patience,
        })
    }

    /// Writes down what became of a try, and queues the repeat if one is due.
    fn finish(&mut self, index: usize, at: String, answer: Answer) {
        let now = self.retry_time.elapsed();
        let retry = &self.settings.retry;
        let Some(delivery) = self.deliveries.get_mut(index) else {
            return;
        };
        delivery.due = now.saturating_add(retry.wait_after(delivery.attempts));
        let webhook = self.webhooks.iter().find(|webhook| webhook.id == delivery.webhook);
        let over = webhook.is_none_or(|webhook| webhook.removed || !webhook.enabled);
        delivery.state = if answer.is_success() {
            DeliveryState::Delivered
        } else if over || delivery.attempts >= retry.most_tries {
            DeliveryState::Dropped
        } else {
            DeliveryState::Waiting
        };
        self.sent.push(WebhookSent {
            at,
            event_id: delivery.event_id.clone(),
            action: delivery.action.clone(),
            object: delivery.object.clone(),
            about: delivery.about.clone(),
            webhook: delivery.webhook.clone(),
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
    let (work, at) = shared.change(|world| (world.begin(index), World::now()));
    if let Some(work) = work {
        let answer = send(&shared, work).await;
        shared.change(|world| world.finish(index, at, answer));
    }
}

async fn send(shared: &Shared, work: Try) -> Answer {
    let bearer = match &work.oauth {
        None => None,
        Some(oauth) => match tokio::time::timeout(work.patience, receiver_token(shared, &work.webhook, oauth)).await {
            Ok(Ok(token)) => Some(token),
            Ok(Err(error)) => return Answer::NoToken(error),
            Err(_) => return Answer::NoToken("no answer".to_owned()),
        },
    };
    let mut request = shared.http.post(&work.url);
    if let Some(bearer) = bearer {
        request = request.bearer_auth(bearer);
    }
    hand_over(work.seal.put(request, &work.token, &work.body), work.body, work.patience).await
}

pub(super) async fn hand_over(request: reqwest::RequestBuilder, body: Vec<u8>, patience: Duration) -> Answer {
    let sending = request.header("Content-Type", "application/json").body(body).send();
    match tokio::time::timeout(patience, sending).await {
        Ok(Ok(answer)) => Answer::Status(answer.status().as_u16()),
        Ok(Err(error)) => Answer::NotConnected(error.to_string()),
        Err(_) => Answer::TimedOut,
    }
}
