//! The token endpoint's request, judged, and its two answers.

use secrecy::zeroize::Zeroizing;
use subtle::Choice;
use thiserror::Error;
use url::form_urlencoded;

use super::super::authorization::{self, Pair};
use super::super::credentials::{Client, Proofs};
use super::super::request::{Context, Header};
use super::{LIFE, issue};

/// A real request has some 200 bytes.
const LONGEST: usize = 8 * 1024;

/// A fresh token. Its JSON is the answer's body; send it with `cache-control: no-store`.
pub struct Grant {
    token: Zeroizing<String>,
}

#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{}", self.code())]
pub enum TokenRefusal {
    InvalidRequest,
    InvalidClient,
    UnsupportedGrantType,
    /// Ours: no client is configured for this connection.
    NothingConfigured,
}

/// A request that asks for what can be granted: the client's id and secret, in each spelling that may have been meant.
///
/// It is judged before anything is known of the name that it is sent to: a bad form is the same for every name.
pub struct TokenRequest {
    spellings: Vec<Pair>,
}

#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    client_id: Option<Zeroizing<String>>,
    client_secret: Option<Zeroizing<String>>,
}

impl Form {
    fn read(body: &[u8]) -> Result<Self, TokenRefusal> {
        if body.len() > LONGEST || std::str::from_utf8(body).is_err() {
            return Err(TokenRefusal::InvalidRequest);
        }
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            // RFC 6749 §3.2: a parameter stands once.
            let before = match &*name {
                "grant_type" => form.grant_type.replace(value.into_owned()).is_some(),
                "client_id" => form.client_id.replace(Zeroizing::new(value.into_owned())).is_some(),
                "client_secret" => form.client_secret.replace(Zeroizing::new(value.into_owned())).is_some(),
                _ => false,
            };
            if before {
                return Err(TokenRefusal::InvalidRequest);
            }
        }
        Ok(form)
    }
}

impl TokenRequest {
    /// Judges the form of a request.
    ///
    /// # Errors
    /// [`TokenRefusal::InvalidRequest`], [`TokenRefusal::UnsupportedGrantType`], or
    /// [`TokenRefusal::InvalidClient`] where no client says who it is.
    pub fn read(headers: &[Header<'_>], body: &[u8]) -> Result<Self, TokenRefusal> {
        let form = Form::read(body)?;
        let request = Self::presented(headers, &form)?;
        match form.grant_type.as_deref() {
            None | Some("") => Err(TokenRefusal::InvalidRequest),
            Some("client_credentials") => Ok(request),
            Some(_) => Err(TokenRefusal::UnsupportedGrantType),
        }
    }

    /// Grants a token to a client of this connection.
    ///
    /// # Errors
    /// [`TokenRefusal::InvalidClient`] or [`TokenRefusal::NothingConfigured`].
    pub fn grant(&self, proofs: &Proofs, received_at: i64, context: Context<'_>) -> Result<Grant, TokenRefusal> {
        let usable = |client: &&Client| !client.client_id.is_empty() && !client.client_secret.is_empty();
        if !proofs.oauth2.iter().any(|client| usable(&client)) {
            return Err(TokenRefusal::NothingConfigured);
        }
        // Every client is compared whole, whatever the others found.
        let mut known = None;
        for client in proofs.oauth2.iter().filter(usable) {
            if bool::from(self.compare(client)) {
                known = known.or(Some(client));
            }
        }
        let client = known.ok_or(TokenRefusal::InvalidClient)?;
        Ok(Grant { token: Zeroizing::new(issue(client, &context, received_at)) })
    }

    fn presented(headers: &[Header<'_>], form: &Form) -> Result<Self, TokenRefusal> {
        if authorization::is_present(headers) {
            if form.client_secret.is_some() || form.client_id.is_some() {
                return Err(TokenRefusal::InvalidRequest);
            }
            let pair = authorization::basic(headers).map_err(|_| TokenRefusal::InvalidClient)?;
            return Ok(Self::in_header(pair));
        }
        let (Some(id), Some(secret)) = (&form.client_id, &form.client_secret) else {
            return Err(TokenRefusal::InvalidClient);
        };
        let bytes = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
        Ok(Self { spellings: vec![Pair { user: bytes(id), password: bytes(secret) }] })
    }

    /// RFC 6749 §2.3.1 encodes id and secret before they are joined; many senders do not. Both are tried.
    fn in_header(pair: Pair) -> Self {
        let decoded = Pair { user: decode(&pair.user), password: decode(&pair.password) };
        Self { spellings: vec![pair, decoded] }
    }

    fn compare(&self, client: &Client) -> Choice {
        let fits = |pair: &Pair| client.client_id.compare(&pair.user) & client.client_secret.compare(&pair.password);
        let each = self.spellings.iter().map(fits);
        each.fold(Choice::from(0), |any, fits| any | fits)
    }
}

fn decode(text: &[u8]) -> Zeroizing<Vec<u8>> {
    // A name without "=" is one decoded pair whose value is empty; "&" and "=" cannot be meant.
    let mut pairs = form_urlencoded::parse(text);
    Zeroizing::new(pairs.next().map(|(name, _)| name.into_owned().into_bytes()).unwrap_or_default())
}

impl Grant {
    /// `{"access_token": …, "token_type": "Bearer", "expires_in": 600}`. The token needs no escaping.
    pub fn json(&self) -> String {
        format!(r#"{{"access_token":"{}","token_type":"Bearer","expires_in":{LIFE}}}"#, &*self.token)
    }
}

impl TokenRefusal {
    /// OAuth2's word (RFC 6749 §5.2); ours for what it does not know.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::NothingConfigured => "temporarily_unavailable",
        }
    }

    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::UnsupportedGrantType => 400,
            Self::InvalidClient => 401,
            Self::NothingConfigured => 503,
        }
    }

    /// The answer's body.
    pub fn json(self) -> String {
        format!(r#"{{"error":"{}"}}"#, self.code())
    }
}
