//! Grants that nobody told us of: the list of all grants to us, which is in the order in which they were made, so that
//! what is new stands at its end. A page has no time and a grant none either; whether one is news is told by the ledger:
//! a copy that a look has shown is none.
//!
//! The list is read to its end once. From then on only its end is read on: the page before the last one and what follows,
//! because a grant that is revoked moves all later ones to the front. Once a day the whole list is read again, for those
//! that moved over a page while it was read, or were granted while more than a page went. The cursor is
//! `{page}.{when the round began}`; one of another form begins a round.
//!
//! A row that cannot be read, or is about somebody else, is passed over and counted: it would else hold up all that stand
//! on its page and behind it, for good.

use std::time::Duration;

use tracing::warn;

use super::Idos;
use super::id::Kind;
use crate::domain::{Claim, ClaimClass, Timestamp};
use crate::ports::{FeedEvent, FeedPage, ProviderError, Reach};

const FIRST: i64 = 1;
/// Before any look of ours: a look that has shown the copy has seen it, whenever it was granted.
const ANY_TIME: Timestamp = Timestamp::from_millis(0);
/// So often the whole list is read.
const ROUND: Duration = Duration::from_secs(24 * 60 * 60);

/// Where the list is read on.
struct Place {
    page: i64,
    began: Timestamp,
}

impl Place {
    /// None where it is no cursor of ours.
    fn parse(cursor: &str) -> Option<Self> {
        let (page, began) = cursor.split_once('.')?;
        let began = Timestamp::from_millis(began.parse().ok()?);
        page.parse().ok().filter(|page| *page >= FIRST).map(|page| Self { page, began })
    }

    fn written(&self) -> String {
        format!("{}.{}", self.page, self.began.millis())
    }
}

impl Idos {
    pub(super) async fn read_feed(&self, reach: Reach<'_>, cursor: Option<&str>) -> Result<FeedPage, ProviderError> {
        let now = reach.world.now();
        let first = || Place { page: FIRST, began: now };
        let Place { page, began } = cursor.and_then(Place::parse).unwrap_or_else(first);
        let listed = self.node.listed(reach, page).await?;
        if listed.skipped > 0 {
            let (tenant, connection) = (&reach.connection.tenant, &reach.connection.name);
            warn!(event = "grants_skipped", %tenant, %connection, page, count = listed.skipped);
        }
        let more = !self.node.is_last(listed.grants.len() + listed.skipped);
        let next = if more {
            Place { page: page.saturating_add(1), began }
        } else if began + reach.world.pace.of(ROUND) <= now {
            first()
        } else {
            Place { page: page.saturating_sub(1).max(FIRST), began }
        };
        let mut events: Vec<FeedEvent> = Vec::with_capacity(listed.grants.len());
        for grant in listed.grants {
            let copy = Kind::Credential.resource(grant.copy);
            if events.iter().any(|event| event.event == copy) {
                continue;
            }
            let claim = Claim { class: ClaimClass::Exists, part: Some(copy.clone()), at: None };
            events.push(FeedEvent { event: copy, subject: Kind::User.resource(grant.owner), claim, at: ANY_TIME });
        }
        Ok(FeedPage { events, cursor: next.written(), more })
    }
}
