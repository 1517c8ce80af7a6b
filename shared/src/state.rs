//! What a person carries through a provider's pages and back: sealed, bound to tenant and connection, of short life.
//!
//! A *state* names the onboarding, a nonce, and where the person goes in the end. A *ticket* is for providers that may
//! not give the state back: the issued link leads through us, which puts the state into a cookie and sends the person
//! on. Both are opened without any call to AWS, so a forged one costs nothing.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::domain::{ConnectionKey, OnboardingId, Timestamp};
use crate::ports::{Carried, Entropy, ProviderError, TenantConfig, Way};
use crate::seal::{Binding, Sealed};
use crate::secret::Secret;

/// A code that a person brings back is worth this long (design §3, guarantee 8).
const CODE_LIFE: Duration = Duration::from_secs(600);
/// Codes of providers are short; a notice has 4 KiB.
pub const LONGEST_CODE: usize = 1024;

/// It was not sealed by us for this, or it is past its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a state of ours, or past its time")]
pub struct NotOurs;

/// What a person comes back with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whose run.
    pub onboarding: OnboardingId,
    /// Consumed once.
    pub nonce: String,
    /// Where the person goes in the end.
    pub return_url: String,
    /// Until when it is worth something.
    pub expires_at: Timestamp,
}

/// What an issued link through us carries.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The provider's page.
    pub url: String,
    /// The sealed state for the cookie.
    pub state: String,
    /// Until when it is worth something.
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Code {
    code: String,
    expires_at: Timestamp,
}

/// Seals and opens for one connection.
#[derive(Clone, Copy)]
pub struct Carrier<'a> {
    /// Whose keys.
    pub config: &'a TenantConfig,
    /// Through which connection.
    pub connection: &'a ConnectionKey,
    /// Chance.
    pub entropy: &'a dyn Entropy,
}

impl Carrier<'_> {
    /// Seals a state.
    ///
    /// # Errors
    /// It is too long to be sealed.
    pub fn seal_state(&self, state: &State) -> Result<String, NotOurs> {
        self.seal("return_state", state)
    }

    /// Opens a state that is not past its time.
    ///
    /// # Errors
    /// [`NotOurs`]
    pub fn open_state(&self, sealed: &str, now: Timestamp) -> Result<State, NotOurs> {
        let state: State = self.open("return_state", sealed)?;
        if state.expires_at > now { Ok(state) } else { Err(NotOurs) }
    }

    /// Seals a ticket.
    ///
    /// # Errors
    /// It is too long to be sealed.
    pub fn seal_ticket(&self, ticket: &Ticket) -> Result<String, NotOurs> {
        self.seal("go_ticket", ticket)
    }

    /// Opens a ticket that is not past its time.
    ///
    /// # Errors
    /// [`NotOurs`]
    pub fn open_ticket(&self, sealed: &str, now: Timestamp) -> Result<Ticket, NotOurs> {
        let ticket: Ticket = self.open("go_ticket", sealed)?;
        if ticket.expires_at > now { Ok(ticket) } else { Err(NotOurs) }
    }

    /// Seals a provider's code for its way through the queue.
    ///
    /// # Errors
    /// It is too long.
    pub fn seal_code(&self, code: &str, now: Timestamp) -> Result<String, NotOurs> {
        if code.len() > LONGEST_CODE {
            return Err(NotOurs);
        }
        self.seal("return_code", &Code { code: code.to_owned(), expires_at: now + CODE_LIFE })
    }

    /// Opens a code that is not past its time.
    ///
    /// # Errors
    /// [`NotOurs`]
    pub fn open_code(&self, sealed: &str, now: Timestamp) -> Result<Secret, NotOurs> {
        let code: Code = self.open("return_code", sealed)?;
        if code.expires_at > now { Ok(Secret::from(code.code)) } else { Err(NotOurs) }
    }

    fn seal<T: Serialize>(&self, purpose: &'static str, value: &T) -> Result<String, NotOurs> {
        let plain = serde_json::to_vec(value).map_err(|_| NotOurs)?;
        let fill = |bytes: &mut [u8]| {
            self.entropy.fill(bytes);
            Ok(())
        };
        let context = [self.connection.name.as_str()];
        let sealed = self.config.sealing_keys.seal(&fill, &self.binding(purpose, &context), &plain);
        sealed.map(|sealed| sealed.as_str().to_owned()).map_err(|_| NotOurs)
    }

    fn open<T: DeserializeOwned>(&self, purpose: &'static str, sealed: &str) -> Result<T, NotOurs> {
        let context = [self.connection.name.as_str()];
        let opened = self.config.sealing_keys.open(&self.binding(purpose, &context), &Sealed::from_text(sealed));
        serde_json::from_slice(opened.map_err(|_| NotOurs)?.expose()).map_err(|_| NotOurs)
    }

    fn binding<'b>(&'b self, purpose: &'b str, context: &'b [&'b str]) -> Binding<'b> {
        Binding { tenant: self.connection.tenant.as_str(), purpose, context }
    }
}

/// The person's way through one connection's own addresses.
pub(crate) struct OwnWay<'a> {
    pub(crate) carrier: Carrier<'a>,
    pub(crate) public_url: &'a Url,
}

impl OwnWay<'_> {
    fn address(&self, of: &str, last: &[&str]) -> Url {
        let mut url = self.public_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            let ConnectionKey { tenant, name } = self.carrier.connection;
            path.pop_if_empty().extend(["v1", of, tenant.as_str(), name.as_str()]).extend(last);
        }
        url
    }
}

const UNSEALED: ProviderError = ProviderError::Unavailable("what a person carries cannot be sealed");

impl Way for OwnWay<'_> {
    fn back(&self) -> Url {
        self.address("return", &[])
    }

    fn carry(&self, onboarding: &OnboardingId, return_url: &Url, until: Timestamp) -> Result<Carried, ProviderError> {
        let nonce = self.carrier.entropy.mark();
        let state = State {
            onboarding: onboarding.clone(),
            nonce: nonce.clone(),
            return_url: return_url.to_string(),
            expires_at: until,
        };
        let sealed = self.carrier.seal_state(&state).map_err(|_| UNSEALED)?;
        Ok(Carried { sealed, nonce })
    }

    fn through_us(&self, page: &Url, carried: &Carried, until: Timestamp) -> Result<Secret, ProviderError> {
        let ticket = Ticket { url: page.to_string(), state: carried.sealed.clone(), expires_at: until };
        let ticket = self.carrier.seal_ticket(&ticket).map_err(|_| UNSEALED)?;
        Ok(Secret::from(self.address("go", &[&ticket]).to_string()))
    }
}
