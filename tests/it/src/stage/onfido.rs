//! A simulated Onfido on the stage: an account for each tenant, or one that all share and each has its results from in a
//! FintechOS instance of its own, by the address where such clients' webhooks went before.
//!
//! An applicant has no reference of ours: the person's own e-mail address tells the cases apart.

mod applicant;
mod workflow_run;

use std::collections::BTreeSet;

use idv_simulators::fintechos::{self, FintechOs};
use idv_simulators::onfido::{
    Account, ApiToken, DeliveryState, Environment, Onfido, Region, Registration, Retry, Settings, Workflow,
};
use serde_json::{Value, json};

use super::{Stage, Tenant, until};

pub use applicant::Applicant;
pub use workflow_run::WorkflowRun;

/// What of Onfido is on the stage.
#[derive(Clone, Default)]
pub struct OnfidoPlan {
    /// Of the simulator; the accounts are the tenants'.
    pub settings: Settings,
    /// One account for all.
    pub shared: bool,
    /// Each has its results in an instance of its own.
    pub instances: bool,
}

/// The name of the account that all share.
const SHARED: &str = "platform";

pub(super) async fn start(plan: Option<OnfidoPlan>, tenants: &[&str]) -> Option<(Onfido, OnfidoPlan)> {
    let plan = plan?;
    let accounts = if plan.shared {
        vec![Account::shared(SHARED, Region::Eu, tenants)]
    } else {
        tenants.iter().map(|name| account(name)).collect()
    };
    // 30 s until the first repeat are 0.2 s here
    let retry = Retry { scale: 150, ..Retry::default() };
    let settings = Settings { accounts, retry, ..plan.settings.clone() };
    Some((Onfido::start(settings).await.unwrap(), plan))
}

fn account(tenant: &str) -> Account {
    Account {
        name: tenant.to_owned(),
        region: Region::Eu,
        tokens: vec![ApiToken::new(tenant, Region::Eu, Environment::Live)],
        oauth_clients: Vec::new(),
    }
}

/// Adds the connection to a tenant's configuration; gives its instance.
pub(super) async fn connect(
    onfido: &Onfido,
    plan: &OnfidoPlan,
    tenant: &'static str,
    config: &mut Value,
) -> Option<FintechOs> {
    let tokens = onfido.accounts().into_iter().flat_map(|account| account.tokens);
    let token = tokens.into_iter().find(|token| token.client == tenant).unwrap();
    config["connections"]["onfido"] = json!({
        "provider": "onfido",
        "base_urls": {"api": onfido.base_urls()["eu"]},
        "api": {"token": token.token},
        "webhook": {"hmac": [{"secret": onfido_token(tenant)}]},
        "settings": {
            "report_names": ["document", "facial_similarity_photo"], "workflow_id": Workflow::example().id,
            "referrer": "https://*.example.com/*", "shared_account": plan.shared,
        },
    });
    if !plan.instances {
        return None;
    }
    let instance = FintechOs::start(fintechos::Settings::of(tenant)).await.unwrap();
    let settings = instance.settings();
    config["connections"]["onfido"]["delivery"] = json!({
        "kind": "fintechos", "endpoint": instance.base_url(), "sign_in": "get_token", "client_id": settings.client_id,
        "username": settings.user_name, "password": settings.password, "action": settings.action_name,
        "call": "call_action", "data_form": "json_text", "content": "provider_event", "events": ["report.completed"],
        "kinds": ["part"],
    });
    Some(instance)
}

/// What Onfido signs the webhooks of a tenant with.
#[must_use]
pub fn onfido_token(tenant: &str) -> String {
    format!("webhook-token-of-{tenant}-0123456789ab")
}

/// The path of a tenant's webhooks in a drop-in: the name has capital letters, and counts exactly.
#[must_use]
pub fn alias(tenant: &str) -> String {
    let (first, rest) = tenant.split_at(1);
    format!("/dcs/kyc2/webhook/notify/{}{rest}_Live", first.to_uppercase())
}

/// The address of the person whom `key` names.
fn email(tenant: &str, key: &str) -> String {
    format!("{key}@{tenant}.example")
}

impl Stage {
    /// The simulated Onfido.
    #[must_use]
    pub fn onfido(&self) -> &Onfido {
        self.onfido.as_ref().map_or_else(|| panic!("no Onfido on this stage"), |(onfido, _)| onfido)
    }

    pub(super) fn register_webhooks(&self) {
        let Some((onfido, plan)) = &self.onfido else { return };
        for tenant in self.tenants.keys() {
            let registration = if plan.shared {
                Registration::to(format!("{}{}", self.stack.api_url(), alias(tenant)))
                    .of(SHARED)
                    .only(&["report.completed"])
            } else {
                Registration::to(format!("{}/v1/webhooks/{tenant}/onfido", self.stack.api_url())).of(*tenant)
            };
            onfido.register(registration.signed_with(onfido_token(tenant)));
        }
    }

    /// A complete request to `start`, the classic way.
    #[must_use]
    pub fn applicant_request(&self, tenant: &str, key: &str) -> Value {
        json!({
            "action": "start", "tenant": tenant, "connection": "onfido", "reference": key, "idempotency_key": key,
            "channel": "sdk", "options": {"flow": "classic"},
            "subject": {
                "kind": "individual", "first_name": "Ada", "last_name": "Example", "email": email(tenant, key),
                "dob": "1990-01-31", "location": {"ip_address": "203.0.113.10", "country_of_residence": "GBR"},
            },
        })
    }

    /// The same in Studio, with a hosted link.
    #[must_use]
    pub fn studio_request(&self, tenant: &str, key: &str) -> Value {
        let mut request = self.applicant_request(tenant, key);
        request["channel"] = json!("link");
        request["options"] = json!({"flow": "studio"});
        request["return_url"] = json!(format!("{}/done", self.tenant(tenant).app.base_url()));
        request
    }

    /// Begins an onboarding the classic way; `key` is its idempotency key and its reference.
    pub async fn applies(&self, tenant: &str, key: &str) -> Applicant<'_> {
        let answer = self.ask(tenant, &self.applicant_request(tenant, key)).await;
        Applicant::of(self, tenant, key, &answer)
    }

    /// Begins an onboarding in Studio.
    pub async fn runs_workflow(&self, tenant: &str, key: &str) -> WorkflowRun<'_> {
        let answer = self.ask(tenant, &self.studio_request(tenant, key)).await;
        WorkflowRun::of(self, tenant, &answer)
    }

    /// Waits until every webhook about this resource has been answered or given up.
    async fn onfido_answered(&self, about: &str) {
        until("every webhook is answered", || async {
            let events: BTreeSet<String> = self.onfido().events_about(about).into_iter().map(|it| it.id).collect();
            let all = self.onfido().deliveries().into_iter();
            let mine: Vec<_> = all.filter(|it| events.contains(&it.event_id)).collect();
            let over = |state| matches!(state, DeliveryState::Delivered | DeliveryState::Lost | DeliveryState::Dropped);
            !mine.is_empty() && mine.iter().all(|it| over(it.state))
        })
        .await;
    }
}

impl Tenant {
    /// Its own FintechOS instance, which it must have.
    #[must_use]
    pub fn fintechos(&self) -> &FintechOs {
        self.instance.as_ref().unwrap_or_else(|| panic!("{} has no instance", self.name))
    }
}
