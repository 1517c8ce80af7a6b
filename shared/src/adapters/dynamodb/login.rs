//! Logins that functions share: with a connection's state, or beside an onboarding's own key.

use crate::domain::{Lease, Timestamp};
use crate::ports::{LedgerError, LoginKey, LoginLease, SharedLogin};

use super::DynamoLedger;
use super::attributes::{moment, number, text};
use super::calls::{Outcome, contended};
use super::expression::{Condition, Relation, Update};
use super::keys::{ItemKey, OwnKey};

const LOGIN: &str = "login";
const GENERATION: &str = "login_generation";
/// Who replaces the login, and until when.
const FENCE: &str = "login_fence";
const UNTIL: &str = "login_until";

impl From<&LoginKey> for ItemKey {
    fn from(key: &LoginKey) -> Self {
        match key {
            LoginKey::Connection(key) => key.into(),
            LoginKey::Onboarding(key) => (&OwnKey(key)).into(),
        }
    }
}

/// An own key that was destroyed is not made again by what stood beside it.
fn standing(key: &LoginKey) -> Update {
    match key {
        LoginKey::Connection(_) => Update::of(key),
        LoginKey::Onboarding(_) => Update::of(key).when(Condition::Present("pk")),
    }
}

pub(super) async fn login(ledger: &DynamoLedger, key: &LoginKey) -> Result<SharedLogin, LedgerError> {
    let item = ledger.get(key, true).await?.unwrap_or_default();
    Ok(SharedLogin {
        generation: item.number(GENERATION)?.unwrap_or_default(),
        sealed: item.text(LOGIN)?.map(str::to_owned),
    })
}

pub(super) async fn lease_login(
    ledger: &DynamoLedger,
    key: &LoginKey,
    generation: u64,
    lease: &Lease,
    now: Timestamp,
) -> Result<LoginLease, LedgerError> {
    let same = match generation {
        0 => Condition::Absent(GENERATION),
        stood => Condition::equal(GENERATION, number(stood)),
    };
    let update = standing(key)
        .set(UNTIL, moment(lease.until))
        .set(FENCE, text(&lease.fence))
        .when(same)
        .when(Condition::absent_or(UNTIL, Relation::AtMost, moment(now)));
    match ledger.update(&update).await? {
        Outcome::Done(_) => Ok(LoginLease::Taken),
        Outcome::Stood(None) => Err(match key {
            LoginKey::Connection(_) => contended(),
            LoginKey::Onboarding(_) => LedgerError::Unavailable("the onboarding's own key is not there"),
        }),
        Outcome::Stood(Some(stood)) => {
            if stood.number(GENERATION)?.unwrap_or(0) != generation {
                return Ok(LoginLease::Moved);
            }
            let until = stood.moment(UNTIL)?.unwrap_or(now);
            // The repeat of our own write, whose answer was lost.
            let ours = stood.text(FENCE)? == Some(lease.fence.as_str());
            Ok(if ours { LoginLease::Taken } else { LoginLease::Held(until) })
        }
    }
}

pub(super) async fn replace_login(
    ledger: &DynamoLedger,
    key: &LoginKey,
    fence: &str,
    login: &SharedLogin,
) -> Result<bool, LedgerError> {
    let update = Update::of(key)
        .put(LOGIN, login.sealed.as_deref().map(text))
        .set(GENERATION, number(login.generation))
        .remove(UNTIL)
        .remove(FENCE)
        .when(Condition::equal(FENCE, text(fence)));
    match ledger.update(&update).await? {
        Outcome::Done(_) => Ok(true),
        Outcome::Stood(stood) => {
            let Some(stood) = stood else { return Ok(false) };
            let same = stood.number(GENERATION)? == Some(login.generation);
            Ok(same && stood.text(LOGIN)? == login.sealed.as_deref())
        }
    }
}

pub(super) async fn release_login(ledger: &DynamoLedger, key: &LoginKey, fence: &str) -> Result<(), LedgerError> {
    let update = Update::of(key).remove(UNTIL).remove(FENCE).when(Condition::equal(FENCE, text(fence)));
    ledger.update(&update).await.map(drop)
}
