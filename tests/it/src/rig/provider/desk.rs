//! One tenant's account with the provider: the port that the gateway speaks through.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use idv_gateway::domain::{
    Action, Ask, Asked, Assessment, Channel, Claim, ClaimClass, DecidedBy, Opinion, Part, Resource, Snapshot, Standing,
    Status, Timestamp,
};
use idv_gateway::ports::{
    Account, BadField, Carried, Entrance, Event, FeedPage, ProviderError, Reach, Recovery, Renewed, Started,
    Unreadable, WayBack, Whose, Wish,
};
use idv_gateway::proof::{Body, Clause, Kind, Specification, Verified};
use idv_gateway::secret::Secret;
use serde_json::Value;
use url::Url;

use super::super::chaos::Chaos;
use super::granting::Granting;
use super::thin::{self, Thin};
use super::{Facts, Provider, Run, State, case, event, nonce_of, person, reading, resource};

/// One tenant's account with the provider.
pub struct Desk {
    /// The provider.
    pub provider: Arc<Provider>,
    /// Its points.
    pub chaos: Arc<Chaos>,
    /// What it can do after a crash.
    pub recovery: Recovery,
    /// How long a link lives.
    pub link_life: Option<Duration>,
    /// Whether people come back with a code.
    pub returns: bool,
    /// It is a thin one.
    pub thin: Option<Thin>,
    /// It is a granting one.
    pub granting: Option<Granting>,
    specification: Specification,
}

impl Desk {
    /// An account.
    #[must_use]
    pub fn new(provider: Arc<Provider>, chaos: Arc<Chaos>, recovery: Recovery, link_life: Option<Duration>) -> Self {
        let clause = Clause { any: vec![Kind::Bearer].into(), when_configured: false };
        let specification =
            Specification { provider: "desk".into(), all: vec![clause].into(), mac: None, body_token: None };
        Self { provider, chaos, recovery, link_life, returns: false, thin: None, granting: None, specification }
    }

    /// People come back from it with a code.
    #[must_use]
    pub fn returning(self) -> Self {
        Self { returns: true, ..self }
    }

    /// It has a thin provider's manner.
    #[must_use]
    pub fn thin(self, thin: Option<Thin>) -> Self {
        self.provider.behave(|manners| manners.thin = thin.is_some());
        Self { thin, ..self }
    }

    /// It has a granting provider's manner.
    #[must_use]
    pub fn granting(self, granting: Option<Granting>) -> Self {
        Self { granting, ..self }
    }

    /// The way into a run: the one that it has, or at a thin provider a new one.
    fn started(&self, state: &mut State, run: &str, now: Timestamp, carried: Option<&Carried>) -> Started {
        let begun = state.runs[run].history[0].at;
        let (url, expires_at) = match (self.thin, carried) {
            (None, None) => (format!("https://provider.example/{run}"), self.link_life.map(|life| begun + life)),
            (None, Some(carried)) => {
                (format!("https://provider.example/{}/{run}", carried.sealed), self.link_life.map(|life| now + life))
            }
            (Some(_), _) => {
                let until = self.link_life.map(|life| now + life);
                (state.make(run, until), until)
            }
        };
        Started {
            subject: case(run),
            entrance: Entrance::Link { url: Secret::from(url), embed: false },
            expires_at,
            return_nonce: carried.map(|carried| carried.nonce.clone()).or_else(|| self.returns.then(|| nonce_of(run))),
            names: Vec::new(),
        }
    }
}

