//! One process of a function, with its listener.
//!
//! The process lives as long as this value: dropping it ends the task that owns the child, and `kill_on_drop` kills it, so
//! a test that panics leaves nothing behind. It has a process group of its own, so that Ctrl-C reaches the stack alone,
//! which then ends its processes in order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use tokio::io::AsyncRead;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};

use crate::calls::CallBook;
use crate::emulators::Emulators;
use crate::logs::{LogLine, Logs};
use crate::names::FunctionName;
use crate::runtime_api::{self, Answer, Desk, Hold, Invocation, Life};

/// Lambda gives a function 10 s to initialise.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// A pipe that a grandchild holds open must not keep a dead process among the living.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What every process of a function is made from.
pub(crate) struct Blueprint {
    pub(crate) function: FunctionName,
    pub(crate) binary: PathBuf,
    pub(crate) time_limit: Duration,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) emulators: Option<Arc<Emulators>>,
    pub(crate) calls: Arc<CallBook>,
    pub(crate) logs: Arc<Logs>,
}

/// A running process.
pub(crate) struct Process {
    blueprint: Arc<Blueprint>,
    invocations: mpsc::UnboundedSender<Invocation>,
    hold: Arc<Hold>,
    busy: AtomicBool,
    tasks: [AbortHandle; 2],
}

/// How an invocation ended.
#[derive(Debug)]
pub(crate) enum Ending {
    Answered(Answer),
    /// With the type and the message that Lambda gives.
    Broken(&'static str, String),
}

impl Blueprint {
    /// Starts a process; it is not ready yet.
    pub(crate) async fn start(self: &Arc<Self>) -> std::io::Result<Process> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let mut child = self.command(&address).spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let hold = Arc::new(Hold { life: watch::Sender::new(Life::Starting), kill: Notify::new() });
        let (invocations, waiting) = mpsc::unbounded_channel();
        let desk = Desk {
            function: self.function,
            invocations: tokio::sync::Mutex::new(waiting),
            current: Mutex::new(None),
            hold: Arc::clone(&hold),
            calls: Arc::clone(&self.calls),
            emulators: self.emulators.clone(),
            logs: Arc::clone(&self.logs),
        };
        let server = tokio::spawn(axum::serve(listener, runtime_api::router(Arc::new(desk))).into_future());
        let mut followed = JoinSet::new();
        if let Some(output) = stdout {
            self.follow(&mut followed, output);
        }
        if let Some(output) = stderr {
            self.follow(&mut followed, output);
        }
        let watched = tokio::spawn(watch_over(child, followed, Arc::clone(&hold)));
        let tasks = [server.abort_handle(), watched.abort_handle()];
        Ok(Process { blueprint: Arc::clone(self), invocations, hold, busy: AtomicBool::new(false), tasks })
    }

    fn follow(self: &Arc<Self>, followed: &mut JoinSet<()>, output: impl AsyncRead + Send + Unpin + 'static) {
        let this = Arc::clone(self);
        followed.spawn(async move { this.logs.follow(this.function, output).await });
    }

    fn command(&self, address: &str) -> Command {
        let mut command = Command::new(&self.binary);
        let root = self.binary.parent().unwrap_or(Path::new("/"));
        command
            .env_clear()
            .current_dir(root)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", self.function.name())
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.function))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
            .env("_HANDLER", "bootstrap")
            .env("TZ", ":UTC");
        if self.emulators.is_some() {
            let endpoint = format!("http://{address}");
            for service in ["", "_DYNAMODB", "_SQS", "_SECRETS_MANAGER", "_EVENTBRIDGE"] {
                command.env(format!("AWS_ENDPOINT_URL{service}"), &endpoint);
            }
        }
        command.envs(&self.environment);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        command
    }
}

async fn watch_over(mut child: Child, mut followed: JoinSet<()>, hold: Arc<Hold>) {
    let ended = tokio::select! {
        ended = child.wait() => ended,
        () = hold.kill.notified() => {
            // it may have ended by itself in between: then the wait says how
            let _ = child.start_kill();
            child.wait().await
        }
    };
    let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
    // what it printed last is read before anybody learns that it is gone
    let _ = tokio::time::timeout(LAST_WORDS, async { while followed.join_next().await.is_some() {} }).await;
    hold.life.send_replace(Life::Gone(how));
}

impl Process {
    /// Takes the process for one invocation, when it is free and alive.
    pub(crate) fn take(&self) -> bool {
        self.is_alive() && !self.busy.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn release(&self) {
        self.busy.store(false, Ordering::Release);
    }

    pub(crate) fn is_alive(&self) -> bool {
        !matches!(*self.hold.life.borrow(), Life::Gone(_))
    }

    /// SIGKILL; returns when it is dead.
    pub(crate) async fn kill(&self) {
        if self.is_alive() {
            self.hold.kill().await;
        }
    }

    /// Waits until it asks for its first event; else says how it ended.
    pub(crate) async fn ready(&self) -> Result<(), String> {
        let mut life = self.hold.life.subscribe();
        let now = tokio::time::timeout(INIT_LIMIT, life.wait_for(|now| *now != Life::Starting)).await;
        match now {
            Ok(Ok(now)) => match &*now {
                Life::Gone(how) => Err(how.clone()),
                Life::Starting | Life::Ready => Ok(()),
            },
            Ok(Err(_)) => Err("not watched any more".to_owned()),
            Err(_) => Err(format!("no first event was asked for within {} s", INIT_LIMIT.as_secs())),
        }
    }

    /// Hands an event to the process and waits for the answer, its death or the time limit.
    pub(crate) async fn invoke(&self, event: Bytes, arn: String) -> Ending {
        let id = request_id();
        let exited =
            |how: String| Ending::Broken("Runtime.ExitError", format!("RequestId: {id} Error: Runtime exited: {how}"));
        if let Err(how) = self.ready().await {
            self.kill().await;
            return exited(how);
        }
        let limit = self.blueprint.time_limit;
        let deadline_ms = runtime_api::deadline_ms(limit);
        let (answer, answered) = oneshot::channel();
        // a process that is gone takes nothing: its death is seen below
        let _ = self.invocations.send(Invocation { id: id.clone(), arn, event, deadline_ms, answer });
        tokio::select! {
            biased;
            Ok(answer) = answered => Ending::Answered(answer),
            how = self.hold.gone() => exited(how),
            () = tokio::time::sleep(limit) => {
                self.kill().await;
                let message = format!("RequestId: {id} Error: Task timed out after {:.2} seconds", limit.as_secs_f64());
                let text = message.clone();
                self.blueprint.logs.take(LogLine { function: self.blueprint.function, text }).await;
                Ending::Broken("Sandbox.Timedout", message)
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Unique in this process, in the form of Lambda's ids.
pub(crate) fn request_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{seconds:08x}-0000-4000-8000-{count:012x}")
}
