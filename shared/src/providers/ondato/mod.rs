//! Ondato: hosted verification of persons (KYC) and companies (KYB).
//!
//! The root of a run is an *identity verification*; its identifications (the decision on a person or a company) and
//! forms are resources of their own with their own events. A verification that is `Completed` was walked through and
//! says nothing of approval. One run is one verification: it cannot be reopened, cancelled or changed, so a new try
//! after `Expired` or `Aborted` is a new one with the same `externalReferenceId`, our onboarding id.
//!
//! | file | what |
//! | --- | --- |
//! | `specification` | how a webhook is proven |
//! | `event` | a webhook becomes ids and a claim |
//! | `look`, `api` | what is read, from which host |
//! | `assess`, `words` | what it means: one total table |
//! | `registration`, `start` | how a run begins |
//! | `settings` | what is configured |
//!
//! | fault at Ondato | outcome |
//! | --- | --- |
//! | silence, 5xx, 429, broken answers | nothing is committed, a look is due |
//! | token refused, scope missing | once more with a fresh token, then `Unauthorized` |
//! | an answer about another resource or application | `Foreign`, never stored |
//! | an unknown status | kept, shown, never an approval |
//! | crash after create | an orphan remains: a search by `externalReferenceId` is not confirmed |
//!
//! Facts are from Ondato's public documentation, cited by topic; those marked "assumed", "inferred" or "read in code"
//! are not confirmed by Ondato, and can be configured wherever that makes a difference.

mod api;
mod assess;
mod event;
mod id;
mod look;
#[cfg(feature = "schema")]
pub mod reference;
mod registration;
mod settings;
mod specification;
mod start;
mod words;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use self::api::Api;
use self::id::Kind;
use self::settings::Settings;
pub(super) use self::settings::configure;
use self::start::Setups;
use super::answer::{self, below};
use crate::domain::{Assessment, OnboardingId, Part, Resource, Snapshot};
use crate::ports::{
    Account, BadField, Event, Method, ProviderError, Reach, Recovery, Started, Unreadable, Whose, Wish,
};
use crate::proof::{Body, Specification, Verified};

const NAME: &str = "ondato";
/// A redaction "starts at once"; the answer to it should not take longer.
const REDACT: Duration = Duration::from_secs(8);

struct Ondato {
    api: Api,
    settings: Settings,
    specification: Specification,
    setups: Setups,
}

impl Ondato {
    fn new(api: Api, settings: Settings, specification: Specification) -> Self {
        Self { api, settings, specification, setups: Setups::default() }
    }
}

#[async_trait]
impl Account for Ondato {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn specification(&self) -> &Specification {
        &self.specification
    }

    fn event(&self, body: Verified<Body<'_>>) -> Result<Event, Unreadable> {
        event::reduce(body, self.settings.application.as_ref())
    }

    fn assess(&self, parts: &[Part]) -> Assessment {
        assess::assess(parts)
    }

    fn recovery(&self, _wish: &Wish) -> Recovery {
        Recovery::None
    }

    fn check(&self, wish: &Wish) -> Result<(), Vec<BadField>> {
        registration::order(wish, &self.settings).map(drop)
    }

    async fn start(&self, reach: Reach<'_>, wish: &Wish) -> Result<Started, ProviderError> {
        self.begin(reach, wish).await
    }

    async fn look(&self, reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError> {
        self.snapshot(reach, subject).await
    }

    /// Attempts name the verification: what belongs to one is about that.
    async fn resolve(&self, reach: Reach<'_>, subject: &Resource) -> Result<Whose, ProviderError> {
        let root = self.root(reach, subject).await?;
        if root != subject.id {
            let part = subject.clone();
            return Ok(Whose::About { subject: Kind::IdentityVerification.resource(root), part });
        }
        let found = self.verification(reach, &root).await?;
        let reference = found.external_reference_id.and_then(|reference| OnboardingId::parse(reference).ok());
        Ok(reference.map_or(Whose::Nobodys, Whose::Ours))
    }

    async fn details(&self, reach: Reach<'_>, subject: &Resource) -> Result<Value, ProviderError> {
        let root = self.root(reach, subject).await?;
        let found = self.verification(reach, &root).await?;
        let identifications = [
            ("kyc_identification", found.kyc()?, &self.api.hosts.kyc),
            ("kyb_identification", found.kyb()?, &self.api.hosts.kyb),
        ];
        let mut details = Map::new();
        for (name, id, host) in identifications {
            let Some(id) = id else { continue };
            let response = self.api.get(reach, &Api::identification(host, &id)).await?;
            self.own_identification(&response, &id, Some(&root))?;
            details.insert(name.to_owned(), answer::object::<Map<_, _>>(&response)?.into());
        }
        Ok(Value::Object(details))
    }

    /// `PUT …/redact` (topic "Data deletion"). What a repeat is answered is not documented: where it is refused, the
    /// verification itself says whether it is done.
    async fn erase(&self, reach: Reach<'_>, subject: &Resource) -> Result<(), ProviderError> {
        let root = match self.root(reach, subject).await {
            Err(ProviderError::NotFound) => return Ok(()),
            outcome @ (Ok(_) | Err(_)) => outcome?,
        };
        let url = below(&self.api.verification(&root), &["redact"]);
        let body = json!({"scope": self.settings.redact_scope});
        match self.api.call(reach, Method::Put, &url, Some(&body), REDACT).await {
            Ok(_) | Err(ProviderError::NotFound) => Ok(()),
            Err(error @ (ProviderError::Refused { .. } | ProviderError::Unavailable(_))) => {
                let redacted = self.verification(reach, &root).await.is_ok_and(|found| found.is_redacted());
                if redacted { Ok(()) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }
}
