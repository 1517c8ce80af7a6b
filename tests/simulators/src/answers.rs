//! Answers that are the same at every simulated provider: pages, JSON, too many requests, a dripping body.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::Value;

use crate::clock;

/// What a maintenance page looks like to a client that wants JSON.
pub(crate) const MAINTENANCE: &str = "<!doctype html><title>Scheduled maintenance</title><p>We will be back soon.";

pub(crate) fn too_many(retry_after: Option<u64>) -> Response {
    let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

pub(crate) fn html(status: StatusCode, page: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
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
