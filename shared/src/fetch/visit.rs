//! A visit: everything that a batch says about one attempt of one onboarding, answered by at most one look.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use crate::domain::schedule::confirm_after;
use crate::domain::{Evidence, LOOK_MARGIN, Notice, Onboarding, OnboardingKey, Tenant};
use crate::gateway::awaits_delivery;
use crate::look::{Looked, Looker, Ring};
use crate::ports::{LedgerError, ProviderError, TenantConfig, VaultError};

use super::{Fetcher, Outcome, Rung, Verdict};

const DONE: Outcome = (Verdict::Done, None);

impl Fetcher {
    /// Visits an onboarding; without an attempt, the current one.
    pub(super) async fn visit(
        &self,
        key: &OnboardingKey,
        attempt: Option<u8>,
        rung: &[Rung],
    ) -> Result<Outcome, LedgerError> {
        let onboarding = self.gateway.ledger.read(key).await?;
        self.visit_read(key, onboarding, attempt, rung).await
    }

    /// The same, with what a read of the whole batch has found.
    pub(super) async fn visit_read(
        &self,
        key: &OnboardingKey,
        onboarding: Option<Onboarding>,
        attempt: Option<u8>,
        rung: &[Rung],
    ) -> Result<Outcome, LedgerError> {
        let Some(onboarding) = onboarding else { return self.missing(key, rung).await };
        if onboarding.erased_at.is_some() {
            info!(event = "notice_of_erased", tenant = %key.tenant);
            return Ok(DONE);
        }
        let attempt = attempt.unwrap_or_else(|| onboarding.truth.attempt_number());
        let config = match self.config(&key.tenant).await {
            Ok(config) => config,
            Err(verdict) => return Ok((verdict, None)),
        };
        let Some(connection) = config.connection(&onboarding.identity.connection) else {
            return self.no_connection(&onboarding).await;
        };
        let evidence = rung.first().map_or(Evidence::Schedule, |rung| rung.notice.evidence);
        let looker = Looker { gateway: &self.gateway, config: &config, connection, evidence };
        self.looked(&looker, &onboarding, attempt, rung).await
    }

    async fn looked(
        &self,
        looker: &Looker<'_>,
        onboarding: &Onboarding,
        attempt: u8,
        rung: &[Rung],
    ) -> Result<Outcome, LedgerError> {
        let rings: Vec<Ring> = rung.iter().map(ring_of).collect();
        if attempt == onboarding.truth.attempt_number()
            && rings.iter().all(|ring| onboarding.is_satisfied(ring.sent_at, &ring.claim))
        {
            return Ok((Verdict::Done, undelivered(looker.config, onboarding)));
        }
        if let Some(wait) = self.too_young(rung) {
            return Ok((Verdict::Again(wait), None));
        }
        match looker.look(&onboarding.key, attempt, &rings).await? {
            Looked::Found { onboarding, unconfirmed } => {
                info!(event = "looked", tenant = %onboarding.key.tenant, connection = %onboarding.identity.connection,
                    status = %onboarding.truth.status, version = onboarding.truth.version);
                let again: Vec<&Rung> = unconfirmed.iter().filter_map(|&at| rung.get(at)).collect();
                Ok((self.repeat(&again).await, undelivered(looker.config, &onboarding)))
            }
            Looked::Satisfied(onboarding) => Ok((Verdict::Done, undelivered(looker.config, &onboarding))),
            Looked::Held(until) => {
                let wait = until.since(self.gateway.now()).clamp(Duration::from_secs(2), Duration::from_secs(10));
                self.give_up_or(rung, wait, onboarding).await
            }
            Looked::Due { blip, error } => {
                warn!(event = "look_put_off", tenant = %onboarding.key.tenant, connection = %onboarding.identity.connection,
                    cause = error.as_ref().map_or("paused", code_of));
                Ok((if blip { short_retry(rung) } else { Verdict::Done }, undelivered(looker.config, onboarding)))
            }
            Looked::Missing => Ok(DONE),
        }
    }

