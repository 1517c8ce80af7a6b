//! The crate that the functions share. Arrows point one way:
//! domain ← ports ← proof, providers, delivery ← use cases ← adapters ← functions.

pub mod domain;
pub mod ports;
pub mod proof;
pub mod seal;
pub mod secret;
pub mod section;
