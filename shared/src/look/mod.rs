//! One look: lease → provider → reduce → commit. The fetcher and the app's own actions go through it alike.
//!
//! | what happens | what stands in the ledger afterwards |
//! | --- | --- |
//! | the provider answers | what it said, when the look started, when the next is due |
//! | it asks for patience, is down, refuses us | that a look is due, and the connection's pause |
//! | somebody committed meanwhile | theirs; we read again and look again unless it answers us, three times |
//! | we die at any point | the lease lapses after 30 s, the message comes again or the reconciler rings |
//!
//! A look is all or nothing: an error of any of its calls leaves the parts as they were.

mod failure;

use std::time::Duration;

use crate::domain::reduce::{Occasion, reduce, reduce_superseded};
use crate::domain::schedule::{Passage, is_past_horizon, next_look, passage};
use crate::domain::{
    Assessment, Attempt, Because, ChangeKind, Claim, Evidence, Lease, Onboarding, OnboardingKey, Opinion, Part, Reason,
    Resource, Snapshot, Status, Timestamp, Truth,
};
use crate::gateway::{Gateway, Line, awaits_delivery};
use crate::ports::{
    Commit, Committed, Connection, ConnectionRecord, LeaseOutcome, LedgerError, ProviderError, TenantConfig,
    next_look_entry,
};

/// A look holds its lease no longer than this (design §2).
pub const LEASE: Duration = Duration::from_secs(30);
/// After this many lost races the look is left to the schedule.
const RACES: u8 = 3;

/// Why we look: what was rung, when, and what it claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// When the notice was sent, as the queue says.
    pub sent_at: Timestamp,
    /// What must not be contradicted.
    pub claim: Claim,
}

/// What became of it.
#[derive(Debug)]
pub enum Looked {
    /// The ledger holds what was found; `unconfirmed` are the rings whose claims it contradicts.
    Found {
        /// As it stands now.
        onboarding: Box<Onboarding>,
        /// Places in the list of rings.
        unconfirmed: Vec<usize>,
    },
    /// An earlier look answers every ring.
    Satisfied(Box<Onboarding>),
    /// The ledger holds that a look is due.
    Due {
        /// A short wait may be enough: a single failure of the provider, not an outage.
        blip: bool,
        /// Why; none where the connection is paused or used up.
        error: Option<ProviderError>,
    },
    /// Somebody is looking, until then at the latest.
    Held(Timestamp),
    /// There is nothing to look at: unknown or erased.
    Missing,
}

/// Looks at one attempt of one onboarding.
pub struct Looker<'a> {
    /// The ports.
    pub gateway: &'a Gateway,
    /// Whose.
    pub config: &'a TenantConfig,
    /// Through which connection.
    pub connection: &'a Connection,
    /// What makes us look.
    pub evidence: Evidence,
    /// The provider's calls of one look end by then; less than the lease.
    pub budget: Duration,
}

/// What a look that nobody waits for may take: below the fetcher's own limit (30 s), with time for the ledger.
pub const LOOK_BUDGET: Duration = Duration::from_secs(20);

