//! How a simulated Ondato is set up: accounts, webhook subscriptions, delivery, spelling.
//!
//! Whatever the fact sheet calls an assumption is a setting here, with the assumed value as its default.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::chance;

/// Everything about a simulated Ondato that is decided at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// First of six consecutive ports (identity, idv, kyc, kyb, forms, app); 0 takes free ones.
    pub port: u16,
    pub applications: Vec<Application>,
    pub subscriptions: Vec<Subscription>,
    pub style: Style,
    pub retry: Retry,
    /// Lifetime of access tokens in seconds, as told in `expires_in`. Two public comments say 24 h (§1.2).
    pub token_seconds: u64,
    /// Origin of hosted links in the setup, where it differs from the app host (white label, §2.2).
    pub web_app_base_url: Option<String>,
    /// False: a redaction stays `InProgress` until [`super::Act::FinishRedaction`].
    pub redacts_at_once: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            applications: vec![Application::example()],
            subscriptions: Vec::new(),
            style: Style::default(),
            retry: Retry::default(),
            token_seconds: 86_400,
            web_app_base_url: None,
            redacts_at_once: true,
        }
    }
}

/// One client of Ondato: an application with its API client. Resources of another one answer 403 (§1.3).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Application {
    pub application_id: String,
    pub client_id: String,
    pub client_secret: String,
    /// The IDV setup of persons; a create call may name only this one and the next.
    pub setup_id: String,
    /// The IDV setup of companies: only its flow has a company form.
    pub kyb_setup_id: String,
}

impl Application {
    /// The application of the fixtures.
    pub fn example() -> Self {
        Self {
            application_id: "5d0c4a52-6f0e-4f0b-9c1e-1f5f6f5a0001".to_owned(),
            client_id: "app.ondato.example.0001".to_owned(),
            client_secret: "example-client-secret".to_owned(),
            setup_id: "4e608ca3-7f1b-4d5e-9092-3b4c5d6e7f06".to_owned(),
            kyb_setup_id: "82a4e8ce-b350-4192-94d4-7f8091a2b30a".to_owned(),
        }
    }

    /// One more client with ids and secret of its own.
    pub fn another(name: &str) -> Self {
        Self {
            application_id: chance::uuid(),
            client_id: format!("app.ondato.{name}.0001"),
            client_secret: chance::token(),
            setup_id: chance::uuid(),
            kyb_setup_id: chance::uuid(),
        }
    }
}

/// Where webhooks of an application go, and how they prove themselves (§3.1, §3.2).
///
/// Basic and OAuth2 share one header, so they exclude each other; HMAC goes with either (an assumption).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    pub url: String,
    /// Absent: the first application.
    #[serde(default)]
    pub application_id: Option<String>,
    /// Event types sent here; empty: all.
    #[serde(default)]
    pub types: Vec<String>,
    #[serde(default)]
    pub basic: Option<Basic>,
    #[serde(default)]
    pub oauth2: Option<OAuth2>,
    #[serde(default)]
    pub hmac: Option<Hmac>,
    /// Further headers, for cases no mode covers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

impl Subscription {
    /// No proof at all; add one with the methods below.
    pub fn to(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    #[must_use]
    pub fn of(mut self, application_id: impl Into<String>) -> Self {
        self.application_id = Some(application_id.into());
        self
    }

    #[must_use]
    pub fn with_basic(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.basic = Some(Basic { username: username.into(), password: password.into() });
        self
    }

    #[must_use]
    pub fn with_hmac(mut self, secret: impl Into<String>) -> Self {
        self.hmac = Some(Hmac { secret: secret.into(), renew: false, blank: true });
        self
    }

    #[must_use]
    pub fn with_oauth2(
        mut self,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        token_url: impl Into<String>,
    ) -> Self {
        self.oauth2 = Some(OAuth2 {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            token_url: token_url.into(),
            pair_in: PairIn::Body,
            scope: None,
        });
        self
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Basic {
    pub username: String,
    pub password: String,
}

/// The requests of this mode are documented nowhere: assumed as in §3.2. The token is kept until it expires or
/// a delivery with it is answered 401.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OAuth2 {
    pub client_id: String,
    pub client_secret: String,
    pub token_url: String,
    #[serde(default)]
    pub pair_in: PairIn,
    #[serde(default)]
    pub scope: Option<String>,
}

/// Where the client pair travels in a token call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairIn {
    #[default]
    Body,
    BasicHeader,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hmac {
    pub secret: String,
    /// Whether `t` is renewed on each try. Not known (§3.2); false is the harder case for a receiver.
    #[serde(default)]
    pub renew: bool,
    /// The blank after the comma of the header.
    #[serde(default = "yes")]
    pub blank: bool,
}

/// How events are spelt (§3.3, §3.4).
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    /// `Id`, `ApplicationId`, `CreatedUtc`, `Payload`, `Type`.
    pub pascal_envelope: bool,
    /// `Idv.*` instead of `IdentityVerification.*`.
    pub legacy_type_names: bool,
    /// `deliveredUtc` and `isDelivered` in the envelope.
    pub delivery_fields: bool,
}

/// How deliveries are repeated (§3.1).
#[derive(Debug, Clone)]
pub struct Retry {
    /// Retry time runs this many times faster than real time; 0: only by `advance`.
    pub scale: u32,
    /// Waits between tries, without jitter; the last one repeats.
    pub steps: Vec<Duration>,
    /// Upper share by which a wait is lengthened at random. The real schedule is randomised; 0 keeps tests exact.
    pub jitter: f64,
    pub most_tries: u32,
    /// Retry time after which an event is dropped.
    pub horizon: Duration,
    /// Real time that a receiver has to answer.
    pub patience: Duration,
    /// Real time within which a late 2xx still cancels the queued retry.
    pub late_patience: Duration,
    /// Codes after which nothing is repeated. Event Grid has 400, 401, 413; whether Ondato passes that on is not
    /// known, so: none.
    pub final_codes: Vec<u16>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            scale: 1,
            steps: [10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200].map(Duration::from_secs).to_vec(),
            jitter: 0.0,
            most_tries: 30,
            horizon: Duration::from_hours(24),
            patience: Duration::from_secs(30),
            late_patience: Duration::from_mins(3),
            final_codes: Vec::new(),
        }
    }
}

fn yes() -> bool {
    true
}
