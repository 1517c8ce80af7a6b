//! What every simulator's rules have in common: their names, how often they are used, and the order of held events.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// In which order held events go out, one after the other.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    AsHeld,
    Reversed,
    /// By event id; those not named stay held.
    Given(Vec<String>),
}

impl Order {
    /// Of what is held (place and event id, in the order of holding) the places to be sent, in this order.
    pub(crate) fn of(&self, held: Vec<(usize, String)>) -> Vec<usize> {
        match self {
            Self::AsHeld => held.into_iter().map(|(place, _)| place).collect(),
            Self::Reversed => held.into_iter().rev().map(|(place, _)| place).collect(),
            Self::Given(ids) => {
                let rank = |event: &String| ids.iter().position(|id| id == event);
                let mut ranked: Vec<_> =
                    held.iter().filter_map(|(place, event)| Some((rank(event)?, *place))).collect();
                ranked.sort_unstable();
                ranked.into_iter().map(|(_, place)| place).collect()
            }
        }
    }
}

/// Names a rule for its removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleId(pub u64);

/// A rule with its use so far.
pub(crate) struct Active<R> {
    pub(crate) id: RuleId,
    pub(crate) rule: R,
    pub(crate) since: Instant,
    /// Number of the last change of truth when the rule was made.
    pub(crate) made_at: u64,
    matched: u32,
}

impl<R> Active<R> {
    pub(crate) fn new(id: RuleId, rule: R, made_at: u64) -> Self {
        Self { id, rule, since: Instant::now(), made_at, matched: 0 }
    }

    /// Counts one match; true if the rule is to be used for it.
    pub(crate) fn take(&mut self, after: u32, times: Option<u32>) -> bool {
        let end = times.map(|times| after.saturating_add(times));
        if end.is_some_and(|end| self.matched >= end) {
            return false;
        }
        self.matched = self.matched.saturating_add(1);
        self.matched > after
    }
}
