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

use std::{io, time::Duration};

use serde_json::{Value, json};

pub use self::{
    act::{Act, ActionType, Validity},
    acts::NotPossible,
    forge::{ForgedIds, Forgery},
    manners::{ApiManner, ApiRule, WebhookManner, WebhookRule},
    records::{
        ActionTruth, DeliveryRecord, Endpoint, EventRecord, LinkTruth, RequestRecord, SignIns, Truth, WebhookSent,
    },
    settings::{Fraud, Programme, Retry, Settings, SignIn, Subscription},
};
use self::{call::Host, person::Individual, session::Session, world::World};
use crate::{chance, server, simulator::Simulator};
pub use crate::{
    outbox::{Answer, DeliveryState},
    rules::{Order, RuleId},
};

/// A simulated Intergiro.
pub type Intergiro = Simulator<World>;

impl Intergiro {
    /// Starts both hosts.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let (api, pages) = server::bind_pair(settings.port).await?;
        let origins = (server::origin(&api)?, server::origin(&pages)?);
        let hosts = [(Host::Api, api), (Host::Pages, pages)];
        Self::run(World::new(settings, origins)?, hosts, serving::serve).await
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

/// Levers on webhooks.
impl Intergiro {
    /// Adds a webhook URL; gives its id.
    pub fn subscribe(&self, subscription: Subscription) -> String {
        self.shared.change(|world| world.subscribe(subscription))
    }

    /// No webhooks from now on; what is under way is dropped.
    pub fn unsubscribe_all(&self) {
        self.shared.change(|world| (0..world.targets.len()).for_each(|place| world.remove_target(place)));
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
