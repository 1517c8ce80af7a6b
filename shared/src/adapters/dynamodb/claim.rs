//! Claims: one item for each idempotent action, fenced by the mark of who works on it. The onboarding that the first
//! try chose and the content that it was for stay recorded, whoever takes the claim over.
//!
//! A claim is found by the app's key alone, and erasing has to find those of an onboarding: so beside the onboarding
//! stands a mark of each, written before the claim. A mark without its claim says nothing and goes by itself.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;

use crate::domain::{OnboardingId, OnboardingKey, Timestamp};
use crate::ports::{ClaimKey, ClaimRecord, Claimed, ERASED_CLAIM, LedgerError};

use super::DynamoLedger;
use super::attributes::{EXPIRES, Item, expiry, moment, text, unreadable};
use super::calls::{Outcome, Query, RACES, Range, contended};
use super::changes::AT_ONCE;
use super::expression::{Condition, Relation, Update};
use super::keys::{ItemKey, MARKS, MarkKey, partition};

const CONTENT: &str = "content";
const ONBOARDING: &str = "onboarding";
const FENCE: &str = "fence";
const DEADLINE: &str = "deadline";
const DONE: &str = "done";
const UNTIL: &str = "until";
const ERASED: &str = "erased";

pub(super) async fn claim(
    ledger: &DynamoLedger,
    key: &ClaimKey,
    record: &ClaimRecord,
    now: Timestamp,
) -> Result<Claimed, LedgerError> {
    for _ in 0..RACES {
        let stood = ledger.get(key, true).await?.map(|item| of_item(&item)).transpose()?;
        let claimed = match judged(stood, &record.fence, now) {
            Judged::Settled(claimed) => Some(claimed),
            Judged::Free => begin(ledger, key, record, now).await?,
            Judged::Abandoned(stood) => take_over(ledger, key, stood, record).await?,
        };
        if let Some(claimed) = claimed {
            return Ok(claimed);
        }
    }
    Err(contended())
}

enum Judged {
    /// There is none, or its time is over.
    Free,
    Settled(Claimed),
    Abandoned(ClaimRecord),
}

fn judged(stood: Option<ClaimRecord>, fence: &str, now: Timestamp) -> Judged {
    match stood.filter(|stood| stood.until > now) {
        None => Judged::Free,
        Some(stood) if stood.erased => Judged::Settled(Claimed::Erased(stood.onboarding)),
        Some(stood) if stood.fence == fence => Judged::Settled(Claimed::Ours(stood)),
        Some(stood) if stood.done => Judged::Settled(Claimed::Before(stood)),
        Some(stood) if stood.deadline > now => Judged::Settled(Claimed::Working(stood)),
        Some(stood) => Judged::Abandoned(stood),
    }
}

/// None if somebody was faster, or our own first write was: reading again tells.
async fn begin(
    ledger: &DynamoLedger,
    key: &ClaimKey,
    record: &ClaimRecord,
    now: Timestamp,
) -> Result<Option<Claimed>, LedgerError> {
    mark(ledger, key, &record.onboarding, record.until).await?;
    let fresh = Condition::absent_or(UNTIL, Relation::AtMost, moment(now));
    let put = ledger.put(key, attributes_of(record), Some(fresh)).await?;
    Ok(matches!(put, Outcome::Done(_)).then(|| Claimed::Ours(record.clone())))
}

async fn mark(
    ledger: &DynamoLedger,
    key: &ClaimKey,
    onboarding: &OnboardingId,
    until: Timestamp,
) -> Result<(), LedgerError> {
    ledger.put(&MarkKey(onboarding, key), [(EXPIRES, expiry(until))], None).await.map(drop)
}

/// None if somebody was faster. The content stays: a digest under an older key is still of the same request.
async fn take_over(
    ledger: &DynamoLedger,
    key: &ClaimKey,
    abandoned: ClaimRecord,
    record: &ClaimRecord,
) -> Result<Option<Claimed>, LedgerError> {
    mark(ledger, key, &abandoned.onboarding, record.until).await?;
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

/// Each claim that says itself that it is the onboarding's: a mark may stand beside one that another key won.
pub(super) async fn erase_all(ledger: &DynamoLedger, key: &OnboardingKey) -> Result<(), LedgerError> {
    let marks = Query {
        index: None,
        partition: ("pk", partition(key)),
        range: Range::BeginsWith("sk", text(MARKS)),
        descending: false,
        limit: usize::MAX,
    };
    let marks = ledger.query(&marks).await?;
    let marked = |mark: &Item| ItemKey::of_marked(&key.tenant, mark.text("sk").ok()??);
    let claims: Vec<ItemKey> = marks.iter().filter_map(marked).collect();
    for some in claims.chunks(AT_ONCE) {
        try_join_all(some.iter().map(|claim| erase(ledger, claim, &key.id))).await?;
    }
    Ok(())
}

async fn erase(ledger: &DynamoLedger, claim: &ItemKey, onboarding: &OnboardingId) -> Result<(), LedgerError> {
    let update = Update::of(claim.clone())
        .set(CONTENT, text(ERASED_CLAIM))
        .set(FENCE, text(ERASED_CLAIM))
        .set(DONE, AttributeValue::Bool(true))
        .set(ERASED, AttributeValue::Bool(true))
        .when(Condition::equal(ONBOARDING, text(onboarding.as_str())))
        .when(Condition::Absent(ERASED));
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
        erased: item.flag(ERASED)?,
    })
}
