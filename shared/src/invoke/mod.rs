//! The onboarding-initiator: what an app may ask, and what it is answered.
//!
//! Who may act for which tenant is decided by the alias the app was allowed to invoke, before anything is read. Bad
//! input names its field and makes nothing. What writes is idempotent (`claim.rs`): the intent is in the ledger before
//! the provider is called, the link is kept sealed only.
//!
//! | we die | what the same request finds |
//! | --- | --- |
//! | after the claim | the claim lapses; the next try uses the onboarding id that it chose |
//! | after the intent, before or after the provider's "created" | the intent without a run: recovered where the provider can tell, else begun anew |
//! | after the commit | the link |

mod act;
pub mod answer;
mod claim;
pub mod drop_in;
pub(crate) mod erase;
mod link;
mod read;
pub mod renew;
pub mod request;
mod resume;
mod run;
mod start;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tracing::{info, warn};
use url::Url;

use crate::domain::{ConnectionName, ErrorCode, Onboarding, OnboardingId, OnboardingKey, Tenant};
use crate::gateway::Gateway;
use crate::ports::{Connection, TenantConfig};

use self::answer::Refusal;
pub use self::claim::{CLAIM_DEADLINE, REMEMBERED};
use self::request::{Action, Request};

/// All calls of one request end within this: an app waits, and the function ends after 29 s.
pub const CALLS: Duration = Duration::from_secs(21);
/// What one piece of its work may take of that.
pub const BUDGET: Duration = Duration::from_secs(16);
/// A return URL is kept beside its link, whose room is bounded.
const RETURN_URL: usize = 2048;
/// What a look before the real work may take of it.
const LOOK: Duration = Duration::from_secs(8);

/// Answers apps.
pub struct Initiator {
    gateway: Gateway,
    require_alias: bool,
}

impl Initiator {
    /// An initiator on those ports. With `require_alias` the unqualified function acts for nobody.
    #[must_use]
    pub const fn new(gateway: Gateway, require_alias: bool) -> Self {
        Self { gateway, require_alias }
    }

    /// Answers one request. `qualifier` is the alias that was invoked, from the invoked function's ARN.
    /// The alias [`drop_in::ALIAS`] has its payload read as an HTTP event, and nothing else has.
    pub async fn answer(&self, qualifier: Option<&str>, request: Value) -> Value {
        if qualifier == Some(drop_in::ALIAS) {
            return self.drop_in(request).await;
        }
        match self.answered(qualifier, request).await {
            Ok(answer) => answer,
            Err(refusal) => {
                info!(event = "refused", code = %refusal.code());
                refusal.json()
            }
        }
    }

    async fn answered(&self, qualifier: Option<&str>, request: Value) -> Result<Value, Refusal> {
        let request = Request::read(request)?;
        self.authorize(qualifier, &request.tenant)?;
        let within = Self { gateway: self.gateway.within(CALLS), ..*self };
        let config = self.gateway.vault.tenant(&request.tenant).await?;
        if !config.enabled {
            return Err(Refusal::new(ErrorCode::Forbidden, "the tenant is switched off"));
        }
        Box::pin(within.act(&config, request.action)).await
    }

    async fn act(&self, config: &Arc<TenantConfig>, action: Action) -> Result<Value, Refusal> {
        match action {
            Action::Start(wish) => json(&self.start(config, wish).await?),
            Action::Resume(wish) => json(&self.resume(config, wish).await?),
            Action::Submit(wish) => json(&self.submit(config, wish).await?),
            Action::Get(wish) => json(&self.get(config, wish).await?),
            Action::Timeline(wish) => json(&self.timeline(config, wish).await?),
            Action::List(wish) => json(&self.list(config, wish).await?),
            Action::UpdateContact(wish) => json(&self.update_contact(config, wish).await?),
            Action::Cancel(wish) => json(&self.cancel(config, wish).await?),
            Action::Erase(wish) => json(&self.erase(config, wish).await?),
        }
    }

