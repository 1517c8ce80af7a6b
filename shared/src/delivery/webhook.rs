//! Delivery by Standard Webhooks: signed, https only, no redirects, 16 KiB of answer at most, one deadline.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::ports::{Audience, CourierError, Http, HttpError, Method, Parcel, Request};

use super::standard_webhooks::{SignFault, SigningSecret, sign};

/// More of an answer is not read (design §7).
pub(super) const ANSWER: usize = 16 * 1024;
/// A tenant's system has this long for one delivery.
pub const DELIVERY_DEADLINE: Duration = Duration::from_secs(10);

/// Posts.
#[derive(Clone)]
pub struct WebhookCourier {
    http: Arc<dyn Http>,
}

impl WebhookCourier {
    /// A courier that calls through that port.
    #[must_use]
    pub const fn new(http: Arc<dyn Http>) -> Self {
        Self { http }
    }

    /// One try.
    ///
    /// # Errors
    /// The system does not have it, or we cannot know.
    pub async fn post(&self, url: &Url, secrets: &[SigningSecret], parcel: &Parcel) -> Result<(), CourierError> {
        let body = parcel.body.as_bytes();
        let signed = sign(secrets, &parcel.id, parcel.at.seconds(), body).map_err(unsigned)?;
        let mut headers: Vec<(&'static str, String)> =
            signed.headers().into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        headers.push(("content-type", "application/json".to_owned()));
        let request = Request {
            audience: Audience::Tenant,
            method: Method::Post,
            url: url.clone(),
            headers,
            authorization: None,
            body: body.to_vec(),
            limit: ANSWER,
            deadline: DELIVERY_DEADLINE,
        };
        let response = self.http.send(request).await.map_err(unanswered)?;
        match response.status {
            200..=299 => Ok(()),
            410 => Err(CourierError::Gone),
            status => Err(CourierError::Answered { status, retry_after: response.retry_after }),
        }
    }
}

const fn unsigned(fault: SignFault) -> CourierError {
    CourierError::Misconfigured(match fault {
        SignFault::NoSecret => "no_secret",
        SignFault::TooManySecrets => "too_many_secrets",
        SignFault::Id => "message_id",
    })
}

pub(super) const fn unanswered(error: HttpError) -> CourierError {
    match error {
        HttpError::Forbidden(rule) => CourierError::Misconfigured(rule),
        HttpError::Unreachable => CourierError::NoAnswer("unreachable"),
        HttpError::TimedOut => CourierError::NoAnswer("timed_out"),
        HttpError::Broken => CourierError::NoAnswer("broken"),
        HttpError::TooLong => CourierError::NoAnswer("too_long"),
    }
}
