//! The contracts of the bells and of the vault: in memory, and on SQS and Secrets Manager through the functions' own
//! adapters, at the embedded parts or where `IDV_CONTRACT_AWS` says.
#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use idv_gateway::adapters::environment::Queues;
use idv_gateway::adapters::secrets_manager::SecretsVault;
use idv_gateway::adapters::sqs::{Served, SqsBells};
use idv_gateway::config::{Rules, read_tenant};
use idv_gateway::domain::{ConnectionKey, ConnectionName, Evidence, Notice, OnboardingId, OnboardingKey, Tenant};
use idv_gateway::memory::bells::{MemoryBells, QueueName};
use idv_gateway::memory::vault::MemoryVault;
use idv_gateway::memory::world::{ManualClock, manual};
use idv_gateway::ports::{Bells, DeliveryBell, Rejected, Subscription, Vault, VaultError};
use idv_it::stage::{Plan, Stage};
use idv_it::table;
use serde_json::{Value, json};

const HIDDEN: Duration = Duration::from_secs(30);

fn connection() -> ConnectionKey {
    ConnectionKey { tenant: Tenant::parse("acme").unwrap(), name: ConnectionName::parse("ondato").unwrap() }
}

fn notice(number: u32) -> Notice {
    let id = OnboardingId::parse(format!("onb_{number:026}")).unwrap();
    Notice::due(connection(), id, Evidence::Schedule)
}

/// A message as somebody who receives sees it.
struct Seen {
    body: String,
    receipt: String,
    receives: u32,
    attributes: BTreeMap<String, String>,
}

/// Bells, and the other end of their queues.
#[async_trait]
trait Mail {
    fn bells(&self) -> &dyn Bells;
    /// What can be received at this moment.
    async fn at_once(&self, queue: QueueName) -> Option<Seen>;
    /// What comes within some seconds.
    async fn next(&self, queue: QueueName) -> Option<Seen>;
}

mod bells {
    use super::*;

    pub(super) async fn what_is_sent_comes_as_it_was(mail: &dyn Mail) {
        mail.bells().notify(&notice(1), Duration::ZERO).await.unwrap();
        let seen = mail.next(QueueName::Notices).await.unwrap();
        assert_eq!(serde_json::from_str::<Notice>(&seen.body).unwrap(), notice(1));
        assert_eq!(seen.receives, 1);
        let bell = DeliveryBell::of(OnboardingKey {
            tenant: Tenant::parse("acme").unwrap(),
            id: OnboardingId::parse(format!("onb_{:026}", 7)).unwrap(),
        });
        mail.bells().ring(std::slice::from_ref(&bell), Duration::ZERO).await.unwrap();
        let seen = mail.next(QueueName::Deliveries).await.unwrap();
        assert_eq!(serde_json::from_str::<DeliveryBell>(&seen.body).unwrap(), bell);
    }

    /// More than one batch of SQS holds.
    pub(super) async fn of_many_all_come(mail: &dyn Mail) {
        let sent: Vec<Notice> = (1..=23).map(notice).collect();
        mail.bells().notify_all(&sent).await.unwrap();
        let mut come = Vec::new();
        while come.len() < sent.len() {
            let seen = mail.next(QueueName::Notices).await.unwrap();
            come.push(serde_json::from_str::<Notice>(&seen.body).unwrap());
        }
        come.sort_by_key(|notice| serde_json::to_string(notice).unwrap());
        assert_eq!(come, sent);
        assert!(mail.at_once(QueueName::Notices).await.is_none(), "none twice");
    }

    pub(super) async fn what_is_put_off_is_not_seen_before(mail: &dyn Mail) {
        mail.bells().notify(&notice(1), Duration::from_secs(2)).await.unwrap();
        assert!(mail.at_once(QueueName::Notices).await.is_none());
        assert!(mail.next(QueueName::Notices).await.is_some());
    }

    pub(super) async fn what_was_received_is_seen_again_when_it_is_postponed(mail: &dyn Mail) {
        mail.bells().notify(&notice(1), Duration::ZERO).await.unwrap();
        let first = mail.next(QueueName::Notices).await.unwrap();
        assert!(mail.at_once(QueueName::Notices).await.is_none(), "somebody has it");
        mail.bells().postpone(&first.receipt, Duration::from_secs(1)).await.unwrap();
        let again = mail.next(QueueName::Notices).await.unwrap();
        assert_eq!((again.body, again.receives), (first.body, 2));
    }

