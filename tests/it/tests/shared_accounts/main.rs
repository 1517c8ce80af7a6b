//! One Onfido account served to many clients: a valid signature does not prove whose event it is. The real use cases and
//! the real adapter, in process and on virtual time, against the simulator over HTTP.
//!
//! - [`matrix`]: everybody's events at everybody's address; who is asked what for them; who is refused.
//! - [`bursts`]: what many events at once cost, and a check that ends late where only reports are told.
//! - [`disorder`]: events before our own answer, twice, in any order; decisions that are taken back; links that die.
//! - [`submits`]: one submission is one check, whatever is lost.
//! - [`outages`]: what Onfido cannot or will not answer is asked again, and nothing is lost.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

mod bursts;
mod clockwork;
mod disorder;
mod front;
mod matrix;
mod outages;
mod plan;
mod stand;
mod submits;
mod wire;
