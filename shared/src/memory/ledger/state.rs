//! What stands in the ledger, kind by kind.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::schedule::Pace;
use crate::domain::{
    Change, ConnectionKey, Lease, Onboarding, OnboardingId, OnboardingKey, Reference, SubjectKey, Tenant, Timestamp,
};
use crate::ports::{
    ClaimKey, ClaimRecord, ConnectionRecord, Due, EndpointKey, EndpointRecord, LoginKey, Page, SharedLogin,
    SubjectRecord,
};

/// Everything that stands in a ledger, for comparing. Marks of writes (nonces) are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Onboardings, as they are read.
    pub onboardings: BTreeMap<OnboardingKey, Onboarding>,
    /// Changes that have left their onboarding, by version.
    pub spilled: BTreeMap<(OnboardingKey, u64), Change>,
    /// Onboardings' own wrapped keys.
    pub keys: BTreeMap<OnboardingKey, String>,
    /// Subjects, what is past its time included.
    pub subjects: BTreeMap<SubjectKey, SubjectRecord>,
    /// Claims, what is past its time included.
    pub claims: BTreeMap<ClaimKey, ClaimRecord>,
    /// Onboardings of references.
    pub references: BTreeMap<(Tenant, Reference), BTreeSet<OnboardingId>>,
    /// Connections.
    pub connections: BTreeMap<ConnectionKey, ConnectionRecord>,
    /// Destinations.
    pub endpoints: BTreeMap<EndpointKey, EndpointRecord>,
    /// Logins that functions share.
    pub logins: BTreeMap<LoginKey, SharedLogin>,
}

pub(super) struct State {
    pub(super) pace: Pace,
    pub(super) writes: u64,
    pub(super) onboardings: BTreeMap<OnboardingKey, Row>,
    pub(super) spilled: BTreeMap<(OnboardingKey, u64), Change>,
    pub(super) keys: BTreeMap<OnboardingKey, String>,
    pub(super) subjects: BTreeMap<SubjectKey, SubjectRow>,
    pub(super) claims: BTreeMap<ClaimKey, ClaimRecord>,
    pub(super) references: BTreeMap<(Tenant, Reference), BTreeSet<OnboardingId>>,
    pub(super) connections: BTreeMap<ConnectionKey, ConnectionRow>,
    pub(super) endpoints: BTreeMap<EndpointKey, EndpointRow>,
    pub(super) logins: BTreeMap<LoginKey, LoginRow>,
}

/// A login, and who replaces it.
#[derive(Clone, Default)]
pub(super) struct LoginRow {
    pub(super) login: SharedLogin,
    pub(super) renewing: Option<Lease>,
}

/// An onboarding, and what its item says beside it.
#[derive(Clone)]
pub(super) struct Row {
    /// `look.due` and `delivery.due` are kept in the entries.
    pub(super) onboarding: Onboarding,
    pub(super) look: Entry,
    pub(super) delivery: Entry,
    /// A look was asked for since the look lease was taken last.
    pub(super) asked: bool,
    pub(super) buried: bool,
    /// The delivery fence that was given back last.
    pub(super) released: Option<String>,
    pub(super) created: String,
    /// Nonces of the last commits, by the `look_seq` that they had read.
    pub(super) commits: BTreeMap<u64, String>,
}

/// A subject, with its entry in the look index.
#[derive(Clone)]
pub(super) struct SubjectRow {
    pub(super) record: SubjectRecord,
    /// The notice that was parked, also once it is bound.
    pub(super) notice: Option<Box<crate::domain::Notice>>,
    pub(super) look: Entry,
}

/// An entry in a due index.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    /// Where it stands.
    pub(super) at: Option<Timestamp>,
    /// Where it stood when it was rung.
    pub(super) rung: Option<Timestamp>,
}

#[derive(Clone, Default)]
pub(super) struct ConnectionRow {
    /// `feed_due` is kept in the entry.
    pub(super) record: ConnectionRecord,
    pub(super) feed: Entry,
    pub(super) minute: Option<i64>,
    pub(super) looks: u32,
}

/// A destination, and the nonce of the last write of its state.
#[derive(Clone)]
pub(super) struct EndpointRow {
    pub(super) record: EndpointRecord,
    pub(super) nonce: String,
}

impl Entry {
    pub(super) fn at(which: Due, due: Option<Timestamp>, pace: Pace) -> Self {
        Self { at: due.map(|due| which.rounded(due, pace)), rung: None }
    }

    /// Moves unless an earlier one stands that has not been rung.
    pub(super) fn bring_forward(&mut self, which: Due, due: Timestamp, pace: Pace) {
        let due = which.rounded(due, pace);
        if self.rung.is_some() || self.at.is_none_or(|at| at >= due) {
            *self = Self { at: Some(due), rung: None };
        }
    }
}

