//! A client's own FintechOS instance: two sign-ins, and an action that takes the provider's events.
//!
//! A token of either sign-in opens either call: `CallAction` (token and, where wanted, user name in the body, the
//! event as text or as object) and the endpoint API (bearer token, the event itself). Every event that was taken is
//! kept in order for the oracle, with the mark whether the same body had been taken before. [`Rule`]s spoil answers;
//! `stop` and `restart`, or `crash_after` and `recover`, interrupt a backlog. Everything can also be done over HTTP
//! (module `control`); `GET /` shows the events as a table.
//!
//! | what comes | what is answered |
//! | --- | --- |
//! | wrong credentials | 401, or 200 without a token, as the settings say |
//! | a missing, unknown or dead token | 401, or 200 with `IsSuccess: false`, as the settings say |
//! | another action's name | 200 with `IsSuccess: false`; at the endpoint API 404 |
//! | `Data` that is no event in a form wanted here | 200 with `IsSuccess: false`; at the endpoint API 400 |

mod call;
mod control;
mod manners;
mod page;
mod records;
mod serving;
mod settings;
mod world;

use std::{io, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use self::world::World;
pub use self::{
    manners::{Manner, Rule},
    records::{Accepted, DataForm, Endpoint, Outcome, Received, SignIns},
    settings::{DataForms, DeadToken, RefusedSignIn, Settings, SignIn, TokenForm},
};
pub use crate::rules::RuleId;
use crate::{
    call::router,
    clock::WaitedTooLong,
    server::{self, Server},
    state::Shared,
};

/// A simulated FintechOS instance. Dropping the value that `start` gave stops it.
pub struct FintechOs {
    shared: Arc<Shared<World>>,
    server: Option<Server>,
}

impl FintechOs {
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listener = server::bind(settings.port).await?;
        let address = listener.local_addr()?;
        let shared = Shared::new(World::new(settings, address));
        let mut instance = Self::over(&shared);
        instance.listen(listener).await?;
        Ok(instance)
    }

    async fn listen(&mut self, listener: TcpListener) -> io::Result<()> {
        let router = router(Arc::clone(&self.shared), (), serving::serve);
        self.server = Some(Server::start(listener, router).await?);
        Ok(())
    }

    /// A handle without the server, for the control calls.
    fn over(shared: &Arc<Shared<World>>) -> Self {
        Self { shared: Arc::clone(shared), server: None }
    }

    /// A further handle on the same instance, for another task; it keeps nothing running.
    #[must_use]
    pub fn handle(&self) -> Self {
        Self::over(&self.shared)
    }

    /// `ftosEndpoint`: origin and, if there is one, path.
    pub fn base_url(&self) -> String {
        let world = self.shared.look();
        format!("http://{}{}", world.address, world.settings.base_path)
    }

    pub fn settings(&self) -> Settings {
        self.shared.look().settings.clone()
    }

    /// Connections are refused until `restart`; the records stay.
    pub async fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Listens again on the same port; tokens are forgotten, if the settings say so.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.stop().await;
        self.recover();
        let port = self.shared.look().address.port();
        self.listen(server::bind(port).await?).await
    }

    /// Once so many further events were taken and answered, every connection breaks off; 0: at once.
    pub fn crash_after(&self, events: usize) {
        self.shared.change(|world| world.crash_after(Some(events)));
    }

    /// Ends a crash; tokens are forgotten as by a restart.
    pub fn recover(&self) {
        self.shared.change(|world| {
            world.crash_after(None);
            if world.settings.forgets_tokens {
                world.forget_tokens();
            }
        });
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

    /// No token is good any more.
    pub fn expire_tokens(&self) {
        self.shared.change(World::forget_tokens);
    }

    /// Pushes the time of tokens.
    pub fn advance_tokens(&self, by: Duration) {
        self.shared.change(|world| world.token_time.push(by));
    }

    /// Another password from now on; tokens given before live on (§2.1).
    pub fn set_password(&self, password: &str) {
        self.shared.change(|world| password.clone_into(&mut world.settings.password));
    }
}

/// The oracle.
impl FintechOs {
    /// Every event that was taken, in order.
    pub fn accepted(&self) -> Vec<Accepted> {
        self.shared.look().accepted.clone()
    }

    /// What was taken about one object of the provider.
    pub fn accepted_about(&self, object: &str) -> Vec<Accepted> {
        self.accepted().into_iter().filter(|it| it.object == object).collect()
    }

    /// Events whose body had been taken before.
    pub fn repeats(&self) -> usize {
        self.accepted().iter().filter(|it| it.repeat).count()
    }

    /// Every call, in order.
    pub fn received(&self) -> Vec<Received> {
        self.shared.look().received.clone()
    }

    pub fn calls_to(&self, endpoint: Endpoint) -> usize {
        self.shared.look().received.iter().filter(|it| it.endpoint == endpoint).count()
    }

    pub fn sign_ins(&self) -> SignIns {
        self.shared.look().sign_ins
    }

    /// Waits until `holds`; asked again after every call.
    pub async fn wait_for(&self, mut holds: impl FnMut(&Self) -> bool, timeout: Duration) -> Result<(), WaitedTooLong> {
        self.shared.wait_for(timeout, || holds(self)).await
    }
}
