//! One login session for everybody (authentication page): an API key opens a session of an hour with tokens of 15
//! minutes. Refreshing early is refused with 400, and one login per call or per worker may be taken for fraud. So all
//! functions share one pair of tokens, through `reach.login`, and one at a time replaces it.
//!
//! | when | then |
//! | --- | --- |
//! | the token lives | it is used: a warm call reads nothing |
//! | it has been over for 5 s, or a call was refused (401) | the shared pair is read: another may have replaced it |
//! | the shared one is no better | who gets the turn refreshes it; the others hear `Renewing` |
//! | the refresh is refused | somebody was faster: theirs is used; else one logs in |
//! | three refreshes or an hour are over | login |
//! | whoever refreshed died before sharing | the pair that is shared is void, its refresh is refused: login |
//! | what was renewed could not be shared | it serves here, as older than whatever is shared next |
//! | a renewal is not answered | it may still go on there: the turn is kept until it lapses, nobody asks beside it |
//! | the time for the whole work is nearly over | no renewal is begun: it could not be waited for |
//! | the login is refused (400, 401, 403, 422) | `Unauthorized`; this process does not ask again for a minute |
//! | the session is a minute old and refused again | `Unauthorized` without another login |
//! | a call is refused twice | `Unauthorized` |
//!
//! That an old refresh token is void and that sessions may run side by side is assumed; nothing breaks if it is not so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::pair::Pair;
use crate::domain::Timestamp;
use crate::ports::{HttpError, Method, ProviderError, Reach, Request, Response, Turn};
use crate::providers::answer::{self, below};
use crate::secret::Secret;

/// Both calls of a renewal stay below the life of a turn.
const DEADLINE: Duration = Duration::from_secs(5);
/// With less time than this no call of a renewal is begun.
const ENOUGH: Duration = Duration::from_secs(3);
/// Logins are at least so far apart; a refused key rests for as long.
const APART: Duration = Duration::from_secs(60);
/// The shared pair may be replaced under our hands so often.
const RACES: u8 = 3;

const NOT_HERE: ProviderError = ProviderError::Unavailable("its API is not at this address");
const TOO_LATE: ProviderError = ProviderError::Unavailable("too little time is left to renew the login");

/// An API key with the session that it opened.
pub(super) struct Session {
    login: Url,
    refresh: Url,
    api_key: Secret,
    flight: Mutex<Flight>,
    landed: AtomicU64,
}

#[derive(Default)]
struct Flight {
    held: Option<Held>,
    failure: Option<ProviderError>,
    refused_until: Option<Timestamp>,
}

/// A token as a call takes it.
struct Held {
    authorization: Secret,
    until: Timestamp,
    age: Age,
}

/// Which of two tokens is newer. One that could not be shared is newer than the generation that it was to replace, and
/// older than what others then made of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Age {
    generation: u64,
    unshared: bool,
}

impl Age {
    const fn shared(generation: u64) -> Self {
        Self { generation, unshared: false }
    }

    const fn unshared(turn: &Turn) -> Self {
        Self { generation: turn.generation, unshared: true }
    }
}

impl Held {
    fn of(pair: &Pair, age: Age) -> Self {
        Self { authorization: pair.authorization(), until: pair.until(), age }
    }

    fn copy(&self) -> Self {
        let authorization = Secret::from(self.authorization.expose().to_vec());
        Self { authorization, until: self.until, age: self.age }
    }

    /// Whether a call can be made with it: it lives, and is newer than the one that was refused. The same one may be
    /// shared under a newer generation, where the answer to our sharing it was lost.
    fn serves(&self, now: Timestamp, refused: Option<&Self>) -> bool {
        let same = |other: &Self| self.authorization.matches(other.authorization.expose());
        now < self.until && refused.is_none_or(|refused| self.age > refused.age && !same(refused))
    }
}

impl Session {
    pub(super) fn new(base: &Url, api_key: Secret) -> Self {
        let at = |what| below(base, &["v3", "auth", what]);
        let (login, refresh) = (at("login"), at("refresh"));
        Self { login, refresh, api_key, flight: Mutex::default(), landed: AtomicU64::new(0) }
    }

    /// Makes a call with the token; refused, once more with another. A refused call did nothing, so that also what must
    /// not be done twice may be repeated here.
    pub(super) async fn authorized(
        &self,
        reach: Reach<'_>,
        request: &(dyn Fn() -> Request + Send + Sync),
    ) -> Result<Result<Response, HttpError>, ProviderError> {
        let refused = self.held(reach, None).await?;
        let first = reach.http.send(request().authorized(refused.copy().authorization)).await;
        if !matches!(&first, Ok(response) if response.status == 401) {
            return Ok(first);
        }
        let held = self.held(reach, Some(&refused)).await?;
        Ok(reach.http.send(request().authorized(held.authorization)).await)
    }

