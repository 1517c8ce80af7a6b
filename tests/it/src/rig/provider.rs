//! A provider of identity verification whose truth is its own. A run has two parts, `capture` (waiting, running, done,
//! expired) and, once there is one, `decision` (pending, approved, rejected); every act is kept with its time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use idv_gateway::domain::{
    Assessment, Claim, ClaimClass, DecidedBy, OnboardingId, Opinion, Part, ProviderId, Resource, ResourceKind,
    Snapshot, Standing, Status, Timestamp,
};
use idv_gateway::ports::{
    Account, BadField, Clock, Entrance, Event, ProviderError, Reach, Recovery, Started, Unreadable, Whose, Wish,
};
use idv_gateway::proof::{Body, Clause, Kind, Specification, Verified};
use idv_gateway::secret::Secret;
use serde_json::{Value, json};

use super::chaos::{Chaos, Class};

/// What happens to a run at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// The person opens the link.
    Begin,
    /// The person has done everything.
    Complete,
    /// The provider takes the case up.
    Review,
    /// It approves.
    Approve,
    /// It rejects.
    Reject,
    /// The link runs out.
    Expire,
    /// It uses a word that nobody knows.
    Puzzle,
}

/// A run as it stood from some moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Since when.
    pub at: Timestamp,
    /// The word of the capture, and since when.
    pub capture: (&'static str, Timestamp),
    /// The word of the decision, and since when.
    pub decision: Option<(&'static str, Timestamp)>,
}

/// A run, with everything that was ever true of it, oldest first.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// Our own reference on it.
    pub reference: OnboardingId,
    /// Which attempt it was begun for.
    pub attempt: u8,
    /// What was true of it from when on.
    pub history: Vec<Facts>,
    /// It was asked to forget it.
    pub erased: bool,
}

impl Run {
    /// As it stands.
    #[must_use]
    pub fn now(&self) -> Facts {
        *self.history.last().unwrap()
    }

    /// It was approved or rejected.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        matches!(self.now().decision, Some(("approved" | "rejected", _)))
    }

    fn at(&self, moment: Timestamp) -> Facts {
        *self.history.iter().rev().find(|facts| facts.at <= moment).unwrap_or(&self.history[0])
    }
}

/// How it misbehaves.
#[derive(Debug, Clone, Default)]
pub struct Manners {
    /// Reads show what was true that long ago.
    pub stale: Duration,
    /// Every call is answered so.
    pub failing: Option<ProviderError>,
    /// Looks at these runs never end.
    pub silent: Vec<String>,
    /// Looks at these runs are not answered within their limit.
    pub slow: Vec<String>,
    /// So many further parts that say yes beside capture and decision.
    pub further: usize,
}

/// The provider.
pub struct Provider {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    runs: BTreeMap<String, Run>,
    manners: Manners,
    looks: Vec<(Timestamp, String)>,
    creates: usize,
    exchanged: Vec<(String, usize)>,
}

impl Provider {
    /// Without any run.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::default() })
    }

    /// All runs, in order of their creation.
    #[must_use]
    pub fn runs(&self) -> Vec<Run> {
        self.lock().runs.values().cloned().collect()
    }

    /// How many runs were ever begun.
    #[must_use]
    pub fn creates(&self) -> usize {
        self.lock().creates
    }

    /// When which run was looked at.
    #[must_use]
    pub fn looks(&self) -> Vec<(Timestamp, String)> {
        self.lock().looks.clone()
    }

    /// For which run a code was exchanged, and how long it was: a secret is not shown.
    #[must_use]
    pub fn exchanged(&self) -> Vec<(String, usize)> {
        self.lock().exchanged.clone()
    }

    /// Changes how it misbehaves.
    pub fn behave(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.lock().manners);
    }

    /// A run that nobody asked for through the gateway.
    pub fn stranger(&self, reference: OnboardingId) -> String {
        self.lock().begin(reference, 1, self.clock.now())
    }

    /// Something happens; gives the webhook that tells of it.
    pub fn act(&self, run: &str, act: Act) -> Value {
        let now = self.clock.now();
        let mut state = self.lock();
        let run = state.runs.get_mut(run).unwrap();
        let facts = Facts { at: now, ..run.now() };
        let (facts, kind, part) = match act {
            Act::Begin => (Facts { capture: ("running", now), ..facts }, "started", "capture"),
            Act::Complete => (Facts { capture: ("done", now), ..facts }, "ended", "capture"),
            Act::Expire => (Facts { capture: ("expired", now), ..facts }, "ended", "capture"),
            Act::Review => (decided(facts, "pending"), "started", "decision"),
            Act::Approve => (decided(facts, "approved"), "decided", "decision"),
            Act::Reject => (decided(facts, "rejected"), "decided", "decision"),
            Act::Puzzle => (decided(facts, "purple"), "decided", "decision"),
        };
        run.history.push(facts);
        json!({ "type": kind, "case": run.id, "part": part, "at": now })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn decided(facts: Facts, word: &'static str) -> Facts {
    Facts { decision: Some((word, facts.at)), ..facts }
}

impl State {
    fn begin(&mut self, reference: OnboardingId, attempt: u8, now: Timestamp) -> String {
        self.creates += 1;
        let id = format!("case-{:04}", self.creates);
        let facts = Facts { at: now, capture: ("waiting", now), decision: None };
        let run = Run { id: id.clone(), reference, attempt, history: vec![facts], erased: false };
        self.runs.insert(id.clone(), run);
        id
    }

    fn known(&self, resource: &Resource) -> Result<&Run, ProviderError> {
        self.runs.get(resource.id.as_str()).filter(|run| !run.erased).ok_or(ProviderError::NotFound)
    }
}

/// What the state of a run's link carries.
#[must_use]
pub fn nonce_of(run: &str) -> String {
    format!("nonce-of-{run}")
}

/// The resource of a run itself.
#[must_use]
pub fn case(run: &str) -> Resource {
    resource("case", run)
}

fn resource(kind: &str, run: &str) -> Resource {
    Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(run).unwrap() }
}

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
    specification: Specification,
}

