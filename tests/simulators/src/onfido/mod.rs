//! Onfido as its fact sheet describes it: applicants, checks with reports, workflow runs, signed webhooks.
//!
//! One [`Onfido`] listens on two ports: the API and the hosted pages. The API has a prefix for each region and
//! version (`/eu/v3.6`; without a region: the EU). What persons, machines and staff do is scripted with [`Act`]s, each
//! at the id of what it is about; each changes the truth and makes the documented events, which go, signed, to the
//! webhooks of the account at once and are repeated on an assumed schedule. [`ApiRule`]s and [`WebhookRule`]s spoil
//! answers and deliveries, a [`Forgery`] sends what Onfido never sent. Everything that happened is kept for the
//! oracle, and everything can also be done over HTTP (module `control`).
//!
//! Not simulated: uploads and downloads of media, PDF of a check, timeline and evidence files, watchlist monitors
//! (their events can be made), extractions, address picking.
//!
//! | what fails | what is seen |
//! | --- | --- |
//! | receiver refuses, is down or silent for 10 s | `webhooks_sent` has the answer; repeated, then `Dropped` |
//! | token revoked, unknown, of another region | 401 |
//! | another account's or environment's resource | 404; a deleted applicant's: as the settings say |
//! | link ends, person leaves | nothing: no event, no status |
//! | an act that the state forbids | [`NotPossible`], nothing changed |

mod access;
mod act;
mod acts;
mod api;
mod bearer;
mod call;
mod checks;
mod control;
mod delivery;
mod events;
mod findings;
mod forge;
mod hooks;
mod manners;
mod oracle;
mod page;
mod payload;
mod records;
mod run_acts;
mod runs;
mod seal;
mod serving;
mod settings;
mod valid;
mod words;
mod world;

use std::{io, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub use self::{
    act::{Act, Decision},
    acts::NotPossible,
    findings::Outcome,
    forge::Forgery,
    manners::{ApiManner, ApiRule, WebhookManner, WebhookRule},
    records::{
        Answer, DeliveryRecord, DeliveryState, Endpoint, EventRecord, Kind, RequestRecord, Truth, WebhookRecord,
        WebhookSent,
    },
    seal::{HEADER, Seal, signature},
    settings::{Account, ApiToken, Environment, OAuthClient, Region, Registration, Retry, Settings, Workflow},
};
use self::{
    serving::Host,
    world::{Owner, Shared, World},
};
pub use crate::rules::{Order, RuleId};
use crate::{
    client::http_client,
    rules::Active,
    server::{self, Server},
};

/// A simulated Onfido. Dropping the value that `start` gave stops it.
pub struct Onfido {
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

impl Onfido {
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

    /// Origin of the API, without region and version.
    pub fn api_url(&self) -> String {
        self.shared.look().api.clone()
    }

    /// As the gateway's configuration would have it instead of `https://api.{region}.onfido.com/{version}`.
    pub fn base_url(&self, region: Region, version: &str) -> String {
        format!("{}/{}/{version}", self.api_url(), region.name())
    }

    /// For each region what stands for `https://api.{region}.onfido.com`, as `{"eu", "us", "ca"}`; and `api`, the
    /// origin itself.
    pub fn base_urls(&self) -> Value {
        let api = self.api_url();
        json!({"api": api, "eu": format!("{api}/eu"), "us": format!("{api}/us"), "ca": format!("{api}/ca")})
    }

    /// Origin of the hosted pages.
    pub fn pages_url(&self) -> String {
        self.shared.look().pages.clone()
    }

    pub fn accounts(&self) -> Vec<Account> {
        self.shared.look().settings.accounts.clone()
    }

    // ---- persons, machines and staff

    /// Does one act at an applicant, check, report or run; gives the ids of the events it made.
    pub fn act(&self, id: &str, act: Act) -> Result<Vec<String>, NotPossible> {
        self.shared.change(|world| world.act(id, act))
    }

    /// Does several acts; stops at the first that is not possible.
    pub fn perform(&self, id: &str, acts: impl IntoIterator<Item = Act>) -> Result<Vec<String>, NotPossible> {
        let mut events = Vec::new();
        for act in acts {
            events.extend(self.act(id, act)?);
        }
        Ok(events)
    }

    /// An applicant that no call of ours made, in this account (absent: the first).
    pub fn applicant_elsewhere(&self, account: Option<&str>, environment: Environment) -> String {
        self.shared.change(|world| {
            let given = json!({"first_name": "Grace", "last_name": "Elsewhere", "email": "grace@example.com",
                "location": {"ip_address": "203.0.113.11", "country_of_residence": "GBR"}});
            world.new_applicant(owner(world, account, environment), &given).key
        })
    }

    /// A check that no call of ours made, for an applicant of that kind; gives its id.
    pub fn check_elsewhere(&self, account: Option<&str>, webhook_ids: Option<&[String]>) -> String {
        let applicant = self.applicant_elsewhere(account, Environment::Live);
        let body = json!({"report_names": ["document", "facial_similarity_photo"], "webhook_ids": webhook_ids});
        self.shared.change(|world| world.make_check(&owner(world, account, Environment::Live), &applicant, &body, 6))
    }

    /// Events of an account about none of its applicants; gives their ids.
    pub fn other_events(
        &self,
        account: Option<&str>,
        environment: Environment,
        action: &str,
        count: u32,
    ) -> Vec<String> {
        self.shared.change(|world| {
            let owner = owner(world, account, environment);
            (0..count).map(|_| world.emit_of(owner.clone(), action)).collect()
        })
    }

    /// Forgets a resource with all that belongs to it: every GET answers 404. Its events stay.
    pub fn forget(&self, id: &str) {
        self.shared.change(|world| world.forget(id));
    }
}

fn owner(world: &World, account: Option<&str>, environment: Environment) -> Owner {
    Owner { account: account.map_or_else(|| world.first_account(), str::to_owned), environment }
}

/// Levers on webhooks and manners.
impl Onfido {
    /// Adds a webhook as in the Dashboard; gives its id. [`Onfido::webhook`] has its signing token.
    pub fn register(&self, registration: Registration) -> String {
        self.shared.change(|world| world.register(registration))
    }

    /// No delivery goes there from now on; what is under way is dropped.
    pub fn unregister(&self, webhook: &str) {
        self.shared.change(|world| world.remove_webhook(webhook));
    }

    pub fn unregister_all(&self) {
        for webhook in self.webhooks() {
            self.unregister(&webhook.id);
        }
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

    /// Sends every webhook of this resource and of what belongs to it again: the same bodies.
    pub fn send_again(&self, id: &str) {
        self.shared.change(|world| world.requeue(id));
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
