//! Beginning a run at the provider: for the first attempt and for every next one.

use std::time::Duration;

use tracing::{info, warn};

use crate::domain::{
    Attempt, ErrorCode, Evidence, IdempotencyKey, Notice, Onboarding, OnboardingKey, Status, SubjectKey, Truth,
};
use crate::gateway::{Line, awaits_delivery};
use crate::ports::{
    Commit, Committed, Connection, DeliveryBell, ProviderError, Recovery, Started as Begun, SubjectState, TenantConfig,
    Wish,
};

use super::Initiator;
use super::answer::Refusal;
use super::claim::Turn;

/// A run that nobody rings for is looked at after this.
pub(super) const FIRST_LOOK: Duration = Duration::from_secs(15 * 60);
/// After so many lost races we are asked again.
const RACES: u8 = 5;

impl Initiator {
    /// Begins the current attempt's run and records it, one request at a time. `again`: an earlier try may have begun
    /// it already.
    pub(super) async fn begin(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        onboarding: Onboarding,
        wish: &Wish,
        again: bool,
    ) -> Result<Onboarding, Refusal> {
        let id = onboarding.key.id.clone();
        let key = IdempotencyKey::parse(format!("{id}.{}", wish.attempt))
            .map_err(|rule| Refusal::new(ErrorCode::Internal, rule.0))?;
        match self.claim(config, "attempt", &key, &serde_json::Value::Null, id).await? {
            Turn::Before(_) => self.gateway.ledger.read(&onboarding.key).await?.ok_or_else(super::no_onboarding),
            Turn::Ours(hold) => {
                let outcome = self.begin_alone(config, connection, onboarding, wish, again).await;
                self.settle(&hold, outcome).await
            }
        }
    }

    async fn begin_alone(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        onboarding: Onboarding,
        wish: &Wish,
        again: bool,
    ) -> Result<Onboarding, Refusal> {
        let key = onboarding.key.clone();
        let data_key = self.data_key(config, &key).await?;
        let begun = self.begun(config, connection, wish, again).await?;
        let sealed =
            self.seal_entrance(&data_key, &onboarding.key, wish.attempt, &begun.entrance, wish.return_url.as_ref())?;
        let subject = SubjectKey { connection: connection.key.clone(), resource: begun.subject.clone() };
        let (state, parked) = self.gateway.ledger.bind(&subject, &onboarding.key.id, wish.attempt).await?;
        let ours = SubjectState::Bound { onboarding: onboarding.key.id.clone(), attempt: wish.attempt };
        if state != ours && again {
            // What was found again at the provider is somebody else's, who is as like this one as can be.
            return Box::pin(self.begin_alone(config, connection, onboarding, wish, false)).await;
        }
        if state != ours {
            warn!(event = "subject_bound_elsewhere", tenant = %config.tenant);
            return Err(Refusal::new(
                ErrorCode::Internal,
                "the provider gave an id that belongs to another onboarding",
            ));
        }
        let Some(onboarding) = self.record(config, onboarding, wish.attempt, &begun, &sealed).await? else {
            return self.take_back(config, connection, &subject, &key).await;
        };
        let mut parked: Vec<Notice> = parked.into_iter().collect();
        for name in &begun.names {
            let subject = SubjectKey { connection: connection.key.clone(), resource: name.clone() };
            parked.extend(self.gateway.ledger.hand_on(&subject, &key.id, wish.attempt).await?);
        }
        for notice in parked {
            // Its webhook came before us; if this bell is lost, the look that is due finds the same.
            let _ = self.gateway.bells.notify(&notice, Duration::ZERO).await;
        }
        // Only what the feed finds sooner than a look is late without it.
        if connection.account.has_feed()
            && let Ok(record) = self.gateway.ledger.connection(&connection.key).await
        {
            let _ = self.gateway.watch_feed(connection, &record).await;
        }
        info!(event = "started", tenant = %config.tenant, connection = %connection.key.name, attempt = wish.attempt);
        Ok(onboarding)
    }

