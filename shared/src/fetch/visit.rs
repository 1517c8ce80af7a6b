//! A visit: everything that a batch says about one attempt of one onboarding, answered by at most one look.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use crate::domain::schedule::confirm_after;
use crate::domain::{
    Claim, ConnectionName, Evidence, LOOK_MARGIN, Notice, Onboarding, OnboardingKey, Tenant, Timestamp,
};
use crate::gateway::awaits_delivery;
use crate::invoke::Initiator;
use crate::invoke::renew::wants_link;
use crate::look::{LOOK_BUDGET, Looked, Looker, Ring};
use crate::ports::{LedgerError, ProviderError, TenantConfig, VaultError};

use super::{Fetcher, Outcome, Rung, Verdict};

const DONE: Outcome = (Verdict::Done, None);
/// A link is made ready only after a look that left time for it: all that a record costs ends within the function's.
const LEFT_TIME: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

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
        let config = match self.config(&key.tenant, &onboarding.identity.connection).await {
            Ok(config) => config,
            Err(Verdict::Again(_)) if super::receives_of(rung) > 3 => return self.leave_due(key, MINUTE).await,
            // It was removed: what it had rests.
            Err(Verdict::Reject(_)) => {
                warn!(event = "tenant_gone", tenant = %key.tenant);
                return self.leave_due(key, 12 * HOUR).await;
            }
            Err(verdict) => return Ok((verdict, None)),
        };
        let Some(connection) = config.connection(&onboarding.identity.connection) else {
            warn!(event = "connection_off", tenant = %key.tenant, connection = %onboarding.identity.connection);
            return self.leave_due(key, HOUR).await;
        };
        if !self.complete(&onboarding, attempt, rung).await? {
            return Ok((Verdict::Again(Duration::from_secs(2)), None));
        }
        if !self.comes_back(&onboarding.key, &config, connection, rung).await? {
            return Ok((short_retry(rung), None));
        }
        let evidence = rung.first().map_or(Evidence::Schedule, |rung| rung.notice.evidence);
        let looker = Looker { gateway: &self.gateway, config: &config, connection, evidence, budget: LOOK_BUDGET };
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
        if let Some(wait) = self.too_early(onboarding, rung) {
            if attempt == onboarding.truth.attempt_number() && was_seen(onboarding, rung) {
                // A look that began a moment ago has contradicted them: as if they had been among its rings.
                let again: Vec<&Rung> = rung.iter().collect();
                return Ok((self.repeat(&again).await, undelivered(looker.config, onboarding)));
            }
            return self.give_up_or(rung, wait, onboarding).await;
        }
        let begun = self.gateway.now();
        match looker.look(&onboarding.key, attempt, &rings).await? {
            Looked::Found { onboarding, unconfirmed } => {
                report(&onboarding);
                let now = self.gateway.now();
                if now.since(begun) <= LEFT_TIME && wants_link(looker.connection, &onboarding, now) {
                    // The way of `resume`: nothing of who may ask for it matters here.
                    let initiator = Initiator::new(self.gateway.clone(), false);
                    initiator.reissue(looker.config, looker.connection, &onboarding).await;
                }
                let again: Vec<&Rung> = unconfirmed.iter().filter_map(|&at| rung.get(at)).collect();
                Ok((self.repeat(&again).await, undelivered(looker.config, &onboarding)))
            }
            Looked::Satisfied(onboarding) => Ok((Verdict::Done, undelivered(looker.config, &onboarding))),
            Looked::Held(until) => {
                let left = until.since(self.gateway.now());
                self.give_up_or(rung, left, onboarding).await
            }
            Looked::Due { blip, error } => {
                warn!(event = "look_put_off", tenant = %onboarding.key.tenant, connection = %onboarding.identity.connection,
                    cause = error.as_ref().map_or("paused", code_of));
                Ok((if blip { short_retry(rung) } else { Verdict::Done }, undelivered(looker.config, onboarding)))
            }
            Looked::Missing => Ok(DONE),
        }
    }

    /// Somebody else looks: seen again in a moment (2, 5, 10 s), and after three moments left to the ledger.
    async fn give_up_or(&self, rung: &[Rung], left: Duration, onboarding: &Onboarding) -> Result<Outcome, LedgerError> {
        let moment = match super::receives_of(rung) {
            0 | 1 => 2,
            2 => 5,
            _ => 10,
        };
        if super::receives_of(rung) <= 3 {
            let wait = Duration::from_secs(moment).min(left).max(Duration::from_secs(1));
            return Ok((Verdict::Again(wait), None));
        }
        self.leave_due(&onboarding.key, MINUTE).await
    }

    /// The queue has been patient enough: from now on the ledger says that a look is due.
    async fn leave_due(&self, key: &OnboardingKey, after: Duration) -> Result<Outcome, LedgerError> {
        self.gateway.ledger.postpone_look(key, self.gateway.now() + self.gateway.world.pace.of(after), None).await?;
        Ok(DONE)
    }

    /// Claims that the look contradicted are looked into again, later and later; then the schedule has them.
    async fn repeat(&self, again: &[&Rung]) -> Verdict {
        let mut repeated: Vec<&Rung> = Vec::new();
        for rung in again {
            if repeated
                .iter()
                .any(|other| other.notice.claim == rung.notice.claim && other.notice.repeat <= rung.notice.repeat)
            {
                continue;
            }
            repeated.push(rung);
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

    /// A notice waits out the margin, and so does a look after the one before it: a burst costs a leading and a
    /// trailing look, however fast the provider answers.
    fn too_early(&self, onboarding: &Onboarding, rung: &[Rung]) -> Option<Duration> {
        let webhooks = rung.iter().filter(|rung| rung.notice.evidence == Evidence::Webhook);
        let newest = webhooks.map(told_at).max();
        let ready = newest.max(onboarding.look.started_at)? + LOOK_MARGIN;
        let now = self.gateway.now();
        (now < ready).then(|| ready.since(now).max(Duration::from_secs(1)))
    }

    /// What is configured of that connection.
    pub(super) async fn config(&self, tenant: &Tenant, name: &ConnectionName) -> Result<Arc<TenantConfig>, Verdict> {
        let config = self.gateway.vault.tenant(tenant).await;
        config.and_then(|config| config.can_tell(name).map(|()| config)).map_err(|error| match error {
            VaultError::Unknown => Verdict::Reject("unknown_tenant"),
            VaultError::Unavailable(_) => Verdict::Again(Duration::from_secs(20)),
        })
    }
}

/// What a person may have to see to is counted by its event; only words of closed lists and of the provider's kinds.
fn report(onboarding: &Onboarding) {
    let (tenant, connection) = (&onboarding.key.tenant, &onboarding.identity.connection);
    let truth = &onboarding.truth;
    info!(event = "looked", %tenant, %connection, status = %truth.status, version = truth.version);
    if let Some(part) = &truth.unrecognised {
        warn!(event = "part_unrecognised", %tenant, %connection, kind = %part.kind);
    }
    if !truth.parts.is_empty() && truth.parts.iter().all(|part| part.gone) {
        warn!(event = "subject_gone", %tenant, %connection);
    }
    if truth.superseded_decision {
        warn!(event = "superseded_decision", %tenant, %connection);
    }
}

/// Whether the last look came late enough for all of these, whatever it found.
fn was_seen(onboarding: &Onboarding, rung: &[Rung]) -> bool {
    rung.iter().all(|rung| onboarding.is_satisfied(told_at(rung), &Claim::nothing()))
}

fn ring_of(rung: &Rung) -> Ring {
    Ring { sent_at: told_at(rung), claim: rung.notice.claim.clone() }
}

/// When it was sent first: waiting under another name makes nothing new of it.
fn told_at(rung: &Rung) -> Timestamp {
    rung.notice.since.map_or(rung.sent_at, |since| since.min(rung.sent_at))
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

pub(super) fn code_of(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::Busy { .. } => "provider_busy",
        ProviderError::Unavailable(_) => "provider_unavailable",
        ProviderError::Unauthorized => "provider_unauthorized",
        ProviderError::NotFound => "provider_lag",
        ProviderError::Refused { .. } => "provider_refused",
        ProviderError::Foreign(_) => "foreign_answer",
        ProviderError::Unsupported(_) => "unsupported",
        ProviderError::Renewing => "login_renewing",
    }
}
