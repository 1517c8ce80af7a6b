//! The stack: everything started in its order, and ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::clients::{self, Clients};
use crate::emulators::Emulators;
use crate::event_source::EventSource;
use crate::function::Function;
use crate::logs::Logs;
use crate::names::{FunctionName, SourceQueue};
use crate::options::{Aws, StackError, StackOptions};
use crate::process::Blueprint;
use crate::resources::{self, PREFIX, Queues};
use crate::{schedule, server};

/// A running stack. Dropping it ends everything; [`Stack::stop`] does so in order and waits.
pub struct Stack {
    pub(crate) running: Arc<Running>,
    ports: Ports,
    public_url: String,
    pub(crate) region: String,
    pub(crate) clients: Clients,
    pub(crate) queues: Queues,
    pub(crate) emulators: Option<Arc<Emulators>>,
    pub(crate) logs: Arc<Logs>,
    /// The document, and each tenant's version.
    pub(crate) config: Mutex<(Value, BTreeMap<String, String>)>,
    tasks: Tasks,
}

/// The functions and the aliases: what the API needs.
pub(crate) struct Running {
    pub(crate) functions: [Arc<Function>; 5],
    aliases: Mutex<BTreeSet<String>>,
}

impl Running {
    pub(crate) fn function(&self, name: FunctionName) -> Arc<Function> {
        let [ingress, fetcher, initiator, deliverer, reconciler] = &self.functions;
        Arc::clone(match name {
            FunctionName::WebhookIngress => ingress,
            FunctionName::EventFetcher => fetcher,
            FunctionName::OnboardingInitiator => initiator,
            FunctionName::ResultDeliverer => deliverer,
            FunctionName::Reconciler => reconciler,
        })
    }

    /// Whether a path has the shape of an alias: its last part may be any other.
    pub(crate) fn is_alias(&self, path: &str) -> bool {
        let parent = |path: &str| path.rsplit_once('/').map(|(parent, _)| parent.to_owned());
        let (aliases, own) = (self.aliases.lock().unwrap_or_else(PoisonError::into_inner), parent(path));
        let beside =
            own.is_some_and(|own| !own.is_empty() && aliases.iter().any(|alias| parent(alias) == Some(own.clone())));
        beside || aliases.contains(path)
    }
}

/// Tasks that end with the stack, however it ends.
#[derive(Default)]
struct Tasks(Vec<AbortHandle>);

impl Tasks {
    fn push<T>(&mut self, task: &tokio::task::JoinHandle<T>) {
        self.0.push(task.abort_handle());
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

struct Ports {
    api_url: String,
    aws_url: Option<String>,
}

async fn listen(port: u16) -> Result<(TcpListener, String), StackError> {
    let failed = |source| StackError::Port { port, source };
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, format!("http://{address}")))
}

impl Stack {
    /// Starts everything; when it returns, every function is ready.
    pub async fn start(options: StackOptions) -> Result<Self, StackError> {
        let (api, api_url) = listen(options.port).await?;
        let mut tasks = Tasks::default();
        let (emulators, aws_url) = match &options.aws {
            Aws::Embedded => {
                let port = if options.port == 0 { 0 } else { options.port.saturating_add(1) };
                let (listener, url) = listen(port).await?;
                let emulators = Emulators::start(options.data.as_deref(), &options.region, url.clone()).await?;
                let emulators = Arc::new(emulators);
                tasks.push(&server::serve_aws(listener, Arc::clone(&emulators)));
                (Some(emulators), Some(url))
            }
            Aws::Endpoint(url) => (None, Some(url.trim_end_matches('/').to_owned())),
            Aws::Account => (None, None),
        };
        let credentials = clients::credentials(emulators.is_some());
        let clients = Clients::new(aws_url.as_deref(), &options.region, credentials);
        resources::create_table(&clients).await?;
        let queues = resources::create_queues(&clients).await?;
        let versions = resources::put_config(&clients, &options.config).await?;

        let logs = Arc::new(Logs::new(options.forward_logs));
        let public_url = options.public_url.clone().unwrap_or_else(|| api_url.clone());
        let public_url = public_url.trim_end_matches('/').to_owned();
        let ports = Ports { api_url, aws_url };
        let environment = environment(&options, &ports, &public_url, &queues, emulators.is_some());
        let running = Arc::new(functions(&options, &environment, emulators.as_ref(), &logs)?);
        warm(&running).await?;

        tasks.push(&server::serve_api(api, Arc::clone(&running)));
        let config = Mutex::new((options.config.clone(), versions));
        let region = options.region.clone();
        let mut stack = Self { running, ports, public_url, region, clients, queues, emulators, logs, config, tasks };
        stack.start_sources(&options);
        stack.start_clock(&options);
        Ok(stack)
    }

    fn start_sources(&mut self, options: &StackOptions) {
        for source in SourceQueue::ALL {
            let source = Arc::new(EventSource {
                source,
                url: self.queues.of(source).to_owned(),
                region: options.region.clone(),
                queues: self.clients.queues.clone(),
                function: self.running.function(source.function()),
                emulators: self.emulators.clone(),
                logs: Arc::clone(&self.logs),
                time_scale: options.time_scale,
            });
            for _ in 0..options.concurrency.max(1) {
                self.tasks.push(&tokio::spawn(Arc::clone(&source).run()));
            }
        }
    }

