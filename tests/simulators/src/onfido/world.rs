//! The simulator's whole state behind one lock: resources, webhooks, credentials, rules, deliveries, records.
//!
//! A resource is the document that a GET shows, with its owner beside it: acts change the document, and every
//! state it ever had is kept for stale reads.

use std::{
    collections::BTreeMap,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    access::{Access, Known},
    act::Act,
    acts::NotPossible,
    call::Reply,
    delivery::{self, Letter, Webhook},
    events::Event,
    manners::{ApiManner, WebhookManner},
    records::{DeliveryRecord, Endpoint, Kind, RequestRecord, WebhookSent, set},
    settings::{Account, Environment, Region, Settings},
};
use crate::{
    chance,
    clock::{self, RetryTime},
    history::View,
    outbox::Delivery,
    simulator::{Frame, Simulated},
    state::Shared,
};

/// Whose something is: an account with an environment. Another owner's is as good as absent (§1.3, 404).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) account: String,
    pub(crate) environment: Environment,
}

#[derive(Clone)]
pub(crate) struct Thing {
    /// Its id; of a task also the run's, because a task's id is unique only there (§3.3).
    pub(crate) key: String,
    pub(crate) kind: Kind,
    pub(crate) owner: Owner,
    pub(crate) applicant: String,
    /// The check of a report, the run of a task.
    pub(crate) parent: Option<String>,
    /// Applicant deleted, link of a run over, task completed.
    pub(crate) ended: bool,
    /// What no GET of it shows: an applicant's consents.
    pub(crate) hidden: Value,
    pub(crate) shown: Value,
}

pub struct World {
    pub(crate) frame: Frame<Self>,
    pub(crate) settings: Settings,
    /// Origins of the API and of the hosted pages.
    pub(crate) api: String,
    pub(crate) pages: String,
    pub(crate) token_time: RetryTime,
    pub(crate) known: Vec<Known>,
    pub(crate) accesses: Vec<Access>,
    /// Calls within the last minute, by account.
    pub(crate) calls: BTreeMap<String, Vec<Duration>>,
    pub(crate) things: BTreeMap<String, Thing>,
    /// Keys in the order of creation.
    pub(crate) order: Vec<String>,
    /// Classic SDK tokens: of which applicant.
    pub(crate) sdk_tokens: Vec<String>,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) events: Vec<Event>,
    /// Access tokens for receivers, by webhook.
    pub(crate) receiver_tokens: BTreeMap<String, (String, Instant)>,
}

impl Simulated for World {
    type Endpoint = Endpoint;
    type ApiManner = ApiManner;
    type WebhookManner = WebhookManner;
    type Target = String;
    type Act = Act;
    type NotPossible = NotPossible;
    type Letter = Letter;
    type Request = RequestRecord;
    type Delivery = DeliveryRecord;
    type Sent = WebhookSent;

    fn frame(&mut self) -> &mut Frame<Self> {
        &mut self.frame
    }

    fn concerns(letter: &Letter, id: &str) -> bool {
        letter.about.iter().any(|about| about == id)
    }

    fn act(&mut self, id: &str, act: Act) -> Result<Vec<String>, NotPossible> {
        self.act(id, act)
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
        let registrations = settings.webhooks.clone();
        let mut world = Self {
            frame: Frame::new(settings.retry.scale)?,
            token_time: RetryTime::new(1),
            known: settings.accounts.iter().flat_map(Known::of).collect(),
            settings,
            api,
            pages,
            accesses: Vec::new(),
            calls: BTreeMap::new(),
            things: BTreeMap::new(),
            order: Vec::new(),
            sdk_tokens: Vec::new(),
            webhooks: Vec::new(),
            events: Vec::new(),
            receiver_tokens: BTreeMap::new(),
        };
        for registration in registrations {
            world.register(registration);
        }
        Ok(world)
    }

    pub(crate) fn account(&self, name: &str) -> Option<&Account> {
        self.settings.accounts.iter().find(|account| account.name == name)
    }

    pub(crate) fn first_account(&self) -> String {
        self.settings.accounts.first().map(|account| account.name.clone()).unwrap_or_default()
    }

