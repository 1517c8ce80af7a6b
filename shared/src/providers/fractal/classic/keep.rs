//! A person's tokens, kept and renewed (page "User authorization"). Every refresh gives a new pair; the old one is over
//! when the new access token is used for the first time. So the new pair is stored first, and only then used; and one at
//! a time renews, because of two new pairs one would be over.
//!
//! | who renews dies, or is late | then |
//! | --- | --- |
//! | before Fractal's answer, or before it is stored | the old pair lives on: it is refreshed again |
//! | after it is stored | the stored one is used |
//! | after the right to renew had lapsed | what others stored is used, and the own pair thrown away unused |
//! | Fractal refuses the refresh, and others have stored a newer pair | theirs is used |
//! | it refuses, and nobody has (`invalid_grant`) | the grant is lost: that is stored, and it is not asked again |
//! | a token is refused (401) | renewed once; refused again it is looked at later, without a pause for others |
//! | the time for the whole work is nearly over | no renewal is begun, and no code used |
//! | a later attempt of the same onboarding has a grant | an earlier one's code is not used, and what it gave not kept |
//!
//! A refused token of one person is never the account's `Unauthorized`: that would hold up everybody.

use tracing::info;

use super::Classic;
use super::grant::Grant;
use super::tokens::{Denied, Granted};
use crate::domain::ProviderId;
use crate::ports::{ProviderError, Reach, Shared, Turn};
use crate::providers::fractal::id::is_later;
use crate::providers::fractal::{ENOUGH, TOO_LATE};
use crate::secret::Secret;

/// The grant may be replaced under our hands so often.
const RACES: u8 = 4;
const NOT_STORED: ProviderError = ProviderError::Unavailable("the person's tokens could not be kept");

/// What there is of a run's person.
pub(super) enum Held {
    /// Nobody has come back with a code for this run.
    Nothing,
    /// It cannot be renewed any more.
    Lost(Box<Grant>),
    /// With the generation that it is stored as.
    Good(Box<Grant>, u64),
}

/// What is shared, where it is this run's.
fn of_run(shared: &Shared, run: &ProviderId) -> Option<Grant> {
    shared.login.as_ref().and_then(Grant::read).filter(|grant| grant.run == *run)
}

/// Whether it is of a later attempt than this run's.
fn is_overtaken(shared: &Shared, run: &ProviderId) -> bool {
    shared.login.as_ref().and_then(Grant::read).is_some_and(|grant| is_later(&grant.run, run))
}

impl Classic {
    /// Tokens that serve: of another generation than the one that was refused.
    pub(super) async fn held(
        &self,
        reach: Reach<'_>,
        run: &ProviderId,
        refused: Option<u64>,
    ) -> Result<Held, ProviderError> {
        for _ in 0..RACES {
            let shared = reach.grant.read().await?;
            let Some(grant) = of_run(&shared, run) else { return Ok(Held::Nothing) };
            if grant.lost {
                return Ok(Held::Lost(Box::new(grant)));
            }
            let newer = refused.is_none_or(|refused| shared.generation > refused);
            if newer && grant.lives(reach.world.now()) {
                return Ok(Held::Good(Box::new(grant), shared.generation));
            }
            if reach.http.left() < ENOUGH {
                return Err(TOO_LATE);
            }
            if let Some(turn) = reach.grant.take(shared.generation).await? {
                self.renew(reach, &turn, grant).await?;
            }
        }
        Err(ProviderError::Renewing)
    }

    /// Stores the next pair, or that there will be none; whoever asked reads again what is stored.
    async fn renew(&self, reach: Reach<'_>, turn: &Turn, grant: Grant) -> Result<(), ProviderError> {
        match self.tokens.of_refresh(reach, grant.refresh()).await {
            Ok(granted) => {
                let next = grant.renewed(granted).ok_or(NOT_STORED)?;
                reach.grant.replace(turn, &next.written()).await.map(drop)
            }
            Err(Denied::Grant) => {
                let newest = reach.grant.read().await?;
                if newest.generation > turn.generation {
                    return Ok(());
                }
                info!(event = "grant_lost", tenant = %reach.connection.tenant, connection = %reach.connection.name);
                reach.grant.replace(turn, &grant.given_up().written()).await.map(drop)
            }
            Err(Denied::Other(error)) => {
                reach.grant.give_back(turn).await;
                Err(error)
            }
        }
    }

    /// Tokens for a code: the right to store them is had before the code is used up. False where nothing came of it.
    pub(super) async fn exchange(
        &self,
        reach: Reach<'_>,
        run: &ProviderId,
        code: &Secret,
    ) -> Result<bool, ProviderError> {
        let digest = (reach.digest)(code.expose());
        for _ in 0..RACES {
            let shared = reach.grant.read().await?;
            if of_run(&shared, run).is_some_and(|grant| grant.code == digest) {
                return Ok(true);
            }
            if is_overtaken(&shared, run) {
                return Ok(false);
            }
            if reach.http.left() < ENOUGH {
                return Err(TOO_LATE);
            }
            let Some(turn) = reach.grant.take(shared.generation).await? else { continue };
            return match self.tokens.of_code(reach, code, &reach.way.back()).await {
                Ok(granted) => self.store_first(reach, turn, (run, &digest), granted).await,
                Err(denied) => {
                    reach.grant.give_back(&turn).await;
                    match denied {
                        Denied::Grant => Ok(false),
                        Denied::Other(error) => Err(error),
                    }
                }
            };
        }
        Err(ProviderError::Renewing)
    }

    /// The code is used up, so that this pair is all there is: it is stored by whatever right can be had. False where a
    /// later attempt's stands by then.
    async fn store_first(
        &self,
        reach: Reach<'_>,
        turn: Turn,
        (run, digest): (&ProviderId, &str),
        granted: Granted,
    ) -> Result<bool, ProviderError> {
        let grant = Grant::new(run.clone(), digest.to_owned(), granted).ok_or(NOT_STORED)?;
        let mut held = Some(turn);
        for _ in 0..RACES {
            if let Some(turn) = held.as_ref() {
                match reach.grant.replace(turn, &grant.written()).await {
                    Ok(true) => return Ok(true),
                    Ok(false) => held = None,
                    // It may be stored, and only the answer was lost.
                    Err(_) => {}
                }
            }
            let Ok(shared) = reach.grant.read().await else { continue };
            if of_run(&shared, run).is_some_and(|stored| stored.code == digest) {
                return Ok(true);
            }
            if is_overtaken(&shared, run) {
                return Ok(false);
            }
            if held.is_none() {
                held = reach.grant.take(shared.generation).await.unwrap_or(None);
            }
        }
        Err(NOT_STORED)
    }

    /// Writes down whose the grant is, beside whatever tokens it has by then.
    pub(super) async fn store_person(
        &self,
        reach: Reach<'_>,
        run: &ProviderId,
        uid: &ProviderId,
    ) -> Result<(), ProviderError> {
        for _ in 0..RACES {
            let shared = reach.grant.read().await?;
            let Some(grant) = of_run(&shared, run) else { return Err(NOT_STORED) };
            if grant.uid.as_ref() == Some(uid) {
                return Ok(());
            }
            let Some(turn) = reach.grant.take(shared.generation).await? else { continue };
            let known = grant.of(uid.clone());
            if reach.grant.replace(&turn, &known.written()).await? {
                return Ok(());
            }
        }
        Err(ProviderError::Renewing)
    }
}
