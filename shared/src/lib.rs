//! The crate that the functions share.
