//! Intergiro's folder against its fixtures: every payload with the change or the silence that it must cause, the total
//! table, one login for everybody, and servers that misbehave. Only the public ports are used.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

mod bank;
mod changes;
mod events;
mod faults;
mod feeds;
mod harness;
mod looks;
mod proofs;
mod renewals;
mod sessions;
mod sharing;
mod starts;
mod words;

use std::collections::BTreeSet;
use std::fs;

/// Of calls that the gateway does not make: simulations are staging's alone, and a consent's own state tells nothing
/// that the pending action does not.
const NOT_CALLED: &[&str] = &[
    "get.consent.pending",
    "post.simulations.onboarding-kyc.request",
    "post.simulations.onboarding-status.request.activated",
    "post.simulations.onboarding-status.request.blocked",
];

/// Every fixture is somebody's: one that is added to the folder fails here until a table names it.
#[test]
fn every_fixture_is_used() {
    let files = fs::read_dir(harness::folder()).unwrap();
    let names = files
        .filter_map(|file| file.unwrap().file_name().into_string().unwrap().strip_suffix(".json").map(str::to_owned));
    let there: BTreeSet<String> = names.collect();
    let used = [
        changes::FIXTURES,
        events::FIXTURES,
        feeds::FIXTURES,
        looks::FIXTURES,
        renewals::FIXTURES,
        sessions::FIXTURES,
        starts::FIXTURES,
        NOT_CALLED,
    ]
    .concat();
    let used: BTreeSet<String> = used.into_iter().map(str::to_owned).collect();
    assert!(there.len() > 45, "{}", there.len());
    assert_eq!(there, used);
}
