//! One onboarding: who it is (never rewritten), what is true of it (the fetcher's and the initiator's), when it is
//! looked at, and how far its changes have been handed over (the deliverer's). The four are disjoint on purpose: each
//! is written by one side alone.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::change::{Change, ChangeKind, Evidence, PartFact};
use super::name::{ConnectionKey, ConnectionName, OnboardingKey, Reference, Resource};
use super::notice::Claim;
use super::part::{Part, Standing, fitting};
use super::status::{Action, Because, Channel, DecidedBy, Status, SubjectKind};
use super::time::Timestamp;
use super::weight::{self, weight};

/// An onboarding has attempts 1…8 (design §4).
pub const MAX_ATTEMPTS: u8 = 8;
/// Committed changes beyond this many leave the item (design §9).
pub const INLINE_CHANGES: usize = 16;
/// A look that started this long after a notice was sent has answered it (design §2).
pub const LOOK_MARGIN: Duration = Duration::from_secs(2);

/// The whole item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onboarding {
    /// Whose and which.
    pub key: OnboardingKey,
    /// Who it is.
    pub identity: Identity,
    /// What is true of it.
    pub truth: Truth,
    /// When it is looked at.
    pub look: Look,
    /// How far its changes have been handed over.
    pub delivery: Handover,
    /// Set once and for ever by erasing: no commit passes it.
    pub erased_at: Option<Timestamp>,
}

impl Onboarding {
    /// The connection it runs through.
    #[must_use]
    pub fn connection(&self) -> ConnectionKey {
        ConnectionKey { tenant: self.key.tenant.clone(), name: self.identity.connection.clone() }
    }

    /// Whether a look that has been committed already answers a notice that was sent then.
    #[must_use]
    pub fn is_satisfied(&self, sent_at: Timestamp, claim: &Claim) -> bool {
        if cfg!(feature = "flaw-satisfied") {
            return self.look.started_at.is_some();
        }
        self.has_seen(sent_at + LOOK_MARGIN, claim)
    }

    /// Whether a look has started since then, and nothing it found contradicts the claim.
    #[must_use]
    pub fn has_seen(&self, moment: Timestamp, claim: &Claim) -> bool {
        self.look.started_at.is_some_and(|started| started >= moment) && !claim.contradicts(&self.truth.parts)
    }

    /// Whether changes wait to be handed over.
    #[must_use]
    pub const fn is_undelivered(&self) -> bool {
        self.delivery.through < self.truth.version
    }
}

/// What is written once, at creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Through which connection.
    pub connection: ConnectionName,
    /// Which provider that was.
    pub provider: String,
    /// The app's own id.
    pub reference: Reference,
    /// Who is verified.
    pub subject_kind: SubjectKind,
    /// How the person comes to the provider.
    pub channel: Channel,
    /// When the intent was recorded.
    pub created_at: Timestamp,
}

/// What is known, as of `look_seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// Canonical status.
    pub status: Status,
    /// Why.
    #[serde(default)]
    pub reasons: Vec<Because>,
    /// What is asked.
    #[serde(default)]
    pub action: Option<Action>,
    /// Who decided.
    pub decided_by: DecidedBy,
    /// Runs at the provider; the last is the current one.
    pub attempts: Vec<Attempt>,
    /// Evidence of the current attempt.
    pub parts: Vec<Part>,
    /// The number of the last change.
    pub version: u64,
    /// The last changes, oldest first.
    pub changes: Vec<Change>,
    /// Bumped by every commit.
    pub look_seq: u64,
    /// When the last change was made.
    pub updated_at: Timestamp,
    /// When the status last became a settled one.
    #[serde(default)]
    pub settled_at: Option<Timestamp>,
    /// An attempt that is not the current one was decided.
    #[serde(default)]
    pub superseded_decision: bool,
    /// The tenant withdrew: looks go on, the status does not.
    #[serde(default)]
    pub withdrawn: bool,
    /// The last attempt that was reported as stalled.
    #[serde(default)]
    pub stalled_attempt: u8,
    /// Fresh links that were made ready without being asked for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reissued: u8,
    /// A part that could not be read at the last look.
    #[serde(default)]
    pub unrecognised: Option<Resource>,
    /// The provider does not know the run any more: what was known stands, looks stop.
    #[serde(default)]
    pub gone: bool,
}

