//! What is to be done next so that webhooks go where they should: a function of what stands at the provider and of what
//! the configuration holds. Nothing else is remembered, so a run that was cut off anywhere goes on where it was.
//!
//! | order | why |
//! | --- | --- |
//! | made switched off, its secret stored, the functions know it, switched on | the first webhook is proven |
//! | a second one beside the first, both switched on | a check names the webhooks that hear of it: older ones know only the first |
//! | the first one's id out of the configuration, the functions know it, removed | no new check names what is about to go |
//! | its secret dropped last | what was sent a moment ago is still proven |
//!
//! Which of several is the newest follows from the order in which their secrets were stored.

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::ports::Registration;
use crate::secret::Secret;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// One webhook of ours, complete and sent to.
    Registered,
    /// A second one with another signing secret, sent to as well.
    Rotated,
    /// The newest one alone.
    Finished,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make a webhook at the provider; where it signs, one that is not sent to yet.
    Make,
    /// Store its signing secret and its id.
    Keep {
        /// Of which.
        id: String,
    },
    /// Make it complete and have it sent to.
    Switch {
        /// Which.
        id: String,
        /// It was not sent to before: the functions must know its secret first.
        waits: bool,
    },
    /// Take ids out of the configuration, so that no new check names them.
    Release {
        /// Which.
        ids: Vec<String>,
    },
    /// Remove it at the provider.
    Remove {
        /// Which.
        id: String,
    },
    /// Drop secrets that no webhook is signed with any more.
    Discard {
        /// How many.
        secrets: usize,
    },
}

impl Step {
    /// Whether the functions must know the configuration as it is now before this is done.
    #[must_use]
    pub const fn waits(&self) -> bool {
        match self {
            Self::Switch { waits, .. } => *waits,
            Self::Remove { .. } => true,
            Self::Make | Self::Keep { .. } | Self::Release { .. } | Self::Discard { .. } => false,
        }
    }

    /// Whether it changes the configuration.
    #[must_use]
    pub const fn stores(&self) -> bool {
        match self {
            Self::Keep { .. } | Self::Release { .. } | Self::Discard { .. } => true,
            Self::Make | Self::Switch { .. } | Self::Remove { .. } => false,
        }
    }
}

/// Why it cannot be reached from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Stuck {
    /// There is none of ours.
    #[error("no webhook of the provider's goes to this address: register one first, without --rotate")]
    Unregistered,
    /// There is no signing secret that could be changed.
    #[error("this provider makes no signing secret, so there is none to change; keys in addresses are changed by hand")]
    Unsigned,
    /// The first one is not in use yet.
    #[error("the webhook that goes to this address is not in use yet: register it first, without --rotate")]
    Unused,
    /// There are two of ours.
    #[error("several webhooks go to this address, as while a signing secret is changed: go on with --rotate")]
    Rotating,
    /// The second one is not in use yet.
    #[error("the newer webhook is not in use yet: go on with --rotate, without --finish")]
    Unswitched,
}

/// What a configuration holds of a connection's webhooks: `webhook.hmac` and `settings.webhook_ids`.
#[derive(Clone)]
pub struct Kept {
    hmac: Vec<Value>,
    ids: Vec<Value>,
}

impl Kept {
    /// As a connection's configuration says.
    #[must_use]
    pub fn of(connection: &Value) -> Self {
        let list = |place: &str| connection.pointer(place).and_then(Value::as_array).cloned().unwrap_or_default();
        Self { hmac: list("/webhook/hmac"), ids: list("/settings/webhook_ids") }
    }

    /// What `webhook.hmac` is to be. It holds secrets.
    #[must_use]
    pub fn hmac(&self) -> Value {
        Value::Array(self.hmac.clone())
    }

    /// What `settings.webhook_ids` is to be.
    #[must_use]
    pub fn webhook_ids(&self) -> Value {
        Value::Array(self.ids.clone())
    }

    fn place_of(&self, secret: &Secret) -> Option<usize> {
        self.hmac.iter().position(|entry| signs_with(entry, secret))
    }

    fn names(&self, id: &str) -> bool {
        self.ids.iter().any(|own| own.as_str() == Some(id))
    }

    fn has(&self, one: &Registration) -> bool {
        one.secret.as_ref().is_none_or(|secret| self.place_of(secret).is_some() && self.names(&one.id))
    }

    pub(super) fn keep(&mut self, one: &Registration) {
        let Some(secret) = &one.secret else { return };
        if let (None, Ok(text)) = (self.place_of(secret), secret.expose_text()) {
            let entry: Map<String, Value> = [("secret".to_owned(), json!(text))].into_iter().collect();
            self.hmac.push(Value::Object(entry));
        }
        if !self.names(&one.id) {
            self.ids.push(json!(one.id));
        }
    }

