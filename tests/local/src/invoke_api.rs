//! Lambda's Invoke API, for the AWS CLI and every SDK.
//!
//! The function's name may be a plain name, one with a qualifier, or an ARN, as Lambda takes them. `Event` answers 202 at
//! once and is not repeated here; `DryRun` answers 204.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::function::Outcome;
use crate::names::FunctionName;
use crate::process::request_id;
use crate::stack::Running;

/// Lambda takes an event of 6 MB.
pub(crate) const MAX_EVENT: usize = 6 * 1024 * 1024;

/// `POST /2015-03-31/functions/{name}/invocations`.
pub(crate) async fn invoke(
    running: &Running,
    name: &str,
    query: &str,
    headers: &HeaderMap,
    event: Bytes,
) -> Response<Body> {
    let asked = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "Qualifier");
    let Some((function, inner)) = function_of(name) else {
        let text = format!("Function not found: {name}");
        return refusal(StatusCode::NOT_FOUND, "ResourceNotFoundException", &text);
    };
    let event = if event.is_empty() { Bytes::from_static(b"{}") } else { event };
    if serde_json::from_slice::<Value>(&event).is_err() {
        let text = "Could not parse request body into json";
        return refusal(StatusCode::BAD_REQUEST, "InvalidRequestContentException", text);
    }
    let qualifier = asked.map(|(_, value)| value.into_owned()).or(inner);
    let function = running.function(function);
    match headers.get("x-amz-invocation-type").map(HeaderValue::as_bytes) {
        Some(b"DryRun") => StatusCode::NO_CONTENT.into_response(),
        Some(b"Event") => {
            tokio::spawn(async move { function.invoke(event, qualifier.as_deref()).await });
            StatusCode::ACCEPTED.into_response()
        }
        Some(_) | None => told(function.invoke(event, qualifier.as_deref()).await),
    }
}

/// The function's name within a name, a qualified name or an ARN, and the qualifier within it.
fn function_of(name: &str) -> Option<(FunctionName, Option<String>)> {
    let name = url::form_urlencoded::parse(name.replace('+', "%2B").as_bytes()).next()?.0.into_owned();
    let short = name.split(":function:").last()?;
    let (function, qualifier) = match short.split_once(':') {
        Some((function, qualifier)) => (function, Some(qualifier.to_owned())),
        None => (short, None),
    };
    Some((FunctionName::named(function)?, qualifier))
}

fn told(outcome: Outcome) -> Response<Body> {
    let (failed, bytes) = match outcome {
        Outcome::Returned(bytes) => (false, bytes),
        Outcome::Failed(bytes) => (true, bytes),
    };
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    if let Ok(id) = HeaderValue::from_str(&request_id()) {
        headers.insert("x-amzn-requestid", id);
    }
    if failed {
        headers.insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    }
    response
}

/// An error of Lambda's own.
pub(crate) fn refusal(status: StatusCode, code: &'static str, text: &str) -> Response<Body> {
    let body = json!({"Type": "User", "Message": text, "message": text});
    let name = HeaderName::from_static("x-amzn-errortype");
    (status, [(name, HeaderValue::from_static(code))], axum::Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_qualified_names_and_arns_are_understood() {
        let fetcher = FunctionName::EventFetcher;
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:event-fetcher";
        let corpus = [
            ("event-fetcher".to_owned(), Some((fetcher, None))),
            ("event-fetcher:t-acme".to_owned(), Some((fetcher, Some("t-acme".to_owned())))),
            (arn.to_owned(), Some((fetcher, None))),
            (format!("{arn}:t-acme").replace(':', "%3A"), Some((fetcher, Some("t-acme".to_owned())))),
            ("other".to_owned(), None),
        ];
        for (name, expected) in corpus {
            assert_eq!(function_of(&name), expected, "{name}");
        }
    }
}