impl Truth {
    /// An intent: nothing is known to the provider yet. It is itself change 1.
    #[must_use]
    pub fn intended(at: Timestamp) -> Self {
        let mut truth = Self {
            status: Status::Created,
            reasons: Vec::new(),
            action: None,
            decided_by: DecidedBy::Unknown,
            attempts: vec![Attempt::intended(1, at)],
            parts: Vec::new(),
            version: 0,
            changes: Vec::new(),
            look_seq: 0,
            updated_at: at,
            settled_at: None,
            superseded_decision: false,
            withdrawn: false,
            stalled_attempt: 0,
            reissued: 0,
            unrecognised: None,
            gone: false,
        };
        truth.record(ChangeKind::Status, Status::Created, at, Evidence::App);
        truth
    }

    /// The current attempt.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// The number of the current attempt, from 1.
    #[must_use]
    pub fn attempt_number(&self) -> u8 {
        self.attempt().map_or(1, |attempt| attempt.number)
    }

    /// Appends the next change; `previous` is the status before it.
    pub fn record(&mut self, kind: ChangeKind, previous: Status, at: Timestamp, evidence: Evidence) {
        let change = self.numbered(kind, previous, at, evidence);
        self.changes.push(change);
    }

    /// Appends the next change, which is about a part and says nothing of the whole.
    pub fn record_part(&mut self, kind: ChangeKind, part: &Part, at: Timestamp, evidence: Evidence) {
        let fact = PartFact {
            resource: part.resource.clone(),
            standing: part.standing,
            provider_status: part.provider_status.clone(),
        };
        let whole = self.numbered(kind, self.status, at, evidence);
        let decided_by = part.decided_by;
        self.changes.push(Change { decided_by, reasons: Vec::new(), action: None, part: Some(fact), ..whole });
    }

    fn numbered(&mut self, kind: ChangeKind, previous: Status, at: Timestamp, evidence: Evidence) -> Change {
        self.version = self.version.saturating_add(1);
        self.updated_at = at;
        Change {
            version: self.version,
            kind,
            at,
            status: self.status,
            previous,
            overturned: kind == ChangeKind::Status && previous.is_settled() && previous != self.status,
            decided_by: self.decided_by,
            reasons: self.reasons.clone(),
            action: self.action.clone(),
            part: None,
            attempt: self.attempt_number(),
            evidence,
        }
    }

    /// Sets a status of our own making (not a look's) and records it.
    pub fn turn(&mut self, status: Status, at: Timestamp, evidence: Evidence) {
        let previous = self.status;
        if previous == status {
            return;
        }
        self.status = status;
        self.action = None;
        self.settled_at = status.is_settled().then_some(at);
        self.record(ChangeKind::Status, previous, at, evidence);
    }

    /// Committed changes that no longer have to stand in the item, oldest first: those beyond the cap, and those that
    /// the item has no room for. The last one always stays.
    #[must_use]
    pub fn overflowing(&self) -> &[Change] {
        let rest = Self { changes: Vec::new(), ..self.clone() };
        let mut room = weight::TRUTH.saturating_sub(weight(&rest));
        let mut fits = |change: &&Change| {
            // the comma between two
            let left = room.checked_sub(weight(*change).saturating_add(1));
            room = left.unwrap_or_default();
            left.is_some()
        };
        let kept = self.changes.iter().rev().take(INLINE_CHANGES).take_while(|change| fits(change)).count();
        let beyond = self.changes.len().saturating_sub(kept.max(1));
        self.changes.get(..beyond).unwrap_or(&[])
    }

