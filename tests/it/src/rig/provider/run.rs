//! A run at the provider, and everything that was ever true of it.

use idv_gateway::domain::{ClaimClass, OnboardingId, Status, Timestamp};

/// What happens to a run at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// The person opens the link.
    Begin,
    /// The person has done everything.
    Complete,
    /// The provider takes the case up.
    Review,
    /// It approves.
    Approve,
    /// It rejects.
    Reject,
    /// The link runs out.
    Expire,
    /// It uses a word that nobody knows.
    Puzzle,
    /// It asks the person for something more, at a link of its own.
    Ask,
    /// The person has given it.
    Answer,
}

/// A run as it stood from some moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Since when.
    pub at: Timestamp,
    /// The word of the capture, and since when.
    pub capture: (&'static str, Timestamp),
    /// The word of the decision, and since when.
    pub decision: Option<(&'static str, Timestamp)>,
    /// The number of what is asked now, and since when.
    pub asked: Option<(u8, Timestamp)>,
    /// How often something was asked so far.
    pub asks: u8,
}

impl Facts {
    pub(super) const fn new(at: Timestamp) -> Self {
        Self { at, capture: ("waiting", at), decision: None, asked: None, asks: 0 }
    }

    /// The person has not come to the end yet.
    pub(super) fn is_before_data(&self) -> bool {
        self.decision.is_none() && self.capture.0 != "done"
    }

    /// What an act makes of it: the facts, the event's type, what that claims, and the kind of part that it is about.
    pub(super) const fn after(self, act: Act, now: Timestamp) -> (Self, &'static str, ClaimClass, &'static str) {
        let facts = Self { at: now, ..self };
        let number = self.asks.saturating_add(1);
        let facts = match act {
            Act::Begin => Self { capture: ("running", now), ..facts },
            Act::Complete => Self { capture: ("done", now), ..facts },
            Act::Expire => Self { capture: ("expired", now), ..facts },
            Act::Review => Self { decision: Some(("pending", now)), ..facts },
            Act::Approve => Self { decision: Some(("approved", now)), ..facts },
            Act::Reject => Self { decision: Some(("rejected", now)), ..facts },
            Act::Puzzle => Self { decision: Some(("purple", now)), ..facts },
            Act::Ask => Self { asked: Some((number, now)), asks: number, ..facts },
            Act::Answer => Self { asked: None, ..facts },
        };
        let (kind, class, part) = match act {
            Act::Begin => ("started", ClaimClass::Exists, "capture"),
            Act::Complete | Act::Expire => ("ended", ClaimClass::Ended, "capture"),
            Act::Review => ("started", ClaimClass::Exists, "decision"),
            Act::Approve | Act::Reject | Act::Puzzle => ("decided", ClaimClass::Decided, "decision"),
            Act::Ask => ("asked", ClaimClass::Exists, "ask"),
            Act::Answer => ("answered", ClaimClass::Nothing, "ask"),
        };
        (facts, kind, class, part)
    }
}

/// A run, with everything that was ever true of it, oldest first.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// Our own reference on it.
    pub reference: OnboardingId,
    /// Which attempt it was begun for.
    pub attempt: u8,
    /// What was true of it from when on.
    pub history: Vec<Facts>,
    /// It was asked to forget it.
    pub erased: bool,
}

impl Run {
    /// As it stands.
    #[must_use]
    pub fn now(&self) -> Facts {
        *self.history.last().unwrap()
    }

    /// It was approved or rejected.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        matches!(self.now().decision, Some(("approved" | "rejected", _)))
    }

    pub(super) fn at(&self, moment: Timestamp) -> Facts {
        *self.history.iter().rev().find(|facts| facts.at <= moment).unwrap_or(&self.history[0])
    }
}

/// The oracle's own table.
#[must_use]
pub fn meaning(facts: Facts) -> Option<Status> {
    Some(match (facts.capture.0, facts.decision.map(|(word, _)| word)) {
        (_, Some("approved")) => Status::Approved,
        (_, Some("rejected")) => Status::Rejected,
        (_, Some("pending")) | ("done", None) if facts.asked.is_some() => Status::ActionRequired,
        (_, Some("pending")) => Status::InReview,
        ("waiting", None) => Status::LinkIssued,
        ("running", None) => Status::InProgress,
        ("done", None) => Status::Submitted,
        ("expired", None) => Status::Expired,
        _ => return None,
    })
}
