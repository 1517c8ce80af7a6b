//! The world of a conformance test: a provider that answers by script, a clock by hand, a login that nobody shares.

use std::sync::Arc;

use async_trait::async_trait;
use idv_gateway::domain::{ConnectionKey, ConnectionName, Tenant};
use idv_gateway::memory::http::{Call, ScriptedHttp};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::memory::way::MemoryWay;
use idv_gateway::memory::world::{ManualClock, manual};
use idv_gateway::ports::{Http, HttpError, Login, Reach, Request, Response, World};
use serde_json::Value;
use url::Url;

/// Lets other tasks run before each answer, as a network does.
struct Yielding(ScriptedHttp);

#[async_trait]
impl Http for Yielding {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        self.0.send(request).await
    }
}

/// See the module.
pub struct Bench {
    http: Yielding,
    world: World,
    /// By hand.
    pub clock: Arc<ManualClock>,
    /// Of its own.
    pub login: MemoryLogin,
    /// What the person has granted.
    pub grant: MemoryLogin,
    way: MemoryWay,
    connection: ConnectionKey,
    public_url: Url,
    line: fn(&Call) -> String,
}

impl Bench {
    /// For acme's connection of that name; `line` says how a call is named.
    #[must_use]
    pub fn new(connection: &str, http: ScriptedHttp, line: fn(&Call) -> String) -> Self {
        let (world, clock) = manual(1);
        let tenant = Tenant::parse("acme").unwrap();
        let connection = ConnectionKey { tenant, name: ConnectionName::parse(connection).unwrap() };
        let public_url = Url::parse("https://idv.example.com").unwrap();
        let (login, grant) = (MemoryLogin::default(), MemoryLogin::default());
        let way = MemoryWay::new(public_url.clone());
        Self { http: Yielding(http), world, clock, login, grant, way, connection, public_url, line }
    }

    /// With the clock that the outside goes by.
    #[must_use]
    pub fn by(mut self, clock: &Arc<ManualClock>) -> Self {
        self.world.clock = Arc::<ManualClock>::clone(clock);
        self.clock = Arc::clone(clock);
        self
    }

    /// What an account may use of it.
    pub fn reach(&self) -> Reach<'_> {
        self.reach_by(&self.login)
    }

    /// The same, with a login that others share.
    pub fn reach_by<'a>(&'a self, login: &'a dyn Login) -> Reach<'a> {
        Reach {
            http: &self.http,
            world: &self.world,
            connection: &self.connection,
            public_url: &self.public_url,
            digest: &digest,
            login,
            grant: &self.grant,
            way: &self.way,
        }
    }

    /// Every call, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.http.0.calls()
    }

    /// The same, each by its name.
    pub fn lines(&self) -> Vec<String> {
        self.calls().iter().map(self.line).collect()
    }

    /// How many calls have that name.
    pub fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|found| *found == line).count()
    }

    /// The first call of that name.
    pub fn call(&self, line: &str) -> Call {
        self.calls().into_iter().find(|call| (self.line)(call) == line).unwrap_or_else(|| panic!("no {line}"))
    }

    /// What was sent there first.
    pub fn sent(&self, line: &str) -> Value {
        self.call(line).json()
    }
}

/// Tells different bytes apart; what a keyed digest hides is not the matter here.
fn digest(data: &[u8]) -> String {
    let folded = data
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("key.{folded:016x}")
}
