//! The demo finds a gateway with a mistake compiled in, and passes the right one. In a file of its own, because it
//! rebuilds the functions: `cargo test` runs its files one after the other.
#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use std::process::Output;

use idv_it::stage::cargo;

/// As a person calls it: `cargo idv demo --once`.
fn demo(flaw: Option<&str>) -> Output {
    let mut cargo = cargo("run");
    cargo.arg("--quiet");
    cargo.args(["-p", "idv", "--features", "local", "--", "demo", "--once", "--port", "0"]);
    cargo.args(flaw.into_iter().flat_map(|flaw| ["--flaw", flaw]));
    cargo.output().unwrap()
}

/// The stories that did not end as they should, by the table.
fn failed(told: &str) -> Vec<&str> {
    let lines = told.lines().filter_map(|line| line.strip_prefix("✗ "));
    lines.filter_map(|line| line.split("  ").next()).collect()
}

/// Each mistake is found where it shows: an answered look hides a later decision, a backlog comes newest first, which an
/// instance that wants reports alone never gets to see.
#[test]
fn the_demo_fails_exactly_when_the_gateway_is_wrong() {
    let rows: [(_, _, &[&str]); 3] = [
        (Some("satisfied"), 1, &["decided anew"]),
        (Some("order"), 1, &["tenant down", "client A, approved", "client B, all"]),
        (None, 0, &[]),
    ];
    for (flaw, code, stories) in rows {
        let ran = demo(flaw);
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(code), "{flaw:?}\n{told}");
        let failed = failed(&told);
        assert_eq!(failed.is_empty(), stories.is_empty(), "{flaw:?}\n{told}");
        assert!(stories.iter().all(|story| failed.contains(story)), "{flaw:?}\n{told}");
        assert!(told.contains("✓ approved"), "{flaw:?}: what the mistake does not touch goes well\n{told}");
    }
}
