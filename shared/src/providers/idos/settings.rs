//! A connection's configuration, read into an account.
//!
//! | member | |
//! | --- | --- |
//! | `base_urls.gateway` | the Kwil gateway: scheme and host; staging is `https://nodes.staging.idos.network` |
//! | `api.signing_key` | Ed25519, as the developer console gives it: seed of 32 bytes or NaCl secret of 64, hex or base64 |
//! | `api.encryption_key` | X25519 secret, base64: opens the copies that are made for us. Nobody can restore it |
//! | `settings.chain_id` | a challenge of another chain is not signed; production's name was not found |
//! | `settings.issuers` | whose credentials are accepted |
//! | `settings.level` | what is asked for when a request says nothing; `basic` |
//! | `settings.user_shared` | what a copy is worth that the user wrote: `review`, `accept` or `refuse` (below) |
//! | `settings.share_url` | the page where people share; a link leads there |
//! | `settings.feed` | whether the list of grants is read on |
//! | `settings.page_size` | grants asked for at a time; how many the node gives at most was not found |
//!
//! `accept` asks for two things more than a good proof: plausible fields, and an original that one of the issuer's `signers`
//! has signed, whose notes then count: without it a person could bring a credential that was revoked, or is somebody
//! else's, as an original of their own with clean notes. What it still cannot tell: whether the copy's content is that
//! original's, because the person names the original and encrypts the content (who has a good credential could bring a
//! revoked one under its name); and values of one form in each other's place. Who needs that lets issuers share.

use std::sync::Arc;

use url::Url;

use super::Idos;
use super::actions::Node;
use super::challenge::Signer;
use super::credential::{Key, Level, Terms};
use crate::ports::Account;
use crate::section::Section;

/// Hosts, by environment.
const GATEWAY: &str = "https://nodes.idos.network";
const LEVEL: &str = "basic";
const PAGE_SIZE: u32 = 100;

/// Settings of idOS's own.
pub(super) struct Settings {
    /// What is asked for when a request says nothing.
    pub(super) level: Level,
    /// What a copy has to be.
    pub(super) terms: Terms,
    /// Where people share.
    pub(super) share_url: Option<Url>,
    /// Whether the list of grants is read on.
    pub(super) feed: bool,
}

pub(in super::super) fn configure(
    base_urls: &mut Section<'_>,
    api: &mut Section<'_>,
    settings: &mut Section<'_>,
) -> Option<Arc<dyn Account>> {
    let faults = settings.faults().count();
    let base = base_urls.url("gateway").or_else(|| Url::parse(GATEWAY).ok());
    let signer = secret(api, "signing_key", Signer::parse);
    let key = secret(api, "encryption_key", Key::parse);
    let chain_id = settings.text("chain_id").map(str::to_owned);
    let terms = Terms::configure(settings);
    let level = settings.parsed("level", Level::parse).or_else(|| Level::parse(LEVEL).ok());
    let share_url = settings.url("share_url");
    let feed = settings.flag("feed", true);
    let page_size = settings.number("page_size", 1, 1_000).unwrap_or(PAGE_SIZE);
    let base = base?;
    if base.path() != "/" || base.query().is_some() || base.fragment().is_some() {
        base_urls.fault("gateway", "must be scheme and host alone: what is signed names it");
    }
    if share_url.as_ref().is_some_and(|url| url.scheme() != "https" && url.scheme() != base.scheme()) {
        settings.fault("share_url", "must be an https URL");
    }
    if settings.faults().count() > faults {
        return None;
    }
    let node = Node::new(&base, signer?, chain_id, page_size);
    Some(Arc::new(Idos { node, key: key?, settings: Settings { level: level?, terms, share_url, feed } }))
}

fn secret<T>(
    api: &mut Section<'_>,
    name: &str,
    parse: impl FnOnce(&crate::secret::Secret) -> Result<T, &'static str>,
) -> Option<T> {
    let secret = api.secret(name)?;
    parse(&secret).map_err(|rule| api.fault(name, rule)).ok()
}
