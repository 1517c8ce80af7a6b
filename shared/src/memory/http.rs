//! A scripted outside: a function answers each call, and every call is kept.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use crate::ports::{Audience, Http, HttpError, Method, Request, Response};

/// A call as it went out, in the clear: for tests alone.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who was called.
    pub audience: Audience,
    /// How.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// Headers but `Authorization`.
    pub headers: Vec<(&'static str, String)>,
    /// The value of `Authorization`.
    pub authorization: Option<String>,
    /// What was sent.
    pub body: Vec<u8>,
    /// The cap on the answer.
    pub limit: usize,
    /// The deadline.
    pub deadline: Duration,
}

impl Call {
    /// `GET /path`, without the query.
    #[must_use]
    pub fn line(&self) -> String {
        let method = match self.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        };
        format!("{method} {}", self.url.path())
    }

    /// A header that was sent.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body, read as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

type Script = Box<dyn Fn(&Call) -> Result<Response, HttpError> + Send + Sync>;

/// Answers by script.
pub struct ScriptedHttp {
    script: Mutex<Script>,
    calls: Mutex<Vec<Call>>,
}

impl ScriptedHttp {
    /// Answers as the function says. An answer longer than the call's limit becomes [`HttpError::TooLong`], as it would.
    pub fn new(script: impl Fn(&Call) -> Result<Response, HttpError> + Send + Sync + 'static) -> Self {
        Self { script: Mutex::new(Box::new(script)), calls: Mutex::new(Vec::new()) }
    }

    /// From now on.
    pub fn set(&self, script: impl Fn(&Call) -> Result<Response, HttpError> + Send + Sync + 'static) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(script);
    }

    /// All calls so far, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many calls so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Forgets the calls so far.
    pub fn forget(&self) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// An answer with that status and JSON.
#[must_use]
pub fn json(status: u16, body: &serde_json::Value) -> Response {
    Response { status, retry_after: None, cookies: Vec::new(), body: body.to_string().into_bytes() }
}

/// An answer with that status alone.
#[must_use]
pub const fn empty(status: u16) -> Response {
    Response { status, retry_after: None, cookies: Vec::new(), body: Vec::new() }
}

#[async_trait]
impl Http for ScriptedHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let authorization = request.authorization.as_ref();
        let call = Call {
            audience: request.audience,
            method: request.method,
            url: request.url,
            headers: request.headers,
            authorization: authorization.map(|value| String::from_utf8_lossy(value.expose()).into_owned()),
            body: request.body,
            limit: request.limit,
            deadline: request.deadline,
        };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call.clone());
        let mut answer = (self.script.lock().unwrap_or_else(PoisonError::into_inner))(&call)?;
        if call.audience == Audience::Tenant {
            answer.body.truncate(call.limit);
        }
        if answer.body.len() > call.limit { Err(HttpError::TooLong) } else { Ok(answer) }
    }
}
