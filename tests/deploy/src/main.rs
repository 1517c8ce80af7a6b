//! The deployment test: the template and the commands of `docs/deploy.md`, run against an emulator of AWS.
//!
//! `tests/deploy/run` installs the tools, builds the version before this one, and calls this program, which checks and
//! builds, starts the emulator, deploys and walks. What is typed in `docs/deploy.md` is what is run here (`document`);
//! what providers, persons and tenants do is done by the simulators, and their own records are compared with the ledger.
//!
//! The walk: the version before is deployed and an onboarding begins; this version is deployed over it and goes on. Then
//! one onboarding for each provider, a record that is poison, a webhook that never comes, aliases of two tenants. One
//! onboarding begins in this version, the version before is deployed again and finishes it. At last the contracts of
//! ledger, bells and vault run against the emulator.
//!
//! The first failure ends the run: it is printed with what the functions logged, and everything is stopped.

mod deployed;
mod document;
mod emulator;
mod http;
mod layout;
mod outside;
mod provider;
mod say;
mod shell;
mod verdict;
mod walk;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use self::document::Document;
use self::emulator::Emulator;
use self::layout::Layout;
use self::say::{Progress, to_people};
use self::shell::Shell;

/// Deploys the template to an emulator of AWS and walks through it. Called by `tests/deploy/run`.
#[derive(Parser)]
#[command(name = "idv-deploy")]
struct Arguments {
    /// The repository.
    #[arg(long)]
    root: PathBuf,
    /// Where this run keeps its files; made anew.
    #[arg(long)]
    folder: PathBuf,
    /// The binaries of the version before this one. Without them neither upgrade nor rollback is shown.
    #[arg(long)]
    previous: Option<PathBuf>,
    /// The Python that has the emulator, the template's translator and its linter.
    #[arg(long)]
    python: PathBuf,
    /// arm64 or x86_64, as this machine is.
    #[arg(long)]
    arch: String,
    /// Leave out the build for release and take what the last run built.
    #[arg(long)]
    built: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = tokio::select! {
        ended = run(&arguments) => ended,
        () = interrupted() => Err("interrupted".to_owned()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            to_people(&format!("the deployment test failed: {reason}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    let document = Document::read(&arguments.root.join("docs/deploy.md"))?;
    let layout = Layout::make(&arguments.root, &arguments.folder)?;
    let shell = Shell::new(&layout, &arguments.arch);
    let progress = Progress::new();
    checks(arguments, &document, &shell, &progress).await?;
    let before = arguments.previous.as_ref().map(|previous| layout.with_binaries_of(previous)).transpose()?;
    let emulator = progress.step("emulator", Emulator::start(&arguments.python, &layout)).await?;
    let shell = shell.at(emulator.url());
    let walked = tokio::select! {
        walked = walk(&document, &shell, &emulator, &layout, before.as_deref(), &progress) => walked,
        lost = emulator.lost() => Err(lost),
    };
    if walked.is_err() {
        deployed::show_logs(&shell).await;
        emulator.show_last_words();
    }
    emulator.stop().await;
    if before.is_none() {
        to_people("not shown: upgrade and rollback, because the version before this one is not in this clone");
    }
    walked
}

/// What needs no AWS: the template is valid and what is deployed is built.
async fn checks(arguments: &Arguments, document: &Document, shell: &Shell, progress: &Progress) -> Result<(), String> {
    progress.step("a tenant's configuration", example(document, shell, &arguments.root, &arguments.folder)).await?;
    progress.step("sam validate --lint", shell.block(document, "validate")).await?;
    for canary in ["true", "false"] {
        let expanded = shell::quoted(&arguments.folder.join(format!("expanded-{canary}.json")));
        let (python, linter) =
            (shell::quoted(&arguments.python), shell::quoted(&beside(&arguments.python, "cfn-lint")));
        // W2001: a parameter that the transform has read is not used any more
        let script = format!(
            "{python} tests/deploy/expand.py infra/template.yaml {expanded} Canary={canary} 2>&1\n\
             {linter} --ignore-checks W2001 -- {expanded}"
        );
        let name = format!("cfn-lint on the expanded template, Canary={canary}");
        progress.step(&name, shell.quietly("linting the expanded template", &script)).await?;
    }
    if !arguments.built {
        progress.step("release build", shell.shown("the release build", document.block("release")?)).await?;
        progress.step("sam build", shell.block(document, "build")).await?;
    }
    Ok(())
}

/// The document's check of a configuration, on the first tenant of the example: what simulators are given is for this
/// machine alone and would be refused.
async fn example(document: &Document, shell: &Shell, root: &Path, folder: &Path) -> Result<String, String> {
    let text =
        std::fs::read_to_string(root.join("docs/example-configuration.json")).map_err(|error| error.to_string())?;
    let whole: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let tenant = whole.pointer("/tenants/acme").ok_or("the example has no tenant acme")?;
    let private = folder.join("example");
    std::fs::create_dir_all(&private).map_err(|error| error.to_string())?;
    std::fs::write(private.join("acme.json"), tenant.to_string()).map_err(|error| error.to_string())?;
    shell.with("TENANT", "acme").with("PRIVATE", &private.display().to_string()).block(document, "check").await
}

async fn walk(
    document: &Document,
    shell: &Shell,
    emulator: &Emulator,
    layout: &Layout,
    before: Option<&Path>,
    progress: &Progress,
) -> Result<(), String> {
    progress.step("the account", shell.block(document, "account")).await?;
    walk::walk(document, shell, emulator.url(), layout, before, progress).await?;
    let suite = "cargo test --workspace --test ledger_contract --test bells_and_vault_contract";
    let contract = shell.with("IDV_CONTRACT_AWS", emulator.url());
    progress.step("the ports' contracts on the emulator", contract.shown("the ports' contracts", suite)).await
}

fn beside(program: &Path, name: &str) -> PathBuf {
    program.with_file_name(name)
}

async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let of = |kind| async move {
        match signal(kind) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            // without a handler the signal ends the process by itself
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = of(SignalKind::interrupt()) => (),
        () = of(SignalKind::terminate()) => (),
        () = of(SignalKind::hangup()) => (),
    }
}
