//! Grants that nobody told us of: the list of all grants to us, page after page, and again from the start. A page has no
//! time and a grant none either; whether one is news is told by the ledger: a copy that a look has shown is none.
//!
//! A grant that is revoked while the list is read moves the others to the front, so that one may be passed over; the next
//! round finds it.

use super::Idos;
use super::id::Kind;
use crate::domain::{Claim, ClaimClass, Timestamp};
use crate::ports::{FeedEvent, FeedPage, ProviderError, Reach};

const FIRST: i64 = 1;
/// Before any look of ours: a look that has shown the copy has seen it, whenever it was granted.
const ANY_TIME: Timestamp = Timestamp::from_millis(0);

impl Idos {
    pub(super) async fn read_feed(&self, reach: Reach<'_>, cursor: Option<&str>) -> Result<FeedPage, ProviderError> {
        let page = cursor.and_then(|cursor| cursor.parse().ok()).filter(|page| *page > FIRST).unwrap_or(FIRST);
        let grants = self.node.grants(reach, None, page).await?;
        let more = !self.node.is_last(grants.len());
        let next = if more { page.saturating_add(1) } else { FIRST };
        let mut events: Vec<FeedEvent> = Vec::with_capacity(grants.len());
        for grant in grants {
            let copy = Kind::Credential.resource(grant.copy);
            if events.iter().any(|event| event.event == copy) {
                continue;
            }
            let claim = Claim { class: ClaimClass::Exists, part: Some(copy.clone()), at: None };
            events.push(FeedEvent { event: copy, subject: Kind::User.resource(grant.owner), claim, at: ANY_TIME });
        }
        Ok(FeedPage { events, cursor: next.to_string(), more })
    }
}
