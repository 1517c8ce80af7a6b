//! Every state that a resource ever had, as a GET showed it: for stale answers.

use std::collections::BTreeMap;

use serde_json::Value;

/// Which state a GET answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum View {
    Now,
    Previous,
    /// After the change of this number.
    AsOf(u64),
}

#[derive(Default)]
pub(crate) struct History {
    versions: BTreeMap<String, Vec<Version>>,
    changes: u64,
}

struct Version {
    number: u64,
    shown: Value,
}

impl History {
    /// Number of the last change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Numbers a change of anything that a GET shows.
    pub(crate) fn next_change(&mut self) -> u64 {
        self.changes = self.changes.saturating_add(1);
        self.changes
    }

    /// Writes down what a GET of this resource shows from now on.
    pub(crate) fn remember(&mut self, key: &str, shown: Value) {
        let number = self.next_change();
        self.versions.entry(key.to_owned()).or_default().push(Version { number, shown });
    }

    pub(crate) fn forget(&mut self, key: &str) {
        self.versions.remove(key);
    }

    pub(crate) fn seen(&self, key: &str, view: View) -> Option<Value> {
        let versions = self.versions.get(key)?;
        let version = match view {
            View::Now => versions.last(),
            View::Previous => versions.iter().rev().nth(1),
            View::AsOf(number) => versions.iter().rev().find(|version| version.number <= number),
        };
        version.map(|version| version.shown.clone())
    }

    /// Number of a resource's own last change.
    pub(crate) fn newest(&self, key: &str) -> Option<u64> {
        Some(self.versions.get(key)?.last()?.number)
    }
}
