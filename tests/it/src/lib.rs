//! What the tests of the whole share.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops loudly")]

pub mod bench;
pub mod contract;
pub mod lossy;
pub mod rig;
pub mod stage;
pub mod table;
