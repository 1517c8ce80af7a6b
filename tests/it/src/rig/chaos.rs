//! Numbered await points, and the faults that can happen at them.

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use idv_gateway::memory::world::ManualClock;

use super::pulse::breath;

/// What goes wrong at an await point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// The process is killed before the call.
    KillBefore,
    /// The call is applied, the process is killed before the answer.
    KillAfter,
    /// The call is applied, its answer is lost.
    FailAfter,
    /// The call is not applied and answered with an error that passes.
    FailBefore,
    /// The call is not applied and answered with the port's other class of error: our own fault, "too many".
    Refuse,
    /// The call never ends: the function is killed by its deadline, what it does beside goes on until then.
    Hang,
    /// The call is applied, its answer is lost, the SDK sends it again by itself.
    Twice,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::KillBefore, Self::KillAfter, Self::FailAfter, Self::FailBefore, Self::Refuse, Self::Hang, Self::Twice];

    /// Whether it differs from the other modes at that point: reading leaves nothing behind, and only the calls of an
    /// SDK are sent again by themselves.
    #[must_use]
    pub fn fits(self, point: &str) -> bool {
        match self {
            Self::KillAfter | Self::FailAfter => !reads(point),
            Self::Twice => !reads(point) && (point.starts_with("ledger.") || point.starts_with("bells.")),
            Self::KillBefore | Self::FailBefore | Self::Refuse | Self::Hang => true,
        }
    }
}

fn reads(point: &str) -> bool {
    const READS: [&str; 19] = [
        "ledger.read",
        "ledger.read_all",
        "ledger.timeline",
        "ledger.change",
        "ledger.due",
        "ledger.subjects",
        "ledger.by_reference",
        "ledger.list",
        "ledger.key",
        "ledger.login",
        "ledger.connection",
        "ledger.endpoint",
        "account.look",
        "account.me",
        "account.recover",
        "account.resolve",
        "account.details",
        "account.feed",
        "account.nothing",
    ];
    point.starts_with("vault.") || READS.contains(&point)
}

/// Which class of error a port makes of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It passes; nothing was applied.
    Passing,
    /// The answer was lost; it was applied.
    Lost,
    /// The port's other class.
    Hard,
}

/// The points of one run.
pub struct Chaos {
    clock: Arc<ManualClock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    plan: BTreeMap<usize, Mode>,
    named: Vec<(&'static str, Mode)>,
    points: Vec<&'static str>,
    struck: Vec<(usize, &'static str, Mode)>,
    killed: bool,
}

impl Chaos {
    /// With the faults that are to happen, by the number of their point.
    #[must_use]
    pub fn new(clock: Arc<ManualClock>, plan: BTreeMap<usize, Mode>) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::new(State { plan, ..State::default() }) })
    }

    /// The fault happens at the next point of that name.
    pub fn strike(&self, point: &'static str, mode: Mode) {
        self.lock().named.push((point, mode));
    }

    /// A call of a port: an await point, and whatever is planned there.
    pub async fn call<T, E, F>(
        &self,
        point: &'static str,
        again: impl Fn() -> F,
        fault: impl Fn(Class) -> E,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        breath().await;
        if self.lock().killed {
            return pending().await;
        }
        match self.arrive(point) {
            None => again().await,
            Some(Mode::Twice) => {
                let _ = again().await;
                again().await
            }
            Some(Mode::KillBefore) => self.die().await,
            Some(Mode::KillAfter) => {
                let _ = again().await;
                self.die().await
            }
            Some(Mode::FailAfter) => {
                let _ = again().await;
                Err(fault(Class::Lost))
            }
            Some(Mode::FailBefore) => Err(fault(Class::Passing)),
            Some(Mode::Refuse) => Err(fault(Class::Hard)),
            Some(Mode::Hang) => pending().await,
        }
    }

    fn arrive(&self, point: &'static str) -> Option<Mode> {
        self.clock.advance(Duration::from_millis(1));
        let mut state = self.lock();
        let number = state.points.len();
        state.points.push(point);
        let named = state.named.iter().position(|(name, _)| *name == point);
        let named = named.map(|place| state.named.remove(place).1);
        let mode = state.plan.get(&number).copied().or(named)?;
        state.struck.push((number, point, mode));
        Some(mode)
    }

    async fn die<T>(&self) -> T {
        self.lock().killed = true;
        pending().await
    }

    /// Whether the running process was killed; the next one is a new process.
    pub fn bury(&self) -> bool {
        std::mem::take(&mut self.lock().killed)
    }

    /// The names of all points so far.
    #[must_use]
    pub fn points(&self) -> Vec<&'static str> {
        self.lock().points.clone()
    }

    /// How many points so far have a name that begins so.
    #[must_use]
    pub fn count(&self, prefix: &str) -> usize {
        self.lock().points.iter().filter(|point| point.starts_with(prefix)).count()
    }

    /// How many faults have happened.
    #[must_use]
    pub fn struck(&self) -> usize {
        self.lock().struck.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