    pub(super) fn release(&mut self, ids: &[String]) {
        self.ids.retain(|own| own.as_str().is_none_or(|own| !ids.iter().any(|id| id == own)));
    }

    pub(super) fn discard<'a>(&mut self, known: impl Iterator<Item = &'a Registration>) {
        let secrets: Vec<&Secret> = known.filter_map(|one| one.secret.as_ref()).collect();
        self.hmac.retain(|entry| secrets.iter().any(|secret| signs_with(entry, secret)));
    }

    /// Secrets that none of these is signed with.
    fn dead<'a>(&self, known: impl Iterator<Item = &'a Registration> + Clone) -> usize {
        // where the provider does not tell one, it may be any of ours
        if known.clone().any(|one| one.secret.is_none()) {
            return 0;
        }
        let dead = |entry: &&Value| !known.clone().any(|one| one.secret.iter().any(|secret| signs_with(entry, secret)));
        self.hmac.iter().filter(dead).count()
    }
}

fn signs_with(entry: &Value, secret: &Secret) -> bool {
    entry.get("secret").and_then(Value::as_str).is_some_and(|text| secret.matches(text.as_bytes()))
}

/// The next step; none where it is as wanted.
pub(super) fn next(
    own: &[Registration],
    others: &[Registration],
    kept: &Kept,
    goal: Goal,
) -> Result<Option<Step>, Stuck> {
    let wanted = own.iter().chain(others);
    match goal {
        Goal::Registered => registered(own, kept),
        Goal::Rotated => rotated(own, kept),
        Goal::Finished => finished(own, wanted, kept),
    }
}

fn registered(own: &[Registration], kept: &Kept) -> Result<Option<Step>, Stuck> {
    match own {
        [] => Ok(Some(Step::Make)),
        // without a secret they are the same to us
        [one, ..] if one.secret.is_none() => Ok(switched(one)),
        [one] => Ok(unkept(own, kept).or_else(|| switched(one))),
        [_, _, ..] => Err(Stuck::Rotating),
    }
}

fn rotated(own: &[Registration], kept: &Kept) -> Result<Option<Step>, Stuck> {
    signed(own)?;
    if let Some(step) = unkept(own, kept) {
        return Ok(Some(step));
    }
    match own {
        [one] if one.enabled => Ok(Some(Step::Make)),
        [_] => Err(Stuck::Unused),
        _ => Ok(newest(own, kept).and_then(switched)),
    }
}

fn finished<'a>(
    own: &[Registration],
    known: impl Iterator<Item = &'a Registration> + Clone,
    kept: &Kept,
) -> Result<Option<Step>, Stuck> {
    signed(own)?;
    // of one whose secret is not stored it is not known whether it is older or newer
    let told = own.iter().all(|one| one.secret.as_ref().is_some_and(|secret| kept.place_of(secret).is_some()));
    let newest = newest(own, kept).filter(|newest| told && newest.enabled && newest.complete && kept.has(newest));
    let newest = newest.ok_or(Stuck::Unswitched)?;
    // one that the provider does not have any more would be refused in a new check
    let stays =
        |id: &str| id == newest.id || known.clone().any(|one| one.id == id && own.iter().all(|own| own.id != id));
    let ids = kept.ids.iter().filter_map(Value::as_str).filter(|id| !stays(id));
    let ids: Vec<String> = ids.map(str::to_owned).collect();
    if !ids.is_empty() {
        return Ok(Some(Step::Release { ids }));
    }
    if let Some(old) = own.iter().find(|one| one.id != newest.id) {
        return Ok(Some(Step::Remove { id: old.id.clone() }));
    }
    let secrets = kept.dead(known);
    Ok((secrets > 0).then_some(Step::Discard { secrets }))
}

fn signed(own: &[Registration]) -> Result<(), Stuck> {
    match own {
        [] => Err(Stuck::Unregistered),
        _ if own.iter().any(|one| one.secret.is_none()) => Err(Stuck::Unsigned),
        _ => Ok(()),
    }
}

/// The one in use first: of those that are stored, the last is taken for the newest.
fn unkept(own: &[Registration], kept: &Kept) -> Option<Step> {
    let missing = || own.iter().filter(|one| !kept.has(one));
    let next = missing().find(|one| one.enabled).or_else(|| missing().next())?;
    Some(Step::Keep { id: next.id.clone() })
}

fn switched(one: &Registration) -> Option<Step> {
    (!one.enabled || !one.complete).then(|| Step::Switch { id: one.id.clone(), waits: !one.enabled })
}

fn newest<'a>(own: &'a [Registration], kept: &Kept) -> Option<&'a Registration> {
    own.iter().max_by_key(|one| one.secret.as_ref().and_then(|secret| kept.place_of(secret)))
}

#[cfg(test)]
mod tests;
