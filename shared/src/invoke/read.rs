//! `get`, `timeline`, `list`: what is known, and what the provider says now where that is asked for.

use crate::domain::{ErrorCode, Onboarding, OnboardingId, OnboardingKey};
use crate::gateway::Line;
use crate::ports::TenantConfig;

use super::Initiator;
use super::answer::{Got, History, Listed, Refusal, history, shown};
use super::request::{Get, List, Timeline};

/// A page where nothing is said, and the largest.
const PAGE: (u8, u8) = (25, 100);
/// No more pages of the index than this are read for one answer: a filter that fits little must not read for ever.
const READS: u8 = 8;

impl Initiator {
    pub(super) async fn get(&self, config: &TenantConfig, asked: Get) -> Result<Got, Refusal> {
        if asked.details {
            super::allowed(config, "details")?;
        }
        let (id, others) = self.named(config, &asked).await?;
        let key = OnboardingKey { tenant: config.tenant.clone(), id };
        let mut onboarding = self.gateway.ledger.read(&key).await?.ok_or_else(super::no_onboarding)?;
        let live = onboarding.erased_at.is_none();
        if live && (asked.refresh || asked.details) {
            let connection = super::connection_of(config, &onboarding.identity.connection)?;
            if asked.refresh {
                onboarding = self.refreshed(config, connection, onboarding).await?;
            }
        }
        let details = if asked.details && live { self.details(config, &onboarding).await? } else { None };
        let ready = live && onboarding.truth.reissued > 0;
        // What cannot be opened any more hides nothing else.
        let entrance = if ready { self.entrance(config, &onboarding).await.ok() } else { None };
        let (link, sdk) = entrance.map_or((None, None), |entrance| (entrance.link, entrance.sdk));
        Ok(Got { onboarding: shown(&onboarding), others, link, sdk, details })
    }

    async fn details(
        &self,
        config: &TenantConfig,
        onboarding: &Onboarding,
    ) -> Result<Option<serde_json::Value>, Refusal> {
        let connection = super::connection_of(config, &onboarding.identity.connection)?;
        let subject = onboarding.truth.attempt().and_then(|attempt| attempt.subject.as_ref());
        let Some(subject) = subject else { return Ok(None) };
        let line = Line::new(&self.gateway, config, connection, super::BUDGET).of(&onboarding.key);
        Ok(Some(connection.account.details(line.reach(), subject).await?))
    }

    async fn named(&self, config: &TenantConfig, asked: &Get) -> Result<(OnboardingId, usize), Refusal> {
        match (&asked.onboarding_id, &asked.reference) {
            (Some(id), None) => Ok((id.clone(), 0)),
            (None, Some(reference)) => {
                let ids = self.gateway.ledger.by_reference(&config.tenant, reference).await?;
                let newest = ids.first().cloned();
                let missing =
                    || Refusal::new(ErrorCode::NotFound, "no onboarding has this reference").of_field("reference");
                Ok((newest.ok_or_else(missing)?, ids.len().saturating_sub(1)))
            }
            (Some(_), Some(_)) | (None, None) => {
                Err(Refusal::field("onboarding_id", "give either onboarding_id or reference"))
            }
        }
    }

    pub(super) async fn timeline(&self, config: &TenantConfig, asked: Timeline) -> Result<History, Refusal> {
        let key = OnboardingKey { tenant: config.tenant.clone(), id: asked.onboarding_id };
        self.gateway.ledger.read(&key).await?.ok_or_else(super::no_onboarding)?;
        let changes = self.gateway.ledger.timeline(&key).await?;
        Ok(history(key.id, &changes))
    }

    pub(super) async fn list(&self, config: &TenantConfig, asked: List) -> Result<Listed, Refusal> {
        let limit = asked.limit.unwrap_or(PAGE.0);
        if limit == 0 || limit > PAGE.1 {
            return Err(Refusal::field("limit", "must be 1 to 100"));
        }
        let limit = usize::from(limit);
        let mut cursor = asked.cursor.clone();
        let mut found = Vec::new();
        for _ in 0..READS {
            let page = self.gateway.ledger.list(&config.tenant, cursor.as_ref(), limit).await?;
            cursor = page.next;
            let keys: Vec<_> =
                page.ids.into_iter().map(|id| OnboardingKey { tenant: config.tenant.clone(), id }).collect();
            for onboarding in self.gateway.ledger.read_all(&keys).await?.into_iter().flatten() {
                if found.len() < limit && fits(&asked, &onboarding) {
                    found.push(shown(&onboarding));
                    if found.len() == limit {
                        cursor = Some(onboarding.key.id);
                    }
                }
            }
            if found.len() == limit || cursor.is_none() {
                break;
            }
        }
        Ok(Listed { onboardings: found, cursor })
    }
}

fn fits(asked: &List, onboarding: &Onboarding) -> bool {
    asked.status.is_none_or(|status| status == onboarding.truth.status)
        && asked.connection.as_ref().is_none_or(|name| name == &onboarding.identity.connection)
        && asked.updated_after.is_none_or(|after| onboarding.truth.updated_at > after)
}
