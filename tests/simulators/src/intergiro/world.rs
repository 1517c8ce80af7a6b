//! The simulator's whole state behind one lock: people, actions, consents, links, sessions, rules, deliveries, records.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};

use super::{
    delivery::{Delivery, Target},
    events::Event,
    links::Link,
    manners::{ApiRule, WebhookRule},
    person::{Consent, Individual, PendingAction},
    records::{RequestRecord, SignIns, WebhookSent},
    session::Session,
    settings::{Settings, Subscription},
};
use crate::{
    chance,
    clock::{self, RetryTime},
    rules::{Active, RuleId},
};

pub(crate) struct Shared {
    world: Mutex<World>,
    /// Rung when a delivery may have become due.
    pub(crate) due: Notify,
    /// Counts up with everything that happens, for those who wait for something.
    pub(crate) news: watch::Sender<u64>,
    pub(crate) http: reqwest::Client,
    pub(crate) runtime: tokio::runtime::Handle,
}

impl Shared {
    pub(crate) fn new(world: World, http: reqwest::Client) -> Self {
        let (news, _) = watch::channel(0);
        Self { world: Mutex::new(world), due: Notify::new(), news, http, runtime: tokio::runtime::Handle::current() }
    }

    /// Reads without telling anybody.
    pub(crate) fn look(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes, then tells.
    pub(crate) fn change<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        let result = with(&mut self.look());
        self.due.notify_one();
        self.news.send_modify(|count| *count = count.wrapping_add(1));
        result
    }
}

/// One state of an individual, as a GET showed it.
struct Version {
    number: u64,
    shown: Value,
}

/// Which state a GET answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum View {
    Now,
    Previous,
    AsOf(u64),
}

pub(crate) struct World {
    pub(crate) settings: Settings,
    /// Origin of the API.
    pub(crate) api: String,
    /// Origin of the hosted pages.
    pub(crate) pages: String,
    pub(crate) retry_time: RetryTime,
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
    pub(crate) api_rules: Vec<Active<ApiRule>>,
    pub(crate) webhook_rules: Vec<Active<WebhookRule>>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) sent: Vec<WebhookSent>,
    pub(crate) requests: Vec<RequestRecord>,
    history: BTreeMap<String, Vec<Version>>,
    changes: u64,
    rules_made: u64,
    last_stamp: OffsetDateTime,
}

impl World {
    /// `origins`: of the API and of the hosted pages.
    pub(crate) fn new(settings: Settings, origins: (String, String)) -> Self {
        let (api, pages) = origins;
        let keys = settings.programmes.iter().map(|it| (it.api_key.clone(), it.name.clone())).collect();
        let subscriptions = settings.subscriptions.clone();
        let mut world = Self {
            retry_time: RetryTime::new(settings.retry.scale),
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
            api_rules: Vec::new(),
            webhook_rules: Vec::new(),
            deliveries: Vec::new(),
            sent: Vec::new(),
            requests: Vec::new(),
            history: BTreeMap::new(),
            changes: 0,
            rules_made: 0,
            last_stamp: OffsetDateTime::UNIX_EPOCH,
        };
        for subscription in subscriptions {
            world.subscribe(subscription);
        }
        world
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

    /// Numbers a change of anything that a GET shows.
    pub(crate) fn next_change(&mut self) -> u64 {
        self.changes = self.changes.saturating_add(1);
        self.changes
    }

    /// Keeps the individual, and what a GET of it shows from now on.
    pub(crate) fn keep(&mut self, individual: Individual) {
        let version = Version { number: self.next_change(), shown: individual.shown() };
        self.history.entry(individual.id.clone()).or_default().push(version);
        self.individuals.insert(individual.id.clone(), individual);
    }

    pub(crate) fn seen(&self, individual: &str, view: View) -> Option<Value> {
        let versions = self.history.get(individual)?;
        let version = match view {
            View::Now => versions.last(),
            View::Previous => versions.iter().rev().nth(1),
            View::AsOf(number) => versions.iter().rev().find(|version| version.number <= number),
        };
        version.map(|version| version.shown.clone())
    }

    /// The number of the last change that a list shows, where `last` is the number of its own newest.
    pub(crate) fn horizon(view: View, last: u64) -> u64 {
        match view {
            View::Now => last,
            View::Previous => last.saturating_sub(1),
            View::AsOf(number) => number,
        }
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    pub(crate) fn next_rule(&mut self) -> RuleId {
        self.rules_made = self.rules_made.saturating_add(1);
        RuleId(self.rules_made)
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
