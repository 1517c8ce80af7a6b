//! Who may reach what, and that nobody waits for somebody else: tenants apart from each other, the limits of a provider,
//! the app's requests, the deliveries, the front door.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

mod dead_ends;
mod deliveries;
mod door;
mod fairness;
mod limits;
mod requests;
mod swaps;
