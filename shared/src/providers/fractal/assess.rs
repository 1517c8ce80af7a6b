//! The total table: what a run's parts mean together, whatever the generation.
//!
//! Classic runs have the person and a part for each level that was asked for; verifier and relay the person alone, with
//! the one decision. The first line that fits counts.
//!
//! | parts that are there | status |
//! | --- | --- |
//! | none | created |
//! | a level, or the person, rejected | rejected, `not_disclosed` |
//! | one of them with a word that nobody knows | unrecognised: the last status is kept |
//! | the way back is awaited, or the grant is lost, and not every level is there; one of those gone was decided | unrecognised |
//! | the grant is lost, and not every level is there | action_required: `give_consent`, `consent_declined` |
//! | the way back is awaited again, after the person had been here | action_required, as above |
//! | the way back is awaited | link_issued |
//! | a level that the person did not let us see | action_required: `give_consent`, `consent_declined` |
//! | a level, contacted | action_required: `answer_question` |
//! | a level, expired | expired, `document_expired` |
//! | a level, open and done by the person; the person `pending` (verifier, relay) | in_review |
//! | a level, open; a person of whom no more is known | in_progress |
//! | every level that was asked for approved; the person approved | approved |
//! | anything else | unrecognised |
//!
//! - An event decides nothing: each look reads all levels, so their order cannot matter.
//! - A lost grant whose levels are all told by the sweep is none to ask anybody for.
//! - What is gone decides nothing, and hides no decision either: then the last status is kept and shown.
//! - Who decided, and why, is not told.

use super::id::{Kind, level_in};
use crate::domain::{Action, Ask, Asked, Assessment, Because, Opinion, Part, Reason, Resource, Standing, Status};

/// Facts of a part that have no place of their own.
pub(super) mod mark {
    /// Of the person: followed by a level that was asked for.
    pub(in super::super) const ASKED: &str = "asked:";
    /// Of the person: their tokens are over.
    pub(in super::super) const LOST: &str = "lost";
    /// Of a level: the person has done their journey.
    pub(in super::super) const COMPLETED: &str = "completed";
    /// Of a level: what was approved is over.
    pub(in super::super) const EXPIRED: &str = "expired";
    /// Of a level: the person did not let us see it.
    pub(in super::super) const NOT_GRANTED: &str = "not_granted";
}

/// Verifier and relay: nothing is left to do for the person.
const PENDING: &str = "pending";

pub(super) fn assess(parts: &[Part]) -> Assessment {
    let Some(first) = parts.first() else { return Assessment::Known(Opinion::plain(Status::Created)) };
    let run = Run::of(parts);
    let against = |part: &&&Part| part.standing == Standing::Rejected;
    if let Some(part) = run.weighed().iter().find(against) {
        return known(Status::Rejected, Some(because(Reason::NotDisclosed, part)), None);
    }
    if let Some(unreadable) = run.unreadable() {
        return Assessment::Unrecognised { resource: unreadable.resource.clone() };
    }
    match run.status() {
        Some((status, reason, ask)) => {
            let action = ask.map(|ask| Action { ask, of: Asked::Person, by: None });
            known(status, reason, action)
        }
        None => Assessment::Unrecognised { resource: first.resource.clone() },
    }
}

fn known(status: Status, reason: Option<Because>, action: Option<Action>) -> Assessment {
    Assessment::Known(Opinion { reasons: reason.into_iter().collect(), action, ..Opinion::plain(status) })
}

/// The part whose link the person needs: every link leads into the same run, and it is made for what is asked.
pub(super) fn asking(parts: &[Part]) -> Option<Resource> {
    let run = Run::of(parts);
    if run.weighed().iter().any(|part| part.standing == Standing::Rejected) {
        return None;
    }
    let part = if run.is_lost() {
        run.user.or(run.journey)
    } else {
        run.ungranted().or_else(|| run.contacted()).or_else(|| run.expired())
    };
    part.map(|part| part.resource.clone())
}

/// The parts that are there, by what they are.
struct Run<'p> {
    journey: Option<&'p Part>,
    user: Option<&'p Part>,
    levels: Vec<&'p Part>,
    others: Vec<&'p Part>,
    gone: Vec<&'p Part>,
}

