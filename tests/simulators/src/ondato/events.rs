//! From a change of truth to deliveries: envelope, spelling, and the rules that spoil them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    delivery::Letter,
    manners::WebhookManner,
    proof::Proof,
    records::{DeliveryState, EventRecord},
    settings::Subscription,
    world::{World, key},
};
use crate::{
    chance,
    members::{set, text},
    outbox::Passage,
};

/// What the rules make of one event.
struct Plan {
    event_type: String,
    application_id: String,
    payload: Value,
    passage: Passage,
    proof: Proof,
    upper_case: bool,
}

impl World {
    /// Makes an event and its deliveries; gives the event's id.
    pub(crate) fn emit(
        &mut self,
        event_type: &'static str,
        idv: &str,
        payload: Value,
        before: Option<Value>,
    ) -> String {
        let event = EventRecord {
            id: chance::uuid(),
            event_type: event_type.to_owned(),
            idv: idv.to_owned(),
            created_utc: self.stamp(),
            payload,
        };
        let application_id = text(&event.payload, "applicationId").to_owned();
        let mut plan = Plan {
            event_type: self.spelt(event_type),
            application_id: application_id.clone(),
            payload: event.payload.clone(),
            passage: Passage::default(),
            proof: Proof::Right,
            upper_case: false,
        };
        let manners = self.frame.rules.manners(event_type, |wanted| key(wanted) == key(idv), |target| match *target {});
        for manner in manners {
            plan.spoil(manner, before.as_ref());
        }
        let body = self.envelope(&event, &plan);
        let made = self.frame.outbox.time.elapsed();
        for subscription in self.subscribers(event_type, &application_id) {
            let letter = Letter {
                event_type: plan.event_type.clone(),
                idv: event.idv.clone(),
                subscription,
                proof: plan.proof,
                made,
                signed_at: None,
            };
            self.frame.outbox.post(&event.id, &plan.passage, &body, &letter);
        }
        let id = event.id.clone();
        self.events.push(event);
        id
    }

    fn spelt(&self, event_type: &str) -> String {
        match event_type.strip_prefix("IdentityVerification.") {
            Some(event) if self.settings.style.legacy_type_names => format!("Idv.{event}"),
            Some(_) | None => event_type.to_owned(),
        }
    }

    fn subscribers(&self, event_type: &str, application_id: &str) -> Vec<usize> {
        let first = self.settings.applications.first().map(|application| application.application_id.as_str());
        let wants = |subscription: &Subscription| {
            let owner = subscription.application_id.as_deref().or(first);
            let listed = subscription.types.is_empty() || subscription.types.iter().any(|listed| listed == event_type);
            owner == Some(application_id) && listed
        };
        self.settings.subscriptions.iter().enumerate().filter(|(_, it)| wants(it)).map(|(index, _)| index).collect()
    }

    fn envelope(&self, event: &EventRecord, plan: &Plan) -> Vec<u8> {
        let style = self.settings.style;
        let mut members = vec![
            ("id", json!(event.id)),
            ("applicationId", json!(plan.application_id)),
            ("createdUtc", json!(event.created_utc)),
            ("payload", plan.payload.clone()),
            ("type", json!(plan.event_type)),
        ];
        if style.delivery_fields {
            members.extend([("deliveredUtc", json!(event.created_utc)), ("isDelivered", json!(false))]);
        }
        let spelt = |name: &str| {
            if style.pascal_envelope { pascal(name) } else { name.to_owned() }
        };
        let envelope: Map<String, Value> = members.into_iter().map(|(name, value)| (spelt(name), value)).collect();
        let mut envelope = Value::Object(envelope);
        if plan.upper_case {
            raise_ids(&mut envelope);
        }
        envelope.to_string().into_bytes()
    }

    /// `GET …/webhooks`: the history of one IDV.
    pub(crate) fn webhook_history(&self, idv: &str) -> Value {
        let events = self.events.iter().filter(|event| key(&event.idv) == key(idv));
        events.map(|event| self.history_row(event)).collect()
    }

    fn history_row(&self, event: &EventRecord) -> Value {
        let accepted = self.frame.sent.iter().find(|sent| sent.event_id == event.id && sent.accepted());
        let mut row = super::resources::object(json!({
            "id": event.id, "applicationId": text(&event.payload, "applicationId"), "createdUtc": event.created_utc,
            "payload": event.payload, "type": self.spelt(&event.event_type), "isDelivered": accepted.is_some(),
        }));
        if let Some(accepted) = accepted {
            row.insert("deliveredUtc".to_owned(), json!(accepted.at));
        }
        Value::Object(row)
    }
}

impl Plan {
    fn spoil(&mut self, manner: WebhookManner, before: Option<&Value>) {
        match manner {
            WebhookManner::Late { seconds } => self.passage.wait = Duration::from_secs(seconds),
            WebhookManner::Repeated { copies } => self.passage.copies = copies,
            WebhookManner::Held => self.passage.state = DeliveryState::Held,
            WebhookManner::Lost => self.passage.state = DeliveryState::Lost,
            WebhookManner::WrongId => {
                set(&mut self.payload, "id", json!(chance::uuid()));
                if self.payload.get("identityVerificationId").is_some() {
                    set(&mut self.payload, "identityVerificationId", json!(chance::uuid()));
                }
            }
            WebhookManner::ForeignApplication => {
                self.application_id = chance::uuid();
                set(&mut self.payload, "applicationId", json!(self.application_id));
            }
            WebhookManner::UnknownStatus { status } => set(&mut self.payload, "status", json!(status)),
            WebhookManner::UnknownType { name } => self.event_type = name,
            WebhookManner::UpperCaseIds => self.upper_case = true,
            WebhookManner::StalePayload => self.payload = before.cloned().unwrap_or_else(|| self.payload.clone()),
            WebhookManner::Truncated => self.passage.truncated = true,
            WebhookManner::NoProof => self.proof = Proof::Absent,
            WebhookManner::WrongProof => self.proof = Proof::Wrong,
            WebhookManner::OldSignature { seconds } => self.proof = Proof::Old(seconds),
        }
    }
}

/// Ids of the envelope and its payload in upper case.
fn raise_ids(value: &mut Value) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    for (name, member) in members {
        let name = name.to_ascii_lowercase();
        if let Some(id) =
            member.as_str().filter(|_| name == "id" || name == "applicationid" || name == "identityverificationid")
        {
            *member = json!(id.to_ascii_uppercase());
        } else {
            raise_ids(member);
        }
    }
}

fn pascal(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}
