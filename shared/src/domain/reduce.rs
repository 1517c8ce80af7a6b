//! The reduction: what was known and what a look found make what is known now, and the changes between them.
//!
//! Order, number and cause of looks cannot matter to the state: it is a function of the last snapshot and of which
//! parts were ever seen. Three rules stand above every provider's table:
//! - an approval needs an approved part that is still there and no unreadable one, whatever the table says;
//! - a part that a complete look does not show any more is kept as `gone`, with what was known of it; a run that the
//!   provider does not know any more changes nothing else;
//! - an onboarding that the tenant withdrew keeps its status; a decision on it is only noted.

use super::change::{ChangeKind, Evidence};
use super::onboarding::Truth;
use super::part::{Assessment, MAX_PARTS, Opinion, Part, Snapshot, Standing, clipped, fitting, is_overflow, room_for};
use super::status::{MAX_REASONS, Status};
use super::time::Timestamp;
use super::weight::PARTS;

/// When and why the look was made.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// When what it found was learned.
    pub at: Timestamp,
    /// What made us look.
    pub evidence: Evidence,
}

/// The truth after a look at the current attempt. Pure; `look_seq` is the committer's matter.
#[must_use]
pub fn reduce(
    before: &Truth,
    snapshot: &Snapshot,
    assess: &dyn Fn(&[Part]) -> Assessment,
    occasion: Occasion,
) -> Truth {
    let mut after = before.clone();
    after.parts = merged(&before.parts, snapshot);
    after.gone = snapshot.is_gone();
    if after.gone {
        return after;
    }
    after.unrecognised = None;
    match guarded(assess(&after.parts), before.status, &after.parts) {
        Assessment::Known(opinion) if after.withdrawn => {
            after.superseded_decision |= opinion.status.is_decision();
            record_parts(before, &mut after, occasion);
        }
        Assessment::Known(opinion) => {
            record_parts(before, &mut after, occasion);
            adopt(&mut after, opinion, occasion);
        }
        Assessment::Unrecognised { resource } => {
            after.unrecognised = Some(resource);
            record_parts(before, &mut after, occasion);
        }
    }
    after
}

/// The truth after a look at an attempt that is not the current one: a decision there is shown, never a status.
#[must_use]
pub fn reduce_superseded(before: &Truth, snapshot: &Snapshot) -> Truth {
    let mut after = before.clone();
    after.superseded_decision |= snapshot.parts().iter().any(|part| part.standing.is_decision());
    after
}

fn merged(known: &[Part], snapshot: &Snapshot) -> Vec<Part> {
    let found = snapshot.parts();
    let missing = known.iter().filter(|part| !found.iter().any(|new| new.resource == part.resource));
    let mut gone: Vec<Part> = missing.map(|part| Part { gone: true, ..part.clone() }).collect();
    let all: Vec<Part> = found.iter().chain(&gone).cloned().collect();
    let room = room_for(&all, MAX_PARTS, PARTS);
    if room == all.len() {
        return all;
    }
    // What speaks against stays before what does not. If not even that fits, no table sees all of it: it folds.
    gone.sort_by_key(|part| part.standing != Standing::Rejected);
    let against = gone.iter().filter(|part| part.standing == Standing::Rejected).count();
    let mut all: Vec<Part> = found.iter().cloned().chain(gone).collect();
    let room = room_for(&all, MAX_PARTS, PARTS);
    if room < found.len().saturating_add(against) && !found.iter().any(is_overflow) {
        return fitting(all);
    }
    all.truncate(room);
    all
}

/// No table can approve without an approved part, or past a word that nobody could read.
fn guarded(assessment: Assessment, before: Status, parts: &[Part]) -> Assessment {
    let Assessment::Known(opinion) = &assessment else { return assessment };
    if opinion.status != Status::Approved {
        return assessment;
    }
    let unreadable = parts.iter().find(|part| part.standing == Standing::Unrecognised && !part.gone);
    // What was approved stays so when its evidence is taken away (redaction); nothing becomes approved by that.
    let proves = |part: &Part| part.standing == Standing::Approved && (!part.gone || before == Status::Approved);
    let unproven = (!parts.iter().any(proves)).then(|| parts.first()).flatten();
    match unreadable.or(unproven) {
        Some(part) => Assessment::Unrecognised { resource: part.resource.clone() },
        None => assessment,
    }
}

fn adopt(after: &mut Truth, opinion: Opinion, occasion: Occasion) {
    let previous = after.status;
    let asked_before = after.action.clone();
    after.reasons = opinion.reasons;
    after.reasons.truncate(MAX_REASONS);
    for reason in &mut after.reasons {
        reason.provider_code = reason.provider_code.as_deref().map(clipped);
    }
    after.action = opinion.action;
    after.decided_by = opinion.decided_by;
    after.status = opinion.status;
    if previous != after.status {
        after.settled_at = after.status.is_settled().then_some(occasion.at);
        after.record(ChangeKind::Status, previous, occasion.at, occasion.evidence);
    } else if asked_before != after.action {
        after.record(ChangeKind::Action, previous, occasion.at, occasion.evidence);
    }
}

fn record_parts(before: &Truth, after: &mut Truth, occasion: Occasion) {
    for part in after.parts.clone() {
        let old = before.parts.iter().find(|old| old.resource == part.resource);
        for kind in what_changed(old, &part) {
            after.record_part(kind, &part, occasion.at, occasion.evidence);
        }
    }
}

fn what_changed(old: Option<&Part>, new: &Part) -> impl Iterator<Item = ChangeKind> {
    let was = old.map_or(Standing::Open, |part| part.standing);
    let decided = was != new.standing && (was.is_decision() || new.standing.is_decision());
    let data = differ(old.and_then(|part| part.digest.as_deref()), new.digest.as_deref());
    let contact = differ(old.and_then(|part| part.contact.as_deref()), new.contact.as_deref());
    let shared = old.is_none() && new.is_credential();
    let kinds = [
        (shared, ChangeKind::Credential),
        (decided, ChangeKind::Part),
        (data, ChangeKind::DataChanged),
        (contact, ChangeKind::ContactChanged),
    ];
    kinds.into_iter().filter_map(|(is_so, kind)| is_so.then_some(kind))
}

/// What is seen for the first time is no change.
fn differ(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other && same_key(one, other))
}

/// A digest is `<key name>.<digest>`; under another key nothing can be said.
fn same_key(one: &str, other: &str) -> bool {
    one.split_once('.').map(|(key, _)| key) == other.split_once('.').map(|(key, _)| key)
}
