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

use std::io;

use serde_json::{Value, json};

pub use self::{
    act::{Act, Decision},
    acts::NotPossible,
    findings::Outcome,
    forge::Forgery,
    manners::{ApiManner, ApiRule, WebhookManner, WebhookRule},
    records::{DeliveryRecord, Endpoint, EventRecord, Kind, RequestRecord, Truth, WebhookRecord, WebhookSent},
    seal::{HEADER, Seal, signature},
    settings::{Account, ApiToken, Environment, OAuthClient, Region, Registration, Retry, Settings, Workflow},
};
use self::{
    call::Host,
    world::{Owner, World},
};
pub use crate::{
    outbox::{Answer, DeliveryState},
    rules::{Order, RuleId},
};
use crate::{server, simulator::Simulator};

/// A simulated Onfido.
pub type Onfido = Simulator<World>;

impl Onfido {
    /// Starts both hosts.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let (api, pages) = server::bind_pair(settings.port).await?;
        let origins = (server::origin(&api)?, server::origin(&pages)?);
        let hosts = [(Host::Api, api), (Host::Pages, pages)];
        Self::run(World::new(settings, origins)?, hosts, serving::serve).await
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

/// Levers on webhooks.
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
}
