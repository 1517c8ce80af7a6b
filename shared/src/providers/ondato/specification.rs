//! How Ondato's webhooks are proven, as data (documentation topic "Webhooks", authentication).
//!
//! - `basic`: a login that the receiver chose, in `Authorization`.
//! - `oauth2`: a client of our own token endpoint; the documentation names the three values and no requests: a Bearer
//!   header by RFC 6750 is assumed.
//! - `hmac`: `Ondato-Signature: t=<unix seconds>, s=<hex>`, HMAC-SHA256 over `<t>.<raw body>`; read in the code of an
//!   integrator who cites the topic.
//!
//! Whether `hmac` comes together with another mode is not confirmed. `settings.webhook_proofs` decides: `any` (default;
//! one configured kind suffices, as it must while a tenant moves from one to the other) or `all` (an HMAC *and* a login
//! or a token). `sources` restrict in addition.

use std::borrow::Cow;

use crate::proof::{Clause, Encoding, Grammar, Hash, Kind, Mac, Piece, Place, Specification, Timestamp};

/// Ondato repeats for 24 h and may not sign anew for a repeat; an hour more for clocks and queues (design §10).
const FRESHNESS: i64 = 25 * 60 * 60;
/// What its clock may be ahead of ours.
const AHEAD: i64 = 5 * 60;

/// See `settings.webhook_proofs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Together {
    Any,
    All,
}

const ANY: &[Clause] =
    &[Clause { any: Cow::Borrowed(&[Kind::Basic, Kind::Oauth2, Kind::Hmac]), when_configured: false }];
const ALL: &[Clause] = &[
    Clause { any: Cow::Borrowed(&[Kind::Hmac]), when_configured: false },
    Clause { any: Cow::Borrowed(&[Kind::Basic, Kind::Oauth2]), when_configured: false },
];

pub(super) const fn specification(together: Together) -> Specification {
    let clauses = match together {
        Together::Any => ANY,
        Together::All => ALL,
    };
    Specification {
        provider: Cow::Borrowed(super::NAME),
        all: Cow::Borrowed(clauses),
        mac: Some(Mac {
            header: Cow::Borrowed("Ondato-Signature"),
            grammar: Grammar::Pairs { signature: Cow::Borrowed("s"), sets: false },
            encoding: Encoding::Hex,
            hash: Hash::Sha256,
            message: Cow::Borrowed(&[Piece::Timestamp, Piece::Literal(Cow::Borrowed(".")), Piece::Body]),
            timestamp: Some(Timestamp { at: Place::Parameter(Cow::Borrowed("t")), past: FRESHNESS, ahead: AHEAD }),
        }),
        body_token: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_can_be_followed() {
        for together in [Together::Any, Together::All] {
            assert_eq!(specification(together).check(), Ok(()));
        }
    }
}
