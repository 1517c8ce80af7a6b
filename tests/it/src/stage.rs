//! The stage of the end-to-end tests: the local stack with the real function binaries, a simulated Ondato, where wanted
//! a simulated Intergiro, Onfido, or Fractal ID with idOS, and for each tenant an application of its own that verifies what it is sent, or a
//! FintechOS instance.
//!
//! What is expected is told by the simulators' own records and by the applications; the gateway is asked only what it
//! says of itself. Nothing sleeps: a test waits for a condition, for a bounded time.
#![expect(
    clippy::indexing_slicing,
    reason = "JSON values are reached by member name, which gives null and never panics"
)]

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use idv_local::{FunctionName, Stack, StackOptions};
use idv_simulators::app::TenantApp;
use idv_simulators::fintechos::FintechOs;
use idv_simulators::intergiro::{Intergiro, Programme};
use idv_simulators::ondato::{Application, Ondato, Retry, Settings, Subscription};
use idv_simulators::onfido::Onfido;
use serde_json::{Value, json};

use self::user_owned::UserOwned;

mod binaries;
mod case;
mod command;
mod intergiro;
mod onfido;
mod plan;
mod user_owned;
mod wire;

pub use binaries::{Binaries, binaries, cargo};
pub use case::Case;
pub use command::{Ran, idv};
pub use intergiro::{Person, url_key};
pub use onfido::{Applicant, OnfidoPlan, WorkflowRun, alias, onfido_token};
pub use plan::{Change, Plan};
pub use user_owned::{CLASSIC, Holder, IDOS, LEVEL, RELAY, Traveller, VERIFIER, deciding_secret, sharing_secret};
pub use wire::{Reply, basic, now, request, signed};

/// The plan runs so many times faster: what is due after 15 min is due after 7.5 s.
pub const FASTER: u32 = 120;
/// Signs the webhooks of every tenant that has no other proof.
pub const MAC: &str = "end-to-end-webhook-secret";
/// Signs the deliveries of every tenant.
pub const SECRET: &str = "whsec_ZW5kLXRvLWVuZC1zZWNyZXQtb2YtYS10ZW5hbnQ=";
/// No condition is waited for longer.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A tenant on the stage.
pub struct Tenant {
    /// Its name.
    pub name: &'static str,
    /// Its own system.
    pub app: TenantApp,
    /// Its account with the provider.
    pub application: Application,
    /// The index of the provider's subscription for it.
    pub subscription: usize,
    /// Its account with Intergiro, where there is one on the stage.
    pub programme: Option<Programme>,
    /// Its FintechOS instance, where it has one.
    pub instance: Option<FintechOs>,
    /// Its configuration.
    pub config: Value,
}

/// Everything that runs.
pub struct Stage {
    /// The gateway.
    pub stack: Stack,
    /// The provider.
    pub ondato: Ondato,
    intergiro: Option<Intergiro>,
    onfido: Option<(Onfido, OnfidoPlan)>,
    user_owned: Option<UserOwned>,
    aliases: BTreeMap<String, Value>,
    tenants: BTreeMap<&'static str, Tenant>,
}

impl Stage {
    /// With tenants configured in the usual way.
    pub async fn start(tenants: &[&'static str]) -> Self {
        Self::with(Plan::of(tenants)).await
    }

    /// As planned.
    pub async fn with(plan: Plan) -> Self {
        let functions = binaries().await.functions.clone();
        let applications: Vec<Application> = plan.tenants.iter().map(|(name, _)| Application::another(name)).collect();
        // 10 s until the first repeat are 0.2 s here
        let retry = Retry { scale: 60, ..Retry::default() };
        let settings = Settings { applications: applications.clone(), retry, ..Settings::default() };
        let ondato = Ondato::start(settings).await.unwrap();
        let names: Vec<&str> = plan.tenants.iter().map(|(name, _)| *name).collect();
        let intergiro = intergiro::start(plan.intergiro, &names).await;
        let onfido = onfido::start(plan.onfido, &names).await;
        let mut tenants = BTreeMap::new();
        for ((name, _), application) in plan.tenants.iter().zip(applications) {
            let app = TenantApp::start(0, &[SECRET]).await.unwrap();
            let mut config = configuration(&ondato, &application, &app);
            let programme = intergiro.as_ref().map(|intergiro| intergiro::connect(intergiro, name, &mut config));
            let instance = match &onfido {
                Some((onfido, plan)) => onfido::connect(onfido, plan, name, &mut config).await,
                None => None,
            };
            tenants.insert(*name, Tenant { name, app, application, subscription: 0, programme, instance, config });
        }
        let configs = tenants.values_mut().map(|tenant| (tenant.name, &mut tenant.config));
        let user_owned = user_owned::start(plan.fractal, configs).await;
        for (name, change) in &plan.tenants {
            tenants.get_mut(name).into_iter().for_each(|tenant| change(&mut tenant.config));
        }
        let mut aliases: BTreeMap<String, Value> = tenants
            .keys()
            .map(|name| (format!("/elsewhere/notify/{name}"), json!({"tenant": name, "connection": "ondato"})))
            .collect();
        if onfido.is_some() {
            let of = |name: &&str| (alias(name), json!({"tenant": name, "connection": "onfido"}));
            aliases.extend(tenants.keys().map(of));
        }
        let options = StackOptions {
            time_scale: plan.faster,
            schedule: plan.schedule,
            concurrency: plan.concurrency,
            environment: plan.environment,
            ..StackOptions::new(all(&tenants, &aliases), functions)
        };
        let stack = Stack::start(options).await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
        let mut stage = Self { stack, ondato, intergiro, onfido, user_owned, aliases, tenants };
        for tenant in stage.tenants.values_mut() {
            let url = format!("{}/v1/webhooks/{}/ondato", stage.stack.api_url(), tenant.name);
            let subscription = Subscription::to(url).of(&tenant.application.application_id).with_hmac(MAC);
            tenant.subscription = stage.ondato.subscribe(subscription);
        }
        stage.subscribe_programmes();
        stage.register_webhooks();
        stage.subscribe_applications();
        stage
    }

    /// The configuration of all tenants, as in an operator's file.
    #[must_use]
    pub fn configuration(&self) -> Value {
        all(&self.tenants, &self.aliases)
    }

    /// One of the tenants.
    #[must_use]
    pub fn tenant(&self, name: &str) -> &Tenant {
        self.tenants.get(name).unwrap_or_else(|| panic!("no tenant {name} on this stage"))
    }

    /// Where the provider sends webhooks of a tenant.
    #[must_use]
    pub fn webhooks(&self, tenant: &str) -> String {
        format!("{}/v1/webhooks/{tenant}/ondato", self.stack.api_url())
    }

    /// Another proof of a tenant's webhooks.
    pub fn resubscribe(&self, tenant: &str, prove: impl FnOnce(Subscription) -> Subscription) {
        let tenant = self.tenant(tenant);
        let bare = Subscription::to(self.webhooks(tenant.name)).of(&tenant.application.application_id);
        self.ondato.resubscribe(tenant.subscription, prove(bare));
    }

    /// Invokes as an app of that tenant does: an answer or a refusal, never a function error.
    pub async fn ask(&self, tenant: &str, request: &Value) -> Value {
        let alias = format!("t-{tenant}");
        let mut request = request.clone();
        request["tenant"] = json!(tenant);
        let invoked = self.stack.invoke(FunctionName::OnboardingInitiator, &request, Some(&alias)).await;
        assert_eq!(invoked.function_error, None, "{request} → {}", invoked.payload);
        invoked.payload
    }

    /// Begins an onboarding; `key` is its idempotency key and its reference.
    pub async fn begin(&self, tenant: &str, key: &str) -> Case<'_> {
        let answer = self.ask(tenant, &self.start_request(tenant, key)).await;
        Case::of(self, tenant, &answer)
    }