    pub(super) async fn what_is_rejected_has_its_reason_beside_it(mail: &dyn Mail) {
        let rejected = Rejected {
            cause: "unreadable_record",
            source_queue: "notices".to_owned(),
            original_id: "m-1".to_owned(),
            first_sent: "1795161600000".to_owned(),
            body: "this is no notice".to_owned(),
        };
        mail.bells().reject(&rejected).await.unwrap();
        let seen = mail.next(QueueName::NoticesDlq).await.unwrap();
        assert_eq!(seen.body, rejected.body);
        for (name, value) in [
            ("cause", rejected.cause),
            ("source_queue", "notices"),
            ("original_id", "m-1"),
            ("first_sent", "1795161600000"),
        ] {
            assert_eq!(seen.attributes.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert!(mail.at_once(QueueName::Notices).await.is_none());
    }
}

struct InMemory {
    bells: MemoryBells,
    clock: Arc<ManualClock>,
}

impl InMemory {
    fn new() -> Self {
        let (world, clock) = manual(1);
        Self { bells: MemoryBells::new(world.clock), clock }
    }
}

#[async_trait]
impl Mail for InMemory {
    fn bells(&self) -> &dyn Bells {
        &self.bells
    }

    async fn at_once(&self, queue: QueueName) -> Option<Seen> {
        let message = self.bells.receive(queue, 1, HIDDEN).pop()?;
        let attributes = message.attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Some(Seen { body: message.body, receipt: message.receipt, receives: message.receives, attributes })
    }

    async fn next(&self, queue: QueueName) -> Option<Seen> {
        for _ in 0..5 {
            if let Some(seen) = self.at_once(queue).await {
                return Some(seen);
            }
            self.clock.advance(Duration::from_secs(1));
        }
        None
    }
}

struct OnSqs {
    client: aws_sdk_sqs::Client,
    queues: Queues,
    bells: SqsBells,
    // what is embedded ends with it
    _stage: Option<Stage>,
}

/// Where AWS is, and what must be kept for it to stay there.
async fn aws() -> (String, Option<Stage>) {
    if let Some(url) = table::elsewhere() {
        return (url, None);
    }
    let stage = Stage::with(Plan::of(&["acme"])).await;
    (stage.stack.aws_url().unwrap().to_owned(), Some(stage))
}

/// No name is used twice: an emulator may be shared, also by runs.
fn unique(name: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!("contract-{:x}-{name}", now.as_nanos())
}

impl OnSqs {
    async fn new() -> Self {
        let (url, stage) = aws().await;
        let client = table::aws_at(&url).sqs();
        let mut urls = Vec::new();
        for name in ["notices", "notices-dlq", "deliveries", "deliveries-dlq"] {
            let made = client.create_queue().queue_name(unique(name)).send().await.unwrap();
            urls.push(made.queue_url.unwrap());
        }
        let [notices, notices_dlq, deliveries, deliveries_dlq] = <[String; 4]>::try_from(urls).unwrap();
        let queues = || Queues {
            notices: notices.clone(),
            notices_dlq: notices_dlq.clone(),
            deliveries: deliveries.clone(),
            deliveries_dlq: deliveries_dlq.clone(),
        };
        let bells = SqsBells::new(client.clone(), queues(), Served::Notices);
        Self { client, queues: queues(), bells, _stage: stage }
    }

    async fn receive(&self, queue: QueueName, wait: i32) -> Option<Seen> {
        let url = match queue {
            QueueName::Notices => &self.queues.notices,
            QueueName::NoticesDlq => &self.queues.notices_dlq,
            QueueName::Deliveries => &self.queues.deliveries,
            QueueName::DeliveriesDlq => &self.queues.deliveries_dlq,
        };
        let answer = self
            .client
            .receive_message()
            .queue_url(url)
            .visibility_timeout(i32::try_from(HIDDEN.as_secs()).unwrap())
            .wait_time_seconds(wait)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .unwrap();
        let message = answer.messages.unwrap_or_default().pop()?;
        let system = message.attributes.unwrap_or_default();
        let receives = system.get(&MessageSystemAttributeName::ApproximateReceiveCount);
        let attributes = message.message_attributes.unwrap_or_default();
        Some(Seen {
            body: message.body.unwrap(),
            receipt: message.receipt_handle.unwrap(),
            receives: receives.unwrap().parse().unwrap(),
            attributes: attributes.into_iter().filter_map(|(name, value)| Some((name, value.string_value?))).collect(),
        })
    }
}

#[async_trait]
impl Mail for OnSqs {
    fn bells(&self) -> &dyn Bells {
        &self.bells
    }

    async fn at_once(&self, queue: QueueName) -> Option<Seen> {
        self.receive(queue, 0).await
    }

    /// A long poll waits as long as the functions' own client does for an answer, less a little.
    async fn next(&self, queue: QueueName) -> Option<Seen> {
        for _ in 0..5 {
            if let Some(seen) = self.receive(queue, 1).await {
                return Some(seen);
            }
        }
        None
    }
}

fn settings(return_url: &str) -> Value {
    json!({
        "connections": { "ondato": {
            "provider": "ondato", "api": { "client_id": "c", "client_secret": "s" },
            "webhook": { "hmac": [{ "secret": "m" }] },
            "settings": { "setup_id": "4e608ca3-7f1b-4d5e-9092-3b4c5d6e7f06" },
        } },
        "return_urls": [return_url],
        "sealing_keys": ["c2VhbGluZyBrZXkgb2YgYWNtZSwgMzIgYnl0ZXMgISE="],
    })
}

/// A vault that knows `acme` and its path `/old/path`, and who may change what stands in it.
#[async_trait]
trait Cupboard {
    fn vault(&self) -> &dyn Vault;
    /// Other settings of `acme` from now on.
    async fn change(&self, settings: Value);
    /// Time passes.
    fn pass(&self, span: Duration);
}

mod vault {
    use super::*;

    pub(super) async fn who_is_there_is_known_and_nobody_else(cupboard: &dyn Cupboard) {
        let (acme, nobody) = (Tenant::parse("acme").unwrap(), Tenant::parse("nobody").unwrap());
        let config = cupboard.vault().tenant(&acme).await.unwrap();
        assert_eq!((&config.tenant, config.connections.len()), (&acme, 1));
        assert_eq!(cupboard.vault().tenants().await.unwrap(), [acme]);
        assert_eq!(cupboard.vault().tenant(&nobody).await.err(), Some(VaultError::Unknown));
        assert_eq!(cupboard.vault().fresher(&nobody).await.err(), Some(VaultError::Unknown));
    }

    pub(super) async fn a_path_leads_to_its_connection(cupboard: &dyn Cupboard) {
        assert_eq!(cupboard.vault().alias("/old/path").await.unwrap(), connection());
        assert_eq!(cupboard.vault().alias("/old/pat").await.err(), Some(VaultError::Unknown));
    }

    pub(super) async fn a_subscription_leads_to_its_connection_and_callers(cupboard: &dyn Cupboard) {
        let found = cupboard.vault().subscription("Sub-1").await.unwrap();
        assert_eq!((found.connection, found.callers), (connection(), ["portal".to_owned()].into()));
        for other in ["sub-1", "Sub-1,Sub-1", "/old/path", ""] {
            assert_eq!(cupboard.vault().subscription(other).await.err(), Some(VaultError::Unknown), "{other}");
        }
    }

    pub(super) async fn what_changed_is_seen_when_it_is_asked_for_anew(cupboard: &dyn Cupboard) {
        let acme = Tenant::parse("acme").unwrap();
        let urls = |config: Arc<idv_gateway::ports::TenantConfig>| config.return_urls.first().unwrap().to_string();
        assert_eq!(urls(cupboard.vault().tenant(&acme).await.unwrap()), "https://one.example/");
        cupboard.change(settings("https://two.example/")).await;
        assert_eq!(urls(cupboard.vault().tenant(&acme).await.unwrap()), "https://one.example/", "it is cached");
        cupboard.pass(Duration::from_secs(11));
        assert_eq!(urls(cupboard.vault().fresher(&acme).await.unwrap()), "https://two.example/");
        assert_eq!(urls(cupboard.vault().tenant(&acme).await.unwrap()), "https://two.example/");
    }
}

fn config(settings: &Value) -> idv_gateway::ports::TenantConfig {
    read_tenant(&Tenant::parse("acme").unwrap(), settings, Rules::default()).ok().unwrap()
}

struct VaultInMemory(MemoryVault);

impl VaultInMemory {
    fn new() -> Self {
        let vault = MemoryVault::new();
        vault.set(config(&settings("https://one.example/")));
        vault.set_alias("/old/path", connection());
        let callers = ["portal".to_owned()].into();
        vault.set_subscription("Sub-1", Subscription { connection: connection(), callers });
        Self(vault)
    }
}

#[async_trait]
impl Cupboard for VaultInMemory {
    fn vault(&self) -> &dyn Vault {
        &self.0
    }

    async fn change(&self, settings: Value) {
        self.0.rotate(config(&settings));
    }

    fn pass(&self, _span: Duration) {}
}

struct OnSecretsManager {
    client: aws_sdk_secretsmanager::Client,
    prefix: String,
    vault: SecretsVault,
    clock: Arc<ManualClock>,
    _stage: Option<Stage>,
}

impl OnSecretsManager {
    async fn new() -> Self {
        let (url, stage) = aws().await;
        let client = table::aws_at(&url).secrets_manager();
        let prefix = unique("vault");
        let index = json!({
            "tenants": { "acme": "1" }, "aliases": { "/old/path": { "tenant": "acme", "connection": "ondato" } },
            "subscriptions": { "Sub-1": { "tenant": "acme", "connection": "ondato", "callers": ["portal"] } },
            "prefetch": [],
        });
        for (name, value) in [("index", index), ("tenants/acme", settings("https://one.example/"))] {
            let made = client.create_secret().name(format!("{prefix}/{name}")).secret_string(value.to_string());
            made.send().await.unwrap();
        }
        let (world, clock) = manual(1);
        let vault = SecretsVault::on(client.clone(), prefix.clone(), world, Rules::default());
        Self { client, prefix, vault, clock, _stage: stage }
    }
}

#[async_trait]
impl Cupboard for OnSecretsManager {
    fn vault(&self) -> &dyn Vault {
        &self.vault
    }

    async fn change(&self, settings: Value) {
        let put = self.client.put_secret_value().secret_id(format!("{}/tenants/acme", self.prefix));
        put.secret_string(settings.to_string()).send().await.unwrap();
    }

    fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }
}

macro_rules! on {
    ($place:ident, $contract:ident, $new:expr, [$($case:ident),+ $(,)?]) => {
        mod $place {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                $contract::$case(&$new).await;
            })+
        }
    };
}

