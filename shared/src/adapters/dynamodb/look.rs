//! The fetcher's side: the look lease, the commit, and "a look is due".
//!
//! A commit is told from its own repeat by its nonce, which stands in one of four places by turns: so it is found also
//! when others have committed since. Its condition is the `look_seq` that was read; a look that was asked for since the
//! lease was taken is not overwritten, because no look that began before answers it.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{Lease, OnboardingKey, Timestamp};
use crate::ports::{Commit, Committed, Due, LeaseOutcome, LedgerError, NO_ROOM};

use super::DynamoLedger;
use super::attributes::{Item, moment, nested, number, text, unreadable};
use super::calls::{Outcome, RACES, contended};
use super::changes;
use super::due::{LOOK_DUE, gives_way};
use super::expression::{Answer, Condition, Relation, Update};
use super::onboarding::{self, ERASED, LOOK_ASKED, LOOK_LEASE_FENCE, LOOK_LEASE_UNTIL, LOOK_STARTED, TRUTH, of_item};

const LOOK_SEQ: &str = "truth.look_seq";

pub(super) async fn lease(
    ledger: &DynamoLedger,
    key: &OnboardingKey,
    lease: &Lease,
    now: Timestamp,
) -> Result<LeaseOutcome, LedgerError> {
    let free = Condition::Any(vec![
        Condition::Absent(LOOK_LEASE_UNTIL),
        Condition::Is(LOOK_LEASE_UNTIL, Relation::AtMost, moment(now)),
        Condition::equal(LOOK_LEASE_FENCE, text(&lease.fence)),
    ]);
    let update = Update::of(key)
        .set(LOOK_LEASE_UNTIL, moment(lease.until))
        .set(LOOK_LEASE_FENCE, text(&lease.fence))
        .remove(LOOK_ASKED)
        .when(Condition::Present("pk"))
        .when(Condition::Absent(ERASED))
        .when(free)
        .answering(Answer::After);
    match ledger.update(&update).await? {
        Outcome::Done(item) => Ok(LeaseOutcome::Taken(Box::new(of_item(key, &item)?))),
        Outcome::Stood(stood) => match stood.filter(|stood| !stood.has(ERASED)) {
            Some(stood) => Ok(LeaseOutcome::Held(stood.moment(LOOK_LEASE_UNTIL)?.unwrap_or(now))),
            None => Ok(LeaseOutcome::Missing),
        },
    }
}

pub(super) async fn commit(ledger: &DynamoLedger, commit: &Commit) -> Result<Committed, LedgerError> {
    if !commit.truth.has_room() {
        return Err(LedgerError::Refused(NO_ROOM.to_owned()));
    }
    if commit.truth.is_crowded() {
        return commit_uncrowded(ledger, commit).await;
    }
    commit_whole(ledger, commit).await
}

/// Spilling has failed again and again: what is committed already must leave the item before more joins it.
async fn commit_uncrowded(ledger: &DynamoLedger, commit: &Commit) -> Result<Committed, LedgerError> {
    let Some(standing) = onboarding::read(ledger, &commit.key).await? else { return Ok(Committed::Erased) };
    let mut commit = commit.clone();
    if standing.erased_at.is_none() && standing.truth.look_seq == commit.expected {
        changes::spill(ledger, &commit.key, &standing.truth).await?;
        let gone = standing.truth.overflowing().last().map_or(0, |change| change.version);
        commit.truth.changes.retain(|change| change.version > gone);
    }
    commit_whole(ledger, &commit).await
}

async fn commit_whole(ledger: &DynamoLedger, commit: &Commit) -> Result<Committed, LedgerError> {
    let truth = nested(TRUTH, &commit.truth)?;
    let mut entry = Entry::Planned;
    for _ in 0..RACES {
        let stood = match ledger.update(&written(ledger, commit, &truth, entry)).await? {
            Outcome::Done(_) => return settled(ledger, commit).await,
            Outcome::Stood(stood) => stood,
        };
        let Some(stood) = stood.filter(|stood| !stood.has(ERASED)) else { return Ok(Committed::Erased) };
        if matches!(stood.text(nonce_at(commit.expected)), Ok(Some(own)) if own == commit.nonce) {
            return settled(ledger, commit).await;
        }
        let found: u64 = look_seq(&stood)?;
        if found != commit.expected {
            return Ok(Committed::Conflict);
        }
        entry = Entry::Asked { standing: stood.moment(LOOK_DUE)? };
    }
    Err(contended())
}

