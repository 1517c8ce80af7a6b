//! Ondato's folder against its fixtures: every payload with the change or the silence that it must cause, the total
//! table, and servers that misbehave. Only the public ports are used.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops loudly"
)]

mod events;
mod faults;
mod harness;
mod looks;
mod proofs;
mod starts;
mod words;

use std::collections::BTreeSet;
use std::fs;

/// Of calls that the gateway does not make: face authentications are no verdict, a KYC setup and the history of webhooks
/// tell nothing that a look does not, and runs are not searched for (the search is not confirmed).
const NOT_CALLED: &[&str] = &[
    "get.face-authentication.pending",
    "get.identification.setup",
    "get.identity-verification.webhooks",
    "post.identifications.filter.request",
];

/// Every fixture is somebody's: one that is added to the folder fails here until a table names it.
#[test]
fn every_fixture_is_used() {
    let files = fs::read_dir(harness::folder()).unwrap();
    let names = files
        .filter_map(|file| file.unwrap().file_name().into_string().unwrap().strip_suffix(".json").map(str::to_owned));
    let there: BTreeSet<String> = names.collect();
    let used =
        [events::FIXTURES, looks::FIXTURES, starts::FIXTURES, faults::FIXTURES, proofs::FIXTURES, NOT_CALLED].concat();
    let used: BTreeSet<String> = used.into_iter().map(str::to_owned).collect();
    assert!(there.len() > 60, "{}", there.len());
    assert_eq!(there, used);
}
