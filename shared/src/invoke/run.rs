//! Beginning a run at the provider: for the first attempt and for every next one.

use std::time::Duration;

use tracing::{info, warn};

use crate::domain::{
    Attempt, ErrorCode, Evidence, IdempotencyKey, Notice, Onboarding, OnboardingKey, Resource, Status, SubjectKey,
    Truth,
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
        let Some((onboarding, mut parked)) =
            self.names_bound(connection, onboarding, wish.attempt, &begun.names).await?
        else {
            return self.take_back(config, connection, &begun, &key).await;
        };
        let (state, told) = self.gateway.ledger.bind(&subject, &onboarding.key.id, wish.attempt).await?;
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
            return self.take_back(config, connection, &begun, &key).await;
        };
        parked.extend(told);
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
        let key = OnboardingKey { tenant: config.tenant.clone(), id: wish.onboarding.clone() };
        let line = Line::new(&self.gateway, config, connection, super::BUDGET).of(&key);
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

    /// By what else the provider names the run: the onboarding's first, so that erasing knows of it, then handed on; both
    /// before the run is recorded, so that whoever dies in between does both again. Answers with what was parked there;
    /// none where it was erased.
    async fn names_bound(
        &self,
        connection: &Connection,
        mut onboarding: Onboarding,
        attempt: u8,
        names: &[Resource],
    ) -> Result<Option<(Onboarding, Vec<Notice>)>, Refusal> {
        for _ in 0..RACES {
            let mut truth = onboarding.truth.clone();
            truth.attempts.iter_mut().filter(|run| run.number == attempt).for_each(|run| run.add_names(names));
            if truth == onboarding.truth {
                let mut parked = Vec::new();
                for name in names {
                    let subject = SubjectKey { connection: connection.key.clone(), resource: name.clone() };
                    parked.extend(self.gateway.ledger.hand_on(&subject, &onboarding.key.id, attempt).await?);
                }
                return Ok(Some((onboarding, parked)));
            }
            let commit = self.gateway.commit_of(&onboarding, truth);
            match self.gateway.ledger.commit(&commit).await? {
                Committed::Done => onboarding.truth = commit.truth,
                Committed::Erased => return Ok(None),
                Committed::Conflict => {
                    onboarding = self.gateway.ledger.read(&onboarding.key).await?.ok_or_else(super::no_onboarding)?;
                }
            }
        }
        Err(Refusal::new(ErrorCode::Unavailable, "too many writers at once; ask again"))
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
        begun: &Begun,
        key: &OnboardingKey,
    ) -> Result<Onboarding, Refusal> {
        self.gateway.ledger.destroy_key(key).await?;
        for resource in std::iter::once(&begun.subject).chain(&begun.names) {
            let subject = SubjectKey { connection: connection.key.clone(), resource: resource.clone() };
            self.gateway.ledger.erase_subject(&subject, &key.id, self.gateway.now() + super::erase::MARKED).await?;
        }
        let line = Line::new(&self.gateway, config, connection, super::BUDGET);
        if let Err(failure) = connection.account.erase(line.reach(), &begun.subject).await {
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
                earlier_nonce: None,
                exchanging: None,
                link_used: false,
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
