//! The mapping as data, for the generated reference: asked of the real table, never written down a second time.

use super::assess::assess;
use super::credential::{Flaw, UserShared};
use super::id::{Kind, uuid};
use crate::domain::{Assessment, Part};

/// Members of `subject`.
pub const FIELDS: &[&str] = &super::start::FIELDS;
/// Members of `options` of `start`.
pub const OPTIONS: &[&str] = &super::start::OPTIONS;

/// What can be wrong with a credential: the code that its part has, its sentence, and what a run comes to that has nothing
/// else; where the tenant's setting matters, under `review`.
pub fn flaws() -> impl Iterator<Item = (&'static str, &'static str, Assessment)> {
    Flaw::ALL.iter().map(|flaw| {
        let id = uuid("00000000-0000-4000-8000-000000000001");
        let standing = flaw.standing(UserShared::Review);
        let part = id.map(|id| Part::new(Kind::Credential.resource(id), flaw.as_str(), standing));
        (flaw.as_str(), flaw.describe(), assess(part.as_slice(), UserShared::Review))
    })
}
