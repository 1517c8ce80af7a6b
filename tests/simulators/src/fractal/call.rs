//! A call as it arrived, and an answer before it meets the rules.

use std::net::SocketAddr;

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{records::Endpoint, settings::Generation};
use crate::{answers::Plain, call, server};

/// Each is an origin of its own (§2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// The front end: the authorize page.
    App,
    Auth,
    Resource,
    Verifier,
    Relay,
}

impl Host {
    const ALL: [Self; 5] = [Self::App, Self::Auth, Self::Resource, Self::Verifier, Self::Relay];

    /// Of verifier and relay; the classic hosts have none.
    pub(crate) fn generation(self) -> Generation {
        match self {
            Self::App | Self::Auth | Self::Resource => Generation::Classic,
            Self::Verifier => Generation::Verifier,
            Self::Relay => Generation::Relay,
        }
    }
}

/// Origins.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BaseUrls {
    pub app: String,
    pub auth: String,
    pub resource: String,
    pub verifier: String,
    pub relay: String,
}

impl BaseUrls {
    pub(crate) fn set(&mut self, host: Host, address: SocketAddr) {
        let member = match host {
            Host::App => &mut self.app,
            Host::Auth => &mut self.auth,
            Host::Resource => &mut self.resource,
            Host::Verifier => &mut self.verifier,
            Host::Relay => &mut self.relay,
        };
        *member = format!("http://{address}");
    }
}

/// On free ports, or on consecutive ones from `first`.
pub(crate) async fn bind_all(first: u16) -> std::io::Result<Vec<(Host, TcpListener)>> {
    let mut listeners = Vec::new();
    for (host, step) in Host::ALL.into_iter().zip(0_u16..) {
        let port = if first == 0 { 0 } else { first.saturating_add(step) };
        listeners.push((host, server::bind(port).await?));
    }
    Ok(listeners)
}

pub(crate) type Call = call::Call<Host>;

/// Which endpoint it is, with the id in the path and what follows it.
pub(crate) struct Route<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) id: &'a str,
    pub(crate) rest: &'a str,
}

impl Call {
    pub(crate) fn route(&self) -> Route<'_> {
        let segments: Vec<&str> = self.path.trim_start_matches('/').split('/').collect();
        let of = |endpoint, id, rest| Route { endpoint, id, rest };
        match (self.host, self.method.as_str(), segments.as_slice()) {
            (Host::Auth, "POST", ["oauth", "token"]) => of(self.grant(), "", ""),
            (Host::Resource, "GET", ["v2", "users", "me"] | ["users", "me"]) => of(Endpoint::UsersMe, "", ""),
            (Host::Resource, "GET", ["v2", "stats", name]) => of(stats(name), "", ""),
            (Host::Resource, "GET", ["files", id, field]) => of(Endpoint::File, id, field),
            (Host::Verifier | Host::Relay, method, segments) => kyc(method, segments),
            (Host::App | Host::Auth | Host::Resource, _, _) => of(Endpoint::Unknown, "", ""),
        }
    }

    fn grant(&self) -> Endpoint {
        match self.parameter("grant_type").as_deref() {
            Some("authorization_code") => Endpoint::ExchangeCode,
            Some("refresh_token") => Endpoint::RefreshToken,
            Some("client_credentials") => Endpoint::MachineToken,
            Some(_) | None => Endpoint::Unknown,
        }
    }

    /// Of the token call: in a form, in JSON, or in the query. The documentation does not agree with itself (§3.3).
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let by_json = || self.object()?.get(name)?.as_str().map(str::to_owned);
        self.form(name).or_else(by_json).or_else(|| self.query(name))
    }
}

fn stats(name: &str) -> Endpoint {
    match name {
        "total-verifications" => Endpoint::TotalVerifications,
        "country-verifications" => Endpoint::CountryVerifications,
        "user-verifications" => Endpoint::UserVerifications,
        _ => Endpoint::Unknown,
    }
}

fn kyc<'a>(method: &str, segments: &[&'a str]) -> Route<'a> {
    let of = |endpoint, id, rest| Route { endpoint, id, rest };
    match (method, segments) {
        ("GET", ["public", "kyc", "token", token]) => of(Endpoint::KycToken, token, ""),
        ("GET", ["public", "kyc", id, "status"]) => of(Endpoint::KycStatus, id, ""),
        ("GET", ["public", "kyc", id, "data"]) => of(Endpoint::KycData, id, ""),
        ("GET", ["public", "kyc", id, "file", kind]) => of(Endpoint::KycFile, id, kind),
        ("POST", ["providers", "sumsub", "sharedToken"]) => of(Endpoint::CreateSharedToken, "", ""),
        ("GET", ["providers", "sumsub", "sharedToken", id]) => of(Endpoint::GetSharedToken, id, ""),
        (_, _) => of(Endpoint::Unknown, "", ""),
    }
}

/// An answer before it meets the rules.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Option<Value>,
    /// A file instead: its type and bytes.
    pub(crate) file: Option<(&'static str, Vec<u8>)>,
}

const GRANT: &str = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used \
                     in the authorization request, or was issued to another client.";

impl Reply {
    pub(super) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body: Some(body), file: None }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    pub(super) fn file(content_type: &'static str, bytes: Vec<u8>) -> Self {
        Self { status: StatusCode::OK, body: None, file: Some((content_type, bytes)) }
    }

    /// In the form of RFC 6749 §5.2; the exact texts are assumed (§3.3).
    fn error(status: StatusCode, error: &str, description: &str) -> Self {
        Self::new(status, json!({"error": error, "error_description": description}))
    }

    pub(super) fn invalid_grant() -> Self {
        Self::error(StatusCode::BAD_REQUEST, "invalid_grant", GRANT)
    }

    pub(super) fn invalid_client() -> Self {
        Self::error(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed.")
    }

    pub(super) fn invalid_scope() -> Self {
        let description = "The requested scope is invalid, unknown, or malformed.";
        Self::error(StatusCode::BAD_REQUEST, "invalid_scope", description)
    }

    pub(super) fn unsupported_grant() -> Self {
        let description = "The authorization grant type is not supported by the authorization server.";
        Self::error(StatusCode::BAD_REQUEST, "unsupported_grant_type", description)
    }

    /// Not stated; RFC 6750 §3.1.
    pub(super) fn unauthorized() -> Self {
        Self::error(StatusCode::UNAUTHORIZED, "invalid_token", "The access token is invalid, expired or revoked.")
    }

    pub(super) fn scope_missing() -> Self {
        Self::error(StatusCode::FORBIDDEN, "insufficient_scope", "The token lacks the scope of this call.")
    }

    /// "Wrong token: non-2xx with a JSON body" is all that is known (§8.2).
    pub(super) fn refused(status: StatusCode, message: &str) -> Self {
        Self::new(status, json!({"error": {"message": message}}))
    }

    pub(crate) fn absent() -> Self {
        Self::refused(StatusCode::NOT_FOUND, "not found")
    }
}

impl From<Reply> for Plain {
    fn from(reply: Reply) -> Self {
        Self::new(reply.status, reply.body)
    }
}
