//! An account with a provider: the one port that every provider's folder implements. A configured account carries
//! its own credentials and settings; what it needs of the world comes with each call.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};
use thiserror::Error;
use url::Url;

use crate::domain::{
    Assessment, Channel, Claim, ConnectionKey, ConnectionName, OnboardingId, Part, PartFact, Resource, Snapshot,
    SubjectKind, Timestamp,
};
use crate::proof::{Body, Specification, Verified};
use crate::secret::Secret;

use super::http::Http;
use super::login::Login;
use super::way::{Way, WayBack};
use super::world::World;

/// What a call may use of the world.
#[derive(Clone, Copy)]
pub struct Reach<'a> {
    /// Outward calls.
    pub http: &'a dyn Http,
    /// Time and chance.
    pub world: &'a World,
    /// Through which connection; an answer that belongs to another is foreign.
    pub connection: &'a ConnectionKey,
    /// Our own origin, for addresses that the provider sends people to.
    pub public_url: &'a Url,
    /// Digests data so that a change can be told and nothing else.
    pub digest: &'a (dyn Fn(&[u8]) -> String + Send + Sync),
    /// The login that all functions share, for providers that want one session and not many.
    pub login: &'a dyn Login,
    /// What the person of this onboarding has granted, shared and replaced as a login is: where a provider is asked with
    /// the person's own tokens. Where the work is not about one onboarding there is nothing, and it cannot be had.
    pub grant: &'a dyn Login,
    /// The person's way to the provider and back.
    pub way: &'a dyn Way,
}

/// A proven event, reduced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Look at this.
    Look {
        /// At what.
        subject: Resource,
        /// What the look must not contradict.
        claim: Claim,
        /// The event's type, for the log: a word of the provider, clipped.
        kind: String,
    },
    /// Look at this through another connection of the same tenant.
    Elsewhere {
        /// Through which.
        connection: ConnectionName,
        /// Of which provider that has to be.
        provider: &'static str,
        /// At what.
        subject: Resource,
        /// What the look must not contradict.
        claim: Claim,
        /// The event's type, for the log: a word of the provider, clipped.
        kind: String,
    },
    /// Nothing to look at: answered 200 and counted with this reason.
    Silent {
        /// A stable code: `unknown_event`, `no_subject`, `foreign_application`…
        reason: &'static str,
    },
}

/// A proven body that is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// It cannot be read: 400.
    #[error("not an event: {0}")]
    NotAnEvent(&'static str),
    /// The credential that proved it may not vouch for this type of event: as if it had no proof.
    #[error("the proof does not vouch for this type of event")]
    NotVouched,
}

/// What is wished when a run at the provider is to begin.
#[derive(Clone)]
pub struct Wish {
    /// Our own reference at the provider.
    pub onboarding: OnboardingId,
    /// Which attempt.
    pub attempt: u8,
    /// Who is verified.
    pub kind: SubjectKind,
    /// What the app knows of the subject: personal data, passed on and stored nowhere.
    pub subject: Map<String, Value>,
    /// How the person comes to the provider.
    pub channel: Channel,
    /// Where the person goes afterwards.
    pub return_url: Option<Url>,
    /// The provider's own options.
    pub options: Map<String, Value>,
    /// The run of the attempt before, where there was one: what the provider holds of the person need not be given again.
    pub before: Option<Resource>,
}

/// What is to be submitted: the app says that capture is done.
#[derive(Clone, Copy)]
pub struct Submission<'a> {
    /// Our own reference at the provider.
    pub onboarding: &'a OnboardingId,
    /// The root resource of the run.
    pub subject: &'a Resource,
    /// The same for every try of the same submission, another for another: by it a try that was not heard of is found.
    pub mark: &'a str,
    /// It was done before: what was made then is named, and nothing is made.
    pub done: bool,
    /// The provider's own options.
    pub options: &'a Map<String, Value>,
}

/// An event in the provider's own form, made from what a look found.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderEvent {
    /// Its type, as the provider calls it: `report.completed`.
    pub kind: String,
    /// The whole body, as the provider's webhook has it.
    pub body: Value,
}

/// A field of a request that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadField {
    /// Its place in the request, such as `subject.phoneNumber`.
    pub field: String,
    /// The rule it breaks; never its value.
    pub rule: String,
}

