//! The function binaries and the operator's command, built once before the first stage: `cargo test` builds binaries
//! only for tests of their own package.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use idv_local::FunctionName;
use serde_json::Value;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// Where they are.
#[derive(Debug)]
pub struct Binaries {
    /// The five functions.
    pub functions: BTreeMap<FunctionName, PathBuf>,
    /// The operator's command.
    pub idv: PathBuf,
}

/// A command of Cargo on this workspace. Without the variables that `cargo test` sets for a test: ring's build script
/// would take them for changes, and everything above ring would be compiled again.
#[must_use]
pub fn cargo(command: &str) -> std::process::Command {
    let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let of_the_test = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| of_the_test(&name.to_string_lossy())) {
        cargo.env_remove(name);
    }
    cargo.arg(command).arg("--manifest-path").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml"));
    cargo
}

/// Builds them; the first caller does, the others wait.
pub async fn binaries() -> &'static Binaries {
    static BUILT: OnceCell<Binaries> = OnceCell::const_new();
    BUILT.get_or_init(build).await
}

/// With the features that `cargo idv` builds them with, so that neither compiles a dependency for itself.
async fn build() -> Binaries {
    let mut cargo = Command::from(cargo("build"));
    cargo.arg("--message-format=json-render-diagnostics");
    for function in FunctionName::ALL {
        cargo.args(["-p", function.name()]);
    }
    cargo.args(["-p", "idv", "--features", "idv/local"]).stdin(Stdio::null()).stderr(Stdio::inherit());
    let built = cargo.output().await.unwrap();
    assert!(built.status.success(), "the binaries cannot be built: {}", built.status);
    let report = String::from_utf8_lossy(&built.stdout);
    let found: BTreeMap<String, PathBuf> = report.lines().filter_map(executable).collect();
    let of = |name: &str| found.get(name).cloned().unwrap_or_else(|| panic!("cargo built no {name}"));
    Binaries {
        functions: FunctionName::ALL.into_iter().map(|function| (function, of(function.name()))).collect(),
        idv: of("idv"),
    }
}

/// What a line of Cargo's report tells of.
fn executable(line: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let name = message.pointer("/target/name")?.as_str()?;
    Some((name.to_owned(), PathBuf::from(message.get("executable")?.as_str()?)))
}
