//! Handing events over: at least once, in no guaranteed order, repeated on an assumed schedule (§3.5).

use std::{sync::Arc, time::Duration};

use super::{
    bearer::{WebhookOAuth, receiver_token},
    records::{Answer, DeliveryRecord, WebhookRecord, WebhookSent},
    seal::Seal,
    settings::Environment,
    world::World,
};
use crate::{
    outbox::{Delivery, hand_over, wait_after},
    state::Shared,
};

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

/// What a delivery is about, whereto it goes, and how it is signed.
#[derive(Clone)]
pub struct Letter {
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) about: Vec<String>,
    pub(crate) webhook: String,
    pub(crate) url: String,
    pub(crate) seal: Seal,
}

pub(super) fn record(delivery: &Delivery<Letter>) -> DeliveryRecord {
    let letter = &delivery.letter;
    DeliveryRecord {
        event_id: delivery.event_id.clone(),
        action: letter.action.clone(),
        object: letter.object.clone(),
        webhook: letter.webhook.clone(),
        url: letter.url.clone(),
        copy: delivery.copy,
        attempts: delivery.attempts,
        state: delivery.state,
    }
}

/// One try as it goes out.
struct Try {
    http: reqwest::Client,
    url: String,
    body: Vec<u8>,
    seal: Seal,
    token: String,
    webhook: String,
    oauth: Option<WebhookOAuth>,
    patience: Duration,
}

impl World {
    fn begin(&mut self, index: usize) -> Option<Try> {
        let delivery = self.frame.outbox.begin(index)?;
        let webhook = self.webhooks.iter().find(|webhook| webhook.id == delivery.letter.webhook)?;
        Some(Try {
            http: self.frame.http.clone(),
            url: delivery.letter.url.clone(),
            body: delivery.body.clone(),
            seal: delivery.letter.seal,
            token: webhook.token.clone(),
            webhook: webhook.id.clone(),
            oauth: webhook.oauth.clone(),
            patience: self.settings.retry.patience,
        })
    }

    /// Writes down what became of a try, and queues the repeat if one is due.
    fn finish(&mut self, index: usize, at: String, answer: Answer) {
        let (retry, webhooks) = (&self.settings.retry, &self.webhooks);
        let settled = self.frame.outbox.settle(index, &answer, |delivery| {
            let webhook = webhooks.iter().find(|webhook| webhook.id == delivery.letter.webhook);
            let over = webhook.is_none_or(|webhook| webhook.removed || !webhook.enabled);
            let again = !over && delivery.attempts < retry.most_tries;
            again.then(|| wait_after(&retry.steps, delivery.attempts))
        });
        let Some(delivery) = settled else {
            return;
        };
        let letter = &delivery.letter;
        self.frame.sent.push(WebhookSent {
            at,
            event_id: delivery.event_id.clone(),
            action: letter.action.clone(),
            object: letter.object.clone(),
            about: letter.about.clone(),
            webhook: letter.webhook.clone(),
            url: letter.url.clone(),
            copy: delivery.copy,
            attempt: delivery.attempts,
            answer,
        });
    }
}

pub(super) async fn attempt(shared: Arc<Shared<World>>, index: usize) {
    let (work, at) = shared.change(|world| (world.begin(index), World::now()));
    if let Some(work) = work {
        let answer = send(&shared, work).await;
        shared.change(|world| world.finish(index, at, answer));
    }
}

async fn send(shared: &Shared<World>, work: Try) -> Answer {
    let bearer = match &work.oauth {
        None => None,
        Some(oauth) => {
            match tokio::time::timeout(work.patience, receiver_token(shared, &work.http, &work.webhook, oauth)).await {
                Ok(Ok(token)) => Some(token),
                Ok(Err(error)) => return Answer::NoToken(error),
                Err(_) => return Answer::NoToken("no answer".to_owned()),
            }
        }
    };
    let mut request = work.http.post(&work.url);
    if let Some(bearer) = bearer {
        request = request.bearer_auth(bearer);
    }
    hand_over(work.seal.put(request, &work.token, &work.body), work.body, work.patience).await
}