    pub(crate) fn region_of(&self, account: &str) -> Region {
        self.account(account).map(|account| account.region).unwrap_or_default()
    }

    pub(crate) fn now() -> String {
        clock::stamp_seconds(clock::now())
    }

    /// Keeps the resource, and what a GET of it shows from now on.
    pub(crate) fn keep(&mut self, thing: Thing) {
        self.frame.history.remember(&thing.key, thing.shown.clone());
        if !self.things.contains_key(&thing.key) {
            self.order.push(thing.key.clone());
        }
        self.things.insert(thing.key.clone(), thing);
    }

    /// Sets members of a resource's document, all in one change.
    pub(crate) fn alter(&mut self, key: &str, members: impl IntoIterator<Item = (&'static str, Value)>) {
        let Some(mut thing) = self.things.get(key).cloned() else {
            return;
        };
        for (member, value) in members {
            set(&mut thing.shown, member, value);
        }
        if matches!(thing.kind, Kind::Run | Kind::Task) {
            set(&mut thing.shown, "updated_at", json!(Self::now()));
        }
        self.keep(thing);
    }

    pub(crate) fn end(&mut self, key: &str, ended: bool) {
        if let Some(thing) = self.things.get_mut(key) {
            thing.ended = ended;
        }
    }

    /// Forgets a resource with all that belongs to it.
    pub(crate) fn forget(&mut self, key: &str) {
        let gone: Vec<String> =
            self.order.iter().filter(|it| self.about(it).iter().any(|id| id == key)).cloned().collect();
        self.order.retain(|it| !gone.contains(it));
        for key in gone {
            self.things.remove(&key);
            self.frame.history.forget(&key);
        }
    }

    /// Rows of a list. A stale list is the one before the last change of any of its own rows.
    pub(crate) fn rows(&self, keys: &[String], view: View) -> Vec<Value> {
        let history = &self.frame.history;
        let newest = keys.iter().filter_map(|key| history.newest(key)).max();
        let view = match view {
            View::Previous => View::AsOf(newest.unwrap_or(0).saturating_sub(1)),
            View::Now | View::AsOf(_) => view,
        };
        keys.iter().filter_map(|key| history.seen(key, view)).collect()
    }

    /// Keys of this kind that belong to this resource, in the order of creation.
    pub(crate) fn belonging(&self, kind: Kind, to: &str) -> Vec<String> {
        let belongs = |key: &&String| {
            let thing = self.things.get(*key);
            thing.is_some_and(|it| it.kind == kind && it.key != to) && self.about(key).iter().any(|id| id == to)
        };
        self.order.iter().filter(belongs).cloned().collect()
    }

    pub(crate) fn of_kind(&self, kind: Kind) -> Vec<String> {
        let is = |key: &&String| self.things.get(*key).is_some_and(|thing| thing.kind == kind);
        self.order.iter().filter(is).cloned().collect()
    }

    /// The resource and what it belongs to: report, check, applicant. A name that nothing has stands alone.
    pub(crate) fn about(&self, key: &str) -> Vec<String> {
        let mut about = vec![key.to_owned()];
        if let Some(thing) = self.things.get(key) {
            about.extend(thing.parent.clone());
            about.extend((thing.kind != Kind::Applicant).then(|| thing.applicant.clone()));
        }
        about
    }

    /// A resource of this kind and owner; of a deleted applicant nothing can be had any more.
    pub(crate) fn own(&self, owner: &Owner, kind: Kind, key: &str) -> Result<&Thing, Reply> {
        let thing = self.things.get(key).filter(|thing| thing.kind == kind && thing.owner == *owner);
        let thing = thing.ok_or_else(Reply::absent)?;
        match self.things.get(&thing.applicant) {
            Some(applicant) if applicant.ended => Err(Reply::of_code(self.settings.deleted_answer)),
            Some(_) | None => Ok(thing),
        }
    }

    pub(crate) fn task_key(run: &str, task: &str) -> String {
        format!("{run}/{task}")
    }

    /// An id as the tasks have it: `profile_1ab2c`.
    pub(crate) fn task_id(name: &str) -> String {
        let tail: String = chance::token().chars().take(5).collect();
        format!("{name}_{tail}")
    }
}
