//! The simulated idOS node against its fact sheet, every vector of the fixtures among it.

mod blobs;
mod calls;
mod client;
mod contents;
mod control;
mod credentials;
mod grants;
mod login;
mod manners;
mod transactions;
mod vectors;
