//! The world as it is: AWS, HTTP, the clock, chance, the environment, the log. Types of an SDK stop here.
//!
//! Every client comes from one constructor with limits of time ([`aws`], [`http`]), because the defaults of both wait
//! for ever on a server that stays silent. What is worth testing without a network is kept apart from the calls: the
//! cache of tenants' secrets ([`vault`]) runs on any store, the vetting resolver on any look-up.

pub mod allowed;
pub mod aws;
#[cfg(feature = "eventbridge")]
pub mod courier;
pub mod dynamodb;
pub mod environment;
#[cfg(feature = "eventbridge")]
pub mod eventbridge;
pub mod http;
pub mod log;
pub mod process;
pub mod queue_event;
#[cfg(test)]
mod scripted;
pub mod secrets_manager;
pub mod sqs;
pub mod vault;
pub mod world;
