//! From a change of truth to signed webhooks (§5.4, §8.3), and the rules that spoil those.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    delivery::Letter,
    manners::WebhookManner,
    person::{Case, Person},
    records::{DeliveryState, EventRecord},
    seal::Seal,
    settings::Generation,
    words::{EMAIL_EVENT, SHARED_EVENT, TYPES},
    world::World,
};
use crate::{chance, outbox::Passage};

/// A body, written member for member in Fractal's order.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Content {
    Classic {
        #[serde(rename = "type")]
        name: String,
        data: Data,
    },
    /// No type, no level, no time.
    Kyc {
        id: String,
        status: String,
        note: String,
        /// What no page names.
        #[serde(skip_serializing_if = "Option::is_none")]
        extra: Option<Value>,
    },
}

#[derive(Clone, Default, Serialize)]
pub(super) struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) idos_human_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) credential_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shared_at: Option<String>,
    /// What no page names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extra: Option<Value>,
}

impl Content {
    pub(super) fn bytes(&self) -> Vec<u8> {
        // cannot fail: every key is a text
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn pretty(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// What the rules make of one event's webhook.
struct Plan {
    content: Content,
    passage: Passage,
    seal: Seal,
    pretty: bool,
    escaped: bool,
}

impl World {
    pub(super) fn tell_part(&mut self, name: &str, case: &Case, uid: &str, at: &str) -> String {
        let data = Data {
            level: Some(case.part.clone()),
            user_id: Some(uid.to_owned()),
            timestamp: Some(at.to_owned()),
            ..Data::default()
        };
        self.tell(name, &case.application, uid, data)
    }

    /// An event about a person and none of the parts.
    pub(super) fn tell_of(&mut self, name: &str, to: &str, person: &Person) -> String {
        let email = (name == EMAIL_EVENT).then(|| person.email.clone());
        let unknown = !TYPES.contains(&name);
        let data = Data {
            user_id: Some(person.uid.clone()),
            email,
            timestamp: unknown.then(Self::now),
            extra: unknown.then(unnamed),
            ..Data::default()
        };
        self.tell(name, to, &person.uid, data)
    }

    /// Names neither the person nor anything else of Fractal's.
    pub(super) fn tell_share(&mut self, to: &str, uid: &str, human: &str, credential: &str) -> String {
        let data = Data {
            idos_human_id: Some(human.to_owned()),
            credential_id: Some(credential.to_owned()),
            shared_at: Some(Self::now()),
            ..Data::default()
        };
        self.tell(SHARED_EVENT, to, uid, data)
    }

    fn tell(&mut self, name: &str, to: &str, uid: &str, data: Data) -> String {
        let (level, user) = (data.level.clone(), data.user_id.clone());
        let content = Content::Classic { name: name.to_owned(), data };
        self.happen((Generation::Classic, name, to), uid, content, (user, level))
    }

    /// The newest decision about a user of verifier or relay.
    pub(super) fn tell_status(&mut self, id: &str) -> String {
        let Some(user) = self.users.get(id).cloned() else {
            return String::new();
        };
        let named = (Some(user.id.clone()), None);
        let content = Content::Kyc { id: user.id.clone(), status: user.status.clone(), note: user.note, extra: None };
        self.happen((user.generation, &user.status, &user.client), id, content, named)
    }

    fn happen(
        &mut self,
        (generation, name, to): (Generation, &str, &str),
        about: &str,
        content: Content,
        (user, level): (Option<String>, Option<String>),
    ) -> String {
        let id = chance::uuid();
        let (name, to) = (name.to_owned(), to.to_owned());
        let mut plan = Plan { content, passage: Passage::default(), seal: Seal::Right, pretty: false, escaped: false };
        let rules = &mut self.frame.rules;
        for manner in rules.manners(&name, |wanted| wanted == about, |target| match *target {}) {
            plan.spoil(manner);
        }
        if let Some(hook) = self.hook(generation, &to, &name) {
            let letter = Letter {
                generation,
                name: name.clone(),
                to: to.clone(),
                user: about.to_owned(),
                url: hook.url.clone(),
                seal: plan.seal,
            };
            self.frame.outbox.post(&id, &plan.passage, &plan.bytes(), &letter);
        }
        self.events.push(EventRecord { id: id.clone(), generation, name, to, user, level, at: Self::now() });
        id
    }
}

/// A member that no page names.
fn unnamed() -> Value {
    json!({"a": 1})
}

impl Plan {
    fn bytes(&self) -> Vec<u8> {
        let bytes = if self.pretty { self.content.pretty() } else { self.content.bytes() };
        if !self.escaped {
            return bytes;
        }
        String::from_utf8_lossy(&bytes).replace('/', "\\/").into_bytes()
    }

    fn spoil(&mut self, manner: WebhookManner) {
        match manner {
            WebhookManner::Late { seconds } => self.passage.wait = Duration::from_secs(seconds),
            WebhookManner::Repeated { copies } => self.passage.copies = copies,
            WebhookManner::Held => self.passage.state = DeliveryState::Held,
            WebhookManner::Lost => self.passage.state = DeliveryState::Lost,
            WebhookManner::Truncated => self.passage.truncated = true,
            WebhookManner::Pretty => self.pretty = true,
            WebhookManner::EscapedSlash => self.escaped = true,
            WebhookManner::Sealed { seal } => self.seal = seal,
            WebhookManner::UnknownType { name } => self.content.rename(name),
            WebhookManner::UnknownLevel { level } => self.content.alter(|data| data.level = Some(level)),
            WebhookManner::Timestamp { at } => self.content.alter(|data| data.timestamp = Some(at)),
            WebhookManner::Without { member } => self.content.lose(&member),
            WebhookManner::InventedUser => self.content.invent_user(),
            WebhookManner::ExtraField => match &mut self.content {
                Content::Classic { data: Data { extra, .. }, .. } | Content::Kyc { extra, .. } => {
                    *extra = Some(unnamed())
                }
            },
        }
    }
}

impl Content {
    fn rename(&mut self, to: String) {
        match self {
            Self::Classic { name, .. } => *name = to,
            Self::Kyc { status, .. } => *status = to,
        }
    }

    fn invent_user(&mut self) {
        match self {
            Self::Classic { data, .. } => data.user_id = Some(chance::uuid()),
            Self::Kyc { id, .. } => *id = chance::uuid(),
        }
    }

    fn alter(&mut self, change: impl FnOnce(&mut Data)) {
        match self {
            Self::Classic { data, .. } => change(data),
            Self::Kyc { .. } => {}
        }
    }

    /// Of `data`; verifier and relay keep theirs.
    fn lose(&mut self, member: &str) {
        self.alter(|data| match member {
            "level" => data.level = None,
            "user_id" => data.user_id = None,
            "email" => data.email = None,
            "timestamp" => data.timestamp = None,
            "idos_human_id" => data.idos_human_id = None,
            "credential_id" => data.credential_id = None,
            "shared_at" => data.shared_at = None,
            _ => {}
        });
    }
}
