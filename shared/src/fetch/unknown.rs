//! A notice of a subject that nobody has bound: is it ours?
//!
//! 1. erased or a stranger: done and counted, at no cost;
//! 2. the provider has our own reference on it (the webhook overtook our own create, or we died in between): bound;
//!    or it names another resource, whose owner we may know (an event that names a person): that one is gone on with,
//!    and whose the event was is remembered; or there is no such thing, or it is certainly another's: a stranger at
//!    once, at the price of one call;
//! 3. younger than 15 min: parked with its notice, because a webhook can overtake our own create;
//! 4. older: by the connection's setting a stranger, remembered for 7 days, or adopted.

use std::time::Duration;

use tracing::{info, warn};

use crate::domain::{
    Attempt, Channel, Identity, Notice, Onboarding, OnboardingId, OnboardingKey, Reference, Resource, SubjectKey,
    SubjectKind, Timestamp, Truth,
};
use crate::gateway::Line;
use crate::look::Looker;
use crate::ports::{
    Commit, Committed, Connection, LedgerError, ProviderError, SubjectRecord, SubjectState, TenantConfig,
    UnknownSubject, Whose,
};

use super::visit::code_of;
use super::{Fetcher, Outcome, Rung, Verdict};

/// Finding out whose it is may take so long, beside the look that follows.
const RESOLVE: Duration = Duration::from_secs(6);
/// While the provider cannot be asked whose it is.
const LATER: Duration = Duration::from_secs(60);
/// While somebody else renews the login that all share.
const SOON: Duration = Duration::from_secs(5);
/// A webhook can overtake our own create by this much (design §5).
const OVERTAKING: Duration = Duration::from_secs(15 * 60);
/// A stranger is remembered (design §5).
const STRANGER: Duration = Duration::from_secs(7 * 24 * 3600);
/// Whose an event was is remembered: longer than any provider repeats a webhook.
const REFERRED: Duration = Duration::from_secs(7 * 24 * 3600);
/// A parked notice is kept at most this long while the provider cannot be asked.
const PARKED: Duration = Duration::from_secs(30 * 24 * 3600);

const DONE: Outcome = (Verdict::Done, None);

impl Fetcher {
    pub(super) async fn unknown(
        &self,
        subject: &SubjectKey,
        record: Option<SubjectRecord>,
        rung: &[Rung],
    ) -> Result<Outcome, LedgerError> {
        let waited_since = record.as_ref().and_then(|record| since_of(&record.state));
        match record.map(|record| record.state) {
            Some(SubjectState::Erased | SubjectState::Stranger) => {
                info!(event = "notice_of_no_one", tenant = %subject.connection.tenant, connection = %subject.connection.name);
                return Ok(DONE);
            }
            Some(SubjectState::Bound { .. } | SubjectState::Parked { .. }) | None => {}
        }
        let config = match self.config(&subject.connection.tenant, &subject.connection.name).await {
            Ok(config) => config,
            Err(Verdict::Again(_)) if super::receives_of(rung) > 3 => {
                let since = since(rung, waited_since);
                return self.park(subject, rung, since, self.gateway.now() + Duration::from_secs(60)).await;
            }
            Err(verdict) => return Ok((verdict, None)),
        };
        let Some(connection) = config.connection(&subject.connection.name) else {
            return Ok((Verdict::Reject("unknown_connection"), None));
        };
        match self.resolve(&config, connection, &subject.resource, rung).await? {
            Resolved::Ours(onboarding) => self.bind(subject, &onboarding, rung).await,
            Resolved::Erased => {
                info!(event = "notice_of_erased", tenant = %subject.connection.tenant);
                Ok(DONE)
            }
            Resolved::About(onto, part) => self.turn_to(subject, onto, part, rung).await,
            Resolved::Stranger(reason) => self.stranger(subject, reason).await,
            Resolved::Others => self.nobodys(connection, subject, rung).await,
            Resolved::NotOurs => self.age(connection, subject, rung, since(rung, waited_since)).await,
            Resolved::Soon => Ok((Verdict::Again(SOON), None)),
            Resolved::Later(after) => {
                let due = self.gateway.now() + after;
                self.park(subject, rung, since(rung, waited_since), due).await
            }
        }
    }

