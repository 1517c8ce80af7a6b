//! A fresh link into the run that is there: asked for by `resume`, or made ready ahead where `reissue` is `auto`.
//!
//! One at a time makes the n-th link of an attempt, and whoever comes second gets the same one: a claim of our own,
//! named by attempt and number, sees to it. Whoever dies after the provider's answer has made a link that nobody gets;
//! the next one makes another.

use tracing::info;
use url::Url;

use crate::domain::{Attempt, ErrorCode, Evidence, IdempotencyKey, Onboarding, Resource, Status, Timestamp, Truth};
use crate::gateway::{Line, awaits_delivery};
use crate::ports::{Commit, Committed, Connection, Reissue, Renewed, TenantConfig};

use super::Initiator;
use super::answer::Refusal;
use super::claim::Turn;
use super::resume::{not_resumable, was_declined};
use super::run::FIRST_LOOK;

/// After so many lost races we are asked again.
const RACES: u8 = 5;
/// Links of one attempt that are made anew.
const MAX_RENEWALS: u8 = 100;
/// Links of one onboarding that are made ready without being asked for (design §5).
const MAX_REISSUES: u8 = 3;

/// Who wants the link.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    App,
    Nobody,
}

/// What was made, for whom.
struct Fresh<'a> {
    renewed: &'a Renewed,
    sealed: &'a str,
    serves: Option<&'a Resource>,
    whom: For,
}

/// Whether a stalled onboarding is without a living link, and its connection wants one made ready.
#[must_use]
pub fn wants_link(connection: &Connection, onboarding: &Onboarding, now: Timestamp) -> bool {
    let truth = &onboarding.truth;
    let dead = |run: &Attempt| run.number == truth.stalled_attempt && !run.has_live_link(now);
    connection.settings.reissue == Reissue::Auto
        && truth.status == Status::LinkIssued
        && truth.reissued < MAX_REISSUES
        && truth.attempt().is_some_and(dead)
}

impl Initiator {
    /// Makes a link ready that nobody has asked for yet; where it cannot be made now, a later look tries again.
    pub async fn reissue(&self, config: &TenantConfig, connection: &Connection, onboarding: &Onboarding) {
        let made = async {
            let return_url = self.last_return_url(config, onboarding).await?;
            let return_url = return_url.filter(|url| super::is_covered(config, url));
            self.renew(config, connection, onboarding, return_url.as_ref(), For::Nobody).await
        };
        let outcome = match made.await {
            Ok(Some(_)) => "ready",
            Ok(None) => "not_possible",
            Err(refusal) => refusal.code().as_str(),
        };
        info!(event = "reissued", tenant = %config.tenant, connection = %connection.key.name, outcome);
    }

    /// The onboarding with a fresh link into its run, or into the action that is open; none where only a new run helps.
    pub(super) async fn renewed(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        onboarding: &Onboarding,
        return_url: Option<&Url>,
    ) -> Result<Option<Onboarding>, Refusal> {
        self.renew(config, connection, onboarding, return_url, For::App).await
    }

    async fn renew(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        onboarding: &Onboarding,
        return_url: Option<&Url>,
        whom: For,
    ) -> Result<Option<Onboarding>, Refusal> {
        let asking = connection.account.asking(&onboarding.truth.parts);
        let Some((run, subject)) = onboarding.truth.attempt().and_then(|run| Some((run, run.subject.as_ref()?))) else {
            return Ok(None);
        };
        if asking.is_none() && !connection.account.renews_links(Some(subject)) {
            return Ok(None);
        }
        if run.renewals >= MAX_RENEWALS {
            return Err(not_resumable("its link was made anew too often; start a new one"));
        }
        let id = onboarding.key.id.clone();
        let key = IdempotencyKey::parse(format!("{id}.{}.{}", run.number, run.renewals))
            .map_err(|rule| Refusal::new(ErrorCode::Internal, rule.0))?;
        match self.claim(config, "renew", &key, &serde_json::Value::Null, id).await? {
            Turn::Before(_) => {
                let newer = self.gateway.ledger.read(&onboarding.key).await?.ok_or_else(super::no_onboarding)?;
                let serves = newer.truth.attempt().is_some_and(|run| run.link_for == asking);
                // Somebody else's was made for something else.
                let message = "the onboarding changed at this moment; ask again";
                serves.then_some(Some(newer)).ok_or_else(|| Refusal::new(ErrorCode::InProgress, message))
            }
            Turn::Ours(hold) => {
                let outcome = self.renew_alone(config, connection, onboarding, return_url, whom).await;
                if matches!(outcome, Ok(None)) {
                    let now = self.gateway.now();
                    self.gateway.ledger.drop_claim(&hold.key, &hold.fence, now).await?;
                    return Ok(None);
                }
                self.settle(&hold, outcome).await
            }
        }
    }

