//! Intergiro as its fact sheet describes it: sign-in, individuals, pending actions, consents, events, thin webhooks.
//!
//! One [`Intergiro`] listens on two ports: the API and the hosted pages. What its people do is scripted with
//! [`Act`]s, or done by visiting the links; each act changes the truth and makes the documented events, whose thin
//! and unsigned webhooks go to the programme's URLs at once and are repeated on an assumed schedule. [`ApiRule`]s and
//! [`WebhookRule`]s spoil answers and deliveries, a [`Forgery`] sends what Intergiro never sent. Everything that
//! happened is kept for the oracle, and everything can also be done over HTTP (module `control`).
//!
//! | what fails | what is seen |
//! | --- | --- |
//! | receiver refuses, is down or silent for 5 s | `webhooks_sent` has the answer; repeated, then `Dropped` |
//! | refresh too early, refresh token used twice, login too many | refused and counted in `sign_ins` |
//! | person leaves, link ends | nothing: no event, no status |
//! | an act that the state forbids | [`NotPossible`], nothing changed |

mod act;
mod acts;
mod api;
mod asks;
mod call;
mod control;
mod delivery;
mod events;
mod forge;
mod links;
mod list;
mod manners;
mod oracle;
mod page;
mod person;
mod records;
mod serving;
mod session;
mod settings;
mod valid;
mod words;
mod world;

use std::{io, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub use self::{
    act::{Act, ActionType, Validity},
    acts::NotPossible,
    forge::{ForgedIds, Forgery},
    manners::{ApiManner, ApiRule, WebhookManner, WebhookRule},
    records::{
        ActionTruth, Answer, DeliveryRecord, DeliveryState, Endpoint, EventRecord, LinkTruth, RequestRecord, SignIns,
        Truth, WebhookSent,
    },
    settings::{Fraud, Programme, Retry, Settings, SignIn, Subscription},
};
use self::{
    person::Individual,
    serving::Host,
    session::Session,
    world::{Shared, World},
};
pub use crate::rules::{Order, RuleId};
use crate::{
    chance,
    client::http_client,
    rules::Active,
    server::{self, Server},
};

/// A simulated Intergiro. Dropping the value that `start` gave stops it.
pub struct Intergiro {
    shared: Arc<Shared>,
    running: Option<Running>,
}

struct Running {
    servers: Vec<Server>,
    sending: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.sending.abort();
    }
}

impl Intergiro {
    /// Starts both hosts; they answer as soon as this returns.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let pages_port = if settings.port == 0 { 0 } else { settings.port.saturating_add(1) };
        let (api, pages) = (server::bind(settings.port).await?, server::bind(pages_port).await?);
        let origins = (format!("http://{}", api.local_addr()?), format!("http://{}", pages.local_addr()?));
        let client = http_client().map_err(io::Error::other)?;
        let shared = Arc::new(Shared::new(World::new(settings, origins), client));
        let mut servers = Vec::new();
        for (host, listener) in [(Host::Api, api), (Host::Pages, pages)] {
            servers.push(Server::start(listener, serving::router(Arc::clone(&shared), host)).await?);
        }
        let sending = tokio::spawn(delivery::deliver_what_is_due(Arc::clone(&shared)));
        Ok(Self { shared, running: Some(Running { servers, sending }) })
    }

    /// A handle without the servers, for the control calls.
    fn over(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), running: None }
    }

    /// A further handle on the same simulator, for another task; it keeps nothing running.
    #[must_use]
    pub fn handle(&self) -> Self {
        Self::over(&self.shared)
    }

    /// Closes every port and connection. The records stay.
    pub async fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            for server in &mut running.servers {
                server.stop().await;
            }
        }
    }

    /// `{"api"}`, as the gateway's configuration wants it.
    pub fn base_urls(&self) -> Value {
        json!({"api": self.shared.look().api})
    }

    /// Origin of the hosted pages.
    pub fn pages_url(&self) -> String {
        self.shared.look().pages.clone()
    }

    pub fn programmes(&self) -> Vec<Programme> {
        self.shared.look().settings.programmes.clone()
    }

    // ---- persons and staff

    /// Does one act; gives the ids of the events it made.
    pub fn act(&self, individual: &str, act: Act) -> Result<Vec<String>, NotPossible> {
        self.shared.change(|world| world.act(individual, act))
    }

    /// Does several acts; stops at the first that is not possible.
    pub fn perform(&self, individual: &str, acts: impl IntoIterator<Item = Act>) -> Result<Vec<String>, NotPossible> {
        let mut events = Vec::new();
        for act in acts {
            events.extend(self.act(individual, act)?);
        }
        Ok(events)
    }

    /// An individual that no call of ours made, in this programme (absent: the first), with link asked for.
    pub fn create_elsewhere(&self, programme: Option<&str>, email: &str) -> String {
        self.shared.change(|world| {
            let programme = programme.map_or_else(|| world.first_programme(), str::to_owned);
            let individual = Individual::elsewhere(programme, email, world.stamp());
            let id = individual.id.clone();
            world.created.push(id.clone());
            world.keep(individual);
            world.issue_link(links::Purpose::Onboarding(id.clone()), "https://example.com/".to_owned());
            id
        })
    }

    /// Events about nobody (payments, cards) in this programme (absent: the first); gives their ids.
    pub fn other_events(&self, programme: Option<&str>, name: &str, count: u32) -> Vec<String> {
        self.shared.change(|world| {
            let programme = programme.map_or_else(|| world.first_programme(), str::to_owned);
            let payload = || json!({"transaction_id": chance::uuid()});
            (0..count).map(|_| world.emit_of(name, &programme, None, payload())).collect()
        })
    }

    /// Forgets an individual with all that belongs to it: every GET answers 404. Its events stay.
    pub fn forget(&self, individual: &str) {
        self.shared.change(|world| {
            world.individuals.remove(individual);
            world.actions.retain(|action| action.individual != individual);
            world.consents.retain(|_, consent| consent.individual != individual);
        });
    }
}

