//! The two due indexes.

use crate::domain::Timestamp;
use crate::ports::{Due, DueBell};

use super::state::{Entry, Row, State};

impl State {
    pub(super) fn due(&self, which: Due, shard: u8, until: Timestamp, limit: usize) -> Vec<DueBell> {
        let mine = |name: &str, at: &Timestamp| Due::shard_of(name) == shard && *at <= until;
        let onboardings = self.onboardings.iter().filter_map(|(key, row)| {
            let at = entry(row, which).at.filter(|at| mine(key.id.as_str(), at))?;
            Some((at, DueBell::Onboarding(key.clone(), at)))
        });
        let subjects = self.subjects.iter().filter(|_| which == Due::Look).filter_map(|(key, row)| {
            let at = row.look.at.filter(|at| mine(key.resource.id.as_str(), at))?;
            Some((at, DueBell::Subject(key.clone(), at)))
        });
        let feeds = self.connections.iter().filter(|_| which == Due::Look).filter_map(|(key, row)| {
            let at = row.feed.at.filter(|at| mine(&format!("{}#{}", key.tenant, key.name), at))?;
            Some((at, DueBell::Feed(key.clone(), at)))
        });
        let mut bells: Vec<(Timestamp, DueBell)> = onboardings.chain(subjects).chain(feeds).collect();
        bells.sort_by_key(|(at, _)| *at);
        bells.into_iter().map(|(_, bell)| bell).take(limit).collect()
    }

    pub(super) fn defer(&mut self, which: Due, bell: &DueBell, to: Timestamp) {
        let to = which.rounded(to, self.pace);
        let (entry, from) = match bell {
            DueBell::Onboarding(key, from) => (self.onboardings.get_mut(key).map(|row| entry_mut(row, which)), *from),
            DueBell::Subject(key, from) => (self.subjects.get_mut(key).map(|row| &mut row.look), *from),
            DueBell::Feed(key, from) => (self.connections.get_mut(key).map(|row| &mut row.feed), *from),
        };
        if let Some(entry) = entry.filter(|entry| entry.at == Some(from)) {
            entry.at = Some(to);
            entry.rung.get_or_insert(from);
            self.writes += 1;
        }
    }
}

const fn entry(row: &Row, which: Due) -> Entry {
    match which {
        Due::Look => row.look,
        Due::Delivery => row.delivery,
    }
}

const fn entry_mut(row: &mut Row, which: Due) -> &mut Entry {
    match which {
        Due::Look => &mut row.look,
        Due::Delivery => &mut row.delivery,
    }
}
