//! The demo finds a gateway with a mistake compiled in, and passes the right one. In a file of its own, because it
//! rebuilds the functions: `cargo test` runs its files one after the other.
#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use std::path::Path;
use std::process::{Command, Output};

/// As a person calls it: `cargo idv demo --once`.
fn demo(flaw: Option<&str>) -> Output {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg("run").arg("--quiet").arg("--manifest-path").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml"));
    cargo.args(["-p", "idv", "--features", "local", "--", "demo", "--once", "--port", "0"]);
    cargo.args(flaw.into_iter().flat_map(|flaw| ["--flaw", flaw]));
    cargo.output().unwrap()
}

#[test]
fn the_demo_fails_exactly_when_the_gateway_is_wrong() {
    for (flaw, code) in [(Some("satisfied"), 1), (Some("order"), 1), (None, 0)] {
        let ran = demo(flaw);
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(code), "{flaw:?}\n{told}");
        // it failed for what it saw, not because something did not start
        assert!(told.contains("story"), "{flaw:?}: the table was shown\n{told}");
        assert_eq!(told.contains('✗'), flaw.is_some(), "{flaw:?}\n{told}");
    }
}
