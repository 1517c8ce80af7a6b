//! The proof that a request comes from the provider it names: the one place where `Verified<_>` is made.
//!
//! A provider says *in data* how its webhooks are proven (`Specification`), a tenant says with which
//! credentials (`Proofs`), and one interpreter (`prove`) judges a request as it arrived: headers as
//! bytes with their duplicates, the raw body, the key part of the URL, the source address, the time.
//! Nothing is parsed before it is proven, except where the proof itself is a member of the body.
//!
//! - A specification is a list of clauses. Every clause must hold (`all`); a clause holds when one of
//!   its kinds does (`any`); a kind holds when any configured entry of it does (rotation is: add an
//!   entry, switch the provider, remove the old one).
//! - `sources` restrict in addition to whatever proves, unless a clause names them as the proof.
//! - Every kind and every entry is tried, whatever the others found, and secrets are compared in
//!   constant time: the work done does not tell which part was wrong. What a sender did not send at all
//!   he knows himself, so its absence may cost less.
//! - An entry limited to event types vouches for those alone. The type is read from the proven body
//!   afterwards, hence `Verified::vouched`, the only way to the parsed value.
//!
//! | what is wrong | refusal | whose fault |
//! | --- | --- | --- |
//! | no usable credential, or a specification that cannot be followed | `nothing_configured`, `misconfigured` | ours: 503, the provider sends again |
//! | everything else | see `Refusal` | the sender's: 401, always the same bytes |
//!
//! A replay inside the freshness window is accepted on purpose: it causes one look (design §2).

mod authorization;
mod credentials;
mod faults;
mod interpreter;
mod mac;
mod refusal;
mod request;
mod sources;
mod specification;
pub mod token;
mod verified;

pub use credentials::{Client, Credential, Login, MacKey, Proofs, Source};
pub use faults::{CLIENT_SECRET_LEAST, Problem, ProofFault, URL_KEY_LEAST};
pub use interpreter::prove;
pub use refusal::Refusal;
pub use request::{Context, Header, Unverified};
pub use sources::{Published, published};
pub use specification::{
    BodyToken, Clause, Encoding, Grammar, Hash, Kind, List, Mac, Piece, Place, Specification, SpecificationFault, Text,
    Timestamp,
};
pub use verified::{Body, Evidence, Verified, Vouched};
