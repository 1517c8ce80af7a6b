//! One login session for everybody (authentication page): an API key opens a session of an hour with tokens of 15
//! minutes. Refreshing early is refused with 400, and one login per call or per worker may be taken for fraud. So all
//! functions share one pair of tokens, through `reach.login`, and one at a time replaces it.
//!
//! | when | then ([`crate::providers::session`] has what is common to all) |
//! | --- | --- |
//! | the token lives | it is used: a warm call reads nothing |
//! | it has been over for 5 s, or a call was refused (401) | another: a shared one that is newer, else a refresh |
//! | the refresh is refused | somebody was faster: theirs is used; else one logs in |
//! | three refreshes or an hour are over | login |
//! | whoever refreshed died before sharing | the pair that is shared is void, its refresh is refused: login |
//! | the login is refused (400, 401, 403, 422) | `Unauthorized`; this process does not ask again for a minute |
//! | the session is a minute old and refused again | `Unauthorized` without another login |
//! | a call is refused twice | `Unauthorized` |
//!
//! That an old refresh token is void and that sessions may run side by side is assumed; nothing breaks if it is not so.

use async_trait::async_trait;
use serde_json::{Value, json};
use url::Url;

use super::pair::Pair;
use crate::domain::Timestamp;
use crate::ports::{HttpError, Method, ProviderError, Reach, Request, Response, Turn};
use crate::providers::answer::{self, below};
use crate::providers::session::{
    self, APART, DEADLINE, ENOUGH, Failed, Pass, Renewed, Renews, TOO_LATE, is_over, theirs,
};
use crate::secret::Secret;

const NOT_HERE: ProviderError = ProviderError::Unavailable("its API is not at this address");
/// An API key with the session that it opened.
pub(super) struct Session {
    login: Url,
    refresh: Url,
    api_key: Secret,
    shared: session::Session,
}

impl Session {
    pub(super) fn new(base: &Url, api_key: Secret) -> Self {
        let at = |what| below(base, &["v3", "auth", what]);
        let (login, refresh) = (at("login"), at("refresh"));
        Self { login, refresh, api_key, shared: session::Session::default() }
    }

    /// Makes a call with the token; refused, once more with another. A refused call did nothing, so that also what must
    /// not be done twice may be repeated here.
    pub(super) async fn authorized(
        &self,
        reach: Reach<'_>,
        request: &(dyn Fn() -> Request + Send + Sync),
    ) -> Result<Result<Response, HttpError>, ProviderError> {
        let refused = self.shared.held(reach, None, self).await?;
        let first = reach.http.send(request().authorized(refused.shown())).await;
        if !matches!(&first, Ok(response) if response.status == 401) {
            return Ok(first);
        }
        let held = self.shared.held(reach, Some(&refused), self).await?;
        Ok(reach.http.send(request().authorized(held.shown())).await)
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

impl Pass for Pair {
    fn read(shared: &Secret) -> Option<Self> {
        Self::read(shared)
    }

    fn written(&self) -> Secret {
        self.written()
    }

    fn shown(&self) -> Secret {
        self.authorization()
    }

    fn until(&self) -> Option<Timestamp> {
        Some(self.until())
    }
}

#[async_trait]
impl Renews for Session {
    type Pass = Pair;

    async fn renewed(&self, reach: Reach<'_>, turn: &Turn, pair: Option<&Pair>) -> Result<Renewed<Pair>, Failed> {
        if let Some(pair) = pair.filter(|pair| pair.can_be_refreshed(reach.world.now())) {
            let answer = self.send(reach, &self.refresh, &json!({"refresh_token": pair.refresh_token()})).await;
            match answer {
                Ok(response) => return Ok(Renewed::Own(pair.refreshed(&response, reach.world.now())?)),
                Err(Failed { error: ProviderError::Unauthorized | ProviderError::Refused { .. }, over: true }) => {}
                Err(failure) => return Err(failure),
            }
            if let Some(held) = theirs::<Pair>(reach, turn).await {
                return Ok(Renewed::Theirs(held));
            }
        }
        let now = reach.world.now();
        if pair.is_some_and(|pair| now.since(pair.logged_in_at()) < reach.world.pace.of(APART)) {
            return Err(ProviderError::Unauthorized.into());
        }
        self.log_in(reach).await.map(Renewed::Own)
    }
}
