//! A person comes back from the provider's pages: with a code, or because they refused.
//!
//! A code is exchanged once: what is begun is marked with the code's digest before the provider is asked. The nonce of the
//! person's way is consumed only when something came of it, so that whoever lost a code on the way, or has changed their
//! mind, comes again by the same link.
//!
//! | we die, or a second message comes | then |
//! | --- | --- |
//! | before the provider is asked | the code is lost: the person comes again |
//! | after its answer, before that is kept | the same |
//! | after it is kept | gone on with, and nothing is asked with the code |
//! | the provider asks for patience or is down | the same code once more, by the queue's short retries |
//!
//! What the exchange makes true is found by a look that is asked for anew: one that came in between may satisfy the
//! notice, and has seen nothing of it.

use std::time::Duration;

use tracing::{info, warn};

use crate::domain::{Attempt, Evidence, LOOK_MARGIN, Notice, OnboardingKey, Resource, Returned, SubjectKey, Truth};
use crate::gateway::Line;
use crate::invoke::erase::MARKED;
use crate::ports::{Commit, Committed, Connection, LedgerError, ProviderError, TenantConfig};
use crate::state::Carrier;

use super::visit::code_of;
use super::{Fetcher, Rung, receives_of};

/// Exchanging a code may take so long, beside the look that follows.
const EXCHANGE: Duration = Duration::from_secs(8);
/// After so many lost races the message comes again.
const RACES: u8 = 5;
/// The same code is tried at so many receives of its message.
const TRIES: u32 = 3;

/// Where the exchange of a code stands.
enum Begun {
    /// By us, now.
    Now(Resource),
    /// By somebody before.
    Before(Resource),
    /// It is not of the run's way, or that is over.
    No,
}