impl Looker<'_> {
    /// Looks, unless an earlier look answers all rings. Without rings it looks in any case.
    ///
    /// # Errors
    /// The ledger failed; nothing is lost, the same again may work.
    pub async fn look(&self, key: &OnboardingKey, attempt: u8, rings: &[Ring]) -> Result<Looked, LedgerError> {
        let record = self.gateway.ledger.connection(&self.connection.key).await?;
        self.gateway.watch_feed(self.connection, &record).await?;
        if let Some(until) = self.hindrance(&record).await? {
            self.gateway.ledger.postpone_look(key, until, None).await?;
            return Ok(Looked::Due { blip: false, error: None });
        }
        let now = self.gateway.now();
        let lease = Lease { until: now + LEASE, fence: self.gateway.world.entropy.mark() };
        match self.gateway.ledger.lease_look(key, &lease, now).await? {
            LeaseOutcome::Missing => Ok(Looked::Missing),
            LeaseOutcome::Held(until) => Ok(Looked::Held(until)),
            LeaseOutcome::Taken(onboarding) => {
                self.look_leased(*onboarding, attempt, rings, &lease.fence, &record).await
            }
        }
    }

    async fn look_leased(
        &self,
        mut onboarding: Onboarding,
        attempt: u8,
        rings: &[Ring],
        fence: &str,
        record: &ConnectionRecord,
    ) -> Result<Looked, LedgerError> {
        let line = Line::new(self.gateway, self.config, self.connection, self.budget).of(&onboarding.key);
        for _ in 0..RACES {
            if satisfied(&onboarding, attempt, rings) {
                self.give_back(&onboarding, fence).await?;
                return Ok(Looked::Satisfied(Box::new(onboarding)));
            }
            let started_at = self.gateway.now();
            let snapshot = match self.ask(&line, &onboarding, attempt).await {
                Asked::Snapshot(snapshot) => snapshot,
                Asked::Failed(error) => return self.put_off(&onboarding, fence, error).await,
            };
            if snapshot.is_some() {
                self.recovered(record).await?;
            }
            if snapshot.is_none() && attempt != onboarding.truth.attempt_number() {
                self.give_back(&onboarding, fence).await?;
                return Ok(Looked::Satisfied(Box::new(onboarding)));
            }
            let mut commit = self.commit_of(&onboarding, attempt, snapshot.as_ref(), started_at);
            commit.truth.superseded_decision |= self.decided_earlier(&line, &onboarding, attempt).await;
            match self.gateway.ledger.commit(&commit).await? {
                Committed::Done => return Ok(found(onboarding, commit, attempt, snapshot.as_ref(), rings)),
                Committed::Erased => return Ok(Looked::Missing),
                Committed::Conflict => match self.gateway.ledger.read(&onboarding.key).await? {
                    Some(newer) if newer.erased_at.is_none() => onboarding = newer,
                    Some(_) | None => return Ok(Looked::Missing),
                },
            }
        }
        self.wait_until(&onboarding, fence, self.gateway.now() + Duration::from_secs(60)).await
    }

    /// Asks the provider; an attempt that it does not know of yet has no snapshot.
    async fn ask(&self, line: &Line<'_>, onboarding: &Onboarding, attempt: u8) -> Asked {
        let Some(subject) = subject_of(&onboarding.truth, attempt) else { return Asked::Snapshot(None) };
        match self.connection.account.look(line.reach(), &subject).await {
            Ok(snapshot) => Asked::Snapshot(Some(snapshot)),
            Err(ProviderError::NotFound) if !self.is_young(onboarding, attempt) => {
                Asked::Snapshot(Some(Snapshot::subject_gone()))
            }
            Err(error) => Asked::Failed(error),
        }
    }

    /// Whether an attempt before the current one was decided. Its webhook may be lost like any other, so the schedule asks
    /// there too, one at a time and in turns, until one was; what is not answered is asked again in its turn.
    async fn decided_earlier(&self, line: &Line<'_>, onboarding: &Onboarding, attempt: u8) -> bool {
        let truth = &onboarding.truth;
        if self.evidence != Evidence::Schedule || attempt != truth.attempt_number() || truth.superseded_decision {
            return false;
        }
        let earlier: Vec<&Attempt> =
            truth.attempts.iter().filter(|run| run.number < attempt && run.subject.is_some()).collect();
        let turn = truth.look_seq.checked_rem(u64::try_from(earlier.len()).unwrap_or(0)).unwrap_or(0);
        let Some(run) = usize::try_from(turn).ok().and_then(|turn| earlier.get(turn)) else { return false };
        match self.ask(line, onboarding, run.number).await {
            Asked::Snapshot(Some(snapshot)) => snapshot.parts().iter().any(|part| part.standing.is_decision()),
            Asked::Snapshot(None) | Asked::Failed(_) => false,
        }
    }

    /// A run that was made a moment ago may not be readable everywhere at the provider yet.
    fn is_young(&self, onboarding: &Onboarding, attempt: u8) -> bool {
        let run = onboarding.truth.attempts.iter().find(|run| run.number == attempt);
        let young = self.gateway.world.pace.of(Duration::from_secs(15 * 60));
        run.is_some_and(|run| self.gateway.now().since(run.started_at) < young)
    }

    fn commit_of(
        &self,
        before: &Onboarding,
        attempt: u8,
        snapshot: Option<&Snapshot>,
        started_at: Timestamp,
    ) -> Commit {
        let now = self.gateway.now();
        let mut truth = self.reduced(before, attempt, snapshot, now);
        let created = before.identity.created_at;
        let horizons = self.connection.settings.horizons;
        let pace = self.gateway.world.pace;
        match passage(created, &truth, now, horizons, pace) {
            Passage::Nothing => {}
            Passage::Abandoned => truth.turn(Status::Abandoned, now, self.evidence),
            Passage::Stalled => {
                truth.stalled_attempt = truth.attempt_number();
                truth.record(ChangeKind::Stalled, truth.status, now, self.evidence);
            }
        }
        truth.look_seq = before.truth.look_seq.saturating_add(1);
        // Only a look at the current attempt answers what is rung about it.
        let current = snapshot.is_some() && attempt == before.truth.attempt_number();
        let after = Onboarding { truth: truth.clone(), ..before.clone() };
        Commit {
            key: before.key.clone(),
            expected: before.truth.look_seq,
            nonce: self.gateway.world.entropy.mark(),
            looked_at: if current { Some(started_at) } else { before.look.started_at },
            look_due: next_look_entry(before.look.due, started_at, next_look(before, &truth, now, horizons, pace)),
            delivery_due: awaits_delivery(self.config, &after).then_some(now),
            truth,
        }
    }

    fn reduced(&self, before: &Onboarding, attempt: u8, snapshot: Option<&Snapshot>, at: Timestamp) -> Truth {
        let Some(snapshot) = snapshot else { return before.truth.clone() };
        if attempt != before.truth.attempt_number() {
            return reduce_superseded(&before.truth, snapshot);
        }
        let occasion = Occasion { at, evidence: self.evidence };
        let (created, horizons) = (before.identity.created_at, self.connection.settings.horizons);
        let lapsed = is_past_horizon(created, &before.truth, at, horizons, self.gateway.world.pace);
        // Who has been there, as a name of theirs tells, needs no link any more, and has granted what a later refusal was
        // about.
        let waited_for = before.truth.attempt().filter(|run| run.names.is_empty());
        let dead = !self.connection.account.tells_expiry()
            && waited_for.is_some_and(|run| run.link_expires_at.is_some_and(|end| end <= at));
        let declined = waited_for.is_some_and(|run| run.declined);
        reduce(&before.truth, snapshot, &|parts| self.assessed(parts, lapsed, dead, declined), occasion)
    }

    /// What the provider still calls open is abandoned once its horizon has passed; and expired once its link is dead,
    /// where the provider does not say so itself and nothing is in its hands yet; and cancelled where the person came back
    /// and had refused.
    fn assessed(&self, parts: &[Part], lapsed: bool, dead: bool, declined: bool) -> Assessment {
        match self.connection.account.assess(parts) {
            Assessment::Known(opinion) if declined && opinion.status.is_before_submission() => {
                let reason = Because { code: Reason::ConsentDeclined, provider_code: None };
                Assessment::Known(Opinion { reasons: vec![reason], ..Opinion::plain(Status::Cancelled) })
            }
            Assessment::Known(opinion) if lapsed && !opinion.status.is_settled() => {
                Assessment::Known(Opinion { status: Status::Abandoned, action: None, ..opinion })
            }
            Assessment::Known(opinion) if dead && opinion.status.is_before_submission() => {
                let reason = Because { code: Reason::LinkExpired, provider_code: None };
                Assessment::Known(Opinion { reasons: vec![reason], ..Opinion::plain(Status::Expired) })
            }
            other @ (Assessment::Known(_) | Assessment::Unrecognised { .. }) => other,
        }
    }

    async fn give_back(&self, onboarding: &Onboarding, fence: &str) -> Result<(), LedgerError> {
        let due = onboarding
            .look
            .due
            .unwrap_or_else(|| self.gateway.now() + self.gateway.world.pace.of(Duration::from_secs(3600)));
        self.gateway.ledger.postpone_look(&onboarding.key, due, Some(fence)).await
    }
}