    /// A token that serves. Who comes while one is being renewed waits and shares the outcome, a failure too.
    async fn held(&self, reach: Reach<'_>, refused: Option<&Held>) -> Result<Held, ProviderError> {
        let seen = self.landed.load(Ordering::Acquire);
        let mut flight = self.flight.lock().await;
        let now = reach.world.now();
        if let Some(held) = flight.held.as_ref().filter(|held| held.serves(now, refused)) {
            return Ok(held.copy());
        }
        let waited = self.landed.load(Ordering::Acquire) != seen;
        if let Some(failure) = flight.failure.as_ref().filter(|_| waited) {
            return Err(failure.clone());
        }
        if flight.refused_until.is_some_and(|until| now < until) {
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

    /// The shared one, while it serves; else a new one.
    async fn found(&self, reach: Reach<'_>, refused: Option<&Held>) -> Result<Held, ProviderError> {
        for _ in 0..RACES {
            let shared = reach.login.read().await?;
            let pair = shared.login.as_ref().and_then(Pair::read);
            let held = pair.as_ref().map(|pair| Held::of(pair, Age::shared(shared.generation)));
            if let Some(held) = held.filter(|held| held.serves(reach.world.now(), refused)) {
                return Ok(held);
            }
            if reach.http.left() < ENOUGH {
                return Err(TOO_LATE);
            }
            if let Some(turn) = reach.login.take(shared.generation).await? {
                return self.replaced(reach, &turn, pair.as_ref()).await;
            }
        }
        Err(ProviderError::Renewing)
    }

    async fn replaced(&self, reach: Reach<'_>, turn: &Turn, pair: Option<&Pair>) -> Result<Held, ProviderError> {
        let renewed = match self.renewed(reach, turn, pair).await {
            Ok(Renewed::Own(renewed)) => renewed,
            Ok(Renewed::Theirs(held)) => return Ok(held),
            Err(Failed { error, over }) => {
                if over {
                    reach.login.give_back(turn).await;
                }
                return Err(error);
            }
        };
        // Where nobody else knows it, it serves us; that costs a login at most.
        let own = |age| Held::of(&renewed, age);
        match reach.login.replace(turn, &renewed.written()).await {
            Ok(true) => Ok(own(Age::shared(turn.generation.saturating_add(1)))),
            Err(_) => Ok(own(Age::unshared(turn))),
            Ok(false) => Ok(theirs(reach, turn).await.unwrap_or_else(|| own(Age::unshared(turn)))),
        }
    }

    async fn renewed(&self, reach: Reach<'_>, turn: &Turn, pair: Option<&Pair>) -> Result<Renewed, Failed> {
        if let Some(pair) = pair.filter(|pair| pair.can_be_refreshed(reach.world.now())) {
            let answer = self.send(reach, &self.refresh, &json!({"refresh_token": pair.refresh_token()})).await;
            match answer {
                Ok(response) => return Ok(Renewed::Own(pair.refreshed(&response, reach.world.now())?)),
                Err(Failed { error: ProviderError::Unauthorized | ProviderError::Refused { .. }, over: true }) => {}
                Err(failure) => return Err(failure),
            }
            if let Some(held) = theirs(reach, turn).await {
                return Ok(Renewed::Theirs(held));
            }
        }
        let now = reach.world.now();
        if pair.is_some_and(|pair| now.since(pair.logged_in_at()) < reach.world.pace.of(APART)) {
            return Err(ProviderError::Unauthorized.into());
        }
        self.log_in(reach).await.map(Renewed::Own)
    }

    async fn log_in(&self, reach: Reach<'_>) -> Result<Pair, Failed> {
        let key = self.api_key.expose_text().map_err(|_| ProviderError::Unavailable("the API key is no text"))?;
        match self.send(reach, &self.login, &json!({"api_key": key})).await {
            Ok(response) => Ok(Pair::logged_in(&response, reach.world.now())?),
            Err(Failed { error: ProviderError::Refused { .. }, .. }) => Err(ProviderError::Unauthorized.into()),
            Err(failure) => Err(failure),
        }
    }

    async fn send(&self, reach: Reach<'_>, url: &Url, body: &Value) -> Result<Response, Failed> {
        if reach.http.left() < ENOUGH {
            return Err(TOO_LATE.into());
        }
        let mut request = Request::to_provider(Method::Post, url.clone()).json(body);
        request.headers.push(("accept", "application/json".to_owned()));
        request.deadline = DEADLINE;
        let answer = reach.http.send(request).await;
        let over = is_over(&answer);
        answer::read(answer, |_| None).map_err(|error| {
            let error = if error == ProviderError::NotFound { NOT_HERE } else { error };
            Failed { error, over }
        })
    }
}

enum Renewed {
    Own(Pair),
    Theirs(Held),
}

/// Why nothing was renewed, and whether Intergiro is done with it.
struct Failed {
    error: ProviderError,
    over: bool,
}

impl From<ProviderError> for Failed {
    fn from(error: ProviderError) -> Self {
        Self { error, over: true }
    }
}

/// Whether what was asked is not going on any more: a gateway that gives up does not say so of what stands behind it.
const fn is_over(answer: &Result<Response, HttpError>) -> bool {
    match answer {
        Ok(response) => !matches!(response.status, 408 | 502 | 504),
        Err(HttpError::Forbidden(_) | HttpError::Unreachable | HttpError::TooLong) => true,
        Err(HttpError::TimedOut | HttpError::Broken) => false,
    }
}

/// What somebody else shared after our turn had lapsed.
async fn theirs(reach: Reach<'_>, turn: &Turn) -> Option<Held> {
    let shared = reach.login.read().await.ok()?;
    let held = Held::of(&Pair::read(shared.login.as_ref()?)?, Age::shared(shared.generation));
    (held.age > Age::shared(turn.generation) && held.serves(reach.world.now(), None)).then_some(held)
}
