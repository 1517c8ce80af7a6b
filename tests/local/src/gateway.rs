//! API Gateway's HTTP API: a request becomes an event of payload format 2.0, the function's answer a response.
//!
//! As AWS documents the format: header names in lower case, repeated headers and query parameters joined by commas,
//! cookies in a list of their own, the peer as source address (never a forwarded one), a body as text only when its type
//! says text, else as base64. The route key is the configured route and not the path, for the logs and the function alike.

use std::net::IpAddr;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::emulators::ACCOUNT;
use crate::process::request_id;

/// API Gateway takes 10 MB.
pub(crate) const MAX_BODY: usize = 10 * 1024 * 1024;
/// Lambda takes an event of 6 MB.
const MAX_EVENT: usize = 6 * 1024 * 1024;

/// The routes of the API, as the deployment has them.
const ROUTES: [(&str, &str); 5] = [
    ("POST", "/v1/webhooks/{tenant}/{connection}"),
    ("POST", "/v1/webhooks/{tenant}/{connection}/{key}"),
    ("POST", "/v1/oauth/{tenant}/{connection}/token"),
    ("GET", "/v1/return/{tenant}/{connection}"),
    ("GET", "/v1/go/{tenant}/{connection}/{ticket}"),
];

/// A route that a request matched.
#[derive(Debug, PartialEq)]
pub(crate) struct Route {
    key: String,
    parameters: Map<String, Value>,
}

impl Route {
    /// Without parameters.
    pub(crate) fn of(key: String) -> Self {
        Self { key, parameters: Map::new() }
    }
}

/// The route of a request; what is under `/v1/` and matches none goes to the default route. A path beside an alias has
/// the alias's route, as with the template's `AliasPath`: which names there are is the function's matter.
pub(crate) fn route(method: &str, path: &str, is_alias: impl Fn(&str) -> bool) -> Option<Route> {
    let matched = ROUTES.iter().find_map(|(wanted, pattern)| {
        let parameters = matches(pattern, path).filter(|_| *wanted == method)?;
        Some(Route { key: format!("{wanted} {pattern}"), parameters })
    });
    matched
        .or_else(|| is_alias(path).then(|| Route::of(format!("{method} {path}"))))
        .or_else(|| path.starts_with("/v1/").then(|| Route::of("$default".to_owned())))
}

fn matches(pattern: &str, path: &str) -> Option<Map<String, Value>> {
    let (wanted, given): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    if wanted.len() != given.len() {
        return None;
    }
    let mut parameters = Map::new();
    for (wanted, given) in wanted.into_iter().zip(given) {
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !given.is_empty() => {
                parameters.insert(name.to_owned(), json!(given));
            }
            None if wanted == given => {}
            Some(_) | None => return None,
        }
    }
    Some(parameters)
}

/// The event for a request to a route.
#[must_use]
pub fn event_of(request: &Parts, body: &[u8], peer: IpAddr, route_key: &str) -> Value {
    event(request, body, peer, &Route::of(route_key.to_owned()))
}

pub(crate) fn event(request: &Parts, body: &[u8], peer: IpAddr, route: &Route) -> Value {
    let headers = joined(&request.headers);
    let path = request.uri.path();
    let query = request.uri.query().unwrap_or_default();
    let now = OffsetDateTime::now_utc();
    let header = |name: &str| headers.get(name).cloned().unwrap_or_else(|| json!(""));
    let mut event = json!({
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": query,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": header("host"),
            "domainPrefix": "local",
            "http": {
                "method": request.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": peer.to_string(),
                "userAgent": header("user-agent"),
            },
            "requestId": request_id(),
            "routeKey": route.key,
            "stage": "$default",
            "time": logged(now),
            "timeEpoch": now.unix_timestamp_nanos() / 1_000_000,
        },
        "headers": headers,
        "isBase64Encoded": false,
    });
    let cookies: Vec<Value> = cookies(&request.headers);
    if !cookies.is_empty() {
        event["cookies"] = Value::Array(cookies);
    }
    if !route.parameters.is_empty() {
        event["pathParameters"] = Value::Object(route.parameters.clone());
    }
    if !query.is_empty() {
        event["queryStringParameters"] = Value::Object(parameters(query));
    }
    if !body.is_empty() {
        let text = is_text(&request.headers).then(|| std::str::from_utf8(body).ok()).flatten();
        event["isBase64Encoded"] = json!(text.is_none());
        event["body"] = text.map_or_else(|| json!(BASE64.encode(body)), |text| json!(text));
    }
    event
}

