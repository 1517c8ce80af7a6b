//! `GET /v2/stats/user-verifications` (page "Back office integration"): the verdicts of all of an account's users, by our
//! own credentials. It alone tells that something has expired, and what became of a person whose token is over.
//!
//! There is no paging and no filter that is known, so the list is kept for 15 minutes in the process: of each row a digest
//! of the user, the level (each name once for all rows) and the verdict. Rows are read one after the other, and no other
//! member of them is kept. Who comes while it is being read waits, and shares the outcome.
//!
//! | answer | then |
//! | --- | --- |
//! | 403, or the token is refused, or 404; longer than can be read here; no list at all | as switched off for 15 minutes, and logged |
//! | silence, 5xx, 429, a list that breaks off | the look fails: an expired document must not be told as approved |
//! | our client is refused | `Unauthorized` |
//! | a row that cannot be read | passed over |

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::sync::Mutex;
use tracing::warn;
use url::Url;

use super::case::{Verdict, fit, row_verdict, together};
use super::tokens::{Denied, Endpoint};
use crate::domain::{ProviderId, Timestamp};
use crate::ports::{HttpError, Method, ProviderError, Reach, Request, Response};
use crate::providers::answer::{self, below};
use crate::providers::fractal::id::uuid;
use crate::providers::fractal::level::Asked;
use crate::secret::Secret;

/// Of the list.
const LIFE: Duration = Duration::from_secs(15 * 60);
const SCOPE: &str = "client.stats:read";
/// Some 60 000 rows. A longer list cannot be read whole by a function.
const LIMIT: usize = 8 * 1024 * 1024;

/// An account's list, read at most once in its life.
pub(super) struct Sweep {
    url: Url,
    flight: Mutex<Flight>,
    landed: AtomicU64,
}

#[derive(Default)]
struct Flight {
    read_at: Option<Timestamp>,
    /// None: it may not be read.
    list: Option<List>,
    failure: Option<ProviderError>,
}

/// By digest of the user.
type List = HashMap<String, Rows>;

/// What the list says of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rows(Vec<(Arc<str>, Verdict)>);

impl Rows {
    /// What it says of one level, by the rows that fit best.
    pub(super) fn of(&self, level: &str, asked: &Asked) -> Option<Verdict> {
        let fitting = || self.0.iter().filter_map(|(name, verdict)| Some((fit(name, level, asked)?, *verdict)));
        let best = fitting().map(|(fit, _)| fit).min()?;
        together(fitting().filter(|(fit, _)| *fit == best).map(|(_, verdict)| verdict))
    }
}

#[derive(Deserialize)]
struct Row {
    user_id: String,
    level: String,
    credential: String,
}

/// What came of reading it.
enum Swept {
    List(List),
    Refused,
}

impl Sweep {
    pub(super) fn new(resource: &Url) -> Self {
        let url = below(resource, &["v2", "stats", "user-verifications"]);
        Self { url, flight: Mutex::default(), landed: AtomicU64::new(0) }
    }

    /// A person's rows; none where the list may not be read.
    pub(super) async fn rows(
        &self,
        reach: Reach<'_>,
        tokens: &Endpoint,
        uid: &ProviderId,
    ) -> Result<Option<Rows>, ProviderError> {
        let seen = self.landed.load(Ordering::Acquire);
        let mut flight = self.flight.lock().await;
        let now = reach.world.now();
        let life = reach.world.pace.of(LIFE);
        if flight.read_at.is_none_or(|at| now.since(at) >= life) {
            let waited = self.landed.load(Ordering::Acquire) != seen;
            if let Some(failure) = flight.failure.as_ref().filter(|_| waited) {
                return Err(failure.clone());
            }
            let outcome = self.read(reach, tokens).await;
            self.landed.fetch_add(1, Ordering::Release);
            *flight = match outcome {
                Ok(Swept::List(list)) => Flight { read_at: Some(now), list: Some(list), failure: None },
                Ok(Swept::Refused) => Flight { read_at: Some(now), list: None, failure: None },
                Err(failure) => Flight { read_at: None, list: None, failure: Some(failure) },
            };
            if let Some(failure) = &flight.failure {
                return Err(failure.clone());
            }
        }
        let of = |list: &List| list.get(&digest(reach, uid)).cloned().unwrap_or_default();
        Ok(flight.list.as_ref().map(of))
    }

    async fn read(&self, reach: Reach<'_>, tokens: &Endpoint) -> Result<Swept, ProviderError> {
        let granted = match tokens.of_machine(reach, SCOPE).await {
            Ok(granted) => granted,
            Err(Denied::Grant | Denied::Other(ProviderError::Refused { .. })) => return Ok(refused(reach, "token")),
            Err(Denied::Other(error)) => return Err(error),
        };
        let authorization = Secret::from([b"Bearer ", granted.access.expose()].concat());
        let mut request = Request::to_provider(Method::Get, self.url.clone()).authorized(authorization);
        request.headers.push(("accept", "application/json".to_owned()));
        request.limit = LIMIT;
        let answer = reach.http.send(request).await;
        match &answer {
            Ok(Response { status: 401 | 403, .. }) => return Ok(refused(reach, "refused")),
            Ok(Response { status: 404 | 410, .. }) => return Ok(refused(reach, "not_found")),
            Err(HttpError::TooLong) => return Ok(refused(reach, "too_long")),
            Ok(_) | Err(_) => {}
        }
        let response = answer::read(answer, |_| None)?;
        if response.body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'[') {
            return Ok(refused(reach, "no_list"));
        }
        let mut list = List::new();
        let mut levels = Levels::default();
        each_row(&response.body, |row| {
            let Some(uid) = uuid(&row.user_id) else { return };
            let said = (levels.named(&row.level), row_verdict(&row.credential));
            list.entry(digest(reach, &uid)).or_default().0.push(said);
        })
        .map_err(|_| ProviderError::Unavailable("the list of users cannot be read"))?;
        Ok(Swept::List(list))
    }
}

/// Names that many rows share.
#[derive(Default)]
struct Levels(BTreeSet<Arc<str>>);

impl Levels {
    fn named(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(name);
        self.0.insert(Arc::clone(&new));
        new
    }
}

/// Hands over each row that can be read; one at a time is in memory.
fn each_row(list: &[u8], take: impl FnMut(Row)) -> Result<(), serde_json::Error> {
    let mut list = serde_json::Deserializer::from_slice(list);
    EachRow(take).deserialize(&mut list)?;
    list.end()
}

struct EachRow<F>(F);

impl<'de, F: FnMut(Row)> DeserializeSeed<'de> for EachRow<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, list: D) -> Result<(), D::Error> {
        list.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(Row)> Visitor<'de> for EachRow<F> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<Value>()? {
            if let Ok(row) = Row::deserialize(row) {
                (self.0)(row);
            }
        }
        Ok(())
    }
}

fn digest(reach: Reach<'_>, uid: &ProviderId) -> String {
    (reach.digest)(uid.as_str().as_bytes())
}

fn refused(reach: Reach<'_>, cause: &'static str) -> Swept {
    warn!(event = "sweep_refused", tenant = %reach.connection.tenant, connection = %reach.connection.name, cause);
    Swept::Refused
}
