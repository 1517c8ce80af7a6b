//! Webhooks that Onfido never sent: of objects nobody has, or of real ones; signed with a token that is known, or not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Onfido, payload::forged, seal::Seal};
use crate::{
    chance, control,
    outbox::{hand_over, tally},
};

const ACTIONS: [(&str, &str); 3] =
    [("report.completed", "complete"), ("check.completed", "complete"), ("workflow_run.completed", "approved")];

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forgery {
    pub url: String,
    #[serde(default = "control::one")]
    pub count: usize,
    /// Objects, in turn; empty: invented, each new.
    #[serde(default)]
    pub ids: Vec<String>,
    /// Absent: those of onboarding, in turn.
    #[serde(default)]
    pub action: Option<String>,
    /// The signing token; absent: one that no webhook has.
    #[serde(default)]
    pub token: Option<String>,
    #[serde(default)]
    pub seal: Seal,
}

impl Forgery {
    pub fn invented(url: impl Into<String>, count: usize) -> Self {
        Self { url: url.into(), count, ids: Vec::new(), action: None, token: None, seal: Seal::Right }
    }

    #[must_use]
    pub fn about(mut self, ids: Vec<String>) -> Self {
        self.ids = ids;
        self
    }

    #[must_use]
    pub fn on(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    #[must_use]
    pub fn signed_with(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    #[must_use]
    pub fn sealed(mut self, seal: Seal) -> Self {
        self.seal = seal;
        self
    }

    fn bodies(&self) -> Vec<Vec<u8>> {
        let (mut ids, mut actions) = (self.ids.iter().cycle(), ACTIONS.into_iter().cycle());
        let mut bodies = Vec::new();
        for _ in 0..self.count {
            let (action, status) = actions.next().unwrap_or_default();
            let id = ids.next().cloned().unwrap_or_else(chance::uuid);
            bodies.push(forged(self.action.as_deref().unwrap_or(action), &id, status));
        }
        bodies
    }
}

impl Onfido {
    /// Sends them, several at a time; gives how many were answered with which code (0: not at all).
    pub async fn forge(&self, forgery: Forgery) -> BTreeMap<u16, usize> {
        let (http, patience) = {
            let world = self.shared.look();
            (world.frame.http.clone(), world.settings.retry.patience)
        };
        let token = forgery.token.clone().unwrap_or_else(chance::token);
        let sendings = forgery.bodies().into_iter().map(|body| {
            let request = forgery.seal.put(http.post(&forgery.url), &token, &body);
            hand_over(request, body, patience)
        });
        tally(sendings).await
    }
}
