//! The manner of providers like Intergiro: a webhook names an event and nothing else, links are made anew, each of which
//! voids the one before, something more may be asked at a link of its own, a feed lists all events, one login is shared.

use std::sync::Arc;
use std::time::Duration;

use idv_gateway::domain::{Claim, ClaimClass, Resource, Timestamp};
use idv_gateway::ports::{FeedEvent, FeedPage, ProviderError};

use super::{Provider, case, event, resource};

/// Events on one page of the feed.
const PAGE: usize = 4;

/// What a thin provider has beside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Thin {
    /// A feed of all events.
    pub feed: bool,
    /// Calls need a token that all share; it lives that long.
    pub login: Option<Duration>,
}

/// An event, as the provider keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Its id, all that a webhook says.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// To which run.
    pub run: String,
    pub(super) class: ClaimClass,
    pub(super) part: Resource,
}

impl Happened {
    fn told(&self, alone: bool) -> FeedEvent {
        let event_alone = alone.then(|| event(&self.id));
        let part = (self.class != ClaimClass::Nothing).then(|| self.part.clone());
        let claim = Claim { class: self.class, part, at: None };
        let subject = event_alone.unwrap_or_else(|| case(&self.run));
        FeedEvent { event: event(&self.id), subject, claim, at: self.at }
    }
}

/// A link that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The address.
    pub url: String,
    /// The run that it leads into, or what is asked.
    pub into: String,
    /// Until when it lives.
    pub until: Option<Timestamp>,
}

/// All events before the cursor were seen; `alone`: they name no run.
pub(super) fn page(events: &[Happened], cursor: Option<&str>, alone: bool) -> Result<FeedPage, ProviderError> {
    let Some(cursor) = cursor else {
        return Ok(FeedPage { events: Vec::new(), cursor: events.len().to_string(), more: false });
    };
    let seen: usize = cursor.parse().map_err(|_| ProviderError::Refused { field: None })?;
    let new = events.get(seen..).unwrap_or_default();
    let page: Vec<FeedEvent> = new.iter().take(PAGE).map(|event| event.told(alone)).collect();
    Ok(FeedPage { cursor: (seen + page.len()).to_string(), more: new.len() > PAGE, events: page })
}

/// What is asked of a run.
pub(super) fn ask(run: &str, number: u8) -> Resource {
    resource("ask", &format!("{run}-ask-{number}"))
}

/// The session that all share.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// How often somebody logged in.
    pub logins: usize,
    /// How often somebody did so while another one was at it.
    pub sins: usize,
    pub(super) token: Option<(usize, Timestamp)>,
    in_flight: usize,
}

impl Session {
    pub(super) fn accepts(&self, token: usize, now: Timestamp) -> bool {
        self.token.is_some_and(|(own, until)| own == token && now < until)
    }

    pub(super) fn open(&mut self, until: Timestamp) -> usize {
        self.logins += 1;
        self.token = Some((self.logins, until));
        self.logins
    }
}

/// A login on its way; whoever is killed is not on the way any more.
pub(super) struct Flight(Arc<Provider>);

impl Flight {
    pub(super) fn begin(provider: &Arc<Provider>) -> Self {
        let mut state = provider.lock();
        state.session.sins += usize::from(state.session.in_flight > 0);
        state.session.in_flight += 1;
        drop(state);
        Self(Arc::clone(provider))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.lock().session.in_flight -= 1;
    }
}
