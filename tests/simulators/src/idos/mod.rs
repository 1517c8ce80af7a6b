//! An idOS node behind its gateway, and those who write to it: issuers and users.
//!
//! A consumer logs in with a signed text, calls actions with a binary payload, fetches blobs and gives copies back, as
//! the fact sheet has it. [`Idos::share`] makes a credential, seals it for the consumer's key and grants it; what is
//! wrong with it is said there ([`Share`]). [`Act`]s change a copy afterwards, [`Rule`]s spoil answers. The event
//! `credential_shared` is not sent from here: [`Shared`] has what it names. Everything can also be done over HTTP
//! (module `control`); `GET /` shows copies and calls as tables.
//!
//! | what comes | what is answered |
//! | --- | --- |
//! | a call without a living session of its `sender` | −901 |
//! | a payload that cannot be decoded | −32602, HTTP 400 |
//! | another namespace, action, number or type of arguments | −301, −300 |
//! | a copy that is not there, not granted, not yet visible | HTTP 200 and `result.error` |
//! | a blob without a session, without a grant | 401, 403 |

mod acts;
mod calls;
mod chain;
mod control;
pub mod craft;
mod draft;
mod gate;
mod manners;
mod page;
mod records;
mod rpc;
mod serving;
mod settings;
mod share;
mod sharing;
mod tables;
mod transactions;
mod world;

use std::{io, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use self::world::World;
pub use self::{
    acts::Act,
    chain::NotPossible,
    craft::quads::SubjectContext,
    manners::{Manner, Rule},
    records::{Endpoint, GrantStanding, Login, LoginResult, Outcome, Received, Session, Shared, SignIns, Standing},
    settings::{Blobs, Columns, Cookie, Issuer, IssuerCard, Mode, NoRows, Settings},
    share::{Consumer, Content, ContentHash, Draft, Flaw, Meanwhile, Place, Sealing, Share, Sharer, Visibility},
};
pub use crate::rules::RuleId;
use crate::{
    call::router,
    chance,
    clock::WaitedTooLong,
    server::{self, Server},
    state,
};

/// A simulated node. Dropping the value that `start` gave stops it.
pub struct Idos {
    shared: Arc<state::Shared<World>>,
    server: Option<Server>,
}

impl Idos {
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listener = server::bind(settings.port).await?;
        let origin = server::origin(&listener)?;
        let shared = state::Shared::new(World::new(settings, origin));
        let mut node = Self::over(&shared);
        node.listen(listener).await?;
        Ok(node)
    }

    async fn listen(&mut self, listener: TcpListener) -> io::Result<()> {
        let router = router(Arc::clone(&self.shared), (), serving::serve);
        self.server = Some(Server::start(listener, router).await?);
        Ok(())
    }

    /// A handle without the server, for the control calls.
    fn over(shared: &Arc<state::Shared<World>>) -> Self {
        Self { shared: Arc::clone(shared), server: None }
    }

    /// A further handle on the same node, for another task; it keeps nothing running.
    #[must_use]
    pub fn handle(&self) -> Self {
        Self::over(&self.shared)
    }

    /// The gateway: JSON-RPC at `/rpc/v1`, blobs at `/blob/v1`.
    pub fn base_url(&self) -> String {
        self.shared.look().origin.clone()
    }

    /// In the form of the other simulators: a host by name.
    pub fn base_urls(&self) -> serde_json::Value {
        serde_json::json!({"gateway": self.base_url()})
    }

    pub fn settings(&self) -> Settings {
        self.shared.look().settings.clone()
    }

    /// Connections are refused from now on; the records stay.
    pub async fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.stop().await;
        }
    }
}

/// What issuers, users and the network do.
impl Idos {
    pub fn share(&self, share: &Share) -> Result<Shared, NotPossible> {
        self.shared.change(|world| world.share(share))
    }

    /// A user with these wallets and no credential.
    pub fn profile(&self, wallets: Vec<String>) -> String {
        let id = chance::uuid();
        self.shared.change(|world| world.chain.users.insert(id.clone(), wallets));
        id
    }

    /// Does one act with a copy.
    pub fn act(&self, credential: &str, act: Act) -> Result<(), NotPossible> {
        self.shared.change(|world| {
            let now = world.now();
            world.chain.act(credential, act, now)
        })
    }

    /// Does several acts; stops at the first that is not possible.
    pub fn perform(&self, credential: &str, acts: impl IntoIterator<Item = Act>) -> Result<(), NotPossible> {
        acts.into_iter().try_for_each(|act| self.act(credential, act))
    }

    /// What a tenant is told of the issuers; the first is the trusted one.
    pub fn issuers(&self) -> Vec<IssuerCard> {
        self.shared.look().settings.issuers.iter().map(Issuer::card).collect()
    }

    /// Pushes the node's time: sessions, challenges, locks, what is shown later.
    pub fn advance(&self, by: Duration) {
        self.shared.change(|world| world.advance(by));
    }

    /// Unix seconds of the node's time.
    pub fn block_time(&self) -> i64 {
        self.shared.look().now().unix_timestamp()
    }

    /// No cookie is good any more.
    pub fn expire_sessions(&self) {
        self.shared.change(|world| world.gate.end_sessions());
    }

    pub fn expire_sessions_of(&self, wallet: &str) {
        self.shared.change(|world| world.gate.end_sessions_of(wallet));
    }

    /// The network has migrated.
    pub fn set_columns(&self, columns: Columns) {
        self.shared.change(|world| world.settings.columns = columns);
    }

    pub fn set_blobs(&self, blobs: Blobs) {
        self.shared.change(|world| world.settings.blobs = blobs);
    }

    pub fn misbehave(&self, rule: Rule) -> RuleId {
        self.shared.change(|world| world.rules.misbehave(rule, 0))
    }

    pub fn remove_rule(&self, id: RuleId) {
        self.shared.change(|world| world.rules.remove(id));
    }

    /// Removes every rule.
    pub fn behave(&self) {
        self.shared.change(|world| world.rules.clear());
    }
}

/// The oracle.
impl Idos {
    /// Every request, in order.
    pub fn received(&self) -> Vec<Received> {
        self.shared.look().received.clone()
    }

    pub fn calls_to(&self, endpoint: Endpoint) -> usize {
        self.shared.look().received.iter().filter(|it| it.endpoint == endpoint).count()
    }

    /// Every attempt to log in.
    pub fn logins(&self) -> Vec<Login> {
        self.shared.look().gate.logins.clone()
    }

    pub fn sign_ins(&self) -> SignIns {
        self.shared.look().gate.sign_ins
    }

    pub fn living_sessions(&self, wallet: &str) -> usize {
        let world = self.shared.look();
        world.gate.living(wallet, world.now())
    }

    /// How a copy stands now, whoever may see it.
    pub fn credential(&self, id: &str) -> Option<Standing> {
        let world = self.shared.look();
        world.chain.standing(id, world.now())
    }

    pub fn credentials(&self) -> Vec<Standing> {
        let world = self.shared.look();
        let now = world.now();
        world.chain.copies.keys().filter_map(|id| world.chain.standing(id, now)).collect()
    }

    /// Copies that consumers gave back, in order.
    pub fn rescinded(&self) -> Vec<String> {
        self.shared.look().mempool.rescinded.clone()
    }

    /// Waits until `holds`; asked again after every request and act.
    pub async fn wait_for(&self, mut holds: impl FnMut(&Self) -> bool, timeout: Duration) -> Result<(), WaitedTooLong> {
        self.shared.wait_for(timeout, || holds(self)).await
    }
}
