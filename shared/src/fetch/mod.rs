//! The event-fetcher: a batch of notices becomes visits, each to one attempt of one onboarding.
//!
//! | a record | becomes |
//! | --- | --- |
//! | that cannot be read, or of a tenant there is not | a message in the DLQ with its cause, and done |
//! | answered by an earlier look | done; the delivery bell is rung if something is undelivered |
//! | younger than the margin, or somebody looks now | seen again in a moment |
//! | of a provider that is busy or down | due in the ledger, and done |
//! | of a subject that nobody knows | resolved, parked, or a stranger (`unknown.rs`) |
//! | of a provider's feed | read on; what no look has answered is rung (`feed.rs`) |
//!
//! All notices of one attempt in a batch share one look, so a burst costs a leading and a trailing one. A record is
//! done only after the ledger holds what was found or that a look is due (guarantee 2). Records never hold up each
//! other: visits run at the same time, and each record has its own verdict (guarantee 10).

mod feed;
mod returning;
mod unknown;
mod visit;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use thiserror::Error;
use tracing::{error, info, warn};

use crate::domain::{About, ConnectionKey, NOTICE_VERSION, Notice, Onboarding, OnboardingKey, SubjectKey, Timestamp};
use crate::gateway::Gateway;
use crate::ports::{DeliveryBell, LedgerError, Rejected, SubjectRecord, SubjectState};

/// All calls of a batch end within this, so that the function (30 s) has time for the ledger.
pub const CALLS: Duration = Duration::from_secs(22);

/// A message as the queue hands it over, still to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The queue's id of it.
    pub id: String,
    /// The right to change its visibility.
    pub receipt: String,
    /// What it says.
    pub body: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// How often it has been received, this time included.
    pub receives: u32,
}

/// Our own configuration is wrong: the invocation fails, every record comes again.
#[derive(Debug, Error)]
#[error("the ledger refuses us: {0}")]
pub struct Fatal(#[source] pub LedgerError);

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Done,
    Again(Duration),
    Reject(&'static str),
}

/// A notice with the record that brought it.
#[derive(Debug, Clone)]
struct Rung {
    at: usize,
    notice: Notice,
    sent_at: Timestamp,
    receives: u32,
}

/// Works on batches.
pub struct Fetcher {
    gateway: Gateway,
    queue: String,
}

impl Fetcher {
    /// A fetcher that reads from the queue of that name.
    #[must_use]
    pub const fn new(gateway: Gateway, queue: String) -> Self {
        Self { gateway, queue }
    }

    /// Works on a batch; answers with the ids of the records that have to come again.
    ///
    /// # Errors
    /// Our own configuration is wrong.
    pub async fn batch(&self, records: &[Record]) -> Result<Vec<String>, Fatal> {
        let within = Self { gateway: self.gateway.within(CALLS), queue: self.queue.clone() };
        within.worked(records).await
    }

    async fn worked(&self, records: &[Record]) -> Result<Vec<String>, Fatal> {
        let mut verdicts: BTreeMap<usize, Verdict> = BTreeMap::new();
        let mut rung = Vec::new();
        for (at, record) in records.iter().enumerate() {
            match decode(&record.body) {
                Ok(notice) => rung.push(Rung { at, notice, sent_at: record.sent_at, receives: record.receives }),
                Err(cause) => drop(verdicts.insert(at, Verdict::Reject(cause))),
            }
        }
        let mut bells = Vec::new();
        for (ats, outcome) in self.visits(rung).await {
            let (verdict, bell) = match outcome {
                Ok(outcome) => outcome,
                Err((failure, receives)) => (classed(failure, receives)?, None),
            };
            verdicts.extend(ats.into_iter().map(|at| (at, verdict)));
            bells.extend(bell.map(DeliveryBell::of));
        }
        self.ring(&bells).await;
        Ok(self.settle(records, &verdicts).await)
    }

    /// Visits all at the same time. An item that cannot be read has no neighbours: then each notice goes alone.
    async fn visits(&self, rung: Vec<Rung>) -> Vec<Visited> {
        match self.visit_all(rung.clone()).await {
            Ok(visited) => visited,
            Err(LedgerError::Unreadable(_)) if rung.len() > 1 => {
                let alone = rung.into_iter().map(|rung| Box::pin(self.visits(vec![rung])));
                join_all(alone).await.into_iter().flatten().collect()
            }
            Err(failure) => {
                rung.into_iter().map(|rung| (vec![rung.at], Err((failure.clone(), rung.receives)))).collect()
            }
        }
    }

    /// Finds out whose each notice is, reads what is known of all and visits them.
    async fn visit_all(&self, rung: Vec<Rung>) -> Result<Vec<Visited>, LedgerError> {
        let keys: Vec<SubjectKey> = rung.iter().filter_map(|rung| rung.notice.subject()).collect();
        let known = self.gateway.ledger.subjects(&keys, self.gateway.now()).await?;
        let Groups { visits, unknown, feeds } = grouped(rung, &keys.into_iter().zip(known).collect());
        let keys: Vec<OnboardingKey> = visits.keys().map(|(key, _)| key.clone()).collect();
        let read = self.gateway.ledger.read_all(&keys).await?;
        let (known, unknown, feeds) = futures_util::future::join3(
            self.visit_known(visits, read),
            self.visit_unknown(unknown),
            self.visit_feeds(feeds),
        )
        .await;
        Ok(known.into_iter().chain(unknown).chain(feeds).collect())
    }

    async fn visit_known(&self, visits: Visits, read: Vec<Option<Onboarding>>) -> Vec<Visited> {
        join_all(visits.into_iter().zip(read).map(|(((key, attempt), rung), onboarding)| async move {
            let outcome = self.visit_read(&key, onboarding, attempt, &rung).await;
            visited(&rung, outcome)
        }))
        .await
    }

    async fn visit_unknown(&self, unknown: Unknown) -> Vec<Visited> {
        join_all(unknown.into_iter().map(|(subject, (record, rung))| async move {
            let outcome = self.unknown(&subject, record, &rung).await;
            visited(&rung, outcome)
        }))
        .await
    }

    async fn visit_feeds(&self, feeds: Feeds) -> Vec<Visited> {
        join_all(feeds.into_iter().map(|(connection, rung)| async move {
            let outcome = self.read_feed(&connection, &rung).await;
            visited(&rung, outcome)
        }))
        .await
    }

    /// Bells are a convenience: what is undelivered is in the ledger with its time.
    async fn ring(&self, bells: &[DeliveryBell]) {
        if !bells.is_empty() && self.gateway.bells.ring(bells, Duration::ZERO).await.is_err() {
            warn!(event = "bell_lost", bells = bells.len(), "the reconciler will ring instead");
        }
    }

    async fn settle(&self, records: &[Record], verdicts: &BTreeMap<usize, Verdict>) -> Vec<String> {
        let all = records.iter().enumerate().map(|(at, record)| async move {
            let verdict = verdicts.get(&at).copied().unwrap_or(Verdict::Again(Duration::from_secs(5)));
            (record, self.settle_one(record, verdict).await)
        });
        join_all(all).await.into_iter().filter(|(_, done)| !done).map(|(record, _)| record.id.clone()).collect()
    }

    /// True if the record is done.
    async fn settle_one(&self, record: &Record, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Done => true,
            Verdict::Again(after) => {
                // Without it the record comes again when its visibility ends: later, not lost.
                let _ = self.gateway.bells.postpone(&record.receipt, after).await;
                false
            }
            Verdict::Reject(cause) => {
                error!(event = "record_rejected", cause, message_id = record.id);
                let rejected = Rejected {
                    cause,
                    source_queue: self.queue.clone(),
                    original_id: record.id.clone(),
                    first_sent: record.sent_at.millis().to_string(),
                    body: record.body.clone(),
                };
                self.gateway.bells.reject(&rejected).await.is_ok()
            }
        }
    }
}

