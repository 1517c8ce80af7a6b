//! `idv tenant import-dcs`: the clients of another system become tenants.
//!
//! [`dcs`] reads what that system's vault prints, [`made`] writes what it comes to. Secrets go from the one text into
//! the other and are shown nowhere.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use self::dcs::Import;
use self::made::{Made, Taken};
use crate::say::to_people;
use crate::stored;

mod dcs;
mod made;

/// What `import-dcs --help` says at its end.
const HELP: &str = "\
FILE is the vault's document with the members Onfido-BaseUrl and Onfido-ApiTokens, alone or inside the answer that a
key-value store prints around it. Each client becomes a tenant: its Name in small letters, with - for every other character;
its connection onfido; the delivery of results into its FintechOS instance; the alias by which its webhooks come today; a
new sealing key. With --caller its subscription, too.

The webhook's signing token is not in that document. Until it is stored every webhook is answered 503:
  idv connection register --config CONFIG --tenant TENANT --connection onfido --public-url https://…
With the origin where the webhooks go today it adopts the webhook that stands there.

Without --config the configuration, secrets included, goes to standard output. With it, it is merged into that file; a tenant
that is there already and is another is an error. --dry-run shows it with the secrets masked and writes nothing.";

/// What is done with tenants.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Makes tenants of the clients of a FintechOS data-core service that forwards Onfido's results.
    #[command(after_long_help = HELP)]
    ImportDcs(Options),
}

/// From what, and where to.
#[derive(Args)]
pub(crate) struct Options {
    /// The document.
    file: PathBuf,
    /// The configuration that it is merged into; made if there is none.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Who may use a subscription: the ARN of an IAM identity, or the subject of a token. NAME=… for one client, else for
    /// all. Without any, subscriptions are left out: an id alone is no credential.
    #[arg(long, value_name = "[NAME=]WHO")]
    caller: Vec<String>,
    /// Where webhooks come to today, before the client's name.
    #[arg(long, value_name = "PATH", default_value = "/dcs/kyc2/webhook/notify")]
    alias_prefix: String,
    /// All clients are of one account with Onfido, also where their tokens differ.
    #[arg(long)]
    shared_account: bool,
    /// Permit plain http and loopback targets, as `idv local` does.
    #[arg(long)]
    local_targets: bool,
    /// Show what would be, with secrets masked, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What was given is wrong, or it failed.
enum Fault {
    Input(PathBuf, Vec<String>),
    Failed(String),
}

/// Runs it.
pub(crate) fn run(command: Command) -> ExitCode {
    let Command::ImportDcs(options) = command;
    match import(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Fault::Input(path, errors)) => crate::config::refuse(&path, &errors),
        Err(Fault::Failed(reason)) => {
            to_people(&reason);
            ExitCode::from(crate::FAILED)
        }
    }
}

fn import(options: &Options) -> Result<(), Fault> {
    let text = read(&options.file)?;
    let wrong = |path: &Path| {
        let path = path.to_owned();
        move |errors| Fault::Input(path, errors)
    };
    let import = dcs::read(&text, options.local_targets).map_err(wrong(&options.file))?;
    let callers = callers(&options.caller, &import).map_err(wrong(Path::new("--caller")))?;
    let made = Made::of(&import, &callers, &options.alias_prefix, options.shared_account);
    let target = options.config.as_deref().unwrap_or(Path::new("-"));
    let before = match &options.config {
        Some(path) if path.exists() => Some(read(path)?),
        Some(_) | None => None,
    };
    let (text, taken) = made.merged(before.as_deref()).map_err(wrong(target))?;
    // nothing is written that the gateway would not take
    crate::config::check(&text, options.local_targets).map_err(wrong(target))?;
    import.notes.iter().for_each(|note| to_people(note));
    taken.iter().for_each(|one| tell(one, options));
    match &options.config {
        _ if options.dry_run => print(&made.masked()),
        None => print(&text),
        Some(path) if before.as_deref() == Some(text.as_str()) => {
            to_people(&format!("{}: nothing is new", path.display()));
            Ok(())
        }
        Some(path) => stored::replace(path, before.as_deref(), &text).map_err(Fault::Failed),
    }
}

fn read(path: &Path) -> Result<String, Fault> {
    std::fs::read_to_string(path)
        .map_err(|error| Fault::Input(path.to_owned(), vec![format!("the file cannot be read: {error}")]))
}

/// Who may use which client's subscription.
fn callers(given: &[String], import: &Import) -> Result<BTreeMap<String, Vec<String>>, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut errors = Vec::new();
    for text in given {
        let named = text.split_once('=').filter(|(name, _)| import.clients.iter().any(|client| client.name == *name));
        let (name, who) = named.unwrap_or(("", text));
        if who.is_empty() || who.contains('*') || !who.bytes().all(|byte| byte.is_ascii_graphic()) {
            errors.push("must be an exact name without blanks and *".to_owned());
        }
        let whose = import.clients.iter().map(|client| &client.name).filter(|own| name.is_empty() || *own == name);
        for client in whose {
            let of = all.entry(client.clone()).or_default();
            if !of.iter().any(|own| own == who) {
                of.push(who.to_owned());
            }
        }
    }
    if errors.is_empty() { Ok(all) } else { Err(errors) }
}

fn tell(taken: &Taken<'_>, options: &Options) {
    let Taken { client, tenant, alias, subscription, known } = taken;
    let verb = match (known, options.dry_run) {
        (true, _) => "is there already",
        (false, true) => "would become",
        (false, false) => "becomes",
    };
    to_people(&format!("{}: {verb}: tenant {tenant}, webhooks at {alias}", client.name));
    if client.webhook_id.is_none() {
        to_people(&format!("{}: has no webhook id: connection register makes a webhook", client.name));
    }
    match (subscription, &client.subscription_id) {
        (true, _) | (false, None) => {}
        (false, Some(_)) => {
            to_people(&format!("{}: its subscription is left out: nobody is named by --caller", client.name));
        }
    }
}

/// To standard output.
fn print(text: &str) -> Result<(), Fault> {
    let mut output = std::io::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.map_err(|error| Fault::Failed(format!("it cannot be printed: {error}")))
}
