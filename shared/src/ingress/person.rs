//! A person's browser on its way to a provider and back. Nothing is exchanged here: the code is sealed into a notice.
//!
//! A forged or old state or ticket is answered with a plain page, no redirect, no queue: no one can be sent anywhere
//! that we have not sealed ourselves. The end of the way is the tenant's own address, allowed when the run began.

use std::time::Duration;

use tracing::{error, warn};
use url::form_urlencoded;

use crate::domain::{ConnectionKey, Declined, Evidence, Notice, Returned};
use crate::ports::VaultError;
use crate::state::Carrier;

use super::{Answer, Arrival, Ingress};

/// A person may open the link in its last moment and take so long at the provider.
const LATE: Duration = Duration::from_secs(24 * 3600);

impl Ingress {
    pub(super) async fn person_returns(&self, key: &ConnectionKey, arrival: &Arrival) -> Answer {
        let config = match self.gateway.vault.tenant(&key.tenant).await {
            Ok(config) => config,
            Err(error) => return not_now(error),
        };
        let carrier = Carrier { config: &config, connection: key, entropy: &*self.gateway.world.entropy };
        let now = self.gateway.now();
        let Some(connection) = config.connection(&key.name) else {
            let told = config.can_tell(&key.name).is_ok() && !config.connections.contains_key(&key.name);
            return if told { page(PAST) } else { Answer::unavailable() };
        };
        let way = connection.account.way_back();
        let code = query(arrival, way.code);
        let by_query = query(arrival, "state");
        let by_cookie = cookie(arrival, key).filter(|_| code.is_none() || !way.with_state);
        let mut carried =
            if way.with_state { [by_query, by_cookie] } else { [by_cookie, by_query] }.into_iter().flatten();
        let Some(state) = carried.find_map(|sealed| carrier.open_state(&sealed, now).ok()) else {
            warn!(event = "return_refused", tenant = %key.tenant, connection = %key.name);
            return page(PAST);
        };
        let notice = Notice::due(key.clone(), state.onboarding.clone(), Evidence::App);
        let notice = match (code.and_then(|code| carrier.seal_code(&code, now).ok()), query(arrival, "error")) {
            (Some(code), _) => Notice { returned: Some(Returned { nonce: state.nonce.clone(), code }), ..notice },
            (None, Some(error)) if error == DENIED => {
                Notice { declined: Some(Declined { nonce: state.nonce.clone() }), ..notice }
            }
            (None, Some(error)) => {
                warn!(event = "return_error", tenant = %key.tenant, connection = %key.name, error = error_of(&error));
                notice
            }
            (None, None) => notice,
        };
        match self.gateway.bells.notify(&notice, Duration::ZERO).await {
            Ok(()) => redirect(&state.return_url),
            Err(failure) => {
                error!(event = "queue_down", tenant = %key.tenant, cause = failure.0);
                Answer::unavailable()
            }
        }
    }

    pub(super) async fn person_goes(&self, key: &ConnectionKey, ticket: &str) -> Answer {
        let config = match self.gateway.vault.tenant(&key.tenant).await {
            Ok(config) => config,
            Err(error) => return not_now(error),
        };
        let carrier = Carrier { config: &config, connection: key, entropy: &*self.gateway.world.entropy };
        let Ok(ticket) = carrier.open_ticket(ticket, self.gateway.now()) else {
            warn!(event = "ticket_refused", tenant = %key.tenant, connection = %key.name);
            return page(PAST);
        };
        let mut answer = redirect(&ticket.url);
        // What is in it says itself when it is over: a day after the link, at least.
        let age = (ticket.expires_at + LATE).since(self.gateway.now()).as_secs();
        let name = cookie_of(key);
        let cookie = format!("{name}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}", ticket.state);
        answer.headers.push(("set-cookie", cookie));
        answer
    }
}

fn not_now(error: VaultError) -> Answer {
    match error {
        VaultError::Unknown => page(PAST),
        VaultError::Unavailable(_) => Answer::unavailable(),
    }
}

/// The person refused (RFC 6749 §4.1.2.1).
const DENIED: &str = "access_denied";
const PAST: &str = "This link is no longer valid. Please go back to where you came from and begin again.";

fn query(arrival: &Arrival, name: &str) -> Option<String> {
    let mut found = form_urlencoded::parse(arrival.query.as_bytes()).filter(|(own, _)| own == name);
    let first = found.next()?.1.into_owned();
    found.next().is_none().then_some(first).filter(|value| !value.is_empty())
}

/// `__Host-`: over https, for this origin, for every path. Lax: the provider's redirect is a navigation. One for each
/// connection, so that two ways of one browser do not meet.
fn cookie_of(key: &ConnectionKey) -> String {
    format!("__Host-idv-state.{}.{}", key.tenant, key.name)
}

/// OAuth2's own words (RFC 6749 §4.1.2.1): what a browser brings is not logged.
fn error_of(text: &str) -> &'static str {
    const WORDS: [&str; 7] = [
        "access_denied",
        "invalid_request",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_response_type",
    ];
    WORDS.into_iter().find(|word| *word == text).unwrap_or("other")
}

fn cookie(arrival: &Arrival, key: &ConnectionKey) -> Option<String> {
    let own = cookie_of(key);
    let headers = arrival.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"cookie"));
    let pairs = headers.filter_map(|(_, value)| std::str::from_utf8(value).ok()).flat_map(|value| value.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == own)
        .map(|(_, value)| value.to_owned())
}

fn redirect(url: &str) -> Answer {
    let headers = [("location", url), ("cache-control", "no-store"), ("referrer-policy", "no-referrer")];
    let headers = headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    Answer { status: 303, headers, body: String::new() }
}

fn page(text: &str) -> Answer {
    let headers = [
        ("content-type", "text/plain; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
    ];
    let headers = headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    Answer { status: 400, headers, body: text.to_owned() }
}