    /// Somebody else looks: seen again in a moment, and after three moments left to the ledger.
    async fn give_up_or(&self, rung: &[Rung], wait: Duration, onboarding: &Onboarding) -> Result<Outcome, LedgerError> {
        if super::receives_of(rung) <= 3 {
            return Ok((Verdict::Again(wait), None));
        }
        let due = self.gateway.now() + Duration::from_secs(60);
        self.gateway.ledger.postpone_look(&onboarding.key, due, None).await?;
        Ok(DONE)
    }

    /// Claims that the look contradicted are looked into again, later and later; then the schedule has them.
    async fn repeat(&self, again: &[&Rung]) -> Verdict {
        for rung in again {
            let Some(after) = confirm_after(rung.notice.repeat, self.gateway.world.pace) else {
                warn!(event = "claim_unconfirmed", tenant = %rung.notice.connection.tenant,
                    connection = %rung.notice.connection.name, given_up = true);
                continue;
            };
            info!(event = "claim_unconfirmed", tenant = %rung.notice.connection.tenant,
                connection = %rung.notice.connection.name, repeat = rung.notice.repeat);
            let notice = Notice { repeat: rung.notice.repeat.saturating_add(1), ..rung.notice.clone() };
            if self.gateway.bells.notify(&notice, after).await.is_err() {
                return Verdict::Again(Duration::from_secs(5));
            }
        }
        Verdict::Done
    }

    fn too_young(&self, rung: &[Rung]) -> Option<Duration> {
        let newest = rung.iter().filter(|rung| rung.notice.evidence == Evidence::Webhook).map(|rung| rung.sent_at).max()?;
        let ready = newest + LOOK_MARGIN;
        let now = self.gateway.now();
        (now < ready).then(|| ready.since(now).max(Duration::from_secs(1)))
    }

    async fn no_connection(&self, onboarding: &Onboarding) -> Result<Outcome, LedgerError> {
        warn!(event = "connection_off", tenant = %onboarding.key.tenant, connection = %onboarding.identity.connection);
        let due = self.gateway.now() + Duration::from_secs(3600);
        self.gateway.ledger.postpone_look(&onboarding.key, due, None).await?;
        Ok(DONE)
    }

    /// The configuration, or what becomes of the record without it.
    pub(super) async fn config(&self, tenant: &Tenant) -> Result<Arc<TenantConfig>, Verdict> {
        self.gateway.vault.tenant(tenant).await.map_err(|error| match error {
            VaultError::Unknown => Verdict::Reject("unknown_tenant"),
            VaultError::Unavailable(_) => Verdict::Again(Duration::from_secs(20)),
        })
    }
}

fn ring_of(rung: &Rung) -> Ring {
    Ring { sent_at: rung.sent_at, claim: rung.notice.claim.clone() }
}

fn undelivered(config: &TenantConfig, onboarding: &Onboarding) -> Option<OnboardingKey> {
    awaits_delivery(config, onboarding).then(|| onboarding.key.clone())
}

/// One failure of a provider: 5 and 20 s, then the ledger has it (it has it already).
fn short_retry(rung: &[Rung]) -> Verdict {
    match super::receives_of(rung) {
        0 | 1 => Verdict::Again(Duration::from_secs(5)),
        2 => Verdict::Again(Duration::from_secs(20)),
        _ => Verdict::Done,
    }
}

fn code_of(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::Busy { .. } => "provider_busy",
        ProviderError::Unavailable(_) => "provider_unavailable",
        ProviderError::Unauthorized => "provider_unauthorized",
        ProviderError::NotFound => "provider_lag",
        ProviderError::Refused { .. } => "provider_refused",
        ProviderError::Foreign(_) => "foreign_answer",
        ProviderError::Unsupported(_) => "unsupported",
    }
}
