//! A connection's configuration, read into an account.
//!
//! | member | |
//! | --- | --- |
//! | `base_urls.api` | the region's live host by default; region and version of the path come from the settings |
//! | `api.token` | decides the environment, live or sandbox, as well, by how it begins: both have the same host |
//! | `api.client_id`, `client_secret` | instead of a token: OAuth2 client credentials (May 2026) |
//! | `settings.region`, `api_version` | `eu`, `v3.6` |
//! | `settings.environment` | of credentials that do not say it: `live` |
//! | `settings.report_names`, `webhook_ids` | what a classic check is asked for, and which webhooks hear of it |
//! | `settings.workflow_id` | the workflow of a Studio run; where it stands, Studio is the usual flow |
//! | `settings.referrer` or `application_id` | where a classic SDK token may be used |
//! | `settings.consider` | what becomes of a check whose result is `consider` |
//! | `settings.link_life` | sent as the end of a Studio link, because Onfido's own default is not known |
//! | `settings.data_patience` | how long a report may wait for data before that is asked of the person (assumed) |

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::Onfido;
use super::api::{Api, Credentials};
use super::id::uuid;
use super::words::REPORT_NAMES;
use crate::domain::ProviderId;
use crate::ports::Account;
use crate::providers::answer::below;
use crate::providers::token::Tokens;
use crate::section::Section;

/// The regions with their hosts (OpenAPI description).
const REGIONS: [(&str, &str); 3] =
    [("eu", "https://api.eu.onfido.com"), ("us", "https://api.us.onfido.com"), ("ca", "https://api.ca.onfido.com")];
/// From v3.6 on additions come without a new number.
const VERSIONS: [(&str, &str); 5] =
    [("v3.2", "v3.2"), ("v3.3", "v3.3"), ("v3.4", "v3.4"), ("v3.5", "v3.5"), ("v3.6", NEWEST)];
const NEWEST: &str = "v3.6";
/// Of a link that nobody has opened.
const LINK_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A report waits for data "for a moment" on every fresh check, and says nothing else while people look at it.
const DATA_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// A span beyond this is a slip of the pen.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What becomes of a result that is neither all clear nor a clear rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consider {
    /// A person of the tenant decides.
    InReview,
    /// The tenant takes it for a no.
    Rejected,
}

/// Where an SDK token may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Pages of this pattern.
    Referrer(String),
    /// A mobile application.
    Application(String),
}

/// Both have the same host, and no answer says which one the credentials are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Environment {
    /// Of people.
    Live,
    /// Of tests.
    Sandbox,
}

impl Environment {
    /// As a webhook's `environments` names it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Sandbox => "sandbox",
        }
    }

    /// By the beginning of a token, which is the same in every region (`api_sandbox.…`, `api_sandbox_us.…`).
    fn of_token(token: &str) -> Option<Self> {
        [Self::Live, Self::Sandbox].into_iter().find(|environment| {
            let rest = token.strip_prefix("api_").and_then(|rest| rest.strip_prefix(environment.name()));
            rest.is_some_and(|rest| rest.starts_with(['.', '_']))
        })
    }
}

/// Settings of Onfido's own.
pub(super) struct Settings {
    /// That of the credentials.
    pub(super) environment: Environment,
    /// Which webhooks hear of our checks; none: all of the account.
    pub(super) webhook_ids: Vec<String>,
    /// The reports of a classic check.
    pub(super) report_names: Vec<String>,
    /// The workflow of a Studio run.
    pub(super) workflow: Option<ProviderId>,
    /// Where a classic SDK token may be used.
    pub(super) place: Option<Place>,
    /// By the tenant's policy.
    pub(super) consider: Consider,
    /// Of a Studio link.
    pub(super) link_life: Duration,
    /// Of a report that waits for data.
    pub(super) data_patience: Duration,
}

