//! The crate that the functions share. Arrows point one way, and a test holds them (`repository/architecture.rs`):
//! secret, domain ← proof, seal ← ports ← providers, delivery ← config, use cases ← adapters ← functions.
//!
//! Use cases, one per function: [`ingress`], [`fetch`] (with [`look`]), [`invoke`], [`deliver`], [`reconcile`].

pub mod adapters;
pub mod address;
pub mod config;
pub mod deliver;
pub mod delivery;
pub mod document;
pub mod domain;
pub mod fetch;
pub mod gateway;
pub mod ingress;
pub mod invoke;
mod login;
pub mod look;
pub mod memory;
pub mod ports;
pub mod proof;
pub mod providers;
pub mod reconcile;
pub mod register;
pub mod seal;
pub mod secret;
pub mod section;
pub mod state;
