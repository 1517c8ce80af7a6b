//! Webhooks that Intergiro never sent. Nothing proves a real one, so these differ by their ids alone (§7, pitfall 3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Intergiro,
    events::thin,
    words::{ACTION_CREATED_EVENT, ACTIVATED_EVENT, BLOCKED_EVENT, DATA_PROVIDED_EVENT},
};
use crate::{
    chance, clock, control,
    outbox::{hand_over, tally},
};

const NAMES: [&str; 4] = [ACTIVATED_EVENT, BLOCKED_EVENT, DATA_PROVIDED_EVENT, ACTION_CREATED_EVENT];

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forgery {
    pub url: String,
    #[serde(default = "control::one")]
    pub count: usize,
    #[serde(default)]
    pub ids: ForgedIds,
    /// Absent: the names of onboarding, in turn.
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForgedIds {
    /// A new UUID each time: no event has it.
    #[default]
    Invented,
    /// No UUIDs at all.
    Malformed,
    /// Real events of this programme, in turn: for sending them to another one.
    Of(String),
    /// These, in turn.
    Given(Vec<String>),
}

impl Forgery {
    pub fn invented(url: impl Into<String>, count: usize) -> Self {
        Self { url: url.into(), count, ids: ForgedIds::Invented, name: None }
    }

    #[must_use]
    pub fn with(mut self, ids: ForgedIds) -> Self {
        self.ids = ids;
        self
    }

    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl Intergiro {
    /// Sends them, several at a time, none twice; gives how many were answered with which code (0: not at all).
    pub async fn forge(&self, forgery: Forgery) -> BTreeMap<u16, usize> {
        let (http, patience) = {
            let world = self.shared.look();
            (world.frame.http.clone(), world.settings.retry.patience)
        };
        let bodies = self.forged(&forgery).into_iter();
        tally(bodies.map(|body| hand_over(http.post(&forgery.url), body, patience))).await
    }

    fn forged(&self, forgery: &Forgery) -> Vec<Vec<u8>> {
        let known: Vec<String> = match &forgery.ids {
            ForgedIds::Invented | ForgedIds::Malformed => Vec::new(),
            ForgedIds::Of(programme) => self.events_of(programme).into_iter().map(|event| event.id).collect(),
            ForgedIds::Given(ids) => ids.clone(),
        };
        let malformed = matches!(forgery.ids, ForgedIds::Malformed);
        let id = |ids: &mut dyn Iterator<Item = String>| match ids.next() {
            Some(id) => id,
            None if malformed => format!("evt-{}", chance::token()),
            None => chance::uuid(),
        };
        let (mut ids, mut names) = (known.into_iter().cycle(), NAMES.into_iter().cycle());
        let mut bodies = Vec::new();
        for _ in 0..forgery.count {
            let name = forgery.name.clone().or_else(|| names.next().map(str::to_owned)).unwrap_or_default();
            let created_at = clock::stamp_millis(clock::now());
            bodies.push(thin(&id(&mut ids), &name, &created_at).to_string().into_bytes());
        }
        bodies
    }
}
