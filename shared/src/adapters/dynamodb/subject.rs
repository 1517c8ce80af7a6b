//! Subjects: one item for each id of a provider, in one of four states. Strength, weakest first: absent or past its
//! time, stranger and parked, bound, erased. Bound and erased give way to nothing but erasing and being handed on.

use crate::domain::{ConnectionKey, ConnectionName, Tenant};
use crate::domain::{Notice, OnboardingId, ProviderId, Resource, ResourceKind, SubjectKey, Timestamp};
use crate::ports::{Due, LedgerError, SubjectRecord, SubjectState};

use super::DynamoLedger;
use super::attributes::{EXPIRES, Item, expiry, moment, nested, number, text, unreadable};
use super::calls::{Outcome, RACES, contended};
use super::due::{LOOK_DUE, LOOK_ENTRY, gives_way};
use super::expression::{Answer, Condition, Relation, Update};
use super::keys::ItemKey;

const STATE: &str = "state";
const UNTIL: &str = "until";
const ONBOARDING: &str = "onboarding";
const ATTEMPT: &str = "attempt";
const NOTICE: &str = "notice";
/// Whose it is, in plain: its key is a digest. Gone once it is erased.
const CONNECTION: &str = "connection";
const TENANT: &str = "tenant";
const KIND: &str = "resource_kind";
const ID: &str = "resource_id";

const BOUND: &str = "bound";
const PARKED: &str = "parked";
const STRANGER: &str = "stranger";
const ERASED: &str = "erased";

pub(super) async fn subjects(
    ledger: &DynamoLedger,
    keys: &[SubjectKey],
    now: Timestamp,
) -> Result<Vec<Option<SubjectRecord>>, LedgerError> {
    let at: Vec<ItemKey> = keys.iter().map(ItemKey::from).collect();
    let found = ledger.get_all(&at).await?;
    let record = |at| found.get(at).map(of_item).transpose();
    let records = at.iter().map(record).collect::<Result<Vec<Option<SubjectRecord>>, _>>()?;
    Ok(records.into_iter().map(|record| record.filter(|record| record.until.is_none_or(|until| until > now))).collect())
}

pub(super) async fn bind(
    ledger: &DynamoLedger,
    key: &SubjectKey,
    onboarding: &OnboardingId,
    attempt: u8,
) -> Result<(SubjectState, Option<Notice>), LedgerError> {
    let ours = SubjectState::Bound { onboarding: onboarding.clone(), attempt };
    let update = bound(key, onboarding, attempt).when(weak());
    match ledger.update(&update).await? {
        Outcome::Done(before) => Ok((ours, before.nested(NOTICE)?)),
        Outcome::Stood(Some(stood)) => {
            let state = of_item(&stood)?.state;
            let notice = if state == ours { stood.nested(NOTICE)? } else { None };
            Ok((state, notice))
        }
        Outcome::Stood(None) => Err(contended()),
    }
}

/// The notice stays beside it: whoever could not ring it, because an answer was lost or it died, asks again.
fn bound(key: &SubjectKey, onboarding: &OnboardingId, attempt: u8) -> Update {
    named(Update::of(key), key)
        .set(STATE, text(BOUND))
        .set(ONBOARDING, text(onboarding.as_str()))
        .set(ATTEMPT, number(attempt))
        .remove_all(&LOOK_ENTRY)
        .remove(UNTIL)
        .remove(EXPIRES)
        .answering(Answer::Before)
}

pub(super) async fn hand_on(
    ledger: &DynamoLedger,
    key: &SubjectKey,
    onboarding: &OnboardingId,
    attempt: u8,
) -> Result<Option<Notice>, LedgerError> {
    match ledger.update(&bound(key, onboarding, attempt)).await? {
        Outcome::Done(before) => before.nested(NOTICE),
        Outcome::Stood(_) => Err(contended()),
    }
}

pub(super) async fn set_aside(
    ledger: &DynamoLedger,
    key: &SubjectKey,
    record: &SubjectRecord,
    due: Option<Timestamp>,
) -> Result<bool, LedgerError> {
    let base = named(Update::of(key), key)
        .put(UNTIL, record.until.map(moment))
        .put(EXPIRES, record.until.map(expiry))
        .when(weak());
    match &record.state {
        SubjectState::Stranger => {
            let update = base.set(STATE, text(STRANGER)).remove(NOTICE).remove_all(&LOOK_ENTRY);
            Ok(matches!(ledger.update(&update).await?, Outcome::Done(_)))
        }
        SubjectState::Parked { notice } => {
            let update = base.set(STATE, text(PARKED)).set(NOTICE, nested(NOTICE, notice)?);
            park(ledger, key, update, due).await
        }
        SubjectState::Bound { onboarding, attempt } if record.until.is_some() => {
            let update = base
                .set(STATE, text(BOUND))
                .set(ONBOARDING, text(onboarding.as_str()))
                .set(ATTEMPT, number(*attempt))
                .remove(NOTICE)
                .remove_all(&LOOK_ENTRY);
            Ok(matches!(ledger.update(&update).await?, Outcome::Done(_)))
        }
        SubjectState::Bound { .. } | SubjectState::Erased => {
            Err(LedgerError::Refused("set_aside: for ever".to_owned()))
        }
    }
}

