//! From a change of truth to thin webhooks, and the rules that spoil those.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    delivery::Letter,
    manners::WebhookManner,
    records::{DeliveryState, EventRecord},
    world::World,
};
use crate::{
    chance,
    members::{set, text},
    outbox::Passage,
};

pub(crate) struct Event {
    pub(crate) record: EventRecord,
    /// Number of the change that made it.
    pub(crate) made: u64,
}

impl Event {
    /// `GET /v3/events/:id` and each row of the list.
    pub(crate) fn shown(&self) -> Value {
        let EventRecord { id, name, payload, created_at, .. } = &self.record;
        json!({"id": id, "name": name, "payload": payload, "created_at": created_at})
    }
}

/// What the rules make of one event's webhook.
struct Plan {
    body: Value,
    passage: Passage,
}

impl World {
    /// Makes an event about an individual and its deliveries; gives the event's id.
    pub(crate) fn emit(&mut self, name: &str, programme: &str, individual: &str, mut payload: Value) -> String {
        if let Some(members) = payload.as_object_mut() {
            members.insert("individual_id".to_owned(), json!(individual));
        }
        self.emit_of(name, programme, Some(individual), payload)
    }

    /// The same for an event that may be about no individual.
    pub(crate) fn emit_of(&mut self, name: &str, programme: &str, individual: Option<&str>, payload: Value) -> String {
        let record = EventRecord {
            id: chance::uuid(),
            name: name.to_owned(),
            programme: programme.to_owned(),
            individual: individual.map(str::to_owned),
            payload,
            created_at: self.stamp(),
        };
        let mut plan = Plan { body: thin(&record.id, name, &record.created_at), passage: Passage::default() };
        let manners = self.frame.rules.manners(name, |wanted| individual == Some(wanted), |target| match *target {});
        for manner in manners {
            plan.spoil(manner);
        }
        for target in 0..self.targets.len() {
            self.queue(&record, &plan, target);
        }
        let id = record.id.clone();
        let made = self.frame.history.next_change();
        self.events.push(Event { record, made });
        id
    }

    fn queue(&mut self, event: &EventRecord, plan: &Plan, target: usize) {
        let wanted = self.targets.get(target).filter(|it| it.programme == event.programme && !it.removed);
        let Some(url) = wanted.map(|target| target.url.clone()) else {
            return;
        };
        let name = text(&plan.body, "name").to_owned();
        let letter = Letter { name, individual: event.individual.clone(), target, url };
        self.frame.outbox.post(&event.id, &plan.passage, plan.body.to_string().as_bytes(), &letter);
    }
}

/// The body of every webhook: nothing but an id, a name and a time (§3.1).
pub(crate) fn thin(id: &str, name: &str, created_at: &str) -> Value {
    json!({"id": id, "name": name, "created_at": created_at})
}

impl Plan {
    fn spoil(&mut self, manner: WebhookManner) {
        match manner {
            WebhookManner::Late { seconds } => self.passage.wait = Duration::from_secs(seconds),
            WebhookManner::Repeated { copies } => self.passage.copies = copies,
            WebhookManner::Held => self.passage.state = DeliveryState::Held,
            WebhookManner::Lost => self.passage.state = DeliveryState::Lost,
            WebhookManner::UnknownName { name } => set(&mut self.body, "name", json!(name)),
            WebhookManner::InventedId => set(&mut self.body, "id", json!(chance::uuid())),
            WebhookManner::UpperCaseId => {
                let id = text(&self.body, "id").to_uppercase();
                set(&mut self.body, "id", json!(id));
            }
            WebhookManner::ExtraField => set(&mut self.body, "api_version", json!("3.1")),
            WebhookManner::Truncated => self.passage.truncated = true,
        }
    }
}
