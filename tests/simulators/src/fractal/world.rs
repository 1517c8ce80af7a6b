//! The simulator's whole state behind one lock: persons, cases, codes, tokens, clients, rules, deliveries, records.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use super::{
    act::Act,
    acts::NotPossible,
    call::BaseUrls,
    delivery::{self, Hook, Letter},
    kyc::{OneTimeToken, User},
    manners::{ApiManner, WebhookManner},
    person::{Authorisation, Person},
    records::{DeliveryRecord, Endpoint, EventRecord, RequestRecord, TokenCounts, VisitRecord, WebhookSent},
    settings::{Application, Client, Generation, Settings},
    tokens::{Code, Pair},
};
use crate::{
    clock::{self, RetryTime},
    outbox::Delivery,
    rules::NoTarget,
    simulator::{Frame, Simulated},
    state::Shared,
};

pub struct World {
    pub(crate) frame: Frame<Self>,
    pub(crate) settings: Settings,
    pub(crate) origins: BaseUrls,
    /// Time of codes, tokens and files: real, but may be pushed.
    pub(crate) token_time: RetryTime,
    started: i64,
    pub(crate) persons: BTreeMap<String, Person>,
    pub(crate) authorisations: Vec<Authorisation>,
    pub(crate) codes: Vec<Code>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) token_counts: TokenCounts,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) one_time_tokens: Vec<OneTimeToken>,
    /// Of relay: by credential, for which client.
    pub(crate) shared_tokens: BTreeMap<String, String>,
    /// Ids of persons and users, in the order in which they came.
    pub(crate) created: Vec<String>,
    pub(crate) visits: Vec<VisitRecord>,
    pub(crate) events: Vec<EventRecord>,
    pub(crate) hooks: Vec<Hook>,
    /// Signs file URLs.
    pub(crate) file_secret: String,
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

    fn concerns(letter: &Letter, user: &str) -> bool {
        letter.user == user
    }

    fn act(&mut self, user: &str, act: Act) -> Result<Vec<String>, NotPossible> {
        self.act(user, act)
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
    pub(crate) fn new(settings: Settings, origins: BaseUrls) -> io::Result<Self> {
        let (callbacks, clients) = (settings.callbacks.clone(), settings.clients.clone());
        let mut world = Self {
            frame: Frame::new(settings.retry.scale)?,
            settings: Settings { clients: Vec::new(), ..settings },
            origins,
            token_time: RetryTime::new(1),
            started: clock::now().unix_timestamp(),
            persons: BTreeMap::new(),
            authorisations: Vec::new(),
            codes: Vec::new(),
            pairs: Vec::new(),
            token_counts: TokenCounts::default(),
            users: BTreeMap::new(),
            one_time_tokens: Vec::new(),
            shared_tokens: BTreeMap::new(),
            created: Vec::new(),
            visits: Vec::new(),
            events: Vec::new(),
            hooks: Vec::new(),
            file_secret: crate::chance::token(),
        };
        callbacks.into_iter().for_each(|callback| world.register(callback));
        clients.into_iter().for_each(|client| world.add_client(client));
        Ok(world)
    }

    pub(crate) fn now() -> String {
        clock::stamp_seconds(clock::now())
    }

    /// Unix seconds in the time of tokens and files.
    pub(crate) fn moment(&self) -> i64 {
        self.started.saturating_add(seconds(self.token_time.elapsed()))
    }

    pub(crate) fn application(&self, client_id: &str) -> Option<&Application> {
        self.settings.applications.iter().find(|application| application.client_id == client_id)
    }

    pub(crate) fn first_application(&self) -> String {
        self.settings.applications.first().map(|application| application.name.clone()).unwrap_or_default()
    }

    pub(crate) fn client(&self, generation: Generation, client_id: &str) -> Option<&Client> {
        self.settings.clients.iter().find(|client| client.client_id == client_id && client.generation == generation)
    }

    /// Keeps the person, and what a GET of it shows from now on.
    pub(crate) fn keep(&mut self, person: Person) {
        if !self.persons.contains_key(&person.uid) {
            self.created.push(person.uid.clone());
        }
        self.frame.history.remember(&person.uid, serde_json::json!(person));
        self.persons.insert(person.uid.clone(), person);
    }

    pub(crate) fn keep_user(&mut self, user: User) {
        if !self.users.contains_key(&user.id) {
            self.created.push(user.id.clone());
        }
        self.frame.history.remember(&user.id, serde_json::json!(user));
        self.users.insert(user.id.clone(), user);
    }
}

pub(crate) fn seconds(length: Duration) -> i64 {
    i64::try_from(length.as_secs()).unwrap_or(i64::MAX)
}
