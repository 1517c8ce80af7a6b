//! The ports in memory, for tests: what they promise is what the adapters promise, time is virtual, chance is seeded.

pub mod bells;
pub mod http;
pub mod ledger;
pub mod login;
pub mod vault;
pub mod way;
pub mod world;
