//! A provider of applicants, tokens and checks, as small as it can be.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use idv_gateway::domain::{
    Assessment, Channel, Opinion, Part, ProviderId, Resource, ResourceKind, Snapshot, Standing, Status, Timestamp,
};
use idv_gateway::ports::{
    Account, BadField, Entrance, Event, ProviderError, Reach, Recovery, Renewed, Started, Submission, Unreadable,
    Whose, Wish,
};
use idv_gateway::proof::{Body, Clause, Kind, Specification, Verified};
use idv_gateway::secret::Secret;
use serde_json::{Map, Value};
use url::Url;

/// How long a token lives.
pub(crate) const LIFE: Duration = Duration::from_secs(90 * 60);
const REPORTS: [&str; 2] = ["document", "facial_similarity_photo"];

/// The provider: one for all tenants.
#[derive(Default)]
pub(crate) struct Lobby(Mutex<State>);

/// What it has.
#[derive(Default)]
pub(crate) struct State {
    /// The subject of each applicant, and what was wished beside.
    pub(crate) applicants: Vec<Wish>,
    /// How many tokens were given.
    pub(crate) tokens: usize,
    /// By applicant and mark: the options.
    pub(crate) checks: BTreeMap<(String, String), (usize, Map<String, Value>)>,
    /// What every call is answered.
    pub(crate) failing: Option<ProviderError>,
    /// How every check stands.
    pub(crate) word: Option<&'static str>,
    /// What is asked for once more.
    pub(crate) asking: Option<Resource>,
}

/// An account with it.
pub(crate) struct Desk {
    lobby: std::sync::Arc<Lobby>,
    specification: Specification,
}

impl Lobby {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn desk(self: &std::sync::Arc<Self>) -> std::sync::Arc<Desk> {
        let clause = Clause { any: vec![Kind::Bearer].into(), when_configured: false };
        let specification =
            Specification { provider: "lobby".into(), all: vec![clause].into(), mac: None, body_token: None };
        std::sync::Arc::new(Desk { lobby: std::sync::Arc::clone(self), specification })
    }
}

impl State {
    fn answers(&self) -> Result<(), ProviderError> {
        self.failing.clone().map_or(Ok(()), Err)
    }

    fn token(&mut self, now: Timestamp) -> (Entrance, Option<Timestamp>) {
        self.tokens += 1;
        (Entrance::Sdk { token: Secret::from(format!("token-{}", self.tokens)) }, Some(now + LIFE))
    }

    /// A check with its reports.
    fn made(number: usize, options: &Map<String, Value>) -> Vec<Resource> {
        let names = options.get("report_names").and_then(Value::as_array).map_or(REPORTS.len(), Vec::len);
        let reports = (1..=names).map(|report| resource("report", &format!("report-{number}-{report}")));
        [resource("check", &format!("check-{number}"))].into_iter().chain(reports).collect()
    }
}

pub(crate) fn resource(kind: &str, id: &str) -> Resource {
    Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() }
}

fn bad(field: &str, rule: &str) -> Vec<BadField> {
    vec![BadField { field: field.to_owned(), rule: rule.to_owned() }]
}

#[async_trait]
impl Account for Desk {
    fn provider(&self) -> &'static str {
        "lobby"
    }

    fn specification(&self) -> &Specification {
        &self.specification
    }

    fn event(&self, _body: Verified<Body<'_>>) -> Result<Event, Unreadable> {
        Ok(Event::Silent { reason: "unknown_event" })
    }

    fn assess(&self, parts: &[Part]) -> Assessment {
        let checks: Vec<&Part> = parts.iter().filter(|part| part.resource.kind.as_str() == "check").collect();
        Assessment::Known(Opinion::plain(match checks.iter().map(|part| part.standing).next() {
            None => Status::LinkIssued,
            Some(Standing::Approved) => Status::Approved,
            Some(_) => Status::Submitted,
        }))
    }

    fn recovery(&self, _wish: &Wish) -> Recovery {
        Recovery::None
    }

    fn check(&self, wish: &Wish) -> Result<(), Vec<BadField>> {
        if wish.channel != Channel::Sdk || wish.options.get("flow").and_then(Value::as_str) != Some("classic") {
            return Err(bad("channel", "must be sdk"));
        }
        let name = wish.subject.get("first_name").and_then(Value::as_str);
        if name.is_none() { Err(bad("subject.first_name", "is missing")) } else { Ok(()) }
    }

    async fn start(&self, reach: Reach<'_>, wish: &Wish) -> Result<Started, ProviderError> {
        let mut state = self.lobby.state();
        state.answers()?;
        state.applicants.push(wish.clone());
        let subject = resource("applicant", &format!("applicant-{}", state.applicants.len()));
        let (entrance, expires_at) = state.token(reach.world.now());
        Ok(Started { subject, entrance, expires_at, return_nonce: None, names: Vec::new() })
    }

    async fn look(&self, _reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError> {
        let state = self.lobby.state();
        state.answers()?;
        let mut parts = vec![Part::new(subject.clone(), "created", Standing::Open)];
        let own = state.checks.iter().filter(|((applicant, _), _)| applicant == subject.id.as_str());
        for (number, options) in own.map(|(_, check)| check) {
            let word = state.word.unwrap_or("in_progress");
            let standing = if word == "complete" { Standing::Approved } else { Standing::Open };
            parts.extend(State::made(*number, options).into_iter().map(|made| Part::new(made, word, standing)));
        }
        Ok(Snapshot::of(parts))
    }

    async fn resolve(&self, _reach: Reach<'_>, _subject: &Resource) -> Result<Whose, ProviderError> {
        Ok(Whose::Others)
    }

    fn renews_links(&self, _run: Option<&Resource>) -> bool {
        true
    }

    async fn renew(
        &self,
        reach: Reach<'_>,
        _subject: &Resource,
        _part: Option<&Resource>,
        _channel: Channel,
        _return_url: Option<&Url>,
    ) -> Result<Option<Renewed>, ProviderError> {
        let mut state = self.lobby.state();
        state.answers()?;
        let (entrance, expires_at) = state.token(reach.world.now());
        Ok(Some(Renewed { entrance, expires_at, return_nonce: None }))
    }

    fn asking(&self, _parts: &[Part]) -> Option<Resource> {
        self.lobby.state().asking.clone()
    }

    fn check_submission(&self, options: &Map<String, Value>) -> Result<(), Vec<BadField>> {
        let names = options.get("report_names").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let known = |name: &Value| name.as_str().is_some_and(|name| REPORTS.contains(&name));
        if names.iter().all(known) { Ok(()) } else { Err(bad("options.report_names", "is not known here")) }
    }

    async fn submit(&self, _reach: Reach<'_>, asked: Submission<'_>) -> Result<Vec<Resource>, ProviderError> {
        let mut state = self.lobby.state();
        state.answers()?;
        let next = state.checks.len() + 1;
        let key = (asked.subject.id.to_string(), asked.mark.to_owned());
        if asked.done && !state.checks.contains_key(&key) {
            let own = state.checks.iter().filter(|((applicant, _), _)| *applicant == key.0).map(|(_, made)| made);
            let newest = own.max_by_key(|(number, _)| *number).ok_or(ProviderError::NotFound)?;
            return Ok(State::made(newest.0, &newest.1));
        }
        let (number, options) = state.checks.entry(key).or_insert_with(|| (next, asked.options.clone()));
        Ok(State::made(*number, options))
    }

    async fn erase(&self, _reach: Reach<'_>, _subject: &Resource) -> Result<(), ProviderError> {
        Ok(())
    }
}
