//! Signing in at an instance, in its two forms (providers/fintechos.md §2), and the tokens that are kept of it.
//!
//! - One entry for each tenant and configuration: nobody uses another tenant's token, and a changed password is another
//!   entry at once. The entry that was not used for longest goes first.
//! - Single flight: who comes while somebody signs in waits, no longer than its own try lasts, and shares the outcome, a
//!   failure too, so that a silent instance costs everybody one deadline and not one after the other. A failure that only
//!   says that one try had too little time left is that try's own: whoever waited signs in itself.
//! - A token lives as long as its answer says, less a moment; where it does not say, as long as is configured. What the
//!   answer looks like is documented for one form only: the token is the first text at one of the pointers below.
//! - Of a refused token only that one is forgotten, not the one that somebody else has fetched since.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use serde_json::{Value, json};
use tokio::sync::MutexGuard;

use crate::domain::{Tenant, Timestamp};
use crate::ports::{CourierError, FintechOs, SignIn};
use crate::secret::Secret;

use super::{Line, OUT_OF_TIME, Post, answered};

/// No sign-in takes more of a try: half of it is the call's.
const DEADLINE: Duration = Duration::from_secs(5);
/// A token is renewed so long before the end that its answer tells.
const SKEW: Duration = Duration::from_secs(30);
/// No token is kept longer, whatever it says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// As many as the vault keeps tenants.
const KEPT: NonZeroUsize = match NonZeroUsize::new(256) {
    Some(kept) => kept,
    None => NonZeroUsize::MIN,
};
/// Where a token may stand in an answer; the empty one is the answer itself.
const POINTERS: [&str; 6] = ["", "/access_token", "/accessToken", "/AccessToken", "/token", "/Token"];
/// Where its life may, in seconds. The newer sign-in's samples tell 0 in the first and mean the second.
const LIVES: [&str; 3] = ["/expiresIn", "/refreshExpiresIn", "/expires_in"];

/// A tenant, and the fingerprint of what it has configured.
type Key = (Tenant, [u8; 32]);

/// Everybody who has signed in.
pub(super) struct SignIns(Mutex<LruCache<Key, Arc<Tokens>>>);

impl Default for SignIns {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(KEPT)))
    }
}

impl SignIns {
    /// The tokens of that tenant for that configuration.
    pub(super) fn of(&self, tenant: &Tenant, instance: &FintechOs) -> Arc<Tokens> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.get_or_insert((tenant.clone(), instance.fingerprint()), Arc::default))
    }
}

/// One account, with its current token.
#[derive(Default)]
pub(super) struct Tokens {
    flight: tokio::sync::Mutex<Flight>,
    landed: AtomicU64,
}

#[derive(Default)]
struct Flight {
    held: Option<Held>,
    failure: Option<CourierError>,
}

struct Held {
    token: Token,
    until: Timestamp,
}

/// A token as a call takes it.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) text: Arc<Secret>,
    pub(super) number: u64,
}

impl Tokens {
    /// The one that is kept, or a fresh one.
    pub(super) async fn token(&self, line: Line<'_>, instance: &FintechOs) -> Result<Token, CourierError> {
        let seen = self.landed.load(Ordering::Acquire);
        let mut flight = self.aboard(line).await.ok_or(OUT_OF_TIME)?;
        let landed = self.landed.load(Ordering::Acquire);
        let waited = landed != seen;
        // One of no life serves those who waited for it.
        let now = line.clock.now();
        if let Some(held) = flight.held.as_ref().filter(|held| waited || now < held.until) {
            return Ok(held.token.clone());
        }
        if let Some(failure) = flight.failure.filter(|_| waited) {
            return Err(failure);
        }
        let number = landed.wrapping_add(1);
        let hurried = line.left() < DEADLINE;
        let outcome = fetched(line, instance).await;
        self.landed.store(number, Ordering::Release);
        let (held, answer) = match outcome {
            Ok((text, life)) => {
                let token = Token { text: Arc::new(text), number };
                (Some(Held { token: token.clone(), until: now + life }), Ok(token))
            }
            Err(error) => (None, Err(error)),
        };
        let shared = answer.as_ref().err().filter(|&&error| !(hurried && error == OUT_OF_TIME));
        *flight = Flight { held, failure: shared.copied() };
        answer
    }

    /// When nobody signs in any more; none where that takes longer than the try.
    async fn aboard(&self, line: Line<'_>) -> Option<MutexGuard<'_, Flight>> {
        match self.flight.try_lock() {
            Ok(flight) => Some(flight),
            Err(_) => tokio::time::timeout(line.left(), self.flight.lock()).await.ok(),
        }
    }

    /// It was refused. Where somebody signs in for longer than the try, another takes its place.
    pub(super) async fn forget(&self, line: Line<'_>, number: u64) {
        let Some(mut flight) = self.aboard(line).await else { return };
        if flight.held.as_ref().is_some_and(|held| held.token.number == number) {
            *flight = Flight::default();
        }
    }
}

/// A fresh token and its life.
async fn fetched(line: Line<'_>, instance: &FintechOs) -> Result<(Secret, Duration), CourierError> {
    let body = asked(instance).ok_or(CourierError::Misconfigured("credentials"))?;
    let post = Post { url: &instance.token_url, authorization: None, body: body.to_string().into_bytes() };
    let response = line.post(post, DEADLINE).await?;
    match response.status {
        200..=299 => {}
        408 | 425 | 429 => return Err(answered(&response)),
        400..=499 => return Err(CourierError::NotSignedIn("refused")),
        _ => return Err(answered(&response)),
    }
    let said: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let token = token_in(&said).ok_or(CourierError::NotSignedIn("without_token"))?;
    Ok((Secret::from(token.to_owned()), life_in(&said).unwrap_or(instance.token_life)))
}

fn asked(instance: &FintechOs) -> Option<Value> {
    let (username, password) = (instance.username.expose_text().ok()?, instance.password.expose_text().ok()?);
    Some(match &instance.sign_in {
        SignIn::GetToken { client_id } => {
            json!({"username": username, "password": password, "client_id": client_id.expose_text().ok()?})
        }
        SignIn::KeycloakToken => json!({"userName": username, "password": password}),
    })
}

/// What can stand in a header.
pub(super) fn token_in(said: &Value) -> Option<&str> {
    let texts = POINTERS.iter().filter_map(|pointer| said.pointer(pointer)?.as_str());
    let first = texts.into_iter().find(|text| !text.is_empty())?;
    first.bytes().all(|byte| byte.is_ascii_graphic()).then_some(first)
}

/// The first that is more than none.
pub(super) fn life_in(said: &Value) -> Option<Duration> {
    let told = LIVES.iter().filter_map(|pointer| {
        let life = said.pointer(pointer)?;
        life.as_u64().or_else(|| life.as_str()?.parse().ok())
    });
    let seconds = told.into_iter().find(|seconds| *seconds > 0)?;
    Some(Duration::from_secs(seconds).min(LONGEST).saturating_sub(SKEW))
}
