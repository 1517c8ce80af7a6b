//! The onboarding's item: its attributes, and reading and creating it. Each side of it writes attributes of its own.
//!
//! | attributes | written by |
//! | --- | --- |
//! | `identity`, `list_pk`, `list_sk`, `created_nonce` | creation, once (erasing removes what names the app's own id) |
//! | `truth`, `nonce_{0…3}`, `look_started` | commits |
//! | `look_due`, `look_shard`, `look_rung`, `look_asked`, `look_lease_*` | commits, looks, the reconciler |
//! | `delivery_*` | the deliverer; a commit sets `delivery_due` where there is none, the reconciler defers it |
//! | `erased`, `buried`, `expires` | erasing |

use crate::domain::{Handover, Identity, Look, Onboarding, OnboardingKey, Truth};
use crate::ports::{Due, LedgerError};

use super::DynamoLedger;
use super::attributes::{Item, moment, nested, number, text, unreadable};
use super::calls::Outcome;
use super::due::entry_of;
use super::expression::Condition;
use super::keys::ItemKey;
use super::list::list_partition;

pub(super) const IDENTITY: &str = "identity";
pub(super) const TRUTH: &str = "truth";
pub(super) const LOOK_STARTED: &str = "look_started";
pub(super) const LOOK_LEASE_UNTIL: &str = "look_lease_until";
pub(super) const LOOK_LEASE_FENCE: &str = "look_lease_fence";
/// A look was asked for since the look lease was taken last.
pub(super) const LOOK_ASKED: &str = "look_asked";
pub(super) const THROUGH: &str = "delivery_through";
pub(super) const TRIES: &str = "delivery_tries";
pub(super) const FIRST_TRIED: &str = "delivery_first";
pub(super) const LAST_ERROR: &str = "delivery_error";
pub(super) const RETRY_AT: &str = "delivery_retry";
pub(super) const PARKED: &str = "delivery_parked";
pub(super) const DELIVERY_LEASE_UNTIL: &str = "delivery_lease_until";
pub(super) const DELIVERY_LEASE_FENCE: &str = "delivery_lease_fence";
pub(super) const ERASED: &str = "erased";
pub(super) const BURIED: &str = "buried";
pub(super) const LIST_PK: &str = "list_pk";
pub(super) const LIST_SK: &str = "list_sk";
const CREATED_NONCE: &str = "created_nonce";

pub(super) async fn create(ledger: &DynamoLedger, onboarding: &Onboarding, nonce: &str) -> Result<bool, LedgerError> {
    let key = &onboarding.key;
    let mut attributes = vec![
        (IDENTITY, nested(IDENTITY, &onboarding.identity)?),
        (TRUTH, nested(TRUTH, &onboarding.truth)?),
        (THROUGH, number(onboarding.delivery.through)),
        (TRIES, number(onboarding.delivery.tries)),
        (LIST_PK, text(&list_partition(&key.tenant, Due::shard_of(key.id.as_str())))),
        (LIST_SK, text(key.id.as_str())),
        (CREATED_NONCE, text(nonce)),
    ];
    attributes.extend(onboarding.look.started_at.map(|started| (LOOK_STARTED, moment(started))));
    for (which, due) in [(Due::Look, onboarding.look.due), (Due::Delivery, onboarding.delivery.due)] {
        attributes.extend(due.into_iter().flat_map(|due| entry_of(ledger, which, key.id.as_str(), due)));
    }
    match ledger.put(key, attributes, Some(Condition::Absent("pk"))).await? {
        Outcome::Done(_) => Ok(true),
        Outcome::Stood(stood) => {
            Ok(stood.is_some_and(|stood| matches!(stood.text(CREATED_NONCE), Ok(Some(own)) if own == nonce)))
        }
    }
}

pub(super) async fn read(ledger: &DynamoLedger, key: &OnboardingKey) -> Result<Option<Onboarding>, LedgerError> {
    ledger.get(key, true).await?.map(|item| of_item(key, &item)).transpose()
}

pub(super) async fn read_all(
    ledger: &DynamoLedger,
    keys: &[OnboardingKey],
) -> Result<Vec<Option<Onboarding>>, LedgerError> {
    let at: Vec<ItemKey> = keys.iter().map(ItemKey::from).collect();
    let found = ledger.get_all(&at).await?;
    keys.iter().zip(&at).map(|(key, at)| found.get(at).map(|item| of_item(key, item)).transpose()).collect()
}

pub(super) fn of_item(key: &OnboardingKey, item: &Item) -> Result<Onboarding, LedgerError> {
    let identity: Option<Identity> = item.nested(IDENTITY)?;
    let truth: Option<Truth> = item.nested(TRUTH)?;
    Ok(Onboarding {
        key: key.clone(),
        identity: identity.ok_or_else(|| unreadable(IDENTITY))?,
        truth: truth.ok_or_else(|| unreadable(TRUTH))?,
        look: look_of(item)?,
        delivery: handover_of(item)?,
        erased_at: item.moment(ERASED)?,
    })
}

fn look_of(item: &Item) -> Result<Look, LedgerError> {
    let (rung, entry) = (item.moment(super::due::LOOK_RUNG)?, item.moment(super::due::LOOK_DUE)?);
    Ok(Look {
        started_at: item.moment(LOOK_STARTED)?,
        due: entry.map(|entry| rung.unwrap_or(entry)),
        lease: item.lease(LOOK_LEASE_UNTIL, LOOK_LEASE_FENCE)?,
    })
}

fn handover_of(item: &Item) -> Result<Handover, LedgerError> {
    Ok(Handover {
        through: item.number(THROUGH)?.unwrap_or_default(),
        tries: item.number(TRIES)?.unwrap_or_default(),
        first_tried_at: item.moment(FIRST_TRIED)?,
        last_error: item.text(LAST_ERROR)?.map(str::to_owned),
        retry_at: item.moment(RETRY_AT)?,
        due: item.moment(super::due::DELIVERY_DUE)?,
        lease: item.lease(DELIVERY_LEASE_UNTIL, DELIVERY_LEASE_FENCE)?,
        parked: item.nested(PARKED)?.unwrap_or_default(),
    })
}
