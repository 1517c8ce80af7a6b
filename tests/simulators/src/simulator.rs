//! A running simulator of a provider that sends webhooks: its servers, its levers, its oracle.
//!
//! [`Simulated`] lists what is a provider's own. One task watches what is due and starts each try on its own, so a
//! silent receiver holds up nobody.

use std::{collections::BTreeMap, fmt::Display, future::Future, io, sync::Arc, time::Duration};

use axum::response::Response;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    call::{self, Call},
    client::http_client,
    clock::WaitedTooLong,
    conduct::Manner,
    history::History,
    outbox::{Delivery, Outbox},
    rules::{ApiRule, Order, RuleId, Rules, WebhookRule},
    server::{Cord, Server},
    state::Shared,
};

/// What a provider has of its own.
pub trait Simulated: Send + Sized + 'static {
    type Endpoint: Copy + Ord + Serialize + DeserializeOwned + Send;
    type ApiManner: Manner + DeserializeOwned;
    type WebhookManner: DeserializeOwned + Send;
    /// What names a webhook in a rule.
    type Target: DeserializeOwned + Send;
    /// What a person or a machine there does.
    type Act: DeserializeOwned;
    type NotPossible: Display;
    type Letter: Send;
    type Request: Clone + Serialize + Send;
    type Delivery: Serialize;
    type Sent: Clone + Serialize + Send;

    fn frame(&mut self) -> &mut Frame<Self>;

    /// Whether a letter is about this resource.
    fn concerns(letter: &Self::Letter, id: &str) -> bool;

    /// Does the act; gives the ids of the events made.
    fn act(&mut self, id: &str, act: Self::Act) -> Result<Vec<String>, Self::NotPossible>;

    /// Endpoint, and method with path.
    fn asked(request: &Self::Request) -> (Self::Endpoint, String);

    fn delivery(delivery: &Delivery<Self::Letter>) -> Self::Delivery;

    /// Tries one delivery, from [`Outbox::begin`] to [`Outbox::settle`].
    fn attempt(shared: Arc<Shared<Self>>, index: usize) -> impl Future<Output = ()> + Send;
}

type ApiRuleOf<W> = ApiRule<<W as Simulated>::Endpoint, <W as Simulated>::ApiManner>;
type WebhookRuleOf<W> = WebhookRule<<W as Simulated>::WebhookManner, <W as Simulated>::Target>;

/// What every such simulator has.
pub struct Frame<W: Simulated> {
    pub(crate) http: reqwest::Client,
    runtime: tokio::runtime::Handle,
    pub(crate) rules: Rules<ApiRuleOf<W>, WebhookRuleOf<W>>,
    pub(crate) history: History,
    pub(crate) outbox: Outbox<W::Letter>,
    pub(crate) requests: Vec<W::Request>,
    /// Every try, in the order of the answers.
    pub(crate) sent: Vec<W::Sent>,
}

impl<W: Simulated> Frame<W> {
    /// Retry time runs `scale` times faster than real time.
    pub(crate) fn new(scale: u32) -> io::Result<Self> {
        Ok(Self {
            http: http_client().map_err(io::Error::other)?,
            runtime: tokio::runtime::Handle::current(),
            rules: Rules::default(),
            history: History::default(),
            outbox: Outbox::new(scale),
            requests: Vec::new(),
            sent: Vec::new(),
        })
    }
}

/// A simulated provider. Dropping the value that `start` gave stops it.
pub struct Simulator<W: Simulated> {
    pub(crate) shared: Arc<Shared<W>>,
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

impl<W: Simulated> Simulator<W> {
    /// Serves these hosts and sends what is due; they answer as soon as this returns.
    pub(crate) async fn run<H, F>(
        world: W,
        hosts: impl IntoIterator<Item = (H, TcpListener)>,
        serve: fn(Arc<Shared<W>>, Call<H>, Cord) -> F,
    ) -> io::Result<Self>
    where
        H: Copy + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let shared = Shared::new(world);
        let mut servers = Vec::new();
        for (host, listener) in hosts {
            servers.push(Server::start(listener, call::router(Arc::clone(&shared), host, serve)).await?);
        }
        let sending = tokio::spawn(deliver_what_is_due(Arc::clone(&shared)));
        Ok(Self { shared, running: Some(Running { servers, sending }) })
    }