pub(in super::super) fn configure(
    base_urls: &mut Section<'_>,
    api: &mut Section<'_>,
    settings: &mut Section<'_>,
) -> Option<Arc<dyn Account>> {
    let faults = settings.faults().count();
    let host = settings.one_of("region", &REGIONS).unwrap_or("https://api.eu.onfido.com");
    let version = settings.one_of("api_version", &VERSIONS).unwrap_or(NEWEST);
    let base = base_urls.url("api").or_else(|| Url::parse(host).ok())?;
    if names_version(&base) {
        base_urls.fault("api", "must not end in a version: that is settings.api_version");
    }
    let credentials = credentials(api, &below(&base, &[version, "oauth", "token"]));
    let environment = environment(api, settings);
    let own = own(settings, environment);
    if settings.faults().count() > faults {
        return None;
    }
    Some(Arc::new(Onfido { api: Api { base, version, credentials: credentials? }, settings: own }))
}

/// Other systems write host and version as one (`https://api.eu.onfido.com/v3.2`).
fn names_version(base: &Url) -> bool {
    let last = base.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    last.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The official clients take one or the other, never both.
fn credentials(api: &mut Section<'_>, endpoint: &Url) -> Option<Credentials> {
    let by_token = api.value("token").is_some();
    let by_client = api.value("client_id").is_some() | api.value("client_secret").is_some();
    if by_token && by_client {
        api.fault("token", "must not stand beside client_id and client_secret: it is one or the other");
        return None;
    }
    if by_client {
        let client_id = api.required("client_id").map(str::to_owned);
        let client_secret = api.secret("client_secret");
        let tokens = Tokens::new(endpoint.clone(), client_id?, client_secret?, None);
        return Some(Credentials::Client(Box::new(tokens)));
    }
    let token = api.required("token")?;
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        api.fault("token", "must be letters, digits and signs without blanks");
        return None;
    }
    Some(Credentials::token(token))
}

/// The token's own word, else the tenant's, else live.
fn environment(api: &mut Section<'_>, settings: &mut Section<'_>) -> Environment {
    let words = [Environment::Live, Environment::Sandbox].map(|environment| (environment.name(), environment));
    let said = settings.one_of("environment", &words);
    let by_token = api.value("token").and_then(Value::as_str).and_then(Environment::of_token);
    if let (Some(by_token), Some(said)) = (by_token, said)
        && by_token != said
    {
        settings.fault("environment", format!("must be {} or left out: api.token is of that one", by_token.name()));
    }
    by_token.or(said).unwrap_or(Environment::Live)
}

fn own(settings: &mut Section<'_>, environment: Environment) -> Settings {
    let workflow = settings.parsed("workflow_id", |text| uuid(text).ok_or("must be a UUID"));
    let consider = [("in_review", Consider::InReview), ("rejected", Consider::Rejected)];
    Settings {
        environment,
        webhook_ids: webhook_ids(settings),
        report_names: report_names(settings),
        workflow,
        place: place(settings),
        consider: settings.one_of("consider", &consider).unwrap_or(Consider::InReview),
        link_life: span(settings, "link_life", LINK_LIFE),
        data_patience: span(settings, "data_patience", DATA_PATIENCE),
    }
}

fn webhook_ids(settings: &mut Section<'_>) -> Vec<String> {
    let ids: Vec<String> = settings.texts("webhook_ids").into_iter().map(str::to_owned).collect();
    if ids.iter().any(|id| uuid(id).is_none()) {
        settings.fault("webhook_ids", "must be a list of UUIDs");
    }
    ids
}

fn report_names(settings: &mut Section<'_>) -> Vec<String> {
    let names: Vec<String> = settings.texts("report_names").into_iter().map(str::to_owned).collect();
    if names.iter().any(|name| !REPORT_NAMES.contains(&name.as_str())) {
        settings.fault("report_names", format!("must be a list of these: {}", REPORT_NAMES.join(", ")));
    }
    names
}

fn place(settings: &mut Section<'_>) -> Option<Place> {
    let referrer = settings.text("referrer").map(str::to_owned);
    let application = settings.text("application_id").map(str::to_owned);
    if referrer.is_some() && application.is_some() {
        settings.fault("application_id", "must not stand beside referrer: a token is for one of them");
    }
    let text = referrer.as_deref().or(application.as_deref()).unwrap_or_default();
    if !is_place(text) {
        let name = if referrer.is_some() { "referrer" } else { "application_id" };
        settings.fault(name, "must be a text without blanks, of 500 characters at most");
    }
    referrer.map(Place::Referrer).or(application.map(Place::Application))
}

