//! From a change of truth to thin webhooks, and the rules that spoil those.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    delivery::Delivery,
    manners::WebhookManner,
    records::{DeliveryState, EventRecord},
    world::World,
};
use crate::chance;

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
    copies: u32,
    wait: Duration,
    state: DeliveryState,
    truncated: bool,
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
        let mut plan = Plan {
            body: thin(&record.id, name, &record.created_at),
            copies: 1,
            wait: Duration::ZERO,
            state: DeliveryState::Waiting,
            truncated: false,
        };
        for manner in self.webhook_manners(name, individual) {
            plan.spoil(manner);
        }
        for target in 0..self.targets.len() {
            for copy in 1..=plan.copies {
                self.queue(&record, &plan, target, copy);
            }
        }
        let id = record.id.clone();
        let made = self.next_change();
        self.events.push(Event { record, made });
        id
    }

    fn webhook_manners(&mut self, name: &str, individual: Option<&str>) -> Vec<WebhookManner> {
        let mut manners = Vec::new();
        for active in &mut self.webhook_rules {
            let (after, times) = (active.rule.after, active.rule.times);
            let about = active.rule.individual.as_deref().is_none_or(|wanted| Some(wanted) == individual);
            if about && name.starts_with(&active.rule.name) && active.take(after, times) {
                manners.push(active.rule.manner.clone());
            }
        }
        manners
    }

    fn queue(&mut self, event: &EventRecord, plan: &Plan, target: usize, copy: u32) {
        let wanted = self.targets.get(target).filter(|it| it.programme == event.programme && !it.removed);
        let Some(url) = wanted.map(|target| target.url.clone()) else {
            return;
        };
        let name = plan.body.get("name").and_then(Value::as_str).unwrap_or_default();
        self.deliveries.push(Delivery {
            event_id: event.id.clone(),
            name: name.to_owned(),
            individual: event.individual.clone(),
            target,
            url,
            copy,
            body: plan.bytes(),
            state: plan.state,
            due: self.retry_time.elapsed().saturating_add(plan.wait),
            attempts: 0,
        });
    }
}

/// The body of every webhook: nothing but an id, a name and a time (§3.1).
pub(crate) fn thin(id: &str, name: &str, created_at: &str) -> Value {
    json!({"id": id, "name": name, "created_at": created_at})
}

impl Plan {
    fn spoil(&mut self, manner: WebhookManner) {
        match manner {
            WebhookManner::Late { seconds } => self.wait = Duration::from_secs(seconds),
            WebhookManner::Repeated { copies } => self.copies = copies,
            WebhookManner::Held => self.state = DeliveryState::Held,
            WebhookManner::Lost => self.state = DeliveryState::Lost,
            WebhookManner::UnknownName { name } => self.set("name", json!(name)),
            WebhookManner::InventedId => self.set("id", json!(chance::uuid())),
            WebhookManner::UpperCaseId => {
                let id = self.body.get("id").and_then(Value::as_str).unwrap_or_default().to_uppercase();
                self.set("id", json!(id));
            }
            WebhookManner::ExtraField => self.set("api_version", json!("3.1")),
            WebhookManner::Truncated => self.truncated = true,
        }
    }

    fn set(&mut self, member: &str, value: Value) {
        if let Some(members) = self.body.as_object_mut() {
            members.insert(member.to_owned(), value);
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut body = self.body.to_string().into_bytes();
        if self.truncated {
            body.truncate(body.len() / 2);
        }
        body
    }
}
