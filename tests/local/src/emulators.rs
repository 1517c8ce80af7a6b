//! DynamoDB, SQS, Secrets Manager and event buses in this process, behind one front that tells them apart by
//! `X-Amz-Target`.
//!
//! dynoxide brings its own HTTP server, which listens on a loopback port of its own; requests are handed on to it as they
//! are. winterbaume is called in process: it keys its state by the region in the host name, so the front presents
//! `{service}.{region}.amazonaws.com` whatever the client called. No signature is checked: any credentials will do.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use dynoxide::Database;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use winterbaume_core::{MockRequest, MockService};
use winterbaume_secretsmanager::SecretsManagerService;
use winterbaume_sqs::SqsService;

use crate::calls::AwsCall;
use crate::event_buses::EventBuses;
use crate::options::StackError;
use crate::queue_rules::{self, Refusal};

/// The account in every ARN.
pub(crate) const ACCOUNT: &str = "000000000000";
/// DynamoDB's largest request is 16 MiB.
const MAX_REQUEST: usize = 16 * 1024 * 1024;
/// Receipts whose visibility somebody changed: asked about once each, right after the invocation.
const HIDDEN_KEPT: usize = 10_000;
const JSON: &str = "application/x-amz-json-1.0";

/// The embedded AWS.
pub(crate) struct Emulators {
    table: Database,
    table_at: String,
    client: Client<HttpConnector, Body>,
    queues: SqsService,
    secrets: SecretsManagerService,
    buses: EventBuses,
    region: String,
    url: String,
    hidden: Mutex<BTreeSet<String>>,
    // dropped with the rest: ends dynoxide's server
    _stop: oneshot::Sender<()>,
}

