//! What one case says: Fractal's words (page "User information retrieval"), one total table.
//!
//! `status` is `pending` (their turn), `contacted` (the person's) or `done`; `credential` the verdict. The page's own two
//! samples have the verdict in `status` and no `credential`, or neither of them, so all these writings are read.
//!
//! | status | credential missing | `pending` | `contacted` | `approved` | `rejected` | `expired` |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | `pending` | open | open | contacted | open | rejected | expired |
//! | `contacted` | contacted | contacted | contacted | contacted | rejected | expired |
//! | `done` | unrecognised | open | contacted | approved | rejected | expired |
//! | `approved` | approved | unrecognised | unrecognised | approved | unrecognised | expired |
//! | `rejected` | rejected | unrecognised | unrecognised | unrecognised | rejected | unrecognised |
//! | missing | open | open | contacted | unrecognised | rejected | expired |
//! | anything else | unrecognised, in every column; so is any other credential in every line |
//!
//! Open is *in review* where the case says that the person has done their journey, or is `pending` and says nothing of it
//! (as the page's own sample), else *in progress*. `contacted` and `expired` are documented for the sweep alone, as
//! credentials; here they mean the same.
//!
//! A row of the sweep has a credential alone: `approved` is a verdict there.
//!
//! Cases have no time, and their order is not documented. A new one is begun when the last one is decided, so of two of one
//! level the one that is still open is newer ([`together`]). Of an approval beside a rejection nobody knows which is: neither
//! counts, unless the sweep has a row of that level, which is the account's own word of today.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::{Part, Resource, Standing};
use crate::providers::fractal::assess::mark;
use crate::providers::fractal::level::Asked;
use crate::providers::text::{NOT_A_WORD, word};

/// Of a member that is not there.
const MISSING: &str = "missing";
/// Of a level that no case is of.
pub(super) const NO_CASE: &str = "no_case";
/// Of a level that is approved by one case and rejected by another; no word of theirs has a colon.
pub(super) const CONTRADICTORY: &str = "cases:contradictory";

/// What a case, or a row, says of its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Verdict {
    /// From the more cautious on.
    Unrecognised,
    Rejected,
    Contacted,
    Expired,
    InProgress,
    InReview,
    Approved,
}

impl Verdict {
    pub(in super::super) const fn standing(self) -> Standing {
        match self {
            Self::Rejected => Standing::Rejected,
            Self::Unrecognised => Standing::Unrecognised,
            Self::Contacted => Standing::Waiting,
            // It came to its end, and is no verdict any more.
            Self::Expired => Standing::Ended,
            Self::InProgress | Self::InReview => Standing::Open,
            Self::Approved => Standing::Approved,
        }
    }

