//! Handing events over: at least once, in no guaranteed order, with the documented repeats (§3.1).
//!
//! A try that is not answered within the patience counts as failed and its repeat is queued; a 2xx that still arrives
//! within the late patience cancels that repeat.

use std::{sync::Arc, time::Duration};

use super::{
    proof::{self, Proof},
    records::{Answer, DeliveryRecord, WebhookSent},
    settings::Subscription,
    world::World,
};
use crate::{
    chance, clock,
    outbox::{Delivery, wait_after},
    state::Shared,
};

/// What a delivery is about, whereto it goes, and how it proves where it comes from.
#[derive(Clone)]
pub struct Letter {
    pub(crate) event_type: String,
    pub(crate) idv: String,
    pub(crate) subscription: usize,
    pub(crate) proof: Proof,
    /// Retry time at which the event was made.
    pub(crate) made: Duration,
    pub(crate) signed_at: Option<i64>,
}

pub(super) fn record(delivery: &Delivery<Letter>) -> DeliveryRecord {
    let letter = &delivery.letter;
    DeliveryRecord {
        event_id: delivery.event_id.clone(),
        event_type: letter.event_type.clone(),
        idv: letter.idv.clone(),
        subscription: letter.subscription,
        copy: delivery.copy,
        attempts: delivery.attempts,
        state: delivery.state,
    }
}

/// All that one try needs, taken out of the lock.
struct Try {
    http: reqwest::Client,
    subscription: Subscription,
    index: usize,
    body: Vec<u8>,
    proof: Proof,
    signed_at: i64,
    patience: Duration,
    late_patience: Duration,
}

impl World {
    fn begin(&mut self, index: usize) -> Option<Try> {
        let now = clock::now().unix_timestamp();
        let delivery = self.frame.outbox.begin(index)?;
        let letter = &mut delivery.letter;
        let subscription = self.settings.subscriptions.get(letter.subscription)?.clone();
        let renew = subscription.hmac.as_ref().is_some_and(|hmac| hmac.renew);
        let signed_at = letter.signed_at.filter(|_| !renew).unwrap_or(now);
        letter.signed_at = Some(signed_at);
        Some(Try {
            http: self.frame.http.clone(),
            subscription,
            index: letter.subscription,
            body: delivery.body.clone(),
            proof: letter.proof,
            signed_at,
            patience: self.settings.retry.patience,
            late_patience: self.settings.retry.late_patience,
        })
    }

    /// Writes down what became of a try, and queues the repeat if one is due.
    fn finish(&mut self, index: usize, at: String, answer: &Answer) {
        let now = self.frame.outbox.time.elapsed();
        let retry = &self.settings.retry;
        let is_final = matches!(answer, Answer::Status(code) if retry.final_codes.contains(code));
        let settled = self.frame.outbox.settle(index, answer, |delivery| {
            let wait = wait_after(&retry.steps, delivery.attempts).mul_f64(1.0 + retry.jitter * chance::share());
            let age = now.saturating_add(wait).saturating_sub(delivery.letter.made);
            let is_last = delivery.attempts >= retry.most_tries || age > retry.horizon;
            (!is_final && !is_last).then_some(wait)
        });
        let Some(delivery) = settled else {
            return;
        };
        if *answer == Answer::Status(401) {
            self.receiver_tokens.remove(&delivery.letter.subscription);
        }
        self.frame.sent.push(WebhookSent {
            at,
            event_id: delivery.event_id.clone(),
            event_type: delivery.letter.event_type.clone(),
            idv: delivery.letter.idv.clone(),
            subscription: delivery.letter.subscription,
            copy: delivery.copy,
            attempt: delivery.attempts,
            answer: answer.clone(),
        });
    }
}

pub(super) async fn attempt(shared: Arc<Shared<World>>, index: usize) {
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
            shared.change(|world| world.frame.outbox.settle_late(index));
        }
    });
}

async fn send(shared: &Shared<World>, work: Try) -> Answer {
    let mut token = None;
    if let Some(mode) = work.subscription.oauth2.as_ref().filter(|_| work.proof != Proof::Absent) {
        match proof::receiver_token(shared, &work.http, work.index, mode, work.patience).await {
            Ok(fetched) => token = Some(fetched),
            Err(answer) => return answer,
        }
    }
    let request = work.http.post(&work.subscription.url).header("Content-Type", "application/json");
    let request = proof::prove(request, work.proof, &work.subscription, token.as_deref(), work.signed_at, &work.body);
    match request.body(work.body).send().await {
        Ok(answer) => Answer::Status(answer.status().as_u16()),
        Err(error) => Answer::NotConnected(error.to_string()),
    }
}
