//! Providers whose webhooks name an event and nothing else: whose it is, is asked; a person gets back in through a fresh
//! link into the same run; what no webhook told is found in a feed; one login is shared.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

mod entrances;
mod events;
mod feed;
mod feed_stops;
mod login;
mod overtaken;
mod reissue;

use std::time::Duration;

use idv_it::rig::play::Begun;
use idv_it::rig::{Act, Rig, Setup, Thin};
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn thin() -> Setup {
    Setup::thin(Thin::default())
}

/// The webhook of an event that the provider may not know.
fn told(event: &str) -> Value {
    json!({ "type": "started", "event": event })
}

/// The request that goes on with an onboarding.
fn resume(begun: &Begun, key: &str) -> Value {
    json!({
        "action": "resume", "tenant": begun.key.tenant, "onboarding_id": begun.key.id, "idempotency_key": key,
    })
}

/// Asked once.
fn resumed(rig: &Rig, begun: &Begun, key: &str) -> Value {
    rig.ask(None, resume(begun, key)).done().unwrap()
}

fn url_of(answer: &Value) -> Option<String> {
    answer["link"]["url"].as_str().map(str::to_owned)
}

/// Each with its webhook, all quiet in between.
fn acts(rig: &mut Rig, begun: &Begun, acts: &[Act]) {
    for &act in acts {
        rig.play_for(Duration::from_secs(30));
        rig.happen(begun, act);
        rig.settle().unwrap();
    }
}
