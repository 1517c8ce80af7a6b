//! The simulators against the fact sheet and the fixtures.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

mod api;
mod app;
mod control;
mod delivery;
mod fintechos;
mod fractal;
mod idos;
mod intergiro;
mod manners;
mod onfido;
mod shapes;
mod support;
