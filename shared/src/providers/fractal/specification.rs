//! How Fractal's webhooks are proven, as data. All sign the raw body with a secret as text, in lower-case hex, under one
//! header name; what differs is the generation's, never the header's.
//!
//! - Classic (page "Securing webhooks"): `X-Fractal-Signature: sha1=` and HMAC-SHA1. URL and secret may differ for each
//!   type of notification, so an entry of the proofs may name its `types`.
//! - Verifier and relay (page "Migration to Kraken"): HMAC-SHA256 without a prefix.
//!
//! No time is signed, so there is no window: a replay is one look and never a status.

use std::borrow::Cow;

use crate::proof::{Clause, Encoding, Grammar, Hash, Kind, Mac, Piece, Specification};

const SIGNED: &[Clause] = &[Clause { any: Cow::Borrowed(&[Kind::Hmac]), when_configured: false }];

/// Of classic webhooks.
pub(super) static CLASSIC: Specification = signed(Hash::Sha1, "sha1=");
/// Of verifier and relay.
pub(super) static BARE: Specification = signed(Hash::Sha256, "");

const fn signed(hash: Hash, prefix: &'static str) -> Specification {
    Specification {
        provider: Cow::Borrowed(super::NAME),
        all: Cow::Borrowed(SIGNED),
        mac: Some(Mac {
            header: Cow::Borrowed("X-Fractal-Signature"),
            grammar: Grammar::Single { prefix: Cow::Borrowed(prefix) },
            encoding: Encoding::HexLower,
            hash,
            message: Cow::Borrowed(&[Piece::Body]),
            timestamp: None,
        }),
        body_token: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_can_be_followed_and_take_signatures_alone() {
        for specification in [&CLASSIC, &BARE] {
            assert_eq!(specification.check(), Ok(()));
            let others = [Kind::Basic, Kind::Bearer, Kind::Oauth2, Kind::UrlKeys, Kind::BodyTokens, Kind::Sources];
            assert!(specification.accepts(Kind::Hmac) && !others.into_iter().any(|kind| specification.accepts(kind)));
        }
    }
}
