//! What every implementation of a port has to hold, as ordinary functions on the port: the tests run them on memory and
//! on the embedded emulator, `.ci/run` on another one, and anybody on an account of AWS.

pub mod ledger;
