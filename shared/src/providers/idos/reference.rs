//! What the generated reference takes from here, so that nothing of it is written down a second time.

use super::credential::Flaw;

/// Members of `subject`.
pub const FIELDS: &[&str] = &super::start::FIELDS;
/// Members of `options` of `start`.
pub const OPTIONS: &[&str] = &super::start::OPTIONS;

/// What can be wrong with a credential: the code that its part has, and what it means.
pub fn flaws() -> impl Iterator<Item = (&'static str, &'static str)> {
    Flaw::ALL.iter().map(|flaw| (flaw.as_str(), flaw.describe()))
}
