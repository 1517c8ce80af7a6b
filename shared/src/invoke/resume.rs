//! `resume`: the same attempt while it lives, else the next one under the same id.

use serde_json::{Map, json};

use crate::domain::{
    Attempt, Channel, ErrorCode, Evidence, MAX_ATTEMPTS, Onboarding, OnboardingKey, Resource, Status, Truth,
};
use crate::look::{Looked, Looker};
use crate::ports::{Commit, Committed, Connection, TenantConfig, Wish};

use super::Initiator;
use super::answer::{Refusal, Started};
use super::claim::Turn;
use super::request::Resume;
use super::run::FIRST_LOOK;

/// What is handed out while something lives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// That: the same request again has the same answer.
    Living,
    /// What can be made anew is.
    Fresh,
}

impl Initiator {
    pub(super) async fn resume(&self, config: &TenantConfig, asked: Resume) -> Result<Started, Refusal> {
        let key = OnboardingKey { tenant: config.tenant.clone(), id: asked.onboarding_id.clone() };
        let onboarding = self.gateway.ledger.read(&key).await?.ok_or_else(super::no_onboarding)?;
        if onboarding.erased_at.is_some() {
            return Err(not_resumable("it is erased; start a new one"));
        }
        let connection = super::connection_of(config, &onboarding.identity.connection)?;
        let wish = resume_wish(config, &asked, &onboarding)?;
        let content = json!({
            "onboarding_id": asked.onboarding_id, "return_url": asked.return_url, "options": asked.options,
            "subject": asked.subject.as_ref().map(|subject| &subject.fields),
        });
        match self.claim(config, "resume", &asked.idempotency_key, &content, asked.onboarding_id.clone()).await? {
            Turn::Before(_) => self.replayed(config, connection, onboarding, &wish).await,
            Turn::Ours(hold) => {
                let outcome = self.resume_claimed(config, connection, onboarding, &wish).await;
                self.settle(&hold, outcome).await
            }
        }
    }

