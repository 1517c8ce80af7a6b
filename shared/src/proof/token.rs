//! Our own OAuth2 tokens (RFC 6749 §4.4, client credentials), for providers that fetch one before they
//! call the webhook (Ondato's `oAuth2` mode, Onfido's second gate).
//!
//! Stateless: `idv1.<time of issue>.<mac>`, where the MAC is keyed by the client's secret and covers
//! tenant, connection, client id and time. A token therefore dies with its client entry, is worth
//! nothing elsewhere, and holds nothing to read. There is no algorithm, key id or issuer in it, so
//! there is nothing to confuse.
//!
//! | at the endpoint | answer |
//! | --- | --- |
//! | body over 8 KiB, not a form, a member twice, both places at once, no `grant_type` | 400 `invalid_request` |
//! | another grant | 400 `unsupported_grant_type` |
//! | no client, an unknown one, a wrong secret (the same bytes, the same work) | 401 `invalid_client` |
//! | no client configured | 503 |
//!
//! What Ondato really sends is not documented (providers/ondato.md §3.2): both places of the client's
//! credentials are taken, unknown members are ignored.

use data_encoding::BASE64URL_NOPAD;
use ring::hmac;
use subtle::{Choice, ConstantTimeEq};

use super::Refusal;
use super::credentials::Client;
use super::request::Context;

mod endpoint;

pub use endpoint::{Grant, TokenRefusal, TokenRequest};

/// Seconds (design §5).
pub const LIFE: i64 = 600;
/// Seconds: function instances do not share a clock.
const SKEW: i64 = 30;
const PREFIX: &str = "idv1";
const LABEL: &str = "idv-gateway oauth2 access token 1";

pub(super) struct Presented {
    issued_at: i64,
    mac: Vec<u8>,
}

fn issue(client: &Client, context: &Context<'_>, now: i64) -> String {
    let mac = mac(client, context, now);
    let issued_at = BASE64URL_NOPAD.encode(&now.to_be_bytes());
    format!("{PREFIX}.{issued_at}.{}", BASE64URL_NOPAD.encode(mac.as_ref()))
}

pub(super) fn read(token: &[u8]) -> Result<Presented, Refusal> {
    let malformed = Refusal::CredentialMalformed;
    let mut parts = token.split(|byte| *byte == b'.');
    let (prefix, time, mac, more) = (parts.next(), parts.next(), parts.next(), parts.next());
    if prefix != Some(PREFIX.as_bytes()) || more.is_some() {
        return Err(malformed);
    }
    let time = BASE64URL_NOPAD.decode(time.ok_or(malformed)?).map_err(|_| malformed)?;
    let mac = BASE64URL_NOPAD.decode(mac.ok_or(malformed)?).map_err(|_| malformed)?;
    let issued_at = i64::from_be_bytes(time.try_into().map_err(|_| malformed)?);
    if mac.len() == hmac::HMAC_SHA256.digest_algorithm().output_len() {
        Ok(Presented { issued_at, mac })
    } else {
        Err(malformed)
    }
}

impl Presented {
    pub(super) fn compare(&self, client: &Client, context: &Context<'_>) -> Choice {
        mac(client, context, self.issued_at).as_ref().ct_eq(&self.mac)
    }

    /// Only of a token whose MAC fits.
    pub(super) fn in_life(&self, now: i64) -> Result<(), Refusal> {
        let age = now.saturating_sub(self.issued_at);
        if age >= LIFE {
            Err(Refusal::TokenExpired)
        } else if age < -SKEW {
            Err(Refusal::TokenAhead)
        } else {
            Ok(())
        }
    }
}

/// Each part is preceded by its length, so that no two bindings have the same bytes.
fn mac(client: &Client, context: &Context<'_>, issued_at: i64) -> hmac::Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, client.client_secret.expose());
    let mut mac = hmac::Context::with_key(&key);
    let parts = [LABEL.as_bytes(), context.tenant.as_bytes(), context.connection.as_bytes(), client.client_id.expose()];
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.update(&issued_at.to_be_bytes());
    mac.sign()
}
