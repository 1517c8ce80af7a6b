//! What the functions link, asked of Cargo itself: each function alone, as it is deployed.

use std::collections::BTreeSet;
use std::process::Command;

use super::root;

/// The half that providers and apps wait for.
const INBOUND: [&str; 3] = ["webhook-ingress", "event-fetcher", "onboarding-initiator"];
const FUNCTIONS: [&str; 5] =
    ["webhook-ingress", "event-fetcher", "onboarding-initiator", "result-deliverer", "reconciler"];

/// Never in a function, and why.
const NEVER: &[(&str, &str)] = &[
    ("aws-config", "its provider chain costs a third of a cold start"),
    ("aws-lc-rs", "its entropy costs 94 % of a cold start"),
    ("aws-lc-sys", "its entropy costs 94 % of a cold start"),
    ("openssl", "one TLS stack"),
    ("openssl-sys", "one TLS stack"),
    ("native-tls", "one TLS stack"),
    ("hyper v0.", "one HTTP stack"),
    ("h2 v0.3.", "one HTTP stack"),
    ("rustls v0.21.", "one TLS stack"),
    ("schemars", "schemas are made for the reference alone"),
    ("axum", "a tool of the tests"),
    ("clap", "a tool of the operator"),
];

#[test]
fn the_inbound_half_links_three_services() {
    for function in INBOUND {
        let services: BTreeSet<String> = linked(function)
            .into_iter()
            .filter_map(|crate_| {
                crate_.split(' ').next().filter(|name| name.starts_with("aws-sdk-")).map(str::to_owned)
            })
            .collect();
        let expected = ["aws-sdk-dynamodb", "aws-sdk-secretsmanager", "aws-sdk-sqs"].map(str::to_owned);
        assert_eq!(services, BTreeSet::from(expected), "{function}");
    }
}

#[test]
fn no_function_links_what_it_must_not() {
    for function in FUNCTIONS {
        let linked = linked(function);
        assert!(linked.len() > 50, "{function}: {}", linked.len());
        for (banned, reason) in NEVER {
            let found = linked.iter().find(|crate_| {
                crate_.starts_with(&format!("{banned} ")) || banned.contains(' ') && crate_.starts_with(banned)
            });
            assert!(found.is_none(), "{function} links {}: {reason}", found.unwrap());
        }
    }
}

/// `name vX.Y.Z` of everything that the function's own build links.
fn linked(function: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", function, "--edges", "normal", "--prefix", "none"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| line.split(" (").next().unwrap_or(line).trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}
