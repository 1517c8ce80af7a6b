//! What an action is given beside the provider's event alone. No form of it is documented: it is a proposal
//! (providers/fintechos.md §3.3), and the configuration chooses it.

use serde_json::{Value, json};

use crate::delivery::payload::message_id;
use crate::domain::{Change, OnboardingKey};
use crate::ports::ProviderEvent;

/// The event, what stands behind it at the provider, and what the gateway knows of it.
#[must_use]
pub fn with_report(event: ProviderEvent, report: Value, onboarding: &OnboardingKey, change: &Change) -> Value {
    json!({
        "event": event.body,
        "report": report,
        "gateway": {
            "deliveryId": message_id(&onboarding.id, change.version),
            "tenant": onboarding.tenant,
            "canonicalStatus": change.status,
            "occurredAt": change.at,
        },
    })
}
