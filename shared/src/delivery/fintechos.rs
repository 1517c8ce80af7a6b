//! Delivery into a tenant's own FintechOS instance: it signs in, then calls an action (`call`) with the provider's event.
//!
//! A token is kept in the process and shared (`sign_in`). Both calls of a try, and both of its repetition, end by the
//! try's own deadline.
//!
//! | what the instance answers | what it means |
//! | --- | --- |
//! | 2xx | it has it, unless the success pointer leads to false |
//! | 401, 403, or a failure whose answer speaks of the token | a fresh token, and the call once more in the same try |
//! | the same again | the try has failed |
//! | 2xx, the success pointer leads to false | the try has failed: `failed_by_its_word` |
//! | 410, to either call | the endpoint is stopped |
//! | anything else, none | the try has failed; `Retry-After` is heard |
//! | to the sign-in: another 4xx, or 2xx without a token | the try has failed: `not_signed_in_…` |
//!
//! How failures look is not documented (providers/fintechos.md §3.2): the pointer is a setting, and that an answer which
//! speaks of a token refuses ours is assumed. A try that was wrongly repeated costs one call.

mod call;
pub mod content;
mod sign_in;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::domain::Timestamp;
use crate::ports::{Audience, Clock, CourierError, FintechOs, Http, HttpError, Method, Parcel, Request, Response};
use crate::secret::Secret;

use self::call::Unheard;
use self::sign_in::SignIns;
use super::webhook::{ANSWER, unanswered};

/// Calls actions.
pub struct FintechosCourier {
    http: Arc<dyn Http>,
    clock: Arc<dyn Clock>,
    sign_ins: SignIns,
}

impl FintechosCourier {
    /// A courier that calls through that port, and has signed in nowhere yet.
    #[must_use]
    pub fn new(http: Arc<dyn Http>, clock: Arc<dyn Clock>) -> Self {
        Self { http, clock, sign_ins: SignIns::default() }
    }

    /// One try.
    ///
    /// # Errors
    /// The instance does not have it, or we cannot know.
    pub async fn call(&self, instance: &FintechOs, parcel: &Parcel) -> Result<(), CourierError> {
        let line = Line { http: &*self.http, clock: &*self.clock, until: parcel.until };
        let tokens = self.sign_ins.of(&parcel.onboarding.tenant, instance);
        let token = tokens.token(line, instance).await?;
        match call::call(line, instance, &token.text, parcel).await {
            Ok(()) => return Ok(()),
            Err(Unheard::Otherwise(error)) => return Err(error),
            Err(Unheard::ForItsToken(_)) => tokens.forget(line, token.number).await,
        }
        let token = tokens.token(line, instance).await?;
        call::call(line, instance, &token.text, parcel).await.map_err(Unheard::error)
    }
}

/// What an instance that does not answer in time is told as, too.
const OUT_OF_TIME: CourierError = unanswered(HttpError::TimedOut);

/// The calls of one try, which end together.
#[derive(Clone, Copy)]
struct Line<'a> {
    http: &'a dyn Http,
    clock: &'a dyn Clock,
    until: Timestamp,
}

impl Line<'_> {
    /// Of the try.
    fn left(self) -> Duration {
        self.until.since(self.clock.now())
    }

    /// Posts JSON, for no longer than `most` of what is left.
    async fn post(self, call: Post<'_>, most: Duration) -> Result<Response, CourierError> {
        let left = self.left();
        if left.is_zero() {
            return Err(OUT_OF_TIME);
        }
        let request = Request {
            audience: Audience::Tenant,
            method: Method::Post,
            url: call.url.clone(),
            headers: vec![("content-type", "application/json".to_owned()), ("accept", "application/json".to_owned())],
            authorization: call.authorization,
            body: call.body,
            limit: ANSWER,
            deadline: left.min(most),
        };
        let response = self.http.send(request).await.map_err(unanswered)?;
        if response.status == 410 { Err(CourierError::Gone) } else { Ok(response) }
    }
}

/// What is posted.
struct Post<'a> {
    url: &'a url::Url,
    authorization: Option<Secret>,
    body: Vec<u8>,
}

const fn answered(response: &Response) -> CourierError {
    CourierError::Answered { status: response.status, retry_after: response.retry_after }
}
