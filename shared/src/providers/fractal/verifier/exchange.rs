//! Whose a one-time token is. It can be read once (its name says so), so the right to keep something is taken first.
//!
//! | we die | then |
//! | --- | --- |
//! | before the provider's answer is kept | the token is used and nothing is known: the person comes again by the same link |
//! | after it | what is kept is gone on with, and nobody is asked |
//!
//! What is kept is the run and the person's id: a later run of the same onboarding does not take an earlier one's person
//! for its own, and an earlier one's does not take the place of a later one's.

use serde::{Deserialize, Serialize};

use super::Verifier;
use super::look::person;
use super::settings::ExternalState;
use crate::domain::ProviderId;
use crate::ports::{Login, ProviderError, Reach, Shared, Turn};
use crate::providers::answer;
use crate::providers::fractal::id::Journey;
use crate::providers::fractal::{ENOUGH, TOO_LATE};
use crate::secret::Secret;

/// Others may keep something at the same moment so often.
const RACES: u8 = 3;
/// The example has 48 characters; nothing is known of the form.
const LONGEST: usize = 512;

const UNWRITTEN: ProviderError = ProviderError::Unavailable("what is to be kept could not be written");

/// What is kept of a person who came back.
#[derive(Serialize, Deserialize)]
struct Kept {
    run: String,
    uid: String,
}

/// The answer to a one-time token. Its `state` is a status, and not looked at: a look finds it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Arrived {
    user_id: String,
    #[serde(default)]
    external_state: Option<String>,
}

impl Verifier {
    /// Who came back, by the token that they brought or by what is kept of it.
    pub(in super::super) async fn exchanged(
        &self,
        reach: Reach<'_>,
        journey: &Journey,
        code: Option<&Secret>,
    ) -> Result<Option<ProviderId>, ProviderError> {
        let Some(code) = code else { return kept(reach, journey).await };
        if reach.http.left() < ENOUGH {
            return Err(TOO_LATE);
        }
        let Some(turn) = turn(reach.grant, journey).await? else { return Ok(None) };
        let arrived = match self.arrived(reach, journey, code).await {
            Ok(arrived) => arrived,
            Err(error) => {
                reach.grant.give_back(&turn).await;
                return Err(error);
            }
        };
        let keeps = Kept { run: name(journey).ok_or(UNWRITTEN)?, uid: arrived.as_str().to_owned() };
        let keeps = serde_json::to_vec(&keeps).map_err(|_| UNWRITTEN)?;
        if reach.grant.replace(&turn, &Secret::from(keeps)).await? {
            return Ok(Some(arrived));
        }
        // Our right had lapsed: what somebody else has kept of this run stands.
        kept(reach, journey).await
    }

    /// Who came, if it was by a link of this run.
    async fn arrived(&self, reach: Reach<'_>, journey: &Journey, code: &Secret) -> Result<ProviderId, ProviderError> {
        let code = code.expose_text().ok().filter(|code| is_token(code)).ok_or(ProviderError::NotFound)?;
        let arrived: Arrived = answer::object(&self.read(reach, &["token", code]).await?)?;
        match (arrived.external_state, self.settings.external_state) {
            (None, ExternalState::WhenGiven) => {}
            (None, ExternalState::Required) => return Err(ProviderError::Foreign("its token names no run")),
            (state, _) if state == name(journey) => {}
            (_, _) => return Err(ProviderError::Foreign("it is another run's token")),
        }
        person(&arrived.user_id).ok_or(ProviderError::Unavailable("the answer has no person's id"))
    }
}

/// Who came by this run, as far as is kept.
pub(super) async fn kept(reach: Reach<'_>, journey: &Journey) -> Result<Option<ProviderId>, ProviderError> {
    let shared = reach.grant.read().await?;
    let kept = shared.login.and_then(|login| serde_json::from_slice::<Kept>(login.expose()).ok());
    let run = name(journey);
    Ok(kept.filter(|kept| Some(&kept.run) == run.as_ref()).and_then(|kept| person(&kept.uid)))
}

/// Whether somebody has come by a later attempt.
fn is_overtaken(shared: &Shared, journey: &Journey) -> bool {
    let kept = shared.login.as_ref().and_then(|login| serde_json::from_slice::<Kept>(login.expose()).ok());
    let later = kept.and_then(|kept| Journey::parse(&ProviderId::parse(kept.run).ok()?));
    later.is_some_and(|later| later.attempt > journey.attempt)
}

/// As the link says it, and as what is kept does.
fn name(journey: &Journey) -> Option<String> {
    journey.id().map(String::from)
}

/// None where somebody has come by a later attempt.
async fn turn(grant: &dyn Login, journey: &Journey) -> Result<Option<Turn>, ProviderError> {
    for _ in 0..RACES {
        let shared = grant.read().await?;
        if is_overtaken(&shared, journey) {
            return Ok(None);
        }
        if let Some(turn) = grant.take(shared.generation).await? {
            return Ok(Some(turn));
        }
    }
    Err(ProviderError::Renewing)
}

/// What can stand as one segment of a path: the person's browser has brought it.
fn is_token(code: &str) -> bool {
    let plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~+=-".contains(&byte));
    (1..=LONGEST).contains(&code.len()) && plain && !matches!(code, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_segment() {
        for good in ["MXES5XpDzMRAHyMI3Jx5K3nrxzZjWjEr-EXAMPLE", "a", "a.b_c~d", "YQ=="] {
            assert!(is_token(good), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a%2Fb", "a?b", "a#b", "a b", "ä", "a\n", &"a".repeat(LONGEST + 1)] {
            assert!(!is_token(bad), "{bad}");
        }
    }
}
