//! `idv connection`: where a provider's webhooks go, seen and set by its own API with the connection's own credentials.
//!
//! Registering twice is done: an address that stands there is not made again. The proof of a provider that signs nothing
//! is the last part of the address, so addresses are shown without it. What is done in which order is
//! [`idv_gateway::register::plan`]'s; here it is done, told and stored ([`place`]).

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use idv_gateway::adapters::http::{HttpLimits, ReqwestHttp};
use idv_gateway::adapters::world;
use idv_gateway::domain::schedule::Pace;
use idv_gateway::domain::{ConnectionName, Tenant};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::memory::way::MemoryWay;
use idv_gateway::ports::{Connection, ProviderError, Reach, World};
use idv_gateway::register::{self, Goal, Shown, Standing, Step};
use url::Url;

use self::place::Place;
use crate::aws::Account;
use crate::say::to_people;

mod place;

/// What `register --help` says at its end.
const HELP: &str = "\
What it does, each step only where it is not done yet, so that a command that was cut off is simply given again:
  a webhook that goes to the address already is adopted: its events and its environment are completed;
  else one is made, switched off; its signing secret and its id are stored; when the functions know them it is switched on.

The address is the one alias that leads to the connection, else /v1/webhooks/{tenant}/{connection}.

With --config FILE the file is written again, and nobody knows when the functions will have read it. So the command ends
before the webhook is switched on: put the tenant's secret and its new version in the index, wait two minutes, give it again.
With --secrets PREFIX it reads and writes the secrets of a deployment, says so in the index, waits and goes on by itself.

To change the signing secret:
  1. register --rotate            a second webhook beside the first one; both are sent to, every event comes twice
  2. wait until the checks that were begun before are done: they name the first webhook alone
  3. register --rotate --finish   the first one's id is taken out of the configuration, then it is removed, then its secret";

/// What is done with a connection's webhooks.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the addresses that the provider sends webhooks to.
    List(Which),
    /// Registers the gateway's address with the provider, unless it is registered, and stores what its webhooks are signed with.
    #[command(after_long_help = HELP)]
    Register(Wanted),
}

/// Which connection, by the configuration that the tenant's secret is made from, or by that secret.
#[derive(Args)]
pub(crate) struct Which {
    /// The configuration: {"tenants": {…}, "aliases": {…}}.
    #[arg(long, value_name = "FILE", required_unless_present = "secrets", conflicts_with = "secrets")]
    config: Option<PathBuf>,
    /// The secrets of a deployment instead: PREFIX/tenants/{tenant} and PREFIX/index in Secrets Manager.
    #[arg(long, value_name = "PREFIX")]
    secrets: Option<String>,
    #[command(flatten)]
    account: Account,
    /// Whose connection.
    #[arg(long)]
    tenant: Tenant,
    /// Which connection.
    #[arg(long)]
    connection: ConnectionName,
    /// Permit plain http and loopback targets, as `idv local` does.
    #[arg(long)]
    local_targets: bool,
}

/// What is to stand there.
#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    which: Which,
    /// The gateway's own origin, as the provider reaches it: https://idv.example.com
    #[arg(long, value_name = "URL")]
    public_url: Url,
    /// Which alias of the connection is to be the address, where there are several.
    #[arg(long, value_name = "PATH")]
    alias: Option<String>,
    /// Take no alias.
    #[arg(long, conflicts_with = "alias")]
    no_alias: bool,
    /// Change the signing secret: a second webhook beside the first one.
    #[arg(long)]
    rotate: bool,
    /// End that: remove the first one.
    #[arg(long, requires = "rotate")]
    finish: bool,
    /// How many seconds are waited for the functions, which read the index each 60.
    #[arg(long, value_name = "SECONDS", default_value_t = 90)]
    wait: u64,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Runs it.
pub(crate) async fn run(command: Command) -> ExitCode {
    let outcome = match command {
        Command::List(which) => list(&which).await,
        Command::Register(wanted) => set(&wanted).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Fault::Input(errors, which)) => crate::config::refuse(&which, &errors),
        Err(Fault::Line(reason)) => {
            to_people(&reason);
            ExitCode::from(crate::WRONG_INPUT)
        }
        Err(Fault::Provider(reason)) => {
            to_people(&reason);
            ExitCode::from(crate::FAILED)
        }
    }
}

enum Fault {
    /// The configuration is wrong.
    Input(Vec<String>, PathBuf),
    /// The command line is.
    Line(String),
    /// It cannot be done.
    Provider(String),
}

