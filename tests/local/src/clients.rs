//! AWS clients of the stack itself and of tests: one endpoint or a real account, with time limits.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::{Builder, tls};

/// Clients of the three services.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    pub(crate) table: aws_sdk_dynamodb::Client,
    pub(crate) queues: aws_sdk_sqs::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
}

impl Clients {
    /// `endpoint`: one for all services; without it the services' own hosts.
    pub(crate) fn new(endpoint: Option<&str>, region: &str, credentials: Credentials) -> Self {
        let http = http();
        // a long poll lasts 20 s
        let limits = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_attempt_timeout(Duration::from_secs(25))
            .build();
        macro_rules! client {
            ($sdk:ident) => {{
                let mut config = $sdk::Config::builder()
                    .behavior_version(BehaviorVersion::v2026_01_12())
                    .region(Region::new(region.to_owned()))
                    .credentials_provider(credentials.clone())
                    .http_client(http.clone())
                    .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
                    .timeout_config(limits.clone());
                config.set_endpoint_url(endpoint.map(str::to_owned));
                $sdk::Client::from_conf(config.build())
            }};
        }
        Self {
            table: client!(aws_sdk_dynamodb),
            queues: client!(aws_sdk_sqs),
            secrets: client!(aws_sdk_secretsmanager),
        }
    }
}

fn http() -> SharedHttpClient {
    Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https()
}

/// The environment's credentials for another endpoint; else some that the embedded parts do not look at.
pub(crate) fn credentials(embedded: bool) -> Credentials {
    let of = |name: &str| std::env::var(name).ok().filter(|value| !embedded && !value.is_empty());
    match (of("AWS_ACCESS_KEY_ID"), of("AWS_SECRET_ACCESS_KEY")) {
        (Some(id), Some(secret)) => Credentials::new(id, secret, of("AWS_SESSION_TOKEN"), None, "environment"),
        (Some(_) | None, _) => Credentials::new("local", "local", None, None, "local"),
    }
}
