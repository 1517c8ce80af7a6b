//! Providers and tenant applications as real HTTP servers, for tests, the demo and the curious.
//!
//! A simulator behaves as the fact sheet of its provider says, bad manners included, and shares no code with
//! the adapter that talks to it: what both sides got wrong in the same way would otherwise stay unseen. Its own
//! records (what was created, what was sent, what was answered, what is true) are the oracle of a test.
//!
//! Everything listens on the loopback interface only and holds invented personal data only.

mod answers;
pub mod app;
mod chance;
mod client;
mod clock;
pub mod fintechos;
pub mod intergiro;
pub mod ondato;
pub mod onfido;
mod rules;
mod server;

pub use clock::WaitedTooLong;
