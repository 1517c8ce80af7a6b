//! The gateway's session: a signed challenge gives a cookie, which comes with every later request. Each signer has one
//! session (client code), so all functions share it through `reach.login`, and one at a time replaces it. It rests with
//! its connection: a cookie never serves another tenant.
//!
//! | when | then |
//! | --- | --- |
//! | there is a cookie | it is used: how long it lives was not found, so the gateway is asked |
//! | it is refused (−901, 401) | the shared one is read: another function may have replaced it |
//! | the shared one is no better, or there is none | who gets the turn signs in; the others hear `Renewing` |
//! | a fresh one is refused, too | `Unauthorized`; this process does not sign in again for a minute |
//! | the sign-in itself is refused, or its challenge is not for us | the same |
//! | a new one could not be shared | it serves here, as older than whatever is shared next |
//! | the sign-in is not answered | the turn is kept until it lapses: it may still be going on there |
//! | the time for the whole work is nearly over | no sign-in is begun: it could not be waited for |

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use tracing::warn;
use url::Url;

use super::challenge::{Challenge, Expected, Signer};
use super::kwil::rpc;
use crate::domain::Timestamp;
use crate::ports::{HttpError, ProviderError, Reach, Request, Response, Turn};
use crate::secret::Secret;

/// Both calls of a sign-in stay below the life of a turn.
const DEADLINE: Duration = Duration::from_secs(5);
/// With less time than this no call of a sign-in is begun.
const ENOUGH: Duration = Duration::from_secs(3);
/// A signer that is refused rests for so long.
const APART: Duration = Duration::from_secs(60);
/// The shared cookie may be replaced under our hands so often.
const RACES: u8 = 3;
/// As the gateway calls it, over plain and over safe connections alone.
const COOKIES: [&str; 2] = ["kgw_session", "__Host-kgw_session"];

const TOO_LATE: ProviderError = ProviderError::Unavailable("too little time is left to sign in");
const NO_COOKIE: ProviderError = ProviderError::Unavailable("the sign-in gave no session");

/// Who signs in, and the session that came of it.
pub(super) struct Session {
    rpc: Url,
    pub(super) signer: Signer,
    expected: Expected,
    flight: Mutex<Flight>,
    landed: AtomicU64,
}

#[derive(Default)]
struct Flight {
    held: Option<Held>,
    failure: Option<ProviderError>,
    refused_until: Option<Timestamp>,
}

/// A cookie as a request takes it.
struct Held {
    cookie: Secret,
    age: Age,
}

/// Which of two cookies is newer. One that could not be shared is newer than the generation that it was to replace, and
/// older than what others then made of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Age {
    generation: u64,
    unshared: bool,
}

impl Held {
    fn copy(&self) -> Self {
        Self { cookie: Secret::from(self.cookie.expose().to_vec()), age: self.age }
    }

    /// Whether it may do where another was refused. The same one may be shared under a newer generation, where the answer
    /// to our sharing it was lost.
    fn serves(&self, refused: Option<&Self>) -> bool {
        refused.is_none_or(|refused| self.age > refused.age && !self.cookie.matches(refused.cookie.expose()))
    }

    fn on(&self, mut request: Request) -> Result<Request, ProviderError> {
        let cookie = self.cookie.expose_text().map_err(|_| NO_COOKIE)?;
        request.headers.push(("cookie", cookie.to_owned()));
        Ok(request)
    }
}

impl Session {
    pub(super) fn new(gateway: &Url, rpc: Url, signer: Signer, chain_id: Option<String>) -> Self {
        let expected = Expected::of(gateway, chain_id);
        Self { rpc, signer, expected, flight: Mutex::default(), landed: AtomicU64::new(0) }
    }