on!(
    bells_in_memory,
    bells,
    InMemory::new(),
    [
        what_is_sent_comes_as_it_was,
        of_many_all_come,
        what_is_put_off_is_not_seen_before,
        what_was_received_is_seen_again_when_it_is_postponed,
        what_is_rejected_has_its_reason_beside_it,
    ]
);
on!(
    bells_on_sqs,
    bells,
    OnSqs::new().await,
    [
        what_is_sent_comes_as_it_was,
        of_many_all_come,
        what_is_put_off_is_not_seen_before,
        what_was_received_is_seen_again_when_it_is_postponed,
        what_is_rejected_has_its_reason_beside_it,
    ]
);
on!(
    vault_in_memory,
    vault,
    VaultInMemory::new(),
    [
        who_is_there_is_known_and_nobody_else,
        a_path_leads_to_its_connection,
        a_subscription_leads_to_its_connection_and_callers,
        what_changed_is_seen_when_it_is_asked_for_anew,
    ]
);
on!(
    vault_on_secrets_manager,
    vault,
    OnSecretsManager::new().await,
    [
        who_is_there_is_known_and_nobody_else,
        a_path_leads_to_its_connection,
        a_subscription_leads_to_its_connection_and_callers,
        what_changed_is_seen_when_it_is_asked_for_anew,
    ]
);