    async fn begun(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        wish: &Wish,
        again: bool,
    ) -> Result<Begun, Refusal> {
        let line = Line::new(&self.gateway, config, connection, super::BUDGET);
        let recovery = connection.account.recovery(wish);
        if again
            && recovery != Recovery::None
            && let Some(found) = connection.account.recover(line.reach(), wish).await?
        {
            return Ok(found);
        }
        let outcome = connection.account.start(line.reach(), wish).await;
        if matches!(outcome, Err(ProviderError::Unavailable(_))) && recovery == Recovery::None {
            warn!(event = "orphan_possible", tenant = %config.tenant, connection = %connection.key.name);
        }
        Ok(outcome?)
    }

    async fn record(
        &self,
        config: &TenantConfig,
        mut onboarding: Onboarding,
        attempt: u8,
        begun: &Begun,
        sealed: &str,
    ) -> Result<Option<Onboarding>, Refusal> {
        for _ in 0..RACES {
            let truth = self.issued(&onboarding.truth, attempt, begun, sealed);
            let mut after = onboarding.clone();
            after.truth = truth.clone();
            let now = self.gateway.now();
            let commit = Commit {
                look_due: Some(now + self.gateway.world.pace.of(FIRST_LOOK)),
                delivery_due: awaits_delivery(config, &after).then_some(now),
                ..self.gateway.commit_of(&onboarding, truth)
            };
            match self.gateway.ledger.commit(&commit).await? {
                Committed::Done => {
                    self.ring(config, &after).await;
                    return Ok(Some(after));
                }
                Committed::Erased => return Ok(None),
                Committed::Conflict => {
                    onboarding = self.gateway.ledger.read(&onboarding.key).await?.ok_or_else(super::no_onboarding)?;
                }
            }
        }
        Err(Refusal::new(ErrorCode::Unavailable, "too many writers at once; ask again"))
    }

    /// It was erased while the run began: the run goes, too.
    async fn take_back(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        subject: &SubjectKey,
        key: &OnboardingKey,
    ) -> Result<Onboarding, Refusal> {
        self.gateway.ledger.destroy_key(key).await?;
        self.gateway.ledger.erase_subject(subject, &key.id, self.gateway.now() + super::erase::MARKED).await?;
        let line = Line::new(&self.gateway, config, connection, super::BUDGET);
        if let Err(failure) = connection.account.erase(line.reach(), &subject.resource).await {
            warn!(event = "erase_at_provider_failed", tenant = %config.tenant, connection = %connection.key.name, cause = %failure);
        }
        Err(super::no_onboarding())
    }

    fn issued(&self, before: &Truth, attempt: u8, begun: &Begun, sealed: &str) -> Truth {
        let mut truth = before.clone();
        // A look may have come first (a webhook overtook us): then the status is the provider's already.
        let untouched = truth.parts.is_empty();
        if let Some(run) = truth.attempts.iter_mut().find(|run| run.number == attempt) {
            *run = Attempt {
                subject: Some(begun.subject.clone()),
                link_expires_at: begun.expires_at,
                sealed_link: Some(sealed.to_owned()),
                return_nonce: begun.return_nonce.clone(),
                exchanging: None,
                declined: false,
                ..run.clone()
            };
        }
        if untouched && truth.attempt_number() == attempt {
            truth.reasons.clear();
            truth.turn(Status::LinkIssued, self.gateway.now(), Evidence::App);
        }
        if truth.attempt_number() == attempt { truth.with_made(&begun.names) } else { truth }
    }

    /// Only a convenience: what is undelivered is due in the ledger.
    pub(super) async fn ring(&self, config: &TenantConfig, onboarding: &Onboarding) {
        if awaits_delivery(config, onboarding) {
            let bell = DeliveryBell::of(onboarding.key.clone());
            let _ = self.gateway.bells.ring(&[bell], Duration::ZERO).await;
        }
    }
}
