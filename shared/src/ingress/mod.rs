//! The webhook-ingress: prove, reduce, queue, answer.
//!
//! | answer | when |
//! | --- | --- |
//! | 200 | durably queued, or an event without a usable subject (counted with its reason) |
//! | 400 | proven, but no event |
//! | 401, always the same bytes | the name certainly does not exist, or a fresh enough secret refuses the proof |
//! | 413 | longer than 256 KiB |
//! | 503 with `Retry-After` | we cannot tell, or it is our own fault: the provider sends again |
//!
//! The warm path makes one AWS call, the `SendMessage`. An unproven request makes none, outside the bounded refreshes
//! of the vault (guarantee 6). The raw body is proven before anything reads it.

mod person;
mod route;
mod token;

use std::net::IpAddr;
use std::sync::Arc;

use tracing::{error, info, warn};

use crate::domain::{ConnectionKey, LOOK_MARGIN, Notice};
use crate::gateway::Gateway;
use crate::ports::{Connection, Event, TenantConfig, Unreadable, VaultError};
use crate::proof::{Body, Context, Refusal, Unverified, Verified, prove};

use self::route::Route;

/// Longer bodies are refused (proofs §2: an HMAC over 256 KiB costs 0.25 ms).
pub const MAX_BODY: usize = 256 * 1024;

