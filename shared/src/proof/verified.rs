//! What was proven, by which entry, and for which event types.

use std::collections::BTreeSet;

use super::Refusal;
use super::specification::Kind;

/// A value whose origin is proven. Only `prove` makes one, of the raw body; `parse` carries it over.
pub struct Verified<T> {
    value: T,
    proof: Proof,
}

/// What was found to hold.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) vouched: Vouched,
    pub(super) evidence: Vec<Evidence>,
    /// Unix seconds, where the scheme signs a time.
    pub(super) signed_at: Option<i64>,
}

/// The raw body, byte for byte as it was proven.
#[derive(Clone, Copy)]
pub struct Body<'a>(pub(super) &'a [u8]);

/// An entry that matched, so that a rotation can be watched: position in the tenant's list of that kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Evidence {
    pub kind: Kind,
    pub position: usize,
}

/// The event types that the matching entries may speak for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Vouched {
    Every,
    Only(BTreeSet<String>),
}

impl<'a> Verified<Body<'a>> {
    pub(super) fn new(body: &'a [u8], proof: Proof) -> Self {
        Self { value: Body(body), proof }
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.value.0
    }

    /// The parsed value is proven as the bytes are.
    pub fn parse<T, E>(self, parse: impl FnOnce(&'a [u8]) -> Result<T, E>) -> Result<Verified<T>, E> {
        let value = parse(self.value.0)?;
        Ok(Verified { value, proof: self.proof })
    }
}

impl<T> Verified<T> {
    pub fn vouches_for(&self, event_type: &str) -> bool {
        self.proof.vouched.covers(event_type)
    }

    /// The value, to be read for its event type.
    pub fn peek(&self) -> &T {
        &self.value
    }

    /// The value, if the proof may speak for its event type.
    pub fn vouched(self, event_type: &str) -> Result<T, Refusal> {
        if self.proof.vouched.covers(event_type) { Ok(self.value) } else { Err(Refusal::TypeNotVouched) }
    }

    pub fn evidence(&self) -> &[Evidence] {
        &self.proof.evidence
    }

    /// Unix seconds, where the scheme signs a time.
    pub fn signed_at(&self) -> Option<i64> {
        self.proof.signed_at
    }
}

impl Proof {
    /// Of nothing yet: what every further clause narrows.
    pub(super) fn whole() -> Self {
        Self { vouched: Vouched::Every, evidence: Vec::new(), signed_at: None }
    }

    /// Two kinds of one clause hold: each speaks for its own.
    pub(super) fn or(self, other: Self) -> Self {
        let vouched = self.vouched.clone().or(other.vouched.clone());
        Self { vouched, ..self.with(other) }
    }

    /// Two clauses hold: only what both speak for.
    pub(super) fn and(self, other: Self) -> Self {
        let vouched = self.vouched.clone().and(other.vouched.clone());
        Self { vouched, ..self.with(other) }
    }

    fn with(mut self, other: Self) -> Self {
        self.evidence.extend(other.evidence);
        self.signed_at = self.signed_at.or(other.signed_at);
        self
    }
}

impl Vouched {
    pub(super) fn of(types: Option<&[String]>) -> Self {
        types.map_or(Self::Every, |types| Self::Only(types.iter().cloned().collect()))
    }

    /// Two entries of one clause matched: each speaks for its own.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(left), Self::Only(right)) => Self::Only(left.into_iter().chain(right).collect()),
            (Self::Every, _) | (_, Self::Every) => Self::Every,
        }
    }

    /// Two clauses hold: only what both speak for.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(left), Self::Only(right)) => Self::Only(left.intersection(&right).cloned().collect()),
            (Self::Every, limited) | (limited, Self::Every) => limited,
        }
    }

    fn covers(&self, event_type: &str) -> bool {
        match self {
            Self::Every => true,
            Self::Only(types) => types.contains(event_type),
        }
    }
}
