//! The simulated Onfido against its fact sheet and fixtures.

mod access;
mod applicants;
mod checks;
mod client;
mod control;
mod delivery;
mod hooks;
mod manners;
mod runs;
mod shapes;
mod shared;