    const fn mark(self) -> Option<&'static str> {
        match self {
            Self::Expired => Some(mark::EXPIRED),
            Self::InReview => Some(mark::COMPLETED),
            Self::Rejected | Self::Unrecognised | Self::Contacted | Self::InProgress | Self::Approved => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Missing,
    Pending,
    Contacted,
    Done,
    Approved,
    Rejected,
    Expired,
    Unknown,
}

impl Said {
    fn read(text: Option<&str>) -> Self {
        match text {
            None => Self::Missing,
            Some("pending") => Self::Pending,
            Some("contacted") => Self::Contacted,
            Some("done") => Self::Done,
            Some("approved") => Self::Approved,
            Some("rejected") => Self::Rejected,
            Some("expired") => Self::Expired,
            Some(_) => Self::Unknown,
        }
    }
}

/// The table above.
pub(in super::super) fn verdict(status: Option<&str>, credential: Option<&str>, completed: Option<bool>) -> Verdict {
    use Said::{Approved, Contacted, Done, Expired, Missing, Pending, Rejected, Unknown};
    let is_done = completed.unwrap_or(status == Some("pending"));
    let open = if is_done { Verdict::InReview } else { Verdict::InProgress };
    match (Said::read(status), Said::read(credential)) {
        (Expired | Unknown, _) | (_, Done | Unknown) => Verdict::Unrecognised,
        (Rejected, Missing | Rejected) => Verdict::Rejected,
        (Rejected, Pending | Contacted | Approved | Expired) => Verdict::Unrecognised,
        (Approved, Missing | Approved) => Verdict::Approved,
        (Approved, Pending | Contacted | Rejected) => Verdict::Unrecognised,
        (Pending | Contacted | Done | Missing, Rejected) => Verdict::Rejected,
        (Approved | Pending | Contacted | Done | Missing, Expired) => Verdict::Expired,
        (Contacted, Missing | Pending | Contacted | Approved) | (Pending | Done | Missing, Contacted) => {
            Verdict::Contacted
        }
        (Done, Approved) => Verdict::Approved,
        (Pending, Missing | Pending | Approved) | (Done | Missing, Pending) | (Missing, Missing) => open,
        (Done, Missing) | (Missing, Approved) => Verdict::Unrecognised,
    }
}

/// A row of the sweep (page "Back office integration").
pub(super) fn row_verdict(credential: &str) -> Verdict {
    match Said::read(Some(credential)) {
        Said::Approved => Verdict::Approved,
        Said::Rejected => Verdict::Rejected,
        Said::Contacted => Verdict::Contacted,
        Said::Expired => Verdict::Expired,
        Said::Pending => Verdict::InProgress,
        Said::Missing | Said::Done | Said::Unknown => Verdict::Unrecognised,
    }
}

/// What several of one level say together.
///
/// | among them | counts |
/// | --- | --- |
/// | a word that nobody knows | that: unrecognised |
/// | one that is open, or contacted | the more cautious of these |
/// | an approval and a rejection | unrecognised |
/// | decided ones otherwise | the more cautious; what has expired beside an approval is the older one |
pub(super) fn together(verdicts: impl Iterator<Item = Verdict>) -> Option<Verdict> {
    use Verdict::{Approved, Contacted, Expired, InProgress, InReview, Rejected, Unrecognised};
    let all: BTreeSet<Verdict> = verdicts.collect();
    let has = |verdict: Verdict| all.contains(&verdict);
    if has(Unrecognised) || (has(Approved) && has(Rejected) && !(has(Contacted) || has(InProgress) || has(InReview))) {
        return Some(Unrecognised);
    }
    let order = [Contacted, InProgress, InReview, Rejected, Approved, Expired];
    order.into_iter().find(|verdict| has(*verdict))
}

/// How well a case's `level` fits one level of what was asked for; none where it is of others. Smaller is better: the
/// level alone or exactly what was asked, then a piece of that, then what also has others.
pub(super) fn fit(case: &str, level: &str, asked: &Asked) -> Option<u8> {
    let pieces: Vec<&str> = case.split('+').collect();
    if !pieces.contains(&level) {
        return None;
    }
    let within = pieces.iter().all(|piece| asked.has(piece));
    let whole = within && pieces.len() == asked.names().len();
    Some(if pieces.len() == 1 || whole { 0 } else { u8::from(!within) + 1 })
}

/// One case, read with care: every member but the level may be missing.
pub(super) struct Case<'a> {
    pub(super) level: &'a str,
    status: Option<&'a str>,
    credential: Option<&'a str>,
    completed: Option<bool>,
    pub(super) details: Option<&'a Value>,
}

impl<'a> Case<'a> {
    pub(super) fn read(value: &'a Value) -> Option<Self> {
        let text = |name: &str| {
            value.get(name).filter(|value| !value.is_null()).map(|value| value.as_str().unwrap_or(NOT_A_WORD))
        };
        Some(Self {
            level: value.get("level")?.as_str()?,
            status: text("status"),
            credential: text("credential"),
            completed: value.get("journey_completed").and_then(Value::as_bool),
            details: value.get("details").filter(|details| details.is_object()),
        })
    }

    pub(super) fn verdict(&self) -> Verdict {
        verdict(self.status, self.credential, self.completed)
    }

    pub(super) fn part(&self, resource: Resource) -> Part {
        let mut part = of_verdict(resource, self.status.map_or(MISSING, word), self.verdict());
        part.provider_reason = self.credential.map(word).map(str::to_owned);
        part
    }
}

