//! The function binaries, built before every start, so that what runs is what the sources say.
//!
//! In the fast profile `idv` itself is named in the same build: Cargo then resolves the same features as for
//! `cargo run -p idv --features local`, and compiles no dependency twice. A release build is the functions alone, as they
//! are deployed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use idv_local::FunctionName;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::environment::{set_by_cargo_run, variable};
use crate::say::to_people;

/// The C compiler and who brings it: SQLite and ring are compiled with it, and Rust links with it.
const COMPILER_HINT: &str = "\
No C compiler was found. It comes with
  Debian, Ubuntu   apt install build-essential
  Fedora, RHEL     dnf install gcc
  Alpine           apk add build-base
  Arch             pacman -S base-devel
  macOS            xcode-select --install";

/// A mistake that can be compiled into the functions: the walk of `idv demo` must find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Flaw {
    /// Any earlier look answers any notice.
    Satisfied,
    /// A backlog is handed over newest first.
    Order,
}

impl Flaw {
    const fn feature(self) -> &'static str {
        match self {
            Self::Satisfied => "idv-gateway/flaw-satisfied",
            Self::Order => "idv-gateway/flaw-order",
        }
    }
}

/// Builds the five functions and says where they are; progress goes to standard error.
///
/// Flawed ones are put aside, and the right ones are put back where Cargo leaves them.
pub(crate) async fn build(release: bool, flaw: Option<Flaw>) -> Result<BTreeMap<FunctionName, PathBuf>, String> {
    let Some(flaw) = flaw else { return built(release, None).await };
    let flawed = put_aside(built(release, Some(flaw)).await?)?;
    built(release, None).await?;
    Ok(flawed)
}

fn put_aside(found: BTreeMap<FunctionName, PathBuf>) -> Result<BTreeMap<FunctionName, PathBuf>, String> {
    let aside = |(function, path): (FunctionName, PathBuf)| {
        let copy = path.with_file_name(format!("flawed-{}", function.name()));
        // a new file, not the old one written over: it may be running
        let _ = std::fs::remove_file(&copy);
        std::fs::copy(&path, &copy).map_err(|error| format!("{} cannot be copied: {error}", path.display()))?;
        Ok((function, copy))
    };
    found.into_iter().map(aside).collect()
}

async fn built(release: bool, flaw: Option<Flaw>) -> Result<BTreeMap<FunctionName, PathBuf>, String> {
    if !release && !is_built() {
        to_people("Building the functions. The first time this takes about 2 minutes on two cores, later seconds.");
    } else if release {
        to_people("Building the functions for release: whole-program optimisation takes several minutes.");
    }
    let mut child = cargo(release, flaw).spawn().map_err(|error| format!("cargo cannot be started: {error}"))?;
    let mut found = BTreeMap::new();
    if let Some(output) = child.stdout.take() {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            found.extend(executable(&line));
        }
    }
    let status = child.wait().await.map_err(|error| format!("cargo was lost: {error}"))?;
    if !status.success() {
        let hint = if has_compiler() { String::new() } else { format!("\n{COMPILER_HINT}") };
        return Err(format!("the functions could not be built (cargo: {status}){hint}"));
    }
    match FunctionName::ALL.into_iter().find(|function| !found.contains_key(function)) {
        Some(missing) => Err(format!("cargo built no {missing}")),
        None => Ok(found),
    }
}

fn cargo(release: bool, flaw: Option<Flaw>) -> Command {
    // set by `cargo run`: the same Cargo builds the functions
    let mut command = Command::new(variable("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    for name in set_by_cargo_run() {
        command.env_remove(name);
    }
    command.args(["build", "--message-format=json-render-diagnostics", "--manifest-path"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml"));
    for function in FunctionName::ALL {
        command.args(["-p", function.name()]);
    }
    if release {
        command.arg("--release");
    } else {
        command.args(["-p", "idv", "--features", "idv/local"]);
    }
    if let Some(flaw) = flaw {
        command.args(["--features", flaw.feature()]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

/// The function that a line of Cargo's report tells of.
fn executable(line: &str) -> Option<(FunctionName, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let function = FunctionName::named(message.pointer("/target/name")?.as_str()?)?;
    Some((function, PathBuf::from(message.get("executable")?.as_str()?)))
}

/// Whether a build left its result beside this program.
fn is_built() -> bool {
    let own = std::env::current_exe().ok();
    own.and_then(|own| Some(own.parent()?.join(FunctionName::WebhookIngress.name()))).is_some_and(|path| path.is_file())
}

fn has_compiler() -> bool {
    let named = variable("CC").map(PathBuf::from);
    let names = named.into_iter().chain(["cc", "gcc", "clang"].map(PathBuf::from));
    let folders: Vec<PathBuf> = variable("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    names
        .into_iter()
        .any(|name| name.is_absolute() && name.is_file() || folders.iter().any(|folder| folder.join(&name).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_found_in_the_report_of_cargo() {
        let line = |name: &str, executable: &str| {
            format!(r#"{{"reason":"compiler-artifact","target":{{"name":"{name}"}},"executable":{executable}}}"#)
        };
        let path = PathBuf::from("target/debug/reconciler");
        assert_eq!(
            executable(&line("reconciler", r#""target/debug/reconciler""#)),
            Some((FunctionName::Reconciler, path))
        );
        assert_eq!(executable(&line("reconciler", "null")), None);
        assert_eq!(executable(&line("idv", r#""target/debug/idv""#)), None);
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(executable("no JSON"), None);
    }
}
