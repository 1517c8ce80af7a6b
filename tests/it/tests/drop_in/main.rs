//! The inbound drop-in, in one process: requests as the HTTP API hands them on, a provider of applicants and checks behind
//! it. Who may ask, what is answered, what a repeat makes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops loudly")]

mod admission;
mod answers;
mod lobby;
mod repeats;
mod scene;
