//! What may be asked for as data, for the generated reference: never written down a second time.

/// What is checked of a person; exactly one of them is asked for.
pub const LEVELS: &[&str] = &super::level::LEVELS;
/// What may be asked for beside a level.
pub const ADD_ONS: &[&str] = &super::level::ADD_ONS;