enum Asked {
    Snapshot(Option<Snapshot>),
    Failed(ProviderError),
}

fn subject_of(truth: &Truth, attempt: u8) -> Option<Resource> {
    truth.attempts.iter().find(|run| run.number == attempt).and_then(|run| run.subject.clone())
}

/// The parts that stand are the current attempt's: what is rung about another one is always looked into.
fn satisfied(onboarding: &Onboarding, attempt: u8, rings: &[Ring]) -> bool {
    !rings.is_empty()
        && attempt == onboarding.truth.attempt_number()
        && rings.iter().all(|ring| onboarding.is_satisfied(ring.sent_at, &ring.claim))
}

fn found(
    mut onboarding: Onboarding,
    commit: Commit,
    attempt: u8,
    snapshot: Option<&Snapshot>,
    rings: &[Ring],
) -> Looked {
    let current = attempt == commit.truth.attempt_number();
    let known = snapshot.is_some_and(|snapshot| !snapshot.is_gone());
    let contradicted = |ring: &Ring| current && known && ring.claim.contradicts(&commit.truth.parts);
    let unconfirmed = rings.iter().enumerate().filter(|(_, ring)| contradicted(ring)).map(|(at, _)| at).collect();
    onboarding.look.started_at = commit.looked_at;
    onboarding.look.due = commit.look_due;
    onboarding.look.lease = None;
    onboarding.truth = commit.truth;
    Looked::Found { onboarding: Box::new(onboarding), unconfirmed }
}
