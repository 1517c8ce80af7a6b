//! Evidence: what one look found, piece by piece.

use serde::{Deserialize, Serialize};

use super::closed_list::closed_list;
use super::name::{ProviderId, Resource, ResourceKind};
use super::status::{Action, Because, DecidedBy, Status};
use super::time::Timestamp;
use super::weight::{PARTS, weight};

closed_list! {
    /// Where one piece of evidence stands.
    pub enum Standing {
        Open = "open": "Work is going on.",
        Ended = "ended": "It came to its end and is no verdict by itself.",
        Approved = "approved": "Decided in favour.",
        Rejected = "rejected": "Decided against.",
        Waiting = "waiting": "Something is asked of somebody.",
        Unrecognised = "unrecognised": "The provider used a word we do not know; never an approval.",
    }
}

impl Standing {
    /// A verdict, in favour or against.
    #[must_use]
    pub const fn is_decision(self) -> bool {
        matches!(self, Self::Approved | Self::Rejected)
    }
}

/// One piece of evidence of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which resource at the provider.
    pub resource: Resource,
    /// The provider's status word as it came, at most 64 bytes of it.
    pub provider_status: String,
    /// The provider's reason as it came, at most 64 bytes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_reason: Option<String>,
    /// Facts beside the status that the mapping needs, such as Ondato's `isSuccess`; no personal data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
    /// Where it stands.
    pub standing: Standing,
    /// Who decided.
    pub decided_by: DecidedBy,
    /// The provider's time of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Keyed digest of the data behind it: tells that data changed, never what they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The same of an e-mail address and a phone number, where the provider shows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What it is a piece of, where that has its own end: the check of a report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<Resource>,
    /// A complete look did not find it any more; what was known of it stands.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

impl Part {
    /// A part of that resource which stands open and says nothing else yet.
    #[must_use]
    pub fn new(resource: Resource, provider_status: &str, standing: Standing) -> Self {
        Self {
            resource,
            provider_status: clipped(provider_status),
            provider_reason: None,
            marks: Vec::new(),
            standing,
            decided_by: DecidedBy::Unknown,
            at: None,
            digest: None,
            contact: None,
            whole: None,
            gone: false,
        }
    }

    /// Whether it is a credential that was shared.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        self.resource.kind.as_str() == CREDENTIAL
    }

    /// Whether the adapter left that mark.
    #[must_use]
    pub fn has(&self, mark: &str) -> bool {
        self.marks.iter().any(|own| own == mark)
    }
}

/// The provider's words are kept, but never more than 64 bytes of them: whole characters, so at most 64.
#[must_use]
pub fn clipped(text: &str) -> String {
    let mut room = WORD;
    let fits = |c: &char| {
        let rest = room.checked_sub(c.len_utf8());
        room = rest.unwrap_or_default();
        rest.is_some()
    };
    text.chars().filter(|c| !c.is_control()).take_while(fits).collect()
}

const WORD: usize = 64;

/// The kind of resource that a shared credential is, whoever the provider.
pub const CREDENTIAL: &str = "credential";

/// More parts than this, or heavier ones than their share of the item, fold into one `overflow` part (design §9).
pub const MAX_PARTS: usize = 64;

/// What one look found: all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Every part that the provider told of.
    parts: Vec<Part>,
    /// Whether the subject itself is unknown to the provider now (404).
    gone: bool,
}

impl Snapshot {
    /// A complete look. Parts beyond the caps fold into one that can never approve.
    #[must_use]
    pub fn of(mut parts: Vec<Part>) -> Self {
        for part in &mut parts {
            part.provider_status = clipped(&part.provider_status);
            part.provider_reason = part.provider_reason.as_deref().map(clipped);
        }
        Self { parts: fitting(parts), gone: false }
    }

    /// The provider does not know the subject any more.
    #[must_use]
    pub const fn subject_gone() -> Self {
        Self { parts: Vec::new(), gone: true }
    }

    /// Every part that the look found.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether the provider answered that it does not know the subject.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        self.gone
    }
}

/// All of them where they fit; else as many of the first as leave room for the one that stands for the others.
pub(super) fn fitting(mut parts: Vec<Part>) -> Vec<Part> {
    if room_for(&parts, MAX_PARTS, PARTS) < parts.len() {
        let overflow = overflow();
        let left = PARTS.saturating_sub(overflow.as_ref().map_or(0, weight));
        parts.truncate(room_for(&parts, MAX_PARTS - 1, left));
        parts.extend(overflow);
    }
    parts
}

/// How many of the first there is room for.
pub(super) fn room_for(parts: &[Part], count: usize, bytes: usize) -> usize {
    let mut left = bytes;
    let mut fits = |part: &&Part| {
        // the comma between two
        let rest = left.checked_sub(weight(*part).saturating_add(1));
        left = rest.unwrap_or_default();
        rest.is_some()
    };
    parts.iter().take(count).take_while(|part| fits(part)).count()
}

const OVERFLOW: &str = "overflow";

fn overflow() -> Option<Part> {
    let kind = ResourceKind::parse(OVERFLOW).ok()?;
    let id = ProviderId::parse(OVERFLOW).ok()?;
    Some(Part::new(Resource { kind, id }, OVERFLOW, Standing::Unrecognised))
}

pub(super) fn is_overflow(part: &Part) -> bool {
    part.resource.kind.as_str() == OVERFLOW
}

/// What the parts of the current attempt mean, by the provider's total table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assessment {
    /// A row of the table matched.
    Known(Opinion),
    /// No row matched, or a word is unknown: the last status is kept, and it is shown and counted.
    Unrecognised {
        /// The part that could not be read.
        resource: Resource,
    },
}

/// What a matching row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// The canonical status.
    pub status: Status,
    /// Why.
    pub reasons: Vec<Because>,
    /// What is asked.
    pub action: Option<Action>,
    /// Who decided.
    pub decided_by: DecidedBy,
}

impl Opinion {
    /// A status without reasons.
    #[must_use]
    pub const fn plain(status: Status) -> Self {
        Self { status, reasons: Vec::new(), action: None, decided_by: DecidedBy::Unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_at_whole_characters_within_64_bytes() {
        for (letter, kept) in [('a', 64), ('ä', 32), ('\u{20ac}', 21), ('\u{1f600}', 16)] {
            let long: String = std::iter::repeat_n(letter, 100).collect();
            assert_eq!(clipped(&long).chars().count(), kept, "{letter}");
            assert_eq!(clipped(&format!("{letter}\n\u{7f}")), letter.to_string(), "no control characters");
        }
        // what follows one that has no room is not taken in its place
        assert_eq!(clipped(&format!("{}ä{}", "a".repeat(63), "b")), "a".repeat(63));
    }
}