impl Wanted {
    /// Our own origin as a provider can reach it.
    fn origin(&self) -> Result<(), Fault> {
        let url = &self.public_url;
        let bare = url.host().is_some() && url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(Fault::Line("--public-url must be an origin such as https://idv.example.com".to_owned()));
        }
        if url.scheme() == "https" || (self.which.local_targets && url.scheme() == "http") {
            return Ok(());
        }
        Err(Fault::Line("--public-url must be https: the address holds the proof".to_owned()))
    }

    /// The path of another integration that is to be the address.
    fn path<'a>(&'a self, connection: &Connection, aliases: &'a [String]) -> Result<Option<&'a str>, Fault> {
        let several = || aliases.join(", ");
        let keyed = !connection.proofs.url_keys.is_empty();
        match (&self.alias, aliases) {
            (Some(_), _) if keyed => Err(Fault::Line(
                "an alias holds no key, which is what this provider's webhooks are proven with".to_owned(),
            )),
            (Some(alias), _) if aliases.contains(alias) => Ok(Some(alias)),
            (Some(alias), []) => Err(Fault::Line(format!("{alias} does not lead to this connection; no alias does"))),
            (Some(alias), _) => {
                Err(Fault::Line(format!("{alias} does not lead to this connection; these do: {}", several())))
            }
            (None, _) if keyed || self.no_alias => Ok(None),
            (None, []) => Ok(None),
            (None, [one]) => Ok(Some(one)),
            (None, _) => Err(Fault::Line(format!("name one of these with --alias, or say --no-alias: {}", several()))),
        }
    }

    const fn goal(&self) -> Goal {
        match (self.rotate, self.finish) {
            (false, _) => Goal::Registered,
            (true, false) => Goal::Rotated,
            (true, true) => Goal::Finished,
        }
    }
}

/// What the command may use of the world: a login of its own, which nobody shares. It sends nobody anywhere.
struct Operator {
    http: ReqwestHttp,
    world: World,
    login: MemoryLogin,
    way: MemoryWay,
    public_url: Url,
}

impl Operator {
    fn new(which: &Which, public_url: Url) -> Result<Self, Fault> {
        let world = world::system(Pace::REAL);
        let http = ReqwestHttp::new(which.local_targets, HttpLimits::default(), Arc::clone(&world.clock));
        let http = http.map_err(|error| Fault::Provider(error.to_string()))?;
        Ok(Self { http, world, login: MemoryLogin::default(), way: MemoryWay::new(public_url.clone()), public_url })
    }

    fn reach<'a>(&'a self, connection: &'a Connection) -> Reach<'a> {
        Reach {
            http: &self.http,
            world: &self.world,
            connection: &connection.key,
            public_url: &self.public_url,
            digest: &|_| String::new(),
            login: &self.login,
            grant: &self.login,
            way: &self.way,
        }
    }
}

async fn list(which: &Which) -> Result<(), Fault> {
    let place = Place::read(which).await?;
    let connection = place.connection()?;
    // No call of a list says our own origin.
    let nowhere = Url::parse("https://gateway.invalid").map_err(|error| Fault::Provider(error.to_string()))?;
    let operator = Operator::new(which, nowhere)?;
    let all = register::list(connection, operator.reach(connection)).await.map_err(told)?;
    if all.is_empty() {
        to_people("the provider sends webhooks to no address");
    }
    all.iter().for_each(|one| to_people(&line(one)));
    Ok(())
}

