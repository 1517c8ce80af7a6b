//! Fractal ID as its fact sheet describes it, in three generations: classic (OAuth), verifier ("Kraken") and relay.
//!
//! One [`Fractal`] listens on five ports: front end, auth and resource of the classic way, and one each for verifier
//! and relay. A person opens a link by a browser, or by [`Fractal::visit`]; what becomes of it afterwards is scripted
//! with [`Act`]s, part by part. Each act changes the truth and makes the documented events, which go at once to the
//! callback of their type, signed with that type's own secret, and are repeated after 20, 40, 80 … seconds.
//! [`ApiRule`]s and [`WebhookRule`]s spoil answers and deliveries, a [`Forgery`] sends what Fractal never sent.
//! Everything that happened is kept for the oracle, and everything can also be done over HTTP (module `control`).
//!
//! Not simulated: messages of the iframe, wallet proofs (Credentials API), the dashboard's pages, the wallet report.
//!
//! | what fails | what is seen |
//! | --- | --- |
//! | receiver refuses, is down or silent for 10 s | `webhooks_sent` has the answer; repeated, then `Dropped` |
//! | denial | back with `access_denied` and no `state`; verifier and relay: nothing at all |
//! | two refreshers at once | every token of that person is over, counted in `token_counts` |
//! | a token of another key, purpose or life | 401 |
//! | journey begun, completed, left, expired | no event |
//! | an act that the state forbids | [`NotPossible`], nothing changed |

mod act;
mod acts;
mod authorize;
mod call;
mod control;
mod delivery;
mod details;
mod events;
mod forge;
mod jwt;
mod key_pair;
mod kyc;
mod manners;
mod oracle;
mod page;
mod person;
mod records;
mod seal;
mod serving;
mod settings;
mod stats;
mod tokens;
mod users_me;
mod visit;
mod words;
mod world;

use std::{io, time::Duration};

use serde_json::{Value, json};

pub use self::{
    act::Act,
    acts::NotPossible,
    call::BaseUrls,
    forge::Forgery,
    jwt::is_signed_by,
    key_pair::KeyPair,
    manners::{ApiManner, ApiRule, WebhookManner, WebhookRule},
    records::{
        DeliveryRecord, Endpoint, EventRecord, PartTruth, RequestRecord, TokenCounts, Truth, VisitRecord, WebhookSent,
    },
    seal::{HEADER, Seal, signature},
    settings::{Application, Callback, Classic, Client, Generation, Kyc, Retry, Settings, Spelling},
    visit::{Button, Return, Visit},
};
use self::{call::bind_all, world::World};
use crate::simulator::Simulator;
pub use crate::{
    outbox::{Answer, DeliveryState},
    rules::{Order, RuleId},
};

/// A simulated Fractal ID.
pub type Fractal = Simulator<World>;

impl Fractal {
    /// Starts all hosts.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let hosts = bind_all(settings.port).await?;
        let mut origins = BaseUrls::default();
        for (host, listener) in &hosts {
            origins.set(*host, listener.local_addr()?);
        }
        Self::run(World::new(settings, origins)?, hosts, serving::serve).await
    }

    /// `{"app", "auth", "resource", "verifier", "relay"}`
    pub fn base_urls(&self) -> Value {
        json!(self.shared.look().origins)
    }

    /// One more application of the classic way.
    pub fn add_application(&self, application: Application) {
        self.shared.change(|world| world.settings.applications.push(application));
    }

    /// Sets a client of verifier or relay up, or anew.
    pub fn add_client(&self, client: Client) {
        self.shared.change(|world| world.add_client(client));
    }

    /// From now on `users/me` is written so.
    pub fn spell(&self, spelling: Spelling) {
        self.shared.change(|world| world.settings.classic.spelling = spelling);
    }

    /// Forgets a person: its tokens are 401, its id 404. Its events stay.
    pub fn forget(&self, user: &str) {
        self.shared.change(|world| {
            for application in world.settings.applications.clone() {
                world.end_access(user, &application.name);
            }
            world.persons.remove(user);
            world.users.remove(user);
            world.frame.history.forget(user);
        });
    }
}

/// Levers on webhooks.
impl Fractal {
    /// Sets URL and secret for types of webhooks. [`Fractal::secrets`] has what was made by chance.
    pub fn register(&self, callback: Callback) {
        self.shared.change(|world| world.register(callback));
    }

    /// No webhooks to this application (by name) or client (by id); what is under way is dropped.
    pub fn unregister(&self, to: &str) {
        self.shared.change(|world| world.unregister(to));
    }
}

/// Levers on tokens.
impl Fractal {
    /// Every access token is expired from now on; refreshing is possible.
    pub fn expire_access_tokens(&self) {
        self.shared.change(World::expire_accesses);
    }

    /// Pushes the time of codes, tokens, one-time tokens and file addresses; not of tokens that clients sign.
    pub fn advance_tokens(&self, by: Duration) {
        self.shared.change(|world| world.token_time.push(by));
    }
}
