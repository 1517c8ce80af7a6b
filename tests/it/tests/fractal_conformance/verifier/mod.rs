//! Verifier and relay by script: tokens claim by claim, whose a one-time token is, words, bodies, servers that misbehave.

use std::collections::BTreeSet;
use std::fs;

mod claims;
mod desk;
mod events;
mod exchanges;
mod faults;
mod looks;
mod proofs;

/// Those of these generations, each in a table here. Nothing of ours is shown in a frame, so its messages are not heard.
const FIXTURES: &[&str] = &[
    "kraken.api-token.claims",
    "kraken.get.kyc-data.approved",
    "kraken.get.kyc-status.approved",
    "kraken.get.kyc-status.pending",
    "kraken.get.kyc-status.rejected",
    "kraken.get.kyc-token.approved",
    "kraken.get.kyc-token.pending",
    "kraken.get.kyc-token.rejected",
    "kraken.iframe-message.completed",
    "kraken.iframe-message.rejected",
    "kraken.link-token.claims",
    "kraken.redirect.completed",
    "kraken.webhook.approved",
    "kraken.webhook.pending.early-doc",
    "kraken.webhook.rejected",
];

/// A fixture that is added fails here until a table names it.
#[test]
fn every_fixture_is_used() {
    let files = fs::read_dir(desk::folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let own = files.filter(|name| name.starts_with("kraken."));
    let there: BTreeSet<String> = own.filter_map(|name| Some(name.strip_suffix(".json")?.to_owned())).collect();
    assert_eq!(there, FIXTURES.iter().map(|name| (*name).to_owned()).collect());
}
