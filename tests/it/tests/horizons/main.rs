//! What only the passing of time, a person's way back, or the cap of something brings about: `stalled`, `abandoned`,
//! adoption, the exchange of a code, the overflow of parts, the last attempt, requests that come again much later.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test stops loudly and says what it measured"
)]

mod adopting;
mod again;
mod caps;
mod item_size;
mod passing;
mod returning;

use std::time::Duration;

use idv_it::rig::Rig;
use idv_it::rig::play::Begun;
use serde_json::{Value, json};

/// A day of virtual time.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The request that goes on with an onboarding.
fn resume(begun: &Begun, key: &str) -> Value {
    json!({
        "action": "resume", "tenant": begun.key.tenant, "onboarding_id": begun.key.id, "idempotency_key": key,
    })
}

/// The run that an answer's link leads to.
fn run_of(answer: &Value) -> Option<String> {
    answer["link"]["url"].as_str().and_then(|url| url.rsplit('/').next()).map(str::to_owned)
}

/// Goes on with the next attempt, whose run it answers with.
fn next_attempt(rig: &Rig, begun: &Begun, key: &str) -> Begun {
    let answer = rig.ask(None, resume(begun, key)).done().unwrap();
    let run = run_of(&answer).unwrap_or_else(|| panic!("no link: {answer}"));
    assert_ne!(run, begun.run);
    Begun { run, ..begun.clone() }
}
