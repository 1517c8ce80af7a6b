//! `GET /v3/events`: what no webhook told us.
//!
//! That the list exists is confirmed, its order and its paging are not. Assumed are `sort_by`, `sort_type`, `limit` and
//! `starting_after`; `settings.feed: off` does without. So that a wrong assumption loses nothing that works and never
//! goes backwards, the cursor is the newest event that was seen, its time and its id, and nothing older is rung:
//!
//! | the list | what happens |
//! | --- | --- |
//! | as assumed | each page goes on where the last one ended |
//! | in another order, without paging | a page without anything newer makes us read the newest page, and what is newer there is taken |
//! | does not know the cursor's event any more | as above |
//! | empty | so is the cursor, until there is an event |
//!
//! An event's time is the provider's own; it is only compared with others of the same list. An action's event claims
//! nothing here: by the time that a feed is read it may have been done.

use super::Intergiro;
use super::api::{Occurred, Order, Page};
use super::id::{Kind, uuid};
use super::words::EventName;
use crate::domain::{Claim, ClaimClass, Timestamp};
use crate::ports::{FeedEvent, FeedPage, ProviderError, Reach};

/// Of a feed in which nothing has happened yet.
const NOTHING_YET: &str = "-";

/// The newest event that was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cursor {
    at: Timestamp,
    id: String,
}

impl Cursor {
    fn read(text: &str) -> Option<Self> {
        let (millis, id) = text.split_once('.')?;
        Some(Self { at: Timestamp::from_millis(millis.parse().ok()?), id: uuid(id)?.as_str().to_owned() })
    }

    fn written(&self) -> String {
        format!("{}.{}", self.at.millis(), self.id)
    }

    fn of(event: &Occurred) -> Option<Self> {
        Some(Self { at: event.at()?, id: event.id().and_then(uuid)?.as_str().to_owned() })
    }
}

impl Intergiro {
    pub(super) async fn read_feed(&self, reach: Reach<'_>, cursor: Option<&str>) -> Result<FeedPage, ProviderError> {
        if cursor == Some(NOTHING_YET) {
            return Ok(told(&self.events(reach, "asc", None).await?, None, NOTHING_YET));
        }
        let Some((text, cursor)) = cursor.and_then(|text| Some((text, Cursor::read(text)?))) else {
            // Where its end is now; what was before is the schedule's.
            let page = self.events(reach, "desc", None).await?;
            let newest = page.data.iter().filter_map(Cursor::of).max();
            let cursor = newest.map_or_else(|| NOTHING_YET.to_owned(), |newest| newest.written());
            return Ok(FeedPage { events: Vec::new(), cursor, more: false });
        };
        match self.events(reach, "asc", Some(&cursor.id)).await {
            Ok(page) if page.data.is_empty() || page.data.iter().filter_map(Cursor::of).any(|at| at > cursor) => {
                return Ok(told(&page, Some(&cursor), text));
            }
            Ok(_) | Err(ProviderError::Refused { .. } | ProviderError::NotFound) => {}
            Err(error) => return Err(error),
        }
        let newest = self.events(reach, "desc", None).await?;
        Ok(FeedPage { more: false, ..told(&newest, Some(&cursor), text) })
    }

    /// Of an item only its own members are read: an event that is not about onboarding may look like anything.
    async fn events(
        &self,
        reach: Reach<'_>,
        sorted: &'static str,
        after: Option<&str>,
    ) -> Result<Page<Occurred>, ProviderError> {
        self.api.page(reach, self.api.events(), Order { sorted: Some(sorted), after, ..Order::LONG }).await
    }
}

/// What is newer than the cursor, oldest first; of the same moment whatever is not the cursor itself, because nobody
/// says in which order a list has those. The cursor only goes forward, and only while it does there can be more.
fn told(page: &Page<Occurred>, cursor: Option<&Cursor>, before: &str) -> FeedPage {
    let placed = page.data.iter().filter_map(|event| Some((Cursor::of(event)?, event)));
    let is_new = |at: &Cursor| cursor.is_none_or(|cursor| at.at >= cursor.at && at.id != cursor.id);
    let mut new: Vec<_> = placed.filter(|(at, _)| is_new(at)).collect();
    new.sort_by(|(one, _), (other, _)| one.cmp(other));
    let end = new.last().map(|(at, _)| at).filter(|at| cursor.is_none_or(|cursor| *at > cursor)).map(Cursor::written);
    let more = end.is_some() && page.has_more == Some(true);
    let events = new.iter().filter_map(|(at, event)| rung(at, event)).collect();
    FeedPage { events, cursor: end.unwrap_or_else(|| before.to_owned()), more }
}

fn rung(at: &Cursor, event: &Occurred) -> Option<FeedEvent> {
    let name = EventName::read(event.name()?)?;
    let own = Kind::Event.resource(uuid(&at.id)?);
    let Some(individual) = event.individual().map(|id| Kind::Individual.resource(id)) else {
        // A list that leaves the payload out.
        let claim = Claim { class: name.claims(), part: None, at: None };
        return Some(FeedEvent { event: own.clone(), subject: own, claim, at: at.at });
    };
    let class = if name.is_about_action() { ClaimClass::Nothing } else { name.claims() };
    let part = (class != ClaimClass::Nothing).then(|| individual.clone());
    Some(FeedEvent { event: own, subject: individual, claim: Claim { class, part, at: None }, at: at.at })
}
