//! Fractal's classic generation against its fixtures: every payload with the look or the silence that it must cause, the
//! total table, the person's tokens through every crash, the sweep, and servers that misbehave. Only the public ports are
//! used.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

mod attempts;
mod events;
mod exchanges;
mod faults;
mod harness;
mod ledgers;
mod looks;
mod proofs;
mod rooms;
mod rotations;
mod starts;
mod sweeps;
mod verifier;
mod words;

use std::collections::BTreeSet;
use std::fs;

/// Of calls that the gateway does not make: wallet proofs, the back office's counts.
const NOT_CALLED: &[&str] = &[
    "credentials-api.error.400.invalid-signature",
    "credentials-api.error.404.user-not-found",
    "credentials-api.error.404.user-pending",
    "credentials-api.proof.200",
    "get.stats.country-verifications",
    "get.stats.total-verifications",
];

/// Every fixture is somebody's: one that is added to the folder fails here until a table names it. Those of verifier and
/// relay (`kraken.`) are named where these generations are tested.
#[test]
fn every_fixture_is_used() {
    let files = fs::read_dir(harness::folder()).unwrap();
    let names = files
        .filter_map(|file| file.unwrap().file_name().into_string().unwrap().strip_suffix(".json").map(str::to_owned));
    let there: BTreeSet<String> = names.filter(|name| !name.starts_with("kraken.")).collect();
    let used = [
        events::FIXTURES,
        exchanges::FIXTURES,
        looks::FIXTURES,
        proofs::FIXTURES,
        starts::FIXTURES,
        sweeps::FIXTURES,
        NOT_CALLED,
    ]
    .concat();
    let used: BTreeSet<String> = used.into_iter().map(str::to_owned).collect();
    assert!(there.len() > 30, "{}", there.len());
    assert_eq!(there, used);
}