/// How the person gets there.
pub enum Entrance {
    /// A link, a bearer secret.
    Link {
        /// The address.
        url: Secret,
        /// Whether it may be shown inside a frame.
        embed: bool,
    },
    /// A token for the provider's SDK.
    Sdk {
        /// The token.
        token: Secret,
    },
}

/// A run has begun at the provider.
pub struct Started {
    /// The root resource of the run.
    pub subject: Resource,
    /// How the person gets there.
    pub entrance: Entrance,
    /// Until when it lives, as far as is known.
    pub expires_at: Option<Timestamp>,
    /// The nonce of what the person carries ([`Carried`]), where they come back with a code.
    pub return_nonce: Option<String>,
    /// By what else the provider will name it: a person, who may have been here before. The newest run has the name.
    pub names: Vec<Resource>,
}

/// A fresh entrance into a run that is there already.
pub struct Renewed {
    /// How the person gets there.
    pub entrance: Entrance,
    /// Until when it lives, as far as is known.
    pub expires_at: Option<Timestamp>,
    /// As in [`Started`]; without one the last stands.
    pub return_nonce: Option<String>,
}

/// Whose a subject is, as the provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// It has our own reference on it.
    Ours(OnboardingId),
    /// It is about another resource, whose owner we may know: an event that names a person.
    About {
        /// That resource.
        subject: Resource,
        /// The part that the notice's claim is about.
        part: Resource,
    },
    /// The provider has nothing of ours on it; that may be because our own create is still under way.
    Nobodys,
    /// Somebody else's, for certain: whatever we make there carries our reference from its first moment.
    Others,
    /// There is no such thing and there will be none: invented, or another account's.
    Invented,
}

/// An address that webhooks go to.
pub struct Registration {
    /// The provider's id of it.
    pub id: String,
    /// The address: secret, where its last part is the proof.
    pub url: Secret,
    /// Whether it is sent to at all.
    pub enabled: bool,
    /// Whether it is sent all that the gateway needs, and only of the environment that the credentials are of.
    pub complete: bool,
    /// What its webhooks are signed with, where the provider says so.
    pub secret: Option<Secret>,
}

/// An event of a provider's feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// The event itself, as its webhook names it.
    pub event: Resource,
    /// What is to be looked at.
    pub subject: Resource,
    /// What the look must not contradict.
    pub claim: Claim,
    /// When it happened, by the provider's clock.
    pub at: Timestamp,
}

/// A page of a provider's feed of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    /// What is to be looked at, oldest first.
    pub events: Vec<FeedEvent>,
    /// Where to go on.
    pub cursor: String,
    /// There is more behind it now.
    pub more: bool,
}

/// What can be done after a crash between "create" and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// The provider finds a run by our own reference.
    ByReference,
    /// The provider lists runs, which can be searched.
    ByListing,
    /// Neither: an orphan without a link may remain, and is reported.
    None,
}

