//! A connection's configuration, read into an account.
//!
//! | member | |
//! | --- | --- |
//! | `base_urls.api` | the live host; staging is `https://3d.staging.intergiro.tech` |
//! | `api.api_key` | opens the login session; given out per programme and environment |
//! | `settings.return_url` | where people go after Intergiro's pages when a request names no place |
//! | `settings.feed` | `off` where `GET /v3/events` cannot be paged as assumed |

use std::sync::Arc;

use url::Url;

use super::Intergiro;
use super::api::Api;
use super::session::Session;
use crate::ports::Account;
use crate::section::Section;

/// Environments page, 2022.
const API: &str = "https://3d.intergiro.com";

/// Settings of Intergiro's own.
pub(super) struct Settings {
    /// A link cannot be asked for without a way back.
    pub(super) return_url: Option<Url>,
    /// Whether events are read on.
    pub(super) feed: bool,
}

pub(in super::super) fn configure(
    base_urls: &mut Section<'_>,
    api: &mut Section<'_>,
    settings: &mut Section<'_>,
) -> Option<Arc<dyn Account>> {
    let faults = settings.faults().count();
    let base = base_urls.url("api").or_else(|| Url::parse(API).ok());
    let api_key = api.secret("api_key");
    let return_url = settings.url("return_url");
    let feed = settings.one_of("feed", &[("on", true), ("off", false)]).unwrap_or(true);
    if settings.faults().count() > faults {
        return None;
    }
    let base = base?;
    if return_url.as_ref().is_some_and(|url| url.scheme() != "https" && url.scheme() != base.scheme()) {
        settings.fault("return_url", "must be an https URL");
        return None;
    }
    let session = Session::new(&base, api_key?);
    Some(Arc::new(Intergiro { api: Api { base, session }, settings: Settings { return_url, feed } }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::section::Faults;

    fn faults_of(base_urls: &Value, api: &Value, settings: &Value) -> (bool, Vec<String>) {
        let faults = Faults::default();
        let mut sections = [("base_urls", base_urls), ("api", api), ("settings", settings)]
            .map(|(place, value)| Section::new(place, value, &faults));
        let [base_urls, api, settings] = &mut sections;
        let configured = configure(base_urls, api, settings).is_some();
        sections.into_iter().for_each(Section::finish);
        (configured, faults.take().into_iter().map(|fault| fault.place).collect())
    }

    #[test]
    fn a_key_is_enough() {
        assert_eq!(faults_of(&json!({}), &json!({"api_key": "k"}), &json!({})), (true, vec![]));
    }

    #[test]
    fn every_fault_has_its_place() {
        let base_urls = json!({"api": "3d.intergiro.com", "idv": "https://a.example"});
        let settings = json!({"return_url": 7, "feed": "sometimes", "setup_id": "x"});
        let (configured, places) = faults_of(&base_urls, &json!({"key": "k"}), &settings);
        assert!(!configured);
        assert_eq!(
            places,
            [
                "api.api_key",
                "api.key",
                "base_urls.api",
                "base_urls.idv",
                "settings.feed",
                "settings.return_url",
                "settings.setup_id",
            ]
        );
        let plain = json!({"return_url": "http://app.example.com/"});
        assert_eq!(faults_of(&json!({}), &json!({"api_key": "k"}), &plain).1, ["settings.return_url"]);
        let local = json!({"api": "http://127.0.0.1:9"});
        assert_eq!(faults_of(&local, &json!({"api_key": "k"}), &plain), (true, vec![]));
    }
}