    /// So many changes wait to leave the item that no more may join them.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        weight(&self.changes) > weight::CROWD
    }

    /// Whether the item has room for the attempts; only a link of more than 4 KB leaves none.
    #[must_use]
    pub fn has_room(&self) -> bool {
        weight(&self.attempts) <= weight::ATTEMPTS
    }

    /// With what is known to have been made at the provider and was not looked at yet.
    #[must_use]
    pub fn with_made(mut self, made: &[Resource]) -> Self {
        for resource in made {
            if !self.parts.iter().any(|part| part.resource == *resource) {
                self.parts.push(Part::new(resource.clone(), "made", Standing::Open));
            }
        }
        self.parts = fitting(self.parts);
        self
    }

    /// As it rests: the links of earlier attempts are never handed out again, and nobody comes back to them.
    #[must_use]
    pub fn at_rest(mut self) -> Self {
        let earlier = self.attempts.len().saturating_sub(1);
        for attempt in self.attempts.iter_mut().take(earlier) {
            attempt.sealed_link = None;
            attempt.link_for = None;
            attempt.return_nonce = None;
            attempt.earlier_nonce = None;
            attempt.exchanging = None;
            attempt.declined = false;
        }
        // Only ids as long as their type lets them be leave no room for names; then the oldest are not kept.
        let mut oldest = 0;
        while !self.has_room()
            && let Some(attempt) = self.attempts.get_mut(oldest)
        {
            attempt.names.clear();
            oldest = oldest.saturating_add(1);
        }
        self
    }
}

/// One run at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u8,
    /// The provider's root resource of this run; absent while only intended.
    #[serde(default)]
    pub subject: Option<Resource>,
    /// When it began.
    pub started_at: Timestamp,
    /// Until when its link lives, as far as is known.
    #[serde(default)]
    pub link_expires_at: Option<Timestamp>,
    /// The link or token, sealed with the onboarding's own key.
    #[serde(default)]
    pub sealed_link: Option<String>,
    /// The nonce of the state that a person may come back with, until what they brought has been exchanged.
    #[serde(default)]
    pub return_nonce: Option<String>,
    /// The same of the link before the last: whoever was under way by it when a fresh one was made comes back, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_nonce: Option<String>,
    /// A code that was begun to be exchanged, as a keyed digest: it is not begun again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchanging: Option<String>,
    /// By what else the provider names it: a person. Kept whatever parts come and go, so that erasing knows of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Resource>,
    /// The person came back by the link and what they brought was exchanged: it leads nowhere a second time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub link_used: bool,
    /// The person came back and had refused what the provider asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declined: bool,
    /// The part that the link serves, where it is not the run's own: an open action's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_for: Option<Resource>,
    /// How often the link was made anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub renewals: u8,
    /// When the app last asked for it: the person has another try from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed_at: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_zero(count: &u8) -> bool {
    *count == 0
}

impl Attempt {
    /// Whether a person comes back to it by a way of that nonce.
    #[must_use]
    pub fn is_by(&self, nonce: &str) -> bool {
        [&self.return_nonce, &self.earlier_nonce].into_iter().flatten().any(|own| own == nonce)
    }

    /// Whether its link has not run out, as far as is known.
    #[must_use]
    pub fn has_live_link(&self, now: Timestamp) -> bool {
        self.link_expires_at.is_none_or(|at| at > now)
    }

    /// The provider names it so, too.
    pub fn add_names(&mut self, names: &[Resource]) {
        for name in names {
            if !self.names.contains(name) {
                self.names.push(name.clone());
            }
        }
    }

    /// Recorded before the provider is called.
    #[must_use]
    pub const fn intended(number: u8, at: Timestamp) -> Self {
        Self {
            number,
            subject: None,
            started_at: at,
            link_expires_at: None,
            sealed_link: None,
            return_nonce: None,
            earlier_nonce: None,
            exchanging: None,
            names: Vec::new(),
            link_used: false,
            declined: false,
            link_for: None,
            renewals: 0,
            renewed_at: None,
        }
    }
}

/// When it is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// When the last committed look started.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// When the next is due.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// Who looks now.
    #[serde(default)]
    pub lease: Option<Lease>,
}

/// How far its changes have been handed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// All changes up to this one were delivered, parked, or not wanted.
    #[serde(default)]
    pub through: u64,
    /// Tries of the change after that.
    #[serde(default)]
    pub tries: u32,
    /// When it was tried first.
    #[serde(default)]
    pub first_tried_at: Option<Timestamp>,
    /// The code of the last failure.
    #[serde(default)]
    pub last_error: Option<String>,
    /// No try before then, exactly.
    #[serde(default)]
    pub retry_at: Option<Timestamp>,
    /// When the reconciler is to ring (the index rounds it up).
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// Who delivers now.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// Changes that were given up: kept, shown, re-sendable.
    #[serde(default)]
    pub parked: Vec<u64>,
}

/// A fenced lease: only who holds the fence may write what it guards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Until when.
    pub until: Timestamp,
    /// The holder's mark.
    pub fence: String,
}
