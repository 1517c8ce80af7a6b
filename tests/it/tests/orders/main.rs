//! Order, duplication, delay and loss of notices cannot matter: the ledger ends as the provider's truth, at the price of
//! few looks.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test stops loudly and says what it ran"
)]

mod bursts;
mod permutations;
mod races;
