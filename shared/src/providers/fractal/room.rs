//! How long a return URL may be. It travels in what the person carries, sealed, and that by our way twice more: in the
//! provider's page and beside it in the ticket; then the link rests sealed with the onboarding, beside the URL itself. Each
//! sealing makes it a third longer, and an item has its cap (`domain::weight`). A longer one is refused before anything
//! is begun: nobody's onboarding may fail because of it later.
//!
//! What is not known when a wish is checked is taken as long as it usually is at most: our own address. Where that is
//! longer still, the link that was made is measured.

use url::Url;

use crate::ports::{Entrance, ProviderError};

/// What a sealed link may weigh, so that eight attempts have room: 3.4 KB are the other members of theirs (a test).
const SEALED: usize = 4700;
/// Around link and return URL where they rest: `{"embed":false,"return_url":"","url":""}`.
const RESTS: usize = 48;
/// Around the return URL in what is carried: the onboarding, a nonce, an end.
const CARRIED: usize = 160;
/// Around the page and what is carried in a ticket.
const TICKET: usize = 80;
/// Our own address: origin, path, tenant and connection.
pub(super) const OWN: usize = 128;
/// The same as a value in a query.
pub(super) const OWN_WRITTEN: usize = OWN + 24;
/// More is nobody's wish.
const LONGEST: usize = 2000;

/// How a link of a run is made.
pub(super) struct Way {
    /// The provider's page without what is carried.
    pub(super) page: usize,
    /// Whether what is carried stands in it.
    pub(super) in_page: bool,
    /// Whether the link leads through us.
    pub(super) through_us: bool,
}

impl Way {
    /// The longest return URL.
    pub(super) fn room(&self) -> usize {
        (0..=LONGEST).rev().find(|back| is_within(self.link(*back), *back)).unwrap_or_default()
    }

    fn link(&self, back: usize) -> usize {
        let carried = sealed(CARRIED + back);
        let page = self.page + if self.in_page { carried } else { 0 };
        if self.through_us { OWN + sealed(TICKET + page + carried) } else { page }
    }
}

/// Of so many bytes: version, name of the key, nonce and tag are sealed with them, and all is base64.
const fn sealed(plain: usize) -> usize {
    (plain + 33).div_ceil(3) * 4
}

const fn is_within(link: usize, back: usize) -> bool {
    sealed(RESTS + link + back) <= SEALED
}

/// As JSON writes it.
pub(super) fn weight(back: &Url) -> usize {
    let escaped = back.as_str().bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    back.as_str().len() + escaped
}

/// The link as it was made.
pub(super) fn measured(entrance: &Entrance, back: &Url) -> Result<(), ProviderError> {
    match entrance {
        Entrance::Link { url, .. } if !is_within(url.expose().len(), weight(back)) => {
            Err(ProviderError::Refused { field: Some("return_url".to_owned()) })
        }
        Entrance::Link { .. } | Entrance::Sdk { .. } => Ok(()),
    }
}
