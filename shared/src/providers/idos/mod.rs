//! idOS: credentials that people hold themselves. An issuer's verification rests encrypted in a network of Kwil nodes;
//! a person, or the issuer for them, grants us a copy that is encrypted for our key. Nothing is begun there by us.
//!
//! The root of a run is our own (`share/{onboarding}.{attempt}.{level}[.{user}]`): it says what was asked and of whom. Its
//! parts are the idOS *user* and a *credential* for each copy that this user granted us. What is read is judged here: a
//! valid proof says that the issuer signed these values, not which field they stood in, so who wrote the copy counts.
//! idOS tells nobody anything; its notices come through connections of Fractal ID, and from the list of grants.
//!
//! | file | what |
//! | --- | --- |
//! | `session`, `challenge` | the gateway's sign-in, which all functions share |
//! | `kwil`, `actions`, `grants`, `content` | how the node is asked, where a copy's content is |
//! | `look` | what is read, whose a thing is |
//! | `credential` | a copy opened and judged |
//! | `assess` | what it means: one total table |
//! | `start`, `feed` | how a run begins; grants that nobody told us of |
//! | `settings`, `specification` | what is configured; that nothing proves a webhook |
//!
//! | fault at idOS | outcome |
//! | --- | --- |
//! | silence, 5xx, 429, −905, broken answers, a node's own errors | nothing is committed, a look is due |
//! | a session refused (−901, 401) | once more with another, then `Unauthorized` |
//! | a challenge for another domain, version or chain | nothing is signed: `Unauthorized` |
//! | a grant or copy of another user | `Foreign`, never stored |
//! | a copy that was revoked in between | as if it was not granted |
//! | one copy that cannot be read now, beside others | `not_read`: it neither approves nor takes an approval back |
//! | a content that is not there, too long, not what was named, not for our key, badly signed… | a part with that reason |
//!
//! Facts are of idOS's public code and documentation, named by topic. What was not found is assumed, said to be so, and can
//! be configured wherever that makes a difference.

mod actions;
mod assess;
mod challenge;
mod content;
mod credential;
mod feed;
mod grants;
mod id;
mod kwil;
mod look;
#[cfg(feature = "schema")]
pub mod reference;
mod session;
mod settings;
mod specification;
mod start;

use async_trait::async_trait;
use serde_json::Value;
use url::Url;

use self::actions::Node;
use self::credential::Key;
pub use self::credential::{Flaw, SharedBy, UserShared};
use self::id::Root;
use self::settings::Settings;
pub(super) use self::settings::configure;
use self::specification::SPECIFICATION;
use crate::domain::{Assessment, Channel, Part, Resource, Snapshot};
use crate::ports::{
    Account, BadField, Event, FeedPage, ProviderError, Reach, Recovery, Renewed, Started, Unreadable, Whose, Wish,
};
use crate::proof::{Body, Specification, Verified};

const NAME: &str = "idos";

struct Idos {
    node: Node,
    key: Key,
    settings: Settings,
}

#[async_trait]
impl Account for Idos {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn specification(&self) -> &Specification {
        &SPECIFICATION
    }

    fn takes_webhooks(&self) -> bool {
        false
    }

    fn event(&self, _body: Verified<Body<'_>>) -> Result<Event, Unreadable> {
        Err(Unreadable::NotAnEvent("idOS sends no webhooks"))
    }

    fn assess(&self, parts: &[Part]) -> Assessment {
        assess::assess(parts, self.settings.terms.user_shared)
    }

    /// What a run is called is made of our own reference alone.
    fn recovery(&self, _wish: &Wish) -> Recovery {
        Recovery::ByReference
    }

    fn check(&self, wish: &Wish) -> Result<(), Vec<BadField>> {
        self.checked(wish).map(drop)
    }

    async fn start(&self, _reach: Reach<'_>, wish: &Wish) -> Result<Started, ProviderError> {
        self.begin(wish)
    }

    async fn look(&self, reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError> {
        self.snapshot(reach, subject).await
    }

    async fn resolve(&self, reach: Reach<'_>, subject: &Resource) -> Result<Whose, ProviderError> {
        self.whose(reach, subject).await
    }

    fn asking(&self, parts: &[Part]) -> Option<Resource> {
        assess::asking(parts, self.settings.terms.user_shared)
    }

    /// A run that names nobody can never end well: what helps is another, with the name that a `resume` then brings.
    fn renews_links(&self, run: Option<&Resource>) -> bool {
        run.and_then(Root::read).is_none_or(|root| root.user.is_some())
    }

    async fn renew(
        &self,
        _reach: Reach<'_>,
        subject: &Resource,
        _part: Option<&Resource>,
        channel: Channel,
        return_url: Option<&Url>,
    ) -> Result<Option<Renewed>, ProviderError> {
        self.entered_again(subject, channel, return_url)
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

    async fn erase(&self, _reach: Reach<'_>, _subject: &Resource) -> Result<(), ProviderError> {
        Err(ProviderError::Unsupported(
            "a copy is not given back from here; the person revokes the grant and deletes the copy in idOS's own pages",
        ))
    }
}
