//! The one constructor of clients of AWS.
//!
//! The SDK's defaults would make a function that waits for ever on a silent server (proofs §1, measured: still pending
//! after 90 s), parses 144 root certificates at each cold start (performance §4: 8.7 M instructions) and brings a chain
//! of credential sources of which Lambda needs one. So: limits on connecting, on each attempt and on each operation;
//! one HTTP client on ring for all services, which trusts Amazon's five roots alone; region, credentials and endpoints
//! from the environment, read once. Credentials are fixed for the life of a process, as Lambda's are without SnapStart.
//!
//! Amazon's roots serve the commercial and GovCloud regions. The regions in China use other roots and are not supported.
//!
//! What goes wrong has one [`Cause`]; the SDK's own error texts, which may quote a request, are never shown.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use thiserror::Error;

use super::environment::{AwsEnvironment, Endpoints};
use crate::secret::Secret;

mod cause;
mod limits;

pub use self::cause::Cause;
pub use self::limits::{ATTEMPTS, CONNECT, Limits, PROVIDER_PATIENCE, Patience};

/// Amazon Root CA 1 to 4 and Starfield Services Root CA G2.
const ROOTS: &str = include_str!("aws/amazon_roots.pem");
/// Provider connections idle longer than this are not tried again: SQS and its neighbours close sooner or later, and a
/// function that was frozen in between pays one handshake (performance §2), no error.
const IDLE: Duration = Duration::from_secs(60);
/// Full jitter between nothing and this, doubled each time: three attempts stay inside an operation's limit.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// The environment's credentials are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the credentials in the environment are not UTF-8")]
pub struct NotText;

/// Makes clients that share one HTTP client.
pub struct Aws {
    config: SdkConfig,
    endpoints: Endpoints,
    patience: Patience,
}

impl Aws {
    /// As the environment says, with limits for what the function serves. Makes no call.
    ///
    /// # Errors
    /// The credentials are not text.
    pub fn new(environment: &AwsEnvironment, patience: Patience) -> Result<Self, NotText> {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(environment.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials(environment)?))
            .http_client(http_client())
            .sleep_impl(TokioSleep::new())
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(ATTEMPTS)
                    .with_initial_backoff(FIRST_PAUSE)
                    .with_max_backoff(LONGEST_PAUSE),
            )
            .build();
        Ok(Self { config, endpoints: environment.endpoints.clone(), patience })
    }

    /// For the ledger.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one constructor of clients")]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = self.config_for(self.endpoints.dynamodb.as_deref(), self.patience.ledger);
        aws_sdk_dynamodb::Client::new(&config)
    }

    /// For the bells.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one constructor of clients")]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = self.config_for(self.endpoints.sqs.as_deref(), self.patience.bells);
        aws_sdk_sqs::Client::new(&config)
    }

    /// For the vault.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one constructor of clients")]
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let config = self.config_for(self.endpoints.secrets_manager.as_deref(), self.patience.vault);
        aws_sdk_secretsmanager::Client::new(&config)
    }

    /// For tenants' event buses.
    #[cfg(feature = "eventbridge")]
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one constructor of clients")]
    pub fn eventbridge(&self) -> aws_sdk_eventbridge::Client {
        let config = self.config_for(self.endpoints.eventbridge.as_deref(), self.patience.targets);
        aws_sdk_eventbridge::Client::new(&config)
    }

    /// For tenants' queues.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one constructor of clients")]
    pub fn target_sqs(&self) -> aws_sdk_sqs::Client {
        let config = self.config_for(self.endpoints.sqs.as_deref(), self.patience.targets);
        aws_sdk_sqs::Client::new(&config)
    }

    /// Where SQS is, if it is not AWS's own: a queue's URL begins there.
    #[must_use]
    pub fn sqs_endpoint(&self) -> Option<&str> {
        self.endpoints.sqs.as_deref()
    }

    fn config_for(&self, endpoint: Option<&str>, limits: Limits) -> SdkConfig {
        let mut builder = self.config.to_builder().timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT)
                .operation_attempt_timeout(limits.attempt)
                .operation_timeout(limits.operation)
                .build(),
        );
        builder.set_endpoint_url(endpoint.map(str::to_owned));
        builder.build()
    }
}

fn credentials(environment: &AwsEnvironment) -> Result<Credentials, NotText> {
    let text = |secret: &Secret| secret.expose_text().map(str::to_owned).map_err(|_| NotText);
    let token = environment.session_token.as_ref().map(text).transpose()?;
    let key = text(&environment.secret_access_key)?;
    Ok(Credentials::new(environment.access_key_id.clone(), key, token, None, "environment"))
}

/// The one HTTP client for AWS, for who brings credentials of another kind: the operator's tool.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    let roots = TrustStore::empty().with_pem_certificate(ROOTS);
    let builder =
        aws_smithy_http_client::Builder::new().pool_idle_timeout(IDLE).tls_provider(Provider::Rustls(CryptoMode::Ring));
    match TlsContext::builder().with_trust_store(roots).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        // Not reachable in this version of the library; the system's roots are no less secure, only slower.
        Err(_) => builder.build_https(),
    }
}

#[cfg(test)]
mod tests;
