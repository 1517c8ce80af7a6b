//! `start`: an intent, a run, a link.

use serde_json::json;

use crate::domain::{ErrorCode, Handover, Identity, Look, Onboarding, OnboardingId, OnboardingKey, Reference, Truth};
use crate::ports::{BadField, Connection, TenantConfig, Wish};

use super::Initiator;
use super::answer::{Refusal, Started};
use super::claim::{Hold, Turn};
use super::request::Start;
use super::resume::Entry;
use super::run::FIRST_LOOK;

/// Who says what the onboarding's reference is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// The app.
    App,
    /// Nobody: its own id is it.
    Own,
}

impl Initiator {
    pub(super) async fn start(&self, config: &TenantConfig, asked: Start) -> Result<Started, Refusal> {
        self.start_as(config, asked, Naming::App).await
    }

    pub(super) async fn start_as(
        &self,
        config: &TenantConfig,
        mut asked: Start,
        naming: Naming,
    ) -> Result<Started, Refusal> {
        let connection = super::connection_of(config, &asked.connection)?;
        let proposed = self.gateway.world.entropy.onboarding_id(self.gateway.now());
        let mut wish = wish_of(config, &asked, proposed.clone())?;
        connection.account.check(&wish).map_err(|faults| bad_fields(&faults))?;
        let content = json!({
            "connection": asked.connection, "reference": (naming == Naming::App).then_some(&asked.reference),
            "kind": asked.subject.kind,
            "subject": asked.subject.fields, "channel": asked.channel, "return_url": asked.return_url,
            "options": asked.options,
        });
        match self.claim(config, "start", &asked.idempotency_key, &content, proposed).await? {
            Turn::Before(id) => {
                let (onboarding, connection) = self.existing(config, &id).await?;
                wish.onboarding = id;
                self.replayed(config, connection, onboarding, &wish).await
            }
            Turn::Ours(hold) => {
                wish.onboarding = hold.onboarding.clone();
                if naming == Naming::Own {
                    let own = Reference::parse(hold.onboarding.as_str());
                    asked.reference = own.map_err(|rule| Refusal::new(ErrorCode::Internal, rule.0))?;
                }
                let outcome = self.start_claimed(config, connection, &asked, &wish, &hold).await;
                self.settle(&hold, outcome).await
            }
        }
    }

    async fn start_claimed(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        asked: &Start,
        wish: &Wish,
        hold: &Hold,
    ) -> Result<Started, Refusal> {
        let key = OnboardingKey { tenant: config.tenant.clone(), id: hold.onboarding.clone() };
        let known = self.gateway.ledger.read(&key).await?;
        let again = known.is_some();
        let onboarding = match known {
            // Nothing of an erased one is begun, stored or sent again.
            Some(known) if known.erased_at.is_some() => return Err(super::no_onboarding()),
            Some(known) => known,
            None => self.intend(connection, asked, &key, &hold.fence).await?,
        };
        self.gateway.ledger.add_reference(&config.tenant, &asked.reference, &key.id).await?;
        if onboarding.truth.attempt().is_some_and(|run| run.sealed_link.is_some()) {
            return self.live_or_next(config, connection, onboarding, wish, Entry::Living).await;
        }
        let wish = Wish { attempt: onboarding.truth.attempt_number(), ..wish.clone() };
        let onboarding = self.begin(config, connection, onboarding, &wish, again).await?;
        self.entrance(config, &onboarding).await
    }

    /// Recorded before the provider is called.
    async fn intend(
        &self,
        connection: &Connection,
        asked: &Start,
        key: &OnboardingKey,
        nonce: &str,
    ) -> Result<Onboarding, Refusal> {
        let now = self.gateway.now();
        let soon = now + self.gateway.world.pace.of(FIRST_LOOK);
        let onboarding = Onboarding {
            key: key.clone(),
            identity: Identity {
                connection: asked.connection.clone(),
                provider: connection.account.provider().to_owned(),
                reference: asked.reference.clone(),
                subject_kind: asked.subject.kind,
                channel: asked.channel,
                created_at: now,
            },
            truth: Truth::intended(now),
            look: Look { due: Some(soon), ..Look::default() },
            delivery: Handover::default(),
            erased_at: None,
        };
        if self.gateway.ledger.create(&onboarding, nonce).await? {
            return Ok(onboarding);
        }
        self.gateway.ledger.read(key).await?.ok_or_else(super::no_onboarding)
    }
}

fn wish_of(config: &TenantConfig, asked: &Start, onboarding: OnboardingId) -> Result<Wish, Refusal> {
    Ok(Wish {
        onboarding,
        attempt: 1,
        kind: asked.subject.kind,
        subject: asked.subject.fields.clone(),
        channel: asked.channel,
        return_url: super::return_url(config, asked.return_url.as_deref())?,
        options: asked.options.clone(),
        before: None,
    })
}

/// The first is named as the field, all are in the message.
pub(super) fn bad_fields(faults: &[BadField]) -> Refusal {
    let all = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.rule)).collect::<Vec<_>>().join("; ");
    Refusal::field(faults.first().map_or("", |fault| fault.field.as_str()), &all)
}
