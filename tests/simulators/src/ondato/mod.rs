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

use std::{io, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub use self::{
    act::Act,
    acts::NotPossible,
    hosts::BaseUrls,
    manners::{ApiManner, ApiRule, Order, RuleId, WebhookManner, WebhookRule},
    proof::signature,
    records::{Answer, DeliveryRecord, DeliveryState, Endpoint, EventRecord, RequestRecord, Truth, WebhookSent},
    settings::{Application, Basic, Hmac, OAuth2, PairIn, Retry, Settings, Style, Subscription},
};
use self::{
    manners::Active,
    world::{Shared, World, key},
};
use crate::{client::http_client, server::Server};

/// A simulated Ondato. Dropping the value that `start` gave stops it.
pub struct Ondato {
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

impl Ondato {
    /// Starts all hosts; they answer as soon as this returns.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listeners = hosts::bind_all(settings.port).await?;
        let mut urls = BaseUrls::default();
        for (host, listener) in &listeners {
            urls.set(*host, listener.local_addr()?);
        }
        let client = http_client().map_err(io::Error::other)?;
        let shared = Arc::new(Shared::new(World::new(settings, urls), client));
        let mut servers = Vec::new();
        for (host, listener) in listeners {
            servers.push(Server::start(listener, serving::router(Arc::clone(&shared), host)).await?);
        }
        let sending = tokio::spawn(delivery::deliver_what_is_due(Arc::clone(&shared)));
        Ok(Self { shared, running: Some(Running { servers, sending }) })
    }

    /// A handle without the servers, for the control pages.
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

    // ---- the person and the operator

    /// Does one act; gives the ids of the events it made.
    pub fn act(&self, idv: &str, act: Act) -> Result<Vec<String>, NotPossible> {
        self.shared.change(|world| world.act(idv, act))
    }

    /// Does several acts; stops at the first that is not possible.
    pub fn perform(&self, idv: &str, acts: impl IntoIterator<Item = Act>) -> Result<Vec<String>, NotPossible> {
        let mut events = Vec::new();
        for act in acts {
            events.extend(self.act(idv, act)?);
        }
        Ok(events)
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
            for delivery in &mut world.deliveries {
                if delivery.state == DeliveryState::Waiting || delivery.state == DeliveryState::Held {
                    delivery.state = DeliveryState::Dropped;
                }
            }
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

    /// Sends every event of this IDV again, as an operator's replay would: same ids, same bodies.
    pub fn send_again(&self, idv: &str) {
        self.shared.change(|world| {
            let now = world.retry_time.elapsed();
            for delivery in &mut world.deliveries {
                let over =
                    matches!(delivery.state, DeliveryState::Delivered | DeliveryState::Dropped | DeliveryState::Lost);
                if over && key(&delivery.idv) == key(idv) {
                    (delivery.state, delivery.due) = (DeliveryState::Waiting, now);
                }
            }
        });
    }

    // ---- bad manners

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

    /// Every access token is refused from now on.
    pub fn revoke_tokens(&self) {
        self.shared.change(|world| world.tokens.clear());
    }
}
