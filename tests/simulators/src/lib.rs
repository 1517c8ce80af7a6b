//! Providers and tenant applications as real HTTP servers, for tests, the demo and the curious.
//!
//! A simulator behaves as the fact sheet of its provider says, bad manners included, and shares no code with
//! the adapter that talks to it: what both sides got wrong in the same way would otherwise stay unseen. Its own
//! records (what was created, what was sent, what was answered, what is true) are the oracle of a test.
//!
//! What is the same at any provider stands beside the providers: `simulator` (servers, levers, oracle; its trait
//! `Simulated` lists what a provider has of its own), `call`, `rules` and `conduct` (bad manners), `outbox` (webhooks on
//! their way), `history` (stale answers), `control`. A new provider adds its calls, its acts, its events and its words.
//!
//! Everything listens on the loopback interface only and holds invented personal data only.

mod answers;
pub mod app;
pub mod browser;
mod call;
mod chance;
mod client;
mod clock;
mod conduct;
mod control;
pub mod fintechos;
pub mod fractal;
mod history;
pub mod idos;
pub mod intergiro;
mod members;
pub mod ondato;
pub mod onfido;
mod outbox;
mod rules;
mod server;
mod simulator;
mod state;

pub use clock::WaitedTooLong;