    async fn resolve(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        resource: &Resource,
        rung: &[Rung],
    ) -> Result<Resolved, LedgerError> {
        let evidence = rung.first().map_or(crate::domain::Evidence::Webhook, |rung| rung.notice.evidence);
        let looker = Looker { gateway: &self.gateway, config, connection, evidence, budget: RESOLVE };
        let record = self.gateway.ledger.connection(&connection.key).await?;
        if let Some(until) = looker.hindrance_for_unknown(&record).await? {
            return Ok(Resolved::Later(until.since(self.gateway.now())));
        }
        let line = Line::new(&self.gateway, config, connection, RESOLVE);
        match connection.account.resolve(line.reach(), resource).await {
            Ok(Whose::Ours(id)) => self.ours(connection, id).await,
            Ok(Whose::About { subject, part }) if subject != *resource => Ok(Resolved::About(subject, part)),
            Ok(Whose::Invented) => Ok(Resolved::Stranger("invented")),
            Ok(Whose::Others) => Ok(Resolved::Others),
            // Refused (403, say): the account may not see it, so it is another's.
            Ok(Whose::Nobodys | Whose::About { .. })
            | Err(
                ProviderError::NotFound
                | ProviderError::Foreign(_)
                | ProviderError::Refused { .. }
                | ProviderError::Unsupported(_),
            ) => Ok(Resolved::NotOurs),
            Err(ProviderError::Renewing) if super::receives_of(rung) <= 3 => Ok(Resolved::Soon),
            Err(
                error @ (ProviderError::Busy { .. }
                | ProviderError::Unavailable(_)
                | ProviderError::Unauthorized
                | ProviderError::Renewing),
            ) => {
                warn!(event = "look_put_off", tenant = %connection.key.tenant, connection = %connection.key.name,
                    cause = code_of(&error));
                let (pause, _) = looker.failed(&error).await?;
                Ok(Resolved::Later(pause.max(self.gateway.world.pace.of(LATER))))
            }
        }
    }

    /// A reference of ours counts only if it names an onboarding of this tenant and this connection; the intent is
    /// recorded before the provider is told, so one that names none is another's: another tenant's, another stage's.
    async fn ours(&self, connection: &Connection, id: OnboardingId) -> Result<Resolved, LedgerError> {
        let key = OnboardingKey { tenant: connection.key.tenant.clone(), id };
        let found = self.gateway.ledger.read(&key).await?;
        let fits = found.filter(|found| found.identity.connection == connection.key.name);
        if fits.as_ref().is_some_and(|found| found.erased_at.is_some()) {
            return Ok(Resolved::Erased);
        }
        Ok(match fits {
            Some(onboarding) => Resolved::Ours(Box::new(onboarding)),
            None if connection.settings.unknown_subject == UnknownSubject::Stranger => Resolved::Stranger("anothers"),
            None => Resolved::NotOurs,
        })
    }

    /// Goes on with what an event is about, and remembers whose it was, so that its repeats resolve nothing.
    async fn turn_to(
        &self,
        event: &SubjectKey,
        onto: Resource,
        part: Resource,
        rung: &[Rung],
    ) -> Result<Outcome, LedgerError> {
        let subject = SubjectKey { connection: event.connection.clone(), resource: onto.clone() };
        let turned = |rung: &Rung| Rung { notice: rung.notice.turned_to(onto.clone(), part.clone()), ..rung.clone() };
        let rung: Vec<Rung> = rung.iter().map(turned).collect();
        let now = self.gateway.now();
        let record =
            self.gateway.ledger.subjects(std::slice::from_ref(&subject), now).await?.into_iter().flatten().next();
        let until = Some(now + self.gateway.world.pace.of(REFERRED));
        if let Some(SubjectRecord { state: SubjectState::Bound { onboarding, attempt }, .. }) = record {
            let state = SubjectState::Bound { onboarding: onboarding.clone(), attempt };
            let key = OnboardingKey { tenant: subject.connection.tenant, id: onboarding };
            let visited = Box::pin(self.visit(&key, Some(attempt), &rung)).await?;
            let outcome = self.under_its_name(visited, &rung).await;
            // Last: the event names neither the run that it may have completed nor the part that it claims.
            if outcome.0 == Verdict::Done {
                self.gateway.ledger.set_aside(event, &SubjectRecord { state, until }, None).await?;
            }
            return Ok(outcome);
        }
        let outcome = Box::pin(self.unknown(&subject, record, &rung)).await?;
        if outcome.0 == Verdict::Done {
            // Whatever became of it stands with the subject itself; until it is forgotten there, repeats cost nothing.
            self.stranger(event, "about_nobody").await?;
        }
        Ok(outcome)
    }

