//! Makes any text fit for a message, without losing what it was as long as there is room.

use data_encoding::BASE64;

/// SQS takes 1 MiB for body and attributes together; this leaves the attributes their room.
pub const MAX_BODY: usize = 1024 * 1024 - 16 * 1024;
/// Attributes are clipped to this many characters.
const MAX_ATTRIBUTE: usize = 1024;

/// A body that a queue takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// The body.
    pub body: String,
    /// What it is: `text` (as it came), `base64`, `cut_base64` (of its beginning), `empty`.
    pub encoding: &'static str,
}

/// Makes a body fit.
#[must_use]
pub fn fit(body: &str) -> Fit {
    if body.is_empty() {
        return Fit { body: "(empty)".to_owned(), encoding: "empty" };
    }
    if body.len() <= MAX_BODY && body.chars().all(is_permitted) {
        return Fit { body: body.to_owned(), encoding: "text" };
    }
    let bytes = body.as_bytes();
    let room = MAX_BODY / 4 * 3;
    match bytes.get(..room) {
        Some(beginning) if bytes.len() > room => Fit { body: BASE64.encode(beginning), encoding: "cut_base64" },
        Some(_) | None => Fit { body: BASE64.encode(bytes), encoding: "base64" },
    }
}

/// An attribute's value: never empty, never too long, permitted characters alone.
pub(super) fn fit_attribute(value: &str) -> String {
    let fit: String = value.chars().take(MAX_ATTRIBUTE).map(|c| if is_permitted(c) { c } else { '\u{fffd}' }).collect();
    if fit.is_empty() { "-".to_owned() } else { fit }
}

/// #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD, #x10000 to #x10FFFF (SQS's quotas for messages).
pub(super) const fn is_permitted(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}
