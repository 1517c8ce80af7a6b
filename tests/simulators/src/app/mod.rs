//! A tenant's own system, as its author would write it from the Standard Webhooks documentation alone.
//!
//! `POST /idv` verifies each delivery with the library of the Standard Webhooks project, applies it when its
//! `version` is newer than the last one applied for that onboarding, and answers 200 either way. Everything that
//! arrived is kept in order, with what was made of it; `GET /` shows it as a table.
//!
//! | behaviour | answer | applied |
//! | --- | --- | --- |
//! | good (default) | 200 | if newer |
//! | `Status` (500 for the next n, 410, …) | that code | no |
//! | `Redirect` | 307 elsewhere | no |
//! | `Silence` | none | no |
//! | `Slow` | 200, later | if newer |
//! | `AnswerLost` | connection closed after the work | if newer |
//! | forged, stale or unreadable delivery | 401 or 400 | no |

mod page;
mod receive;

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use standardwebhooks::{Webhook, WebhookError};

use crate::{
    clock::WaitedTooLong,
    server::{self, Server},
    state::Shared,
};

/// A sample tenant application. Dropping it stops it.
pub struct TenantApp {
    state: Arc<Shared<Inside>>,
    address: std::net::SocketAddr,
    server: Option<Server>,
}

/// One delivery as it arrived.
#[derive(Debug, Clone, Serialize)]
pub struct Received {
    pub at: String,
    /// `webhook-id`.
    pub id: String,
    pub event_type: String,
    pub onboarding_id: String,
    pub reference: Option<String>,
    pub version: u64,
    pub status: Option<String>,
    pub body: Value,
    pub outcome: Outcome,
    /// What was answered; absent when the sender was left without an answer.
    pub answer: Option<u16>,
}

impl Received {
    pub fn verified(&self) -> bool {
        self.outcome != Outcome::NotVerified
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Applied,
    /// Its version is not above the last one applied.
    Dropped,
    /// Verified, but the behaviour of the moment refused or ignored it.
    Refused,
    NotVerified,
    /// Verified, but without the members that a receiver needs.
    Unreadable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    Status { code: u16 },
    Redirect { to: String },
    Silence,
    Slow { millis: u64 },
    AnswerLost,
}

pub(crate) struct Inside {
    keys: Vec<Webhook>,
    received: Vec<Received>,
    /// Last version applied, by onboarding.
    applied: BTreeMap<String, u64>,
    behaviour: Option<(Behaviour, Option<u32>)>,
}

impl TenantApp {
    /// Port 0 takes a free one. `secrets` as in the gateway's configuration (`whsec_…`); any may match.
    pub async fn start(port: u16, secrets: &[&str]) -> io::Result<Self> {
        let keys = keys_of(secrets).map_err(io::Error::other)?;
        let inside = Inside { keys, received: Vec::new(), applied: BTreeMap::new(), behaviour: None };
        let state = Shared::new(inside);
        let server = Server::start(server::bind(port).await?, receive::router(Arc::clone(&state))).await?;
        Ok(Self { state, address: server.address(), server: Some(server) })
    }

    /// Where deliveries go.
    pub fn url(&self) -> String {
        format!("{}/idv", self.base_url())
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections are refused until `restart`; the records stay.
    pub async fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Listens again on the same port.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.stop().await;
        let listener = server::bind(self.address.port()).await?;
        self.server = Some(Server::start(listener, receive::router(Arc::clone(&self.state))).await?);
        Ok(())
    }

    /// Replaces the secrets (rotation).
    pub fn set_secrets(&self, secrets: &[&str]) -> Result<(), WebhookError> {
        let keys = keys_of(secrets)?;
        self.state.change(|inside| inside.keys = keys);
        Ok(())
    }

    /// Behaves so for the next `times` deliveries, or until told otherwise.
    pub fn misbehave(&self, behaviour: Behaviour, times: Option<u32>) {
        self.state.change(|inside| inside.behaviour = Some((behaviour, times)));
    }

    pub fn behave(&self) {
        self.state.change(|inside| inside.behaviour = None);
    }

    /// Everything that arrived, in order.
    pub fn received(&self) -> Vec<Received> {
        self.state.look().received.clone()
    }

    /// What the application acted on, in order.
    pub fn applied(&self) -> Vec<Received> {
        let received = self.received();
        received.into_iter().filter(|it| it.outcome == Outcome::Applied).collect()
    }

    /// What it acted on for one onboarding.
    pub fn applied_to(&self, onboarding_id: &str) -> Vec<Received> {
        let applied = self.applied();
        applied.into_iter().filter(|it| it.onboarding_id == onboarding_id).collect()
    }

    /// The status that the application believes, from the last applied delivery that names one.
    pub fn status_of(&self, onboarding_id: &str) -> Option<String> {
        self.applied_to(onboarding_id).into_iter().rev().find_map(|it| it.status)
    }

    /// Waits until `holds` for what was received; asked again after every arrival.
    pub async fn wait_for(
        &self,
        mut holds: impl FnMut(&[Received]) -> bool,
        timeout: Duration,
    ) -> Result<(), WaitedTooLong> {
        self.state.wait_for(timeout, || holds(&self.state.look().received)).await
    }
}

impl Inside {
    /// The behaviour for the delivery at hand.
    fn next_behaviour(&mut self) -> Option<Behaviour> {
        let (behaviour, left) = self.behaviour.as_mut()?;
        let current = behaviour.clone();
        if let Some(left) = left {
            if *left == 0 {
                self.behaviour = None;
                return None;
            }
            *left -= 1;
        }
        Some(current)
    }
}

fn keys_of(secrets: &[&str]) -> Result<Vec<Webhook>, WebhookError> {
    secrets.iter().map(|secret| Webhook::new(secret)).collect()
}
