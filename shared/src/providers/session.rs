//! A session at a provider that all functions share through `reach.login`, because a provider wants one of it and not
//! many. One at a time replaces it.
//!
//! | when | then |
//! | --- | --- |
//! | what is held lives and was not refused | it is used: a warm call reads nothing |
//! | it is over or was refused | the shared one is read: another function may have replaced it |
//! | the shared one is no better, or there is none | who gets the turn has another made; the others hear `Renewing` |
//! | a new one could not be shared | it serves here, as older than whatever is shared next |
//! | the turn had lapsed by then | what others shared meanwhile serves |
//! | a renewal is not answered | it may still go on there: the turn is kept until it lapses, nobody asks beside it |
//! | the time for the whole work is nearly over | no renewal is begun: it could not be waited for |
//! | our credentials are refused | `Unauthorized`; this process does not ask again for a minute |

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::domain::Timestamp;
use crate::ports::{HttpError, ProviderError, Reach, Response, Turn};
use crate::secret::Secret;

/// Both calls of a renewal stay below the life of a turn.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// With less time than this no call of a renewal is begun.
pub(super) const ENOUGH: Duration = Duration::from_secs(3);
/// Credentials that are refused rest for so long.
pub(super) const APART: Duration = Duration::from_secs(60);
pub(super) const TOO_LATE: ProviderError = ProviderError::Unavailable("too little time is left to renew the login");
/// What is shared may be replaced under our hands so often.
const RACES: u8 = 3;

/// What a session is, as it is shared.
pub(super) trait Pass: Send + Sync + Sized {
    /// None of what is no such session.
    fn read(shared: &Secret) -> Option<Self>;

    /// As it is shared.
    fn written(&self) -> Secret;

    /// What a call shows of it.
    fn shown(&self) -> Secret;

    /// Until when it is used, where that is known.
    fn until(&self) -> Option<Timestamp>;
}

/// How another session is had.
#[async_trait]
pub(super) trait Renews: Send + Sync {
    /// Of what kind.
    type Pass: Pass;

    /// Another than the known one, by whoever has the turn.
    async fn renewed(
        &self,
        reach: Reach<'_>,
        turn: &Turn,
        known: Option<&Self::Pass>,
    ) -> Result<Renewed<Self::Pass>, Failed>;
}

pub(super) enum Renewed<P> {
    Own(P),
    Theirs(Held),
}

/// Why nothing was renewed, and whether the provider is done with it.
pub(super) struct Failed {
    pub(super) error: ProviderError,
    pub(super) over: bool,
}

impl From<ProviderError> for Failed {
    fn from(error: ProviderError) -> Self {
        Self { error, over: true }
    }
}

/// What a call takes.
pub(super) struct Held {
    shown: Secret,
    until: Option<Timestamp>,
    age: Age,
}

/// Which of two is newer. One that could not be shared is newer than the generation that it was to replace, and older than
/// what others then made of that.
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
    fn of<P: Pass>(pass: &P, age: Age) -> Self {
        Self { shown: pass.shown(), until: pass.until(), age }
    }

    fn copy(&self) -> Self {
        Self { shown: self.shown(), until: self.until, age: self.age }
    }

    pub(super) fn shown(&self) -> Secret {
        Secret::from(self.shown.expose().to_vec())
    }

    /// Whether a call can be made with it: it lives, and is newer than the one that was refused. The same one may be
    /// shared under a newer generation, where the answer to our sharing it was lost.
    fn serves(&self, now: Timestamp, refused: Option<&Self>) -> bool {
        let same = |other: &Self| self.shown.matches(other.shown.expose());
        self.until.is_none_or(|until| now < until)
            && refused.is_none_or(|refused| self.age > refused.age && !same(refused))
    }
}

/// See the module: one process's side of it.
#[derive(Default)]
pub(super) struct Session {
    flight: Mutex<Flight>,
    landed: AtomicU64,
}

#[derive(Default)]
struct Flight {
    held: Option<Held>,
    failure: Option<ProviderError>,
    refused_until: Option<Timestamp>,
}

impl Session {
    /// One that serves. Who comes while it is renewed waits and shares the outcome, a failure too.
    pub(super) async fn held<R: Renews>(
        &self,
        reach: Reach<'_>,
        refused: Option<&Held>,
        renews: &R,
    ) -> Result<Held, ProviderError> {
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
        let outcome = found(reach, refused, renews).await;
        self.landed.fetch_add(1, Ordering::Release);
        *flight = match &outcome {
            Ok(held) => Flight { held: Some(held.copy()), ..Flight::default() },
            Err(failure) => Flight {
                held: None,
                // Who waited may have more time.
                failure: (*failure != TOO_LATE).then(|| failure.clone()),
                refused_until: (*failure == ProviderError::Unauthorized).then(|| rested(reach)),
            },
        };
        outcome
    }

    /// A fresh one was refused, too: nobody asks for another for a while.
    pub(super) async fn refuse(&self, reach: Reach<'_>) {
        self.flight.lock().await.refused_until = Some(rested(reach));
    }
}

fn rested(reach: Reach<'_>) -> Timestamp {
    reach.world.now() + reach.world.pace.of(APART)
}

/// The shared one, while it serves; else a new one.
async fn found<R: Renews>(reach: Reach<'_>, refused: Option<&Held>, renews: &R) -> Result<Held, ProviderError> {
    for _ in 0..RACES {
        let shared = reach.login.read().await?;
        let pass = shared.login.as_ref().and_then(R::Pass::read);
        let held = pass.as_ref().map(|pass| Held::of(pass, Age::shared(shared.generation)));
        if let Some(held) = held.filter(|held| held.serves(reach.world.now(), refused)) {
            return Ok(held);
        }
        if reach.http.left() < ENOUGH {
            return Err(TOO_LATE);
        }
        if let Some(turn) = reach.login.take(shared.generation).await? {
            return replaced(reach, &turn, pass.as_ref(), renews).await;
        }
    }
    Err(ProviderError::Renewing)
}

async fn replaced<R: Renews>(
    reach: Reach<'_>,
    turn: &Turn,
    known: Option<&R::Pass>,
    renews: &R,
) -> Result<Held, ProviderError> {
    let renewed = match renews.renewed(reach, turn, known).await {
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
        Ok(false) => Ok(theirs::<R::Pass>(reach, turn).await.unwrap_or_else(|| own(Age::unshared(turn)))),
    }
}

/// What somebody else shared after our turn had lapsed.
pub(super) async fn theirs<P: Pass>(reach: Reach<'_>, turn: &Turn) -> Option<Held> {
    let shared = reach.login.read().await.ok()?;
    let held = Held::of(&P::read(shared.login.as_ref()?)?, Age::shared(shared.generation));
    (held.age > Age::shared(turn.generation) && held.serves(reach.world.now(), None)).then_some(held)
}

/// Whether what was asked is not going on any more: a gateway that gives up does not say so of what stands behind it.
pub(super) const fn is_over(answer: &Result<Response, HttpError>) -> bool {
    match answer {
        Ok(response) => !matches!(response.status, 408 | 502 | 504),
        Err(HttpError::Forbidden(_) | HttpError::Unreachable | HttpError::TooLong) => true,
        Err(HttpError::TimedOut | HttpError::Broken) => false,
    }
}
