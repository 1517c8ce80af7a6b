//! `idv`, the operator's command. With the feature `local` it also runs the whole gateway on this machine.
//!
//! Standard output is for programs (what `local` prints when it is ready); everything for people goes to standard error.
//! Exit codes: 0 done, 1 it failed, 2 the command line or the configuration is wrong.

mod aws;
#[cfg(feature = "local")]
mod binaries;
mod config;
mod connection;
#[cfg(feature = "local")]
mod demo;
mod document;
#[cfg(feature = "local")]
mod environment;
#[cfg(feature = "local")]
mod local;
#[cfg(feature = "local")]
mod reference;
#[cfg(feature = "local")]
mod release;
mod resend;
mod say;
mod stored;
mod tenant;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Something was tried and failed.
pub(crate) const FAILED: u8 = 1;
/// What the user gave is wrong.
pub(crate) const WRONG_INPUT: u8 = 2;

/// Operates the identity-verification gateway.
#[derive(Parser)]
#[command(name = "idv", version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks a configuration file; lists every error with its place and exits with 2 if there are any.
    Check {
        /// The configuration: {"tenants": {…}, "aliases": {…}}.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Permit plain http and loopback targets, as `idv local` does.
        #[arg(long)]
        local_targets: bool,
    },
    /// Shows and sets where a provider's webhooks go.
    #[command(subcommand)]
    Connection(connection::Command),
    /// Brings tenants from another system.
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Hands parked changes of an onboarding to the tenant's system again, from one version on.
    Resend(resend::Options),
    /// Runs the gateway on this machine: the real functions, with what they use of AWS embedded.
    #[cfg(feature = "local")]
    #[command(after_long_help = local::HELP)]
    Local(local::Options),
    /// Runs the gateway with simulated providers and walks through it, comparing what happened with what should have.
    #[cfg(feature = "local")]
    Demo {
        /// End after one walk: exit with 0 only if every expectation held.
        #[arg(long)]
        once: bool,
        /// The port of the API; AWS is at the next one. 0 takes any two free ports.
        #[arg(long, default_value_t = 8700, value_parser = clap::value_parser!(u16).range(..65500))]
        port: u16,
        /// Compile a flaw into the functions, to see that the walk finds it.
        #[arg(long, value_name = "FLAW", hide = true)]
        flaw: Option<binaries::Flaw>,
    },
    /// Builds this clone's functions for Lambda: a zip of each, and their sizes.
    #[cfg(feature = "local")]
    #[command(after_long_help = release::HELP)]
    Release(release::Options),
    /// Writes the generated reference of this clone (docs/reference).
    #[cfg(feature = "local")]
    Reference {
        /// Write nothing; exit with 1 where the pages are not what the code says.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Check { config, local_targets } => check(&config, local_targets),
        Command::Connection(command) => run(connection::run(command)),
        Command::Tenant(command) => tenant::run(command),
        Command::Resend(options) => run(resend::run(options)),
        #[cfg(feature = "local")]
        Command::Local(options) => run(local::run(options)),
        #[cfg(feature = "local")]
        Command::Demo { once, port, flaw } => run(demo::run(once, port, flaw)),
        #[cfg(feature = "local")]
        Command::Release(options) => run(release::run(options)),
        #[cfg(feature = "local")]
        Command::Reference { check } => reference::run(check),
    }
}

fn check(path: &std::path::Path, local_targets: bool) -> ExitCode {
    match config::read(path, local_targets) {
        Ok(_) => {
            say::to_people("the configuration is right");
            ExitCode::SUCCESS
        }
        Err(errors) => config::refuse(path, &errors),
    }
}

fn run(command: impl Future<Output = ExitCode>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => {
            say::to_people(&format!("no threads can be started: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn every_command_can_be_read() {
        super::Arguments::command().debug_assert();
    }
}
