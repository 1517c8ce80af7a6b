//! `erase`: fence → destroy the onboarding's own key → ask the provider → mark its subjects → empty its claims → bury →
//! receipt.
//!
//! Each step may be repeated, so a request that died is repeated whole. From the fence on no look commits; from the
//! destroyed key on nothing sealed can be read; marked subjects let a late webhook revive nothing for 400 days; emptied
//! claims let the same requests begin nothing again. What a repeat has claimed since is emptied by the repeat.

use std::time::Duration;

use futures_util::future::join_all;
use tracing::{info, warn};

use crate::domain::{ChangeKind, Evidence, Onboarding, OnboardingId, OnboardingKey, Resource, SubjectKey, Truth};
use crate::gateway::Line;
use crate::ports::{Connection, ProviderError, TenantConfig};

use super::Initiator;
use super::answer::{Erased, Refusal};
use super::request::Erase;

/// Subjects stay marked (design §6: at least 400 days).
pub(crate) const MARKED: Duration = Duration::from_secs(400 * 24 * 3600);

impl Initiator {
    pub(super) async fn erase(&self, config: &TenantConfig, asked: Erase) -> Result<Erased, Refusal> {
        super::allowed(config, "erase")?;
        let work = self.erased(config, &asked.onboarding_id);
        self.keyed(config, "erase", asked.idempotency_key.as_ref(), &asked.onboarding_id, work).await
    }

    async fn erased(&self, config: &TenantConfig, id: &OnboardingId) -> Result<Erased, Refusal> {
        let key = OnboardingKey { tenant: config.tenant.clone(), id: id.clone() };
        let now = self.gateway.now();
        let onboarding = self.gateway.ledger.fence_erasure(&key, now).await?.ok_or_else(super::no_onboarding)?;
        let erased_at = onboarding.erased_at.unwrap_or(now);
        self.gateway.ledger.destroy_key(&key).await?;
        let runs: Vec<Resource> =
            onboarding.truth.attempts.iter().filter_map(|attempt| attempt.subject.clone()).collect();
        // Also through a connection that is off or gone: what is known of a person can always be destroyed here.
        config.can_tell(&onboarding.identity.connection)?;
        let connection = config.connections.get(&onboarding.identity.connection);
        let AtProvider { provider, not_at_provider, why } = match connection {
            Some(connection) => self.erase_at_provider(config, connection, &key, runs).await?,
            None if runs.is_empty() => AtProvider::default(),
            None => AtProvider { not_at_provider: runs, why: vec![GONE.to_owned()], ..AtProvider::default() },
        };
        let parts = onboarding.truth.parts.iter().map(|part| &part.resource);
        let names = onboarding.truth.attempts.iter().flat_map(|attempt| &attempt.names);
        for resource in provider.iter().chain(&not_at_provider).chain(parts).chain(names) {
            let subject = SubjectKey { connection: onboarding.connection(), resource: resource.clone() };
            self.gateway.ledger.erase_subject(&subject, &key.id, now + MARKED).await?;
        }
        self.gateway.ledger.erase_claims(&key).await?;
        if !is_buried(&onboarding) {
            let tombstone = tombstone(&onboarding, now);
            self.gateway.ledger.bury(&onboarding, &tombstone, now).await?;
            let buried = Onboarding { truth: tombstone, ..onboarding };
            self.ring(config, &buried).await;
        }
        info!(event = "erased", tenant = %config.tenant);
        Ok(Erased { onboarding_id: key.id, erased_at, provider, not_at_provider, why })
    }

    /// All at once. What was asked, and what could not be: a person has to see to that at the provider. A provider
    /// that does not answer ends the request, which is then repeated.
    async fn erase_at_provider(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        key: &OnboardingKey,
        runs: Vec<Resource>,
    ) -> Result<AtProvider, Refusal> {
        let line = Line::new(&self.gateway, config, connection, super::BUDGET).of(key);
        let reach = line.reach();
        let outcomes = join_all(runs.iter().map(|run| connection.account.erase(reach, run))).await;
        let mut at = AtProvider::default();
        for (run, outcome) in runs.into_iter().zip(outcomes) {
            match outcome {
                Ok(()) | Err(ProviderError::NotFound) => at.provider.push(run),
                Err(
                    failure @ (ProviderError::Unsupported(_)
                    | ProviderError::Unauthorized
                    | ProviderError::Refused { .. }
                    | ProviderError::Foreign(_)),
                ) => {
                    warn!(event = "erase_at_provider_failed", tenant = %config.tenant, connection = %connection.key.name,
                        cause = %failure);
                    at.not_at_provider.push(run);
                    let why = failure.to_string();
                    if !at.why.contains(&why) {
                        at.why.push(why);
                    }
                }
                Err(
                    failure @ (ProviderError::Busy { .. } | ProviderError::Unavailable(_) | ProviderError::Renewing),
                ) => {
                    return Err(failure.into());
                }
            }
        }
        Ok(at)
    }
}

/// What the provider was asked, what it could not be, and why not.
#[derive(Default)]
struct AtProvider {
    provider: Vec<Resource>,
    not_at_provider: Vec<Resource>,
    why: Vec<String>,
}

/// The run was made through a connection that is not configured any more.
const GONE: &str = "its connection is not configured any more";

fn is_buried(onboarding: &Onboarding) -> bool {
    onboarding.truth.attempts.is_empty()
}

/// What stays: that there was one, and one change that says it is gone.
fn tombstone(onboarding: &Onboarding, now: crate::domain::Timestamp) -> Truth {
    let mut truth = onboarding.truth.clone();
    truth.reasons.clear();
    truth.action = None;
    truth.parts.clear();
    truth.changes.clear();
    truth.unrecognised = None;
    truth.look_seq = truth.look_seq.saturating_add(1);
    truth.record(ChangeKind::Erased, truth.status, now, Evidence::App);
    truth.attempts.clear();
    truth
}
