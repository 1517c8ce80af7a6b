//! `submit`, `update_contact`, `cancel`: what the app does to an onboarding that runs.

use serde_json::json;

use crate::domain::{ErrorCode, Evidence, IdempotencyKey, Onboarding, OnboardingId, Resource, Status};
use crate::gateway::{Line, awaits_delivery};
use crate::ports::{Commit, Committed, Contact, TenantConfig};
use crate::secret::Secret;

use super::Initiator;
use super::answer::{Acted, Refusal};
use super::claim::Turn;
use super::request::{Cancel, Submit, UpdateContact};

/// After so many lost races we are asked again.
const RACES: u8 = 5;

impl Initiator {
    pub(super) async fn submit(&self, config: &TenantConfig, asked: Submit) -> Result<Acted, Refusal> {
        let (onboarding, connection) = self.existing(config, &asked.onboarding_id).await?;
        let subject = subject_of(&onboarding)?;
        let content = json!({ "onboarding_id": asked.onboarding_id, "options": asked.options });
        let line = Line::new(&self.gateway, config, connection, super::BUDGET);
        let work = async { Ok(connection.account.submit(line.reach(), &subject, &asked.options).await?) };
        self.once(config, "submit", &asked.idempotency_key, &content, &asked.onboarding_id, work).await?;
        Ok(acted(&onboarding))
    }

    pub(super) async fn update_contact(&self, config: &TenantConfig, asked: UpdateContact) -> Result<Acted, Refusal> {
        let contact = match (&asked.email, &asked.phone) {
            (Some(email), None) => Contact::Email(Secret::from(email.clone())),
            (None, Some(phone)) => Contact::Phone(Secret::from(phone.clone())),
            (Some(_), Some(_)) | (None, None) => return Err(Refusal::field("email", "give either email or phone")),
        };
        let (onboarding, connection) = self.existing(config, &asked.onboarding_id).await?;
        let subject = subject_of(&onboarding)?;
        let content = json!({ "onboarding_id": asked.onboarding_id, "email": asked.email, "phone": asked.phone });
        let line = Line::new(&self.gateway, config, connection, super::BUDGET);
        let work = async { Ok(connection.account.update_contact(line.reach(), &subject, &contact).await?) };
        self.once(config, "update_contact", &asked.idempotency_key, &content, &asked.onboarding_id, work).await?;
        Ok(acted(&onboarding))
    }

    /// Does a piece of work once per key.
    async fn once(
        &self,
        config: &TenantConfig,
        action: &'static str,
        key: &IdempotencyKey,
        content: &serde_json::Value,
        onboarding: &OnboardingId,
        work: impl Future<Output = Result<(), Refusal>> + Send,
    ) -> Result<(), Refusal> {
        match self.claim(config, action, key, content, onboarding.clone()).await? {
            Turn::Before(_) => Ok(()),
            Turn::Ours(hold) => {
                let outcome = work.await;
                self.settle(&hold, outcome).await
            }
        }
    }

    /// Withdraws: looks go on, the status does not. Doing it twice is done.
    pub(super) async fn cancel(&self, config: &TenantConfig, asked: Cancel) -> Result<Acted, Refusal> {
        super::allowed(config, "cancel")?;
        let work = self.cancelled(config, &asked);
        self.keyed(config, "cancel", asked.idempotency_key.as_ref(), &asked.onboarding_id, work).await
    }

    /// What may be done twice is done again for the same key; the key only may not mean another onboarding.
    pub(super) async fn keyed<T>(
        &self,
        config: &TenantConfig,
        action: &'static str,
        key: Option<&IdempotencyKey>,
        onboarding: &OnboardingId,
        work: impl Future<Output = Result<T, Refusal>> + Send,
    ) -> Result<T, Refusal> {
        let Some(key) = key else { return work.await };
        let content = json!({ "onboarding_id": onboarding });
        match self.claim(config, action, key, &content, onboarding.clone()).await? {
            Turn::Before(_) => work.await,
            Turn::Ours(hold) => {
                let outcome = work.await;
                self.settle(&hold, outcome).await
            }
        }
    }

    async fn cancelled(&self, config: &TenantConfig, asked: &Cancel) -> Result<Acted, Refusal> {
        for _ in 0..RACES {
            let (onboarding, _) = self.existing(config, &asked.onboarding_id).await?;
            if onboarding.truth.withdrawn {
                return Ok(acted(&onboarding));
            }
            if onboarding.truth.status == Status::Approved {
                let message = "an approved onboarding is not cancelled; erase it if it must go";
                return Err(Refusal::new(ErrorCode::Conflict, message).of_field("onboarding_id"));
            }
            let after = self.withdrawn(&onboarding);
            let delivery_due = awaits_delivery(config, &after).then(|| self.gateway.now());
            let commit = Commit { delivery_due, ..self.gateway.commit_of(&onboarding, after.truth.clone()) };
            if self.gateway.ledger.commit(&commit).await? == Committed::Done {
                self.ring(config, &after).await;
                return Ok(acted(&after));
            }
        }
        Err(Refusal::new(ErrorCode::Unavailable, "too many writers at once; ask again"))
    }

    fn withdrawn(&self, onboarding: &Onboarding) -> Onboarding {
        let mut after = onboarding.clone();
        after.truth.withdrawn = true;
        after.truth.turn(Status::Cancelled, self.gateway.now(), Evidence::App);
        after
    }
}

fn subject_of(onboarding: &Onboarding) -> Result<Resource, Refusal> {
    let subject = onboarding.truth.attempt().and_then(|attempt| attempt.subject.clone());
    subject.ok_or_else(|| {
        Refusal::new(ErrorCode::InProgress, "the onboarding has not begun at the provider yet; ask again")
    })
}

fn acted(onboarding: &Onboarding) -> Acted {
    Acted { onboarding_id: onboarding.key.id.clone(), status: onboarding.truth.status }
}
