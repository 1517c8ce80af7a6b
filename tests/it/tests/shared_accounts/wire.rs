//! The way to the provider: real HTTP, each call an await point at which we can die or lose the answer, and a gate that
//! keeps an answer back.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use idv_gateway::adapters::http::ReqwestHttp;
use idv_gateway::ports::{Http, HttpError, Method, Request, Response};
use idv_it::rig::Chaos;
use idv_it::rig::chaos::Class;
use tokio::sync::Notify;

pub(crate) const NEW_APPLICANT: &str = "POST applicants";
pub(crate) const NEW_CHECK: &str = "POST checks";
pub(crate) const NEW_RUN: &str = "POST workflow_runs";
const OTHER: &str = "another call";

pub(crate) struct Wire {
    inner: ReqwestHttp,
    chaos: Arc<Chaos>,
    gate: Mutex<Option<(&'static str, Arc<Notify>)>>,
}

impl Wire {
    pub(crate) fn new(inner: ReqwestHttp, chaos: Arc<Chaos>) -> Arc<Self> {
        Arc::new(Self { inner, chaos, gate: Mutex::new(None) })
    }

    /// The next answer to such a call is kept back until told.
    pub(crate) fn keep_back(&self, point: &'static str) -> Arc<Notify> {
        let opened = Arc::new(Notify::new());
        *self.gate.lock().unwrap() = Some((point, Arc::clone(&opened)));
        opened
    }

    async fn call(&self, point: &'static str, request: Option<Request>) -> Result<Response, HttpError> {
        let answer = self.inner.send(request.ok_or(HttpError::Broken)?).await;
        let gate = self.gate.lock().unwrap().take_if(|(kept, _)| *kept == point);
        if let Some((_, opened)) = gate {
            opened.notified().await;
        }
        answer
    }
}

#[async_trait]
impl Http for Wire {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let point = point_of(&request);
        let request = Mutex::new(Some(request));
        let again = || self.call(point, request.lock().unwrap().take());
        self.chaos.call(point, again, fault).await
    }
}

fn point_of(request: &Request) -> &'static str {
    let last = request.url.path_segments().and_then(|mut all| all.next_back()).unwrap_or_default();
    match (request.method, last) {
        (Method::Post, "applicants") => NEW_APPLICANT,
        (Method::Post, "checks") => NEW_CHECK,
        (Method::Post, "workflow_runs") => NEW_RUN,
        _ => OTHER,
    }
}

fn fault(class: Class) -> HttpError {
    match class {
        Class::Passing => HttpError::Unreachable,
        Class::Lost => HttpError::TimedOut,
        Class::Hard => HttpError::Broken,
    }
}
