//! The gateway on one machine: the real function binaries, with everything that AWS does around them.
//!
//! ```text
//! client ─▶ port    ─▶ gateway.rs / invoke_api.rs ─▶ function.rs ─▶ process.rs ═▶ a function binary
//!                                                        ▲              runtime_api.rs ◀─┘  │ AWS calls
//! queues ─▶ event_source.rs ─────────────────────────────┤                                  ▼
//! clock  ─▶ schedule.rs ─────────────────────────────────┘    calls.rs (counts, faults) ─▶ emulators.rs
//! client ─▶ port+1 ──────────────────────────────────────────────────────────────────────▶ emulators.rs
//! ```
//!
//! Each process has one listener of its own, which is its Lambda Runtime API and its AWS endpoint at once: so the stack
//! knows which function makes a call, can count it, and can kill the process exactly there.
//!
//! The Runtime API is a narrow layer of ours and not `lambda-simulator` 0.2, because that one (read in its source)
//! keeps every invocation with its payload for good and copies it at each look at its state; can miss the end of an
//! invocation (it checks, then begins to listen) and then waits the whole time limit; leaves an invocation whose process
//! died in progress for ever; and gives no hold between a function's last write and its answer, where the kill tests cut.
//!
//! | failure | what happens |
//! | --- | --- |
//! | a process dies | its invocation fails (`Runtime.ExitError`), the next one starts a new process |
//! | a function exceeds its time limit | it is killed, the invocation fails (`Sandbox.Timedout`) |
//! | the stack is dropped, or panics | every process is killed with it |
//! | the stack's own process is killed | its listeners are gone: the Lambda runtime of each function ends by itself |
#![expect(
    clippy::indexing_slicing,
    reason = "JSON values are reached by member name, which gives null or makes the member and never panics on an object"
)]

mod calls;
mod clients;
mod drop_in;
mod emulators;
mod event_buses;
mod event_source;
mod function;
mod gateway;
mod invoke_api;
mod logs;
mod names;
mod options;
mod probe;
mod process;
mod queue_rules;
mod resources;
mod runtime_api;
mod schedule;
mod server;
mod stack;

pub use calls::{AwsCall, CallPoint, Effect, Fault};
pub use event_buses::BusEntry;
pub use function::Invoked;
pub use gateway::{event_of, response_of};
pub use logs::LogLine;
pub use names::{FunctionName, SourceQueue};
pub use options::{Aws, StackError, StackOptions};
pub use resources::Queues;
pub use stack::Stack;
