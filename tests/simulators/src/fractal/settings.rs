//! How a simulated Fractal ID is set up: applications of the classic way, clients of verifier and relay, life times.
//!
//! Whatever the fact sheet calls an assumption is a setting here, with the assumed value as its default.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chance;

/// Everything about a simulated Fractal ID that is decided at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// First of five consecutive ports (front end, auth, resource, verifier, relay); 0 takes free ones.
    pub port: u16,
    /// Of the classic way.
    pub applications: Vec<Application>,
    /// Of verifier and relay.
    pub clients: Vec<Client>,
    /// Callbacks of the classic way that were set up beforehand; more through `register`.
    pub callbacks: Vec<Callback>,
    pub classic: Classic,
    pub kyc: Kyc,
    pub retry: Retry,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            applications: vec![Application::example()],
            clients: Vec::new(),
            callbacks: Vec::new(),
            classic: Classic::default(),
            kyc: Kyc::default(),
            retry: Retry::default(),
        }
    }
}

/// Rules of the OAuth way (§3, §4, §6).
#[derive(Debug, Clone)]
pub struct Classic {
    pub code_life: Duration,
    pub access_life: Duration,
    /// Of an unused refresh token: not known (§3.3). Absent: it does not end.
    pub refresh_life: Option<Duration>,
    /// Two refreshers at once end every token of the person at this application: both pairs of one refresh token were
    /// used, or a refresh token came after its successor's first use. Not documented; the harder case for a client.
    pub punish_parallel: bool,
    /// A code that comes twice ends what it gave (RFC 6749 §4.1.2, assumed).
    pub punish_reused_code: bool,
    /// The documented denial has no `state` (§3.2).
    pub denial_has_state: bool,
    /// `state` is listed as needed (§3.1); what is answered without it is assumed.
    pub needs_state: bool,
    pub spelling: Spelling,
    /// A row of the sweep is a level with its add-ons, as in the examples (§6); else one for each part.
    pub joined_in_stats: bool,
    /// "A few hours" (§4).
    pub file_life: Duration,
    /// Whether a file URL wants the access token too (§4, assumed: no).
    pub files_need_token: bool,
    /// `authorization_revoked` was taken out of the documentation in 2019 (§5.4).
    pub tells_revocation: bool,
}

impl Default for Classic {
    fn default() -> Self {
        Self {
            code_life: Duration::from_mins(10),
            access_life: Duration::from_hours(2),
            refresh_life: None,
            punish_parallel: true,
            punish_reused_code: true,
            denial_has_state: false,
            needs_state: true,
            spelling: Spelling::Fields,
            joined_in_stats: true,
            file_life: Duration::from_hours(4),
            files_need_token: false,
            tells_revocation: false,
        }
    }
}

/// How `users/me` writes a case (§4: text and samples of the page contradict each other).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// As the list of fields: one case for each part, `status: done` and `credential: approved`.
    #[default]
    Fields,
    /// As the samples: level and add-ons joined, `status: approved`, no `id`, `credential`, `journey_completed`.
    Samples,
}

/// Rules of verifier and relay (§8).
#[derive(Debug, Clone)]
pub struct Kyc {
    /// A one-time token can be read once. The name alone says so.
    pub token_once: bool,
    /// Of a one-time token; not known.
    pub token_life: Duration,
    /// A link must have an `exp`: newer code sets one hour, the migration page none.
    pub link_must_end: bool,
    /// `pending` is told too, as an early version of the page had it.
    pub tells_pending: bool,
}

impl Default for Kyc {
    fn default() -> Self {
        Self { token_once: true, token_life: Duration::from_mins(10), link_must_end: false, tells_pending: false }
    }
}

/// The three of the fact sheet (§1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generation {
    #[default]
    Classic,
    /// "Kraken".
    Verifier,
    Relay,
}

impl Generation {
    pub fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Verifier => "verifier",
            Self::Relay => "relay",
        }
    }
}