type Outcome = (Verdict, Option<OnboardingKey>);
type Visited = (Vec<usize>, Result<Outcome, (LedgerError, u32)>);
type Visits = BTreeMap<(OnboardingKey, Option<u8>), Vec<Rung>>;
type Unknown = BTreeMap<SubjectKey, (Option<SubjectRecord>, Vec<Rung>)>;
type Feeds = BTreeMap<ConnectionKey, Vec<Rung>>;

/// Notices by what they are about.
struct Groups {
    visits: Visits,
    unknown: Unknown,
    feeds: Feeds,
}

fn grouped(rung: Vec<Rung>, known: &BTreeMap<SubjectKey, Option<SubjectRecord>>) -> Groups {
    let (mut visits, mut unknown, mut feeds) = (Visits::new(), Unknown::new(), Feeds::new());
    for rung in rung {
        let tenant = rung.notice.connection.tenant.clone();
        match (&rung.notice.about, rung.notice.subject()) {
            (About::Onboarding(id), _) => {
                let key = OnboardingKey { tenant, id: id.clone() };
                visits.entry((key, None)).or_default().push(rung);
            }
            (About::Subject(_), Some(subject)) => match known.get(&subject).cloned().flatten() {
                Some(SubjectRecord { state: SubjectState::Bound { onboarding, attempt }, .. }) => {
                    let key = OnboardingKey { tenant, id: onboarding };
                    visits.entry((key, Some(attempt))).or_default().push(rung);
                }
                record => unknown.entry(subject).or_insert_with(|| (record, Vec::new())).1.push(rung),
            },
            (About::Feed, _) => feeds.entry(rung.notice.connection.clone()).or_default().push(rung),
            (About::Subject(_), None) => {}
        }
    }
    Groups { visits, unknown, feeds }
}

fn visited(rung: &[Rung], outcome: Result<Outcome, LedgerError>) -> Visited {
    let receives = receives_of(rung);
    (rung.iter().map(|rung| rung.at).collect(), outcome.map_err(|failure| (failure, receives)))
}

fn receives_of(rung: &[Rung]) -> u32 {
    rung.iter().map(|rung| rung.receives).max().unwrap_or(1)
}

fn decode(body: &str) -> Result<Notice, &'static str> {
    let notice: Notice = serde_json::from_str(body).map_err(|_| "unreadable_record")?;
    if notice.v == NOTICE_VERSION { Ok(notice) } else { Err("unknown_version") }
}

/// A ledger that does not answer is waited for within the queue's own patience: 2, 10, 40 s.
fn classed(failure: LedgerError, receives: u32) -> Result<Verdict, Fatal> {
    match failure {
        LedgerError::Unavailable(what) => {
            info!(event = "ledger_unavailable", what);
            let seconds = match receives {
                0 | 1 => 2,
                2 => 10,
                _ => 40,
            };
            Ok(Verdict::Again(Duration::from_secs(seconds)))
        }
        LedgerError::Unreadable(_) => Ok(Verdict::Reject("unreadable_item")),
        LedgerError::Refused(_) => Err(Fatal(failure)),
    }
}