/// `https://*.example.com/path/*`, or an application's id.
pub(super) fn is_place(text: &str) -> bool {
    text.len() <= 500 && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn span(settings: &mut Section<'_>, name: &str, otherwise: Duration) -> Duration {
    let span = settings.span(name).unwrap_or(otherwise);
    if span.is_zero() || span > LONGEST {
        settings.fault(name, "must be from 1s to 365d");
    }
    span
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
    fn either_credential_is_enough() {
        let pair = json!({"client_id": "c", "client_secret": "s"});
        for api in [&json!({"token": "api_live.x"}), &pair] {
            assert_eq!(faults_of(&json!({}), api, &json!({})), (true, vec![]), "{api}");
        }
        let both = json!({"token": "t", "client_id": "c", "client_secret": "s"});
        assert_eq!(faults_of(&json!({}), &both, &json!({})), (false, vec!["api.token".to_owned()]));
        assert_eq!(faults_of(&json!({}), &json!({}), &json!({})).1, ["api.token"]);
        assert_eq!(faults_of(&json!({}), &json!({"client_id": "c"}), &json!({})).1, ["api.client_secret"]);
        assert_eq!(faults_of(&json!({}), &json!({"token": "a b"}), &json!({})).1, ["api.token"]);
    }

    /// Live and sandbox: what contradicts the credentials is a slip that would register for the wrong one.
    #[test]
    fn an_environment_is_said_once() {
        let pair = json!({"client_id": "c", "client_secret": "s"});
        let token = |token: &str| json!({"token": token});
        let environment = |api: &Value, said: Option<&str>| {
            let faults = Faults::default();
            let settings = said.map_or_else(|| json!({}), |said| json!({"environment": said}));
            let (mut api, mut settings) =
                (Section::new("api", api, &faults), Section::new("settings", &settings, &faults));
            let found = super::environment(&mut api, &mut settings);
            let places: Vec<String> = faults.take().into_iter().map(|fault| fault.place).collect();
            (found, places)
        };
        for (api, said, expected) in [
            (&pair, None, Environment::Live),
            (&pair, Some("live"), Environment::Live),
            (&pair, Some("sandbox"), Environment::Sandbox),
            (&token("api_live.x"), Some("live"), Environment::Live),
            (&token("api_live_us.x"), None, Environment::Live),
            (&token("api_sandbox.x"), None, Environment::Sandbox),
            (&token("api_sandbox_ca.x"), Some("sandbox"), Environment::Sandbox),
            (&token("of-a-shape-nobody-knows"), None, Environment::Live),
            (&token("of-a-shape-nobody-knows"), Some("sandbox"), Environment::Sandbox),
            (&token("api_sandboxed"), None, Environment::Live),
        ] {
            assert_eq!(environment(api, said), (expected, vec![]), "{api} {said:?}");
        }
        for (api, said) in [
            (&token("api_live.x"), "sandbox"),
            (&token("api_sandbox.x"), "live"),
            (&token("api_sandbox_us.x"), "live"),
            (&pair, "Live"),
            (&pair, "test"),
        ] {
            assert_eq!(environment(api, Some(said)).1, ["settings.environment"], "{api} {said}");
        }
        assert!(!faults_of(&json!({}), &token("api_live.x"), &json!({"environment": "sandbox"})).0);
    }

    #[test]
    fn every_fault_has_its_place() {
        let base_urls = json!({"api": "https://api.eu.onfido.com/v3.2", "eu": "https://a.example"});
        let settings = json!({
            "region": "EU", "api_version": "3.6", "webhook_ids": ["x"], "report_names": ["document", "passport"],
            "workflow_id": "7", "referrer": "https://*.example.com/*", "application_id": "com.example",
            "consider": "approved", "link_life": "0s", "data_patience": "1y", "setup_id": "x",
        });
        let (configured, places) = faults_of(&base_urls, &json!({"key": "k"}), &settings);
        assert!(!configured);
        assert_eq!(
            places,
            [
                "api.key",
                "api.token",
                "base_urls.api",
                "base_urls.eu",
                "settings.api_version",
                "settings.application_id",
                "settings.consider",
                "settings.data_patience",
                "settings.link_life",
                "settings.region",
                "settings.report_names",
                "settings.setup_id",
                "settings.webhook_ids",
                "settings.workflow_id",
            ]
        );
    }
}
