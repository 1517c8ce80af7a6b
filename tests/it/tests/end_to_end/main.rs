//! End to end: the real function binaries, real HTTP, a simulated provider, applications that verify what they are sent.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

mod answers;
mod buses;
mod companies;
mod configuration;
mod crashes;
mod delivery;
mod drop_in;
mod erase;
mod fractal;
mod idos;
mod intergiro;
mod invoke;
mod manners;
mod onfido;
mod overtaken;
mod poison;
mod proofs;
mod resend;
mod spellings;
mod warm;