    /// What has to wait, waits under the name of what it is about.
    async fn under_its_name(&self, visited: Outcome, rung: &[Rung]) -> Outcome {
        let (Verdict::Again(after), bell) = visited else { return visited };
        let mut rung_again: Vec<Notice> = Vec::new();
        for Rung { notice, sent_at, .. } in rung {
            let notice = Notice { since: Some(notice.since.unwrap_or(*sent_at)), ..notice.clone() };
            if rung_again.contains(&notice) {
                continue;
            }
            if self.gateway.bells.notify(&notice, after).await.is_err() {
                return (Verdict::Again(after), bell);
            }
            rung_again.push(notice);
        }
        (Verdict::Done, bell)
    }

    /// Nobody's: its repeats cost nothing for a while.
    async fn stranger(&self, subject: &SubjectKey, reason: &'static str) -> Result<Outcome, LedgerError> {
        warn!(event = "stranger", tenant = %subject.connection.tenant, connection = %subject.connection.name, reason);
        let until = Some(self.gateway.now() + self.gateway.world.pace.of(STRANGER));
        let record = SubjectRecord { state: SubjectState::Stranger, until };
        self.gateway.ledger.set_aside(subject, &record, None).await?;
        Ok(DONE)
    }

    async fn bind(&self, subject: &SubjectKey, onboarding: &Onboarding, rung: &[Rung]) -> Result<Outcome, LedgerError> {
        let attempt = attempt_of(&onboarding.truth, &subject.resource);
        let (state, _) = self.gateway.ledger.bind(subject, &onboarding.key.id, attempt).await?;
        let SubjectState::Bound { onboarding: winner, attempt } = state else { return Ok(DONE) };
        let key = OnboardingKey { tenant: onboarding.key.tenant.clone(), id: winner };
        Box::pin(self.visit(&key, Some(attempt), rung)).await
    }

    /// We died between the provider's "created" and our record of it: a run that is bound to an attempt which names none
    /// is the intended one. False on a race.
    pub(super) async fn complete(
        &self,
        onboarding: &Onboarding,
        attempt: u8,
        rung: &[Rung],
    ) -> Result<bool, LedgerError> {
        let mut truth = onboarding.truth.clone();
        // One with names was begun without asking the provider: whoever began it names its run, too.
        let is_open = |run: &&mut Attempt| run.number == attempt && run.subject.is_none() && run.names.is_empty();
        let run = truth.attempts.iter_mut().find(is_open);
        let Some(run) = run else { return Ok(true) };
        // A name was bound before the run was.
        let told = rung.iter().filter_map(|rung| rung.notice.subject());
        let Some(subject) = told.into_iter().find(|told| !run.names.contains(&told.resource)) else { return Ok(true) };
        run.subject = Some(subject.resource);
        let due = Some(self.gateway.now());
        let commit = Commit { look_due: due, ..self.gateway.commit_of(onboarding, truth) };
        Ok(self.gateway.ledger.commit(&commit).await? == Committed::Done)
    }

    async fn age(
        &self,
        connection: &Connection,
        subject: &SubjectKey,
        rung: &[Rung],
        since: Timestamp,
    ) -> Result<Outcome, LedgerError> {
        let ripe = since + self.gateway.world.pace.of(OVERTAKING);
        let now = self.gateway.now();
        if now < ripe {
            return self.park(subject, rung, since, ripe).await;
        }
        self.nobodys(connection, subject, rung).await
    }

    /// Not of our making: what becomes of it is the connection's setting.
    async fn nobodys(
        &self,
        connection: &Connection,
        subject: &SubjectKey,
        rung: &[Rung],
    ) -> Result<Outcome, LedgerError> {
        let now = self.gateway.now();
        match connection.settings.unknown_subject {
            UnknownSubject::Stranger => self.stranger(subject, "nobodys").await,
            UnknownSubject::Adopt => {
                let id = self.gateway.world.entropy.onboarding_id(now);
                let (state, _) = self.gateway.ledger.bind(subject, &id, 1).await?;
                let SubjectState::Bound { onboarding: id, attempt } = state else { return Ok(DONE) };
                let key = OnboardingKey { tenant: subject.connection.tenant.clone(), id };
                self.adopt(&key, connection, &subject.resource).await?;
                Box::pin(self.visit(&key, Some(attempt), rung)).await
            }
        }
    }

