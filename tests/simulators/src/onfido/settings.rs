//! How a simulated Onfido is set up: accounts with their tokens, workflows, rules by version, repeats.
//!
//! Whatever the fact sheet calls an assumption is a setting here, with the assumed value as its default.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chance;

/// Everything about a simulated Onfido that is decided at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// First of two consecutive ports (API, hosted pages); 0 takes free ones.
    pub port: u16,
    pub accounts: Vec<Account>,
    pub workflows: Vec<Workflow>,
    /// Webhooks set up beforehand, as in the Dashboard; more come through `POST /webhooks`.
    pub webhooks: Vec<Registration>,
    /// Life of an OAuth access token (the fixture's `expires_in`).
    pub access_life: Duration,
    /// Calls of one account within a minute; more are answered 429 (§1.3, the figure is assumed).
    pub rate_limit: Option<usize>,
    /// Webhooks that one account may have; the FintechOS page says one (§3.1, assumed: several).
    pub most_webhooks: Option<usize>,
    /// A check without captured media is refused; else its reports wait for data. Not known.
    pub refuses_without_media: bool,
    /// What calls about a deleted applicant are answered: "GET fails" is all that is known (§2.1).
    pub deleted_answer: u16,
    /// Life of a run's link that names no `expires_at`; open question 6. Absent: it does not end.
    pub link_life: Option<Duration>,
    /// Sandbox checks are finished as soon as they are made (§6: faster than live).
    pub sandbox_completes: bool,
    /// Runs under versions before v3.6 (§1.1, not verified).
    pub studio_before_v36: bool,
    /// Rows of a page of workflow runs; not stated (§1.3).
    pub page_size: usize,
    /// Origin in the `href` of check and report events: without region, and not to be called (§3.3).
    pub href_origin: String,
    pub retry: Retry,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            accounts: vec![Account::example()],
            workflows: vec![Workflow::example(), Workflow::instant()],
            webhooks: Vec::new(),
            access_life: Duration::from_hours(1),
            rate_limit: Some(400),
            most_webhooks: None,
            refuses_without_media: false,
            deleted_answer: 404,
            link_life: None,
            sandbox_completes: true,
            studio_before_v36: false,
            page_size: 20,
            href_origin: "https://api.onfido.com".to_owned(),
            retry: Retry::default(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Region {
    #[default]
    Eu,
    Us,
    Ca,
}

impl Region {
    pub fn name(self) -> &'static str {
        match self {
            Self::Eu => "eu",
            Self::Us => "us",
            Self::Ca => "ca",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Eu, Self::Us, Self::Ca].into_iter().find(|region| region.name() == name)
    }
}

/// The token decides it; the host is the same (§1.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    #[default]
    Live,
    Sandbox,
}

impl Environment {
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Sandbox => "sandbox",
        }
    }
}

/// One account at Onfido. Every token of an environment sees all of it, whichever client it was made for.
#[derive(Debug, Clone)]
pub struct Account {
    pub name: String,
    pub region: Region,
    pub tokens: Vec<ApiToken>,
    pub oauth_clients: Vec<OAuthClient>,
}

impl Account {
    /// The account of the fixtures: one client, live and sandbox.
    pub fn example() -> Self {
        let token = |environment| ApiToken {
            client: "acme-live".to_owned(),
            environment,
            token: format!("api_{}.example0001", environment.name()),
        };
        Self {
            name: "example".to_owned(),
            region: Region::Eu,
            tokens: vec![token(Environment::Live), token(Environment::Sandbox)],
            oauth_clients: vec![OAuthClient {
                client: "acme-live".to_owned(),
                environment: Environment::Live,
                client_id: "example-client".to_owned(),
                client_secret: "example-client-secret".to_owned(),
            }],
        }
    }

    /// An account that several clients share: a live token for each.
    pub fn shared(name: &str, region: Region, clients: &[&str]) -> Self {
        let token = |client: &&str| ApiToken::new(client, region, Environment::Live);
        Self { name: name.to_owned(), region, tokens: clients.iter().map(token).collect(), oauth_clients: Vec::new() }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApiToken {
    /// For whom it was made; Onfido itself does not care.
    pub client: String,
    pub environment: Environment,
    pub token: String,
}

impl ApiToken {
    /// In the form of Onfido's tokens: environment, then the region if it is not the EU.
    pub fn new(client: &str, region: Region, environment: Environment) -> Self {
        let infix = if region == Region::Eu { String::new() } else { format!("_{}", region.name()) };
        let token = format!("api_{}{infix}.{}", environment.name(), chance::token());
        Self { client: client.to_owned(), environment, token }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OAuthClient {
    pub client: String,
    pub environment: Environment,
    pub client_id: String,
    pub client_secret: String,
}

/// A workflow as its author made it.
#[derive(Debug, Clone)]
pub struct Workflow {
    pub id: String,
    pub version: u32,
    /// Without tasks for the person a run is decided as soon as it is made (§2.2).
    pub interactive: bool,
    /// Members that `custom_data` must have.
    pub inputs: Vec<String>,
}

impl Workflow {
    /// The workflow of the fixtures.
    pub fn example() -> Self {
        let id = "0f9e8d7c-6b5a-4938-8271-605f4e3d5001".to_owned();
        Self { id, version: 11, interactive: true, inputs: Vec::new() }
    }

    pub fn instant() -> Self {
        let id = "0f9e8d7c-6b5a-4938-8271-605f4e3d5002".to_owned();
        Self { id, version: 1, interactive: false, inputs: Vec::new() }
    }
}

/// A webhook to be set up (§3.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    pub url: String,
    /// Absent: the first account.
    #[serde(default)]
    pub account: Option<String>,
    #[serde(default)]
    pub environments: Option<Vec<Environment>>,
    /// Absent: all.
    #[serde(default)]
    pub events: Option<Vec<String>>,
    /// The signing token; absent: made by chance.
    #[serde(default)]
    pub token: Option<String>,
    /// Absent: 3. Below that Studio events come without `resource` (open question 7).
    #[serde(default)]
    pub payload_version: Option<u64>,
}

impl Registration {
    pub fn to(url: impl Into<String>) -> Self {
        let url = url.into();
        Self { url, account: None, environments: None, events: None, token: None, payload_version: None }
    }

    #[must_use]
    pub fn of(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    #[must_use]
    pub fn only(mut self, events: &[&str]) -> Self {
        self.events = Some(events.iter().map(|event| (*event).to_owned()).collect());
        self
    }

    #[must_use]
    pub fn within(mut self, environments: &[Environment]) -> Self {
        self.environments = Some(environments.to_vec());
        self
    }

    #[must_use]
    pub fn signed_with(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }
}

/// How deliveries are repeated. Only the ten seconds are documented (§3.5): the rest is assumed.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Retry time runs this many times faster than real time; 0: only by `advance`.
    pub scale: u32,
    /// Waits between tries; the last one repeats.
    pub steps: Vec<Duration>,
    pub most_tries: u32,
    /// Real time that a receiver has to answer.
    pub patience: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            scale: 1,
            steps: [30, 120, 600, 3_600, 21_600, 43_200].map(Duration::from_secs).to_vec(),
            most_tries: 7,
            patience: Duration::from_secs(10),
        }
    }
}
