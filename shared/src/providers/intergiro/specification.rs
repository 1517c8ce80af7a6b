//! How Intergiro's webhooks are proven, as data: not at all by Intergiro (no page that was found names a signature or
//! source addresses), so by a part of the address that nobody can guess. A proof of that kind vouches for an address
//! and not for a body: what a body says is only a hint, the event is read with our own credentials.

use std::borrow::Cow;

use crate::proof::{Clause, Kind, Specification};

const KEYS: &[Clause] = &[Clause { any: Cow::Borrowed(&[Kind::UrlKeys]), when_configured: false }];

pub(super) static SPECIFICATION: Specification =
    Specification { provider: Cow::Borrowed(super::NAME), all: Cow::Borrowed(KEYS), mac: None, body_token: None };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_followed_and_takes_keys_alone() {
        assert_eq!(SPECIFICATION.check(), Ok(()));
        let others = [Kind::Basic, Kind::Bearer, Kind::Oauth2, Kind::Hmac, Kind::BodyTokens, Kind::Sources];
        assert!(SPECIFICATION.accepts(Kind::UrlKeys) && !others.into_iter().any(|kind| SPECIFICATION.accepts(kind)));
    }
}
