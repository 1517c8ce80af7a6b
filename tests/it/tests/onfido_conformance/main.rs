//! Onfido's folder against its fixtures: every payload with the look or the silence that it must cause, the total table,
//! both ways of starting, submissions that are one check, and servers that misbehave. Only the public ports are used.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops loudly"
)]

mod accounts;
mod events;
mod faults;
mod harness;
mod looks;
mod owners;
mod proofs;
mod recovery;
mod renewals;
mod starts;
mod submits;
mod tables;
mod words;

use std::collections::BTreeSet;
use std::fs;

/// Of calls that the gateway does not make: the hosted form, staff's own tasks and files, the sandbox's forced results,
/// webhooks that are sent again or deleted by hand, and what lists and single answers say twice.
const NOT_CALLED: &[&str] = &[
    "get_applicant_consents.response.200",
    "get_task.response.200",
    "list_applicants.response.200",
    "post_checks.applicant_form.request",
    "post_checks.applicant_form.response.201",
    "post_checks.sandbox_consider.request",
    "post_complete_task.request",
    "post_timeline_file.response.202",
    "post_webhooks.oauth.request",
    "post_webhooks_resend.request",
];

/// Every fixture is somebody's: one that is added to the folder fails here until a table names it.
#[test]
fn every_fixture_is_used() {
    let files = fs::read_dir(harness::folder()).unwrap();
    let names = files
        .filter_map(|file| file.unwrap().file_name().into_string().unwrap().strip_suffix(".json").map(str::to_owned));
    let there: BTreeSet<String> = names.collect();
    let used = [
        accounts::FIXTURES,
        events::FIXTURES,
        faults::FIXTURES,
        proofs::FIXTURES,
        starts::FIXTURES,
        submits::FIXTURES,
        tables::FIXTURES,
        NOT_CALLED,
    ]
    .concat();
    let used: BTreeSet<String> = used.into_iter().map(str::to_owned).collect();
    assert!(there.len() > 80, "{}", there.len());
    assert_eq!(there, used);
}