/// A client of the classic way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    pub name: String,
    pub client_id: String,
    pub client_secret: String,
    /// Without query; empty: any that is https, or http on the machine itself.
    pub redirect_uris: Vec<String>,
}

impl Application {
    pub fn example() -> Self {
        Self {
            name: "example".to_owned(),
            client_id: "5d6f2b1c".repeat(8),
            client_secret: "example-client-secret".to_owned(),
            redirect_uris: Vec::new(),
        }
    }

    pub fn another(name: &str) -> Self {
        let (client_id, client_secret) = (chance::token(), chance::token());
        Self { name: name.to_owned(), client_id, client_secret, redirect_uris: Vec::new() }
    }

    #[must_use]
    pub fn returning_to(mut self, redirect_uri: impl Into<String>) -> Self {
        self.redirect_uris.push(redirect_uri.into());
        self
    }
}

/// A client of verifier or relay, as their staff sets it up (§8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    pub generation: Generation,
    pub client_id: String,
    /// P-521, SubjectPublicKeyInfo as PEM.
    pub public_key: String,
    pub redirect_url: String,
    /// Absent: no webhooks.
    #[serde(default)]
    pub webhook_url: Option<String>,
    #[serde(default = "chance::token")]
    pub webhook_secret: String,
}

impl Client {
    pub fn new(generation: Generation, public_key: impl Into<String>, redirect_url: impl Into<String>) -> Self {
        Self {
            generation,
            client_id: chance::uuid(),
            public_key: public_key.into(),
            redirect_url: redirect_url.into(),
            webhook_url: None,
            webhook_secret: chance::token(),
        }
    }

    #[must_use]
    pub fn telling(mut self, webhook_url: impl Into<String>) -> Self {
        self.webhook_url = Some(webhook_url.into());
        self
    }

    #[must_use]
    pub fn signed_with(mut self, secret: impl Into<String>) -> Self {
        self.webhook_secret = secret.into();
        self
    }
}

/// URL and secret for types of webhooks, as in the dashboard (§5.1). A later one replaces an earlier one, type by type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    pub url: String,
    /// By name; absent: the first.
    #[serde(default)]
    pub application: Option<String>,
    /// Absent: all.
    #[serde(default)]
    pub types: Option<Vec<String>>,
    /// Absent: made by chance, another one for each type.
    #[serde(default)]
    pub secret: Option<String>,
    /// No secret is set: its webhooks come without a signature.
    #[serde(default)]
    pub unsigned: bool,
}

impl Callback {
    pub fn to(url: impl Into<String>) -> Self {
        Self { url: url.into(), application: None, types: None, secret: None, unsigned: false }
    }

    #[must_use]
    pub fn of(mut self, application: impl Into<String>) -> Self {
        self.application = Some(application.into());
        self
    }

    #[must_use]
    pub fn only(mut self, types: &[&str]) -> Self {
        self.types = Some(types.iter().map(|it| (*it).to_owned()).collect());
        self
    }

    #[must_use]
    pub fn signed_with(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    #[must_use]
    pub fn without_secret(mut self) -> Self {
        self.unsigned = true;
        self
    }
}

/// How deliveries are repeated (§5.2): 20, 40, 80 … seconds up to a day. For verifier and relay assumed to be the same.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Retry time runs this many times faster than real time; 0: only by `advance`.
    pub scale: u32,
    /// The first try and the 20 repeats of the table; whether it stops there is not known.
    pub most_tries: u32,
    /// The longest wait.
    pub cap: Duration,
    /// Real time that a receiver has to answer.
    pub patience: Duration,
}

impl Retry {
    /// Before repeat number `repeat` (from 1): 10·2ⁿ seconds.
    pub(crate) fn wait(&self, repeat: u32) -> Duration {
        let length = 2_u64.checked_pow(repeat).and_then(|times| times.checked_mul(10));
        length.map_or(self.cap, |seconds| Duration::from_secs(seconds).min(self.cap))
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self { scale: 1, most_tries: 21, cap: Duration::from_hours(24), patience: Duration::from_secs(10) }
    }
}
