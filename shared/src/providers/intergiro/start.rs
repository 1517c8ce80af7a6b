//! Begins a run: make the individual, ask for the onboarding link. Both calls are the app's one `start`.
//!
//! Create is not idempotent (no keys are documented) and is never repeated here; the link may be asked for again at any
//! time while the person has not given their data, and is tried twice. A crash in between leaves an individual that
//! nobody has a link to. Intergiro has no place for a reference of ours, so `recover` searches its list (newest first,
//! assumed; some pages) for one with the same e-mail address and phone number that still waits and was not made before
//! the onboarding was: that is the one, and it gets a link.

use serde::Deserialize;
use serde_json::{Value, json};
use ulid::Ulid;
use url::Url;

use super::Intergiro;
use super::api::{Order, Pass, moment};
use super::id::{Kind, uuid};
use super::individual;
use super::words::Status;
use crate::domain::{Channel, OnboardingId, ProviderId, Resource, Timestamp};
use crate::ports::{BadField, Entrance, Method, ProviderError, Reach, Renewed, Started, Wish};
use crate::providers::answer::{self, Object};
use crate::providers::fields::phone;
use crate::section::absolute_url;

/// Pages that are searched after a crash.
const PAGES: u8 = 5;
/// Intergiro's clock may be behind ours by so many seconds.
const SKEW: std::time::Duration = std::time::Duration::from_secs(5);

#[derive(Deserialize)]
struct Created {
    id: Option<String>,
}

/// An item of `GET /v3/individuals`.
#[derive(Deserialize)]
struct Listed {
    id: Option<String>,
    email: Option<Value>,
    phone_number: Option<Value>,
    status: Option<Value>,
    created_at: Option<Value>,
}

/// A consent's answer: `{"method": {…}}`.
#[derive(Deserialize)]
struct Consented {
    method: Option<Object<Pass>>,
}

impl Intergiro {
    pub(super) fn checked(&self, wish: &Wish) -> Result<(Value, Url), Vec<BadField>> {
        let back = individual::way_back(wish.return_url.as_ref(), self.settings.return_url.as_ref(), &self.api.base);
        match (individual::order(wish), back) {
            (Ok(body), Ok(back)) => Ok((body, back)),
            (Ok(_), Err(back)) => Err(vec![back]),
            (Err(bad), Ok(_)) => Err(bad),
            (Err(mut bad), Err(back)) => {
                bad.push(back);
                Err(bad)
            }
        }
    }

    pub(super) async fn begin(&self, reach: Reach<'_>, wish: &Wish) -> Result<Started, ProviderError> {
        let (body, back) = self.checked(wish).map_err(first_of)?;
        let id = self.create(reach, &body).await?;
        self.let_in(reach, id, wish.channel, &back).await
    }

    async fn create(&self, reach: Reach<'_>, body: &Value) -> Result<ProviderId, ProviderError> {
        let response = match self.api.call(reach, Method::Post, &self.api.individuals(), Some(body)).await {
            Err(ProviderError::NotFound) => return Err(ProviderError::Unavailable("its API is not at this address")),
            outcome @ (Ok(_) | Err(_)) => outcome?,
        };
        let created: Created = answer::object(&response)?;
        created.id.as_deref().and_then(uuid).ok_or(ProviderError::Unavailable("it created something without an id"))
    }

    /// The individual exists by now. What says so is `Unavailable` alone: after it, the list is searched.
    async fn let_in(
        &self,
        reach: Reach<'_>,
        id: ProviderId,
        channel: Channel,
        back: &Url,
    ) -> Result<Started, ProviderError> {
        let onboard = || self.onboarded(reach, &id, channel, back);
        let outcome = match onboard().await {
            Err(ProviderError::Unavailable(_) | ProviderError::NotFound) => onboard().await,
            first @ (Ok(_) | Err(_)) => first,
        };
        match outcome {
            Ok(Renewed { entrance, expires_at, .. }) => Ok(Started {
                subject: Kind::Individual.resource(id),
                entrance,
                expires_at,
                return_nonce: None,
                names: Vec::new(),
            }),
            Err(ProviderError::NotFound | ProviderError::Busy { .. } | ProviderError::Renewing) => {
                Err(ProviderError::Unavailable("the individual was made, the link could not be"))
            }
            Err(error) => Err(error),
        }
    }

    async fn onboarded(
        &self,
        reach: Reach<'_>,
        id: &ProviderId,
        channel: Channel,
        back: &Url,
    ) -> Result<Renewed, ProviderError> {
        let body = json!({"return_url": back.as_str()});
        let response = self.api.call(reach, Method::Post, &self.api.onboard(id), Some(&body)).await?;
        self.entrance(answer::object(&response)?, channel)
    }

    /// A link or, for the mobile SDKs, the token that newer versions give beside it.
    fn entrance(&self, pass: Pass, channel: Channel) -> Result<Renewed, ProviderError> {
        let expires_at = pass.expires_at();
        let entrance = match channel {
            Channel::Sdk => {
                let token = pass.token.filter(|token| !token.is_empty());
                Entrance::Sdk { token: token.ok_or(ProviderError::Refused { field: Some("channel".to_owned()) })? }
            }
            Channel::Link => {
                let url = pass.redirect_url.ok_or(ProviderError::Unavailable("the answer has no link"))?;
                let parsed = url.expose_text().ok().and_then(|text| absolute_url(text).ok());
                if !parsed.is_some_and(|parsed| self.api.is_safe(&parsed)) {
                    return Err(ProviderError::Unavailable("the answer's link is none"));
                }
                // Intergiro forbids frames.
                Entrance::Link { url, embed: false }
            }
        };
        Ok(Renewed { entrance, expires_at, return_nonce: None })
    }

