//! Onfido (Entrust Identity Verification): reports on documents, faces and lists, in two systems of one API.
//!
//! - *Classic*: an *applicant* is the root of a run, one for each onboarding. The person's SDK captures, the app says
//!   that it is done (`submit`), a *check* is made with one *report* of each kind. A check can be made again.
//! - *Studio*: a *workflow run* is the root; its workflow, made by the tenant, decides. It has a hosted link and an SDK
//!   token, neither of which can be renewed: the next attempt is a new run of the same applicant.
//!
//! Webhooks are signed, carry no id of their own, and go to every webhook of the account: a signature proves the
//! account, not the client. Whose a check is stands in our ledger (its applicant is bound before anything can name it),
//! whose a run is in its tags.
//!
//! | file | what |
//! | --- | --- |
//! | `specification`, `event`, `actions` | what proves a webhook, how it becomes an id and a claim |
//! | `api`, `resource`, `look` | what is read, whose a thing is |
//! | `assess`, `words` | what it means: one total table |
//! | `subject`, `options`, `start`, `submit` | how a run begins, is entered again, is submitted |
//! | `live` | details, evidence, events in Onfido's own form, deletion |
//! | `settings` | what is configured |
//!
//! | fault at Onfido | outcome |
//! | --- | --- |
//! | silence, 5xx, 429, broken answers, another API at this address | nothing is committed, a look is due |
//! | token revoked, of another region, without rights (401, 403) | `Unauthorized` |
//! | an answer about another resource | `Foreign`, never stored |
//! | an applicant that is deleted (404, 410, 422) | gone: what was known stands |
//! | an unknown status, result or sub-result | kept, shown, never an approval |
//! | crash after create | Studio: found again by its tags; classic: an applicant that nobody uses may remain |
//!
//! Facts are from Onfido's public OpenAPI description of API v3.6 (July 2026), its guides, by topic, and the code of its
//! official libraries. What is marked "assumed" is not confirmed, and can be configured where it makes a difference.

mod actions;
mod api;
mod assess;
mod event;
mod id;
mod live;
mod look;
mod options;
#[cfg(feature = "schema")]
pub mod reference;
mod resource;
mod settings;
mod specification;
mod start;
mod subject;
mod submit;
mod webhooks;
mod words;

use async_trait::async_trait;
use serde_json::{Map, Value};
use url::Url;

use self::api::Api;
use self::id::Kind;
use self::options::Flow;
use self::settings::Settings;
pub(super) use self::settings::configure;
use self::specification::SPECIFICATION;
use crate::domain::{Assessment, Channel, Part, PartFact, Resource, Snapshot, Timestamp};
use crate::ports::{
    Account, BadField, Event, ProviderError, ProviderEvent, Reach, Recovery, Registration, Renewed, Started,
    Submission, Unreadable, Whose, Wish,
};
use crate::proof::{Body, Specification, Verified};
use crate::secret::Secret;

const NAME: &str = "onfido";
/// Before an onboarding's id, on its runs and checks.
const TAG: &str = "idv:";
/// Before an attempt's number, on its run.
const ATTEMPT_TAG: &str = "idv-attempt:";
/// Before a submission's mark, on its check.
const SUBMIT_TAG: &str = "idv-submit:";

struct Onfido {
    api: Api,
    settings: Settings,
}

#[async_trait]
impl Account for Onfido {
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
        assess::assess(parts, self.settings.consider)
    }

    fn recovery(&self, wish: &Wish) -> Recovery {
        if self.settings.may_have_run(wish) { Recovery::ByReference } else { Recovery::None }
    }

    fn check(&self, wish: &Wish) -> Result<(), Vec<BadField>> {
        self.settings.order(wish).map(drop)
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
        assess::asking(parts, self.settings.consider)
    }

    fn renews_links(&self, run: Option<&Resource>) -> bool {
        match run.map(Kind::of) {
            Some(kind) => kind == Some(Kind::Applicant),
            None => self.settings.usual_flow() == Flow::Classic,
        }
    }

    /// No event tells of it, and no status.
    fn tells_expiry(&self) -> bool {
        false
    }

    async fn renew(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
        _part: Option<&Resource>,
        _channel: Channel,
        _return_url: Option<&Url>,
    ) -> Result<Option<Renewed>, ProviderError> {
        self.entered_again(reach, subject).await
    }

    async fn details(&self, reach: Reach<'_>, subject: &Resource) -> Result<Value, ProviderError> {
        self.live(reach, subject).await
    }

    fn check_submission(&self, options: &Map<String, Value>) -> Result<(), Vec<BadField>> {
        let bad = self.checked_submission(options);
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }

    async fn submit(&self, reach: Reach<'_>, asked: Submission<'_>) -> Result<Vec<Resource>, ProviderError> {
        self.make_submitted(reach, asked).await
    }

    fn event_of(&self, part: &PartFact, at: Timestamp) -> Option<ProviderEvent> {
        self.told(part, at)
    }

    fn events(&self) -> &'static [&'static str] {
        &actions::TOLD
    }

    async fn evidence(&self, reach: Reach<'_>, part: &Resource) -> Result<Value, ProviderError> {
        self.report(reach, part).await
    }

    async fn webhooks(&self, reach: Reach<'_>) -> Result<Vec<Registration>, ProviderError> {
        self.registered(reach).await
    }

    async fn register(&self, reach: Reach<'_>, url: &Secret, enabled: bool) -> Result<Registration, ProviderError> {
        self.make_registered(reach, url, enabled).await
    }

    async fn amend(&self, reach: Reach<'_>, id: &str, enabled: bool) -> Result<Registration, ProviderError> {
        self.amend_registered(reach, id, enabled).await
    }

    async fn unregister(&self, reach: Reach<'_>, id: &str) -> Result<(), ProviderError> {
        self.remove_registered(reach, id).await
    }

    fn makes_signing_secret(&self) -> bool {
        true
    }

    async fn erase(&self, reach: Reach<'_>, subject: &Resource) -> Result<(), ProviderError> {
        self.forget(reach, subject).await
    }
}
