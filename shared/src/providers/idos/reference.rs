//! The mapping as data, for the generated reference: asked of the real table, never written down a second time.

/// Members of `subject`.
pub const FIELDS: &[&str] = &super::start::FIELDS;
/// Members of `options` of `start`.
pub const OPTIONS: &[&str] = &super::start::OPTIONS;