    async fn renew_alone(
        &self,
        config: &TenantConfig,
        connection: &Connection,
        onboarding: &Onboarding,
        return_url: Option<&Url>,
        whom: For,
    ) -> Result<Option<Onboarding>, Refusal> {
        let asking = connection.account.asking(&onboarding.truth.parts);
        let Some(run) = onboarding.truth.attempt() else { return Ok(None) };
        let Some(subject) = &run.subject else { return Ok(None) };
        let line = Line::new(&self.gateway, config, connection, super::LOOK).of(&onboarding.key);
        let channel = onboarding.identity.channel;
        let made = connection.account.renew(line.reach(), subject, asking.as_ref(), channel, return_url).await?;
        let Some(renewed) = made else { return Ok(None) };
        let data_key = self.data_key(config, &onboarding.key).await?;
        let sealed = self.seal_entrance(&data_key, &onboarding.key, run.number, &renewed.entrance, return_url)?;
        let fresh = Fresh { renewed: &renewed, sealed: &sealed, serves: asking.as_ref(), whom };
        self.record_link(config, onboarding.clone(), run.number, &fresh).await.map(Some)
    }

    async fn record_link(
        &self,
        config: &TenantConfig,
        mut onboarding: Onboarding,
        attempt: u8,
        fresh: &Fresh<'_>,
    ) -> Result<Onboarding, Refusal> {
        for _ in 0..RACES {
            let now = self.gateway.now();
            let truth = relinked(&onboarding.truth, attempt, fresh, now);
            let after = Onboarding { truth: truth.clone(), ..onboarding.clone() };
            let soon = now + self.gateway.world.pace.of(FIRST_LOOK);
            let planned = onboarding.look.due.filter(|&due| due > now).map_or(soon, |due| due.min(soon));
            let commit = Commit {
                look_due: Some(planned),
                delivery_due: awaits_delivery(config, &after).then_some(now),
                ..self.gateway.commit_of(&onboarding, truth)
            };
            match self.gateway.ledger.commit(&commit).await? {
                Committed::Done => {
                    self.ring(config, &after).await;
                    return Ok(after);
                }
                Committed::Erased => {
                    // Its own key may have been made again for this link.
                    self.gateway.ledger.destroy_key(&onboarding.key).await?;
                    return Err(super::no_onboarding());
                }
                Committed::Conflict => {
                    onboarding = self.gateway.ledger.read(&onboarding.key).await?.ok_or_else(super::no_onboarding)?;
                }
            }
        }
        Err(Refusal::new(ErrorCode::Unavailable, "too many writers at once; ask again"))
    }
}

fn relinked(before: &Truth, attempt: u8, fresh: &Fresh<'_>, now: Timestamp) -> Truth {
    let mut truth = before.clone();
    if let Some(run) = truth.attempts.iter_mut().find(|run| run.number == attempt) {
        run.sealed_link = Some(fresh.sealed.to_owned());
        run.link_expires_at = fresh.renewed.expires_at;
        run.link_for = fresh.serves.cloned();
        if let Some(nonce) = &fresh.renewed.return_nonce {
            run.earlier_nonce = run.return_nonce.replace(nonce.clone());
            (run.exchanging, run.declined) = (None, false);
        }
        run.link_used = false;
        run.renewals = run.renewals.saturating_add(1);
        if fresh.whom == For::App {
            run.renewed_at = Some(now);
        }
    }
    if fresh.whom == For::Nobody {
        truth.reissued = truth.reissued.saturating_add(1);
    }
    // The way is open again for somebody who had lost it.
    let lost = matches!(truth.status, Status::Created | Status::Expired | Status::Abandoned) || was_declined(before);
    if lost && fresh.serves.is_none() {
        truth.reasons.clear();
        truth.turn(Status::LinkIssued, now, Evidence::App);
    }
    truth
}
