//! The back office (§6): counts and the sweep over all of an application's persons.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    person::{Case, joined, together},
    words::STATS_SCOPE,
    world::World,
};
use crate::history::View;

/// One person's level, with its add-ons where the sweep joins them.
struct Row {
    user: String,
    country: String,
    level: String,
    credential: String,
}

impl World {
    pub(super) fn total_verifications(&mut self, call: &Call, view: View) -> Result<Reply, Reply> {
        let mut counts = BTreeMap::from(["approved", "contacted", "rejected", "pending"].map(|it| (it.to_owned(), 0)));
        for row in self.rows(call, view)? {
            *counts.entry(row.credential).or_insert(0) += 1;
        }
        Ok(Reply::ok(json!(counts)))
    }

    pub(super) fn country_verifications(&mut self, call: &Call, view: View) -> Result<Reply, Reply> {
        let mut countries: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for row in self.rows(call, view)? {
            *countries.entry(row.country).or_default().entry(row.credential).or_default() += 1;
        }
        Ok(Reply::ok(json!(countries)))
    }

    pub(super) fn user_verifications(&mut self, call: &Call, view: View) -> Result<Reply, Reply> {
        let rows = self.rows(call, view)?;
        let shown =
            rows.iter().map(|row| json!({"user_id": row.user, "level": row.level, "credential": row.credential}));
        Ok(Reply::ok(shown.collect::<Value>()))
    }

    fn rows(&mut self, call: &Call, view: View) -> Result<Vec<Row>, Reply> {
        let pair = self.bearer(call)?;
        if !pair.scopes.iter().any(|scope| scope == STATS_SCOPE) {
            return Err(Reply::scope_missing());
        }
        // what the list held before the last change of anything
        let view = match view {
            View::Previous => View::AsOf(self.frame.history.changes().saturating_sub(1)),
            View::Now | View::AsOf(_) => view,
        };
        let mut rows = Vec::new();
        for person in self.created.iter().filter_map(|uid| self.person_seen(uid, view)) {
            let groups = person.groups(&pair.application);
            let groups: Vec<Vec<&Case>> = if self.settings.classic.joined_in_stats {
                groups
            } else {
                groups.concat().into_iter().map(|case| vec![case]).collect()
            };
            let row = |group: &Vec<&Case>| Row {
                user: person.uid.clone(),
                country: person.country.clone(),
                level: joined(group),
                credential: together(group),
            };
            rows.extend(groups.iter().map(row));
        }
        Ok(rows)
    }
}
