//! Ondato as its fact sheet describes it: token endpoint, IDV, KYC and KYB APIs, hosted page, webhooks.
//!
//! One [`Ondato`] listens on six ports, one per host of the real service. What its people do is scripted with
//! [`Act`]s; each changes the truth and makes the documented webhooks, which are sent to the subscriptions at
//! once, repeated on the documented schedule, and dropped in the end. [`ApiRule`]s and [`WebhookRule`]s spoil
//! answers and deliveries. Everything that happened is kept for the oracle, and everything can also be done
//! over HTTP (module `control`).
//!
//! | what fails | what is seen |
//! | --- | --- |
//! | receiver refuses or is down | `webhooks_sent` has the answer; repeated, then `Dropped` |
//! | receiver silent for 30 s | `TimedOut`; a 2xx within 3 min still cancels the repeat |
//! | receiver's token endpoint refuses | `NoToken`, counted as a try |
//! | an act that the state forbids | [`NotPossible`], nothing changed |

mod act;
mod acts;
mod api;
mod call;
mod company;
mod control;
mod delivery;
mod events;
mod hosts;
mod idv;
mod kyc;
mod manners;
mod oracle;
mod page;
mod proof;
mod records;
mod resources;
mod serving;
mod settings;
mod world;

use std::io;

use serde_json::{Value, json};

use self::world::{World, key};
pub use self::{
    act::Act,
    acts::NotPossible,
    hosts::BaseUrls,
    manners::{ApiManner, ApiRule, WebhookManner, WebhookRule},
    proof::signature,
    records::{DeliveryRecord, Endpoint, EventRecord, RequestRecord, Truth, WebhookSent},
    settings::{Application, Basic, Hmac, OAuth2, PairIn, Retry, Settings, Style, Subscription},
};
use crate::simulator::Simulator;
pub use crate::{
    outbox::{Answer, DeliveryState},
    rules::{Order, RuleId},
};

/// A simulated Ondato.
pub type Ondato = Simulator<World>;

impl Ondato {
    /// Starts all hosts.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listeners = hosts::bind_all(settings.port).await?;
        let mut urls = BaseUrls::default();
        for (host, listener) in &listeners {
            urls.set(*host, listener.local_addr()?);
        }
        Self::run(World::new(settings, urls)?, listeners, serving::serve).await
    }

    /// `{"identity", "idv", "kyc", "kyb", "forms", "app"}`, as the gateway's configuration wants them.
    pub fn base_urls(&self) -> Value {
        json!(self.shared.look().urls)
    }

    /// The link that an app hands to the person.
    pub fn link(&self, idv: &str) -> String {
        format!("{}/?id={idv}", self.shared.look().urls.app)
    }

    pub fn applications(&self) -> Vec<Application> {
        self.shared.look().settings.applications.clone()
    }

    /// An IDV that no call of ours made (static link, portal), for the first application.
    pub fn create_elsewhere(&self, reference: Option<&str>) -> Option<String> {
        self.shared.change(|world| {
            let application = world.settings.applications.first().cloned()?;
            let request = json!({"externalReferenceId": reference});
            let idv = idv::Idv::new(&application, &request, world.stamp());
            let id = idv.id.clone();
            world.remember(&id, idv.shown());
            world.idvs.insert(key(&id), idv);
            world.created.push(id.clone());
            Some(id)
        })
    }

    /// Forgets an IDV with all that belongs to it: every GET answers 404 (sandbox data goes after 7 days).
    pub fn forget(&self, idv: &str) {
        self.shared.change(|world| {
            if let Some(gone) = world.idvs.remove(&key(idv)) {
                for id in gone.kyc.iter().chain(&gone.earlier_kyc) {
                    world.kycs.remove(&key(id));
                }
                world.kybs.retain(|_, kyb| kyb.idv != gone.id);
            }
        });
    }

    // ---- webhooks

    /// Adds a target; its index names it in the records.
    pub fn subscribe(&self, subscription: Subscription) -> usize {
        self.shared.change(|world| {
            world.settings.subscriptions.push(subscription);
            world.settings.subscriptions.len().saturating_sub(1)
        })
    }

    /// No events from now on; what is under way for old targets is dropped.
    pub fn unsubscribe_all(&self) {
        self.shared.change(|world| {
            for subscription in &mut world.settings.subscriptions {
                // the index of a target stays its name, so it is muted, not removed
                subscription.types = vec!["none".to_owned()];
            }
            world.frame.outbox.drop_where(|_| true);
        });
    }

    /// Replaces a target, for example to rotate its secret. Waiting repeats use the new one.
    pub fn resubscribe(&self, index: usize, subscription: Subscription) {
        self.shared.change(|world| {
            world.receiver_tokens.remove(&index);
            if let Some(old) = world.settings.subscriptions.get_mut(index) {
                *old = subscription;
            }
        });
    }

    pub fn set_style(&self, style: Style) {
        self.shared.change(|world| world.settings.style = style);
    }

    /// Every access token is refused from now on.
    pub fn revoke_tokens(&self) {
        self.shared.change(|world| world.tokens.clear());
    }
}
