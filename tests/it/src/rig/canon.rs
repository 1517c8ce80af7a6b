//! What must be the same whatever happened in between: no times, no marks, no ids that chance made.

use std::collections::BTreeMap;

use idv_gateway::domain::{ChangeKind, Onboarding, Resource, Standing, Status};
use idv_gateway::ports::SubjectState;

use super::drive::{Rig, at_once};
use idv_gateway::ports::Ledger;

/// One onboarding, in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canon {
    /// How it stands.
    pub status: Status,
    /// Number and run of each attempt, and whether its link is kept.
    pub attempts: Vec<(u8, Option<String>, bool)>,
    /// Evidence of the current attempt.
    pub parts: Vec<(String, Standing, String, bool)>,
    /// The whole history.
    pub changes: Vec<Told>,
    /// All changes were handed over.
    pub delivered: bool,
    /// Changes that were given up.
    pub parked: Vec<u64>,
    /// An attempt that is not the current one was decided.
    pub superseded_decision: bool,
    /// A part that could not be read.
    pub unrecognised: Option<String>,
    /// It is erased.
    pub erased: bool,
    /// Its own key is there.
    pub has_key: bool,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// From 1.
    pub version: u64,
    /// What kind of fact.
    pub kind: ChangeKind,
    /// The status before and after.
    pub turn: (Status, Status),
    /// It changed a settled status.
    pub overturned: bool,
    /// Which part, and its word.
    pub part: Option<(String, String)>,
    /// Which attempt.
    pub attempt: u8,
}

/// A whole ledger, in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// By tenant, in order of their creation.
    pub onboardings: BTreeMap<String, Vec<Canon>>,
    /// What each subject is known to be.
    pub subjects: BTreeMap<String, String>,
    /// How many onboardings each reference names.
    pub references: BTreeMap<String, usize>,
}

/// Of a rig's ledger.
#[must_use]
pub fn of(rig: &Rig) -> Whole {
    let contents = rig.ledger.contents();
    let mut onboardings: BTreeMap<String, Vec<Canon>> = BTreeMap::new();
    for onboarding in contents.onboardings.values() {
        let has_key = contents.keys.contains_key(&onboarding.key);
        onboardings.entry(onboarding.key.tenant.to_string()).or_default().push(canon(rig, onboarding, has_key));
    }
    let subjects = contents.subjects.iter().map(|(key, record)| {
        let known = match &record.state {
            SubjectState::Bound { attempt, .. } => format!("attempt {attempt}"),
            SubjectState::Parked { .. } => "parked".to_owned(),
            SubjectState::Stranger => "stranger".to_owned(),
            SubjectState::Erased => "erased".to_owned(),
        };
        (format!("{} {}", key.connection.tenant, named(rig, &key.resource)), known)
    });
    let references = contents.references.iter().map(|((tenant, name), ids)| (format!("{tenant} {name}"), ids.len()));
    Whole { onboardings, subjects: subjects.collect(), references: references.collect() }
}

fn canon(rig: &Rig, onboarding: &Onboarding, has_key: bool) -> Canon {
    let truth = &onboarding.truth;
    let named = |resource: &Resource| named(rig, resource);
    let changes = at_once(rig.ledger.timeline(&onboarding.key)).unwrap();
    Canon {
        status: truth.status,
        attempts: truth
            .attempts
            .iter()
            .map(|attempt| {
                let run = attempt.subject.as_ref().map(named);
                (attempt.number, run, attempt.sealed_link.is_some())
            })
            .collect(),
        parts: truth
            .parts
            .iter()
            .map(|part| (named(&part.resource), part.standing, part.provider_status.clone(), part.gone))
            .collect(),
        changes: changes
            .iter()
            .map(|change| Told {
                version: change.version,
                kind: change.kind,
                turn: (change.previous, change.status),
                overturned: change.overturned,
                part: change.part.as_ref().map(|fact| (named(&fact.resource), fact.provider_status.clone())),
                attempt: change.attempt,
            })
            .collect(),
        delivered: !onboarding.is_undelivered(),
        parked: onboarding.delivery.parked.clone(),
        superseded_decision: truth.superseded_decision,
        unrecognised: truth.unrecognised.as_ref().map(named),
        erased: onboarding.erased_at.is_some(),
        has_key,
    }
}

/// Of a run that is an attempt's, the attempt; of any other, its id.
fn named(rig: &Rig, resource: &Resource) -> String {
    let contents = rig.ledger.contents();
    let attempts = contents.onboardings.values().flat_map(|onboarding| &onboarding.truth.attempts);
    let ours = attempts.filter(|attempt| attempt.subject.as_ref().is_some_and(|subject| subject.id == resource.id));
    let id =
        ours.map(|attempt| format!("attempt-{}", attempt.number)).next().unwrap_or_else(|| resource.id.to_string());
    format!("{}/{id}", resource.kind)
}

impl Canon {
    /// The statuses that were told, in order.
    #[must_use]
    pub fn statuses(&self) -> Vec<Status> {
        self.changes.iter().filter(|change| change.kind == ChangeKind::Status).map(|change| change.turn.1).collect()
    }
}
