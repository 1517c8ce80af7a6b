//! JSON-RPC 2.0 as gateway and node speak it. A fault stands in the answer's `error`, with HTTP 200 or with a status of
//! its own; the code tells more than the status.
//!
//! | code | error |
//! | --- | --- |
//! | −901; HTTP 401 | the session is over (`session`), in the end `Unauthorized` |
//! | −905; HTTP 429 | `Busy` |
//! | −601 identity, −903 not allowed, −1001…−1007 a node that wants every call signed; HTTP 403 | `Unauthorized` |
//! | −902, −32602: what we sent is not understood | `Refused` |
//! | −32001 database, −300… engine, −32603, −900, −904, −906, −32601, any other | `Unavailable`: a repeat may work |
//! | no code | by its status, as everywhere; a 404 says that its API is not at this address |

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use url::Url;

use crate::ports::{HttpError, Method, ProviderError, Request, Response};
use crate::providers::answer::{self, Object};

/// −901: a login is needed.
const NOT_LOGGED_IN: i64 = -901;
/// An error has no table.
const ERROR_LIMIT: usize = 64 * 1024;

const NOT_HERE: ProviderError = ProviderError::Unavailable("its API is not at this address");
const NOT_READ: ProviderError = ProviderError::Unavailable("the answer cannot be read");

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<Object<Fault>>,
}

#[derive(Deserialize)]
struct Fault {
    code: i64,
}

/// A request; who asks stands in its parameters.
pub(in super::super) fn request(rpc: &Url, method: &str, params: &Value) -> Request {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let mut request = Request::to_provider(Method::Post, rpc.clone()).json(&body);
    request.headers.push(("accept", "application/json".to_owned()));
    request
}

/// Whether the session that the request was sent with is not accepted (any more).
pub(in super::super) fn is_logged_out(response: &Response) -> bool {
    response.status == 401 || code(response) == Some(NOT_LOGGED_IN)
}

/// The result of an answer, or its fault.
pub(in super::super) fn settled(answer: Result<Response, HttpError>) -> Result<Response, ProviderError> {
    if let Ok(response) = &answer
        && let Some(code) = code(response)
    {
        return Err(fault(code, response));
    }
    let forbidden = matches!(&answer, Ok(response) if response.status == 403);
    match answer::read(answer, |_| None) {
        // No path of it names a resource.
        Err(ProviderError::NotFound) => Err(NOT_HERE),
        Err(_) if forbidden => Err(ProviderError::Unauthorized),
        outcome @ (Ok(_) | Err(_)) => outcome,
    }
}

/// The result of an answer without a fault.
pub(in super::super) fn result(response: &Response) -> Result<&RawValue, ProviderError> {
    let envelope: Object<Envelope<'_>> = serde_json::from_slice(&response.body).map_err(|_| NOT_READ)?;
    envelope.0.result.ok_or(NOT_READ)
}

fn code(response: &Response) -> Option<i64> {
    let body = Some(&response.body).filter(|body| body.len() <= ERROR_LIMIT)?;
    let envelope: Object<Envelope<'_>> = serde_json::from_slice(body).ok()?;
    envelope.0.error.map(|Object(fault)| fault.code)
}

fn fault(code: i64, response: &Response) -> ProviderError {
    match code {
        NOT_LOGGED_IN | -903 | -601 | -1007..=-1001 => ProviderError::Unauthorized,
        -905 => {
            let asked =
                Response { status: 429, body: Vec::new(), cookies: Vec::new(), retry_after: response.retry_after };
            answer::read(Ok(asked), |_| None).err().unwrap_or(NOT_READ)
        }
        -902 | -32_602 => ProviderError::Refused { field: None },
        -904 | -906 | -32_601 => NOT_HERE,
        -32_001 => ProviderError::Unavailable("its database takes too long"),
        -399..=-300 => ProviderError::Unavailable("its engine reports a fault"),
        -900 | -32_603 => ProviderError::Unavailable("its own fault"),
        _ => ProviderError::Unavailable("a fault that is not known"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answered(status: u16, body: &str) -> Response {
        Response {
            status,
            retry_after: Some(Duration::from_secs(7)),
            cookies: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn every_code_has_a_class_whatever_the_status() {
        let unavailable = |error: &ProviderError| matches!(error, ProviderError::Unavailable(_));
        let busy = ProviderError::Busy { retry_after: Some(Duration::from_secs(7)) };
        for status in [200, 400, 403, 404, 429, 500, 503] {
            let read = |code: i64| {
                let body = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":{code},"message":"m","data":[1]}}}}"#);
                settled(Ok(answered(status, &body))).map(drop)
            };
            for code in [-901, -903, -601, -1001, -1007] {
                assert_eq!(read(code), Err(ProviderError::Unauthorized), "{code}");
            }
            assert_eq!(read(-905), Err(busy.clone()));
            for code in [-902, -32_602] {
                assert_eq!(read(code), Err(ProviderError::Refused { field: None }));
            }
            for code in [-300, -301, -32_001, -32_601, -32_603, -900, -904, -906, -1, 0, 7, i64::MIN] {
                assert!(read(code).is_err_and(|error| unavailable(&error)), "{code}");
            }
        }
    }

    #[test]
    fn without_a_code_the_status_tells() {
        let read = |status| settled(Ok(answered(status, "<html>"))).map(drop);
        assert_eq!(read(404), Err(NOT_HERE));
        assert_eq!(read(401), Err(ProviderError::Unauthorized));
        assert_eq!(read(403), Err(ProviderError::Unauthorized));
        assert_eq!(read(400), Err(ProviderError::Refused { field: None }));
        assert!(matches!(read(502), Err(ProviderError::Unavailable(_))));
        assert_eq!(read(200), Ok(()));
        assert_eq!(result(&answered(200, "<html>")).map(drop), Err(NOT_READ));
        for body in ["[]", "null", "{}", r#"{"result":null}"#, r#"{"result":1,"result":2}"#] {
            assert_eq!(result(&answered(200, body)).map(drop), Err(NOT_READ), "{body}");
        }
    }

    #[test]
    fn a_lost_session_is_told_from_other_faults() {
        assert!(is_logged_out(&answered(401, "")));
        assert!(is_logged_out(&answered(200, r#"{"error":{"code":-901}}"#)));
        assert!(!is_logged_out(&answered(200, r#"{"result":{"error":"-901"}}"#)));
        assert!(!is_logged_out(&answered(403, r#"{"error":{"code":-903}}"#)));
    }
}