/// Why a provider did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// It asks for patience (429).
    #[error("the provider asks for patience")]
    Busy {
        /// For how long, where it says so.
        retry_after: Option<Duration>,
    },
    /// It does not answer, or with what cannot be read: a repeat may work.
    #[error("the provider does not answer: {0}")]
    Unavailable(&'static str),
    /// It refuses our credentials: a person has to see to it.
    #[error("the provider refuses our credentials")]
    Unauthorized,
    /// It does not know the resource.
    #[error("the provider does not know the resource")]
    NotFound,
    /// It refuses the request; a repeat does not help.
    #[error("the provider refuses the request")]
    Refused {
        /// The field that it names, in our own words where there is one.
        field: Option<String>,
    },
    /// It answered with something that is not ours: never stored.
    #[error("the answer is about something else: {0}")]
    Foreign(&'static str),
    /// It has no such function.
    #[error("{0}")]
    Unsupported(&'static str),
    /// Another function renews the login that all share: in a moment it is there.
    #[error("the login is being renewed")]
    Renewing,
}

/// An account with a provider.
#[async_trait]
pub trait Account: Send + Sync {
    /// The provider's name, as in a configuration.
    fn provider(&self) -> &'static str;

    /// How its webhooks are proven.
    fn specification(&self) -> &Specification;

    /// Whether it sends webhooks at all. Where it does not, a connection has no proofs, and whatever is posted to it is
    /// refused before anything is compared.
    fn takes_webhooks(&self) -> bool {
        true
    }

    /// Reduces a proven webhook to what is to be looked at.
    ///
    /// # Errors
    /// It is not an event of this provider.
    fn event(&self, body: Verified<Body<'_>>) -> Result<Event, Unreadable>;

    /// The provider's total table: what these parts mean together.
    fn assess(&self, parts: &[Part]) -> Assessment;

    /// What can be done after a crash between "create" and its answer.
    fn recovery(&self, wish: &Wish) -> Recovery;

    /// Checks a wish before anything is made.
    ///
    /// # Errors
    /// Every field that is missing or wrong.
    fn check(&self, wish: &Wish) -> Result<(), Vec<BadField>>;

    /// Begins a run.
    ///
    /// # Errors
    /// See [`ProviderError`]; after [`ProviderError::Unavailable`] the run may exist.
    async fn start(&self, reach: Reach<'_>, wish: &Wish) -> Result<Started, ProviderError>;

    /// After a crash: a run that an earlier `start` with the same wish has begun, if the provider can tell.
    ///
    /// # Errors
    /// See [`ProviderError`].
    async fn recover(&self, _reach: Reach<'_>, _wish: &Wish) -> Result<Option<Started>, ProviderError> {
        Ok(None)
    }

    /// Reads the truth about a run: all of it or an error.
    ///
    /// # Errors
    /// See [`ProviderError`]; [`ProviderError::NotFound`] only where the run itself is unknown.
    async fn look(&self, reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError>;

    /// Whose a subject is, as far as the provider tells.
    ///
    /// # Errors
    /// See [`ProviderError`]; not found, foreign and refused mean that it is nobody's.
    async fn resolve(&self, reach: Reach<'_>, subject: &Resource) -> Result<Whose, ProviderError>;

    /// The part among these that asks something of the person at a link of its own.
    fn asking(&self, _parts: &[Part]) -> Option<Resource> {
        None
    }

    /// Whether a run can be given a fresh link, so that no personal data are needed for one: that run, or any.
    fn renews_links(&self, _run: Option<&Resource>) -> bool {
        false
    }

    /// Whether the provider says so itself when a link has died; else our own timer does.
    fn tells_expiry(&self) -> bool {
        true
    }

    /// A fresh entrance into the same run: into `part` where it asks for something, else into the run itself. None
    /// where only a new run helps.
    ///
    /// # Errors
    /// See [`ProviderError`].
    async fn renew(
        &self,
        _reach: Reach<'_>,
        _subject: &Resource,
        _part: Option<&Resource>,
        _channel: Channel,
        _return_url: Option<&Url>,
    ) -> Result<Option<Renewed>, ProviderError> {
        Ok(None)
    }

    /// The addresses that its webhooks are registered for.
    ///
    /// # Errors
    /// See [`ProviderError`].
    async fn webhooks(&self, _reach: Reach<'_>) -> Result<Vec<Registration>, ProviderError> {
        Err(ProviderError::Unsupported("this provider registers no webhooks by its API; use its own console or desk"))
    }

    /// Registers an address for its webhooks; where the provider can, one that is not sent to yet unless `enabled`.
    ///
    /// # Errors
    /// See [`ProviderError`].
    async fn register(&self, _reach: Reach<'_>, _url: &Secret, _enabled: bool) -> Result<Registration, ProviderError> {
        Err(ProviderError::Unsupported("this provider registers no webhooks by its API; use its own console or desk"))
    }

    /// Makes a registered address complete, and one that is sent to or not.
    ///
    /// # Errors
    /// See [`ProviderError`].
    async fn amend(&self, _reach: Reach<'_>, _id: &str, _enabled: bool) -> Result<Registration, ProviderError> {
        Err(ProviderError::Unsupported("this provider's webhooks cannot be changed by its API"))
    }

    /// Takes a registered address away. Doing it twice is done.
    ///
    /// # Errors
    /// See [`ProviderError`].
    async fn unregister(&self, _reach: Reach<'_>, _id: &str) -> Result<(), ProviderError> {
        Err(ProviderError::Unsupported("this provider's webhooks cannot be removed by its API"))
    }

    /// Whether the provider itself makes what its webhooks are signed with, when one is registered: before that there is
    /// none, so its absence is no fault of a configuration. Until it is there every webhook is answered 503.
    fn makes_signing_secret(&self) -> bool {
        false
    }

    /// Whether it has a feed of events, in which lost webhooks are found.
    fn has_feed(&self) -> bool {
        false
    }

    /// Reads on in the feed; without a cursor, where its end is now.
    ///
    /// # Errors
    /// See [`ProviderError`].
    async fn feed(&self, _reach: Reach<'_>, _cursor: Option<&str>) -> Result<FeedPage, ProviderError> {
        Err(ProviderError::Unsupported("this provider has no feed of events"))
    }

    /// The provider's personal data and file metadata, live.
    ///
    /// # Errors
    /// See [`ProviderError`].
    async fn details(&self, _reach: Reach<'_>, _subject: &Resource) -> Result<Value, ProviderError> {
        Err(ProviderError::Unsupported("this provider gives no details; look in its own console"))
    }

    /// Checks a submission's options before anything is done.
    ///
    /// # Errors
    /// Every field that is missing or wrong.
    fn check_submission(&self, _options: &Map<String, Value>) -> Result<(), Vec<BadField>> {
        Ok(())
    }

    /// The app says that capture is done. Answers with what was made by it and will be named by events.
    ///
    /// # Errors
    /// See [`ProviderError`]; after [`ProviderError::Unavailable`] it may be done.
    async fn submit(&self, _reach: Reach<'_>, _asked: Submission<'_>) -> Result<Vec<Resource>, ProviderError> {
        Err(ProviderError::Unsupported(
            "this provider learns by itself when the person is done; nothing is to be submitted",
        ))
    }

    /// How it sends a person back.
    fn way_back(&self) -> WayBack {
        WayBack::OAUTH2
    }

    /// The person came back with a code of the provider: it is exchanged, and what it gave is kept ([`Reach::grant`]). The
    /// right to replace is taken before the code is used, so that two do not use one.
    /// Without a code: one was begun to be exchanged before, by somebody who died or is still at it; what is kept of it is
    /// gone on with, and no code is exchanged. Answers with the names that the provider will call the run by (see
    /// [`Started::names`]); none where nothing has come of it.
    ///
    /// # Errors
    /// See [`ProviderError`]; after [`ProviderError::Unavailable`], [`ProviderError::Busy`] and
    /// [`ProviderError::Renewing`] the same code is tried again.
    async fn exchange(
        &self,
        _reach: Reach<'_>,
        _subject: &Resource,
        _code: Option<&Secret>,
    ) -> Result<Option<Vec<Resource>>, ProviderError> {
        Err(ProviderError::Unsupported("this provider sends nobody back with a code"))
    }

    /// Another connection of the same tenant that its settings name, and the provider that it has to be of.
    fn refers_to(&self) -> Option<(&ConnectionName, &'static str)> {
        None
    }

    /// Changes an e-mail address or a phone number.
    ///
    /// # Errors
    /// See [`ProviderError`].
    async fn update_contact(
        &self,
        _reach: Reach<'_>,
        _subject: &Resource,
        _contact: &Contact,
    ) -> Result<(), ProviderError> {
        Err(ProviderError::Unsupported("this provider cannot change contact data; start a new onboarding"))
    }

    /// The provider's own event of a part that changed then, as its webhook would have told it; none where it has none.
    fn event_of(&self, _part: &PartFact, _at: Timestamp) -> Option<ProviderEvent> {
        None
    }

    /// The types of event that [`Account::event_of`] makes.
    fn events(&self) -> &'static [&'static str] {
        &[]
    }

    /// What stands behind a part at the provider, live: passed on and stored nowhere.
    ///
    /// # Errors
    /// See [`ProviderError`].
    async fn evidence(&self, _reach: Reach<'_>, _part: &Resource) -> Result<Value, ProviderError> {
        Err(ProviderError::Unsupported("this provider shows nothing of a part alone"))
    }

    /// Asks the provider to delete what it holds of a run. Doing it twice is done.
    ///
    /// # Errors
    /// See [`ProviderError`].
    async fn erase(&self, reach: Reach<'_>, subject: &Resource) -> Result<(), ProviderError>;
}

/// What is changed.
pub enum Contact {
    /// A new e-mail address.
    Email(Secret),
    /// A new phone number.
    Phone(Secret),
}
