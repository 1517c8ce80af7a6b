//! Deliveries into simulated FintechOS instances: the real deliverer and the real calls, over HTTP on this machine. The
//! plan runs on virtual time: nothing waits for the next try.
//!
//! - `sign_ins`: both sign-ins, both calls, both forms of data; tokens that are shared, die, or are refused.
//! - `faults`: every bad manner of an instance, once each.
//! - `order`: crashes and restarts in the middle of a backlog, the end of the schedule.
//! - `contents`: which changes go, and what goes with them.
//! - `tenants`: several clients of one provider's account.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops loudly")]

mod account;
mod bench;
mod contents;
mod faults;
mod order;
mod sign_ins;
mod tenants;