async fn set(wanted: &Wanted) -> Result<(), Fault> {
    wanted.origin()?;
    let mut place = Place::read(&wanted.which).await?;
    let operator = Operator::new(&wanted.which, wanted.public_url.clone())?;
    let aliases = place.aliases.clone();
    let path = wanted.path(place.connection()?, &aliases)?;
    let connection = place.connection()?;
    let mut standing = Standing::ask(connection, operator.reach(connection), path).await.map_err(told)?;
    standing.others(connection).for_each(|other| to_people(&format!("another address stands there: {}", line(&other))));
    let (mut kept, mut done, mut stored, mut known) = (place.kept(), Vec::new(), false, false);
    loop {
        let step =
            standing.next(&kept, wanted.goal()).map_err(|stuck| Fault::Provider(format!("not done: {stuck}")))?;
        let Some(step) = step else { break };
        if done.contains(&step) {
            return Err(Fault::Provider(
                "the provider says that it is done, and shows it as it was; look there".to_owned(),
            ));
        }
        let connection = place.connection()?;
        if wanted.dry_run {
            standing.pretend(&step, connection, &mut kept);
            to_people(&format!("would be {}", result(&step, &standing, connection)));
            done.push(step);
            continue;
        }
        if step.waits() && !known {
            // of a file it is known only that it was there when the command began
            known = place.publish(Duration::from_secs(wanted.wait)).await? || !stored;
            if !known {
                return next_is_to_put(wanted, true);
            }
        }
        let taken = standing.take(&step, connection, operator.reach(connection), &mut kept).await;
        taken.map_err(|error| refused(error, &step, wanted, &standing, connection))?;
        if step.stores() {
            place.keep(&kept).await?;
            (stored, known) = (true, false);
        }
        let connection = place.connection()?;
        standing = Standing::ask(connection, operator.reach(connection), path).await.map_err(told)?;
        to_people(&result(&step, &standing, connection));
        done.push(step);
    }
    ended(wanted, &standing, place.connection()?, &done);
    if stored && !place.is_read_by_functions() {
        return next_is_to_put(wanted, false);
    }
    if stored && !known {
        place.publish(Duration::ZERO).await?;
    }
    Ok(())
}

/// What a step has made of it.
fn result(step: &Step, standing: &Standing, connection: &Connection) -> String {
    let of = |id: &str| {
        let one = standing.own(connection).find(|one| one.id.as_deref().unwrap_or(NEW) == id);
        one.map_or_else(|| id.to_owned(), |one| line(&one))
    };
    match step {
        Step::Make => {
            let made = standing.own(connection).last();
            let made = made.map_or_else(|| standing.address(connection), |one| line(&one));
            format!("registered: {made}")
        }
        Step::Keep { id } => format!("stored: the signing secret and the id of {id}"),
        Step::Switch { id, waits: true } => format!("switched on: {}", of(id)),
        Step::Switch { id, waits: false } => format!("completed: {}", of(id)),
        Step::Release { ids } => format!("taken out of settings.webhook_ids: {}", ids.join(", ")),
        Step::Remove { id } => format!("removed at the provider: {id}"),
        Step::Discard { secrets } => format!("dropped: {secrets} that no webhook is signed with any more"),
    }
}

const NEW: &str = "(new)";

fn ended(wanted: &Wanted, standing: &Standing, connection: &Connection, done: &[Step]) {
    match (wanted.goal(), done) {
        (Goal::Registered, []) => {
            standing.own(connection).for_each(|own| to_people(&format!("registered already: {}", line(&own))));
        }
        (Goal::Rotated, _) if !wanted.dry_run => {
            to_people("both webhooks are sent to; checks that were begun before name the older one alone");
            to_people("next, when those are done: the same command with --rotate --finish");
        }
        (Goal::Finished, []) => to_people("nothing is left to be done"),
        (Goal::Registered | Goal::Rotated | Goal::Finished, _) => {}
    }
}

/// Of a file nobody knows when functions will have read it.
fn next_is_to_put(wanted: &Wanted, again: bool) -> Result<(), Fault> {
    to_people(&format!("next: put the secret of {} and its new version in the index", wanted.which.tenant));
    if again {
        to_people("then, two minutes later: the same command again; nothing is switched or removed before that");
    }
    Ok(())
}

fn refused(error: ProviderError, step: &Step, wanted: &Wanted, standing: &Standing, connection: &Connection) -> Fault {
    let (ProviderError::Refused { .. }, Step::Make) = (&error, step) else { return told(error) };
    let advice = if wanted.rotate {
        "if the account allows one webhook alone, its signing secret cannot be changed without a gap: remove the webhook in \
         the provider's console and register again, without --rotate; what happens meanwhile is found without webhooks"
            .to_owned()
    } else {
        format!(
            "if the account allows no more webhooks, remove one in the provider's console, or give one that stands there \
             the address {} and register again: it is adopted",
            standing.address(connection)
        )
    };
    Fault::Provider(format!("not done: {error}: it makes no webhook\n{advice}"))
}

fn line(one: &Shown) -> String {
    let off = if one.enabled { "" } else { "  (not sent to)" };
    let partial = if one.complete { "" } else { "  (not all events, or another environment)" };
    format!("{}  {}{off}{partial}", one.id.as_deref().unwrap_or(NEW), one.address)
}

fn told(error: ProviderError) -> Fault {
    Fault::Provider(format!("not done: {error}"))
}
