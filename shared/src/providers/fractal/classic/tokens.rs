//! `POST /oauth/token` (pages "User authorization", "Client authorization"): a code or a refresh token for a pair, our own
//! credentials for a machine's token.
//!
//! The pages do not agree on where the parameters go: a form body is RFC 6749's way and keeps secrets out of addresses,
//! so it is the default (assumed); `settings.token_parameters` has the others.
//!
//! | answer | |
//! | --- | --- |
//! | `invalid_grant` | the code or the refresh token is no good: [`Denied::Grant`] |
//! | `invalid_client`, `unauthorized_client`, any other 401 | `Unauthorized` |
//! | any other refusal | `Refused`: it is about our request, and nobody's grant is over by it |
//! | 404 | there is no token endpoint at this address |
//!
//! Of a machine's token `invalid_client`, or a 401 that says nothing, is `Unauthorized`; any other word is `Refused`,
//! whatever its status: `unauthorized_client`, `invalid_scope` and `unsupported_grant_type` say that the application may not
//! have *this* token, and persons are read without it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use crate::domain::Timestamp;
use crate::ports::{HttpError, Method, ProviderError, Reach, Request, Response};
use crate::providers::answer;
use crate::secret::Secret;

/// A renewal and the call that needs it stay below the life of a turn.
const DEADLINE: Duration = Duration::from_secs(5);
/// Of an access token that does not say (page "User authorization").
const LIFE: Duration = Duration::from_secs(2 * 60 * 60);
/// No token is used for longer, whatever it says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// A token is renewed this long before its end, or a tenth of its life before it if that is less.
const SKEW: Duration = Duration::from_secs(60);

const NO_TEXT: ProviderError = ProviderError::Unavailable("a secret is no text");
const NOT_HERE: ProviderError = ProviderError::Unavailable("its token endpoint is not at this address");
const UNUSABLE: ProviderError = ProviderError::Unavailable("the token cannot be used");

/// Where a token request has its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameters {
    Form,
    Query,
    Json,
}

/// The token endpoint with our credentials there.
pub(super) struct Endpoint {
    pub(super) url: Url,
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) parameters: Parameters,
}

/// Why there is no token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// What was brought is no good, for good.
    Grant,
    /// Anything else.
    Other(ProviderError),
}

impl From<ProviderError> for Denied {
    fn from(error: ProviderError) -> Self {
        Self::Other(error)
    }
}

/// What was given.
pub(super) struct Granted {
    pub(super) access: Secret,
    pub(super) refresh: Option<Secret>,
    /// Until when it is used.
    pub(super) until: Timestamp,
    /// None where the answer does not say: all that was asked for (RFC 6749 §5.1).
    pub(super) scope: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Secret,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Option<Value>,
    #[serde(default)]
    refresh_token: Option<Secret>,
    #[serde(default)]
    scope: Option<String>,
}

impl Endpoint {
    /// A person's code for their first pair.
    pub(super) async fn of_code(&self, reach: Reach<'_>, code: &Secret, back: &Url) -> Result<Granted, Denied> {
        let code = code.expose_text().map_err(|_| Denied::Grant)?;
        let wanted = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", back.as_str())];
        paired(self.granted(reach, &wanted, read).await?)
    }

    /// The next pair. The one before lives until the new access token is used for the first time.
    pub(super) async fn of_refresh(&self, reach: Reach<'_>, refresh: &Secret) -> Result<Granted, Denied> {
        let refresh = refresh.expose_text().map_err(|_| Denied::Grant)?;
        paired(self.granted(reach, &[("grant_type", "refresh_token"), ("refresh_token", refresh)], read).await?)
    }

    /// Our own.
    pub(super) async fn of_machine(&self, reach: Reach<'_>, scope: &str) -> Result<Granted, Denied> {
        self.granted(reach, &[("grant_type", "client_credentials"), ("scope", scope)], read_of_machine).await
    }

    async fn granted(&self, reach: Reach<'_>, wanted: &[(&str, &str)], read: Reading) -> Result<Granted, Denied> {
        let asked_at = reach.world.now();
        let response = read(reach.http.send(self.request(wanted)?).await)?;
        let answer: Answer = answer::object(&response)?;
        let bearer = answer.token_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        if !bearer
            || !is_usable(&answer.access_token)
            || answer.refresh_token.as_ref().is_some_and(|token| !is_usable(token))
        {
            return Err(UNUSABLE.into());
        }
        let Answer { access_token: access, refresh_token: refresh, expires_in, scope, .. } = answer;
        Ok(Granted { access, refresh, until: asked_at + usable(expires_in.as_ref()), scope })
    }

    fn request(&self, wanted: &[(&str, &str)]) -> Result<Request, ProviderError> {
        let secret = self.client_secret.expose_text().map_err(|_| NO_TEXT)?;
        let own = [("client_id", self.client_id.as_str()), ("client_secret", secret)];
        let pairs = wanted.iter().copied().chain(own);
        let mut url = self.url.clone();
        let mut request = match self.parameters {
            Parameters::Form => {
                let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                let mut request = Request::to_provider(Method::Post, url);
                request.headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
                request.body = body.into_bytes();
                request
            }
            Parameters::Query => {
                url.query_pairs_mut().extend_pairs(pairs);
                Request::to_provider(Method::Post, url)
            }
            Parameters::Json => {
                let members: Map<String, Value> =
                    pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
                Request::to_provider(Method::Post, url).json(&Value::Object(members))
            }
        };
        request.headers.push(("accept", "application/json".to_owned()));
        request.deadline = DEADLINE;
        Ok(request)
    }
}