#[async_trait]
impl Account for Desk {
    fn provider(&self) -> &'static str {
        "desk"
    }

    fn specification(&self) -> &Specification {
        &self.specification
    }

    fn event(&self, body: Verified<Body<'_>>) -> Result<Event, Unreadable> {
        let told: Value = serde_json::from_slice(body.bytes()).map_err(|_| Unreadable::NotAnEvent("json"))?;
        let text = |name: &str| told.get(name).and_then(Value::as_str);
        let Some(kind) = text("type") else { return Err(Unreadable::NotAnEvent("type")) };
        if let Some(event) = self.told_of_people(&told) {
            return Ok(event);
        }
        if !body.vouches_for(kind) {
            return Err(Unreadable::NotVouched);
        }
        let about = if self.thin.is_some() { text("event").map(event) } else { text("case").map(case) };
        let Some(subject) = about else { return Ok(Event::Silent { reason: "no_subject" }) };
        let class = match kind {
            "started" | "asked" => ClaimClass::Exists,
            "ended" => ClaimClass::Ended,
            "decided" => ClaimClass::Decided,
            "touched" | "answered" => ClaimClass::Nothing,
            _ => return Ok(Event::Silent { reason: "unknown_event" }),
        };
        let part = text("part").map(|part| resource(part, subject.id.as_str()));
        let at = text("at").and_then(Timestamp::parse);
        Ok(Event::Look { subject, claim: Claim { class, part, at }, kind: kind.to_owned() })
    }

    fn assess(&self, parts: &[Part]) -> Assessment {
        let status = match reading::plain(parts) {
            Ok(status) => status,
            Err(part) => return Assessment::Unrecognised { resource: part.resource.clone() },
        };
        let asking = self.asking(parts).map(|_| Action { ask: Ask::ProveAddress, of: Asked::Person, by: None });
        let waits = matches!(status, Status::Submitted | Status::InReview) && asking.is_some();
        let status = if waits { Status::ActionRequired } else { status };
        let opinion = Opinion { decided_by: DecidedBy::Automatic, action: asking, ..Opinion::plain(status) };
        Assessment::Known(opinion)
    }

    fn recovery(&self, _wish: &Wish) -> Recovery {
        self.recovery
    }

    fn check(&self, wish: &Wish) -> Result<(), Vec<BadField>> {
        if wish.subject.contains_key("wrong") {
            return Err(vec![BadField { field: "subject.wrong".to_owned(), rule: "is not known here".to_owned() }]);
        }
        Ok(())
    }

    async fn start(&self, reach: Reach<'_>, wish: &Wish) -> Result<Started, ProviderError> {
        let now = reach.world.now();
        let carried = self.page(reach, wish)?;
        self.ask(reach, "account.start", |state| {
            let id = state.begin(wish.onboarding.clone(), wish.attempt, now);
            let names = self.named(state, wish, &id);
            Ok(Started { names, ..self.started(state, &id, now, carried.as_ref()) })
        })
        .await
    }

    async fn recover(&self, reach: Reach<'_>, wish: &Wish) -> Result<Option<Started>, ProviderError> {
        let now = reach.world.now();
        // A thin one makes a link for it.
        let point = if self.thin.is_some() { "account.recover_link" } else { "account.recover" };
        let carried = self.page(reach, wish)?;
        self.ask(reach, point, |state| {
            let ours = |run: &&Run| run.reference == wish.onboarding && run.attempt == wish.attempt && !run.erased;
            let found = state.runs.values().find(ours).map(|run| run.id.clone());
            Ok(found.map(|run| {
                let names = self.named(state, wish, &run);
                Started { names, ..self.started(state, &run, now, carried.as_ref()) }
            }))
        })
        .await
    }

    async fn look(&self, reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError> {
        let run = subject.id.as_str();
        let (silent, slow, lag) = {
            let state = self.provider.lock();
            let named = |list: &[String]| list.iter().any(|listed| listed == run);
            (named(&state.manners.silent), named(&state.manners.slow), state.manners.lag)
        };
        if !lag.is_zero() {
            reach.world.clock.wait(lag).await;
        }
        if silent {
            return std::future::pending().await;
        }
        if slow {
            return self.ask(reach, "account.look", |_| Err(ProviderError::Unavailable("timed_out"))).await;
        }
        let token = match self.granting {
            Some(_) => self.granted(reach, run).await?,
            None => None,
        };
        self.ask(reach, "account.look", |state| {
            let whole = reading::snapshot(state, subject, reach.world.now())?;
            Ok(if self.granting.is_some() { state.shown(run, token, whole) } else { whole })
        })
        .await
    }

    async fn resolve(&self, reach: Reach<'_>, subject: &Resource) -> Result<Whose, ProviderError> {
        if matches!(subject.kind.as_str(), "person" | "credential") {
            return self.ask(reach, "account.nothing", |_| Ok(Whose::Nobodys)).await;
        }
        if self.thin.is_none() {
            let whose = |state: &mut State| state.known(subject).map(|run| Whose::Ours(run.reference.clone()));
            return self.ask(reach, "account.resolve", whose).await;
        }
        if subject.kind.as_str() != "event" {
            return Ok(Whose::Nobodys);
        }
        self.ask(reach, "account.resolve", |state| {
            state.resolves.push((reach.world.now(), subject.id.to_string()));
            let found = state.events.iter().find(|event| event.id == subject.id.as_str());
            Ok(found
                .map_or(Whose::Invented, |event| Whose::About { subject: case(&event.run), part: event.part.clone() }))
        })
        .await
    }

    fn asking(&self, parts: &[Part]) -> Option<Resource> {
        let done = parts.iter().any(|part| {
            part.resource.kind.as_str() == "decision"
                || (part.resource.kind.as_str() == "capture" && part.provider_status == "done")
        });
        let open = |part: &&Part| part.standing == Standing::Waiting && !part.gone && done;
        parts.iter().find(open).map(|part| part.resource.clone())
    }

    fn renews_links(&self, _run: Option<&Resource>) -> bool {
        self.thin.is_some() || self.granting.is_some()
    }

    fn way_back(&self) -> WayBack {
        self.granting.map_or(WayBack::OAUTH2, |granting| granting.way)
    }

    async fn renew(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
        part: Option<&Resource>,
        _channel: Channel,
        _return_url: Option<&Url>,
    ) -> Result<Option<Renewed>, ProviderError> {
        let now = reach.world.now();
        if self.granting.is_some() {
            let again = |state: &mut State| self.way_again(reach, state, subject.id.as_str()).map(Some);
            return self.ask(reach, "account.renew", again).await;
        }
        self.ask(reach, "account.renew", |state| {
            let facts = state.known(subject)?.now();
            let into = match part {
                Some(part)
                    if facts.asked.is_some_and(|(number, _)| thin::ask(subject.id.as_str(), number) == *part) =>
                {
                    part.id.as_str()
                }
                Some(_) => return Err(ProviderError::Unavailable("it is not asked any more")),
                None if facts.is_before_data() => subject.id.as_str(),
                None => return Ok(None),
            };
            if let Some(run) = state.runs.get_mut(into).filter(|run| run.now().capture.0 == "expired") {
                let facts = Facts { at: now, capture: ("waiting", now), ..run.now() };
                run.history.push(facts);
            }
            let expires_at = self.link_life.map(|life| now + life);
            let url = Secret::from(state.make(into, expires_at));
            Ok(Some(Renewed { entrance: Entrance::Link { url, embed: false }, expires_at, return_nonce: None }))
        })
        .await
    }

    fn has_feed(&self) -> bool {
        self.thin.is_some_and(|thin| thin.feed)
    }

    async fn feed(&self, reach: Reach<'_>, cursor: Option<&str>) -> Result<FeedPage, ProviderError> {
        self.ask(reach, "account.feed", |state| {
            state.feeds.push(reach.world.now());
            thin::page(&state.events, cursor, state.manners.alone)
        })
        .await
    }

    /// With the code the person's capture is done; a code is good for one exchange. What came of it is what the run knows.
    async fn exchange(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
        code: Option<&Secret>,
    ) -> Result<Option<Vec<Resource>>, ProviderError> {
        if self.granting.is_some() {
            return self.traded(reach, subject, code).await;
        }
        let now = reach.world.now();
        let Some(length) = code.map(Secret::len) else {
            let state = self.provider.lock();
            let came = state.exchanged.iter().any(|(run, _)| run == subject.id.as_str());
            return Ok(came.then(|| vec![person(subject.id.as_str())]));
        };
        self.ask(reach, "account.exchange", |state| {
            let used = (subject.id.to_string(), length);
            if state.exchanged.contains(&used) {
                return Err(ProviderError::Refused { field: None });
            }
            let run = state.runs.get_mut(subject.id.as_str()).ok_or(ProviderError::NotFound)?;
            run.history.push(Facts { at: now, capture: ("done", now), ..run.now() });
            state.exchanged.push((subject.id.to_string(), length));
            Ok(Some(vec![person(subject.id.as_str())]))
        })
        .await
    }

    async fn erase(&self, reach: Reach<'_>, subject: &Resource) -> Result<(), ProviderError> {
        self.ask(reach, "account.erase", |state| {
            let run = state.runs.get_mut(subject.id.as_str()).ok_or(ProviderError::NotFound)?;
            run.erased = true;
            Ok(())
        })
        .await
    }
}