    /// See the module.
    pub(super) async fn found_again(&self, reach: Reach<'_>, wish: &Wish) -> Result<Option<Started>, ProviderError> {
        // Without the person's data there is nothing to find them by, and nothing to make anew.
        let Ok((body, back)) = self.checked(wish) else { return Ok(None) };
        match self.searched(reach, &body, not_before(&wish.onboarding)).await {
            Ok(Some(id)) => self.let_in(reach, id, wish.channel, &back).await.map(Some),
            // The list cannot be had in this way: a second individual is made, or refused as a duplicate.
            Ok(None) | Err(ProviderError::Refused { .. } | ProviderError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn searched(
        &self,
        reach: Reach<'_>,
        body: &Value,
        since: Option<Timestamp>,
    ) -> Result<Option<ProviderId>, ProviderError> {
        let mut after: Option<String> = None;
        let mut found = None;
        for _ in 0..PAGES {
            let order = Order { sorted: Some("desc"), after: after.as_deref(), ..Order::LONG };
            let page = self.api.page::<Listed>(reach, self.api.individuals(), order).await?;
            // The first that was made is ours: a second would be a repeat's.
            let of_page = page.data.iter().filter(|listed| listed.is(body, since));
            found = of_page.filter_map(Listed::key).min().or(found);
            after = page.data.last().and_then(|listed| listed.id.clone());
            let older = page.data.last().and_then(Listed::at).zip(since).is_some_and(|(at, since)| at < since);
            if page.has_more != Some(true) || after.is_none() || older {
                break;
            }
        }
        Ok(found.map(|(_, id)| id))
    }

    /// A fresh entrance: into an open action by its consent, else into the form while that is not done.
    pub(super) async fn entered_again(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
        part: Option<&Resource>,
        channel: Channel,
        return_url: Option<&Url>,
    ) -> Result<Option<Renewed>, ProviderError> {
        let back = individual::way_back(return_url, self.settings.return_url.as_ref(), &self.api.base)
            .map_err(|bad| first_of(vec![bad]))?;
        let root = self.root(reach, subject).await?;
        if let Some(part) = part.filter(|part| Kind::of(part) == Some(Kind::PendingAction)) {
            return self.consented(reach, &root, &part.id, channel, &back).await.map(Some);
        }
        let found = self.api.read_individual(reach, &root).await?;
        let status = found.status.as_deref().and_then(Status::read);
        if !status.is_some_and(Status::is_before_data) {
            return Ok(None);
        }
        self.onboarded(reach, &root, channel, &back).await.map(Some)
    }

    async fn consented(
        &self,
        reach: Reach<'_>,
        root: &ProviderId,
        action: &ProviderId,
        channel: Channel,
        back: &Url,
    ) -> Result<Renewed, ProviderError> {
        let action = match self.api.read_action(reach, action).await {
            Err(ProviderError::NotFound) => return Err(NOT_OPEN),
            outcome @ (Ok(_) | Err(_)) => outcome?,
        };
        if action.individual().is_some_and(|id| id != *root) {
            return Err(ProviderError::Foreign("it is an action of another person"));
        }
        let consent = action.consent().ok_or(ProviderError::Unsupported(
            "Intergiro names no consent for what it asks, so there is no link for it; ask Intergiro's support",
        ))?;
        let body = json!({"return_url": back.as_str()});
        let response = match self.api.call(reach, Method::Post, &self.api.consent(&consent), Some(&body)).await {
            Err(ProviderError::NotFound) => return Err(NOT_OPEN),
            outcome @ (Ok(_) | Err(_)) => outcome?,
        };
        let Consented { method } = answer::object(&response)?;
        let Object(pass) = method.ok_or(ProviderError::Unavailable("the answer has no link"))?;
        self.entrance(pass, channel)
    }
}

/// The next look tells what has become of it.
const NOT_OPEN: ProviderError = ProviderError::Unavailable("what it asked for is not open any more");

impl Listed {
    fn is(&self, body: &Value, since: Option<Timestamp>) -> bool {
        let email = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_lowercase);
        let number = |value: Option<&Value>| value.and_then(phone);
        let waits = self.status.as_ref().and_then(Value::as_str).and_then(Status::read);
        email(self.email.as_ref()) == email(body.get("email"))
            && number(self.phone_number.as_ref()) == number(body.get("phone_number"))
            && waits.is_some_and(Status::is_before_data)
            && self.at().zip(since).is_none_or(|(at, since)| at >= since)
    }

    fn at(&self) -> Option<Timestamp> {
        moment(self.created_at.as_ref())
    }

    fn key(&self) -> Option<(Option<Timestamp>, ProviderId)> {
        Some((self.at(), self.id.as_deref().and_then(uuid)?))
    }
}

/// An onboarding's id holds the time of the request that it was made for.
fn not_before(onboarding: &OnboardingId) -> Option<Timestamp> {
    let ulid = Ulid::from_string(onboarding.as_str().strip_prefix("onb_")?).ok()?;
    Some(Timestamp::from_millis(i64::try_from(ulid.timestamp_ms()).ok()?) - SKEW)
}

fn first_of(bad: Vec<BadField>) -> ProviderError {
    ProviderError::Refused { field: bad.into_iter().next().map(|bad| bad.field) }
}