    /// A complete request to `start`.
    #[must_use]
    pub fn start_request(&self, tenant: &str, key: &str) -> Value {
        json!({
            "action": "start", "tenant": tenant, "connection": "ondato", "reference": key, "idempotency_key": key,
            "subject": {"kind": "individual", "firstName": "Ona", "lastName": "Example"},
            "return_url": format!("{}/done", self.tenant(tenant).app.base_url()),
        })
    }

    /// A webhook of the provider's own making, posted by hand.
    pub async fn post(&self, tenant: &str, headers: &[(&str, String)], body: &[u8]) -> Reply {
        request("POST", &self.webhooks(tenant), headers, body).await
    }

    /// Runs the reconciler once.
    pub async fn tick(&self) {
        let ticked = self.stack.tick().await;
        assert_eq!(ticked.function_error, None, "{}", ticked.payload);
    }

    /// Waits until nothing moves and no notice waits for its time: one that was sent a moment ago is not heard yet, and one
    /// that is heard may be put off.
    pub async fn calm(&self) {
        let waits = async || {
            let (client, url) = (self.stack.sqs(), &self.stack.queues().notices);
            let asked = client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
            let counted = asked.send().await.ok().and_then(|answer| answer.attributes);
            let delayed = QueueAttributeName::ApproximateNumberOfMessagesDelayed;
            counted.is_none_or(|counted| counted.get(&delayed).is_none_or(|count| count != "0"))
        };
        until("nothing moves", || async { !waits().await && self.stack.quiet(PATIENCE).await && !waits().await }).await;
    }

    /// What the functions logged as that event, each line read.
    #[must_use]
    pub fn logged(&self, function: FunctionName, event: &str) -> Vec<Value> {
        let lines = self.stack.logs().into_iter().filter(|line| line.function == function);
        let read = lines.filter_map(|line| serde_json::from_str::<Value>(&line.text).ok());
        read.filter(|line| line.to_string().contains(&format!("\"{event}\""))).collect()
    }
}

/// Waits until a condition holds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    const BETWEEN: Duration = Duration::from_millis(100);
    let mut moments = tokio::time::interval(BETWEEN);
    let reached = tokio::time::timeout(PATIENCE, async {
        while !holds().await {
            moments.tick().await;
        }
    });
    assert!(reached.await.is_ok(), "not within {PATIENCE:?}: {what}");
}

fn all(tenants: &BTreeMap<&'static str, Tenant>, aliases: &BTreeMap<String, Value>) -> Value {
    let config: BTreeMap<&str, &Value> = tenants.values().map(|tenant| (tenant.name, &tenant.config)).collect();
    json!({"tenants": config, "aliases": aliases})
}

fn configuration(ondato: &Ondato, application: &Application, app: &TenantApp) -> Value {
    json!({
        "connections": {"ondato": {
            "provider": "ondato",
            "base_urls": ondato.base_urls(),
            "api": {"client_id": application.client_id, "client_secret": application.client_secret},
            "webhook": {"hmac": [{"secret": MAC}]},
            "settings": {
                "setup_id": application.setup_id, "kyb_setup_id": application.kyb_setup_id,
                "application_id": application.application_id,
            },
        }},
        "delivery": {"kind": "webhook", "url": app.url(), "secrets": [SECRET]},
        "return_urls": [app.base_url()],
        "allowed_actions": ["details", "cancel", "erase"],
        "sealing_keys": ["ZW5kLXRvLWVuZCBzZWFsaW5nIGtleSwgMzIgYnl0ZXM="],
    })
}
