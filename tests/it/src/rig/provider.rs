//! A provider of identity verification whose truth is its own. A run has two parts, `capture` (waiting, running, done,
//! expired) and, once there is one, `decision` (pending, approved, rejected); every act is kept with its time. A thin one
//! (see [`thin`]) may ask for something more: a part `ask` while it is open; a granting one (see [`granting`]) tells a person's
//! token alone.

mod calls;
mod desk;
pub mod granting;
mod reading;
pub mod run;
pub mod thin;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use idv_gateway::domain::{OnboardingId, ProviderId, Resource, ResourceKind, Timestamp};
use idv_gateway::ports::{Clock, ProviderError};
use serde_json::{Value, json};

pub use self::desk::Desk;
pub use self::granting::Granting;
pub use self::run::{Act, Facts, Run, meaning};
pub use self::thin::{Happened, Made, Session, Thin};

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
    /// A look takes that long.
    pub lag: Duration,
    /// So many further parts that say yes beside capture and decision.
    pub further: usize,
    /// Its webhooks name an event and nothing else.
    pub thin: bool,
    /// So does its feed.
    pub alone: bool,
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
    events: Vec<Happened>,
    resolves: Vec<(Timestamp, String)>,
    feeds: Vec<Timestamp>,
    made: Vec<Made>,
    session: Session,
    kept: granting::Kept,
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

    /// When which event was asked for.
    #[must_use]
    pub fn resolves(&self) -> Vec<(Timestamp, String)> {
        self.lock().resolves.clone()
    }

    /// When its feed was read.
    #[must_use]
    pub fn feeds(&self) -> Vec<Timestamp> {
        self.lock().feeds.clone()
    }

    /// All events, oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<Happened> {
        self.lock().events.clone()
    }

    /// All links that were made anew, oldest first.
    #[must_use]
    pub fn made(&self) -> Vec<Made> {
        self.lock().made.clone()
    }

    /// Whether somebody who opens it gets in: no newer one voids it, and it has not run out.
    #[must_use]
    pub fn opens(&self, url: &str) -> bool {
        let state = self.lock();
        let Some(made) = state.made.iter().find(|made| made.url == url) else { return false };
        let newest = state.made.iter().rfind(|other| other.into == made.into) == Some(made);
        newest && made.until.is_none_or(|until| self.clock.now() < until)
    }

    /// The session that all share.
    #[must_use]
    pub fn session(&self) -> Session {
        self.lock().session.clone()
    }

    /// From now on it refuses the token that it gave last.
    pub fn log_out(&self) {
        self.lock().session.token = None;
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
        let (thin, number) = (state.manners.thin, state.events.len() + 1);
        let run = state.runs.get_mut(run).unwrap();
        let (facts, kind, class, part) = run.now().after(act, now);
        run.history.push(facts);
        let id = run.id.clone();
        let resource = if part == "ask" { thin::ask(&id, facts.asks) } else { resource(part, &id) };
        let event = format!("event-{number:04}");
        state.events.push(Happened { id: event.clone(), at: now, run: id.clone(), class, part: resource });
        if thin {
            return json!({ "type": kind, "event": event });
        }
        json!({ "type": kind, "case": id, "part": part, "at": now })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, reference: OnboardingId, attempt: u8, now: Timestamp) -> String {
        self.creates += 1;
        let id = format!("case-{:04}", self.creates);
        let run = Run { id: id.clone(), reference, attempt, history: vec![Facts::new(now)], erased: false };
        self.runs.insert(id.clone(), run);
        id
    }

    fn known(&self, resource: &Resource) -> Result<&Run, ProviderError> {
        self.runs.get(resource.id.as_str()).filter(|run| !run.erased).ok_or(ProviderError::NotFound)
    }

    /// A link that voids the ones before it.
    fn make(&mut self, into: &str, until: Option<Timestamp>) -> String {
        let url = format!("https://provider.example/{}/{into}", self.made.len() + 1);
        self.made.push(Made { url: url.clone(), into: into.to_owned(), until });
        url
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

/// The resource of an event of a thin provider.
#[must_use]
pub fn event(id: &str) -> Resource {
    resource("event", id)
}

fn resource(kind: &str, run: &str) -> Resource {
    Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(run).unwrap() }
}

/// The person of a run.
#[must_use]
pub fn person(run: &str) -> Resource {
    resource("person", run)
}
