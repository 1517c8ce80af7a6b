//! Links to the hosted pages: of an onboarding, of a consent. A new one voids the one before.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{session::jwt, world::World};
use crate::clock;

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The hosted form of this individual.
    Onboarding(String),
    /// This consent.
    Consent(String),
}

#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) token: String,
    pub(crate) purpose: Purpose,
    pub(crate) return_url: String,
    pub(crate) expires: OffsetDateTime,
    pub(crate) void: bool,
    pub(crate) opened: bool,
}

impl Link {
    pub(crate) fn is_over(&self) -> bool {
        self.void || self.expires <= clock::now()
    }

    /// The page address, with the token inside.
    pub(crate) fn url(&self, pages: &str) -> String {
        match &self.purpose {
            Purpose::Onboarding(_) => format!("{pages}/onboarding/{}", self.token),
            Purpose::Consent(_) => format!("{pages}/sca/consent?token={}", self.token),
        }
    }
}

impl World {
    pub(super) fn issue_link(&mut self, purpose: Purpose, return_url: String) -> Link {
        self.void_links(&purpose);
        let life = self.settings.link_life;
        let token = jwt(&json!({}), life);
        let link = Link { token, purpose, return_url, expires: after(life), void: false, opened: false };
        self.links.push(link.clone());
        link
    }

    pub(super) fn void_links(&mut self, purpose: &Purpose) {
        for link in self.links.iter_mut().filter(|link| link.purpose == *purpose) {
            link.void = true;
        }
    }

    /// The newest link for this, alive or over.
    pub(super) fn newest_link(&self, purpose: &Purpose) -> Option<&Link> {
        self.links.iter().rev().find(|link| link.purpose == *purpose)
    }

    pub(super) fn live_link_mut(&mut self, purpose: &Purpose) -> Option<&mut Link> {
        self.links.iter_mut().rev().find(|link| link.purpose == *purpose && !link.is_over())
    }

    /// `redirect_url`, `expires_at` and, where wanted, the token of the mobile SDKs.
    pub(super) fn link_shown(&self, link: &Link, with_token: bool) -> Value {
        let url = link.url(&self.pages);
        let expires_at = clock::stamp_millis(link.expires);
        if with_token {
            json!({"redirect_url": url, "token": link.token, "expires_at": expires_at})
        } else {
            json!({"redirect_url": url, "expires_at": expires_at})
        }
    }
}

/// Real time so much later; the end of time if that cannot be.
pub(super) fn after(length: Duration) -> OffsetDateTime {
    let now = clock::now();
    length.try_into().ok().and_then(|length: time::Duration| now.checked_add(length)).unwrap_or(now)
}
