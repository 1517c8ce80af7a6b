//! The link (page "User authorization"): `GET /authorize`. It has no end and may be used many times; what ends is what
//! the person carries, a day after the end that we give to the link: after that we do not take them back by it.
//!
//! A documented denial comes back without `state`, so by default the link goes through us, where what is carried is put
//! into a cookie: then who denies is told as that. With `settings.cookie: false` the link is Fractal's own, which may be
//! shown in a frame; a denial is then seen as nothing, and the link runs out.

use url::{Url, form_urlencoded};

use super::Classic;
use crate::domain::Timestamp;
use crate::ports::{Entrance, ProviderError, Reach, Renewed};
use crate::providers::fractal::AFTER_LINK;
use crate::providers::fractal::id::Journey;
use crate::providers::fractal::level::Asked;
use crate::providers::fractal::room::{OWN_WRITTEN, Way};
use crate::secret::Secret;

/// Who, and how they are reached.
const OWN: [&str; 2] = ["uid:read", "contact:read"];

impl Classic {
    /// Into a run, for the first time or again: nothing is called.
    pub(in super::super) fn entrance(
        &self,
        reach: Reach<'_>,
        journey: &Journey,
        back: &Url,
    ) -> Result<Renewed, ProviderError> {
        let until = reach.world.now() + reach.world.pace.of(self.settings.link_life);
        let carried = reach.way.carry(&journey.onboarding, back, until + reach.world.pace.of(AFTER_LINK))?;
        let page = self.page(&reach.way.back(), &journey.asked, &carried.sealed);
        let (url, embed) = if self.settings.cookie {
            (reach.way.through_us(&page, &carried, until)?, false)
        } else {
            (Secret::from(page.to_string()), true)
        };
        let expires_at: Option<Timestamp> = Some(until);
        Ok(Renewed { entrance: Entrance::Link { url, embed }, expires_at, return_nonce: Some(carried.nonce) })
    }

    /// How long a link into that run becomes.
    pub(in super::super) fn way(&self, journey: &Journey) -> Way {
        let scopes = scopes(&journey.asked, self.settings.details);
        let members = [("client_id", self.client_id.as_str()), ("response_type", "code"), ("scope", &scopes)];
        let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish();
        let page = self.authorize.as_str().len() + "?redirect_uri=&state=&".len() + written.len() + OWN_WRITTEN;
        Way { page, in_page: true, through_us: self.settings.cookie }
    }

    fn page(&self, back: &Url, asked: &Asked, state: &str) -> Url {
        let mut page = self.authorize.clone();
        page.query_pairs_mut()
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", back.as_str())
            .append_pair("response_type", "code")
            .append_pair("scope", &scopes(asked, self.settings.details))
            .append_pair("state", state);
        page
    }
}

/// Details alone start no verification: both are asked for (page "OAuth 2.0 scopes").
fn scopes(asked: &Asked, details: bool) -> String {
    let mut scopes: Vec<String> = OWN.map(str::to_owned).to_vec();
    for level in asked.names() {
        scopes.push(status_scope(level));
        if details {
            scopes.push(format!("verification.{level}.details:read"));
        }
    }
    scopes.join(" ")
}

pub(super) fn status_scope(level: &str) -> String {
    format!("verification.{level}:read")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    #[test]
    fn each_level_has_its_scopes() {
        let asked = Asked::of(["basic", "wallet-eth"]).unwrap();
        assert_eq!(
            scopes(&asked, true),
            "uid:read contact:read verification.basic:read verification.basic.details:read \
             verification.wallet-eth:read verification.wallet-eth.details:read"
        );
        assert_eq!(scopes(&asked, false), "uid:read contact:read verification.basic:read verification.wallet-eth:read");
    }
}
