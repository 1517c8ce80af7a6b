//! That idOS sends no webhooks: what a grant is told by comes through a connection of Fractal ID. Whatever is posted to a
//! connection of idOS is refused before anything is compared (`takes_webhooks`); what stands here is never reached, and
//! would take a part of the address that nobody was given.

use std::borrow::Cow;

use crate::proof::{Clause, Kind, Specification};

const KEYS: &[Clause] = &[Clause { any: Cow::Borrowed(&[Kind::UrlKeys]), when_configured: false }];

pub(super) static SPECIFICATION: Specification =
    Specification { provider: Cow::Borrowed(super::NAME), all: Cow::Borrowed(KEYS), mac: None, body_token: None };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_followed() {
        assert_eq!(SPECIFICATION.check(), Ok(()));
    }
}