async fn park(
    ledger: &DynamoLedger,
    key: &SubjectKey,
    parked: Update,
    due: Option<Timestamp>,
) -> Result<bool, LedgerError> {
    let mut due = due;
    for _ in 0..RACES {
        let update = match due {
            Some(due) => parked
                .clone()
                .enter(ledger, Due::Look, key.resource.id.as_str(), Some(due))
                .when(gives_way(ledger, due)),
            None => parked.clone(),
        };
        match ledger.update(&update).await? {
            Outcome::Done(_) => return Ok(true),
            Outcome::Stood(Some(stood)) if !is_weak(&stood) => return Ok(false),
            // An earlier entry stands; without one it is gone again, and the next round enters ours.
            Outcome::Stood(stood) => due = due.filter(|_| stood.is_none_or(|stood| !stood.has(LOOK_DUE))),
        }
    }
    Err(contended())
}

pub(super) async fn erase(
    ledger: &DynamoLedger,
    key: &SubjectKey,
    of: &OnboardingId,
    until: Timestamp,
) -> Result<(), LedgerError> {
    let not_anothers = Condition::absent_or(ONBOARDING, Relation::Equal, text(of.as_str()));
    let update = Update::of(key)
        .set(STATE, text(ERASED))
        .set(UNTIL, moment(until))
        .set(EXPIRES, expiry(until))
        .remove_all(&LOOK_ENTRY)
        .remove_all(&[ONBOARDING, ATTEMPT, NOTICE, TENANT, CONNECTION, KIND, ID])
        .when(not_anothers);
    ledger.update(&update).await.map(drop)
}

/// The key in the domain's words, of an item that is parked.
pub(super) fn parked_key(item: &Item) -> Option<SubjectKey> {
    let text = |name| item.text(name).ok().flatten();
    (text(STATE)? == PARKED).then_some(())?;
    let connection = ConnectionKey {
        tenant: Tenant::parse(text(TENANT)?).ok()?,
        name: ConnectionName::parse(text(CONNECTION)?).ok()?,
    };
    let resource = Resource { kind: ResourceKind::parse(text(KIND)?).ok()?, id: ProviderId::parse(text(ID)?).ok()? };
    let key = SubjectKey { connection, resource };
    // What an item says of itself counts only where its own key agrees.
    let own = ItemKey::from(&key);
    (text("pk")? == own.pk()).then_some(key)
}

fn of_item(item: &Item) -> Result<SubjectRecord, LedgerError> {
    let state = match item.text(STATE)? {
        Some(BOUND) => {
            let onboarding = item.text(ONBOARDING)?.and_then(|id| OnboardingId::parse(id).ok());
            SubjectState::Bound {
                onboarding: onboarding.ok_or_else(|| unreadable(ONBOARDING))?,
                attempt: item.number(ATTEMPT)?.ok_or_else(|| unreadable(ATTEMPT))?,
            }
        }
        Some(PARKED) => {
            let notice: Option<Notice> = item.nested(NOTICE)?;
            SubjectState::Parked { notice: Box::new(notice.ok_or_else(|| unreadable(NOTICE))?) }
        }
        Some(STRANGER) => SubjectState::Stranger,
        Some(ERASED) => SubjectState::Erased,
        Some(_) | None => return Err(unreadable(STATE)),
    };
    Ok(SubjectRecord { state, until: item.moment(UNTIL)? })
}

fn named(update: Update, key: &SubjectKey) -> Update {
    update
        .set(TENANT, text(key.connection.tenant.as_str()))
        .set(CONNECTION, text(key.connection.name.as_str()))
        .set(KIND, text(key.resource.kind.as_str()))
        .set(ID, text(key.resource.id.as_str()))
}

fn weak() -> Condition {
    Condition::Any(vec![
        Condition::Absent(STATE),
        Condition::equal(STATE, text(PARKED)),
        Condition::equal(STATE, text(STRANGER)),
    ])
}

fn is_weak(item: &Item) -> bool {
    matches!(item.text(STATE), Ok(None | Some(PARKED | STRANGER)))
}
