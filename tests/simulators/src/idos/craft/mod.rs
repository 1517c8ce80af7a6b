//! The forms of the network, each a function of its input: boxes, proofs, signed texts, payloads, content addresses.
//!
//! Own code and a library that the adapter does not use, held against the fixtures' vectors. Public, so that a test
//! can make by hand what the simulator does not make by itself.

pub mod ascii85;
pub mod base58;
pub mod cid;
pub mod keys;
pub mod kwil;
pub mod quads;
pub mod sealed;
pub mod texts;
pub mod verifiable;
