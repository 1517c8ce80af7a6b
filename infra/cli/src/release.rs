//! `idv release`: the five functions as they are deployed, one zip each, and how large they are.
//!
//! `sam build` builds each function alone. Four of them link the same and are built here in one run of Cargo, which works on
//! them side by side; the deliverer, which links the event bus, in another, so that the bus is in no other binary. Either way
//! the binaries are the same ones, and whichever of the two commands comes second finds everything built. cargo-lambda
//! builds for the C library of `provided.al2023` and brings the linker (Zig).

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Instant;

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

/// What is built in one run of Cargo.
const RUNS: [&[FunctionName]; 2] = [
    &[
        FunctionName::WebhookIngress,
        FunctionName::EventFetcher,
        FunctionName::OnboardingInitiator,
        FunctionName::Reconciler,
    ],
    &[FunctionName::ResultDeliverer],
];

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
    let there = lambda(&["--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    if !there.is_ok_and(|status| status.success()) {
        return Err(MISSING.to_owned());
    }
    let mut made = Vec::new();
    for arch in architectures {
        for functions in RUNS {
            made.extend(together(*arch, functions).await?);
        }
    }
    Ok(made)
}

async fn together(arch: Arch, functions: &[FunctionName]) -> Result<Vec<Made>, String> {
    let begun = Instant::now();
    let names: Vec<&str> = functions.iter().map(|function| function.name()).collect();
    let what = format!("{} for {}", names.join(", "), arch.name());
    to_people(&format!("building {what}"));
    let aside = target().join("zips").join(arch.name());
    let mut command = lambda(&["build", "--release", "--locked", "--output-format", "zip", arch.flag()]);
    command.args(names.iter().flat_map(|name| ["--package", name])).arg("--lambda-dir").arg(&aside);
    let status = command.status().await.map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !status.success() {
        return Err(format!("{what} could not be built: see above"));
    }
    to_people(&format!("built in {} s", begun.elapsed().as_secs()));
    functions.iter().map(|function| zipped(arch, *function, &aside)).collect()
}

fn zipped(arch: Arch, function: FunctionName, aside: &Path) -> Result<Made, String> {
    let made = aside.join(function.name()).join("bootstrap.zip");
    let zip = aside.join(format!("{function}.zip"));
    let told = |error: std::io::Error| format!("{function} has no zip at {}: {error}", made.display());
    std::fs::rename(&made, &zip).map_err(told)?;
    let size = |path: &Path| std::fs::metadata(path).map(|file| file.len()).map_err(told);
    Ok(Made { arch, function, zip: size(&zip)?, binary: size(&built(arch, function))? })
}

/// Where Cargo leaves the binary that went into the zip.
fn built(arch: Arch, function: FunctionName) -> PathBuf {
    let triple = match arch {
        Arch::Arm64 => "aarch64-unknown-linux-gnu",
        Arch::X86 => "x86_64-unknown-linux-gnu",
    };
    target().join(triple).join("release").join(function.name())
}

fn lambda(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    for name in set_by_cargo_run() {
        command.env_remove(name);
    }
    command.arg("lambda").args(arguments).current_dir(root()).stdin(Stdio::null()).kill_on_drop(true);
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
    let head = format!("{:<21} {:<7} {:>7} {:>10}", "function", "arch", "zip MB", "binary MB");
    let rows = made.iter().map(|made| {
        let (name, arch) = (made.function, made.arch.name());
        let (zip, binary) = (megabytes(made.zip), megabytes(made.binary));
        format!("{name:<21} {arch:<7} {zip:>7} {binary:>10}")
    });
    std::iter::once(head).chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_zip() {
        let made = Made { arch: Arch::Arm64, function: FunctionName::Reconciler, zip: 2_345_678, binary: 5_000_000 };
        assert_eq!(
            table(&[made]),
            ["function              arch     zip MB  binary MB", "reconciler            arm64      2.35       5.00"]
        );
    }

    #[test]
    fn every_function_is_built_once() {
        let mut built = RUNS.concat();
        built.sort();
        let mut all = FunctionName::ALL.to_vec();
        all.sort();
        assert_eq!(built, all);
    }

    #[test]
    fn all_is_each() {
        let names: Vec<_> = Which::All.each().iter().map(|arch| arch.name()).collect();
        assert_eq!(names, ["arm64", "x86_64"]);
    }
}
