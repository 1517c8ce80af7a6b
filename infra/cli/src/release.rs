//! `idv release`: the five functions as they are deployed, one zip each, and how large they are.
//!
//! Each function is built alone, in its own folder, exactly as `sam build` does it: what another function links is not
//! compiled into it, and whichever of the two commands comes second finds everything built. cargo-lambda builds for the
//! C library of `provided.al2023` and, for the other architecture, brings the linker (Zig).

use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use idv_local::FunctionName;
use tokio::process::Command;

use crate::environment::{set_by_cargo_run, variable};
use crate::local;
use crate::say::{to_people, to_programs};

pub(crate) const HELP: &str = "\
The zips are written to target/zips/{architecture}/{function}.zip; the last lines on standard output are a table of their
sizes. Needs cargo-lambda, which `pip install cargo-lambda` brings together with its linker. On two cores the first build
for an architecture takes about 10 minutes: whole-program optimisation, five times.";

const MISSING: &str = "\
cargo-lambda was not found; it builds for Lambda's Linux. It comes with one of
  pip install cargo-lambda        (any system with Python; brings the linker, too)
  brew install cargo-lambda       (macOS, Linux)
  https://www.cargo-lambda.info/guide/installation.html
and is called as `cargo lambda`, so the folder of `cargo-lambda` must be in PATH.";

#[derive(Args)]
pub(crate) struct Options {
    /// For which processor.
    #[arg(long, value_enum, default_value_t = Which::All)]
    arch: Which,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    Arm64,
    #[value(name = "x86_64")]
    X86,
    All,
}

/// A processor that Lambda has, as the template's parameter `Arch` calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arch {
    Arm64,
    X86,
}

impl Which {
    const fn each(self) -> &'static [Arch] {
        match self {
            Self::Arm64 => &[Arch::Arm64],
            Self::X86 => &[Arch::X86],
            Self::All => &[Arch::Arm64, Arch::X86],
        }
    }
}

impl Arch {
    const fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86 => "x86_64",
        }
    }

    const fn flag(self) -> &'static str {
        match self {
            Self::Arm64 => "--arm64",
            Self::X86 => "--x86-64",
        }
    }
}

/// One zip that was made.
#[derive(Debug)]
struct Made {
    arch: Arch,
    function: FunctionName,
    zip: u64,
    binary: u64,
    took: Duration,
}

/// Builds, and prints the table.
pub(crate) async fn run(options: Options) -> ExitCode {
    let mut signal = std::pin::pin!(local::ended());
    let made = tokio::select! {
        made = build(options.arch.each()) => made,
        () = &mut signal => return ExitCode::from(crate::FAILED),
    };
    match made {
        Ok(made) => {
            table(&made).iter().for_each(|line| to_programs(line));
            ExitCode::SUCCESS
        }
        Err(reason) => {
            to_people(&reason);
            ExitCode::from(crate::FAILED)
        }
    }
}

async fn build(architectures: &[Arch]) -> Result<Vec<Made>, String> {
    let there = lambda(&["--version"], &root()).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    if !there.is_ok_and(|status| status.success()) {
        return Err(MISSING.to_owned());
    }
    let mut made = Vec::new();
    let wanted = architectures.iter().flat_map(|arch| FunctionName::ALL.map(|function| (*arch, function)));
    let wanted: Vec<_> = wanted.collect();
    for (number, (arch, function)) in (1..).zip(&wanted) {
        to_people(&format!("{number} of {}: {function} for {}", wanted.len(), arch.name()));
        made.push(one(*arch, *function).await?);
    }
    Ok(made)
}

async fn one(arch: Arch, function: FunctionName) -> Result<Made, String> {
    let begun = Instant::now();
    let aside = target().join("zips").join(arch.name());
    let folder = root().join("functions").join(function.name());
    let mut command = lambda(&["build", "--release", "--locked", "--output-format", "zip", arch.flag()], &folder);
    command.args(["--bin", function.name()]).arg("--lambda-dir").arg(&aside);
    let failed = |what: &str| format!("{function} for {} {what}", arch.name());
    let status: ExitStatus = command.status().await.map_err(|error| failed(&format!("was not built: {error}")))?;
    if !status.success() {
        return Err(failed("could not be built: see above"));
    }
    let made = aside.join(function.name()).join("bootstrap.zip");
    let zip = aside.join(format!("{function}.zip"));
    let told = |error: std::io::Error| failed(&format!("has no zip at {}: {error}", made.display()));
    std::fs::rename(&made, &zip).map_err(told)?;
    let size = |path: &Path| std::fs::metadata(path).map(|file| file.len()).map_err(told);
    Ok(Made { arch, function, zip: size(&zip)?, binary: size(&built(arch, function))?, took: begun.elapsed() })
}

/// Where Cargo leaves the binary that went into the zip.
fn built(arch: Arch, function: FunctionName) -> PathBuf {
    let triple = match arch {
        Arch::Arm64 => "aarch64-unknown-linux-gnu",
        Arch::X86 => "x86_64-unknown-linux-gnu",
    };
    target().join(triple).join("release").join(function.name())
}

fn lambda(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    for name in set_by_cargo_run() {
        command.env_remove(name);
    }
    command.arg("lambda").args(arguments).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    // standard output is for the table
    command.stdout(std::io::stderr());
    command
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

fn target() -> PathBuf {
    variable("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |named| root().join(PathBuf::from(named)))
}

fn table(made: &[Made]) -> Vec<String> {
    let megabytes = |bytes: u64| {
        let hundredths = bytes.saturating_add(5_000) / 10_000;
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    };
    let head = format!("{:<21} {:<7} {:>7} {:>10} {:>7}", "function", "arch", "zip MB", "binary MB", "built s");
    let rows = made.iter().map(|made| {
        let (name, arch) = (made.function, made.arch.name());
        let (zip, binary) = (megabytes(made.zip), megabytes(made.binary));
        format!("{name:<21} {arch:<7} {zip:>7} {binary:>10} {:>7}", made.took.as_secs())
    });
    std::iter::once(head).chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_zip() {
        let took = Duration::from_secs(61);
        let made =
            Made { arch: Arch::Arm64, function: FunctionName::Reconciler, zip: 2_345_678, binary: 5_000_000, took };
        assert_eq!(
            table(&[made]),
            [
                "function              arch     zip MB  binary MB built s",
                "reconciler            arm64      2.35       5.00      61"
            ]
        );
    }

    #[test]
    fn all_is_each() {
        let names: Vec<_> = Which::All.each().iter().map(|arch| arch.name()).collect();
        assert_eq!(names, ["arm64", "x86_64"]);
    }
}
