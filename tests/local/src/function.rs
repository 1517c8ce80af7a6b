//! A function: its processes, and how it is invoked.
//!
//! One invocation at a time per process, as on Lambda; a further process starts when all are busy, up to the concurrency of
//! the stack. A process that died is replaced when the next invocation comes. An invocation goes on when its caller leaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::calls::CallBook;
use crate::emulators::ACCOUNT;
use crate::names::FunctionName;
use crate::options::StackError;
use crate::process::{Blueprint, Ending, Process};
use crate::runtime_api::Answer;

/// How an invocation ended, as the Invoke API tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoked {
    /// 200, whatever the function did; else the Invoke API refused.
    pub status: u16,
    /// `Unhandled` when the function failed, died or exceeded its time.
    pub function_error: Option<&'static str>,
    /// What the function said.
    pub payload: Value,
}

/// One function.
pub(crate) struct Function {
    blueprint: Arc<Blueprint>,
    region: String,
    places: Semaphore,
    processes: Mutex<Vec<Arc<Process>>>,
    running: AtomicUsize,
}

/// What an invocation gave, byte for byte.
pub(crate) enum Outcome {
    Returned(Bytes),
    Failed(Bytes),
}

impl Function {
    pub(crate) fn new(blueprint: Blueprint, region: &str, concurrency: usize) -> Self {
        Self {
            blueprint: Arc::new(blueprint),
            region: region.to_owned(),
            places: Semaphore::new(concurrency.max(1)),
            processes: Mutex::default(),
            running: AtomicUsize::new(0),
        }
    }

    pub(crate) fn name(&self) -> FunctionName {
        self.blueprint.function
    }

    pub(crate) fn calls(&self) -> Arc<CallBook> {
        Arc::clone(&self.blueprint.calls)
    }

    /// Starts a first process and waits until it is ready, so that a function which cannot start is seen at once.
    pub(crate) async fn warm(&self) -> Result<(), StackError> {
        let function = self.name();
        let process = self.start().await.map_err(|source| StackError::Spawn { function, source })?;
        let ready = process.ready().await;
        process.release();
        ready.map_err(|how| StackError::Init { function, how, lines: self.blueprint.logs.last(function) })
    }

    /// Invokes it and waits for the end.
    pub(crate) async fn invoke(self: &Arc<Self>, event: Bytes, qualifier: Option<&str>) -> Outcome {
        let mut arn = format!("arn:aws:lambda:{}:{ACCOUNT}:function:{}", self.region, self.name());
        if let Some(qualifier) = qualifier {
            arn.push(':');
            arn.push_str(qualifier);
        }
        let this = Arc::clone(self);
        // counted from here, so that whoever sees it at rest knows that nothing is under way
        self.running.fetch_add(1, Ordering::AcqRel);
        let run = tokio::spawn(async move {
            let outcome = this.run(event, arn).await;
            this.running.fetch_sub(1, Ordering::AcqRel);
            outcome
        });
        run.await.unwrap_or_else(|error| failed("Runtime.Unknown", &error.to_string()))
    }

    async fn run(&self, event: Bytes, arn: String) -> Outcome {
        let Ok(_place) = self.places.acquire().await else {
            return failed("Runtime.Unknown", "the stack stops");
        };
        let process = match self.free() {
            Some(process) => process,
            None => match self.start().await {
                Ok(process) => process,
                Err(error) => return failed("Runtime.InvalidEntrypoint", &error.to_string()),
            },
        };
        let ending = process.invoke(event, arn).await;
        process.release();
        match ending {
            Ending::Answered(Answer::Returned(bytes)) => Outcome::Returned(bytes),
            Ending::Answered(Answer::Failed(bytes)) => Outcome::Failed(bytes),
            Ending::Broken(kind, message) => failed(kind, &message),
        }
    }

    /// A process that is alive and free, taken.
    fn free(&self) -> Option<Arc<Process>> {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        processes.retain(|process| process.is_alive());
        processes.iter().find(|process| process.take()).cloned()
    }

    /// A new process, taken.
    async fn start(&self) -> std::io::Result<Arc<Process>> {
        let process = Arc::new(self.blueprint.start().await?);
        process.take();
        self.processes.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&process));
        Ok(process)
    }

    /// SIGKILL for all its processes; returns when they are dead.
    pub(crate) async fn kill(&self) {
        let processes = std::mem::take(&mut *self.processes.lock().unwrap_or_else(PoisonError::into_inner));
        for process in processes {
            process.kill().await;
        }
    }

    /// Takes no invocation any more, and kills its processes.
    pub(crate) async fn close(&self) {
        self.places.close();
        self.kill().await;
    }

    /// Whether no invocation is under way.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.running.load(Ordering::Acquire) == 0
    }
}

impl Outcome {
    /// In the words of the Invoke API.
    pub(crate) fn told(&self) -> Invoked {
        let (function_error, bytes) = match self {
            Self::Returned(bytes) => (None, bytes),
            Self::Failed(bytes) => (Some("Unhandled"), bytes),
        };
        let text = || Value::String(String::from_utf8_lossy(bytes).into_owned());
        let payload = serde_json::from_slice(bytes).unwrap_or_else(|_| text());
        Invoked { status: 200, function_error, payload }
    }
}

fn failed(kind: &str, message: &str) -> Outcome {
    let body = json!({"errorType": kind, "errorMessage": message});
    Outcome::Failed(Bytes::from(body.to_string()))
}