impl Fetcher {
    /// What people bring back, one after the other; false if the message has to come again.
    pub(super) async fn comes_back(
        &self,
        key: &OnboardingKey,
        config: &TenantConfig,
        connection: &Connection,
        rung: &[Rung],
    ) -> Result<bool, LedgerError> {
        for Rung { notice, .. } in rung {
            if let Some(declined) = &notice.declined {
                self.declines(key, &declined.nonce).await?;
            }
            let Some(returned) = &notice.returned else { continue };
            let done = self.exchange(key, config, connection, returned).await?;
            // After the last try the notice is looked into like any other.
            if !done && receives_of(rung) < TRIES {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn declines(&self, key: &OnboardingKey, nonce: &str) -> Result<(), LedgerError> {
        let declined = |truth: &mut Truth| {
            let run = run_of(truth, nonce).filter(|run| !run.declined);
            run.map(|run| run.declined = true)
        };
        if self.revise(key, declined).await?.is_some() {
            info!(event = "declined", tenant = %key.tenant);
        }
        Ok(())
    }

    /// False if the provider is to be asked again.
    async fn exchange(
        &self,
        key: &OnboardingKey,
        config: &TenantConfig,
        connection: &Connection,
        returned: &Returned,
    ) -> Result<bool, LedgerError> {
        let carrier = Carrier { config, connection: &connection.key, entropy: &*self.gateway.world.entropy };
        let Ok(code) = carrier.open_code(&returned.code, self.gateway.now()) else {
            warn!(event = "return_code_past", tenant = %key.tenant);
            return Ok(true);
        };
        let line = Line::new(&self.gateway, config, connection, EXCHANGE).of(key);
        let digest = (line.reach().digest)(code.expose());
        let (subject, code) = match self.begun(key, &returned.nonce, &digest).await? {
            Begun::Now(subject) => (subject, Some(&code)),
            Begun::Before(subject) => (subject, None),
            Begun::No => {
                info!(event = "return_repeated", tenant = %key.tenant);
                return Ok(true);
            }
        };
        match connection.account.exchange(line.reach(), &subject, code).await {
            Ok(Some(names)) => self.came(key, connection, (&subject, &returned.nonce), &names).await?,
            Ok(None) => info!(event = "return_repeated", tenant = %key.tenant),
            Err(error) => {
                warn!(event = "exchange_failed", tenant = %key.tenant, cause = code_of(&error));
                if may_pass(&error) {
                    self.revise(key, |truth| run_of(truth, &returned.nonce)?.exchanging.take().map(drop)).await?;
                    return Ok(false);
                }
            }
        }
        self.gateway.ledger.postpone_look(key, self.gateway.now(), None).await?;
        let anew = Notice::due(connection.key.clone(), key.id.clone(), Evidence::App);
        // Only a convenience: the look is due.
        let _ = self.gateway.bells.notify(&anew, LOOK_MARGIN).await;
        Ok(true)
    }

    /// Marks that the exchange of a code begins.
    async fn begun(&self, key: &OnboardingKey, nonce: &str, digest: &str) -> Result<Begun, LedgerError> {
        let begins = |truth: &mut Truth| {
            let run = run_of(truth, nonce).filter(|run| run.exchanging.as_deref() != Some(digest))?;
            run.exchanging = Some(digest.to_owned());
            run.declined = false;
            run.subject.clone()
        };
        if let Some(subject) = self.revise(key, begins).await? {
            return Ok(Begun::Now(subject));
        }
        let before =
            self.gateway.ledger.read(key).await?.and_then(|mut known| run_of(&mut known.truth, nonce)?.subject.clone());
        Ok(before.map_or(Begun::No, Begun::Before))
    }

    /// Something came of it: its names are the onboarding's first, so that erasing knows of them, then bound; then the way
    /// is over. Whoever dies in between leaves a message that goes on here. Of two codes at once both names are bound: the
    /// later grant stands, and which that is nobody knows here.
    async fn came(
        &self,
        key: &OnboardingKey,
        connection: &Connection,
        (run, nonce): (&Resource, &str),
        names: &[Resource],
    ) -> Result<(), LedgerError> {
        let named = |truth: &mut Truth| {
            truth.attempts.last_mut().filter(|own| own.subject.as_ref() == Some(run))?.add_names(names);
            *truth = truth.clone().with_made(names);
            Some(truth.attempt_number())
        };
        let Some(attempt) = self.revise(key, named).await? else { return Ok(()) };
        for name in names {
            let subject = SubjectKey { connection: connection.key.clone(), resource: name.clone() };
            let parked = self.gateway.ledger.hand_on(&subject, &key.id, attempt).await?;
            if let Some(notice) = parked {
                // Its webhook came before the person; if this bell is lost, the look that is due finds the same.
                let _ = self.gateway.bells.notify(&notice, Duration::ZERO).await;
            }
        }
        let over = |truth: &mut Truth| {
            let run = run_of(truth, nonce)?;
            (run.return_nonce, run.earlier_nonce) = (None, None);
            (run.exchanging, run.declined) = (None, false);
            run.link_used = true;
            Some(())
        };
        match self.revise(key, over).await? {
            Some(()) => Ok(()),
            None => self.unname_erased(key, connection, names).await,
        }
    }

    /// It may have been erased between naming and binding: then its names go, too.
    async fn unname_erased(
        &self,
        key: &OnboardingKey,
        connection: &Connection,
        names: &[Resource],
    ) -> Result<(), LedgerError> {
        if self.gateway.ledger.read(key).await?.is_none_or(|known| known.erased_at.is_none()) {
            return Ok(());
        }
        for name in names {
            let subject = SubjectKey { connection: connection.key.clone(), resource: name.clone() };
            self.gateway.ledger.erase_subject(&subject, &key.id, self.gateway.now() + MARKED).await?;
        }
        Ok(())
    }

    /// Changes what is true of an onboarding as it stands now; none where there is nothing to change. It is looked at soon.
    async fn revise<T: Send>(
        &self,
        key: &OnboardingKey,
        change: impl Fn(&mut Truth) -> Option<T> + Send + Sync,
    ) -> Result<Option<T>, LedgerError> {
        for _ in 0..RACES {
            let Some(known) = self.gateway.ledger.read(key).await?.filter(|known| known.erased_at.is_none()) else {
                return Ok(None);
            };
            let mut truth = known.truth.clone();
            let Some(told) = change(&mut truth) else { return Ok(None) };
            let due = Some(self.gateway.now());
            let commit = Commit { look_due: due, ..self.gateway.commit_of(&known, truth) };
            match self.gateway.ledger.commit(&commit).await? {
                Committed::Done => return Ok(Some(told)),
                Committed::Erased => return Ok(None),
                Committed::Conflict => {}
            }
        }
        Err(LedgerError::Unavailable("race"))
    }
}

/// The current run, while its way has that nonce.
fn run_of<'t>(truth: &'t mut Truth, nonce: &str) -> Option<&'t mut Attempt> {
    truth.attempts.last_mut().filter(|run| run.is_by(nonce))
}

/// Whether the same code may have better luck.
const fn may_pass(error: &ProviderError) -> bool {
    match error {
        ProviderError::Busy { .. } | ProviderError::Unavailable(_) | ProviderError::Renewing => true,
        ProviderError::Unauthorized
        | ProviderError::NotFound
        | ProviderError::Refused { .. }
        | ProviderError::Foreign(_)
        | ProviderError::Unsupported(_) => false,
    }
}
