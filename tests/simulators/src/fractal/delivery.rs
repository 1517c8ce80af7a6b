//! Handing events over: at least once, in no order, repeated after 20, 40, 80 … seconds (§5.2).

use std::{sync::Arc, time::Duration};

use super::{
    records::{Answer, DeliveryRecord, WebhookSent},
    seal::{Seal, Secrets},
    settings::{Callback, Client, Generation},
    words::TYPES,
    world::World,
};
use crate::{
    chance,
    outbox::{Delivery, hand_over},
    state::Shared,
};

/// Where one type of webhook of one application goes; of a client of verifier or relay, all of them.
pub(crate) struct Hook {
    pub(crate) generation: Generation,
    /// Application or client id.
    pub(crate) to: String,
    /// Absent: whatever it is.
    pub(crate) name: Option<String>,
    pub(crate) url: String,
    /// Absent: not signed.
    pub(crate) secret: Option<String>,
}

/// What a delivery is about, whereto it goes, and how it is signed.
#[derive(Clone)]
pub struct Letter {
    pub(crate) generation: Generation,
    pub(crate) name: String,
    pub(crate) to: String,
    pub(crate) user: String,
    /// When it was made.
    pub(crate) url: String,
    pub(crate) seal: Seal,
}

pub(super) fn record(delivery: &Delivery<Letter>) -> DeliveryRecord {
    let letter = &delivery.letter;
    DeliveryRecord {
        event_id: delivery.event_id.clone(),
        name: letter.name.clone(),
        to: letter.to.clone(),
        user: letter.user.clone(),
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
    generation: Generation,
    seal: Seal,
    secrets: Secrets,
    patience: Duration,
}

impl World {
    pub(crate) fn register(&mut self, callback: Callback) {
        let to = callback.application.unwrap_or_else(|| self.first_application());
        let types = callback.types.unwrap_or_else(|| TYPES.map(str::to_owned).to_vec());
        for name in types {
            let secret = (!callback.unsigned).then(|| callback.secret.clone().unwrap_or_else(chance::token));
            let name = Some(name);
            self.hooks.retain(|hook| hook.to != to || hook.name != name);
            let (to, url) = (to.clone(), callback.url.clone());
            self.hooks.push(Hook { generation: Generation::Classic, to, name, url, secret });
        }
    }

    /// One more client of verifier or relay, or one that is set up anew.
    pub(crate) fn add_client(&mut self, client: Client) {
        self.settings.clients.retain(|it| it.client_id != client.client_id);
        self.hooks.retain(|hook| hook.to != client.client_id);
        if let Some(url) = client.webhook_url.clone() {
            let (to, secret) = (client.client_id.clone(), Some(client.webhook_secret.clone()));
            self.hooks.push(Hook { generation: client.generation, to, name: None, url, secret });
        }
        self.settings.clients.push(client);
    }

    /// No webhooks to this application or client any more; what is under way is dropped.
    pub(crate) fn unregister(&mut self, to: &str) {
        self.hooks.retain(|hook| hook.to != to);
        self.frame.outbox.drop_where(|letter| letter.to == to);
    }

    /// A type that the dashboard does not know goes where the application's first one goes (an assumption).
    pub(super) fn hook(&self, generation: Generation, to: &str, name: &str) -> Option<&Hook> {
        let own = || self.hooks.iter().filter(|hook| hook.to == to && hook.generation == generation);
        let named = own().find(|hook| hook.name.as_deref().is_none_or(|it| it == name));
        named.or_else(|| own().next().filter(|_| !TYPES.contains(&name)))
    }

    /// URL and secret are those of now: a repeat follows a change in the dashboard.
    fn begin(&mut self, index: usize) -> Option<Try> {
        let delivery = self.frame.outbox.begin(index)?;
        let (letter, body) = (delivery.letter.clone(), delivery.body.clone());
        let hook = self.hook(letter.generation, &letter.to, &letter.name);
        let other = self.hooks.iter().find(|it| it.to == letter.to && hook.is_none_or(|hook| it.name != hook.name));
        let secrets =
            Secrets { own: hook.and_then(|hook| hook.secret.clone()), other: other.and_then(|it| it.secret.clone()) };
        Some(Try {
            http: self.frame.http.clone(),
            url: hook.map_or(letter.url, |hook| hook.url.clone()),
            body,
            generation: letter.generation,
            seal: letter.seal,
            secrets,
            patience: self.settings.retry.patience,
        })
    }

    /// Writes down what became of a try, and queues the repeat if one is due.
    fn finish(&mut self, index: usize, at: String, url: String, answer: Answer) {
        let (retry, hooks) = (&self.settings.retry, &self.hooks);
        let settled = self.frame.outbox.settle(index, &answer, |delivery| {
            let gone = !hooks.iter().any(|hook| hook.to == delivery.letter.to);
            let again = !gone && delivery.attempts < retry.most_tries;
            again.then(|| retry.wait(delivery.attempts))
        });
        let Some(delivery) = settled else {
            return;
        };
        let letter = &delivery.letter;
        self.frame.sent.push(WebhookSent {
            at,
            event_id: delivery.event_id.clone(),
            name: letter.name.clone(),
            to: letter.to.clone(),
            user: letter.user.clone(),
            url,
            copy: delivery.copy,
            attempt: delivery.attempts,
            answer,
        });
    }
}

pub(super) async fn attempt(shared: Arc<Shared<World>>, index: usize) {
    let (work, at) = shared.change(|world| (world.begin(index), World::now()));
    if let Some(work) = work {
        let url = work.url.clone();
        let request = work.seal.put(work.http.post(&work.url), work.generation, &work.secrets, &work.body);
        let answer = hand_over(request, work.body, work.patience).await;
        shared.change(|world| world.finish(index, at, url, answer));
    }
}
