//! What a stand is made of, and what an app asks.

use std::time::Duration;

use idv_simulators::onfido::{Account, Region, Retry, Settings};
use serde_json::{Value, json};

use super::stand::Begun;

pub(crate) const ACCOUNT: &str = "shared";
pub(crate) const CONNECTION: &str = "onfido";
/// Real time, for what is a moment's work: nothing is measured by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

pub(crate) fn days(count: u64) -> Duration {
    minutes(24 * 60 * count)
}

/// What a stand is made of.
pub(crate) struct Plan {
    pub(crate) tenants: Vec<&'static str>,
    /// Which events each webhook lists; none is all.
    pub(crate) events: Option<Vec<&'static str>>,
    /// Each tenant's checks are made for its own webhook alone.
    pub(crate) own_webhooks: bool,
    /// Settings of the connection beside the usual ones.
    pub(crate) settings: Value,
    pub(crate) report_names: Vec<&'static str>,
    /// How long a call may take.
    pub(crate) longest_call: Duration,
    pub(crate) rate_limit: Option<usize>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            tenants: vec!["acme"],
            events: None,
            own_webhooks: false,
            settings: json!({}),
            report_names: vec!["document", "facial_similarity_photo"],
            longest_call: Duration::from_secs(20),
            rate_limit: None,
        }
    }
}

impl Plan {
    pub(crate) fn of(tenants: &[&'static str]) -> Self {
        Self { tenants: tenants.to_vec(), ..Self::default() }
    }

    pub(crate) fn only(events: &[&'static str]) -> Self {
        Self { events: Some(events.to_vec()), ..Self::default() }
    }
}

/// The account that all share; its repeats wait until they are told.
pub(crate) fn simulated(plan: &Plan) -> Settings {
    Settings {
        accounts: vec![Account::shared(ACCOUNT, Region::Eu, &plan.tenants)],
        rate_limit: plan.rate_limit,
        retry: Retry { scale: 0, ..Retry::default() },
        ..Settings::default()
    }
}

fn subject() -> Value {
    json!({
        "first_name": "Ada", "last_name": "Example", "email": "ada@example.com",
        "location": {"ip_address": "203.0.113.9", "country_of_residence": "GBR"},
    })
}

/// Begins a classic run.
pub(crate) fn classic(tenant: &str, key: &str) -> Value {
    json!({
        "action": "start", "tenant": tenant, "connection": CONNECTION, "reference": key, "channel": "sdk",
        "subject": subject(), "options": {"flow": "classic"}, "idempotency_key": key,
    })
}

/// Begins a Studio run.
pub(crate) fn studio(tenant: &str, key: &str) -> Value {
    json!({
        "action": "start", "tenant": tenant, "connection": CONNECTION, "reference": key, "channel": "link",
        "subject": subject(), "options": {"flow": "studio"}, "idempotency_key": key,
    })
}

pub(crate) fn submit(begun: &Begun, key: &str) -> Value {
    json!({
        "action": "submit", "tenant": begun.key.tenant, "onboarding_id": begun.key.id, "idempotency_key": key,
    })
}

pub(crate) fn resume(begun: &Begun, key: &str) -> Value {
    json!({
        "action": "resume", "tenant": begun.key.tenant, "onboarding_id": begun.key.id, "idempotency_key": key,
    })
}
