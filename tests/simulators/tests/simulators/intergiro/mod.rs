//! The simulated Intergiro against its fact sheet and fixtures.

mod actions;
mod client;
mod control;
mod delivery;
mod individuals;
mod lists;
mod manners;
mod shapes;
mod sign_in;
