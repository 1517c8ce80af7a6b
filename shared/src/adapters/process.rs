//! One process of a function, wired: environment → clients → ports. A `main` says only what it serves.

use std::sync::Arc;

use thiserror::Error;

use crate::gateway::Gateway;
use crate::section::Fault;

use super::aws::{Aws, Patience};
use super::dynamodb::DynamoLedger;
use super::environment::Environment;
use super::http::{HttpLimits, ReqwestHttp};
use super::secrets_manager::SecretsVault;
use super::sqs::{Served, SqsBells};
use super::{log, world};

/// Why a process cannot start. It names settings, never values.
#[derive(Debug, Error)]
pub enum NotStarted {
    /// The environment is not as it must be.
    #[error("the environment is wrong: {}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Environment {
        /// Every fault.
        faults: Vec<Fault>,
    },
    /// A client cannot be made.
    #[error("a client cannot be made: {0}")]
    Client(&'static str),
}

/// The wired process.
pub struct Process {
    /// The ports.
    pub gateway: Gateway,
    /// What it was told.
    pub environment: Environment,
    /// More clients, for who needs them.
    pub aws: Aws,
}

impl Process {
    /// Reads the environment, starts the log, makes the clients, and uses what is free at start-up: the vault's index
    /// and named tenants are read and the queue's connection is opened. What fails of that is tried again when needed.
    ///
    /// # Errors
    /// See [`NotStarted`].
    pub async fn start(patience: Patience, served: Served) -> Result<Self, NotStarted> {
        let environment = Environment::read().map_err(|faults| NotStarted::Environment { faults })?;
        log::start(environment.log);
        let aws = Aws::new(&environment.aws, patience).map_err(|_| NotStarted::Client("credentials are not text"))?;
        let world = world::system(environment.pace);
        let http = ReqwestHttp::new(environment.allow_local_targets, HttpLimits::default(), Arc::clone(&world.clock))
            .map_err(|_| NotStarted::Client("http"))?;
        let prefix = environment.secret_prefix.clone();
        let vault = SecretsVault::on(aws.secrets_manager(), prefix, world.clone(), environment.rules());
        let bells = SqsBells::new(aws.sqs(), environment.queues.clone(), served);
        tokio::join!(vault.prefetch(), bells.warm());
        let gateway = Gateway {
            ledger: Arc::new(DynamoLedger::new(aws.dynamodb(), environment.table.clone(), environment.pace)),
            bells: Arc::new(bells),
            vault: Arc::new(vault),
            http: Arc::new(http),
            world,
            public_url: environment.public_url.clone(),
            calls_until: None,
        };
        Ok(Self { gateway, environment, aws })
    }
}
