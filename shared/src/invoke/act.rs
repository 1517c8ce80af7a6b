//! `submit`, `update_contact`, `cancel`: what the app does to an onboarding that runs.

use std::time::Duration;

use serde_json::json;

use crate::domain::{
    ErrorCode, Evidence, IdempotencyKey, LOOK_MARGIN, Notice, Onboarding, OnboardingId, Resource, Status, SubjectKey,
};
use crate::gateway::{Line, awaits_delivery};
use crate::ports::{Commit, Committed, Connection, Contact, Submission, TenantConfig};
use crate::seal::Binding;
use crate::secret::Secret;

use super::Initiator;
use super::answer::{Acted, Refusal};
use super::claim::{Hold, Turn};
use super::request::{Cancel, Submit, UpdateContact};

/// After so many lost races we are asked again.
const RACES: u8 = 5;

impl Initiator {
    pub(super) async fn submit(&self, config: &TenantConfig, asked: Submit) -> Result<Acted, Refusal> {
        self.submitting(config, &asked).await.map(|(onboarding, _)| acted(&onboarding))
    }

    /// The same, and what was made by it: by this request, or by the one before with the same key.
    pub(super) async fn submit_made(&self, config: &TenantConfig, asked: Submit) -> Result<Vec<Resource>, Refusal> {
        let (onboarding, made) = self.submitting(config, &asked).await?;
        if let Some(made) = made {
            return Ok(made);
        }
        let (_, connection) = self.existing(config, &asked.onboarding_id).await?;
        let subject = subject_of(&onboarding)?;
        let mark = mark_of(config, &asked.onboarding_id, &asked.idempotency_key);
        let line = Line::new(&self.gateway, config, connection, super::BUDGET).of(&onboarding.key);
        let Submit { onboarding_id, options, .. } = &asked;
        let submission = Submission { onboarding: onboarding_id, subject: &subject, mark: &mark, done: true, options };
        Ok(connection.account.submit(line.reach(), submission).await?)
    }

    async fn submitting(
        &self,
        config: &TenantConfig,
        asked: &Submit,
    ) -> Result<(Onboarding, Option<Vec<Resource>>), Refusal> {
        let (onboarding, connection) = self.existing(config, &asked.onboarding_id).await?;
        if onboarding.truth.withdrawn {
            let message = "it was cancelled; start a new one";
            return Err(Refusal::new(ErrorCode::Conflict, message).of_field("onboarding_id"));
        }
        let subject = subject_of(&onboarding)?;
        connection.account.check_submission(&asked.options).map_err(|faults| super::start::bad_fields(&faults))?;
        let content = json!({ "onboarding_id": asked.onboarding_id, "options": asked.options });
        let mark = mark_of(config, &asked.onboarding_id, &asked.idempotency_key);
        let mut made = None;
        let work = async {
            // One at a time: two that begin together would both find nothing and make two.
            let turn = self.turn_to_submit(config, &asked.onboarding_id).await?;
            let line = Line::new(&self.gateway, config, connection, super::BUDGET).of(&onboarding.key);
            let Submit { onboarding_id, options, .. } = asked;
            let submission =
                Submission { onboarding: onboarding_id, subject: &subject, mark: &mark, done: false, options };
            let outcome = match connection.account.submit(line.reach(), submission).await {
                Ok(new) => self.submitted(connection, &onboarding, made.insert(new)).await,
                Err(failure) => Err(failure.into()),
            };
            // If this fails, the turn lapses by its deadline.
            let _ = self.gateway.ledger.drop_claim(&turn.key, &turn.fence, self.gateway.now()).await;
            outcome
        };
        self.once(config, "submit", &asked.idempotency_key, &content, &asked.onboarding_id, work).await?;
        Ok((onboarding, made))
    }

    async fn turn_to_submit(&self, config: &TenantConfig, id: &OnboardingId) -> Result<Hold, Refusal> {
        let key = IdempotencyKey::parse(id.as_str()).map_err(|rule| Refusal::new(ErrorCode::Internal, rule.0))?;
        match self.claim(config, "submitting", &key, &serde_json::Value::Null, id.clone()).await? {
            Turn::Ours(hold) => Ok(hold),
            Turn::Before(_) => Err(Refusal::new(ErrorCode::Internal, "a turn to submit was never given back")),
        }
    }

    /// What was made is the onboarding's first, so that erasing knows of it, and then bound, so that its events need
    /// not be asked whose they are. It is looked at soon.
    async fn submitted(
        &self,
        connection: &Connection,
        onboarding: &Onboarding,
        made: &[Resource],
    ) -> Result<(), Refusal> {
        self.add_parts(onboarding, made).await?;
        let attempt = onboarding.truth.attempt_number();
        for resource in made {
            let subject = SubjectKey { connection: connection.key.clone(), resource: resource.clone() };
            let (_, parked) = self.gateway.ledger.bind(&subject, &onboarding.key.id, attempt).await?;
            if let Some(notice) = parked {
                // Its webhook came before us; if this bell is lost, the look that is due finds the same.
                let _ = self.gateway.bells.notify(&notice, Duration::ZERO).await;
            }
        }
        let look = Notice::due(connection.key.clone(), onboarding.key.id.clone(), Evidence::App);
        // Only a convenience: the look is due.
        let _ = self.gateway.bells.notify(&look, LOOK_MARGIN).await;
        Ok(())
    }

    async fn add_parts(&self, onboarding: &Onboarding, made: &[Resource]) -> Result<(), Refusal> {
        let mut onboarding = onboarding.clone();
        for _ in 0..RACES {
            let truth = onboarding.truth.clone().with_made(made);
            let commit = Commit { look_due: Some(self.gateway.now()), ..self.gateway.commit_of(&onboarding, truth) };
            match self.gateway.ledger.commit(&commit).await? {
                Committed::Done => return Ok(()),
                Committed::Erased => return Err(super::no_onboarding()),
                Committed::Conflict => {
                    let newer = self.gateway.ledger.read(&onboarding.key).await?;
                    onboarding = newer.ok_or_else(super::no_onboarding)?;
                }
            }
        }
        Err(Refusal::new(ErrorCode::Unavailable, "too many writers at once; ask again"))
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
        let line = Line::new(&self.gateway, config, connection, super::BUDGET).of(&onboarding.key);
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

/// The same for every try of one submission, and nobody else's.
fn mark_of(config: &TenantConfig, onboarding: &OnboardingId, key: &IdempotencyKey) -> String {
    let context = [onboarding.as_str()];
    let binding = Binding { tenant: config.tenant.as_str(), purpose: "submission", context: &context };
    config.sealing_keys.digest(&binding, key.as_str().as_bytes()).as_str().to_owned()
}

pub(super) fn subject_of(onboarding: &Onboarding) -> Result<Resource, Refusal> {
    let subject = onboarding.truth.attempt().and_then(|attempt| attempt.subject.clone());
    subject.ok_or_else(|| {
        Refusal::new(ErrorCode::InProgress, "the onboarding has not begun at the provider yet; ask again")
    })
}

fn acted(onboarding: &Onboarding) -> Acted {
    Acted { onboarding_id: onboarding.key.id.clone(), status: onboarding.truth.status }
}
