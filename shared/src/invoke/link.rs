//! Links and tokens: bearer secrets, kept sealed with the onboarding's own key and nowhere else.

use serde_json::{Value, json};
use url::Url;

use crate::delivery::payload::provider_ids;
use crate::domain::{Attempt, ErrorCode, Onboarding, OnboardingKey, Part, Standing, Status};
use crate::ports::{Entrance, TenantConfig};
use crate::seal::{Binding, NoRandomness, OnboardingKey as DataKey, Sealed, WrappedKey};

use super::Initiator;
use super::answer::{Link, Refusal, Sdk, Started};

impl Initiator {
    /// The onboarding's own key, made at the first need.
    pub(super) async fn data_key(&self, config: &TenantConfig, key: &OnboardingKey) -> Result<DataKey, Refusal> {
        let (tenant, id) = (key.tenant.as_str(), key.id.as_str());
        let wrapped = match self.gateway.ledger.key(key).await? {
            Some(wrapped) => wrapped,
            None => {
                let fill = |bytes: &mut [u8]| self.fill(bytes);
                let fresh = DataKey::generate(&fill).map_err(unsealable)?;
                let wrapped = fresh.wrap(&config.sealing_keys, &fill, tenant, id).map_err(unsealable)?;
                self.gateway.ledger.put_key(key, wrapped.as_str()).await?
            }
        };
        unwrapped(config, key, wrapped)
    }

    /// Seals an entrance for the ledger.
    pub(super) fn seal_entrance(
        &self,
        data_key: &DataKey,
        key: &OnboardingKey,
        attempt: u8,
        entrance: &Entrance,
        return_url: Option<&Url>,
    ) -> Result<String, Refusal> {
        let text = |secret: &crate::secret::Secret| secret.expose_text().map(str::to_owned).map_err(unsealable);
        // The return URL stands beside it for the next link of the same run: it may name the app's own case.
        let return_url = return_url.map(Url::as_str);
        let plain = match entrance {
            Entrance::Link { url, embed } => json!({ "url": text(url)?, "embed": embed, "return_url": return_url }),
            Entrance::Sdk { token } => json!({ "token": text(token)?, "return_url": return_url }),
        };
        let fill = |bytes: &mut [u8]| self.fill(bytes);
        let number = attempt.to_string();
        let binding = binding(key, &number);
        let sealed = data_key.seal(&fill, &binding.get(), plain.to_string().as_bytes()).map_err(unsealable)?;
        Ok(sealed.as_str().to_owned())
    }

    /// The answer to `start` and `resume`: with the link while it lives.
    pub(super) async fn entrance(&self, config: &TenantConfig, onboarding: &Onboarding) -> Result<Started, Refusal> {
        let mut started = Started {
            onboarding_id: onboarding.key.id.clone(),
            status: onboarding.truth.status,
            attempt: onboarding.truth.attempt_number(),
            link: None,
            sdk: None,
        };
        if !self.is_live(onboarding) {
            return Ok(started);
        }
        let Some((attempt, plain)) = self.opened(config, onboarding).await? else { return Ok(started) };
        (started.link, started.sdk) = (link_of(&plain, attempt), sdk_of(&plain, attempt, onboarding));
        Ok(started)
    }

    /// What is sealed of the current attempt's entrance.
    async fn opened<'a>(
        &self,
        config: &TenantConfig,
        onboarding: &'a Onboarding,
    ) -> Result<Option<(&'a Attempt, Value)>, Refusal> {
        let Some(attempt) = onboarding.truth.attempt() else { return Ok(None) };
        let Some(sealed) = &attempt.sealed_link else { return Ok(None) };
        let wrapped = self.gateway.ledger.key(&onboarding.key).await?.ok_or_else(super::no_onboarding)?;
        let data_key = unwrapped(config, &onboarding.key, wrapped)?;
        let number = attempt.number.to_string();
        let opened = data_key.open(&binding(&onboarding.key, &number).get(), &Sealed::from_text(sealed.as_str()));
        let plain = serde_json::from_slice(opened.map_err(unsealable)?.expose()).map_err(unsealable)?;
        Ok(Some((attempt, plain)))
    }

    /// Where the person was to go after the entrance that there was.
    pub(super) async fn last_return_url(
        &self,
        config: &TenantConfig,
        onboarding: &Onboarding,
    ) -> Result<Option<Url>, Refusal> {
        let opened = self.opened(config, onboarding).await?;
        Ok(opened.and_then(|(_, plain)| plain.get("return_url")?.as_str()?.parse().ok()))
    }

    /// Whether the current attempt's entrance can still be used: the run's own until it is settled, an open action's
    /// while that is open.
    pub(super) fn is_live(&self, onboarding: &Onboarding) -> bool {
        let truth = &onboarding.truth;
        // A provider may have decided a part and still ask for it once more: a document that could not be read.
        let asked = |open: &Part| match open.standing {
            Standing::Waiting => true,
            Standing::Open | Standing::Rejected => truth.status == Status::ActionRequired,
            Standing::Ended | Standing::Approved | Standing::Unrecognised => false,
        };
        let serves = |attempt: &Attempt| match &attempt.link_for {
            None => !truth.status.is_settled(),
            Some(part) => truth.parts.iter().any(|open| &open.resource == part && !open.gone && asked(open)),
        };
        truth.attempt().is_some_and(|attempt| serves(attempt) && attempt.has_live_link(self.gateway.now()))
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        self.gateway.world.entropy.fill(bytes);
        Ok(())
    }
}

fn unwrapped(config: &TenantConfig, key: &OnboardingKey, wrapped: String) -> Result<DataKey, Refusal> {
    let (tenant, id) = (key.tenant.as_str(), key.id.as_str());
    config.sealing_keys.unwrap_key(tenant, id, &WrappedKey::from_text(wrapped)).map_err(unsealable)
}

fn link_of(plain: &Value, attempt: &Attempt) -> Option<Link> {
    let embed = if plain.get("embed").and_then(Value::as_bool) == Some(true) { "allowed" } else { "never" };
    let url = plain.get("url")?.as_str()?.to_owned();
    Some(Link { url, expires_at: attempt.link_expires_at, embed: embed.to_owned() })
}

fn sdk_of(plain: &Value, attempt: &Attempt, onboarding: &Onboarding) -> Option<Sdk> {
    let token = plain.get("token")?.as_str()?.to_owned();
    Some(Sdk { token, expires_at: attempt.link_expires_at, ids: provider_ids(onboarding, attempt.number) })
}

struct Bound<'a> {
    tenant: &'a str,
    context: [&'a str; 2],
}

impl Bound<'_> {
    const fn get(&self) -> Binding<'_> {
        Binding { tenant: self.tenant, purpose: "link", context: &self.context }
    }
}

fn binding<'a>(key: &'a OnboardingKey, attempt: &'a str) -> Bound<'a> {
    Bound { tenant: key.tenant.as_str(), context: [key.id.as_str(), attempt] }
}

fn unsealable<E: std::fmt::Display>(fault: E) -> Refusal {
    tracing::error!(event = "unsealable", cause = %fault);
    Refusal::new(ErrorCode::Internal, "a sealed value cannot be made or opened; check sealing_keys")
}