    fn start_clock(&mut self, options: &StackOptions) {
        if options.schedule {
            let reconciler = self.running.function(FunctionName::Reconciler);
            self.tasks.push(&tokio::spawn(schedule::run(reconciler, options.region.clone(), options.time_scale)));
        }
        if let Some(emulators) = &self.emulators {
            self.tasks.push(&tokio::spawn(schedule::sweep(Arc::clone(emulators), options.time_scale)));
        }
    }

    /// Ends everything and waits until no process is left.
    pub async fn stop(self) {
        let Self { running, tasks, .. } = self;
        drop(tasks);
        for function in &running.functions {
            function.close().await;
        }
    }

    /// Where the API and Lambda's Invoke API are, for example `http://127.0.0.1:8700`.
    #[must_use]
    pub fn api_url(&self) -> &str {
        &self.ports.api_url
    }

    /// Where DynamoDB, SQS, Secrets Manager and event buses are; `None` with a real account.
    #[must_use]
    pub fn aws_url(&self) -> Option<&str> {
        self.ports.aws_url.as_deref()
    }

    /// The origin in links and printed URLs.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The table's name.
    #[must_use]
    pub fn table(&self) -> &'static str {
        PREFIX
    }

    /// The prefix of the secrets' names.
    #[must_use]
    pub fn secret_prefix(&self) -> &'static str {
        PREFIX
    }

    /// The queues' URLs.
    #[must_use]
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// A client of the table.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.clients.table.clone()
    }

    /// A client of the queues.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        self.clients.queues.clone()
    }

    /// A client of the secrets.
    #[must_use]
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        self.clients.secrets.clone()
    }

    /// What a script needs to know, as `idv local` prints it.
    #[must_use]
    pub fn summary(&self) -> Value {
        json!({
            "aws": self.ports.aws_url,
            "region": self.region,
            "table": PREFIX,
            "queues": {
                "notices": self.queues.notices,
                "notices_dlq": self.queues.notices_dlq,
                "deliveries": self.queues.deliveries,
                "deliveries_dlq": self.queues.deliveries_dlq,
            },
            "secret_prefix": PREFIX,
        })
    }
}

/// The variables of every function: the contract with them, and nothing of this process's own environment.
fn environment(
    options: &StackOptions,
    ports: &Ports,
    public_url: &str,
    queues: &Queues,
    embedded: bool,
) -> BTreeMap<String, String> {
    let credentials = clients::credentials(embedded);
    let mut variables: BTreeMap<String, String> = [
        ("IDV_TABLE", PREFIX),
        ("IDV_NOTICES_URL", &queues.notices),
        ("IDV_NOTICES_DLQ_URL", &queues.notices_dlq),
        ("IDV_DELIVERIES_URL", &queues.deliveries),
        ("IDV_DELIVERIES_DLQ_URL", &queues.deliveries_dlq),
        ("IDV_SECRET_PREFIX", PREFIX),
        ("IDV_PUBLIC_URL", public_url),
        ("IDV_LOG", &options.log_level),
        ("IDV_REQUIRE_TENANT_ALIAS", "false"),
        // nothing is said, so with local targets any may be named
        ("IDV_ALLOWED_TARGETS", ""),
        ("IDV_TIME_SCALE", &options.time_scale.max(1).to_string()),
        ("IDV_ALLOW_LOCAL_TARGETS", "true"),
        ("AWS_REGION", &options.region),
        ("AWS_DEFAULT_REGION", &options.region),
        ("AWS_ACCESS_KEY_ID", credentials.access_key_id()),
        ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    if let Some(token) = credentials.session_token() {
        variables.insert("AWS_SESSION_TOKEN".to_owned(), token.to_owned());
    }
    // embedded, each process gets an endpoint of its own instead
    if let Some(url) = ports.aws_url.as_ref().filter(|_| !embedded) {
        for service in ["", "_DYNAMODB", "_SQS", "_SECRETS_MANAGER", "_EVENTBRIDGE"] {
            variables.insert(format!("AWS_ENDPOINT_URL{service}"), url.clone());
        }
    }
    variables.extend(options.environment.clone());
    variables
}

fn functions(
    options: &StackOptions,
    environment: &BTreeMap<String, String>,
    emulators: Option<&Arc<Emulators>>,
    logs: &Arc<Logs>,
) -> Result<Running, StackError> {
    let make = |function: FunctionName| -> Result<Arc<Function>, StackError> {
        let binary = options.functions.get(&function).cloned().ok_or(StackError::NoBinary { function })?;
        let blueprint = Blueprint {
            function,
            binary,
            time_limit: options.time_limit.unwrap_or_else(|| function.time_limit()),
            environment: environment.clone(),
            emulators: emulators.cloned(),
            calls: Arc::default(),
            logs: Arc::clone(logs),
        };
        Ok(Arc::new(Function::new(blueprint, &options.region, options.concurrency)))
    };
    let aliases = options.config.get("aliases").and_then(Value::as_object);
    Ok(Running {
        functions: [
            make(FunctionName::WebhookIngress)?,
            make(FunctionName::EventFetcher)?,
            make(FunctionName::OnboardingInitiator)?,
            make(FunctionName::ResultDeliverer)?,
            make(FunctionName::Reconciler)?,
        ],
        aliases: Mutex::new(aliases.into_iter().flatten().map(|(path, _)| path.clone()).collect()),
    })
}

async fn warm(running: &Running) -> Result<(), StackError> {
    let [ingress, fetcher, initiator, deliverer, reconciler] = &running.functions;
    tokio::try_join!(ingress.warm(), fetcher.warm(), initiator.warm(), deliverer.warm(), reconciler.warm())?;
    Ok(())
}
