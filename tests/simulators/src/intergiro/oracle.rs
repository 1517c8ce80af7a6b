//! What a test asks of this simulator alone: what is true, what was made.

use super::{
    Intergiro,
    links::Purpose,
    person::PendingAction,
    records::{ActionTruth, Endpoint, EventRecord, LinkTruth, RequestRecord, SignIns, Truth},
    world::World,
};
use crate::clock;

impl Intergiro {
    pub fn truth(&self, individual: &str) -> Option<Truth> {
        self.shared.look().truth(individual)
    }

    /// Ids in the order of creation.
    pub fn individuals_created(&self) -> Vec<String> {
        self.shared.look().created.clone()
    }

    /// The newest individual with this e-mail address: there is no reference of our own (§2.1).
    pub fn individual_by_email(&self, email: &str) -> Option<String> {
        let world = self.shared.look();
        let has = |id: &&String| world.individuals.get(*id).is_some_and(|it| it.text("email") == email);
        world.created.iter().rev().find(has).cloned()
    }

    /// The newest individual whose newest link returns to an address with this text in it.
    pub fn individual_by_return_url(&self, part: &str) -> Option<String> {
        let world = self.shared.look();
        let returns = |id: &&String| {
            let link = world.newest_link(&Purpose::Onboarding((*id).clone()));
            link.is_some_and(|link| link.return_url.contains(part))
        };
        world.created.iter().rev().find(returns).cloned()
    }

    /// The newest onboarding link of an individual.
    pub fn link(&self, individual: &str) -> Option<String> {
        Some(self.truth(individual)?.link?.redirect_url)
    }

    pub fn events(&self) -> Vec<EventRecord> {
        self.shared.look().events.iter().map(|event| event.record.clone()).collect()
    }

    pub fn events_of(&self, programme: &str) -> Vec<EventRecord> {
        self.events().into_iter().filter(|event| event.programme == programme).collect()
    }

    /// Calls that asked whose an event is: read by its id, or its pending action by the event's id.
    pub fn resolves_of(&self, event: &str) -> usize {
        let (path, query) = (format!("/v3/events/{event}"), format!("event_id={event}"));
        let asks = |request: &&RequestRecord| {
            request.path == path || (request.endpoint == Endpoint::ListPendingActions && request.path.contains(&query))
        };
        self.shared.look().frame.requests.iter().filter(asks).count()
    }

    /// Logins, refreshes and what was wrong with them.
    pub fn sign_ins(&self) -> SignIns {
        self.shared.look().sign_ins
    }
}

impl World {
    fn truth(&self, individual: &str) -> Option<Truth> {
        let individual = self.individuals.get(individual)?;
        let actions = self.actions.iter().filter(|action| action.individual == individual.id);
        Some(Truth {
            programme: individual.programme.clone(),
            individual: individual.shown(),
            ever_activated: individual.ever_activated,
            link: self.link_truth(&individual.id),
            actions: actions.map(|action| self.action_truth(action)).collect(),
        })
    }

    fn link_truth(&self, individual: &str) -> Option<LinkTruth> {
        let purpose = Purpose::Onboarding(individual.to_owned());
        let link = self.newest_link(&purpose)?;
        Some(LinkTruth {
            redirect_url: link.url(&self.pages),
            return_url: link.return_url.clone(),
            expires_at: clock::stamp_millis(link.expires),
            opened: link.opened,
            over: link.is_over(),
            issued: self.links.iter().filter(|link| link.purpose == purpose).count(),
        })
    }

    fn action_truth(&self, action: &PendingAction) -> ActionTruth {
        let consent = self.consents.get(&action.consent);
        let link = self.newest_link(&Purpose::Consent(action.consent.clone()));
        ActionTruth {
            id: action.id.clone(),
            action_type: action.action.name().to_owned(),
            consent_id: action.consent.clone(),
            consent_status: consent.map(|consent| consent.status.to_owned()).unwrap_or_default(),
            completed: action.completed.is_some(),
            expired: action.is_expired(),
            redirect_url: link.filter(|link| !link.is_over()).map(|link| link.url(&self.pages)),
        }
    }
}
