//! The gateway's session: a signed challenge gives a cookie, which comes with every later request. Each signer has one
//! session (client code), so all functions share it through `reach.login`, and one at a time replaces it. It rests with
//! its connection: a cookie never serves another tenant.
//!
//! | when | then |
//! | --- | --- |
//! | there is a cookie | it is used: how long it lives was not found, so the gateway is asked |
//! | it is refused (−901, 401) | another: a shared one that is newer, else by signing in ([`crate::providers::session`]) |
//! | a fresh one is refused, too | `Unauthorized`; this process does not sign in again for a minute |
//! | the sign-in itself is refused, or its challenge is not for us | the same |

use async_trait::async_trait;
use serde_json::{Value, json};
use tracing::warn;
use url::Url;

use super::challenge::{Challenge, Expected, Signer};
use super::kwil::rpc;
use crate::domain::Timestamp;
use crate::ports::{HttpError, ProviderError, Reach, Request, Response, Turn};
use crate::providers::session::{self, DEADLINE, ENOUGH, Failed, Held, Pass, Renewed, Renews, TOO_LATE, is_over};
use crate::secret::Secret;

/// As the gateway calls it, over plain and over safe connections alone.
const COOKIES: [&str; 2] = ["kgw_session", "__Host-kgw_session"];

const NO_COOKIE: ProviderError = ProviderError::Unavailable("the sign-in gave no session");

/// Who signs in, and the session that came of it.
pub(super) struct Session {
    rpc: Url,
    pub(super) signer: Signer,
    expected: Expected,
    shared: session::Session,
}

impl Session {
    pub(super) fn new(gateway: &Url, rpc: Url, signer: Signer, chain_id: Option<String>) -> Self {
        let expected = Expected::of(gateway, chain_id);
        Self { rpc, signer, expected, shared: session::Session::default() }
    }

    /// Makes a call within the session; not let in, once more within another. A call that is not let in did nothing.
    pub(super) async fn within(
        &self,
        reach: Reach<'_>,
        request: &(dyn Fn() -> Request + Send + Sync),
    ) -> Result<Result<Response, HttpError>, ProviderError> {
        let first = self.shared.held(reach, None, self).await?;
        let answer = reach.http.send(with(&first, request())?).await;
        if !is_logged_out(&answer) {
            return Ok(answer);
        }
        let second = self.shared.held(reach, Some(&first), self).await?;
        let answer = reach.http.send(with(&second, request())?).await;
        if is_logged_out(&answer) {
            self.shared.refuse(reach).await;
            return Err(ProviderError::Unauthorized);
        }
        Ok(answer)
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

/// The session's cookie: name and value.
pub(super) struct Cookie(Secret);

impl Pass for Cookie {
    fn read(shared: &Secret) -> Option<Self> {
        is_cookie(shared).then(|| Self(Secret::from(shared.expose().to_vec())))
    }

    fn written(&self) -> Secret {
        Secret::from(self.0.expose().to_vec())
    }

    fn shown(&self) -> Secret {
        self.written()
    }

    /// How long it lives was not found: the gateway is asked.
    fn until(&self) -> Option<Timestamp> {
        None
    }
}

#[async_trait]
impl Renews for Session {
    type Pass = Cookie;

    async fn renewed(
        &self,
        reach: Reach<'_>,
        _turn: &Turn,
        _known: Option<&Cookie>,
    ) -> Result<Renewed<Cookie>, Failed> {
        self.signed_in(reach).await.map(|cookie| Renewed::Own(Cookie(cookie)))
    }
}

fn with(held: &Held, mut request: Request) -> Result<Request, ProviderError> {
    let cookie = held.shown();
    request.headers.push(("cookie", cookie.expose_text().map_err(|_| NO_COOKIE)?.to_owned()));
    Ok(request)
}

fn is_logged_out(answer: &Result<Response, HttpError>) -> bool {
    answer.as_ref().is_ok_and(rpc::is_logged_out)
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