impl<'p> Run<'p> {
    fn of(parts: &'p [Part]) -> Self {
        let there = |kind: Kind| parts.iter().filter(move |part| !part.gone && Kind::of(&part.resource) == Some(kind));
        let is_other = |part: &&Part| {
            !part.gone && !matches!(Kind::of(&part.resource), Some(Kind::Journey | Kind::User | Kind::Level))
        };
        Self {
            journey: there(Kind::Journey).next(),
            user: there(Kind::User).next(),
            levels: there(Kind::Level).collect(),
            others: parts.iter().filter(is_other).collect(),
            gone: parts.iter().filter(|part| part.gone).collect(),
        }
    }

    /// What decides.
    fn weighed(&self) -> Vec<&'p Part> {
        self.levels.iter().copied().chain(self.user).collect()
    }

    fn unreadable(&self) -> Option<&'p Part> {
        let unknown = |part: &&Part| part.standing == Standing::Unrecognised;
        if let Some(part) = self.weighed().into_iter().chain(self.others.iter().copied()).find(unknown) {
            return Some(part);
        }
        let decided = self.gone.iter().any(|part| part.standing.is_decision() || part.has(mark::EXPIRED));
        if self.is_lost() && decided { self.user.or(self.journey) } else { None }
    }

    /// Whether what the person let us see cannot be seen any more.
    fn is_lost(&self) -> bool {
        let tokens = self.user.is_some_and(|user| user.has(mark::LOST) && !self.has_every_level());
        tokens || (self.user.is_none() && self.journey.is_some() && self.was_here())
    }

    fn was_here(&self) -> bool {
        self.gone.iter().any(|part| matches!(Kind::of(&part.resource), Some(Kind::User | Kind::Level)))
    }

    fn has_every_level(&self) -> bool {
        let Some(user) = self.user else { return false };
        let mut asked = user.marks.iter().filter_map(|own| own.strip_prefix(mark::ASKED));
        asked.all(|level| self.levels.iter().any(|part| level_in(&part.resource) == Some(level)))
    }

    fn ungranted(&self) -> Option<&'p Part> {
        self.levels.iter().copied().find(|part| part.has(mark::NOT_GRANTED))
    }

    fn contacted(&self) -> Option<&'p Part> {
        self.levels.iter().copied().find(|part| part.standing == Standing::Waiting && !part.has(mark::NOT_GRANTED))
    }

    fn expired(&self) -> Option<&'p Part> {
        self.levels.iter().copied().find(|part| part.has(mark::EXPIRED))
    }

    /// Below rejections and what cannot be read.
    fn status(&self) -> Option<(Status, Option<Because>, Option<Ask>)> {
        let consent = Some(Ask::GiveConsent);
        if self.is_lost() {
            let part = self.user.or(self.journey)?;
            return Some((Status::ActionRequired, Some(because(Reason::ConsentDeclined, part)), consent));
        }
        let Some(user) = self.user else { return self.journey.map(|_| (Status::LinkIssued, None, None)) };
        if let Some(part) = self.ungranted() {
            return Some((Status::ActionRequired, Some(because(Reason::ConsentDeclined, part)), consent));
        }
        if self.contacted().is_some() {
            return Some((Status::ActionRequired, None, Some(Ask::AnswerQuestion)));
        }
        if let Some(part) = self.expired() {
            return Some((Status::Expired, Some(because(Reason::DocumentExpired, part)), None));
        }
        self.decided(user).map(|status| (status, None, None))
    }

    fn decided(&self, user: &Part) -> Option<Status> {
        if self.levels.is_empty() {
            return match user.standing {
                Standing::Approved => Some(Status::Approved),
                Standing::Open if user.provider_status == PENDING => Some(Status::InReview),
                Standing::Open => Some(Status::InProgress),
                Standing::Rejected | Standing::Ended | Standing::Waiting | Standing::Unrecognised => None,
            };
        }
        let open = |part: &&&Part| part.standing == Standing::Open;
        if self.levels.iter().filter(open).any(|part| part.has(mark::COMPLETED)) {
            return Some(Status::InReview);
        }
        if self.levels.iter().any(|part| part.standing == Standing::Open) || !self.has_every_level() {
            return Some(Status::InProgress);
        }
        self.levels.iter().all(|part| part.standing == Standing::Approved).then_some(Status::Approved)
    }
}

/// Fractal gives no reason: its word stands beside, and of a level which one it is.
fn because(code: Reason, part: &Part) -> Because {
    let word = level_in(&part.resource).map_or(part.provider_status.as_str(), |level| level);
    Because { code, provider_code: Some(word.to_owned()) }
}

#[cfg(test)]
mod tests;