impl Desk {
    /// An account.
    #[must_use]
    pub fn new(provider: Arc<Provider>, chaos: Arc<Chaos>, recovery: Recovery, link_life: Option<Duration>) -> Self {
        let clause = Clause { any: vec![Kind::Bearer].into(), when_configured: false };
        let specification =
            Specification { provider: "desk".into(), all: vec![clause].into(), mac: None, body_token: None };
        Self { provider, chaos, recovery, link_life, returns: false, specification }
    }

    /// People come back from it with a code.
    #[must_use]
    pub fn returning(self) -> Self {
        Self { returns: true, ..self }
    }

    async fn ask<T>(
        &self,
        point: &'static str,
        ask: impl Fn(&mut State) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let again = || async {
            let mut state = self.provider.lock();
            match state.manners.failing.clone() {
                Some(error) => Err(error),
                None => ask(&mut state),
            }
        };
        self.chaos.call(point, again, fault).await
    }

    fn started(&self, run: &Run) -> Started {
        let url = Secret::from(format!("https://provider.example/{}", run.id));
        let begun = run.history[0].at;
        Started {
            subject: case(&run.id),
            entrance: Entrance::Link { url, embed: false },
            expires_at: self.link_life.map(|life| begun + life),
            return_nonce: self.returns.then(|| nonce_of(&run.id)),
        }
    }

    fn snapshot(state: &mut State, subject: &Resource, now: Timestamp) -> Result<Snapshot, ProviderError> {
        state.looks.push((now, subject.id.to_string()));
        let mark = format!("read-{}", state.looks.len());
        let stale = state.manners.stale;
        let run = state.known(subject)?;
        let facts = run.at(now - stale);
        let words = [("capture", Some(facts.capture)), ("decision", facts.decision)];
        let words = words.into_iter().filter_map(|(kind, word)| Some((resource(kind, &run.id), word?)));
        let further = (0..state.manners.further)
            .map(|number| (resource("further", &format!("{}-{number}", run.id)), ("approved", facts.at)));
        let parts = words.chain(further).map(|(resource, (word, at))| {
            let mut part = Part::new(resource, word, standing(word));
            part.at = Some(at);
            part.decided_by = DecidedBy::Automatic;
            part.marks = vec![mark.clone()];
            part
        });
        Ok(Snapshot::of(parts.collect()))
    }
}

fn standing(word: &str) -> Standing {
    match word {
        "waiting" | "running" | "pending" => Standing::Open,
        "done" | "expired" => Standing::Ended,
        "approved" => Standing::Approved,
        "rejected" => Standing::Rejected,
        _ => Standing::Unrecognised,
    }
}

fn fault(class: Class) -> ProviderError {
    match class {
        Class::Passing => ProviderError::Unavailable("reset"),
        Class::Lost => ProviderError::Unavailable("timed_out"),
        Class::Hard => ProviderError::Busy { retry_after: Some(Duration::from_secs(30)) },
    }
}

