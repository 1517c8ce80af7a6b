//! From a change of truth to signed webhooks (§3.2, §3.3), and the rules that spoil those.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    delivery::{Letter, Webhook},
    manners::WebhookManner,
    payload::{Content, Object},
    records::{DeliveryState, EventRecord, Kind, set, texts},
    seal::Seal,
    world::{Owner, World},
};
use crate::{chance, clock, outbox::Passage};

#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) record: EventRecord,
    pub(crate) owner: Owner,
    content: Content,
    /// Webhooks that the check was made for; absent: all of the account.
    only: Option<Vec<String>>,
}

/// What the rules make of one event on its way to one webhook.
struct Plan {
    content: Content,
    passage: Passage,
    seal: Seal,
    pretty: bool,
}

impl World {
    /// Makes an event about a resource and its deliveries; gives the event's own id.
    pub(crate) fn emit(&mut self, action: &str, key: &str) -> String {
        let Some(thing) = self.things.get(key).cloned() else {
            return String::new();
        };
        let family = action.split('.').next().unwrap_or_default();
        let content = Content {
            resource_type: family.to_owned(),
            action: action.to_owned(),
            object: self.object(thing.kind, &thing.owner, &thing.shown, action),
            resource: matches!(thing.kind, Kind::Run | Kind::Task).then(|| thing.shown.clone()),
            new_top_level_field: None,
        };
        let check = if thing.kind == Kind::Report { thing.parent.as_deref() } else { Some(key) };
        let only = check.and_then(|check| self.things.get(check)?.shown.get("webhook_ids").cloned());
        let only = only.filter(Value::is_array).map(|ids| texts(Some(&ids)));
        let about = self.about(key);
        self.happen(thing.owner, about, content, only)
    }

    /// An event of an account about none of its applicants: an audit log entry, a monitor, something new.
    pub(crate) fn emit_of(&mut self, owner: Owner, action: &str) -> String {
        let family = action.split('.').next().unwrap_or_default().to_owned();
        let id = chance::uuid();
        let object = Object { id: Some(id.clone()), ..Object::default() };
        let content = Content {
            resource_type: family,
            action: action.to_owned(),
            object,
            resource: None,
            new_top_level_field: None,
        };
        self.happen(owner, vec![id], content, None)
    }

    fn happen(&mut self, owner: Owner, about: Vec<String>, content: Content, only: Option<Vec<String>>) -> String {
        let record = EventRecord {
            id: chance::uuid(),
            action: content.action.clone(),
            object: content.object.id.clone().unwrap_or_default(),
            account: owner.account.clone(),
            environment: owner.environment,
            about,
            at: Self::now(),
        };
        let event = Event { record, owner, content, only };
        for place in 0..self.webhooks.len() {
            let wanted = self.webhooks.get(place).is_some_and(|webhook| webhook.wants(&event));
            if wanted {
                self.plan(&event, place);
            }
        }
        let id = event.record.id.clone();
        self.events.push(event);
        id
    }

    /// To every webhook of the environment, whatever it lists and whatever the check was made for.
    pub(super) fn send_to_all(&mut self, event: usize) {
        let Some(event) = self.events.get(event).cloned() else {
            return;
        };
        for place in 0..self.webhooks.len() {
            if self.webhooks.get(place).is_some_and(|webhook| webhook.is_of(&event.owner)) {
                self.plan(&event, place);
            }
        }
    }

    fn plan(&mut self, event: &Event, place: usize) {
        let Some(webhook) = self.webhooks.get(place).cloned() else {
            return;
        };
        let mut plan =
            Plan { content: event.content.clone(), passage: Passage::default(), seal: Seal::Right, pretty: false };
        if webhook.payload_version < 3 {
            plan.content.resource = None;
        }
        let record = &event.record;
        let is_about = |wanted: &str| record.about.iter().any(|id| id == wanted);
        for manner in self.frame.rules.manners(&record.action, is_about, |wanted| *wanted == webhook.id) {
            plan.spoil(manner);
        }
        let letter = Letter {
            action: plan.content.action.clone(),
            object: plan.content.object.id.clone().unwrap_or_default(),
            about: record.about.clone(),
            webhook: webhook.id,
            url: webhook.url,
            seal: plan.seal,
        };
        self.frame.outbox.post(&record.id, &plan.passage, &plan.content.bytes(plan.pretty), &letter);
    }
}

impl Webhook {
    pub(super) fn is_of(&self, owner: &Owner) -> bool {
        let here = self.account == owner.account && self.environments.contains(&owner.environment);
        here && self.enabled && !self.removed
    }

    fn wants(&self, event: &Event) -> bool {
        let listed = self.events.as_ref().is_none_or(|events| events.contains(&event.record.action));
        let chosen = event.only.as_ref().is_none_or(|ids| ids.contains(&self.id));
        self.is_of(&event.owner) && listed && chosen
    }
}

impl Plan {
    fn spoil(&mut self, manner: WebhookManner) {
        let content = &mut self.content;
        match manner {
            WebhookManner::Late { seconds } => self.passage.wait = Duration::from_secs(seconds),
            WebhookManner::Repeated { copies } => self.passage.copies = copies,
            WebhookManner::Held => self.passage.state = DeliveryState::Held,
            WebhookManner::Lost => self.passage.state = DeliveryState::Lost,
            WebhookManner::UnknownAction { action } => content.action = action,
            WebhookManner::UnknownResourceType { resource_type } => content.resource_type = resource_type,
            WebhookManner::UnknownStatus { status } => {
                if let Some(resource) = &mut content.resource {
                    set(resource, "status", json!(status));
                }
                content.object.status = Some(status);
            }
            WebhookManner::InventedId => content.object.id = Some(chance::uuid()),
            WebhookManner::Without { member } => content.object.lose(&member),
            WebhookManner::NoResource => content.resource = None,
            WebhookManner::TimeWithoutZone => {
                let now = clock::stamp(clock::now());
                content.object.completed_at_iso8601 = now.get(..26).map(str::to_owned);
            }
            WebhookManner::Href { url } => content.object.href = Some(url),
            WebhookManner::ExtraFields => {
                content.resource = content.resource.take().or_else(|| Some(json!({"anything": [1, {"nested": true}]})));
                content.new_top_level_field = Some("x");
            }
            WebhookManner::Pretty => self.pretty = true,
            WebhookManner::Truncated => self.passage.truncated = true,
            WebhookManner::Sealed { seal } => self.seal = seal,
        }
    }
}
