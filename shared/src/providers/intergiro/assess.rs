//! The total table: what an individual and the open pending actions mean together.
//!
//! | individual | no open action | with an open action |
//! | --- | --- | --- |
//! | `pending_activation` | created | created: actions do not exist yet |
//! | `onboarding_requested` | link_issued | link_issued: as above |
//! | `onboarding_data_provided` | in_review | action_required |
//! | `activated` | approved | approved, and something is asked |
//! | `blocked` | rejected, `not_disclosed` | rejected, and something is asked |
//! | a status that nobody knows | unrecognised: the last status is kept | unrecognised |
//!
//! - Opening the link shows nowhere, so `in_progress` is never seen. The form's end and the start of the review are one
//!   status at Intergiro; it is `in_review`, because nothing is left to do for the person.
//! - An open action is an overlay: a decision stands while something more is asked. Of several the earliest to expire
//!   is shown, the one whose link is handed out.
//! - An action of a type that nobody knows is one, too: `answer_question`, after those that are known, with its type in
//!   the part. It is told and handed out like the others, and touches no decision: what `activated` means is known.
//!   Actions that are known to be no matter of an onboarding (a card payment's) are no parts.
//! - An action past its `expires_at` that is still listed stays asked: no event tells of the end, and `by` says when it
//!   was. One that is not listed any more was completed and asks nothing; what follows stands in the individual.
//! - Who decided is not told.

use super::id::Kind;
use super::words::{Status as Word, UNKNOWN_ASK, ask};
use crate::domain::{
    Action, Ask, Asked, Assessment, Because, Opinion, Part, Reason, Resource, Standing, Status, Timestamp,
};

/// Facts of a pending action that have no place of their own in a part.
pub(super) mod mark {
    /// There is a consent by which the person can act.
    pub(in super::super) const CONSENT: &str = "consent";
    /// Followed by the time until when it is asked.
    pub(in super::super) const BY: &str = "by=";
}

pub(super) fn assess(parts: &[Part]) -> Assessment {
    let Some(first) = parts.first() else {
        return Assessment::Known(Opinion::plain(Status::Created));
    };
    let Some(individual) = individual(parts) else {
        return Assessment::Unrecognised { resource: first.resource.clone() };
    };
    match Word::read(&individual.provider_status) {
        Some(word) => Assessment::Known(opinion(word, action(parts))),
        None => Assessment::Unrecognised { resource: individual.resource.clone() },
    }
}

fn opinion(word: Word, action: Option<Action>) -> Opinion {
    let status = match word {
        Word::PendingActivation => Status::Created,
        Word::OnboardingRequested => Status::LinkIssued,
        Word::DataProvided if action.is_some() => Status::ActionRequired,
        Word::DataProvided => Status::InReview,
        Word::Activated => Status::Approved,
        Word::Blocked => Status::Rejected,
    };
    let reason = (word == Word::Blocked).then_some(Because { code: Reason::NotDisclosed, provider_code: None });
    let action = action.filter(|_| !word.is_before_data());
    Opinion { action, reasons: reason.into_iter().collect(), ..Opinion::plain(status) }
}

/// The open action whose link the person needs: one that has a consent to act on, the earliest to expire.
pub(super) fn asking(parts: &[Part]) -> Option<Resource> {
    let before_data =
        individual(parts).is_none_or(|part| Word::read(&part.provider_status).is_some_and(Word::is_before_data));
    let acted_on = |part: &&Part| part.has(mark::CONSENT) && !before_data;
    open_actions(parts).into_iter().find(acted_on).map(|part| part.resource.clone())
}

fn action(parts: &[Part]) -> Option<Action> {
    let open = open_actions(parts);
    let part = open.iter().find(|part| part.has(mark::CONSENT)).or(open.first())?;
    Some(Action { ask: known_ask(part).unwrap_or(UNKNOWN_ASK), of: Asked::Person, by: by(part) })
}

fn known_ask(part: &Part) -> Option<Ask> {
    part.provider_reason.as_deref().and_then(ask)
}

/// Those of a known type first; the earliest to expire first, those without an end last; then by age.
fn open_actions(parts: &[Part]) -> Vec<&Part> {
    let is_open = |part: &&Part| {
        Kind::of(&part.resource) == Some(Kind::PendingAction) && !part.gone && part.standing == Standing::Waiting
    };
    let mut open: Vec<&Part> = parts.iter().filter(is_open).collect();
    open.sort_by_key(|part| (known_ask(part).is_none(), by(part).is_none(), by(part), part.at, part.resource.clone()));
    open
}

fn individual(parts: &[Part]) -> Option<&Part> {
    let of_kind = || parts.iter().filter(|part| Kind::of(&part.resource) == Some(Kind::Individual));
    of_kind().find(|part| !part.gone).or_else(|| of_kind().next())
}

fn by(part: &Part) -> Option<Timestamp> {
    part.marks.iter().find_map(|own| own.strip_prefix(mark::BY)).and_then(Timestamp::parse)
}

#[cfg(test)]
mod tests;