    async fn resume_claimed(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        onboarding: Onboarding,
        wish: &Wish,
    ) -> Result<Started, Refusal> {
        let known = onboarding.clone();
        match self.refreshed(config, connection, onboarding).await {
            Ok(onboarding) => self.live_or_next(config, connection, onboarding, wish, Entry::Fresh).await,
            // The provider does not answer now: a link that lives as far as we know is better than none.
            Err(refusal) if refusal.code().is_retryable() && self.is_live(&known) => {
                self.live_or_next(config, connection, known, wish, Entry::Living).await
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// The same request again: the same onboarding, with a link that lives. What was decided stays decided; only a
    /// link that died of itself is followed by a fresh one.
    pub(super) async fn replayed(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        onboarding: Onboarding,
        wish: &Wish,
    ) -> Result<Started, Refusal> {
        let asking = connection.account.asking(&onboarding.truth.parts).is_some();
        match onboarding.truth.status {
            Status::Approved | Status::Rejected if asking => {
                self.live_or_next(config, connection, onboarding, wish, Entry::Living).await
            }
            Status::Approved | Status::Rejected | Status::Cancelled => self.entrance(config, &onboarding).await,
            Status::Created
            | Status::LinkIssued
            | Status::InProgress
            | Status::Submitted
            | Status::InReview
            | Status::ActionRequired
            | Status::Expired
            | Status::Abandoned => self.live_or_next(config, connection, onboarding, wish, Entry::Living).await,
        }
    }

    /// The truth about the current attempt, now: its link may have died without a word.
    pub(super) async fn refreshed(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        onboarding: Onboarding,
    ) -> Result<Onboarding, Refusal> {
        let attempt = onboarding.truth.attempt();
        if attempt.is_none_or(|attempt| attempt.subject.is_none()) {
            return Ok(onboarding);
        }
        let looker =
            Looker { gateway: &self.gateway, config, connection, evidence: Evidence::App, budget: super::LOOK };
        match looker.look(&onboarding.key, onboarding.truth.attempt_number(), &[]).await? {
            Looked::Found { onboarding, .. } | Looked::Satisfied(onboarding) => {
                self.ring(config, &onboarding).await;
                Ok(*onboarding)
            }
            Looked::Held(_) | Looked::Missing => {
                self.gateway.ledger.read(&onboarding.key).await?.ok_or_else(super::no_onboarding)
            }
            Looked::Due { error: Some(error), .. } => Err(error.into()),
            Looked::Due { error: None, .. } => {
                Err(Refusal::new(ErrorCode::RateLimited, "the connection is paused; ask again later"))
            }
        }
    }

    /// The link of the current attempt while it lives; else a next attempt, where one makes sense.
    pub(super) async fn live_or_next(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        onboarding: Onboarding,
        wish: &Wish,
        entry: Entry,
    ) -> Result<Started, Refusal> {
        let truth = &onboarding.truth;
        // What the provider asks for can be given while there is a link to it, whatever was decided before.
        let asking = connection.account.asking(&truth.parts);
        let over = truth.status == Status::Cancelled && !was_declined(truth);
        if over || (truth.status == Status::Approved && asking.is_none()) {
            return Err(not_resumable("approved and cancelled onboardings are not resumed; start a new one"));
        }
        // The person has done everything; another attempt would only make the decision on this one a superseded one.
        if asking.is_none() && matches!(truth.status, Status::Submitted | Status::InReview) {
            return self.entrance(config, &onboarding).await;
        }
        if truth.attempt().is_some_and(|run| run.subject.is_none()) {
            let number = truth.attempt_number();
            let wish = Wish { attempt: number, before: run_before(truth, number), ..wish.clone() };
            let begun = self.begin(config, connection, onboarding, &wish, true).await?;
            return self.entrance(config, &begun).await;
        }
        let run = truth.attempt().and_then(|run| run.subject.as_ref());
        let renews = run.is_some_and(|run| connection.account.renews_links(Some(run)));
        if asking.is_none() && truth.status == Status::ActionRequired && renews {
            let message = "there is no link to what the provider asks for; ask its support";
            return Err(Refusal::new(ErrorCode::Unsupported, message));
        }
        // What is decided is not entered again: only another run can end otherwise.
        if asking.is_none() && truth.status == Status::Rejected {
            return self.next_attempt(config, connection, onboarding, wish).await;
        }
        let serves = truth.attempt().is_some_and(|run| run.link_for == asking) && self.is_live(&onboarding);
        // A token is for one start of an SDK, and who asks again has used it or is about to on another device. A link by
        // which somebody came back with a code leads nowhere a second time.
        let token = entry == Entry::Fresh && onboarding.identity.channel == Channel::Sdk;
        let used = serves && renews && (token || truth.attempt().is_some_and(|run| run.link_used));
        if serves && !used {
            let answer = self.entrance(config, &onboarding).await?;
            if answer.link.is_some() || answer.sdk.is_some() {
                return Ok(answer);
            }
            if !renews {
                let message =
                    "this run was not started here, so there is no link of it; the person uses the one they have";
                return Err(Refusal::new(ErrorCode::Unsupported, message));
            }
        }
        match self.renewed(config, connection, &onboarding, wish.return_url.as_ref()).await {
            Ok(Some(renewed)) => return self.entrance(config, &renewed).await,
            // Nothing better is to be had now: what lives serves.
            Ok(None) if used => return self.entrance(config, &onboarding).await,
            Err(refusal) if used && refusal.code().is_retryable() => return self.entrance(config, &onboarding).await,
            Ok(None) => {}
            Err(refusal) => return Err(refusal),
        }
        if asking.is_some() {
            return Err(not_resumable("what the provider asks for has no link at this moment; ask again later"));
        }
        self.next_attempt(config, connection, onboarding, wish).await
    }

    async fn next_attempt(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        mut onboarding: Onboarding,
        wish: &Wish,
    ) -> Result<Started, Refusal> {
        let number = onboarding.truth.attempt_number().saturating_add(1);
        if number > MAX_ATTEMPTS {
            return Err(not_resumable(&format!("an onboarding has at most {MAX_ATTEMPTS} attempts; start a new one")));
        }
        let wish = Wish { attempt: number, before: run_before(&onboarding.truth, number), ..wish.clone() };
        connection.account.check(&wish).map_err(|faults| super::start::bad_fields(&faults))?;
        let now = self.gateway.now();
        let before = onboarding.clone();
        onboarding.truth.attempts.push(Attempt::intended(number, now));
        onboarding.truth.parts.clear();
        let soon = Some(now + self.gateway.world.pace.of(FIRST_LOOK));
        let commit = Commit { look_due: soon, ..self.gateway.commit_of(&before, onboarding.truth) };
        onboarding.truth = commit.truth.clone();
        if self.gateway.ledger.commit(&commit).await? != Committed::Done {
            return Err(Refusal::new(ErrorCode::InProgress, "the onboarding changed at this moment; ask again"));
        }
        let begun = self.begin(config, connection, onboarding, &wish, false).await?;
        self.entrance(config, &begun).await
    }
}

/// The run of the last attempt before that one.
fn run_before(truth: &Truth, number: u8) -> Option<Resource> {
    truth.attempts.iter().rev().filter(|run| run.number < number).find_map(|run| run.subject.clone())
}

/// Whether it is cancelled because the person refused, which they may think better of.
pub(super) fn was_declined(truth: &Truth) -> bool {
    let declined = truth.attempt().is_some_and(|run| run.declined);
    truth.status == Status::Cancelled && declined && !truth.withdrawn
}

pub(super) fn not_resumable(message: &str) -> Refusal {
    Refusal::new(ErrorCode::NotResumable, message).of_field("onboarding_id")
}

fn resume_wish(config: &TenantConfig, asked: &Resume, onboarding: &Onboarding) -> Result<Wish, Refusal> {
    Ok(Wish {
        onboarding: onboarding.key.id.clone(),
        attempt: onboarding.truth.attempt_number(),
        kind: onboarding.identity.subject_kind,
        subject: asked.subject.as_ref().map_or_else(Map::new, |subject| subject.fields.clone()),
        channel: onboarding.identity.channel,
        return_url: super::return_url(config, asked.return_url.as_deref())?,
        options: asked.options.clone(),
        before: None,
    })
}
