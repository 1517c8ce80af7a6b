//! How Onfido's webhooks are proven, as data (its guide "manual webhook signature verification", and the code of all
//! five official libraries): `X-SHA2-Signature` is the HMAC-SHA256 of the raw body, keyed with the webhook's `token` as
//! text, in lower-case hex without a prefix.
//!
//! - Upper-case hex is refused, as four of the five libraries do.
//! - `X-Signature` with SHA-1, of API version 2, is not looked at.
//! - No time is signed, so there is no window: a replay is one look and never a status.
//! - Each webhook of an account has a token of its own and none can be changed: rotating is a second webhook, and both
//!   tokens in the list meanwhile.

use std::borrow::Cow;

use crate::proof::{Clause, Encoding, Grammar, Hash, Kind, Mac, Piece, Specification};

const SIGNED: &[Clause] = &[Clause { any: Cow::Borrowed(&[Kind::Hmac]), when_configured: false }];

pub(super) static SPECIFICATION: Specification = Specification {
    provider: Cow::Borrowed(super::NAME),
    all: Cow::Borrowed(SIGNED),
    mac: Some(Mac {
        header: Cow::Borrowed("X-SHA2-Signature"),
        grammar: Grammar::Single { prefix: Cow::Borrowed("") },
        encoding: Encoding::HexLower,
        hash: Hash::Sha256,
        message: Cow::Borrowed(&[Piece::Body]),
        timestamp: None,
    }),
    body_token: None,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_followed_and_takes_signatures_alone() {
        assert_eq!(SPECIFICATION.check(), Ok(()));
        let others = [Kind::Basic, Kind::Bearer, Kind::Oauth2, Kind::UrlKeys, Kind::BodyTokens, Kind::Sources];
        assert!(SPECIFICATION.accepts(Kind::Hmac) && !others.into_iter().any(|kind| SPECIFICATION.accepts(kind)));
    }
}
