//! A provider's feed of events, read on from where we stopped: what no webhook told us is found here.
//!
//! An event whose own webhook came, or that a look has answered since, is passed over, so that a feed costs a provider no
//! looks of its own; the others are rung like webhooks. The cursor moves after the bells are durably queued, and only from
//! where it was read: whoever dies in between reads the same page again, whoever is overtaken changes nothing.

use std::time::Duration;

use tracing::{info, warn};

use crate::domain::schedule::FEED;
use crate::domain::{ConnectionKey, Evidence, Notice, OnboardingKey, Resource, SubjectKey};
use crate::gateway::Line;
use crate::look::Looker;
use crate::ports::{Connection, FeedEvent, LedgerError, ProviderError, SubjectState};

use super::visit::code_of;
use super::{Fetcher, Outcome, Rung, Verdict};

const DONE: Outcome = (Verdict::Done, None);
/// Pages of one visit; the next goes on there.
const PAGES: u8 = 5;
/// Their calls end by then.
const BUDGET: Duration = Duration::from_secs(15);
/// A look that started so long after an event, by two clocks, has seen it.
const SKEW: Duration = Duration::from_secs(60);
/// What cannot be read now is tried again after this.
const LATER: Duration = Duration::from_secs(60);
/// What a person has to see to.
const REFUSED: Duration = Duration::from_secs(3600);

impl Fetcher {
    /// Reads on in the feed of a connection.
    pub(super) async fn read_feed(&self, key: &ConnectionKey, rung: &[Rung]) -> Result<Outcome, LedgerError> {
        let config = match self.config(&key.tenant, &key.name).await {
            Ok(config) => config,
            // The reconciler rings again.
            Err(Verdict::Again(_)) if super::receives_of(rung) > 3 => return Ok(DONE),
            Err(Verdict::Reject(_)) => return self.nobody_reads(key).await,
            Err(verdict) => return Ok((verdict, None)),
        };
        let Some(connection) = config.connection(&key.name).filter(|connection| connection.account.has_feed()) else {
            return self.nobody_reads(key).await;
        };
        let evidence = Evidence::Schedule;
        let looker = Looker { gateway: &self.gateway, config: &config, connection, evidence, budget: BUDGET };
        let record = self.gateway.ledger.connection(key).await?;
        let now = self.gateway.now();
        if let Some(until) = looker.hindrance(&record).await? {
            self.gateway.ledger.plan_feed(key, Some(until)).await?;
            return Ok(DONE);
        }
        let line = Line::new(&self.gateway, &config, connection, BUDGET);
        let mut cursor = record.cursor.clone();
        for _ in 0..PAGES {
            let page = match connection.account.feed(line.reach(), cursor.as_deref()).await {
                Ok(page) => page,
                Err(error) => {
                    warn!(event = "feed_failed", tenant = %key.tenant, connection = %key.name, cause = code_of(&error));
                    let wait = self.wait_after(&looker, &error).await?;
                    self.gateway.ledger.plan_feed(key, Some(now + wait)).await?;
                    return Ok(DONE);
                }
            };
            if !self.ring_events(connection, &page.events).await? {
                return Ok((Verdict::Again(Duration::from_secs(5)), None));
            }
            looker.recovered(&record).await?;
            self.gateway.ledger.move_cursor(key, cursor.as_deref(), &page.cursor).await?;
            cursor = Some(page.cursor);
            if !page.more {
                self.gateway.ledger.plan_feed(key, Some(now + self.gateway.world.pace.of(FEED))).await?;
                return Ok(DONE);
            }
        }
        self.gateway.ledger.plan_feed(key, Some(now)).await?;
        Ok(DONE)
    }

    /// Of what the feed answers only the wish for patience is the whole connection's: an account that may not read the
    /// feed, or a list that is down, holds up no look.
    async fn wait_after(&self, looker: &Looker<'_>, error: &ProviderError) -> Result<Duration, LedgerError> {
        let pace = self.gateway.world.pace;
        Ok(match error {
            ProviderError::Busy { .. } => looker.failed(error).await?.0.max(pace.of(LATER)),
            ProviderError::Unavailable(_) | ProviderError::Renewing => pace.of(LATER),
            ProviderError::Unauthorized
            | ProviderError::NotFound
            | ProviderError::Refused { .. }
            | ProviderError::Foreign(_)
            | ProviderError::Unsupported(_) => pace.of(REFUSED),
        })
    }

    /// The connection is gone; the first look through it asks for its feed again, which has kept its place.
    async fn nobody_reads(&self, key: &ConnectionKey) -> Result<Outcome, LedgerError> {
        self.gateway.ledger.plan_feed(key, None).await?;
        Ok(DONE)
    }

    /// Rings what nobody has heard of; false if the queue does not take it.
    async fn ring_events(&self, connection: &Connection, events: &[FeedEvent]) -> Result<bool, LedgerError> {
        let key_of =
            |resource: &Resource| SubjectKey { connection: connection.key.clone(), resource: resource.clone() };
        let subjects = events.iter().map(|event| key_of(&event.subject));
        let own = events.iter().map(|event| key_of(&event.event));
        let keys: Vec<SubjectKey> = subjects.chain(own).collect();
        let mut known = self.gateway.ledger.subjects(&keys, self.gateway.now()).await?;
        // Whose an event is, is remembered when its webhook has been answered or waits. One that was taken for invented
        // because it could not be read yet is heard here.
        let heard = known.split_off(events.len().min(known.len())).into_iter().map(|record| {
            let state = record.map(|record| record.state);
            matches!(state, Some(SubjectState::Bound { .. } | SubjectState::Parked { .. }))
        });
        // A stranger's events cost nothing; an event that names no subject is its own.
        let passed: Vec<bool> = known
            .iter()
            .zip(events)
            .map(|(record, event)| {
                let state = record.as_ref().map(|record| &record.state);
                event.subject != event.event && matches!(state, Some(SubjectState::Stranger | SubjectState::Erased))
            })
            .collect();
        let owners: Vec<Option<OnboardingKey>> = known
            .into_iter()
            .map(|record| match record.map(|record| record.state) {
                Some(SubjectState::Bound { onboarding, .. }) => {
                    Some(OnboardingKey { tenant: connection.key.tenant.clone(), id: onboarding })
                }
                Some(SubjectState::Parked { .. } | SubjectState::Stranger | SubjectState::Erased) | None => None,
            })
            .collect();
        let keys: Vec<OnboardingKey> = owners.iter().flatten().cloned().collect();
        let mut read = self.gateway.ledger.read_all(&keys).await?.into_iter();
        let mut notices: Vec<Notice> = Vec::new();
        for (((event, owner), heard), passed) in events.iter().zip(owners).zip(heard).zip(passed) {
            let onboarding = owner.and_then(|_| read.next().flatten());
            if heard || passed || onboarding.is_some_and(|found| found.has_seen(event.at + SKEW, &event.claim)) {
                continue;
            }
            let mut notice = Notice::of_event(connection.key.clone(), event.subject.clone(), event.claim.clone());
            notice.evidence = Evidence::Schedule;
            if !notices.contains(&notice) {
                notices.push(notice);
            }
        }
        if !notices.is_empty() {
            info!(event = "feed_found", tenant = %connection.key.tenant, connection = %connection.key.name,
                notices = notices.len());
        }
        for some in notices.chunks(10) {
            if self.gateway.bells.notify_all(some).await.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
