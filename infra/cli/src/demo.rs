//! The scripted walk through a local stack with simulated providers.

use std::process::ExitCode;

use crate::say::to_people;

/// Runs the walk.
pub(crate) async fn run(_once: bool, _port: u16) -> ExitCode {
    to_people("the walk is not written yet; `idv local` runs the gateway");
    ExitCode::from(crate::FAILED)
}