/// The oracle's own table.
#[must_use]
pub fn meaning(facts: Facts) -> Option<Status> {
    Some(match (facts.capture.0, facts.decision.map(|(word, _)| word)) {
        (_, Some("approved")) => Status::Approved,
        (_, Some("rejected")) => Status::Rejected,
        (_, Some("pending")) => Status::InReview,
        ("waiting", None) => Status::LinkIssued,
        ("running", None) => Status::InProgress,
        ("done", None) => Status::Submitted,
        ("expired", None) => Status::Expired,
        _ => return None,
    })
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
        let event: Value = serde_json::from_slice(body.bytes()).map_err(|_| Unreadable::NotAnEvent("json"))?;
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        let Some(kind) = text("type") else { return Err(Unreadable::NotAnEvent("type")) };
        if !body.vouches_for(kind) {
            return Err(Unreadable::NotVouched);
        }
        let Some(run) = text("case") else { return Ok(Event::Silent { reason: "no_subject" }) };
        let class = match kind {
            "started" => ClaimClass::Exists,
            "ended" => ClaimClass::Ended,
            "decided" => ClaimClass::Decided,
            "touched" => ClaimClass::Nothing,
            _ => return Ok(Event::Silent { reason: "unknown_event" }),
        };
        let part = text("part").map(|part| resource(part, run));
        let at = text("at").and_then(Timestamp::parse);
        Ok(Event::Look { subject: case(run), claim: Claim { class, part, at }, kind: kind.to_owned() })
    }

    fn assess(&self, parts: &[Part]) -> Assessment {
        let word = |kind: &str| parts.iter().find(|part| part.resource.kind.as_str() == kind);
        let known = match (word("capture"), word("decision")) {
            (_, Some(decision)) => match decision.provider_status.as_str() {
                "approved" => Ok(Status::Approved),
                "rejected" => Ok(Status::Rejected),
                "pending" => Ok(Status::InReview),
                _ => Err(decision),
            },
            (Some(capture), None) => match capture.provider_status.as_str() {
                "waiting" => Ok(Status::LinkIssued),
                "running" => Ok(Status::InProgress),
                "done" => Ok(Status::Submitted),
                "expired" => Ok(Status::Expired),
                _ => Err(capture),
            },
            (None, None) => Ok(Status::LinkIssued),
        };
        match known {
            Ok(status) => Assessment::Known(Opinion { decided_by: DecidedBy::Automatic, ..Opinion::plain(status) }),
            Err(part) => Assessment::Unrecognised { resource: part.resource.clone() },
        }
    }

    fn recovery(&self) -> Recovery {
        self.recovery
    }

    fn link_life(&self) -> Option<Duration> {
        self.link_life
    }

    fn check(&self, wish: &Wish) -> Result<(), Vec<BadField>> {
        if wish.subject.contains_key("wrong") {
            return Err(vec![BadField { field: "subject.wrong".to_owned(), rule: "is not known here".to_owned() }]);
        }
        Ok(())
    }

    async fn start(&self, reach: Reach<'_>, wish: &Wish) -> Result<Started, ProviderError> {
        let now = reach.world.now();
        self.ask("account.start", |state| {
            let id = state.begin(wish.onboarding.clone(), wish.attempt, now);
            Ok(self.started(&state.runs[&id]))
        })
        .await
    }

    async fn recover(&self, _reach: Reach<'_>, wish: &Wish) -> Result<Option<Started>, ProviderError> {
        self.ask("account.recover", |state| {
            let ours = |run: &&Run| run.reference == wish.onboarding && run.attempt == wish.attempt && !run.erased;
            Ok(state.runs.values().find(ours).map(|run| self.started(run)))
        })
        .await
    }

    async fn look(&self, reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError> {
        let run = subject.id.as_str();
        let (silent, slow) = {
            let state = self.provider.lock();
            let named = |list: &[String]| list.iter().any(|listed| listed == run);
            (named(&state.manners.silent), named(&state.manners.slow))
        };
        if silent {
            return std::future::pending().await;
        }
        if slow {
            return self.ask("account.look", |_| Err(ProviderError::Unavailable("timed_out"))).await;
        }
        self.ask("account.look", |state| Self::snapshot(state, subject, reach.world.now())).await
    }

    async fn resolve(&self, _reach: Reach<'_>, subject: &Resource) -> Result<Whose, ProviderError> {
        self.ask("account.resolve", |state| state.known(subject).map(|run| Whose::Ours(run.reference.clone()))).await
    }

    /// With the code the person's capture is done.
    async fn exchange(&self, reach: Reach<'_>, subject: &Resource, code: &Secret) -> Result<(), ProviderError> {
        let now = reach.world.now();
        let length = code.len();
        self.ask("account.exchange", |state| {
            let run = state.runs.get_mut(subject.id.as_str()).ok_or(ProviderError::NotFound)?;
            run.history.push(Facts { at: now, capture: ("done", now), ..run.now() });
            state.exchanged.push((subject.id.to_string(), length));
            Ok(())
        })
        .await
    }

    async fn erase(&self, _reach: Reach<'_>, subject: &Resource) -> Result<(), ProviderError> {
        self.ask("account.erase", |state| {
            let run = state.runs.get_mut(subject.id.as_str()).ok_or(ProviderError::NotFound)?;
            run.erased = true;
            Ok(())
        })
        .await
    }
}
