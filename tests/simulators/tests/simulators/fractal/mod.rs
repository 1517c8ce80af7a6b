//! The simulated Fractal ID against its fact sheet and fixtures.

mod access;
mod authorize;
mod bodies;
mod client;
mod control;
mod delivery;
mod kyc;
mod manners;
mod parts;
mod shapes;
mod signer;
mod tokens;