/// A person's grant without a refresh token would be over in two hours, and nobody could tell them from the lost ones.
fn paired(granted: Granted) -> Result<Granted, Denied> {
    if granted.refresh.is_some() { Ok(granted) } else { Err(UNUSABLE.into()) }
}

/// How an answer of the endpoint is read.
type Reading = fn(Result<Response, HttpError>) -> Result<Response, Denied>;

fn read_of_machine(answer: Result<Response, HttpError>) -> Result<Response, Denied> {
    let said = word_of(&answer);
    match (said.as_deref(), answer::read(answer, |_| None)) {
        (Some("invalid_client"), Err(ProviderError::Refused { .. })) => Err(ProviderError::Unauthorized.into()),
        (Some(word), Err(ProviderError::Unauthorized)) if word != "invalid_client" => {
            Err(ProviderError::Refused { field: None }.into())
        }
        (_, Err(ProviderError::NotFound)) => Err(NOT_HERE.into()),
        (_, outcome) => outcome.map_err(Denied::Other),
    }
}

fn read(answer: Result<Response, HttpError>) -> Result<Response, Denied> {
    let said = word_of(&answer);
    match (said.as_deref(), answer::read(answer, |_| None)) {
        (Some("invalid_grant"), Err(ProviderError::Refused { .. } | ProviderError::Unauthorized)) => Err(Denied::Grant),
        (Some("invalid_client" | "unauthorized_client"), Err(ProviderError::Refused { .. })) => {
            Err(ProviderError::Unauthorized.into())
        }
        (_, Err(ProviderError::NotFound)) => Err(NOT_HERE.into()),
        (_, outcome) => outcome.map_err(Denied::Other),
    }
}

/// The word of a refusal (RFC 6749 §5.2).
fn word_of(answer: &Result<Response, HttpError>) -> Option<String> {
    let response = answer.as_ref().ok().filter(|response| (400..=499).contains(&response.status))?;
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    body.get("error")?.as_str().map(str::to_owned)
}

/// Whether it can stand in a header.
pub(super) fn is_usable(token: &Secret) -> bool {
    !token.is_empty() && token.expose().iter().all(u8::is_ascii_graphic)
}

fn usable(expires_in: Option<&Value>) -> Duration {
    let stated = expires_in.and_then(|life| life.as_u64().or_else(|| life.as_str()?.parse().ok()));
    let life = stated.map_or(LIFE, Duration::from_secs).min(LONGEST);
    life.saturating_sub(SKEW.min(life / 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Result<Response, HttpError> {
        Ok(Response { status, retry_after: None, cookies: Vec::new(), body: body.into() })
    }

    #[test]
    fn a_refusal_is_the_grants_only_where_it_says_so() {
        let denied = |status, body: &str| read(answered(status, body)).err();
        for status in [400, 401, 403] {
            assert_eq!(denied(status, r#"{"error": "invalid_grant"}"#), Some(Denied::Grant), "{status}");
            let client = denied(status, r#"{"error": "invalid_client"}"#);
            assert_eq!(client, Some(Denied::Other(ProviderError::Unauthorized)), "{status}");
        }
        for body in ["", "{}", "[]", "<html>", r#"{"error": "invalid_scope"}"#, r#"{"error": ["invalid_grant"]}"#] {
            assert_eq!(denied(400, body), Some(Denied::Other(ProviderError::Refused { field: None })), "{body}");
            assert_eq!(denied(401, body), Some(Denied::Other(ProviderError::Unauthorized)), "{body}");
        }
        for status in [404, 500, 503] {
            let body = r#"{"error": "invalid_grant"}"#;
            let unavailable = matches!(denied(status, body), Some(Denied::Other(ProviderError::Unavailable(_))));
            assert!(unavailable, "{status}");
        }
        assert!(denied(200, "{}").is_none());
    }

    #[test]
    fn what_the_machine_may_not_have_is_not_the_clients_end() {
        let denied = |status, body: &str| read_of_machine(answered(status, body)).err();
        let words = [
            "unauthorized_client",
            "invalid_scope",
            "unsupported_grant_type",
            "invalid_request",
            "invalid_grant",
            "new",
        ];
        for status in [400, 401, 403] {
            for word in words {
                let found = denied(status, &format!(r#"{{"error": "{word}"}}"#));
                assert_eq!(found, Some(Denied::Other(ProviderError::Refused { field: None })), "{status} {word}");
            }
            let client = denied(status, r#"{"error": "invalid_client"}"#);
            assert_eq!(client, Some(Denied::Other(ProviderError::Unauthorized)), "{status}");
        }
        for body in ["", "{}", "<html>", r#"{"error": ["invalid_scope"]}"#, r#"{"error": {}}"#] {
            assert_eq!(denied(401, body), Some(Denied::Other(ProviderError::Unauthorized)), "{body}");
            assert_eq!(denied(403, body), Some(Denied::Other(ProviderError::Refused { field: None })), "{body}");
        }
        for status in [404, 409, 500] {
            let unavailable = matches!(denied(status, "{}"), Some(Denied::Other(ProviderError::Unavailable(_))));
            assert!(unavailable, "{status}");
        }
    }

    #[test]
    fn a_token_is_renewed_before_its_end() {
        for (stated, seconds) in [
            (Some(Value::from(7200)), 7140),
            (Some(Value::from("100")), 90),
            (Some(Value::from(0)), 0),
            (Some(Value::from(u64::MAX)), 86_340),
            (Some(Value::from(-1)), 7140),
            (None, 7140),
        ] {
            assert_eq!(usable(stated.as_ref()), Duration::from_secs(seconds), "{stated:?}");
        }
    }
}
