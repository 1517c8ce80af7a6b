//! Webhooks that Onfido never sent: of objects nobody has, or of real ones; signed with a token that is known, or not.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{Onfido, delivery::hand_over, payload::forged, records::Answer, seal::Seal};
use crate::chance;

/// At most so many at the same time.
const AT_ONCE: usize = 16;
const ACTIONS: [(&str, &str); 3] =
    [("report.completed", "complete"), ("check.completed", "complete"), ("workflow_run.completed", "approved")];

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forgery {
    pub url: String,
    #[serde(default = "one")]
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
        let patience = self.shared.look().settings.retry.patience;
        let token = forgery.token.clone().unwrap_or_else(chance::token);
        let answers = stream::iter(forgery.bodies()).map(|body| {
            let (shared, token, url) = (Arc::clone(&self.shared), token.clone(), forgery.url.clone());
            let seal = forgery.seal;
            async move { hand_over(seal.put(shared.http.post(url), &token, &body), body, patience).await }
        });
        let mut counts = BTreeMap::new();
        for answer in answers.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await {
            let code = if let Answer::Status(code) = answer { code } else { 0 };
            *counts.entry(code).or_default() += 1;
        }
        counts
    }
}

fn one() -> usize {
    1
}
