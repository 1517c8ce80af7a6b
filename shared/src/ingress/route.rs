//! Which of our own paths it is. Names outside their alphabet are names that do not exist.

use crate::domain::{ConnectionKey, ConnectionName, Tenant};

/// A path, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `POST /v1/webhooks/{tenant}/{connection}[/{key}]`
    Webhook { connection: ConnectionKey, key: Option<String> },
    /// `POST /v1/oauth/{tenant}/{connection}/token`
    Token { connection: ConnectionKey },
    /// `GET /v1/return/{tenant}/{connection}`
    Return { connection: ConnectionKey },
    /// `GET /v1/go/{tenant}/{connection}/{ticket}`
    Go { connection: ConnectionKey, ticket: String },
    /// One of ours, with names that cannot exist.
    Nameless,
    /// One of ours, but not by this method.
    WrongMethod,
    /// None of ours: perhaps an alias.
    Other,
}

impl Route {
    pub(super) fn of(method: &str, path: &str) -> Self {
        let segments: Vec<&str> = path.split('/').collect();
        let route = match segments.as_slice() {
            ["", "v1", "webhooks", tenant, name] => {
                named(tenant, name).map(|connection| Self::Webhook { connection, key: None })
            }
            ["", "v1", "webhooks", tenant, name, key] => {
                named(tenant, name).map(|connection| Self::Webhook { connection, key: Some((*key).to_owned()) })
            }
            ["", "v1", "oauth", tenant, name, "token"] => {
                named(tenant, name).map(|connection| Self::Token { connection })
            }
            ["", "v1", "return", tenant, name] => named(tenant, name).map(|connection| Self::Return { connection }),
            ["", "v1", "go", tenant, name, ticket] => {
                named(tenant, name).map(|connection| Self::Go { connection, ticket: (*ticket).to_owned() })
            }
            ["", "v1", ..] => None,
            _ => return Self::Other,
        };
        match route {
            Some(route) if method != route.method() => Self::WrongMethod,
            Some(route) => route,
            None => Self::Nameless,
        }
    }

    /// A person's browser reads, everybody else posts.
    const fn method(&self) -> &'static str {
        match self {
            Self::Return { .. } | Self::Go { .. } => "GET",
            Self::Webhook { .. } | Self::Token { .. } | Self::Nameless | Self::WrongMethod | Self::Other => "POST",
        }
    }
}

fn named(tenant: &str, name: &str) -> Option<ConnectionKey> {
    Some(ConnectionKey { tenant: Tenant::parse(tenant).ok()?, name: ConnectionName::parse(name).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_paths_are_ours() {
        let nameless = [
            "/v1",
            "/v1/",
            "/v1/webhooks",
            "/v1/webhooks/acme",
            "/v1/webhooks/acme/ondato/key/more",
            "/v1/webhooks/Acme/ondato",
            "/v1/webhooks/acme/../ondato",
            "/v1/webhooks//ondato",
            "/v1/webhooks/acme%2Fondato/x/y",
            "/v1/oauth/acme/ondato",
            "/v1/oauth/acme/ondato/token/",
        ];
        for path in nameless {
            assert_eq!(Route::of("POST", path), Route::Nameless, "{path}");
        }
        assert!(matches!(Route::of("POST", "/v1/webhooks/acme/ondato"), Route::Webhook { key: None, .. }));
        assert!(matches!(Route::of("POST", "/v1/webhooks/acme/ondato/k"), Route::Webhook { key: Some(_), .. }));
        assert!(matches!(Route::of("POST", "/v1/oauth/acme/ondato/token"), Route::Token { .. }));
        assert!(matches!(Route::of("GET", "/v1/return/acme/fractal"), Route::Return { .. }));
        assert!(matches!(Route::of("GET", "/v1/go/acme/fractal/t"), Route::Go { .. }));
        assert_eq!(Route::of("POST", "/v1/return/acme/fractal"), Route::WrongMethod);
        assert_eq!(Route::of("GET", "/v1/webhooks/acme/ondato"), Route::WrongMethod);
        assert_eq!(Route::of("POST", "/dcs/kyc2/webhook/notify/ClientA"), Route::Other);
    }
}
