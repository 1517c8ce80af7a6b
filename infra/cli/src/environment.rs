//! The environment of this command: read here and nowhere else.

use std::ffi::OsString;

/// A variable that is set to something.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this command that reads the environment"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