fn joined(headers: &HeaderMap) -> Map<String, Value> {
    let mut joined: Map<String, Value> = Map::new();
    for name in headers.keys().filter(|name| **name != header::COOKIE) {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        joined.insert(name.as_str().to_owned(), json!(values.join(",")));
    }
    joined
}

fn cookies(headers: &HeaderMap) -> Vec<Value> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .map(str::trim)
        .filter(|cookie| !cookie.is_empty())
        .map(|cookie| json!(cookie))
        .collect()
}

fn parameters(query: &str) -> Map<String, Value> {
    let mut parameters: Map<String, Value> = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match parameters.get_mut(name.as_ref()) {
            Some(Value::String(before)) => {
                before.push(',');
                before.push_str(&value);
            }
            Some(_) | None => {
                parameters.insert(name.into_owned(), json!(value));
            }
        }
    }
    parameters
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(kind.as_str(), "application/json" | "application/xml" | "application/javascript")
}

/// The time as access logs have it: `20/Nov/2026:08:00:00 +0000`.
fn logged(now: OffsetDateTime) -> String {
    let month = now.month().to_string();
    let month = month.get(..3).unwrap_or(&month);
    let (hour, minute, second) = now.to_hms();
    format!("{:02}/{month}/{}:{hour:02}:{minute:02}:{second:02} +0000", now.day(), now.year())
}

/// Whether Lambda would take the event.
pub(crate) fn fits(event: &str) -> bool {
    event.len() <= MAX_EVENT
}

/// The response to the client. `None`: the function failed.
#[must_use]
pub fn response_of(answer: Option<&[u8]>) -> Response<Body> {
    answer.and_then(build).unwrap_or_else(|| message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
}

/// An answer of API Gateway itself.
pub(crate) fn message(status: StatusCode, text: &str) -> Response<Body> {
    (status, axum::Json(json!({"message": text}))).into_response()
}

fn build(answer: &[u8]) -> Option<Response<Body>> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let Some(status) = answer.get("statusCode") else {
        // format 2.0: an answer without a status is itself the body
        return Some(axum::Json(answer).into_response());
    };
    let status = StatusCode::from_u16(status.as_u64()?.try_into().ok()?).ok()?;
    let text = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let is_base64 = answer.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or_default();
    let body = if is_base64 { BASE64.decode(text.as_bytes()).ok()? } else { text.as_bytes().to_vec() };
    let mut response = Response::new(Body::from(Bytes::from(body)));
    *response.status_mut() = status;
    for (name, value) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        insert(response.headers_mut(), name, &value)?;
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        insert(response.headers_mut(), "set-cookie", cookie.as_str()?)?;
    }
    if !response.headers().contains_key(header::CONTENT_TYPE) {
        insert(response.headers_mut(), "content-type", "text/plain;charset=UTF-8")?;
    }
    Some(response)
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Option<()> {
    let name = HeaderName::try_from(name).ok()?;
    // the connection is this server's own affair
    if name != header::CONTENT_LENGTH && name != header::TRANSFER_ENCODING && name != header::CONNECTION {
        headers.append(name, HeaderValue::from_str(value).ok()?);
    }
    Some(())
}

#[cfg(test)]
#[path = "gateway_tests.rs"]
mod tests;
