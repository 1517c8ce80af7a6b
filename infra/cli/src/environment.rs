//! The environment of this command: read here and nowhere else.

use std::ffi::OsString;

/// A variable that is set to something.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The variables that `cargo run` sets for the program it runs. A Cargo started with them would take them for changes of the
/// build's own environment: ring's build script asks for `CARGO_PKG_NAME` and others, and everything above ring would be
/// compiled again with every change between `cargo idv` and `cargo test`.
pub(crate) fn set_by_cargo_run() -> impl Iterator<Item = OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_MANIFEST_")
            || matches!(name.as_ref(), "CARGO_BIN_NAME" | "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE" | "OUT_DIR")
    })
}
