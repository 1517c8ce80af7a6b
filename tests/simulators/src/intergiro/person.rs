//! The resources of Intergiro and how a GET shows each: field for field as the fixtures.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{
    act::ActionType,
    words::{CONSENT_PENDING, ONBOARDING_REQUESTED},
};
use crate::{chance, clock};

/// A person whom a programme registered.
#[derive(Clone)]
pub(crate) struct Individual {
    pub(crate) id: String,
    pub(crate) programme: String,
    /// What the create call gave.
    pub(crate) given: Map<String, Value>,
    pub(crate) status: String,
    pub(crate) created_at: String,
    pub(crate) ever_activated: bool,
}

impl Individual {
    /// Made by somebody else, with a link asked for.
    pub(crate) fn elsewhere(programme: String, email: &str, created_at: String) -> Self {
        let given = [
            ("first_name", "Jane"),
            ("last_name", "Example"),
            ("email", email),
            ("phone_number", "46700000009"),
            ("date_of_birth", "1990-01-01"),
        ];
        Self {
            id: chance::uuid(),
            programme,
            given: given.map(|(name, value)| (name.to_owned(), json!(value))).into_iter().collect(),
            status: ONBOARDING_REQUESTED.to_owned(),
            created_at,
            ever_activated: false,
        }
    }

    pub(crate) fn shown(&self) -> Value {
        let mut shown = self.given.clone();
        shown.insert("id".to_owned(), json!(self.id));
        shown.insert("status".to_owned(), json!(self.status));
        shown.insert("created_at".to_owned(), json!(self.created_at));
        Value::Object(shown)
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.given.get(member).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Something that a person is asked for (§2.6).
#[derive(Clone)]
pub(crate) struct PendingAction {
    pub(crate) id: String,
    pub(crate) individual: String,
    pub(crate) programme: String,
    pub(crate) consent: String,
    pub(crate) action: ActionType,
    pub(crate) created_at: String,
    pub(crate) expires: Option<OffsetDateTime>,
    /// Number of the change that made it.
    pub(crate) made: u64,
    /// Number of the change that completed it.
    pub(crate) completed: Option<u64>,
    /// Events that tell of it.
    pub(crate) events: Vec<String>,
}

impl PendingAction {
    /// Whether it was completed is not shown: only the list's filter tells.
    pub(crate) fn shown(&self) -> Value {
        json!({
            "id": self.id, "type": self.action.name(), "description": self.action.description(),
            "payload": {"individual_id": self.individual, "consent_id": self.consent},
            "expires_at": self.expires.map(clock::stamp_millis), "created_at": self.created_at,
        })
    }

    pub(crate) fn is_expired(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= clock::now())
    }

    /// Neither completed nor past its time.
    pub(crate) fn is_open(&self) -> bool {
        self.completed.is_none() && !self.is_expired()
    }
}

/// A person's agreement, asked for on a hosted page.
#[derive(Clone)]
pub(crate) struct Consent {
    pub(crate) id: String,
    pub(crate) individual: String,
    pub(crate) programme: String,
    pub(crate) scope: &'static str,
    pub(crate) status: &'static str,
    pub(crate) expires: Option<OffsetDateTime>,
}

impl Consent {
    pub(crate) fn shown(&self) -> Value {
        json!({
            "id": self.id, "status": self.status, "scope": [self.scope],
            "expires_at": self.expires.map(clock::stamp_millis),
        })
    }

    pub(crate) fn is_open(&self) -> bool {
        self.status == CONSENT_PENDING && self.expires.is_none_or(|expires| expires > clock::now())
    }
}
