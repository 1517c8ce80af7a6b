//! One bad record never holds up its neighbours, and the answer to a batch names exactly what has to come again.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

mod answers;
mod kinds;
