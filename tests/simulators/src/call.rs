//! A call as it arrived, read whole before anything is made of it.

use std::{future::Future, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::server::Cord;

/// More than any documented body needs.
const MOST_BODY: usize = 1 << 20;

/// `H` says which of a provider's hosts was called; where a call leads to is the provider's own.
pub(crate) struct Call<H> {
    pub(crate) host: H,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl<H> Call<H> {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The credential after the scheme's own words.
    pub(crate) fn credential(&self, scheme: &str) -> Option<&str> {
        self.header("authorization")?.strip_prefix(scheme)
    }

    pub(crate) fn query(&self, name: &str) -> Option<String> {
        pair(self.query.as_bytes(), name)
    }

    pub(crate) fn form(&self, name: &str) -> Option<String> {
        pair(&self.body, name)
    }

    /// The body, if it is a JSON object.
    pub(crate) fn object(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok().filter(Value::is_object)
    }

    /// Path and query, as it came.
    pub(crate) fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }
}

fn pair(pairs: &[u8], name: &str) -> Option<String> {
    url::form_urlencoded::parse(pairs).find(|(member, _)| member == name).map(|(_, value)| value.into_owned())
}

/// Gives every request to `serve`.
pub(crate) fn router<H, S, F>(shared: Arc<S>, host: H, serve: fn(Arc<S>, Call<H>, Cord) -> F) -> Router
where
    H: Copy + Send + Sync + 'static,
    S: Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    Router::new().fallback(move |ConnectInfo(cord): ConnectInfo<Cord>, request: Request| {
        let shared = Arc::clone(&shared);
        async move {
            match read(host, request).await {
                Some(call) => serve(shared, call, cord).await,
                None => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            }
        }
    })
}

async fn read<H>(host: H, request: Request) -> Option<Call<H>> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MOST_BODY).await.ok()?;
    Some(Call {
        host,
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_vec(),
    })
}
