//! What one process is served on its own listener: the Lambda Runtime API, and AWS.
//!
//! An invocation waits until the process asks for it (`next`), is the process's only one until it is answered
//! (`response`, `error`), and is answered once: an answer to another id is refused with 400, as Lambda does. Calls are
//! carried out in a task of their own, because a call that has arrived has its effect even when the caller dies meanwhile.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use crate::calls::{AwsCall, CallBook, Effect, Strike};
use crate::emulators::{self, Emulators};
use crate::logs::{LogLine, Logs};
use crate::names::FunctionName;

/// Lambda's largest answer is 6 MB; a call to AWS may have 16 MiB.
const MAX_BODY: usize = 16 * 1024 * 1024;
const PREFIX: &str = "/2018-06-01/runtime/";

/// One event on its way to a process.
pub(crate) struct Invocation {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) event: Bytes,
    pub(crate) deadline_ms: u128,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// What the function said.
#[derive(Debug)]
pub(crate) enum Answer {
    Returned(Bytes),
    Failed(Bytes),
}

/// Where a process is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Life {
    Starting,
    Ready,
    Gone(String),
}

/// The two ends by which a process is watched and killed.
pub(crate) struct Hold {
    pub(crate) life: watch::Sender<Life>,
    pub(crate) kill: tokio::sync::Notify,
}

impl Hold {
    /// Kills the process and waits until it is dead.
    pub(crate) async fn kill(&self) {
        self.kill.notify_one();
        self.gone().await;
    }

    /// Waits until the process has ended and says how.
    pub(crate) async fn gone(&self) -> String {
        let mut life = self.life.subscribe();
        match life.wait_for(|now| matches!(now, Life::Gone(_))).await.as_deref() {
            Ok(Life::Gone(how)) => how.clone(),
            Ok(Life::Starting | Life::Ready) | Err(_) => "not watched any more".to_owned(),
        }
    }
}

/// What one process is served.
pub(crate) struct Desk {
    pub(crate) function: FunctionName,
    pub(crate) invocations: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    pub(crate) current: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    pub(crate) hold: Arc<Hold>,
    pub(crate) calls: Arc<CallBook>,
    pub(crate) emulators: Option<Arc<Emulators>>,
    pub(crate) logs: Arc<Logs>,
}

/// The routes of one process.
pub(crate) fn router(desk: Arc<Desk>) -> Router {
    Router::new().fallback(serve).with_state(desk)
}

async fn serve(State(desk): State<Arc<Desk>>, request: Request<Body>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let Some(call) = called(&path, request.headers()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let strike = desk.calls.arrived(&call);
    if call == AwsCall::new("runtime", "next") && strike.is_none() {
        // not in a task of its own: a dead process's question must not take an invocation
        return desk.next().await;
    }
    let carried = tokio::spawn(async move { desk.carry_out(call, &path, strike, request).await });
    carried.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn called(path: &str, headers: &HeaderMap) -> Option<AwsCall> {
    match path.strip_prefix(PREFIX) {
        Some("invocation/next") => Some(AwsCall::new("runtime", "next")),
        Some("init/error") => Some(AwsCall::new("runtime", "init-error")),
        Some(other) if other.ends_with("/response") => Some(AwsCall::new("runtime", "response")),
        Some(other) if other.ends_with("/error") => Some(AwsCall::new("runtime", "error")),
        Some(_) => None,
        None => AwsCall::of(headers),
    }
}

impl Desk {
    async fn carry_out(
        &self,
        call: AwsCall,
        path: &str,
        strike: Option<Strike>,
        request: Request<Body>,
    ) -> Response<Body> {
        let Some(strike) = strike else {
            return self.answer(&call, path, request).await;
        };
        let answered = if strike.spares_the_call() { Some(self.answer(&call, path, request).await) } else { None };
        let response = match strike.effect {
            Effect::Kill => {
                self.hold.kill().await;
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            Effect::Fail => {
                emulators::failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "as a test wants")
            }
            Effect::Break => broken(answered),
        };
        strike.done();
        response
    }

    async fn answer(&self, call: &AwsCall, path: &str, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, MAX_BODY).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        let id = path.rsplit('/').nth(1).unwrap_or_default();
        match (call.service.as_str(), call.operation.as_str()) {
            ("runtime", "next") => self.next().await,
            ("runtime", "response") => self.answered(id, Answer::Returned(body)),
            ("runtime", "error") => self.answered(id, Answer::Failed(body)),
            ("runtime", _) => {
                let text = format!("initialisation failed: {}", String::from_utf8_lossy(&body));
                self.logs.take(LogLine { function: self.function, text }).await;
                accepted()
            }
            _ => match &self.emulators {
                Some(emulators) => emulators.call(call, parts.headers, body).await,
                None => StatusCode::NOT_FOUND.into_response(),
            },
        }
    }

    async fn next(&self) -> Response<Body> {
        self.hold.life.send_if_modified(|life| {
            let first = *life == Life::Starting;
            if first {
                *life = Life::Ready;
            }
            first
        });
        let Some(invocation) = self.invocations.lock().await.recv().await else {
            return StatusCode::GONE.into_response();
        };
        let Invocation { id, arn, event, deadline_ms, answer } = invocation;
        let mut response = Response::new(Body::from(event));
        let mut name = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        };
        name("content-type", "application/json");
        name("lambda-runtime-aws-request-id", &id);
        name("lambda-runtime-deadline-ms", &deadline_ms.to_string());
        name("lambda-runtime-invoked-function-arn", &arn);
        name("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0");
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some((id, answer));
        response
    }

    fn answered(&self, id: &str, answer: Answer) -> Response<Body> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match current.take_if(|(expected, _)| expected == id) {
            Some((_, waiting)) => {
                // nobody waits any more: the invocation was given up, the answer counts for nothing
                let _ = waiting.send(answer);
                accepted()
            }
            None => {
                let body: Value = json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"});
                (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
            }
        }
    }
}

fn accepted() -> Response<Body> {
    (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response()
}

/// A head that promises more than the body gives: the client sees the connection end in the middle.
fn broken(answered: Option<Response<Body>>) -> Response<Body> {
    let (mut parts, _) = answered.unwrap_or_else(|| StatusCode::OK.into_response()).into_parts();
    let cut = stream::once(async { Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset)) });
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("1024"));
    Response::from_parts(parts, Body::from_stream(cut))
}

/// The time limit as Lambda tells it: milliseconds since 1970.
pub(crate) fn deadline_ms(limit: Duration) -> u128 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    (now + limit).as_millis()
}
