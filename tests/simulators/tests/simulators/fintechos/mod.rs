//! The simulated FintechOS instance against its fact sheet and fixtures.

mod backlog;
mod calls;
mod client;
mod control;
mod manners;
mod sign_in;
