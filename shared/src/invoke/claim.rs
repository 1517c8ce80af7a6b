//! Idempotency: one key, one content, one onboarding.
//!
//! Erasing leaves of a claim only whose it was: the same key then finds nothing to begin or to go on with, whatever it
//! comes for. A request that claims while its onboarding is being erased may do so after erasing has looked for claims;
//! so each that addresses an onboarding reads it once more before it works.

use std::time::Duration;

use serde_json::Value;

use crate::domain::{ErrorCode, IdempotencyKey, OnboardingId, OnboardingKey};
use crate::ports::{ClaimKey, ClaimRecord, Claimed, TenantConfig};
use crate::seal::{Binding, Digest};

use super::Initiator;
use super::answer::Refusal;

/// Above the function's timeout: nobody takes over while the first may still work.
pub const CLAIM_DEADLINE: Duration = Duration::from_secs(60);
/// A key is remembered this long (design §6).
pub const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// The action whose onboarding is not there yet.
const START: &str = "start";
/// The action that empties claims, its own as well.
const ERASE: &str = "erase";

/// What a request with a key finds.
pub(super) enum Turn {
    /// It is ours to do, with that onboarding.
    Ours(Hold),
    /// It was done before.
    Before(OnboardingId),
}

/// A claim that we hold.
pub(super) struct Hold {
    pub(super) key: ClaimKey,
    pub(super) fence: String,
    pub(super) onboarding: OnboardingId,
}

impl Initiator {
    /// Claims an action. `proposed` is the onboarding it would be about.
    pub(super) async fn claim(
        &self,
        config: &TenantConfig,
        action: &'static str,
        key: &IdempotencyKey,
        content: &Value,
        proposed: OnboardingId,
    ) -> Result<Turn, Refusal> {
        let now = self.gateway.now();
        let binding = Binding { tenant: config.tenant.as_str(), purpose: "claim", context: &[action] };
        let content = content.to_string();
        let key = ClaimKey { tenant: config.tenant.clone(), action, key: key.clone() };
        let record = ClaimRecord {
            content: config.sealing_keys.digest(&binding, content.as_bytes()).as_str().to_owned(),
            onboarding: proposed,
            fence: self.gateway.world.entropy.mark(),
            deadline: now + CLAIM_DEADLINE,
            done: false,
            until: now + REMEMBERED,
            erased: false,
        };
        let fence = record.fence.clone();
        let claimed = self.gateway.ledger.claim(&key, &record, now).await?;
        let known = match &claimed {
            Claimed::Ours(known) | Claimed::Before(known) | Claimed::Working(known) => known,
            Claimed::Erased(onboarding) => return of_erased(action, onboarding, record.onboarding),
        };
        if config.sealing_keys.matches(&binding, content.as_bytes(), &Digest::from_text(&known.content)) != Some(true) {
            if matches!(claimed, Claimed::Ours(_)) {
                self.gateway.ledger.drop_claim(&key, &fence, now).await?;
            }
            return Err(other_content());
        }
        match claimed {
            Claimed::Ours(record) => {
                self.stands(Hold { key, fence, onboarding: record.onboarding }).await.map(Turn::Ours)
            }
            Claimed::Before(record) => Ok(Turn::Before(record.onboarding)),
            Claimed::Erased(onboarding) => of_erased(action, &onboarding, onboarding.clone()),
            Claimed::Working(_) => {
                Err(Refusal::new(ErrorCode::InProgress, "the same request is being worked on; ask again in a moment"))
            }
        }
    }

    /// What is claimed for an onboarding that is being erased goes with it. `start` has none before it makes it, and
    /// `erase` ends with its own claim.
    async fn stands(&self, hold: Hold) -> Result<Hold, Refusal> {
        if matches!(hold.key.action, START | ERASE) {
            return Ok(hold);
        }
        let onboarding = OnboardingKey { tenant: hold.key.tenant.clone(), id: hold.onboarding.clone() };
        let refusal = match self.gateway.ledger.read(&onboarding).await {
            Ok(Some(found)) if found.erased_at.is_some() => match self.gateway.ledger.erase_claims(&onboarding).await {
                Ok(()) => super::no_onboarding(),
                Err(failure) => failure.into(),
            },
            Ok(_) => return Ok(hold),
            Err(failure) => failure.into(),
        };
        self.settle(&hold, Err(refusal)).await
    }

    /// Closes a claim after its work, or gives it up so that the next try need not wait.
    pub(super) async fn settle<T>(&self, hold: &Hold, outcome: Result<T, Refusal>) -> Result<T, Refusal> {
        match outcome {
            Ok(answer) => {
                self.gateway.ledger.finish_claim(&hold.key, &hold.fence).await?;
                Ok(answer)
            }
            Err(refusal) => {
                // If this fails too, the claim lapses by its deadline.
                let _ = self.gateway.ledger.drop_claim(&hold.key, &hold.fence, self.gateway.now()).await;
                Err(refusal)
            }
        }
    }
}

/// Nothing begins and nothing goes on; erasing alone is done again, for the same onboarding.
fn of_erased(action: &str, onboarding: &OnboardingId, proposed: OnboardingId) -> Result<Turn, Refusal> {
    let is_it = *onboarding == proposed;
    match action {
        ERASE if is_it => Ok(Turn::Before(proposed)),
        START => Err(super::no_onboarding()),
        _ if is_it => Err(super::no_onboarding()),
        _ => Err(other_content()),
    }
}

fn other_content() -> Refusal {
    let message = "this idempotency_key was used with other content";
    Refusal::new(ErrorCode::Conflict, message).of_field("idempotency_key")
}