impl Row {
    /// As it is read.
    pub(super) fn seen(&self) -> Onboarding {
        let mut seen = self.onboarding.clone();
        seen.look.due = self.look.at.map(|at| self.look.rung.unwrap_or(at));
        seen.delivery.due = self.delivery.at;
        seen
    }

    pub(super) const fn is_erased(&self) -> bool {
        self.onboarding.erased_at.is_some()
    }
}

impl State {
    pub(super) const fn new(pace: Pace) -> Self {
        Self {
            pace,
            writes: 0,
            onboardings: BTreeMap::new(),
            spilled: BTreeMap::new(),
            keys: BTreeMap::new(),
            subjects: BTreeMap::new(),
            claims: BTreeMap::new(),
            references: BTreeMap::new(),
            connections: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            logins: BTreeMap::new(),
        }
    }

    pub(super) fn contents(&self) -> Contents {
        Contents {
            onboardings: self.onboardings.iter().map(|(key, row)| (key.clone(), row.seen())).collect(),
            spilled: self.spilled.clone(),
            keys: self.keys.clone(),
            subjects: self.subjects.iter().map(|(key, row)| (key.clone(), row.record.clone())).collect(),
            claims: self.claims.clone(),
            references: self.references.clone(),
            connections: self.connections.iter().map(|(key, row)| (key.clone(), row.record.clone())).collect(),
            endpoints: self.endpoints.iter().map(|(key, row)| (key.clone(), row.record.clone())).collect(),
            logins: self.logins.iter().map(|(key, row)| (key.clone(), row.login.clone())).collect(),
        }
    }

    pub(super) fn create(&mut self, onboarding: &Onboarding, nonce: &str) -> bool {
        if let Some(row) = self.onboardings.get(&onboarding.key) {
            return row.created == nonce;
        }
        let row = Row {
            onboarding: Onboarding {
                look: crate::domain::Look { lease: None, ..onboarding.look.clone() },
                delivery: crate::domain::Handover {
                    through: onboarding.delivery.through,
                    tries: onboarding.delivery.tries,
                    ..crate::domain::Handover::default()
                },
                erased_at: None,
                ..onboarding.clone()
            },
            look: Entry::at(Due::Look, onboarding.look.due, self.pace),
            delivery: Entry::at(Due::Delivery, onboarding.delivery.due, self.pace),
            asked: false,
            buried: false,
            released: None,
            created: nonce.to_owned(),
            commits: BTreeMap::new(),
        };
        self.onboardings.insert(onboarding.key.clone(), row);
        self.writes += 1;
        true
    }

    pub(super) fn read(&self, key: &OnboardingKey) -> Option<Onboarding> {
        self.onboardings.get(key).map(Row::seen)
    }

    pub(super) fn spilled(&self, key: &OnboardingKey, version: u64) -> Option<Change> {
        self.spilled.get(&(key.clone(), version)).cloned()
    }

    /// Takes what is beyond the cap out of the item; true if there was any.
    pub(super) fn spill(&mut self, key: &OnboardingKey) {
        let Some(row) = self.onboardings.get_mut(key) else { return };
        let truth = &mut row.onboarding.truth;
        let beyond = truth.overflowing().len();
        for change in truth.changes.drain(..beyond) {
            self.spilled.insert((key.clone(), change.version), change);
            self.writes += 1;
        }
        if beyond > 0 {
            self.writes += 1;
        }
    }

    pub(super) fn timeline(&self, key: &OnboardingKey) -> Vec<Change> {
        let Some(row) = self.onboardings.get(key) else { return Vec::new() };
        let inline = &row.onboarding.truth.changes;
        let first = inline.first().map_or(1, |change| change.version);
        let spilled = self.spilled.range((key.clone(), 0)..(key.clone(), first)).map(|(_, change)| change);
        spilled.chain(inline).cloned().collect()
    }

    pub(super) fn list(&self, tenant: &Tenant, before: Option<&OnboardingId>, limit: usize) -> Page {
        let listed = |key: &&OnboardingKey| &key.tenant == tenant && before.is_none_or(|before| &key.id < before);
        let rows = self.onboardings.iter().rev().filter(|(_, row)| !row.buried).map(|(key, _)| key);
        let mut ids: Vec<OnboardingId> =
            rows.filter(listed).map(|key| key.id.clone()).take(limit.saturating_add(1)).collect();
        let more = ids.len() > limit;
        ids.truncate(limit);
        let next = ids.last().filter(|_| more).cloned();
        Page { ids, next }
    }
}