    /// Makes the onboarding that an adopted subject is bound to; doing it twice is done.
    async fn adopt(
        &self,
        key: &OnboardingKey,
        connection: &Connection,
        resource: &Resource,
    ) -> Result<(), LedgerError> {
        let now = self.gateway.now();
        let reference =
            Reference::parse(resource.to_string()).map_err(|rule| LedgerError::Unreadable(rule.0.to_owned()))?;
        let mut truth = Truth::intended(now);
        truth.attempts.iter_mut().for_each(|run| run.subject = Some(resource.clone()));
        let onboarding = Onboarding {
            key: key.clone(),
            identity: Identity {
                connection: connection.key.name.clone(),
                provider: connection.account.provider().to_owned(),
                reference: reference.clone(),
                subject_kind: SubjectKind::Individual,
                channel: Channel::Link,
                created_at: now,
            },
            truth,
            look: crate::domain::Look { due: Some(now), ..Default::default() },
            delivery: Default::default(),
            erased_at: None,
        };
        // The reference first: whoever dies in between finds no onboarding and does both again.
        self.gateway.ledger.add_reference(&key.tenant, &reference, &key.id).await?;
        self.gateway.ledger.create(&onboarding, &self.gateway.world.entropy.mark()).await?;
        Ok(())
    }

    /// A bound subject whose onboarding is not there: an adoption that died half way.
    pub(super) async fn missing(&self, key: &OnboardingKey, rung: &[Rung]) -> Result<Outcome, LedgerError> {
        let rejected = Ok((Verdict::Reject("unknown_onboarding"), None));
        let Some(subject) = rung.iter().find_map(|rung| rung.notice.subject()) else { return rejected };
        let config = match self.config(&key.tenant, &subject.connection.name).await {
            Ok(config) => config,
            Err(verdict) => return Ok((verdict, None)),
        };
        match config.connection(&subject.connection.name) {
            Some(connection) if connection.settings.unknown_subject == UnknownSubject::Adopt => {
                self.adopt(key, connection, &subject.resource).await?;
                Ok((Verdict::Again(Duration::from_secs(1)), None))
            }
            Some(_) | None => rejected,
        }
    }

    async fn park(
        &self,
        subject: &SubjectKey,
        rung: &[Rung],
        since: Timestamp,
        due: Timestamp,
    ) -> Result<Outcome, LedgerError> {
        let Some(last) = rung.last() else { return Ok(DONE) };
        if self.gateway.now().since(since) > self.gateway.world.pace.of(PARKED) {
            return Ok((Verdict::Reject("parked_too_long"), None));
        }
        let notice = Box::new(Notice { since: Some(since), ..last.notice.clone() });
        let record = SubjectRecord {
            state: SubjectState::Parked { notice },
            until: Some(since + self.gateway.world.pace.of(PARKED)),
        };
        let parked = self.gateway.ledger.set_aside(subject, &record, Some(due)).await?;
        // Something stronger stands there now: it was bound meanwhile.
        Ok(if parked { DONE } else { (Verdict::Again(Duration::from_secs(1)), None) })
    }
}

enum Resolved {
    Ours(Box<Onboarding>),
    About(Resource, Resource),
    Stranger(&'static str),
    Others,
    Erased,
    NotOurs,
    Soon,
    Later(Duration),
}

/// When the first notice of it was sent, also when others have waited here before.
fn since(rung: &[Rung], waited_since: Option<Timestamp>) -> Timestamp {
    let sent = rung.iter().map(|rung| rung.notice.since.unwrap_or(rung.sent_at));
    sent.chain(waited_since).min().unwrap_or(Timestamp::from_millis(0))
}

fn since_of(state: &SubjectState) -> Option<Timestamp> {
    match state {
        SubjectState::Parked { notice } => notice.since,
        SubjectState::Bound { .. } | SubjectState::Stranger | SubjectState::Erased => None,
    }
}

/// Which attempt a run of ours is: the one that names it, the current one while it names none, else none (0): a run
/// that was never handed out.
fn attempt_of(truth: &Truth, resource: &Resource) -> u8 {
    let named = truth.attempts.iter().find(|run| run.subject.as_ref() == Some(resource));
    let open = truth.attempt().filter(|run| run.subject.is_none());
    named.or(open).map_or(0, |run| run.number)
}
