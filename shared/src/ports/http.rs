//! One outward call, with limits: nothing is awaited without an end, nothing is read without a cap.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;
use url::Url;

use crate::secret::Secret;

/// Who is called. A tenant's address is vetted against every special-purpose range; a provider's host comes from the
/// operator's own configuration and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A provider of identity verification.
    Provider,
    /// A system of a tenant.
    Tenant,
}

/// The methods that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Make.
    Post,
    /// Set.
    Put,
    /// Change.
    Patch,
    /// Remove.
    Delete,
}

/// One call.
pub struct Request {
    /// Who is called.
    pub audience: Audience,
    /// How.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// Headers that may be seen.
    pub headers: Vec<(&'static str, String)>,
    /// The value of `Authorization`.
    pub authorization: Option<Secret>,
    /// What is sent.
    pub body: Vec<u8>,
    /// More of a provider's answer than this is refused, of a tenant's it is not read.
    pub limit: usize,
    /// The whole call, the answer's last byte included, ends by then.
    pub deadline: Duration,
}

/// Answers of providers are read up to here (proofs §5.4: a 5 MB body is refused).
const PROVIDER_LIMIT: usize = 1024 * 1024;
/// A provider has this long for one call: a token and two reads fit into a look's lease.
pub const PROVIDER_DEADLINE: Duration = Duration::from_secs(5);

impl Request {
    /// A call to a provider, with its usual limits.
    #[must_use]
    pub const fn to_provider(method: Method, url: Url) -> Self {
        Self {
            audience: Audience::Provider,
            method,
            url,
            headers: Vec::new(),
            authorization: None,
            body: Vec::new(),
            limit: PROVIDER_LIMIT,
            deadline: PROVIDER_DEADLINE,
        }
    }

    /// Sends JSON.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.headers.push(("content-type", "application/json".to_owned()));
        self.body = body.to_string().into_bytes();
        self
    }

    /// Authorises the call.
    #[must_use]
    pub fn authorized(mut self, authorization: Secret) -> Self {
        self.authorization = Some(authorization);
        self
    }
}

/// What came back, whole.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// `Retry-After` in seconds, where it was given as such or as a date still to come.
    pub retry_after: Option<Duration>,
    /// Every `Set-Cookie` in its order, for providers that keep a session: what stands before the provider may set its own.
    pub cookies: Vec<String>,
    /// The body, at most `limit` bytes.
    pub body: Vec<u8>,
}

impl Response {
    /// 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HttpError {
    /// The address may not be called.
    #[error("the address may not be called: {0}")]
    Forbidden(&'static str),
    /// No connection: name, route, TLS.
    #[error("no connection")]
    Unreachable,
    /// Not done by the deadline.
    #[error("not done by the deadline")]
    TimedOut,
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
    /// The answer is longer than the limit.
    #[error("the answer is too long")]
    TooLong,
}

/// Makes outward calls; follows no redirect, uses no proxy.
#[async_trait]
pub trait Http: Send + Sync {
    /// One call, one answer.
    ///
    /// # Errors
    /// No whole answer within the limits.
    async fn send(&self, request: Request) -> Result<Response, HttpError>;

    /// How long calls can still be made, where they share one deadline.
    fn left(&self) -> Duration {
        Duration::MAX
    }
}
