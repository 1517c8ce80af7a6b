//! Persons of the classic way, with their cases: one for each part (level or add-on) that an application asked for.

use serde::{Deserialize, Serialize};

use super::visit::Visit;
use super::words::{APPROVED, CONTACTED, EXPIRED, PENDING, REJECTED};
use crate::chance;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) uid: String,
    pub(crate) email: String,
    /// Addresses before that one.
    pub(crate) obsolete: Vec<String>,
    pub(crate) phones: Vec<String>,
    pub(crate) wallets: Vec<Wallet>,
    /// A company: other details.
    pub(crate) institution: bool,
    /// Alpha-2.
    pub(crate) country: String,
    /// Details and files are gone (§1, "dataless").
    pub(crate) erased: bool,
    pub(crate) cases: Vec<Case>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Wallet {
    pub(crate) id: String,
    pub(crate) address: String,
    pub(crate) currency: String,
    pub(crate) verified: bool,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) application: String,
    /// What was asked for at once has the same.
    pub(crate) group: String,
    pub(crate) part: String,
    pub(crate) journey_completed: bool,
    pub(crate) status: String,
    pub(crate) credential: String,
    /// The document or the proof of address is over; only the sweep tells (§6).
    pub(crate) expired: bool,
}

/// An application's access to a person. It counts once the code was exchanged (§3.2).
#[derive(Clone)]
pub(crate) struct Authorisation {
    pub(crate) application: String,
    pub(crate) uid: String,
    pub(crate) scopes: Vec<String>,
}

impl Person {
    pub(crate) fn new(visit: &Visit) -> Self {
        let uid = chance::uuid();
        let address = || format!("person-{}@example.com", uid.get(..8).unwrap_or_default());
        Self {
            email: visit.email.clone().unwrap_or_else(address),
            uid,
            obsolete: Vec::new(),
            phones: Vec::new(),
            wallets: Vec::new(),
            institution: visit.institution,
            country: visit.country.clone().unwrap_or_else(|| "DE".to_owned()),
            erased: false,
            cases: Vec::new(),
        }
    }

    pub(crate) fn case(&self, application: &str, part: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.application == application && case.part == part)
    }

    /// An application's cases, in groups of what was asked for at once.
    pub(crate) fn groups(&self, application: &str) -> Vec<Vec<&Case>> {
        let mut groups: Vec<Vec<&Case>> = Vec::new();
        for case in self.cases.iter().filter(|case| case.application == application) {
            match groups.iter_mut().find(|group| group.iter().any(|it| it.group == case.group)) {
                Some(group) => group.push(case),
                None => groups.push(vec![case]),
            }
        }
        groups
    }
}

impl Case {
    pub(crate) fn new(application: &str, group: &str, part: &str) -> Self {
        Self {
            id: chance::uuid(),
            application: application.to_owned(),
            group: group.to_owned(),
            part: part.to_owned(),
            journey_completed: false,
            status: PENDING.to_owned(),
            credential: PENDING.to_owned(),
            expired: false,
        }
    }

    pub(crate) fn become_of(&mut self, status: &str, credential: &str) {
        status.clone_into(&mut self.status);
        credential.clone_into(&mut self.credential);
        self.expired = false;
    }

    pub(crate) fn is_approved(&self) -> bool {
        self.credential == APPROVED && !self.expired
    }

    /// In one word, as the sweep and the samples have it.
    pub(crate) fn standing(&self) -> &str {
        if self.expired {
            EXPIRED
        } else if self.status == CONTACTED {
            CONTACTED
        } else {
            &self.credential
        }
    }
}

/// `level+addon`
pub(crate) fn joined(group: &[&Case]) -> String {
    group.iter().map(|case| case.part.as_str()).collect::<Vec<_>>().join("+")
}

/// The standing of several parts as one: approved only if all are. The order is assumed.
pub(crate) fn together(group: &[&Case]) -> String {
    let worst = [REJECTED, CONTACTED, PENDING, EXPIRED];
    let word = worst.into_iter().find(|word| group.iter().any(|case| case.standing() == *word));
    let unknown = || group.iter().map(|case| case.standing()).find(|word| *word != APPROVED);
    word.or_else(unknown).unwrap_or(APPROVED).to_owned()
}
