//! How much room an onboarding takes in its item, and how much it may take: an item is at most 32 KB (design §9).
//!
//! A value weighs as many bytes as its JSON has. DynamoDB counts less: names and texts by their bytes as JSON does, but
//! no quotes and no escapes, half a byte for a digit, one byte for a boolean; its one or three bytes for each member and
//! nesting are fewer than JSON's punctuation in every value that stands here (a test measures whole items).
//!
//! | share | weighs at most | beyond it |
//! | --- | --- | --- |
//! | attempts | 8 KB | the commit is refused: only a link of more than 4 KB can do that |
//! | parts | 16 KB | parts fold into `overflow`, which never approves |
//! | status, reasons, action, numbers | 2 KB | cannot be: 8 reasons of 64 bytes |
//! | changes | what is left of 28 KB, so at least 2 KB | the oldest leave the item after their commit |
//! | keys, identity, leases, due times, parked numbers | 4 KB | cannot be: every text of it has its cap |

use std::io;

use serde::Serialize;

/// Attempts, of which the last alone keeps its link.
pub(super) const ATTEMPTS: usize = 8 * 1024;
/// Parts of the current attempt.
pub(super) const PARTS: usize = 16 * 1024;
/// All that is true of an onboarding, its inline changes included.
pub(super) const TRUTH: usize = 28 * 1024;
/// Changes that a commit may leave inline until they are spilled. A look adds less than 64 KB of them; beyond this the
/// earlier ones must have left the item first, so it never comes near the 400 KB that DynamoDB takes.
pub(super) const CROWD: usize = 128 * 1024;

/// Bytes of the value's JSON.
pub(super) fn weight<T: Serialize + ?Sized>(value: &T) -> usize {
    let mut scale = Scale(0);
    match serde_json::to_writer(&mut scale, value) {
        Ok(()) => scale.0,
        // Nothing that stands here cannot be written; if it could, it would have no room.
        Err(_) => usize::MAX,
    }
}

/// Counts and keeps nothing.
struct Scale(usize);

impl io::Write for Scale {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