pub(in super::super) fn of_verdict(resource: Resource, status: &str, verdict: Verdict) -> Part {
    let mut part = Part::new(resource, status, verdict.standing());
    part.marks.extend(verdict.mark().map(str::to_owned));
    part
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    const WORDS: [Option<&str>; 9] = [
        None,
        Some("pending"),
        Some("contacted"),
        Some("done"),
        Some("approved"),
        Some("rejected"),
        Some("expired"),
        Some("quantum"),
        Some("Approved"),
    ];

    #[test]
    fn the_only_ways_to_be_approved() {
        let mut ways = Vec::new();
        for status in WORDS {
            for credential in WORDS {
                for completed in [None, Some(false), Some(true)] {
                    if verdict(status, credential, completed) == Verdict::Approved {
                        ways.push((status, credential));
                    }
                }
            }
        }
        ways.dedup();
        let approved = Some("approved");
        assert_eq!(ways, [(Some("done"), approved), (approved, None), (approved, approved)]);
    }

    #[test]
    fn what_speaks_against_is_heard() {
        let done = Some(true);
        for status in [None, Some("pending"), Some("contacted"), Some("done"), Some("rejected")] {
            assert_eq!(verdict(status, Some("rejected"), done), Verdict::Rejected, "{status:?}");
        }
        assert_eq!(verdict(Some("approved"), Some("rejected"), done), Verdict::Unrecognised);
        assert_eq!(verdict(Some("contacted"), Some("approved"), done), Verdict::Contacted);
        assert_eq!(verdict(Some("done"), Some("expired"), done), Verdict::Expired);
        assert_eq!(verdict(Some("pending"), Some("pending"), Some(false)), Verdict::InProgress);
        assert_eq!(verdict(Some("pending"), None, None), Verdict::InReview);
        assert_eq!(verdict(None, None, None), Verdict::InProgress);
        assert_eq!(verdict(Some("pending"), None, done), Verdict::InReview);
        for unknown in [Some("quantum"), Some("Approved"), Some(NOT_A_WORD)] {
            assert_eq!(verdict(unknown, Some("approved"), done), Verdict::Unrecognised);
            assert_eq!(verdict(Some("done"), unknown, done), Verdict::Unrecognised);
        }
        for word in ["", "quantum", "done", "Approved"] {
            assert_eq!(row_verdict(word), Verdict::Unrecognised, "{word}");
        }
    }

    #[test]
    fn no_old_rejection_stands_for_ever() {
        use Verdict::{Approved, Contacted, Expired, InProgress, InReview, Rejected, Unrecognised};
        for (all, counts) in [
            (&[][..], None),
            (&[Rejected], Some(Rejected)),
            (&[Rejected, InReview], Some(InReview)),
            (&[InProgress, Rejected, Approved], Some(InProgress)),
            (&[Rejected, Contacted, InReview], Some(Contacted)),
            (&[Approved, InReview], Some(InReview)),
            (&[Approved, Rejected], Some(Unrecognised)),
            (&[Approved, Expired], Some(Approved)),
            (&[Rejected, Expired], Some(Rejected)),
            (&[Approved, Unrecognised], Some(Unrecognised)),
        ] {
            assert_eq!(together(all.iter().copied()), counts, "{all:?}");
        }
    }

    #[test]
    fn a_joined_case_counts_for_each_of_its_levels() {
        let asked = Asked::of(["basic", "liveness", "idos"]).unwrap();
        for (case, level, fits) in [
            ("basic", "basic", Some(0)),
            ("idos+basic+liveness", "liveness", Some(0)),
            ("basic+liveness", "basic", Some(1)),
            ("basic+liveness+wallet-eth", "basic", Some(2)),
            ("basic+liveness", "idos", None),
            ("basically", "basic", None),
            ("plus", "basic", None),
            ("", "basic", None),
        ] {
            assert_eq!(fit(case, level, &asked), fits, "{case} {level}");
        }
    }
}
