//! Outward calls by reqwest: TLS on ring with compiled-in roots, HTTP/1.1, no redirect, no proxy, no retry of its own.
//!
//! A provider's host is the operator's word. A tenant's is somebody else's: its URL is vetted as parsed, so that
//! `0x7f.1` is 127.0.0.1, and the answer of the resolver is vetted as a whole; the connection then goes to exactly the
//! addresses that were vetted, because the client asks no second time. Each audience has a client of its own, so that no
//! connection that was opened for a provider is used for a tenant.
//!
//! | what the other side does | what comes of it |
//! | --- | --- |
//! | stays silent, drips, never ends a short body | [`HttpError::TimedOut`] at the deadline, which includes the body; a tenant's status counts once it is there |
//! | sends more than the limit, or announces it | [`HttpError::TooLong`] of a provider, the connection is dropped; of a tenant the rest stays unread |
//! | cannot be resolved, reached or trusted | [`HttpError::Unreachable`] |
//! | resets, ends early, speaks no HTTP | [`HttpError::Broken`]; of a tenant only before its status is there |
//! | redirects | its 3xx answer, as it is |

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use reqwest::redirect::Policy as Redirects;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error as ThisError;
use tokio::time::{Instant, timeout_at};

use crate::address::{AddressRefusal, Policy, vet_url};
use crate::ports::{Audience, Clock, Http, HttpError, Method, Request, Response};

mod resolver;
mod retry_after;

use self::resolver::Vetting;
pub use self::resolver::{Lookup, SystemLookup};

/// Bounds that are not the request's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// A connection is there by then, name and TLS included.
    pub connect: Duration,
    /// No call has longer, whatever it asks for.
    pub longest: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), longest: Duration::from_secs(30) }
    }
}

/// A connection that was idle for this long is not used again: servers close at about a minute.
const IDLE: Duration = Duration::from_secs(30);
/// As many idle connections to one host as a batch has records.
const IDLE_PER_HOST: usize = 10;
const AGENT: &str = concat!("idv-gateway/", env!("CARGO_PKG_VERSION"));

/// The client cannot be made: the TLS library refuses its own defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
#[error("the HTTP client cannot be made")]
pub struct NoClient;

/// The port on reqwest.
pub struct ReqwestHttp {
    provider: reqwest::Client,
    tenant: reqwest::Client,
    policy: Policy,
    limits: HttpLimits,
    clock: Arc<dyn Clock>,
}

impl ReqwestHttp {
    /// With the system's resolver. Makes no call.
    ///
    /// # Errors
    /// See [`NoClient`].
    pub fn new(allow_local_targets: bool, limits: HttpLimits, clock: Arc<dyn Clock>) -> Result<Self, NoClient> {
        Self::with_lookup(allow_local_targets, limits, clock, Arc::new(SystemLookup))
    }

    /// With any resolver.
    ///
    /// # Errors
    /// See [`NoClient`].
    pub fn with_lookup(
        allow_local_targets: bool,
        limits: HttpLimits,
        clock: Arc<dyn Clock>,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, NoClient> {
        let policy = Policy { allow_local: allow_local_targets };
        let tls = tls()?;
        Ok(Self {
            provider: client(tls.clone(), limits, Vetting { lookup: Arc::clone(&lookup), policy: None })?,
            tenant: client(tls, limits, Vetting { lookup, policy: Some(policy) })?,
            policy,
            limits,
            clock,
        })
    }

    /// The client for an audience, once the address may be called.
    fn admitted(&self, request: &Request) -> Result<&reqwest::Client, HttpError> {
        match request.audience {
            Audience::Tenant => {
                vet_url(&request.url, self.policy).map_err(|refusal| HttpError::Forbidden(refusal.code()))?;
                Ok(&self.tenant)
            }
            Audience::Provider => match request.url.scheme() {
                "https" => Ok(&self.provider),
                "http" if self.policy.allow_local => Ok(&self.provider),
                _ => Err(HttpError::Forbidden(AddressRefusal::SchemeNotAllowed.code())),
            },
        }
    }

    async fn call(&self, client: &reqwest::Client, request: Request, end: Instant) -> Result<Response, HttpError> {
        let headers = headers(&request)?;
        let sending = client.request(method(request.method), request.url).headers(headers).body(request.body).send();
        let answer =
            timeout_at(end, sending).await.map_err(|_| HttpError::TimedOut)?.map_err(|error| failure(&error))?;
        let (status, cookies) = (answer.status().as_u16(), cookies(answer.headers()));
        let retry_after = retry_after::read(answer.headers(), self.clock.now());
        let reading = read_capped(answer, request.limit, request.audience);
        let read = timeout_at(end, reading).await.unwrap_or(Err(HttpError::TimedOut));
        let body = match request.audience {
            Audience::Provider => read?,
            // Its status is its whole answer: a 2xx whose body drips must not be sent again.
            Audience::Tenant => read.unwrap_or_default(),
        };
        Ok(Response { status, retry_after, cookies, body })
    }
}

#[async_trait]
impl Http for ReqwestHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let client = self.admitted(&request)?;
        let deadline = request.deadline.min(self.limits.longest);
        self.call(client, request, Instant::now() + deadline).await
    }
}

fn tls() -> Result<ClientConfig, NoClient> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(config.map_err(|_| NoClient)?.with_root_certificates(roots).with_no_client_auth())
}

#[expect(clippy::disallowed_methods, reason = "the one constructor of HTTP clients")]
fn client(tls: ClientConfig, limits: HttpLimits, resolver: Vetting) -> Result<reqwest::Client, NoClient> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(resolver))
        .connect_timeout(limits.connect)
        .redirect(Redirects::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .http1_only()
        .user_agent(AGENT)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .build()
        .map_err(|_| NoClient)
}

const fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// A value with a line break or the like would smuggle headers: it is refused, not repaired.
fn headers(request: &Request) -> Result<HeaderMap, HttpError> {
    const UNFIT: HttpError = HttpError::Forbidden("header");
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| UNFIT)?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_| UNFIT)?);
    }
    if let Some(authorization) = &request.authorization {
        let mut value = HeaderValue::from_bytes(authorization.expose()).map_err(|_| UNFIT)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// One that is no text is none that anybody here could send back.
fn cookies(headers: &HeaderMap) -> Vec<String> {
    headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
}

/// The only reader of bodies.
/// A provider's answer is whole or refused; of a tenant's only the status counts, so the rest of it is left unread.
async fn read_capped(mut answer: reqwest::Response, limit: usize, audience: Audience) -> Result<Vec<u8>, HttpError> {
    let cut = audience == Audience::Tenant;
    let announced = answer.content_length().unwrap_or(0);
    if !cut && usize::try_from(announced).map_or(true, |announced| announced > limit) {
        return Err(HttpError::TooLong);
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + piece.len() > limit {
            return if cut { Ok(body) } else { Err(HttpError::TooLong) };
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn failure(error: &reqwest::Error) -> HttpError {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if let Some(refusal) = cause.downcast_ref::<AddressRefusal>() {
            let nobody = *refusal == AddressRefusal::Unresolved;
            return if nobody { HttpError::Unreachable } else { HttpError::Forbidden(refusal.code()) };
        }
        source = cause.source();
    }
    if error.is_connect() || error.is_dns() {
        HttpError::Unreachable
    } else if error.is_timeout() {
        HttpError::TimedOut
    } else {
        HttpError::Broken
    }
}

#[cfg(test)]
mod tests;