/// Levers on webhooks and manners.
impl Intergiro {
    /// Adds a webhook URL; gives its id.
    pub fn subscribe(&self, subscription: Subscription) -> String {
        self.shared.change(|world| world.subscribe(subscription))
    }

    /// No webhooks from now on; what is under way is dropped.
    pub fn unsubscribe_all(&self) {
        self.shared.change(|world| (0..world.targets.len()).for_each(|place| world.remove_target(place)));
    }

    /// Pushes retry time; what has become due goes out.
    pub fn advance(&self, by: Duration) {
        self.shared.change(|world| world.retry_time.push(by));
    }

    /// Pushes retry time to the next repeat or late event; false if none waits.
    pub fn advance_to_next_retry(&self) -> bool {
        self.shared.change(World::push_to_next)
    }

    /// Sends what was held, one after the other, in this order.
    pub fn release(&self, order: &Order) {
        let indices = self.shared.change(|world| world.take_held(order));
        self.shared.runtime.spawn(delivery::deliver_in_order(Arc::clone(&self.shared), indices));
    }

    /// Sends every webhook of this individual again: same ids, same bodies.
    pub fn send_again(&self, individual: &str) {
        self.shared.change(|world| world.requeue(individual));
    }

    pub fn misbehave(&self, rule: ApiRule) -> RuleId {
        self.shared.change(|world| {
            let (id, made_at) = (world.next_rule(), world.changes());
            world.api_rules.push(Active::new(id, rule, made_at));
            id
        })
    }

    pub fn misdeliver(&self, rule: WebhookRule) -> RuleId {
        self.shared.change(|world| {
            let (id, made_at) = (world.next_rule(), world.changes());
            world.webhook_rules.push(Active::new(id, rule, made_at));
            id
        })
    }

    pub fn remove_rule(&self, id: RuleId) {
        self.shared.change(|world| {
            world.api_rules.retain(|active| active.id != id);
            world.webhook_rules.retain(|active| active.id != id);
        });
    }

    /// Removes every rule.
    pub fn behave(&self) {
        self.shared.change(|world| {
            world.api_rules.clear();
            world.webhook_rules.clear();
        });
    }
}

/// Levers on the sign-in.
impl Intergiro {
    /// Every access token is expired from now on; its session lives, so refreshing is allowed.
    pub fn expire_access_tokens(&self) {
        self.shared.change(|world| world.sessions.iter_mut().for_each(Session::expire_access));
    }

    /// Pushes the time of access tokens, sessions and the counting of logins.
    pub fn advance_tokens(&self, by: Duration) {
        self.shared.change(|world| world.token_time.push(by));
    }

    /// Ends every login session.
    pub fn end_sessions(&self) {
        self.shared.change(|world| world.sessions.iter_mut().for_each(Session::end));
    }

    /// The key is not good any more, nor is any session that it opened.
    pub fn revoke_key(&self, api_key: &str) {
        self.shared.change(|world| {
            world.keys.remove(api_key);
            world.sessions.iter_mut().filter(|session| session.is_of(api_key)).for_each(Session::end);
        });
    }

    /// One more key for a programme.
    pub fn new_key(&self, programme: &str) -> String {
        let key = chance::uuid();
        self.shared.change(|world| world.keys.insert(key.clone(), programme.to_owned()));
        key
    }
}
