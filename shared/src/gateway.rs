//! What every use case stands on: the ports, wired once per process.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use crate::domain::{Onboarding, OnboardingKey, Timestamp, Truth};
use crate::login::{LedgerLogin, NoLogin};
use crate::ports::{
    Bells, Clock, Commit, Connection, ConnectionRecord, Http, HttpError, Ledger, LedgerError, Login, LoginKey, Reach,
    Request, Response, TenantConfig, Vault, World,
};
use crate::seal::Binding;
use crate::state::{Carrier, OwnWay};

/// The ports of one process.
#[derive(Clone)]
pub struct Gateway {
    /// What is known and what is due.
    pub ledger: Arc<dyn Ledger>,
    /// The queues.
    pub bells: Arc<dyn Bells>,
    /// Tenants' configuration.
    pub vault: Arc<dyn Vault>,
    /// Outward calls.
    pub http: Arc<dyn Http>,
    /// Time and chance.
    pub world: World,
    /// Our own origin; never taken from a request.
    pub public_url: Url,
    /// Every outward call of this invocation ends by then; none outside one.
    pub calls_until: Option<Timestamp>,
}

impl Gateway {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// For one invocation, whose outward calls all end within so long, whatever each of its steps may take: what is
    /// left of the function's time is the ledger's.
    #[must_use]
    pub fn within(&self, calls: Duration) -> Self {
        Self { calls_until: Some(self.now() + calls), ..self.clone() }
    }

    /// Sees to it that the provider's feed is read from now on, where there is one and nobody has asked for that yet.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn watch_feed(&self, connection: &Connection, record: &ConnectionRecord) -> Result<(), LedgerError> {
        if !connection.account.has_feed() || record.feed_due.is_some() {
            return Ok(());
        }
        self.ledger.plan_feed(&connection.key, Some(self.now())).await
    }

    /// A commit of that truth on top of what was read; the look stays due as it was, nothing is to be handed over.
    #[must_use]
    pub fn commit_of(&self, before: &Onboarding, truth: Truth) -> Commit {
        let expected = before.truth.look_seq;
        Commit {
            key: before.key.clone(),
            expected,
            nonce: self.world.entropy.mark(),
            truth: Truth { look_seq: expected.saturating_add(1), ..truth.at_rest() },
            looked_at: None,
            look_due: before.look.due,
            delivery_due: None,
        }
    }
}

/// Whether its destination wants any of the changes that were not handed over yet. What nobody wants is passed over
/// together with the next change that somebody does, and costs nothing before.
#[must_use]
pub fn awaits_delivery(config: &TenantConfig, onboarding: &Onboarding) -> bool {
    let through = onboarding.delivery.through;
    let connection = &onboarding.identity.connection;
    if config.can_tell(connection).is_err() {
        return onboarding.is_undelivered();
    }
    if config.destination(connection).is_none() {
        return false;
    }
    let inline = &onboarding.truth.changes;
    let spilled = inline.first().is_none_or(|first| first.version > through.saturating_add(1));
    let wanted = inline.iter().any(|change| change.version > through && config.wants(connection, change));
    onboarding.is_undelivered() && (spilled || wanted)
}

type Digest<'a> = dyn Fn(&[u8]) -> String + Send + Sync + 'a;

/// A connection with what its account needs for a piece of work, all of whose calls together end in time: a provider
/// that is slow at each of them must not outlast the function.
pub struct Line<'a> {
    gateway: &'a Gateway,
    /// The connection itself.
    pub connection: &'a Connection,
    http: Budgeted<'a>,
    digest: Box<Digest<'a>>,
    login: LedgerLogin<'a>,
    grant: Option<LedgerLogin<'a>>,
    way: OwnWay<'a>,
}

impl<'a> Line<'a> {
    /// Joins a connection with the world, for so long.
    #[must_use]
    pub fn new(gateway: &'a Gateway, config: &'a TenantConfig, connection: &'a Connection, budget: Duration) -> Self {
        let digest = move |data: &[u8]| {
            let binding = Binding {
                tenant: config.tenant.as_str(),
                purpose: "part_data",
                context: &[connection.key.name.as_str()],
            };
            config.sealing_keys.digest(&binding, data).as_str().to_owned()
        };
        let own = gateway.now() + budget;
        let until = gateway.calls_until.map_or(own, |until| until.min(own));
        let http = Budgeted { http: &*gateway.http, clock: &*gateway.world.clock, until };
        let rests = LoginKey::Connection(connection.key.clone());
        let login = LedgerLogin { ledger: &*gateway.ledger, world: &gateway.world, config, rests };
        let carrier = Carrier { config, connection: &connection.key, entropy: &*gateway.world.entropy };
        let way = OwnWay { carrier, public_url: &gateway.public_url };
        Self { gateway, connection, http, digest: Box::new(digest), login, grant: None, way }
    }

    /// For work on one onboarding: what its person has granted is in reach.
    #[must_use]
    pub fn of(self, onboarding: &OnboardingKey) -> Self {
        let LedgerLogin { ledger, world, config, .. } = self.login;
        let rests = LoginKey::Onboarding(onboarding.clone());
        Self { grant: Some(LedgerLogin { ledger, world, config, rests }), ..self }
    }

    /// What a call may use.
    #[must_use]
    pub fn reach(&self) -> Reach<'_> {
        let grant: &dyn Login = match &self.grant {
            Some(grant) => grant,
            None => &NoLogin,
        };
        Reach {
            http: &self.http,
            world: &self.gateway.world,
            connection: &self.connection.key,
            public_url: &self.gateway.public_url,
            digest: &*self.digest,
            login: &self.login,
            grant,
            way: &self.way,
        }
    }
}

/// Calls that share one deadline.
struct Budgeted<'a> {
    http: &'a dyn Http,
    clock: &'a dyn Clock,
    until: Timestamp,
}

#[async_trait]
impl Http for Budgeted<'_> {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let left = self.left();
        if left.is_zero() {
            return Err(HttpError::TimedOut);
        }
        let deadline = request.deadline.min(left);
        self.http.send(Request { deadline, ..request }).await
    }

    fn left(&self) -> Duration {
        self.until.since(self.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::http::{ScriptedHttp, empty};
    use crate::memory::world::ManualClock;
    use crate::ports::Method;

    #[tokio::test]
    #[expect(clippy::unwrap_used, reason = "a test stops loudly")]
    async fn calls_that_share_a_deadline_know_what_is_left_of_it() {
        let (http, clock) = (ScriptedHttp::new(|_| Ok(empty(204))), ManualClock::default());
        let line = Budgeted { http: &http, clock: &clock, until: clock.now() + Duration::from_secs(6) };
        let request = || Request::to_provider(Method::Get, Url::parse("https://a.example/").unwrap());
        clock.advance(Duration::from_secs(4));
        assert_eq!(line.left(), Duration::from_secs(2));
        assert!(line.send(request()).await.is_ok());
        assert!(http.calls().iter().all(|call| call.deadline <= Duration::from_secs(2)));
        clock.advance(Duration::from_secs(3));
        assert_eq!(line.left(), Duration::ZERO);
        assert_eq!(line.send(request()).await.err(), Some(HttpError::TimedOut));
        assert_eq!(http.calls().len(), 1);
    }
}