/// A request as it arrived, still unproven.
pub struct Arrival {
    /// `POST`, `GET`…
    pub method: String,
    /// The raw path.
    pub path: String,
    /// The raw query, without its question mark.
    pub query: String,
    /// In order, with duplicates as the front door left them.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The bytes that were sent, decoded from the event's base64 where it says so.
    pub body: Vec<u8>,
    /// From the front door's own context, never from a header.
    pub source: Option<IpAddr>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// More headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    fn of(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("content-type", "application/json".to_owned())], body: body.to_owned() }
    }

    fn accepted() -> Self {
        Self::of(200, r#"{"accepted":true}"#)
    }

    /// One answer for every name that does not exist and every proof that does not hold.
    fn refused() -> Self {
        Self::of(401, r#"{"error":"unauthorized"}"#)
    }

    fn too_large() -> Self {
        Self::of(413, r#"{"error":"too_large"}"#)
    }

    fn unavailable() -> Self {
        let mut answer = Self::of(503, r#"{"error":"unavailable"}"#);
        answer.headers.push(("retry-after", "30".to_owned()));
        answer
    }
}

/// Takes webhooks in.
pub struct Ingress {
    gateway: Gateway,
}

impl Ingress {
    /// An ingress on those ports.
    #[must_use]
    pub const fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    /// Answers one request.
    pub async fn answer(&self, arrival: &Arrival) -> Answer {
        match Route::of(&arrival.method, &arrival.path) {
            Route::Webhook { connection, key } => self.webhook(&connection, key.as_deref(), arrival).await,
            Route::Token { connection } => self.token(&connection, arrival).await,
            Route::Return { connection } => self.person_returns(&connection, arrival).await,
            Route::Go { connection, ticket } => self.person_goes(&connection, &ticket).await,
            Route::Other if arrival.method == "POST" => self.alias(arrival).await,
            Route::Other => Answer::of(404, r#"{"error":"not_found"}"#),
            Route::Nameless => Answer::refused(),
            Route::WrongMethod => Answer::of(405, r#"{"error":"method_not_allowed"}"#),
        }
    }

    /// An exact path of another integration. One that does not exist is answered like a proof that does not hold, so
    /// that nobody learns which names there are.
    async fn alias(&self, arrival: &Arrival) -> Answer {
        // Told before the name is looked up, as for our own paths.
        if arrival.body.len() > MAX_BODY {
            return Answer::too_large();
        }
        match self.gateway.vault.alias(&arrival.path).await {
            Ok(connection) => self.webhook(&connection, None, arrival).await,
            Err(VaultError::Unknown) => {
                warn!(event = "webhook_refused", reason = "unknown_alias");
                Answer::refused()
            }
            Err(VaultError::Unavailable(cause)) => {
                error!(event = "vault_unavailable", cause);
                Answer::unavailable()
            }
        }
    }

    async fn webhook(&self, key: &ConnectionKey, url_key: Option<&str>, arrival: &Arrival) -> Answer {
        if arrival.body.len() > MAX_BODY {
            return Answer::too_large();
        }
        let headers: Vec<(&[u8], &[u8])> = arrival.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let unverified = Unverified {
            headers: &headers,
            body: &arrival.body,
            url_key,
            source: arrival.source,
            received_at: self.gateway.now().seconds(),
        };
        match self.heard(key, unverified).await {
            Ok(heard) => self.answered(key, heard).await,
            Err(answer) => answer,
        }
    }

    /// Hears with the cached secret, and once more with a fresher one if that refuses: also an entry that may not
    /// speak for this type of event could have been widened since it was read.
    async fn heard(&self, key: &ConnectionKey, unverified: Unverified<'_>) -> Result<Heard, Answer> {
        let config = self.gateway.vault.tenant(&key.tenant).await.map_err(|error| cannot_tell(key, error))?;
        config.can_tell(&key.name).map_err(|error| cannot_tell(key, error))?;
        let refusal = match heard_with(&config, key, unverified) {
            Ok(heard) => return Ok(heard),
            Err(refusal) => refusal,
        };
        let fresher = self.gateway.vault.fresher(&key.tenant).await.map_err(|error| cannot_tell(key, error))?;
        if Arc::ptr_eq(&fresher, &config) {
            return Err(refused(key, refusal));
        }
        heard_with(&fresher, key, unverified).map_err(|refusal| refused(key, refusal))
    }

    async fn answered(&self, key: &ConnectionKey, heard: Heard) -> Answer {
        match heard {
            Heard::Event(Event::Look { subject, claim, kind }) => {
                let notice = Notice::of_event(key.clone(), subject, claim);
                self.queue(&notice, &kind).await
            }
            Heard::Event(Event::Elsewhere { connection, provider, subject, claim, kind }) => {
                let key = ConnectionKey { tenant: key.tenant.clone(), name: connection };
                if !self.serves(&key, provider).await {
                    error!(event = "connection_not_there", tenant = %key.tenant, connection = %key.name, provider);
                    return Answer::unavailable();
                }
                let notice = Notice::of_event(key, subject, claim);
                self.queue(&notice, &kind).await
            }
            Heard::Event(Event::Silent { reason }) => {
                info!(event = "webhook_silent", tenant = %key.tenant, connection = %key.name, reason);
                Answer::accepted()
            }
            Heard::Off => {
                warn!(event = "connection_off", tenant = %key.tenant, connection = %key.name);
                Answer::unavailable()
            }
            Heard::NotAnEvent(rule) => {
                warn!(event = "webhook_unreadable", tenant = %key.tenant, connection = %key.name, rule);
                Answer::of(400, r#"{"error":"not_an_event"}"#)
            }
        }
    }

    /// Whether a connection that another one's settings name is there, on, and of that provider: if not, that is our own
    /// misconfiguration, and the provider sends again.
    async fn serves(&self, key: &ConnectionKey, provider: &str) -> bool {
        let config = self.gateway.vault.tenant(&key.tenant).await;
        config.is_ok_and(|config| {
            config.connection(&key.name).is_some_and(|connection| connection.account.provider() == provider)
        })
    }

    /// The one AWS call. It is seen by the fetcher after the margin, so that one look answers a whole burst.
    async fn queue(&self, notice: &Notice, kind: &str) -> Answer {
        match self.gateway.bells.notify(notice, LOOK_MARGIN).await {
            Ok(()) => {
                info!(event = "webhook", tenant = %notice.connection.tenant, connection = %notice.connection.name, kind);
                Answer::accepted()
            }
            Err(failure) => {
                error!(event = "queue_down", tenant = %notice.connection.tenant, cause = failure.0);
                Answer::unavailable()
            }
        }
    }
}

/// What a request says that is proven.
enum Heard {
    Event(Event),
    /// Its connection is switched off.
    Off,
    /// Nothing that we can read; the rule that it breaks.
    NotAnEvent(&'static str),
}

/// Whether a request is proven depends on its type, too, where an entry may speak for some types alone.
fn heard_with(config: &TenantConfig, key: &ConnectionKey, unverified: Unverified<'_>) -> Result<Heard, Refusal> {
    let verified = proof_of(config, key, unverified)?;
    let Some(connection) = config.connection(&key.name) else { return Ok(Heard::Off) };
    match connection.account.event(verified) {
        Ok(event) => Ok(Heard::Event(event)),
        Err(Unreadable::NotAnEvent(rule)) => Ok(Heard::NotAnEvent(rule)),
        Err(Unreadable::NotVouched) => Err(Refusal::TypeNotVouched),
    }
}

fn proof_of<'b>(
    config: &TenantConfig,
    key: &ConnectionKey,
    unverified: Unverified<'b>,
) -> Result<Verified<Body<'b>>, Refusal> {
    let connection: Option<&Connection> = config.connections.get(&key.name);
    let Some(connection) = connection.filter(|connection| connection.account.takes_webhooks()) else {
        return Err(Refusal::CredentialUnknown);
    };
    let context = Context { tenant: key.tenant.as_str(), connection: key.name.as_str() };
    prove(connection.account.specification(), &connection.proofs, unverified, context)
}

fn refused(key: &ConnectionKey, refusal: Refusal) -> Answer {
    warn!(event = "webhook_refused", tenant = %key.tenant, connection = %key.name, reason = refusal.code());
    if refusal.is_ours() { Answer::unavailable() } else { Answer::refused() }
}

fn cannot_tell(key: &ConnectionKey, error: VaultError) -> Answer {
    match error {
        VaultError::Unknown => {
            warn!(event = "webhook_refused", reason = "unknown_tenant");
            Answer::refused()
        }
        VaultError::Unavailable(cause) => {
            error!(event = "vault_unavailable", tenant = %key.tenant, cause);
            Answer::unavailable()
        }
    }
}