    /// Makes a call within the session; not let in, once more within another. A call that is not let in did nothing.
    pub(super) async fn within(
        &self,
        reach: Reach<'_>,
        request: &(dyn Fn() -> Request + Send + Sync),
    ) -> Result<Result<Response, HttpError>, ProviderError> {
        let first = self.held(reach, None).await?;
        let answer = reach.http.send(first.on(request())?).await;
        if !is_logged_out(&answer) {
            return Ok(answer);
        }
        let second = self.held(reach, Some(&first)).await?;
        let answer = reach.http.send(second.on(request())?).await;
        if is_logged_out(&answer) {
            self.flight.lock().await.refused_until = Some(reach.world.now() + reach.world.pace.of(APART));
            return Err(ProviderError::Unauthorized);
        }
        Ok(answer)
    }

    /// A cookie that serves. Who comes while somebody signs in waits and shares the outcome, a failure too.
    async fn held(&self, reach: Reach<'_>, refused: Option<&Held>) -> Result<Held, ProviderError> {
        let seen = self.landed.load(Ordering::Acquire);
        let mut flight = self.flight.lock().await;
        if let Some(held) = flight.held.as_ref().filter(|held| held.serves(refused)) {
            return Ok(held.copy());
        }
        let waited = self.landed.load(Ordering::Acquire) != seen;
        if let Some(failure) = flight.failure.as_ref().filter(|_| waited) {
            return Err(failure.clone());
        }
        if flight.refused_until.is_some_and(|until| reach.world.now() < until) {
            return Err(ProviderError::Unauthorized);
        }
        let outcome = self.found(reach, refused).await;
        self.landed.fetch_add(1, Ordering::Release);
        *flight = match &outcome {
            Ok(held) => Flight { held: Some(held.copy()), ..Flight::default() },
            Err(failure) => Flight {
                held: None,
                // Who waited may have more time.
                failure: (*failure != TOO_LATE).then(|| failure.clone()),
                refused_until: (*failure == ProviderError::Unauthorized)
                    .then(|| reach.world.now() + reach.world.pace.of(APART)),
            },
        };
        outcome
    }

    /// The shared one, unless it was refused; else a new one.
    async fn found(&self, reach: Reach<'_>, refused: Option<&Held>) -> Result<Held, ProviderError> {
        for _ in 0..RACES {
            let shared = reach.login.read().await?;
            let age = Age { generation: shared.generation, unshared: false };
            let held = shared.login.filter(is_cookie).map(|cookie| Held { cookie, age });
            if let Some(held) = held.filter(|held| held.serves(refused)) {
                return Ok(held);
            }
            if reach.http.left() < ENOUGH {
                return Err(TOO_LATE);
            }
            if let Some(turn) = reach.login.take(shared.generation).await? {
                return self.replaced(reach, &turn).await;
            }
        }
        Err(ProviderError::Renewing)
    }

    async fn replaced(&self, reach: Reach<'_>, turn: &Turn) -> Result<Held, ProviderError> {
        let cookie = match self.signed_in(reach).await {
            Ok(cookie) => cookie,
            Err(Failed { error, over }) => {
                if over {
                    reach.login.give_back(turn).await;
                }
                return Err(error);
            }
        };
        let own = |cookie, unshared| {
            let generation = if unshared { turn.generation } else { turn.generation.saturating_add(1) };
            Held { cookie, age: Age { generation, unshared } }
        };
        // Where nobody else knows it, it serves us; that costs a sign-in at most.
        match reach.login.replace(turn, &cookie).await {
            Ok(true) => Ok(own(cookie, false)),
            Ok(false) | Err(_) => Ok(own(cookie, true)),
        }
    }

