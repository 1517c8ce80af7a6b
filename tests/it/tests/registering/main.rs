//! What an operator does by `idv connection` and `idv tenant`: webhooks registered, their secrets stored and changed;
//! clients of another system taken over. What became of it is told by the simulated Onfido, and by what was stored.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

mod desk;
mod files;
mod importing;
mod rotating;
mod secrets;
