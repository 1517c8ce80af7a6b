//! Answers that are the same at every simulated provider: pages, JSON, too many requests, a dripping body.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::Value;

use crate::clock;

/// What a maintenance page looks like to a client that wants JSON.
const MAINTENANCE: &str = "<!doctype html><title>Scheduled maintenance</title><p>We will be back soon.";

/// A provider's answer as it goes out if nothing spoils it.
pub struct Plain {
    pub(crate) status: StatusCode,
    pub(crate) body: Option<Value>,
    /// Of the body, if there is one.
    pub(crate) content_type: &'static str,
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
}

impl Plain {
    pub(crate) fn new(status: StatusCode, body: Option<Value>) -> Self {
        Self { status, body, content_type: "application/json; charset=utf-8", header: None }
    }

    /// A code and nothing else.
    pub(crate) fn code(code: u16) -> Self {
        Self::new(StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), None)
    }

    /// 429 without a body.
    pub(crate) fn too_many(retry_after: Option<u64>) -> Self {
        Self::code(429).retry_after(retry_after)
    }

    pub(crate) fn retry_after(mut self, seconds: Option<u64>) -> Self {
        self.header = seconds.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds)));
        self
    }

    pub(crate) fn text(&self) -> String {
        self.body.as_ref().map(Value::to_string).unwrap_or_default()
    }

    /// With another body in place of its own; none if it has none.
    pub(crate) fn with(self, body: impl Into<Body>) -> Response {
        let mut response = (self.status, body.into()).into_response();
        let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        response.headers_mut().extend(self.body.map(|_| content_type));
        response.headers_mut().extend(self.header);
        response
    }
}

impl IntoResponse for Plain {
    fn into_response(self) -> Response {
        let text = self.text();
        self.with(text)
    }
}

pub(crate) fn maintenance() -> Response {
    html(StatusCode::OK, MAINTENANCE.to_owned())
}

pub(crate) fn html(status: StatusCode, page: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// A page of the simulated `provider`.
pub(crate) fn page(provider: &str, status: StatusCode, body: &str) -> Response {
    let head = "<!doctype html><meta name=viewport content=\"width=device-width\">";
    html(status, format!("{head}<title>{provider} (simulated)</title>{body}"))
}

pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// Two bytes at a time.
pub(crate) fn drip(body: String, pause: Duration) -> Body {
    let pieces: Vec<Bytes> = body.as_bytes().chunks(2).map(Bytes::copy_from_slice).collect();
    Body::from_stream(stream::unfold(pieces.into_iter(), move |mut rest| async move {
        let piece = rest.next()?;
        clock::pause(pause).await;
        Some((Ok::<_, Infallible>(piece), rest))
    }))
}
