//! Bad manners, as rules: what is matched, what happens instead, how often.
//!
//! A rule is asked in the order of entry. Of the rules for calls the first that matches is used, of those for webhooks
//! every one. `times` empty means until removed. The manners themselves are each provider's own.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::conduct::Conduct;

/// Misbehaviour of the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiRule<E, M> {
    /// Absent: every endpoint.
    #[serde(default = "Option::default")]
    pub endpoint: Option<E>,
    /// Only calls about this resource or what belongs to it. Each simulator's own word for it is understood too.
    #[serde(default, alias = "idv", alias = "individual", alias = "object")]
    pub about: Option<String>,
    pub manner: M,
    /// How many matching calls are spared before the rule begins.
    #[serde(default)]
    pub after: u32,
    #[serde(default)]
    pub times: Option<u32>,
    /// Real time after which the rule ends.
    #[serde(default)]
    pub for_ms: Option<u64>,
    /// The call does its work all the same, only the answer is spoilt.
    #[serde(default)]
    pub work_done: bool,
}

impl<E, M> ApiRule<E, M> {
    pub fn always(manner: M) -> Self {
        Self { endpoint: None, about: None, manner, after: 0, times: None, for_ms: None, work_done: false }
    }

    #[must_use]
    pub fn at(mut self, endpoint: E) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    #[must_use]
    pub fn about(mut self, id: impl Into<String>) -> Self {
        self.about = Some(id.into());
        self
    }

    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    #[must_use]
    pub fn after(mut self, spared: u32) -> Self {
        self.after = spared;
        self
    }

    #[must_use]
    pub fn lasting(mut self, length: Duration) -> Self {
        self.for_ms = Some(u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
        self
    }

    #[must_use]
    pub fn with_work_done(mut self) -> Self {
        self.work_done = true;
        self
    }
}

/// Misbehaviour of webhooks, decided when the event is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookRule<M, T = NoTarget> {
    /// Beginning of the event's documented name (`KycIdentification.`, `PendingAction`, `report.`); empty: every event.
    #[serde(default, alias = "type", alias = "name", alias = "action")]
    pub on: String,
    /// Only events of this resource or what belongs to it.
    #[serde(default, alias = "idv", alias = "individual")]
    pub about: Option<String>,
    /// Only deliveries to this webhook.
    #[serde(default = "Option::default", rename = "webhook")]
    pub to: Option<T>,
    pub manner: M,
    #[serde(default)]
    pub after: u32,
    #[serde(default)]
    pub times: Option<u32>,
}

/// Of a provider whose events are spoilt for all webhooks alike: a rule cannot name one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum NoTarget {}

impl<M, T> WebhookRule<M, T> {
    pub fn always(manner: M) -> Self {
        Self { on: String::new(), about: None, to: None, manner, after: 0, times: None }
    }

    #[must_use]
    pub fn on(mut self, beginning: impl Into<String>) -> Self {
        self.on = beginning.into();
        self
    }

    #[must_use]
    pub fn about(mut self, id: impl Into<String>) -> Self {
        self.about = Some(id.into());
        self
    }

    #[must_use]
    pub fn to(mut self, webhook: impl Into<T>) -> Self {
        self.to = Some(webhook.into());
        self
    }

    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
}

/// The rules of a simulator: `A` for calls, `W` for webhooks.
pub(crate) struct Rules<A, W> {
    api: Vec<Active<A>>,
    webhook: Vec<Active<W>>,
    made: u64,
}

impl<A, W> Default for Rules<A, W> {
    fn default() -> Self {
        Self { api: Vec::new(), webhook: Vec::new(), made: 0 }
    }
}

impl<A, W> Rules<A, W> {
    /// `changes`: number of the last change of truth.
    pub(crate) fn misbehave(&mut self, rule: A, changes: u64) -> RuleId {
        let id = self.next();
        self.api.push(Active::new(id, rule, changes));
        id
    }

    pub(crate) fn misdeliver(&mut self, rule: W, changes: u64) -> RuleId {
        let id = self.next();
        self.webhook.push(Active::new(id, rule, changes));
        id
    }

    fn next(&mut self) -> RuleId {
        self.made = self.made.saturating_add(1);
        RuleId(self.made)
    }

    pub(crate) fn remove(&mut self, id: RuleId) {
        self.api.retain(|active| active.id != id);
        self.webhook.retain(|active| active.id != id);
    }

    pub(crate) fn clear(&mut self) {
        self.api.clear();
        self.webhook.clear();
    }
}

impl<E: PartialEq, M: Clone, W> Rules<ApiRule<E, M>, W> {
    /// How a call to this endpoint is answered: by the first rule that holds for it.
    pub(crate) fn conduct(&mut self, endpoint: &E, is_about: impl Fn(&str) -> bool) -> Conduct<M> {
        for active in &mut self.api {
            let rule = &active.rule;
            let over = rule.for_ms.is_some_and(|length| active.since.elapsed() > Duration::from_millis(length));
            let here = rule.endpoint.as_ref().is_none_or(|wanted| wanted == endpoint);
            let about = rule.about.as_deref().is_none_or(&is_about);
            let (after, times) = (rule.after, rule.times);
            if !over && here && about && active.take(after, times) {
                let manner = Some(active.rule.manner.clone());
                return Conduct { manner, made_at: active.made_at, work_done: active.rule.work_done };
            }
        }
        Conduct { manner: None, made_at: 0, work_done: false }
    }
}

impl<A, M: Clone, T> Rules<A, WebhookRule<M, T>> {
    /// What spoils the webhook of an event: every rule that holds for it.
    pub(crate) fn manners(
        &mut self,
        event: &str,
        is_about: impl Fn(&str) -> bool,
        is_to: impl Fn(&T) -> bool,
    ) -> Vec<M> {
        let mut manners = Vec::new();
        for active in &mut self.webhook {
            let rule = &active.rule;
            let about = rule.about.as_deref().is_none_or(&is_about);
            let there = rule.to.as_ref().is_none_or(&is_to);
            let (after, times) = (rule.after, rule.times);
            if about && there && event.starts_with(&rule.on) && active.take(after, times) {
                manners.push(active.rule.manner.clone());
            }
        }
        manners
    }
}

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
struct Active<R> {
    id: RuleId,
    rule: R,
    since: Instant,
    /// Number of the last change of truth when the rule was made.
    made_at: u64,
    matched: u32,
}

impl<R> Active<R> {
    fn new(id: RuleId, rule: R, made_at: u64) -> Self {
        Self { id, rule, since: Instant::now(), made_at, matched: 0 }
    }

    /// Counts one match; true if the rule is to be used for it.
    fn take(&mut self, after: u32, times: Option<u32>) -> bool {
        let end = times.map(|times| after.saturating_add(times));
        if end.is_some_and(|end| self.matched >= end) {
            return false;
        }
        self.matched = self.matched.saturating_add(1);
        self.matched > after
    }
}