/// It stands. Changes beyond the cap leave the item after it: until a change is committed, another commit may still
/// give its number to another change. What fails here is made up for by the next commit.
async fn settled(ledger: &DynamoLedger, commit: &Commit) -> Result<Committed, LedgerError> {
    if !commit.truth.overflowing().is_empty() && changes::spill(ledger, &commit.key, &commit.truth).await.is_err() {
        tracing::warn!(event = "spill_postponed", onboarding = %commit.key.id, "the next commit spills");
    }
    Ok(Committed::Done)
}

/// What becomes of the entry in the look index.
#[derive(Clone, Copy)]
enum Entry {
    /// Nobody asked for a look meanwhile: as this commit says.
    Planned,
    /// Somebody did: the earlier of the two.
    Asked { standing: Option<Timestamp> },
}

fn written(ledger: &DynamoLedger, commit: &Commit, truth: &AttributeValue, entry: Entry) -> Update {
    let name = commit.key.id.as_str();
    let mut update = Update::of(&commit.key)
        .set(TRUTH, truth.clone())
        .set(nonce_at(commit.expected), text(&commit.nonce))
        .when(Condition::equal(LOOK_SEQ, number(commit.expected)))
        .when(Condition::Absent(ERASED));
    if let Some(started) = commit.looked_at {
        update = update.set(LOOK_STARTED, moment(started)).remove(LOOK_LEASE_UNTIL).remove(LOOK_LEASE_FENCE);
    }
    if let Some(due) = commit.delivery_due {
        update = update.enter_once(ledger, Due::Delivery, name, due);
    }
    match entry {
        Entry::Planned => update.enter(ledger, Due::Look, name, commit.look_due).when(Condition::Absent(LOOK_ASKED)),
        Entry::Asked { standing } => beside_asked(ledger, commit, update, standing),
    }
}

fn beside_asked(ledger: &DynamoLedger, commit: &Commit, update: Update, standing: Option<Timestamp>) -> Update {
    let due = commit.look_due.map(|due| Due::Look.rounded(due, ledger.pace));
    match (due, standing) {
        (Some(due), Some(standing)) if due < standing => {
            let unmoved = Condition::equal(LOOK_DUE, moment(standing));
            update.enter(ledger, Due::Look, commit.key.id.as_str(), Some(due)).when(unmoved)
        }
        (Some(due), None) => {
            update.enter(ledger, Due::Look, commit.key.id.as_str(), Some(due)).when(Condition::Absent(LOOK_DUE))
        }
        (Some(_) | None, Some(_)) | (None, None) => update,
    }
}

pub(super) async fn postpone(
    ledger: &DynamoLedger,
    key: &OnboardingKey,
    due: Timestamp,
    fence: Option<&str>,
) -> Result<(), LedgerError> {
    // First as it mostly is: the lease is ours and nothing is due earlier. Else by what stands there.
    let (mut moves, mut returns) = (true, fence);
    for _ in 0..RACES {
        let mut update = Update::of(key)
            .set(LOOK_ASKED, AttributeValue::Bool(true))
            .when(Condition::Present("pk"))
            .when(Condition::Absent(ERASED));
        if moves {
            update = update.enter(ledger, Due::Look, key.id.as_str(), Some(due)).when(gives_way(ledger, due));
        }
        if let Some(fence) = returns {
            let ours = Condition::equal(LOOK_LEASE_FENCE, text(fence));
            update = update.remove(LOOK_LEASE_UNTIL).remove(LOOK_LEASE_FENCE).when(ours);
        }
        let stood = match ledger.update(&update).await? {
            Outcome::Done(_) => return Ok(()),
            Outcome::Stood(stood) => stood,
        };
        let Some(stood) = stood.filter(|stood| !stood.has(ERASED)) else { return Ok(()) };
        moves = may_move(ledger, &stood, due)?;
        let holder = stood.text(LOOK_LEASE_FENCE)?;
        returns = fence.filter(|fence| holder == Some(*fence));
    }
    Err(contended())
}

fn may_move(ledger: &DynamoLedger, stood: &Item, due: Timestamp) -> Result<bool, LedgerError> {
    let standing = stood.moment(LOOK_DUE)?;
    let not_earlier = standing.is_none_or(|standing| standing >= Due::Look.rounded(due, ledger.pace));
    Ok(not_earlier || stood.has(super::due::LOOK_RUNG))
}

const fn nonce_at(expected: u64) -> &'static str {
    match expected % 4 {
        0 => "nonce_0",
        1 => "nonce_1",
        2 => "nonce_2",
        _ => "nonce_3",
    }
}

fn look_seq(item: &Item) -> Result<u64, LedgerError> {
    let seq = item.0.get(TRUTH).and_then(|truth| truth.as_m().ok()).and_then(|truth| truth.get("look_seq"));
    seq.and_then(|seq| seq.as_n().ok()).and_then(|seq| seq.parse().ok()).ok_or_else(|| unreadable(LOOK_SEQ))
}
