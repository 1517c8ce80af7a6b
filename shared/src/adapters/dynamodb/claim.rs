//! Claims: one item for each idempotent action, fenced by the mark of who works on it. The onboarding that the first
//! try chose and the content that it was for stay recorded, whoever takes the claim over.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{OnboardingId, Timestamp};
use crate::ports::{ClaimKey, ClaimRecord, Claimed, LedgerError};

use super::DynamoLedger;
use super::attributes::{EXPIRES, Item, expiry, moment, text, unreadable};
use super::calls::{Outcome, RACES, contended};
use super::expression::{Condition, Relation, Update};

const CONTENT: &str = "content";
const ONBOARDING: &str = "onboarding";
const FENCE: &str = "fence";
const DEADLINE: &str = "deadline";
const DONE: &str = "done";
const UNTIL: &str = "until";

pub(super) async fn claim(
    ledger: &DynamoLedger,
    key: &ClaimKey,
    record: &ClaimRecord,
    now: Timestamp,
) -> Result<Claimed, LedgerError> {
    let fresh = Condition::absent_or(UNTIL, Relation::AtMost, moment(now));
    for _ in 0..RACES {
        let stood = match ledger.put(key, attributes_of(record), Some(fresh.clone())).await? {
            Outcome::Done(_) => return Ok(Claimed::Ours(record.clone())),
            Outcome::Stood(Some(stood)) => of_item(&stood)?,
            Outcome::Stood(None) => continue,
        };
        match judged(stood, &record.fence, now) {
            Judged::Settled(claimed) => return Ok(claimed),
            Judged::Abandoned(stood) => {
                if let Some(claimed) = take_over(ledger, key, stood, record).await? {
                    return Ok(claimed);
                }
            }
        }
    }
    Err(contended())
}

enum Judged {
    Settled(Claimed),
    Abandoned(ClaimRecord),
}

fn judged(stood: ClaimRecord, fence: &str, now: Timestamp) -> Judged {
    if stood.fence == fence {
        return Judged::Settled(Claimed::Ours(stood));
    }
    if stood.done {
        return Judged::Settled(Claimed::Before(stood));
    }
    if stood.deadline > now {
        return Judged::Settled(Claimed::Working(stood));
    }
    Judged::Abandoned(stood)
}

/// None if somebody was faster. The content stays: a digest under an older key is still of the same request.
async fn take_over(
    ledger: &DynamoLedger,
    key: &ClaimKey,
    abandoned: ClaimRecord,
    record: &ClaimRecord,
) -> Result<Option<Claimed>, LedgerError> {
    let update = Update::of(key)
        .set(FENCE, text(&record.fence))
        .set(DEADLINE, moment(record.deadline))
        .set(UNTIL, moment(record.until))
        .set(EXPIRES, expiry(record.until))
        .when(Condition::equal(FENCE, text(&abandoned.fence)))
        .when(Condition::equal(DONE, AttributeValue::Bool(false)))
        .when(Condition::equal(DEADLINE, moment(abandoned.deadline)));
    let ClaimRecord { content, onboarding, .. } = abandoned;
    let taken = ClaimRecord { content, onboarding, ..record.clone() };
    Ok(matches!(ledger.update(&update).await?, Outcome::Done(_)).then_some(Claimed::Ours(taken)))
}

pub(super) async fn finish(ledger: &DynamoLedger, key: &ClaimKey, fence: &str) -> Result<bool, LedgerError> {
    let update = Update::of(key).set(DONE, AttributeValue::Bool(true)).when(Condition::equal(FENCE, text(fence)));
    Ok(matches!(ledger.update(&update).await?, Outcome::Done(_)))
}

pub(super) async fn drop_claim(
    ledger: &DynamoLedger,
    key: &ClaimKey,
    fence: &str,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let update = Update::of(key)
        .set(DEADLINE, moment(now))
        .when(Condition::equal(FENCE, text(fence)))
        .when(Condition::equal(DONE, AttributeValue::Bool(false)));
    ledger.update(&update).await.map(drop)
}

fn attributes_of(record: &ClaimRecord) -> Vec<(&'static str, AttributeValue)> {
    vec![
        (CONTENT, text(&record.content)),
        (ONBOARDING, text(record.onboarding.as_str())),
        (FENCE, text(&record.fence)),
        (DEADLINE, moment(record.deadline)),
        (DONE, AttributeValue::Bool(record.done)),
        (UNTIL, moment(record.until)),
        (EXPIRES, expiry(record.until)),
    ]
}

fn of_item(item: &Item) -> Result<ClaimRecord, LedgerError> {
    let said = |name| item.text(name)?.map(str::to_owned).ok_or_else(|| unreadable(name));
    let at = |name| item.moment(name)?.ok_or_else(|| unreadable(name));
    Ok(ClaimRecord {
        content: said(CONTENT)?,
        onboarding: OnboardingId::parse(said(ONBOARDING)?).map_err(|_| unreadable(ONBOARDING))?,
        fence: said(FENCE)?,
        deadline: at(DEADLINE)?,
        done: item.flag(DONE)?,
        until: at(UNTIL)?,
    })
}