    /// A handle without the servers, for the control calls.
    pub(crate) fn over(shared: &Arc<Shared<W>>) -> Self {
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

    /// Does one act; gives the ids of the events it made.
    pub fn act(&self, id: &str, act: W::Act) -> Result<Vec<String>, W::NotPossible> {
        self.shared.change(|world| world.act(id, act))
    }

    /// Does several acts; stops at the first that is not possible.
    pub fn perform(&self, id: &str, acts: impl IntoIterator<Item = W::Act>) -> Result<Vec<String>, W::NotPossible> {
        let mut events = Vec::new();
        for act in acts {
            events.extend(self.act(id, act)?);
        }
        Ok(events)
    }

    fn frame<T>(&self, with: impl FnOnce(&mut Frame<W>) -> T) -> T {
        self.shared.change(|world| with(world.frame()))
    }
}

/// Levers on webhooks and manners.
impl<W: Simulated> Simulator<W> {
    /// Pushes retry time; what has become due goes out.
    pub fn advance(&self, by: Duration) {
        self.frame(|frame| frame.outbox.time.push(by));
    }

    /// Pushes retry time to the next repeat or late event; false if none waits.
    pub fn advance_to_next_retry(&self) -> bool {
        self.frame(|frame| frame.outbox.push_to_next())
    }

    /// Sends what was held, one after the other, in this order.
    pub fn release(&self, order: &Order) {
        let (indices, runtime) = self.frame(|frame| (frame.outbox.take_held(order), frame.runtime.clone()));
        runtime.spawn(deliver_in_order(Arc::clone(&self.shared), indices));
    }

    /// Sends every webhook of this resource and of what belongs to it again: same ids, same bodies.
    pub fn send_again(&self, id: &str) {
        self.frame(|frame| frame.outbox.requeue(|letter| W::concerns(letter, id)));
    }

    pub fn misbehave(&self, rule: ApiRuleOf<W>) -> RuleId {
        self.frame(|frame| frame.rules.misbehave(rule, frame.history.changes()))
    }

    pub fn misdeliver(&self, rule: WebhookRuleOf<W>) -> RuleId {
        self.frame(|frame| frame.rules.misdeliver(rule, frame.history.changes()))
    }

    pub fn remove_rule(&self, id: RuleId) {
        self.frame(|frame| frame.rules.remove(id));
    }

    /// Removes every rule.
    pub fn behave(&self) {
        self.frame(|frame| frame.rules.clear());
    }
}

/// What a test asks: what was sent and called, and waiting for it.
impl<W: Simulated> Simulator<W> {
    /// Every try, in the order of the answers.
    pub fn webhooks_sent(&self) -> Vec<W::Sent> {
        self.shared.look().frame().sent.clone()
    }

    pub fn deliveries(&self) -> Vec<W::Delivery> {
        self.shared.look().frame().outbox.deliveries().iter().map(W::delivery).collect()
    }

    pub fn requests(&self) -> Vec<W::Request> {
        self.shared.look().frame().requests.clone()
    }

    pub fn request_counts(&self) -> BTreeMap<W::Endpoint, usize> {
        counted(self.requests().iter().map(|request| W::asked(request).0))
    }

    /// Calls by method and path, as they came.
    pub fn path_counts(&self) -> BTreeMap<String, usize> {
        counted(self.requests().iter().map(|request| W::asked(request).1))
    }

    pub fn requests_to(&self, endpoint: W::Endpoint) -> usize {
        self.requests().iter().filter(|request| W::asked(request).0 == endpoint).count()
    }

    /// Waits until `holds`; asked again after everything that happens here.
    pub async fn wait_for(&self, mut holds: impl FnMut(&Self) -> bool, timeout: Duration) -> Result<(), WaitedTooLong> {
        self.shared.wait_for(timeout, || holds(self)).await
    }

    /// Waits until every event due by now was answered or has run out of patience.
    pub async fn quiet(&self, timeout: Duration) -> Result<(), WaitedTooLong> {
        self.shared.wait_for(timeout, || self.shared.look().frame().outbox.is_quiet()).await
    }
}

fn counted<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// Starts every delivery when it is due, for ever.
async fn deliver_what_is_due<W: Simulated>(shared: Arc<Shared<W>>) {
    let mut news = shared.news();
    loop {
        // marked as seen before the look: what happens after it ends the wait
        news.mark_unchanged();
        let (due, next) = shared.look().frame().outbox.take_due();
        for index in due {
            tokio::spawn(W::attempt(Arc::clone(&shared), index));
        }
        let until = next.unwrap_or(Duration::MAX);
        let _woken = tokio::time::timeout(until, news.changed()).await;
    }
}

/// Sends these one after the other, each when the one before was answered.
async fn deliver_in_order<W: Simulated>(shared: Arc<Shared<W>>, indices: Vec<usize>) {
    for index in indices {
        W::attempt(Arc::clone(&shared), index).await;
    }
}
