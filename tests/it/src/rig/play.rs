//! What tests do again and again: begin an onboarding, let something happen to it, ring.

use std::time::Duration;

use idv_gateway::domain::{Claim, Notice, Onboarding, OnboardingKey};
use idv_gateway::fetch;
use serde_json::{Value, json};

use super::drive::Rig;
use super::provider::{Act, case};
use super::setup::{CONNECTION, connection};

/// An onboarding that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Which.
    pub key: OnboardingKey,
    /// Its run at the provider.
    pub run: String,
}

/// The request that begins one.
#[must_use]
pub fn start(tenant: &str, key: &str) -> Value {
    json!({
        "action": "start", "tenant": tenant, "connection": CONNECTION, "reference": key,
        "subject": { "kind": "individual" }, "idempotency_key": key,
    })
}

impl Rig {
    /// Begins an onboarding and plays until all is quiet.
    pub fn begin(&mut self, tenant: &str, key: &str) -> Begun {
        let begun = self.begin_alone(tenant, key);
        self.settle().unwrap();
        begun
    }

    /// Begins an onboarding; nothing else happens.
    pub fn begin_alone(&mut self, tenant: &str, key: &str) -> Begun {
        let answer = self.ask(None, start(tenant, key)).done().unwrap();
        let run = answer["link"]["url"].as_str().and_then(|url| url.rsplit('/').next());
        let run = run.unwrap_or_else(|| panic!("no link: {answer}")).to_owned();
        let id = answer["onboarding_id"].as_str().unwrap();
        Begun { key: super::drive::key_of(tenant, id), run }
    }

    /// Something happens at the provider, which tells of it.
    pub fn happen(&mut self, begun: &Begun, act: Act) {
        let tenant = begun.key.tenant.as_str().to_owned();
        let event = self.provider(&tenant).act(&begun.run, act);
        self.post(&tenant, event);
    }

    /// As it stands in the ledger.
    #[must_use]
    pub fn read(&self, key: &OnboardingKey) -> Onboarding {
        self.ledger.contents().onboardings[key].clone()
    }

    /// How often a run was looked at.
    #[must_use]
    pub fn looks_at(&self, begun: &Begun) -> usize {
        let looks = self.provider(begun.key.tenant.as_str()).looks();
        looks.iter().filter(|(_, run)| run == &begun.run).count()
    }

    /// Time passes; nothing happens.
    pub fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A record that was sent now, as the fetcher gets it.
    #[must_use]
    pub fn record(&self, id: &str, notice: &Notice) -> fetch::Record {
        fetch::Record {
            id: id.to_owned(),
            receipt: String::new(),
            body: serde_json::to_string(notice).unwrap(),
            sent_at: self.now(),
            receives: 1,
        }
    }
}

impl Begun {
    /// A webhook's notice that claims nothing.
    #[must_use]
    pub fn touched(&self) -> Notice {
        Notice::of_event(connection(self.key.tenant.as_str()), case(&self.run), Claim::nothing())
    }
}
