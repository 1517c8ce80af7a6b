//! How a simulated Intergiro is set up: programmes, sign-in, links, lists, webhooks.
//!
//! Whatever the fact sheet calls an assumption is a setting here, with the assumed value as its default.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chance;

/// Everything about a simulated Intergiro that is decided at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// First of two consecutive ports (API, hosted pages); 0 takes free ones.
    pub port: u16,
    pub programmes: Vec<Programme>,
    /// Webhook URLs set up beforehand; more come through `POST /v3/webhooks`.
    pub subscriptions: Vec<Subscription>,
    pub sign_in: SignIn,
    /// Life of an onboarding link and of a consent's link. The lengths are not stated (§2.2, an assumption).
    pub link_life: Duration,
    /// Whether the link's answer also has the `token` for the mobile SDKs: newer versions do (§2.2).
    pub mobile_token: bool,
    /// Life of a pending action that names none of its own; the printed example has 7 days (§2.6).
    pub action_life: Duration,
    /// A second individual with an e-mail address in use is refused. Not known (§1.3).
    pub refuse_duplicates: bool,
    /// Only digits in a phone number, as in the printed example (§2.1, an assumption).
    pub digits_only: bool,
    /// A change of contact data of an activated individual wants a consent first: 412 (§2.3, an assumption).
    pub contact_consent: bool,
    /// Lists begin with the newest unless `sort_type` says otherwise. Not documented; as in the fixture.
    pub newest_first: bool,
    /// Events of accounts and cards that follow an activation: the event API is shared (§3.2). Names are invented.
    pub other_events: Vec<String>,
    /// The simulation calls exist on staging only (§6).
    pub staging: bool,
    pub retry: Retry,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            programmes: vec![Programme::example()],
            subscriptions: Vec::new(),
            sign_in: SignIn::default(),
            link_life: Duration::from_hours(4),
            mobile_token: true,
            action_life: Duration::from_hours(7 * 24),
            refuse_duplicates: false,
            digits_only: true,
            contact_consent: false,
            newest_first: true,
            other_events: vec!["AccountCreated".to_owned(), "CardCreated".to_owned()],
            staging: true,
            retry: Retry::default(),
        }
    }
}

/// One client of Intergiro. What belongs to another one answers 404 (an assumption).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programme {
    pub name: String,
    pub api_key: String,
}

impl Programme {
    /// The programme of the fixtures.
    pub fn example() -> Self {
        Self { name: "example".to_owned(), api_key: "c5f90f4b-9d69-416a-8611-8a8c8d605c36".to_owned() }
    }

    /// One more client with a key of its own.
    pub fn another(name: &str) -> Self {
        Self { name: name.to_owned(), api_key: chance::uuid() }
    }
}

/// Where the webhooks of a programme go. They are unsigned (§3.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    pub url: String,
    /// Absent: the first programme.
    #[serde(default)]
    pub programme: Option<String>,
}

impl Subscription {
    pub fn to(url: impl Into<String>) -> Self {
        Self { url: url.into(), programme: None }
    }

    #[must_use]
    pub fn of(mut self, programme: impl Into<String>) -> Self {
        self.programme = Some(programme.into());
        self
    }
}

/// Login sessions (§1.2).
#[derive(Debug, Clone)]
pub struct SignIn {
    pub access_life: Duration,
    pub session_life: Duration,
    pub most_refreshes: u32,
    /// What a refresh beyond those, of an ended session or with an unknown token is answered: 400 or 401, not known.
    pub refused_refresh: u16,
    /// A refresh token that is used twice ends its session: how two refreshers at once are found out. Not
    /// documented; the harder case for a client.
    pub punish_reuse: bool,
    /// A login ends the sessions that the same key had before. Not known; assumed not (§1.2).
    pub one_session: bool,
    /// Tokens that are not JWTs: a client must count from receipt.
    pub opaque_tokens: bool,
    /// Fraud prevention: what a login too many is answered (§1.2, numbers assumed).
    pub fraud: Option<Fraud>,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            access_life: Duration::from_mins(15),
            session_life: Duration::from_mins(60),
            most_refreshes: 3,
            refused_refresh: 401,
            punish_reuse: true,
            one_session: false,
            opaque_tokens: false,
            fraud: Some(Fraud { logins_per_minute: 30, status: 403 }),
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Fraud {
    pub logins_per_minute: usize,
    /// 429 or 403.
    pub status: u16,
}

/// How deliveries are repeated. Nothing is known for this API; its acquiring sister repeats several times on
/// anything but 200, without a promise on timing (§3.1): all of this is assumed.
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
            steps: [10, 60, 300, 1_800, 7_200].map(Duration::from_secs).to_vec(),
            most_tries: 6,
            patience: Duration::from_secs(5),
        }
    }
}
