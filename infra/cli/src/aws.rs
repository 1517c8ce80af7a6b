//! AWS as the operator is known there: a profile, single sign-on, the environment.

use aws_config::{BehaviorVersion, SdkConfig};
use clap::Args;
use idv_gateway::adapters::aws;

/// Which account, and where it is.
#[derive(Args, Default)]
pub(crate) struct Account {
    /// Another endpoint than AWS's own, such as that of `idv local`.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// The profile of the AWS configuration.
    #[arg(long)]
    pub(crate) profile: Option<String>,
}

impl Account {
    /// What clients are made from.
    pub(crate) async fn config(&self) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(aws::http_client());
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        loader.load().await
    }
}
