//! The classic generation: an OAuth2 provider whose persons are read with tokens of their own.
//!
//! | file | what |
//! | --- | --- |
//! | `link` | what the person is sent to, and which scopes that asks for |
//! | `tokens`, `grant`, `keep` | codes and refresh tokens for pairs, how they rest, who renews them |
//! | `person`, `case` | `users/me`, and what its words mean |
//! | `sweep` | the account's list of verdicts |
//! | `look` | all of it together |
//! | `event` | webhooks |
//! | `settings` | what is configured |

pub(super) mod case;
pub(super) mod event;
mod grant;
mod keep;
mod link;
mod look;
mod person;
mod settings;
mod sweep;
mod tokens;

use url::Url;

use self::settings::Settings;
use self::sweep::Sweep;
use self::tokens::Endpoint;
use crate::domain::ConnectionName;

/// An application of the classic generation.
pub(super) struct Classic {
    authorize: Url,
    client_id: String,
    me: Url,
    tokens: Endpoint,
    /// None: it is switched off.
    sweep: Option<Sweep>,
    settings: Settings,
}

impl Classic {
    pub(super) const fn idos_connection(&self) -> Option<&ConnectionName> {
        self.settings.idos_connection.as_ref()
    }
}