impl Emulators {
    /// `url` is where clients reach the front.
    pub(crate) async fn start(data: Option<&Path>, region: &str, url: String) -> Result<Self, StackError> {
        winterbaume_core::set_default_account_id(ACCOUNT);
        let embedded = |error: &dyn std::fmt::Display| StackError::Embedded(error.to_string());
        let table = match data {
            Some(folder) => open(folder).await?,
            None => Database::memory().map_err(|error| embedded(&error))?,
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| embedded(&error))?;
        let address = listener.local_addr().map_err(|error| embedded(&error))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let served = table.clone();
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, served, async {
            let _ = stopped.await;
        }));
        Ok(Self {
            table,
            table_at: format!("http://{address}/"),
            client: Client::builder(TokioExecutor::new()).build_http(),
            queues: SqsService::new(),
            secrets: SecretsManagerService::new(),
            buses: EventBuses::default(),
            region: region.to_owned(),
            url,
            hidden: Mutex::default(),
            _stop: stop,
        })
    }

    /// Deletes what has expired: dynoxide does not by itself.
    pub(crate) async fn sweep(&self) {
        let table = self.table.clone();
        // a sweep that fails is made up for by the next one, as on AWS, where it may take days
        let _ = tokio::task::spawn_blocking(move || table.sweep_ttl()).await;
    }

    /// A request from a client outside.
    pub(crate) async fn serve(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, MAX_REQUEST).await else {
            return failure(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "above 16 MiB");
        };
        if parts.method == Method::GET && parts.uri.path() == "/" {
            return (StatusCode::OK, "DynamoDB, SQS, Secrets Manager, EventBridge (PutEvents)\n").into_response();
        }
        match AwsCall::of(&parts.headers) {
            Some(call) => self.call(&call, parts.headers, body).await,
            None => failure(
                StatusCode::BAD_REQUEST,
                "UnknownOperationException",
                "no X-Amz-Target of DynamoDB, SQS, Secrets Manager or EventBridge (the old query protocol is not spoken here)",
            ),
        }
    }

    /// Carries out one call.
    pub(crate) async fn call(&self, call: &AwsCall, headers: HeaderMap, body: Bytes) -> Response<Body> {
        match call.service.as_str() {
            "dynamodb" => self.table_call(headers, body).await,
            "sqs" => self.queue_call(&call.operation, headers, &body).await,
            "secretsmanager" => emulated(&self.secrets, self.request("secretsmanager", headers, body)).await,
            "events" => self.buses.call(&call.operation, &body),
            _ => failure(StatusCode::NOT_IMPLEMENTED, "UnknownOperationException", "not part of the local stack"),
        }
    }

    async fn table_call(&self, mut headers: HeaderMap, body: Bytes) -> Response<Body> {
        headers.remove(header::HOST);
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::TRANSFER_ENCODING);
        headers.remove(header::CONNECTION);
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = Method::POST;
        *request.headers_mut() = headers;
        let sent = match self.table_at.parse() {
            Ok(uri) => {
                *request.uri_mut() = uri;
                self.client.request(request).await
            }
            Err(_) => {
                return failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "no address");
            }
        };
        match sent {
            Ok(answer) => answer.map(Body::new),
            Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", &error.to_string()),
        }
    }

    async fn queue_call(&self, operation: &str, headers: HeaderMap, body: &Bytes) -> Response<Body> {
        let Ok(mut request) = serde_json::from_slice::<Value>(body) else {
            return failure(StatusCode::BAD_REQUEST, "SerializationException", "the body is not JSON");
        };
        if let Err(Refusal { code, message }) = queue_rules::inbound(operation, &mut request) {
            return queue_answer(StatusCode::BAD_REQUEST, &json!({"__type": code, "message": message}));
        }
        if operation.starts_with("ChangeMessageVisibility") {
            self.note_hidden(&request);
        }
        let dressed = self.request("sqs", headers, Bytes::from(request.to_string()));
        let answer = self.queues.handle(dressed).await;
        let mut said = serde_json::from_slice(&answer.body).unwrap_or_else(|_| json!({}));
        queue_rules::outbound(operation, &request, &mut said, &self.url);
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        queue_answer(status, &said)
    }

    fn note_hidden(&self, request: &Value) {
        let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        if hidden.len() > HIDDEN_KEPT {
            hidden.clear();
        }
        let entries = request.get("Entries").and_then(Value::as_array);
        for one in entries.into_iter().flatten().chain([request]) {
            hidden.extend(one.get("ReceiptHandle").and_then(Value::as_str).map(str::to_owned));
        }
    }

    /// Whether somebody changed the visibility of this receipt; tells it once.
    pub(crate) fn was_hidden(&self, receipt: &str) -> bool {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).remove(receipt)
    }

    /// Tenants' event buses.
    pub(crate) fn buses(&self) -> &EventBuses {
        &self.buses
    }

    fn request(&self, service: &str, headers: HeaderMap, body: Bytes) -> MockRequest {
        let uri = format!("https://{service}.{}.amazonaws.com/", self.region);
        MockRequest { method: "POST".to_owned(), uri, headers, body }
    }
}

async fn open(folder: &Path) -> Result<Database, StackError> {
    let unusable = |reason: String| StackError::Data { path: folder.to_owned(), reason };
    tokio::fs::create_dir_all(folder).await.map_err(|error| unusable(error.to_string()))?;
    let file = folder.join("ledger.sqlite");
    let path = file.to_str().ok_or_else(|| unusable("the path is not UTF-8".to_owned()))?;
    Database::new(path).map_err(|error| unusable(error.to_string()))
}

async fn emulated(service: &impl MockService, request: MockRequest) -> Response<Body> {
    let answer = service.handle(request).await;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    response
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}

fn queue_answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = json_answer(status, body);
    if let Some(code) = queue_rules::old_code(body).and_then(|code| HeaderValue::from_str(&code).ok()) {
        response.headers_mut().insert("x-amzn-query-error", code);
    }
    response
}

/// An error in the form of AWS's JSON protocols.
pub(crate) fn failure(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    json_answer(status, &json!({"__type": code, "message": message}))
}
