//! What every implementation of the ledger promises, in memory and on DynamoDB.
//! on the embedded emulator, `.ci/run` on another one, and anybody on an account of AWS.

pub mod ledger;
