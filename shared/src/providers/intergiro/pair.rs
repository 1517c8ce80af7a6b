//! The two tokens of a login session, and the form in which all functions share them.
//!
//! The answer to a login has no lifetime (authentication page): it stands in the token, a JWT, as the distance of `exp`
//! from `iat`, so that no two clocks are compared; with `exp` alone from our own time. A token that says neither, or
//! what cannot be, lives the documented 15 minutes.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::Timestamp;
use crate::ports::{ProviderError, Response};
use crate::providers::answer;
use crate::secret::Secret;

/// Of an access token.
const LIFE: Duration = Duration::from_secs(15 * 60);
/// Of a login session: no token of it lives longer.
const SESSION: Duration = Duration::from_secs(60 * 60);
/// So often a session can be refreshed; then it is over.
const REFRESHES: u8 = 3;
/// A refresh is refused while the token still lives, and clocks differ.
const MARGIN: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
pub(super) struct Pair {
    access_token: Secret,
    refresh_token: Secret,
    logged_in_at: Timestamp,
    refreshes: u8,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    refresh_token: Secret,
}

#[derive(Deserialize)]
struct Claims {
    exp: Option<Value>,
    iat: Option<Value>,
}

impl Pair {
    /// A session begins.
    pub(super) fn logged_in(response: &Response, now: Timestamp) -> Result<Self, ProviderError> {
        Self::granted(response, now, now, 0)
    }

    /// It goes on.
    pub(super) fn refreshed(&self, response: &Response, now: Timestamp) -> Result<Self, ProviderError> {
        Self::granted(response, now, self.logged_in_at, self.refreshes.saturating_add(1))
    }

    fn granted(
        response: &Response,
        now: Timestamp,
        logged_in_at: Timestamp,
        refreshes: u8,
    ) -> Result<Self, ProviderError> {
        let Granted { access_token, refresh_token } = answer::object(response)?;
        if !is_usable(&access_token) || !is_usable(&refresh_token) {
            return Err(ProviderError::Unavailable("the token cannot be used"));
        }
        let expires_at = now + access_token.expose_text().map_or(LIFE, |token| life(token, now));
        Ok(Self { access_token, refresh_token, logged_in_at, refreshes, expires_at })
    }

    /// As it was shared; none where it cannot be read.
    pub(super) fn read(shared: &Secret) -> Option<Self> {
        let pair: Self = serde_json::from_slice(shared.expose()).ok()?;
        let usable = is_usable(&pair.access_token) && is_usable(&pair.refresh_token);
        usable.then_some(pair)
    }

    /// As it is shared.
    pub(super) fn written(&self) -> Secret {
        let text = |secret: &Secret| secret.expose_text().unwrap_or_default().to_owned();
        let pair = json!({
            "access_token": text(&self.access_token),
            "refresh_token": text(&self.refresh_token),
            "logged_in_at": self.logged_in_at,
            "refreshes": self.refreshes,
            "expires_at": self.expires_at,
        });
        Secret::from(pair.to_string())
    }

    /// Calls are made with it until then; from then on it may be refreshed without a refusal.
    pub(super) fn until(&self) -> Timestamp {
        self.expires_at + MARGIN
    }

    pub(super) fn authorization(&self) -> Secret {
        Secret::from([b"Bearer ", self.access_token.expose()].concat())
    }

    pub(super) fn refresh_token(&self) -> &str {
        self.refresh_token.expose_text().unwrap_or_default()
    }

    pub(super) const fn logged_in_at(&self) -> Timestamp {
        self.logged_in_at
    }

    pub(super) fn can_be_refreshed(&self, now: Timestamp) -> bool {
        self.refreshes < REFRESHES && now.since(self.logged_in_at) < SESSION
    }
}

/// Whether it can stand in a header.
fn is_usable(token: &Secret) -> bool {
    !token.is_empty() && token.expose().iter().all(u8::is_ascii_graphic)
}

fn life(token: &str, now: Timestamp) -> Duration {
    let claims = || -> Option<Claims> {
        let payload = token.split('.').nth(1)?.trim_end_matches('=');
        serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()
    };
    let stated = claims().and_then(|claims| {
        let from = claims.iat.as_ref().and_then(Value::as_i64).unwrap_or_else(|| now.seconds());
        u64::try_from(claims.exp?.as_i64()?.checked_sub(from)?).ok()
    });
    stated.map(Duration::from_secs).filter(|life| !life.is_zero() && *life <= SESSION).unwrap_or(LIFE)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_161_600_000);

    fn token(claims: &Value) -> String {
        format!("e30.{}.c2ln", BASE64URL_NOPAD.encode(claims.to_string().as_bytes()))
    }

    #[test]
    fn the_token_says_how_long_it_lives() {
        let now = NOW.seconds();
        for (claims, minutes) in [
            (json!({"iat": 1000, "exp": 1600}), 10),
            (json!({"iat": now - 7200, "exp": now - 6900}), 5),
            (json!({"exp": now + 1200}), 20),
            (json!({"exp": now - 1}), 15),
            (json!({"iat": 1000, "exp": 1000}), 15),
            (json!({"iat": 1000, "exp": 1000 + 3601}), 15),
            (json!({"iat": i64::MIN, "exp": i64::MAX}), 15),
            (json!({"exp": "soon"}), 15),
            (json!([1]), 15),
        ] {
            assert_eq!(life(&token(&claims), NOW), Duration::from_secs(minutes * 60), "{claims}");
        }
        for opaque in ["opaque", "a.b.c", "a.!.c", ""] {
            assert_eq!(life(opaque, NOW), LIFE);
        }
    }

    #[test]
    fn a_session_ends_after_three_refreshes_or_an_hour() {
        let answered = |text: &str| Response { status: 200, retry_after: None, cookies: Vec::new(), body: text.into() };
        let answer = answered(r#"{"access_token": "a", "refresh_token": "r", "new": 1}"#);
        let mut pair = Pair::logged_in(&answer, NOW).unwrap();
        assert_eq!(pair.until(), NOW + LIFE + MARGIN);
        for minutes in [15, 30, 45] {
            let now = NOW + Duration::from_secs(minutes * 60);
            assert!(pair.can_be_refreshed(now));
            assert!(!pair.can_be_refreshed(NOW + SESSION));
            pair = Pair::read(&pair.refreshed(&answer, now).unwrap().written()).unwrap();
        }
        assert!(!pair.can_be_refreshed(NOW));
        assert_eq!(pair.logged_in_at(), NOW);
        for body in [r#"{"access_token": "a"}"#, r#"{"access_token": "a b", "refresh_token": "r"}"#, "[]", "{}"] {
            assert!(Pair::logged_in(&answered(body), NOW).is_err(), "{body}");
            assert!(Pair::read(&Secret::from(body.to_owned())).is_none(), "{body}");
        }
    }
}
