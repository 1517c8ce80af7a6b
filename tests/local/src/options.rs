//! How a stack is started, and what can go wrong then.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::names::FunctionName;

/// Where DynamoDB, SQS, Secrets Manager and event buses are.
#[derive(Debug, Clone, Default)]
pub enum Aws {
    /// Embedded in this process.
    #[default]
    Embedded,
    /// One endpoint for all services, for example ministack.
    Endpoint(String),
    /// A real account: the services' own hosts, credentials from the environment.
    Account,
}

/// How a stack is started. `StackOptions::new` gives what tests want: free ports, nothing kept, the clock's own pace.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The configuration document: `{"tenants": {…}, "aliases": {…}, "subscriptions": {…}}`.
    pub config: Value,
    /// The binary of each function.
    pub functions: BTreeMap<FunctionName, PathBuf>,
    /// The port of the API; AWS is at the next one. 0 = any two free ports.
    pub port: u16,
    /// A directory that keeps the table; else it is in memory.
    pub data: Option<PathBuf>,
    /// Where AWS is.
    pub aws: Aws,
    /// The region of everything.
    pub region: String,
    /// The own origin in links and printed URLs; else the local address.
    pub public_url: Option<String>,
    /// Schedules, back-offs, horizons and times to live run this many times faster.
    pub time_scale: u32,
    /// Whether the reconciler ticks by itself; else only by [`crate::Stack::tick`].
    pub schedule: bool,
    /// The time limit of every function; else each one's own.
    pub time_limit: Option<Duration>,
    /// How many processes of one function may run at once, and how many batches of one queue are handed out at once.
    pub concurrency: usize,
    /// Whether the lines of the functions go to standard error (they are kept for [`crate::Stack::logs`] in any case).
    pub forward_logs: bool,
    /// The functions' log level.
    pub log_level: String,
    /// Further variables for all functions, which win over the stack's own.
    pub environment: BTreeMap<String, String>,
}

impl StackOptions {
    /// A stack for a test.
    #[must_use]
    pub fn new(config: Value, functions: BTreeMap<FunctionName, PathBuf>) -> Self {
        Self {
            config,
            functions,
            port: 0,
            data: None,
            aws: Aws::Embedded,
            region: "us-east-1".to_owned(),
            public_url: None,
            time_scale: 1,
            schedule: false,
            time_limit: None,
            concurrency: 2,
            forward_logs: false,
            log_level: "info".to_owned(),
            environment: BTreeMap::new(),
        }
    }

    /// The five binaries where `cargo build` or `cargo test` puts them: beside the running program, or one folder up
    /// from a test's `deps`.
    pub fn built_functions() -> Result<BTreeMap<FunctionName, PathBuf>, StackError> {
        let own = std::env::current_exe().map_err(StackError::OwnPath)?;
        let folders: Vec<PathBuf> = own.ancestors().skip(1).take(2).map(PathBuf::from).collect();
        let found = |function: FunctionName| {
            let file = format!("{}{}", function.name(), std::env::consts::EXE_SUFFIX);
            let path = folders.iter().map(|folder| folder.join(&file)).find(|path| path.is_file());
            path.map(|path| (function, path)).ok_or(StackError::NoBinary { function })
        };
        FunctionName::ALL.into_iter().map(found).collect()
    }
}

/// Why a stack did not start, or a request to it failed.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The configuration is not an object with `tenants`.
    #[error("the configuration must be an object with the member `tenants`, an object")]
    Config,
    /// A function's binary was not built.
    #[error("the binary of {function} is missing: run `cargo build -p {function}` first")]
    NoBinary {
        /// Whose.
        function: FunctionName,
    },
    /// The path of the running program is unknown.
    #[error("the path of this program cannot be read")]
    OwnPath(#[source] std::io::Error),
    /// A port is taken, or may not be listened on.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Port {
        /// Which.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// The directory for the table cannot be used.
    #[error("the table cannot be kept in {path}: {reason}")]
    Data {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// An embedded part did not start.
    #[error("the embedded table did not start: {0}")]
    Embedded(String),
    /// AWS (embedded or not) refused what the stack needs.
    #[error("{action} failed: {reason}")]
    Aws {
        /// What was asked.
        action: &'static str,
        /// The answer.
        reason: String,
    },
    /// A function's process could not be started.
    #[error("{function} does not start")]
    Spawn {
        /// Whose.
        function: FunctionName,
        /// Why.
        source: std::io::Error,
    },
    /// A function's process ended before it asked for its first event.
    #[error("{function} did not initialise: {how}\n{lines}")]
    Init {
        /// Whose.
        function: FunctionName,
        /// Its exit status.
        how: String,
        /// The last it printed.
        lines: String,
    },
    /// A fault was asked for where the stack does not see the functions' calls.
    #[error("faults need the embedded AWS: with another endpoint the functions call it directly")]
    NoFaults,
}
