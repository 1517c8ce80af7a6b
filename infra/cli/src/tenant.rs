//! `idv tenant import-dcs`: the clients of another system become tenants.
//!
//! [`dcs`] reads what that system's vault prints, [`made`] writes what it comes to. Secrets go from the one text into
//! the other and are shown nowhere.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

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

What the document does not say, and the drop-in's requests need: on which pages a token may be used (--referrer), or in which
application (--application-id), and what a check is asked for where its request names nothing (--report-names). Each may be
given once for all clients and as NAME=… for one; what is missing is told.

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
    /// Pages on which an SDK token may be used, such as https://*.example.com/*. NAME=… for one client, else for all
    /// others.
    #[arg(long, value_name = "[NAME=]PATTERN")]
    referrer: Vec<String>,
    /// Instead of that: the mobile application that may use it.
    #[arg(long, value_name = "[NAME=]ID")]
    application_id: Vec<String>,
    /// The reports of a check whose request names none, with commas between them.
    #[arg(long, value_name = "[NAME=]REPORTS")]
    report_names: Vec<String>,
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
    let own = own(options, &import).map_err(wrong(&options.file))?;
    let made = Made::of(&import, &callers, &own, &options.alias_prefix, options.shared_account);
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
        // subjects of tokens may have any sign in them
        let is_whole = |rest: &str| text.starts_with("arn:") || !rest.starts_with("arn:");
        let (name, who) = match addressed(text, import, is_whole) {
            Ok(addressed) => addressed,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        if who.is_empty() || who.contains('*') || !who.bytes().all(|byte| byte.is_ascii_graphic()) {
            errors.push("must be an exact name without blanks and *".to_owned());
        }
        let whose = import.clients.iter().map(|client| &client.name).filter(|own| name.is_none_or(|name| *own == name));
        for client in whose {
            let of = all.entry(client.clone()).or_default();
            if !of.iter().any(|own| own == who) {
                of.push(who.to_owned());
            }
        }
    }
    if errors.is_empty() { Ok(all) } else { Err(errors) }
}

/// `NAME=VALUE` is for one client, else the whole is for all. `is_whole` says of what stands behind a name that no client
/// has whether it may yet be a part of the value.
fn addressed<'t>(
    text: &'t str,
    import: &Import,
    is_whole: impl Fn(&str) -> bool,
) -> Result<(Option<&'t str>, &'t str), String> {
    let Some((name, value)) = text.split_once('=') else { return Ok((None, text)) };
    let mut names = import.clients.iter().map(|client| client.name.as_str());
    if names.any(|own| own == name) {
        return Ok((Some(name), value));
    }
    if is_whole(value) {
        return Ok((None, text));
    }
    let known: Vec<&str> = import.clients.iter().map(|client| client.name.as_str()).collect();
    Err(format!("{name} is no client of the document; there is {}", known.join(", ")))
}

/// Settings that the document does not have, by client. What is said of one client goes before what is said of all.
fn own(options: &Options, import: &Import) -> Result<BTreeMap<String, Map<String, Value>>, Vec<String>> {
    let (mut own, mut errors) = (BTreeMap::<String, Map<String, Value>>::new(), Vec::new());
    for (option, member, given) in [
        ("--referrer", "referrer", &options.referrer),
        ("--application-id", "application_id", &options.application_id),
        ("--report-names", "report_names", &options.report_names),
    ] {
        let is_whole = |rest: &str| member == "referrer" && !rest.starts_with("http");
        let mut said: BTreeMap<Option<&str>, &str> = BTreeMap::new();
        for text in given {
            match addressed(text, import, is_whole) {
                Err(error) => errors.push(format!("{option}: {error}")),
                Ok((_, "")) => errors.push(format!("{option}: must not be empty")),
                Ok((name, value)) if said.insert(name, value).is_some() => {
                    errors.push(format!("{option}: stands twice for {}", name.unwrap_or("all clients")));
                }
                Ok(_) => {}
            }
        }
        for client in &import.clients {
            let value = said.get(&Some(client.name.as_str())).or_else(|| said.get(&None));
            let value = value.map(|text| match member {
                "report_names" => text.split(',').map(str::trim).collect(),
                _ => Value::from(*text),
            });
            let settings = own.entry(client.name.clone()).or_default();
            settings.extend(value.map(|value| (member.to_owned(), value)));
        }
    }
    if errors.is_empty() { Ok(own) } else { Err(errors) }
}

fn tell(taken: &Taken<'_>, options: &Options) {
    let Taken { client, tenant, alias, subscription, known, settings } = taken;
    let verb = match (known, options.dry_run) {
        (true, _) => "is there already",
        (false, true) => "would become",
        (false, false) => "becomes",
    };
    to_people(&format!("{}: {verb}: tenant {tenant}, webhooks at {alias}", client.name));
    if client.webhook_id.is_none() {
        to_people(&format!("{}: has no webhook id: connection register makes a webhook", client.name));
    }
    if client.subscription_id.is_some() {
        let lacks = |members: &[&str]| members.iter().all(|member| settings.get(member).is_none());
        if lacks(&["referrer", "application_id"]) {
            let what = "has neither --referrer nor --application-id: CreateApplicant and GetSdkToken of the drop-in are refused";
            to_people(&format!("{}: {what}", client.name));
        }
        if lacks(&["report_names"]) {
            let what = "has no --report-names: StartCheck of the drop-in is refused where it names none itself";
            to_people(&format!("{}: {what}", client.name));
        }
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

#[cfg(test)]
mod tests;
