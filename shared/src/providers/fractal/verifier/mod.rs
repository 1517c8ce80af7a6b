//! The generations `verifier` (2025) and `relay` (2026): one API under two names, and nothing that a person grants. A link
//! is a token that we sign, each of our calls carries another, and what came of a person is read by their id alone.
//!
//! The way back is `?oneTimeToken=…` and nothing else: the page that documents it shows no `state` in a redirect. So a
//! cookie of ours, set on the way there (`/v1/go`), says whose browser it is. That is not enough. Whoever has a token of
//! *another* run, their own or a stolen one, could lead a browser with that cookie to our return address with it, and the
//! cookie's onboarding would be decided by a stranger's verification (login CSRF, RFC 6749 §10.12). What ties a token to a
//! run is therefore said by the provider: the link names the run (`state`, under our signature), and the answer to the
//! token has to name the same (`externalState`). Another run's is `Foreign` and nothing of it is kept; none at all is,
//! too, unless `settings.external_state` says `when_given`. The name of the run need not be secret, only signed for.
//!
//! Relay's newer code gives `externalUserId` and no `state`, so there `when_given` is the default. We give both: where the
//! provider gives `state` back it must be ours, where it does not the cookie alone holds. Who comes back in another browser
//! than they left by is not known there: they open the link again in that one.
//!
//! | file | what |
//! | --- | --- |
//! | here, `settings` | the client, its links; what is configured |
//! | `api` | calls with tokens of our own |
//! | `exchange`, `look` | whose a one-time token is; status and details |
//! | `event` | webhooks |
//!
//! | fault | outcome |
//! | --- | --- |
//! | silence, 5xx, 429, broken answers | nothing is committed; a one-time token is tried again |
//! | 401 | `Unauthorized`: our key or our id is not the one that they know |
//! | 403 | `Refused`: it is about this one person, and holds up nobody else |
//! | 404 in JSON | the token is used or unknown, the person is deleted |
//! | 404 in anything else | another server at this address: nobody is gone by that |
//! | an unknown word for a status | kept, shown, never an approval |
//! | approved, of another level than was asked for | the same: `level:basic` |
//! | approved, and no level is told | counts, unless `settings.level_name` says `required` (assumed: their status is about the newest link) |
//!
//! Facts: page "Migration to Kraken" (April 2025) and idOS' public demo code (2025, 2026). What is marked "assumed" is in
//! neither of them.

mod api;
mod event;
mod exchange;
mod look;
mod settings;

use serde::Serialize;
use url::Url;

pub(super) use self::settings::Flavour;
use self::settings::Settings;
use super::id::Journey;
use super::jws::Signer;
use super::room::Way;
use super::{AFTER_LINK, TOO_MUCH};
use crate::domain::Timestamp;
use crate::ports::{Entrance, ProviderError, Reach, Renewed, WayBack};
use crate::providers::answer::below;

/// The one-time token comes back, and no state: only the message to a frame has it.
pub(super) const WAY_BACK: WayBack = WayBack { code: "oneTimeToken", with_state: false };

/// A client of verifier or relay.
pub(super) struct Verifier {
    base: Url,
    client_id: String,
    signer: Signer,
    settings: Settings,
}

/// Of a token's length: its header with a dot.
const HEADER: usize = 48;
/// The same with a dot, in base64.
const SIGNATURE: usize = 177;
/// Of claims that cannot be written, so that nothing else fits.
const LONGEST: usize = 8 * 1024;
/// As long as a time becomes.
const LATEST: Timestamp = Timestamp::from_millis(9_999_999_999_000);

/// What a link says. Where the person goes afterwards is fixed with the client and not sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Link<'a> {
    client_id: &'a str,
    kyc: bool,
    level: &'a str,
    state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_user_id: Option<&'a str>,
    iat: i64,
    exp: i64,
}

impl Verifier {
    /// A link into that run, through us, for as long as its token lives; what the person carries lives longer, because
    /// they may open it at the last moment. Nobody is asked for it.
    pub(super) fn entrance(&self, reach: Reach<'_>, journey: &Journey, back: &Url) -> Result<Renewed, ProviderError> {
        let now = reach.world.now();
        let until = now + reach.world.pace.of(self.settings.link_life);
        let carried = reach.way.carry(&journey.onboarding, back, until + reach.world.pace.of(AFTER_LINK))?;
        let url = reach.way.through_us(&self.page(journey, now, until)?, &carried, until)?;
        let entrance = Entrance::Link { url, embed: false };
        Ok(Renewed { entrance, expires_at: Some(until), return_nonce: Some(carried.nonce) })
    }

    /// How long a link into that run becomes: claims and header in base64, and a signature of 132 bytes.
    pub(super) fn way(&self, journey: &Journey) -> Way {
        let state = journey.id().map(String::from).unwrap_or_default();
        let level = journey.asked.joined();
        let claims = self.claims(journey, (&state, &level), LATEST, LATEST);
        let claims = serde_json::to_vec(&claims).map_or(LONGEST, |claims| claims.len());
        let token = HEADER + claims.div_ceil(3) * 4 + SIGNATURE;
        Way {
            page: below(&self.base, &["kyc"]).as_str().len() + "?token=".len() + token,
            in_page: false,
            through_us: true,
        }
    }

    fn claims<'a>(
        &'a self,
        journey: &'a Journey,
        (state, level): (&'a str, &'a str),
        now: Timestamp,
        until: Timestamp,
    ) -> Link<'a> {
        Link {
            client_id: &self.client_id,
            kyc: true,
            level,
            state,
            external_user_id: self.settings.external_user_id.then_some(journey.onboarding.as_str()),
            iat: now.seconds(),
            exp: until.seconds(),
        }
    }

    fn page(&self, journey: &Journey, now: Timestamp, until: Timestamp) -> Result<Url, ProviderError> {
        let state = journey.id().ok_or(TOO_MUCH)?;
        let token = self.signer.token(&self.claims(journey, (state.as_str(), &journey.asked.joined()), now, until))?;
        let token = token.expose_text().map_err(|_| ProviderError::Unavailable("a token could not be written"))?;
        let mut page = below(&self.base, &["kyc"]);
        page.query_pairs_mut().append_pair("token", token);
        Ok(page)
    }
}
