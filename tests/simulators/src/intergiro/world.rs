//! The simulator's whole state behind one lock: people, actions, consents, links, sessions, rules, deliveries, records.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use time::OffsetDateTime;

use super::{
    act::Act,
    acts::NotPossible,
    delivery::{self, Letter, Target},
    events::Event,
    links::Link,
    manners::{ApiManner, WebhookManner},
    person::{Consent, Individual, PendingAction},
    records::{DeliveryRecord, Endpoint, RequestRecord, SignIns, WebhookSent},
    session::Session,
    settings::{Settings, Subscription},
};
use crate::{
    chance,
    clock::{self, RetryTime},
    history::View,
    outbox::Delivery,
    rules::NoTarget,
    simulator::{Frame, Simulated},
    state::Shared,
};

pub struct World {
    pub(crate) frame: Frame<Self>,
    pub(crate) settings: Settings,
    /// Origin of the API.
    pub(crate) api: String,
    /// Origin of the hosted pages.
    pub(crate) pages: String,
    /// Time of sessions and tokens: real, but may be pushed.
    pub(crate) token_time: RetryTime,
    /// API keys that are good, with their programmes.
    pub(crate) keys: BTreeMap<String, String>,
    pub(crate) sessions: Vec<Session>,
    /// Refresh tokens that were used, with their sessions.
    pub(crate) used_refresh: BTreeMap<String, String>,
    /// Every login with a good key: when and with which.
    pub(crate) logins: Vec<(Duration, String)>,
    pub(crate) sign_ins: SignIns,
    pub(crate) individuals: BTreeMap<String, Individual>,
    pub(crate) created: Vec<String>,
    pub(crate) actions: Vec<PendingAction>,
    pub(crate) consents: BTreeMap<String, Consent>,
    pub(crate) links: Vec<Link>,
    pub(crate) events: Vec<Event>,
    pub(crate) targets: Vec<Target>,
    last_stamp: OffsetDateTime,
}

impl Simulated for World {
    type Endpoint = Endpoint;
    type ApiManner = ApiManner;
    type WebhookManner = WebhookManner;
    type Target = NoTarget;
    type Act = Act;
    type NotPossible = NotPossible;
    type Letter = Letter;
    type Request = RequestRecord;
    type Delivery = DeliveryRecord;
    type Sent = WebhookSent;

    fn frame(&mut self) -> &mut Frame<Self> {
        &mut self.frame
    }

    fn concerns(letter: &Letter, individual: &str) -> bool {
        letter.individual.as_deref() == Some(individual)
    }

    fn act(&mut self, individual: &str, act: Act) -> Result<Vec<String>, NotPossible> {
        self.act(individual, act)
    }

    fn asked(request: &RequestRecord) -> (Endpoint, String) {
        (request.endpoint, format!("{} {}", request.method, request.path))
    }

    fn delivery(delivery: &Delivery<Letter>) -> DeliveryRecord {
        delivery::record(delivery)
    }

    async fn attempt(shared: Arc<Shared<Self>>, index: usize) {
        delivery::attempt(shared, index).await;
    }
}

impl World {
    /// `origins`: of the API and of the hosted pages.
    pub(crate) fn new(settings: Settings, origins: (String, String)) -> io::Result<Self> {
        let (api, pages) = origins;
        let keys = settings.programmes.iter().map(|it| (it.api_key.clone(), it.name.clone())).collect();
        let subscriptions = settings.subscriptions.clone();
        let mut world = Self {
            frame: Frame::new(settings.retry.scale)?,
            token_time: RetryTime::new(1),
            settings,
            api,
            pages,
            keys,
            sessions: Vec::new(),
            used_refresh: BTreeMap::new(),
            logins: Vec::new(),
            sign_ins: SignIns::default(),
            individuals: BTreeMap::new(),
            created: Vec::new(),
            actions: Vec::new(),
            consents: BTreeMap::new(),
            links: Vec::new(),
            events: Vec::new(),
            targets: Vec::new(),
            last_stamp: OffsetDateTime::UNIX_EPOCH,
        };
        for subscription in subscriptions {
            world.subscribe(subscription);
        }
        Ok(world)
    }

    /// Adds a webhook URL; gives its id.
    pub(crate) fn subscribe(&mut self, subscription: Subscription) -> String {
        let id = chance::uuid();
        let programme = subscription.programme.unwrap_or_else(|| self.first_programme());
        self.targets.push(Target { id: id.clone(), url: subscription.url, programme, removed: false });
        id
    }

    pub(crate) fn first_programme(&self) -> String {
        self.settings.programmes.first().map(|programme| programme.name.clone()).unwrap_or_default()
    }

    /// Now in milliseconds, never going back; two things may share one.
    pub(crate) fn stamp(&mut self) -> String {
        self.last_stamp = clock::now().max(self.last_stamp);
        clock::stamp_millis(self.last_stamp)
    }

    /// Keeps the individual, and what a GET of it shows from now on.
    pub(crate) fn keep(&mut self, individual: Individual) {
        self.frame.history.remember(&individual.id, individual.shown());
        self.individuals.insert(individual.id.clone(), individual);
    }

    /// The number of the last change that a list shows, where `last` is the number of its own newest.
    pub(crate) fn horizon(view: View, last: u64) -> u64 {
        match view {
            View::Now => last,
            View::Previous => last.saturating_sub(1),
            View::AsOf(number) => number,
        }
    }

    /// The individual that an id of any kind belongs to.
    pub(crate) fn individual_of(&self, id: &str) -> Option<String> {
        let own = self.individuals.get(id).map(|individual| individual.id.clone());
        let own = own.or_else(|| self.action(id).map(|action| action.individual.clone()));
        let own = own.or_else(|| self.consents.get(id).map(|consent| consent.individual.clone()));
        own.or_else(|| self.events.iter().find(|event| event.record.id == id)?.record.individual.clone())
    }

    pub(crate) fn action(&self, id: &str) -> Option<&PendingAction> {
        self.actions.iter().find(|action| action.id == id)
    }
}
