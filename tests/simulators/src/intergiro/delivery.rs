//! Handing events over: at least once, in no guaranteed order, with the assumed repeats (§3.1).

use std::sync::Arc;

use super::{
    records::{Answer, DeliveryRecord, WebhookSent},
    world::World,
};
use crate::{
    outbox::{Delivery, hand_over, wait_after},
    state::Shared,
};

/// A webhook URL of a programme.
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) programme: String,
    pub(crate) removed: bool,
}

/// What a delivery is about, and whereto it goes.
#[derive(Clone)]
pub struct Letter {
    pub(crate) name: String,
    pub(crate) individual: Option<String>,
    /// Place in the list of targets.
    pub(crate) target: usize,
    pub(crate) url: String,
}

pub(super) fn record(delivery: &Delivery<Letter>) -> DeliveryRecord {
    DeliveryRecord {
        event_id: delivery.event_id.clone(),
        name: delivery.letter.name.clone(),
        individual: delivery.letter.individual.clone(),
        url: delivery.letter.url.clone(),
        copy: delivery.copy,
        attempts: delivery.attempts,
        state: delivery.state,
    }
}

impl World {
    /// No webhook goes to this URL any more; what is under way is dropped.
    pub(crate) fn remove_target(&mut self, place: usize) {
        if let Some(target) = self.targets.get_mut(place) {
            target.removed = true;
        }
        self.frame.outbox.drop_where(|letter| letter.target == place);
    }

    /// Writes down what became of a try, and queues the repeat if one is due.
    fn finish(&mut self, index: usize, at: String, answer: Answer) {
        let (retry, targets) = (&self.settings.retry, &self.targets);
        let settled = self.frame.outbox.settle(index, &answer, |delivery| {
            let removed = targets.get(delivery.letter.target).is_none_or(|target| target.removed);
            let again = !removed && delivery.attempts < retry.most_tries;
            again.then(|| wait_after(&retry.steps, delivery.attempts))
        });
        let Some(delivery) = settled else {
            return;
        };
        self.frame.sent.push(WebhookSent {
            at,
            event_id: delivery.event_id.clone(),
            name: delivery.letter.name.clone(),
            individual: delivery.letter.individual.clone(),
            url: delivery.letter.url.clone(),
            copy: delivery.copy,
            attempt: delivery.attempts,
            answer,
        });
    }
}

/// Posts a body as every webhook of this provider arrives: without any proof.
pub(super) async fn attempt(shared: Arc<Shared<World>>, index: usize) {
    let (work, at) = shared.change(|world| {
        let (http, patience) = (world.frame.http.clone(), world.settings.retry.patience);
        let delivery = world.frame.outbox.begin(index);
        let work = delivery.map(|it| hand_over(http.post(&it.letter.url), it.body.clone(), patience));
        (work, world.stamp())
    });
    if let Some(work) = work {
        let answer = work.await;
        shared.change(|world| world.finish(index, at, answer));
    }
}
