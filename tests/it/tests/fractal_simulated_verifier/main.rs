//! The Fractal adapter's generations `verifier` and `relay` on the simulated ones, over HTTP: what the scripted conformance
//! cannot show, because there both sides were written from the same fixtures. The simulator checks our signatures and
//! makes its own with other code (AWS-LC).
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops loudly"
)]

mod faults;
mod harness;
mod posts;
mod runs;
mod ways;
mod webhooks;
