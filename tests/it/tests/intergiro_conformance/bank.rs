//! Intergiro's login as its authentication page tells it, on virtual time: tokens of 15 minutes in sessions of an hour,
//! a refresh that comes early is refused, an old refresh token is void, and everything is counted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use idv_gateway::domain::Timestamp;
use idv_gateway::memory::http::{Call, ScriptedHttp, empty, json as answer};
use idv_gateway::memory::world::ManualClock;
use idv_gateway::ports::{Clock, Response};
use serde_json::json;

use crate::harness::{API_KEY, Bench, LOGIN, REFRESH, bench, fixture, individual};

const LIFE: Duration = Duration::from_secs(15 * 60);
const SESSION: Duration = Duration::from_secs(60 * 60);

#[derive(Default, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) logins: u32,
    pub(crate) refreshes: u32,
    pub(crate) early: u32,
    pub(crate) void: u32,
    pub(crate) refused: u32,
}

struct Session {
    access: String,
    refresh: String,
    access_until: Timestamp,
    ends_at: Timestamp,
    refreshes: u8,
}

#[derive(Default)]
struct Books {
    sessions: Vec<Session>,
    made: u64,
    counts: Counts,
    deaf: bool,
}

/// Every bench of it is another process that talks to the same bank.
#[derive(Clone)]
pub(crate) struct Bank {
    clock: Arc<ManualClock>,
    books: Arc<Mutex<Books>>,
}

impl Bank {
    pub(crate) fn new() -> Self {
        Self { clock: Arc::default(), books: Arc::default() }
    }

    pub(crate) fn bench(&self) -> Bench {
        let bank = self.clone();
        bench(ScriptedHttp::new(move |call| Ok(bank.answer(call)))).by(&self.clock)
    }

    pub(crate) fn passes(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    pub(crate) fn passes_seconds(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn counts(&self) -> Counts {
        self.books().counts
    }

    /// Ends every session, as a bank may.
    pub(crate) fn revokes(&self) {
        self.books().sessions.clear();
    }

    /// Ends the session that was begun first.
    pub(crate) fn ends_the_oldest(&self) {
        self.books().sessions.remove(0);
    }

    /// Every token is refused from now on, however fresh.
    pub(crate) fn is_deaf(&self, deaf: bool) {
        self.books().deaf = deaf;
    }

    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, call: &Call) -> Response {
        let now = self.clock.now();
        let mut books = self.books();
        match call.line().as_str() {
            LOGIN => books.login(call, now),
            REFRESH => books.refresh(call, now),
            line => {
                let known = books.sessions.iter().any(|session| {
                    call.authorization == Some(format!("Bearer {}", session.access)) && now < session.access_until
                });
                if !known || books.deaf {
                    books.counts.refused += 1;
                    return answer(401, &fixture("error.401.token-expired"));
                }
                match line {
                    line if line.starts_with("GET /v3/individuals/") => {
                        answer(200, &individual("onboarding_requested"))
                    }
                    _ => empty(404),
                }
            }
        }
    }
}

impl Books {
    fn login(&mut self, call: &Call, now: Timestamp) -> Response {
        if call.json() != json!({"api_key": API_KEY}) {
            return answer(400, &fixture("error.400.validation.errors-list"));
        }
        self.counts.logins += 1;
        let (access, refresh) = self.tokens(now);
        let body = json!({"access_token": access, "refresh_token": refresh});
        let access_until = now + LIFE;
        self.sessions.push(Session { access, refresh, access_until, ends_at: now + SESSION, refreshes: 0 });
        answer(200, &body)
    }

    fn refresh(&mut self, call: &Call, now: Timestamp) -> Response {
        let sent = call.json();
        let (access, refresh) = self.tokens(now);
        let Some(session) = self.sessions.iter_mut().find(|session| sent == json!({"refresh_token": session.refresh}))
        else {
            self.counts.void += 1;
            return answer(400, &fixture("error.400.refresh-too-early"));
        };
        if now < session.access_until {
            self.counts.early += 1;
            return answer(400, &fixture("error.400.refresh-too-early"));
        }
        if session.refreshes == 3 || now >= session.ends_at {
            return answer(400, &fixture("error.400.refresh-too-early"));
        }
        session.refreshes += 1;
        session.access_until = (now + LIFE).min(session.ends_at);
        session.access.clone_from(&access);
        session.refresh.clone_from(&refresh);
        self.counts.refreshes += 1;
        answer(200, &json!({"access_token": access, "refresh_token": refresh}))
    }

    fn tokens(&mut self, now: Timestamp) -> (String, String) {
        self.made += 1;
        let claims = json!({"iat": now.seconds(), "exp": (now + LIFE).seconds(), "jti": self.made});
        let access = format!("eyJhbGciOiJub25lIn0.{}.c2ln", BASE64URL_NOPAD.encode(claims.to_string().as_bytes()));
        (access, format!("refresh-{}", self.made))
    }
}
