//! An OAuth2 access token by client credentials (RFC 6749 §4.4), kept while it lives.
//!
//! - Single flight: who comes while a token is being fetched waits and shares the outcome, a failure too, so that a
//!   silent token endpoint costs everybody one deadline and not one after the other.
//! - It is renewed a little before its end, and forgotten when a call with it was refused: once, because only the
//!   refused token is forgotten, not the one that somebody else has fetched since.
//! - A token without a stated life is used for a minute; one of no life serves those who waited for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use super::answer;
use crate::domain::Timestamp;
use crate::ports::{HttpError, Method, ProviderError, Reach, Request, Response};
use crate::secret::Secret;

/// A token endpoint has this long.
const DEADLINE: Duration = Duration::from_secs(5);
/// A token is renewed this long before its end, or a tenth of its life before it if that is less.
const SKEW: Duration = Duration::from_secs(60);
/// The life of a token that does not say.
const UNSTATED: Duration = Duration::from_secs(60);
/// No token is kept longer, whatever it says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// An account's client at a token endpoint, with its current token.
pub(crate) struct Tokens {
    endpoint: Url,
    client_id: String,
    client_secret: Secret,
    scope: Option<String>,
    flight: Mutex<Flight>,
    landed: AtomicU64,
}

#[derive(Default)]
struct Flight {
    held: Option<Held>,
    failure: Option<ProviderError>,
}

struct Held {
    authorization: Secret,
    until: Timestamp,
    number: u64,
}

/// A token as a call takes it.
struct Ticket {
    authorization: Secret,
    number: u64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Option<Value>,
}

impl Tokens {
    pub(crate) fn new(endpoint: Url, client_id: String, client_secret: Secret, scope: Option<String>) -> Self {
        Self { endpoint, client_id, client_secret, scope, flight: Mutex::default(), landed: AtomicU64::new(0) }
    }

    /// Makes a call with the token; refused (401, 403), once more with a fresh one. A refused call did nothing, so
    /// that also what must not be done twice may be repeated here.
    pub(crate) async fn authorized(
        &self,
        reach: Reach<'_>,
        named: fn(&Value) -> Option<String>,
        request: &(dyn Fn() -> Request + Send + Sync),
    ) -> Result<Response, ProviderError> {
        answer::read(self.answered(reach, request).await?, named)
    }

    /// The same with the answer as it came, for a provider whose statuses mean something else.
    pub(crate) async fn answered(
        &self,
        reach: Reach<'_>,
        request: &(dyn Fn() -> Request + Send + Sync),
    ) -> Result<Result<Response, HttpError>, ProviderError> {
        let ticket = self.ticket(reach).await?;
        let number = ticket.number;
        let first = reach.http.send(request().authorized(ticket.authorization)).await;
        if !matches!(&first, Ok(response) if matches!(response.status, 401 | 403)) {
            return Ok(first);
        }
        self.forget(number).await;
        let ticket = self.ticket(reach).await?;
        Ok(reach.http.send(request().authorized(ticket.authorization)).await)
    }

    async fn ticket(&self, reach: Reach<'_>) -> Result<Ticket, ProviderError> {
        let seen = self.landed.load(Ordering::Acquire);
        let mut flight = self.flight.lock().await;
        let now = reach.world.now();
        let landed = self.landed.load(Ordering::Acquire);
        let waited = landed != seen;
        if let Some(held) = flight.held.as_ref().filter(|held| waited || now < held.until) {
            return Ok(held.ticket());
        }
        if let Some(failure) = flight.failure.as_ref().filter(|_| waited) {
            return Err(failure.clone());
        }
        let number = landed.wrapping_add(1);
        let outcome = self.fetch(reach, number).await;
        self.landed.store(number, Ordering::Release);
        *flight = match &outcome {
            Ok(held) => Flight { held: Some(held.copy()), failure: None },
            Err(failure) => Flight { held: None, failure: Some(failure.clone()) },
        };
        outcome.map(|held| held.ticket())
    }

    async fn forget(&self, number: u64) {
        let mut flight = self.flight.lock().await;
        if flight.held.as_ref().is_some_and(|held| held.number == number) {
            flight.held = None;
            flight.failure = None;
        }
    }

    async fn fetch(&self, reach: Reach<'_>, number: u64) -> Result<Held, ProviderError> {
        let asked_at = reach.world.now();
        let answer = reach.http.send(self.request()?).await;
        let response = match answer::read(answer, |_| None) {
            // RFC 6749 §5.2: 400 is how a token endpoint refuses a client, a grant or a scope.
            Err(ProviderError::Refused { .. } | ProviderError::NotFound) => return Err(ProviderError::Unauthorized),
            outcome @ (Ok(_) | Err(_)) => outcome?,
        };
        let granted: Granted = answer::object(&response)?;
        let bearer = granted.token_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        let token = granted.access_token.expose_text().ok();
        let token = token.filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        let Some(token) = token.filter(|_| bearer) else {
            return Err(ProviderError::Unavailable("the token cannot be used"));
        };
        let authorization = Secret::from(format!("Bearer {token}"));
        Ok(Held { authorization, until: asked_at + usable(granted.expires_in.as_ref()), number })
    }

    fn request(&self) -> Result<Request, ProviderError> {
        let secret = self.client_secret.expose_text();
        let secret = secret.map_err(|_| ProviderError::Unavailable("the client's secret is no text"))?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret);
        if let Some(scope) = &self.scope {
            form.append_pair("scope", scope);
        }
        let mut request = Request::to_provider(Method::Post, self.endpoint.clone());
        request.headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
        request.headers.push(("accept", "application/json".to_owned()));
        request.body = form.finish().into_bytes();
        request.deadline = DEADLINE;
        Ok(request)
    }
}

impl Held {
    fn copy(&self) -> Self {
        Self { authorization: copy(&self.authorization), until: self.until, number: self.number }
    }

    fn ticket(&self) -> Ticket {
        Ticket { authorization: copy(&self.authorization), number: self.number }
    }
}

fn copy(secret: &Secret) -> Secret {
    Secret::from(secret.expose().to_vec())
}

/// How long a token may be used from the moment it was asked for.
fn usable(expires_in: Option<&Value>) -> Duration {
    let stated = expires_in.and_then(|life| life.as_u64().or_else(|| life.as_str()?.parse().ok()));
    let life = stated.map_or(UNSTATED, Duration::from_secs).min(LONGEST);
    life.saturating_sub(SKEW.min(life / 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_before_its_end() {
        for (stated, seconds) in [
            (Some(Value::from(86_400)), 86_340),
            (Some(Value::from(100)), 90),
            (Some(Value::from("100")), 90),
            (Some(Value::from(0)), 0),
            (Some(Value::from(-5)), 54),
            (Some(Value::from(u64::MAX)), 86_340),
            (None, 54),
        ] {
            assert_eq!(usable(stated.as_ref()), Duration::from_secs(seconds), "{stated:?}");
        }
    }
}