    /// The alias `t-{tenant}` acts for that tenant alone; compared before anything is read.
    fn authorize(&self, qualifier: Option<&str>, tenant: &Tenant) -> Result<(), Refusal> {
        let alias = qualifier.and_then(|qualifier| qualifier.strip_prefix("t-"));
        let allowed = match alias {
            Some(own) => own == tenant.as_str(),
            None => !self.require_alias,
        };
        if allowed {
            return Ok(());
        }
        warn!(event = "forbidden", tenant = %tenant);
        Err(Refusal::new(ErrorCode::Forbidden, "this caller may not act for this tenant").of_field("tenant"))
    }

    /// An onboarding of this tenant that is not erased, with its connection.
    async fn existing<'a>(
        &self,
        config: &'a TenantConfig,
        id: &OnboardingId,
    ) -> Result<(Onboarding, &'a Connection), Refusal> {
        let key = OnboardingKey { tenant: config.tenant.clone(), id: id.clone() };
        let found = self.gateway.ledger.read(&key).await?.filter(|found| found.erased_at.is_none());
        let onboarding = found.ok_or_else(no_onboarding)?;
        let connection = connection_of(config, &onboarding.identity.connection)?;
        Ok((onboarding, connection))
    }
}

fn no_onboarding() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "there is no such onboarding").of_field("onboarding_id")
}

fn connection_of<'a>(config: &'a TenantConfig, name: &ConnectionName) -> Result<&'a Connection, Refusal> {
    config.can_tell(name)?;
    config.connection(name).ok_or_else(no_connection)
}

fn no_connection() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "there is no such connection, or it is off").of_field("connection")
}

/// `details`, `cancel` and `erase` must be listed in the tenant's settings.
fn allowed(config: &TenantConfig, action: &str) -> Result<(), Refusal> {
    if config.allowed_actions.contains(action) {
        return Ok(());
    }
    Err(Refusal::new(ErrorCode::Forbidden, format!("{action} is not in the tenant's allowed_actions")))
}

/// A return URL is allowed by scheme, host and port exactly, and by whole segments of the path.
fn return_url(config: &TenantConfig, text: Option<&str>) -> Result<Option<Url>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    if text.len() > RETURN_URL {
        return Err(Refusal::field("return_url", "is longer than 2048 characters"));
    }
    let url = crate::section::absolute_url(text).map_err(|rule| Refusal::field("return_url", rule))?;
    if is_covered(config, &url) {
        return Ok(Some(url));
    }
    Err(Refusal::field("return_url", "is not covered by the tenant's return_urls"))
}

/// Whether the tenant's list still covers an address that it once did.
fn is_covered(config: &TenantConfig, url: &Url) -> bool {
    config.return_urls.iter().any(|allowed| covers(allowed, url))
}

fn covers(allowed: &Url, url: &Url) -> bool {
    let prefix = allowed.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(prefix);
    allowed.origin() == url.origin() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn json<T: Serialize>(answer: &T) -> Result<Value, Refusal> {
    serde_json::to_value(answer).map_err(|_| Refusal::new(ErrorCode::Internal, "the answer cannot be written"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops loudly")]

    use super::*;

    #[test]
    fn return_urls_are_compared_by_whole_segments() {
        let cases = [
            ("https://app.example.com/", "https://app.example.com/done?x=1", true),
            ("https://app.example.com/kyc", "https://app.example.com/kyc", true),
            ("https://app.example.com/kyc", "https://app.example.com/kyc/done", true),
            ("https://app.example.com/kyc/", "https://app.example.com/kyc", true),
            ("https://app.example.com/kyc", "https://app.example.com/kycx", false),
            ("https://app.example.com/kyc", "https://app.example.com/kyc/../admin", false),
            ("https://app.example.com/", "https://app.example.com.evil.example/", false),
            ("https://app.example.com/", "http://app.example.com/", false),
            ("https://app.example.com/", "https://app.example.com:8443/", false),
            ("https://app.example.com/", "https://sub.app.example.com/", false),
        ];
        for (allowed, asked, expected) in cases {
            let covered = covers(&Url::parse(allowed).unwrap(), &Url::parse(asked).unwrap());
            assert_eq!(covered, expected, "{allowed} {asked}");
        }
    }
}
