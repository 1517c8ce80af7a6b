//! `idv connection`: where a provider's webhooks go, seen and set by its own API with the connection's own credentials.
//!
//! Registering twice is done: an address that stands there is not made again. The proof of a provider that signs nothing
//! is the last part of the address, so addresses are shown without it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use idv_gateway::adapters::http::{HttpLimits, ReqwestHttp};
use idv_gateway::adapters::world;
use idv_gateway::config::{Configuration, Rules, read_file};
use idv_gateway::domain::schedule::Pace;
use idv_gateway::domain::{ConnectionName, Tenant};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::ports::{Connection, ProviderError, Reach, World};
use idv_gateway::register::{self, Outcome, Shown};
use url::Url;

use crate::say::to_people;

/// What is done with a connection's webhooks.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the addresses that the provider sends webhooks to.
    List(Which),
    /// Registers the gateway's address with the provider, unless it is registered.
    Register {
        #[command(flatten)]
        which: Which,
        /// The gateway's own origin, as the provider reaches it: https://idv.example.com
        #[arg(long, value_name = "URL")]
        public_url: Url,
        /// Say what would be done, and do nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Which connection, by the configuration that the tenant's secret is made from.
#[derive(Args)]
pub(crate) struct Which {
    /// The configuration: {"tenants": {…}, "aliases": {…}}.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
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

/// Runs it.
pub(crate) async fn run(command: Command) -> ExitCode {
    let outcome = match command {
        Command::List(which) => list(&which).await,
        Command::Register { which, public_url, dry_run } => set(&which, public_url, dry_run).await,
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

impl Which {
    fn read(&self) -> Result<Configuration, Fault> {
        let text = std::fs::read_to_string(&self.config)
            .map_err(|error| self.wrong(vec![format!("the file cannot be read: {error}")]))?;
        let read = read_file(&text, Rules { local_targets: self.local_targets });
        read.map_err(|faults| self.wrong(faults.iter().map(ToString::to_string).collect()))
    }

    fn of<'a>(&self, configuration: &'a Configuration) -> Result<&'a Connection, Fault> {
        let Self { tenant: name, connection: wanted, .. } = self;
        let unknown = |what: String, known: Vec<&str>| Fault::Line(format!("{what}; there is {}", known.join(", ")));
        let Some((tenant, _)) = configuration.tenants.get(name) else {
            let known = configuration.tenants.keys().map(Tenant::as_str).collect();
            return Err(unknown(format!("there is no tenant {name}"), known));
        };
        let known = || tenant.connections.keys().map(ConnectionName::as_str).collect();
        let found = tenant.connections.get(wanted);
        found.ok_or_else(|| unknown(format!("{name} has no connection {wanted}"), known()))
    }

    /// Our own origin as a provider can reach it.
    fn origin(&self, url: &Url) -> Result<(), Fault> {
        let bare = url.host().is_some() && url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(Fault::Line("--public-url must be an origin such as https://idv.example.com".to_owned()));
        }
        if url.scheme() == "https" || (self.local_targets && url.scheme() == "http") {
            return Ok(());
        }
        Err(Fault::Line("--public-url must be https: the address holds the proof".to_owned()))
    }

    fn wrong(&self, errors: Vec<String>) -> Fault {
        Fault::Input(errors, self.config.clone())
    }
}

/// What the command may use of the world: a login of its own, which nobody shares.
struct Operator<'a> {
    http: ReqwestHttp,
    world: World,
    login: MemoryLogin,
    connection: &'a Connection,
    public_url: Url,
}

impl<'a> Operator<'a> {
    fn new(which: &Which, connection: &'a Connection, public_url: Url) -> Result<Self, Fault> {
        let world = world::system(Pace::REAL);
        let http = ReqwestHttp::new(which.local_targets, HttpLimits::default(), Arc::clone(&world.clock));
        let http = http.map_err(|error| Fault::Provider(error.to_string()))?;
        Ok(Self { http, world, login: MemoryLogin::default(), connection, public_url })
    }

    fn reach(&self) -> Reach<'_> {
        Reach {
            http: &self.http,
            world: &self.world,
            connection: &self.connection.key,
            public_url: &self.public_url,
            digest: &|_| String::new(),
            login: &self.login,
        }
    }
}

async fn list(which: &Which) -> Result<(), Fault> {
    let configuration = which.read()?;
    // No call of a list says our own origin.
    let nowhere = Url::parse("https://gateway.invalid").map_err(|error| Fault::Provider(error.to_string()))?;
    let operator = Operator::new(which, which.of(&configuration)?, nowhere)?;
    let all = register::list(operator.connection, operator.reach()).await.map_err(told)?;
    if all.is_empty() {
        to_people("the provider sends webhooks to no address");
    }
    all.iter().for_each(|one| to_people(&line(one)));
    Ok(())
}

async fn set(which: &Which, public_url: Url, dry_run: bool) -> Result<(), Fault> {
    which.origin(&public_url)?;
    let configuration = which.read()?;
    let operator = Operator::new(which, which.of(&configuration)?, public_url)?;
    let outcome = register::register(operator.connection, operator.reach(), dry_run).await;
    let (outcome, others) = outcome.map_err(told)?;
    others.iter().for_each(|other| to_people(&format!("another address stands there: {}", line(other))));
    let (what, own) = match &outcome {
        Outcome::Known(own) => ("registered already", own),
        Outcome::Made(own) => ("registered", own),
        Outcome::Wanted(own) => ("would be registered", own),
    };
    to_people(&format!("{what}: {}", line(own)));
    Ok(())
}

fn line(one: &Shown) -> String {
    format!("{}  {}", one.id.as_deref().unwrap_or("(new)"), one.address)
}

fn told(error: ProviderError) -> Fault {
    Fault::Provider(format!("not done: {error}"))
}
