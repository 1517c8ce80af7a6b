//! What is configured of verifier and relay.
//!
//! | member | |
//! | --- | --- |
//! | `base_urls.verifier`, `.relay` | the production host by default; of the chosen generation alone |
//! | `api.client_id`, `signing_key` | the key as PKCS#8 PEM; its public half was given to the provider's staff |
//! | `settings.link_life` | the demo code's hour; the page's own links have no end, ours do |
//! | `settings.external_state` | `required` or `when_given`: see the folder. Relay: `when_given` (assumed) |
//! | `settings.level_name` | `required` or `when_given`: whether a person's data have to name the level that was approved |
//! | `settings.external_user_id` | of relay: whether links give the onboarding's id as the client's own user (assumed: yes) |
//!
//! The client's redirect URL is fixed with their staff, too: it has to be our return address (`/v1/return/…`).

use std::time::Duration;

use url::Url;

use super::Verifier;
use crate::providers::fractal::jws::Signer;
use crate::section::Section;

/// The demo code's.
const LINK_LIFE: Duration = Duration::from_secs(60 * 60);
/// Shorter and nobody has opened it, longer and it is a slip of the pen.
const LINK_LIVES: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(30 * 24 * 60 * 60));

/// Which of the two; what differs is where it is, and what its newer code does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Flavour {
    Verifier,
    Relay,
}

impl Flavour {
    const fn name(self) -> &'static str {
        match self {
            Self::Verifier => "verifier",
            Self::Relay => "relay",
        }
    }

    const fn host(self) -> &'static str {
        match self {
            Self::Verifier => "https://kraken.fractal.id",
            Self::Relay => "https://relay.idos.network",
        }
    }
}

/// What a one-time token's answer must say of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExternalState {
    /// Its name.
    Required,
    /// Its name or nothing.
    WhenGiven,
}

/// What the data of a person who is approved must say of the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LevelName {
    /// One that answers what was asked for.
    Required,
    /// The same or nothing (assumed: their schema is not published).
    WhenGiven,
}

/// Settings of these generations' own.
pub(super) struct Settings {
    pub(super) link_life: Duration,
    pub(super) external_state: ExternalState,
    pub(super) level_name: LevelName,
    /// Who comes again by a link of the same onboarding is the same user to them.
    pub(super) external_user_id: bool,
}

impl Verifier {
    pub(in super::super) fn configure(
        flavour: Flavour,
        base_urls: &mut Section<'_>,
        api: &mut Section<'_>,
        settings: &mut Section<'_>,
    ) -> Option<Self> {
        let base = base_urls.url(flavour.name()).or_else(|| Url::parse(flavour.host()).ok());
        let client_id = api.required("client_id").map(str::to_owned);
        let signer = api.required("signing_key").and_then(|pem| match Signer::of(pem) {
            Ok(signer) => Some(signer),
            Err(rule) => {
                api.fault("signing_key", rule);
                None
            }
        });
        let settings = own(flavour, settings);
        Some(Self { base: base?, client_id: client_id?, signer: signer?, settings })
    }
}

fn own(flavour: Flavour, settings: &mut Section<'_>) -> Settings {
    let states = [("required", ExternalState::Required), ("when_given", ExternalState::WhenGiven)];
    let (usual, external_user_id) = match flavour {
        Flavour::Verifier => (ExternalState::Required, false),
        Flavour::Relay => (ExternalState::WhenGiven, settings.flag("external_user_id", true)),
    };
    let external_state = settings.one_of("external_state", &states).unwrap_or(usual);
    let names = [("required", LevelName::Required), ("when_given", LevelName::WhenGiven)];
    let level_name = settings.one_of("level_name", &names).unwrap_or(LevelName::WhenGiven);
    Settings { link_life: link_life(settings), external_state, level_name, external_user_id }
}

fn link_life(settings: &mut Section<'_>) -> Duration {
    let span = settings.span("link_life").unwrap_or(LINK_LIFE);
    if !(LINK_LIVES.0..=LINK_LIVES.1).contains(&span) {
        settings.fault("link_life", "must be from 1m to 30d");
    }
    span
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::providers::fractal::jws::EXAMPLE_KEY;
    use crate::section::Faults;

    fn read(flavour: Flavour, base_urls: &Value, api: &Value, settings: &Value) -> (Option<Verifier>, Vec<String>) {
        let faults = Faults::default();
        let mut sections = [("base_urls", base_urls), ("api", api), ("settings", settings)]
            .map(|(place, value)| Section::new(place, value, &faults));
        let [base_urls, api, settings] = &mut sections;
        let client = Verifier::configure(flavour, base_urls, api, settings);
        sections.into_iter().for_each(Section::finish);
        (client, faults.take().into_iter().map(|fault| fault.to_string()).collect())
    }

    fn credentials() -> Value {
        json!({"client_id": "CLIENT_ID", "signing_key": EXAMPLE_KEY})
    }

    #[test]
    fn each_has_its_own_usual() {
        for (flavour, host, state, names_user) in [
            (Flavour::Verifier, "https://kraken.fractal.id/", ExternalState::Required, false),
            (Flavour::Relay, "https://relay.idos.network/", ExternalState::WhenGiven, true),
        ] {
            let (client, faults) = read(flavour, &json!({}), &credentials(), &json!({}));
            assert!(faults.is_empty(), "{faults:?}");
            let client = client.unwrap();
            assert_eq!((client.base.as_str(), client.settings.link_life), (host, LINK_LIFE));
            assert_eq!((client.settings.external_state, client.settings.external_user_id), (state, names_user));
        }
        let settings = json!({"link_life": "10m", "external_state": "required", "external_user_id": false});
        let base_urls = json!({"relay": "https://relay.staging.example/api/"});
        let (client, faults) = read(Flavour::Relay, &base_urls, &credentials(), &settings);
        let client = client.unwrap();
        assert!(faults.is_empty() && !client.settings.external_user_id, "{faults:?}");
        assert_eq!(client.base.as_str(), "https://relay.staging.example/api/");
        assert_eq!(client.settings.external_state, ExternalState::Required);
    }

    #[test]
    fn every_fault_has_its_place() {
        let base_urls = json!({"relay": "https://relay.example", "app": "https://app.example"});
        let api = json!({"client_secret": "x", "signing_key": "-----BEGIN EC PRIVATE KEY-----"});
        let settings = json!({"link_life": "30s", "external_state": "never", "external_user_id": true});
        let (client, faults) = read(Flavour::Verifier, &base_urls, &api, &settings);
        assert!(client.is_none());
        let places: Vec<&str> = faults.iter().filter_map(|fault| Some(fault.split_once(':')?.0)).collect();
        assert_eq!(
            places,
            [
                "api.client_id",
                "api.client_secret",
                "api.signing_key",
                "base_urls.app",
                "base_urls.relay",
                "settings.external_state",
                "settings.external_user_id",
                "settings.link_life",
            ]
        );
        let key = faults.iter().find(|fault| fault.starts_with("api.signing_key")).unwrap();
        assert!(key.contains("openssl pkcs8 -topk8 -nocrypt"), "{key}");
    }
}
