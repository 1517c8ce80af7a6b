//! The whole gateway in one process, on the ports in memory and on virtual time, with the world outside it played.
//!
//! - [`chaos`]: every call of a port is a numbered await point at which one fault can be made to happen.
//! - [`ports`]: the ports in memory, each behind such points.
//! - [`provider`]: a provider whose truth is kept outside the gateway, append-only, with bad manners on request.
//! - [`receiver`]: a tenant's system that keeps what it accepted.
//! - [`pulse`]: runs a function until it is done, killed or hangs; runs several in any interleaving.
//! - [`drive`]: plays provider, queues, schedule and app, from one moment at which something happens to the next,
//!   until all is quiet.
//! - [`play`]: what tests do again and again.
//! - [`canon`]: what must be the same whatever happened in between.
//!
//! Nothing sleeps and nothing reads a clock: time is moved by the driver, and by one millisecond at each await point,
//! so that a run is a function of its seed and its faults.
//!
//! | who repeats | when |
//! | --- | --- |
//! | the provider | a webhook that was not answered 2xx: after 10 s, then each 60 s |
//! | a queue | a message of a batch that was not answered, or was answered as failed: when its visibility ends |
//! | the app | a request that was not answered, or was answered as retryable: after 2, 4, 8 … 60 s, with the same key |
//! | the schedule | each minute, where anything is due (a tick without anything due reads and does nothing) |
#![expect(clippy::indexing_slicing, reason = "a test tool stops loudly")]

pub mod canon;
pub mod chaos;
pub mod drive;
pub mod play;
pub mod ports;
pub mod provider;
pub mod pulse;
pub mod receiver;
pub mod setup;

pub use self::chaos::{Chaos, Mode};
pub use self::drive::{Call, Letter, Rig};
pub use self::provider::{Act, Granting, Provider, Thin};
pub use self::setup::Setup;
