//! Webhooks that Fractal never sent: about nobody, or about real persons; signed with a secret that is known, or not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Fractal,
    events::{Content, Data},
    seal::{Seal, Secrets},
    settings::Generation,
    words::{APPROVED_EVENT, CONTACTED_EVENT, REJECTED_EVENT},
    world::World,
};
use crate::{
    chance, control,
    outbox::{hand_over, tally},
};

const NAMES: [&str; 3] = [APPROVED_EVENT, REJECTED_EVENT, CONTACTED_EVENT];

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forgery {
    pub url: String,
    #[serde(default = "control::one")]
    pub count: usize,
    #[serde(default)]
    pub generation: Generation,
    /// Persons, in turn; empty: invented, each new.
    #[serde(default)]
    pub users: Vec<String>,
    /// Type, or status; absent: those of verifications in turn, or `approved`.
    #[serde(default)]
    pub name: Option<String>,
    /// Absent: `basic`.
    #[serde(default)]
    pub level: Option<String>,
    /// Absent: one that nobody has.
    #[serde(default)]
    pub secret: Option<String>,
    #[serde(default)]
    pub seal: Seal,
}

impl Forgery {
    pub fn invented(generation: Generation, url: impl Into<String>, count: usize) -> Self {
        let url = url.into();
        Self { url, count, generation, users: Vec::new(), name: None, level: None, secret: None, seal: Seal::default() }
    }

    #[must_use]
    pub fn about(mut self, users: Vec<String>) -> Self {
        self.users = users;
        self
    }

    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    #[must_use]
    pub fn signed_with(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    #[must_use]
    pub fn sealed(mut self, seal: Seal) -> Self {
        self.seal = seal;
        self
    }

    fn bodies(&self) -> Vec<Vec<u8>> {
        let (mut users, mut names) = (self.users.iter().cycle(), NAMES.into_iter().cycle());
        let mut bodies = Vec::new();
        for _ in 0..self.count {
            let id = users.next().cloned().unwrap_or_else(chance::uuid);
            let name = names.next().unwrap_or_default();
            let content = match self.generation {
                Generation::Classic => Content::Classic {
                    name: self.name.clone().unwrap_or_else(|| name.to_owned()),
                    data: Data {
                        level: Some(self.level.clone().unwrap_or_else(|| "basic".to_owned())),
                        user_id: Some(id),
                        timestamp: Some(World::now()),
                        ..Data::default()
                    },
                },
                Generation::Verifier | Generation::Relay => {
                    let status = self.name.clone().unwrap_or_else(|| "approved".to_owned());
                    Content::Kyc { id, status, note: String::new(), extra: None }
                }
            };
            bodies.push(content.bytes());
        }
        bodies
    }
}

impl Fractal {
    /// Sends them, several at a time; gives how many were answered with which code (0: not at all).
    pub async fn forge(&self, forgery: Forgery) -> BTreeMap<u16, usize> {
        let (http, patience) = {
            let world = self.shared.look();
            (world.frame.http.clone(), world.settings.retry.patience)
        };
        let secrets = Secrets { own: Some(forgery.secret.clone().unwrap_or_else(chance::token)), other: None };
        let sendings = forgery.bodies().into_iter().map(|body| {
            let request = forgery.seal.put(http.post(&forgery.url), forgery.generation, &secrets, &body);
            hand_over(request, body, patience)
        });
        tally(sendings).await
    }
}
