//! The providers: one folder and one line in [`PROVIDERS`] each.
//!
//! A folder implements [`Account`] with what stands beside it here: [`answer`] reads what a provider answers into the
//! closed list of `ProviderError`, [`token`] keeps an OAuth2 access token, [`session`] one that all functions share. Facts about a provider carry their source:
//! the provider's own documentation by topic, or "assumed" where nothing was found; what is assumed is configurable.

mod answer;
mod fields;
pub mod fractal;
pub mod idos;
pub mod intergiro;
pub mod ondato;
pub mod onfido;
mod session;
mod text;
mod token;

use std::sync::Arc;

use crate::ports::Account;
use crate::section::Section;

type Configure = fn(&mut Section<'_>, &mut Section<'_>, &mut Section<'_>) -> Option<Arc<dyn Account>>;

const PROVIDERS: &[(&str, Configure)] = &[
    ("fractal", fractal::configure),
    ("idos", idos::configure),
    ("intergiro", intergiro::configure),
    ("ondato", ondato::configure),
    ("onfido", onfido::configure),
];

/// The names that a connection's `provider` may have.
pub fn names() -> impl Iterator<Item = &'static str> {
    PROVIDERS.iter().map(|(name, _)| *name)
}

/// Reads a connection's `base_urls`, `api` and `settings` into an account.
///
/// None where a fault was recorded, or where there is no provider of that name (which is the caller's to report, with
/// [`names`]). The sections are not finished here: `settings` also holds what every provider has.
pub fn configure(
    provider: &str,
    base_urls: &mut Section<'_>,
    api: &mut Section<'_>,
    settings: &mut Section<'_>,
) -> Option<Arc<dyn Account>> {
    let (_, configure) = PROVIDERS.iter().find(|(name, _)| *name == provider)?;
    configure(base_urls, api, settings)
}
