//! Intergiro: onboarding of persons ("individuals") to accounts and cards, 3d API, version 3.
//!
//! The root of a run is an *individual*; what Intergiro asks beyond the first form are *pending actions*, each with a
//! consent by which the person acts. Webhooks are thin and unsigned: they name an event and nothing else. Intergiro has
//! no place for a reference of ours, no reasons, no event for a person who drops off, and no endpoint that deletes.
//! One run is one individual, and a fresh link leads into the same one.
//!
//! | file | what |
//! | --- | --- |
//! | `specification`, `event` | what proves a webhook, how it becomes an id and a claim |
//! | `session`, `pair` | the login that all functions share |
//! | `api`, `look` | what is read, whose a thing is |
//! | `assess`, `words` | what it means: one total table |
//! | `individual`, `start`, `contact` | how a run begins, is entered again, is changed |
//! | `feed`, `webhooks` | events that nobody told us, where they are sent to |
//! | `settings` | what is configured |
//!
//! | fault at Intergiro | outcome |
//! | --- | --- |
//! | silence, 5xx, 429, broken answers | nothing is committed, a look is due |
//! | a token refused | once more with another, then `Unauthorized` |
//! | an answer about another person, event or action | `Foreign`, never stored |
//! | an event that is not there, or is about no person | invented: at most one call, never a status |
//! | an unknown status | kept, shown, never an approval |
//! | crash after create | found again in the list by e-mail and phone number |
//!
//! Facts are from Intergiro's public pages, named by topic; its endpoint reference could not be read. What is marked
//! "assumed" or "inferred" is not confirmed by Intergiro, and can be configured wherever that makes a difference.

mod api;
mod assess;
mod contact;
mod event;
mod feed;
mod id;
mod individual;
mod look;
mod pair;
#[cfg(feature = "schema")]
pub mod reference;
mod session;
mod settings;
mod specification;
mod start;
mod webhooks;
mod words;

use async_trait::async_trait;
use serde_json::Value;
use url::Url;

use self::api::Api;
use self::settings::Settings;
pub(super) use self::settings::configure;
use self::specification::SPECIFICATION;
use crate::domain::{Assessment, Channel, Part, Resource, Snapshot};
use crate::ports::{
    Account, BadField, Contact, Event, FeedPage, ProviderError, Reach, Recovery, Registration, Renewed, Started,
    Unreadable, Whose, Wish,
};
use crate::proof::{Body, Specification, Verified};
use crate::secret::Secret;

const NAME: &str = "intergiro";

struct Intergiro {
    api: Api,
    settings: Settings,
}

#[async_trait]
impl Account for Intergiro {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn specification(&self) -> &Specification {
        &SPECIFICATION
    }

    fn event(&self, body: Verified<Body<'_>>) -> Result<Event, Unreadable> {
        event::reduce(body)
    }

    fn assess(&self, parts: &[Part]) -> Assessment {
        assess::assess(parts)
    }

    fn recovery(&self, _wish: &Wish) -> Recovery {
        Recovery::ByListing
    }

    fn check(&self, wish: &Wish) -> Result<(), Vec<BadField>> {
        self.checked(wish).map(drop)
    }

    async fn start(&self, reach: Reach<'_>, wish: &Wish) -> Result<Started, ProviderError> {
        self.begin(reach, wish).await
    }

    async fn recover(&self, reach: Reach<'_>, wish: &Wish) -> Result<Option<Started>, ProviderError> {
        self.found_again(reach, wish).await
    }

    async fn look(&self, reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError> {
        self.snapshot(reach, subject).await
    }

    async fn resolve(&self, reach: Reach<'_>, subject: &Resource) -> Result<Whose, ProviderError> {
        self.whose(reach, subject).await
    }

    fn asking(&self, parts: &[Part]) -> Option<Resource> {
        assess::asking(parts)
    }

    fn renews_links(&self, _run: Option<&Resource>) -> bool {
        true
    }

    async fn renew(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
        part: Option<&Resource>,
        channel: Channel,
        return_url: Option<&Url>,
    ) -> Result<Option<Renewed>, ProviderError> {
        self.entered_again(reach, subject, part, channel, return_url).await
    }

    async fn webhooks(&self, reach: Reach<'_>) -> Result<Vec<Registration>, ProviderError> {
        self.registered(reach).await
    }

    /// Its webhooks cannot be switched off.
    async fn register(&self, reach: Reach<'_>, url: &Secret, _enabled: bool) -> Result<Registration, ProviderError> {
        self.make_registered(reach, url).await
    }

    fn has_feed(&self) -> bool {
        self.settings.feed
    }

    async fn feed(&self, reach: Reach<'_>, cursor: Option<&str>) -> Result<FeedPage, ProviderError> {
        self.read_feed(reach, cursor).await
    }

    async fn details(&self, reach: Reach<'_>, subject: &Resource) -> Result<Value, ProviderError> {
        self.live(reach, subject).await
    }

    async fn update_contact(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
        contact: &Contact,
    ) -> Result<(), ProviderError> {
        self.change_contact(reach, subject, contact).await
    }

    async fn erase(&self, _reach: Reach<'_>, _subject: &Resource) -> Result<(), ProviderError> {
        Err(ProviderError::Unsupported(
            "no endpoint of Intergiro's is known that deletes a person; ask Intergiro's support",
        ))
    }
}