    async fn signed_in(&self, reach: Reach<'_>) -> Result<Secret, Failed> {
        let response = self.call(reach, "kgw.authn_param", &json!({})).await?;
        let challenge: Challenge = rpc::result(&response)
            .and_then(|result| serde_json::from_str(result.get()).map_err(|_| NOT_A_CHALLENGE))?;
        let text = challenge.text(&self.expected).map_err(|rule| {
            warn!(event = "challenge_refused", tenant = %reach.connection.tenant, connection = %reach.connection.name, rule);
            ProviderError::Unauthorized
        })?;
        let signature = json!({"sig": self.signer.sign(&text), "type": "ed25519"});
        let params = json!({"nonce": challenge.nonce, "sender": self.signer.name(), "signature": signature});
        let response = match self.call(reach, "kgw.authn", &params).await {
            Err(Failed { error: ProviderError::Refused { .. }, .. }) => Err(ProviderError::Unauthorized.into()),
            outcome @ (Ok(_) | Err(_)) => outcome,
        }?;
        cookie(&response.cookies).ok_or_else(|| NO_COOKIE.into())
    }

    async fn call(&self, reach: Reach<'_>, method: &str, params: &Value) -> Result<Response, Failed> {
        if reach.http.left() < ENOUGH {
            return Err(TOO_LATE.into());
        }
        let mut request = rpc::request(&self.rpc, method, params);
        request.deadline = DEADLINE;
        let answer = reach.http.send(request).await;
        let over = is_over(&answer);
        rpc::settled(answer).map_err(|error| Failed { error, over })
    }
}

const NOT_A_CHALLENGE: ProviderError = ProviderError::Unavailable("the challenge cannot be read");

/// Why nobody signed in, and whether the gateway is done with it.
struct Failed {
    error: ProviderError,
    over: bool,
}

impl From<ProviderError> for Failed {
    fn from(error: ProviderError) -> Self {
        Self { error, over: true }
    }
}

fn is_logged_out(answer: &Result<Response, HttpError>) -> bool {
    answer.as_ref().is_ok_and(rpc::is_logged_out)
}

/// Whether what was asked is not going on any more: a gateway that gives up does not say so of what stands behind it.
const fn is_over(answer: &Result<Response, HttpError>) -> bool {
    match answer {
        Ok(response) => !matches!(response.status, 408 | 502 | 504),
        Err(HttpError::Forbidden(_) | HttpError::Unreachable | HttpError::TooLong) => true,
        Err(HttpError::TimedOut | HttpError::Broken) => false,
    }
}

/// Name and value of the session's cookie, without what a browser does with it. A balancer's may stand before it.
fn cookie(set: &[String]) -> Option<Secret> {
    let pairs = set.iter().filter_map(|cookie| cookie.split(';').next());
    pairs.map(|pair| Secret::from(pair.trim().to_owned())).find(is_cookie)
}

fn is_cookie(pair: &Secret) -> bool {
    let Some((name, value)) = pair.expose_text().ok().and_then(|pair| pair.split_once('=')) else { return false };
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\');
    COOKIES.contains(&name) && !value.is_empty() && value.len() <= 4096 && value.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::cookie;

    #[test]
    fn only_the_sessions_own_cookie_is_taken() {
        let taken = |set: &[&str]| {
            let set: Vec<String> = set.iter().map(|cookie| (*cookie).to_owned()).collect();
            cookie(&set).and_then(|cookie| cookie.expose_text().map(str::to_owned).ok())
        };
        assert_eq!(taken(&["kgw_session=a.b-c=; Path=/; HttpOnly"]).as_deref(), Some("kgw_session=a.b-c="));
        assert_eq!(taken(&["__Host-kgw_session=x"]).as_deref(), Some("__Host-kgw_session=x"));
        let balanced = ["AWSALB=a; Path=/", "kgw_session=; Path=/", " kgw_session=x; Path=/", "other=y"];
        assert_eq!(taken(&balanced).as_deref(), Some("kgw_session=x"));
        for other in ["", "kgw_session", "kgw_session=; Path=/", "session=x", "kgw_session=a b", "kgw_session=\"x\""] {
            assert_eq!(taken(&[other]), None, "{other}");
        }
        assert_eq!(taken(&[]), None);
    }
}
