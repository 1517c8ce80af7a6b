//! A simulated Intergiro on the stage, beside Ondato: a programme, a key and an unguessable address for each tenant.
//!
//! There is no reference of ours at Intergiro: the person's own e-mail address tells the cases apart.

use std::ops::Deref;

use idv_simulators::intergiro::{
    Act, ApiRule, DeliveryState, Endpoint, Intergiro, Programme, Retry, RuleId, Settings, Subscription, Truth,
    WebhookManner, WebhookRule,
};
use serde_json::{Value, json};

use super::case::text;
use super::{Case, Stage, until};

/// Starts it with a programme for each tenant.
pub(super) async fn start(settings: Option<Settings>, tenants: &[&str]) -> Option<Intergiro> {
    let programmes = tenants.iter().map(|name| Programme::another(name)).collect();
    // 10 s until the first repeat are 0.2 s here
    let retry = Retry { scale: 60, ..Retry::default() };
    let settings = Settings { programmes, retry, ..settings? };
    Some(Intergiro::start(settings).await.unwrap())
}

/// Adds the connection to a tenant's configuration.
pub(super) fn connect(intergiro: &Intergiro, tenant: &str, config: &mut Value) -> Programme {
    let programme = intergiro.programmes().into_iter().find(|programme| programme.name == tenant).unwrap();
    config["connections"]["intergiro"] = json!({
        "provider": "intergiro",
        "base_urls": intergiro.base_urls(),
        "api": {"api_key": programme.api_key},
        "webhook": {"url_keys": [url_key(tenant)]},
    });
    programme
}

/// The last part of the address that a tenant's webhooks go to.
#[must_use]
pub fn url_key(tenant: &str) -> String {
    format!("url-key-of-{tenant}-9d1f0c52b7e84a6f")
}

impl Stage {
    /// The simulated Intergiro.
    #[must_use]
    pub fn intergiro(&self) -> &Intergiro {
        self.intergiro.as_ref().unwrap_or_else(|| panic!("no Intergiro on this stage"))
    }

    /// Where Intergiro sends the webhooks of a tenant.
    #[must_use]
    pub fn events_url(&self, tenant: &str) -> String {
        format!("{}/v1/webhooks/{tenant}/intergiro/{}", self.stack.api_url(), url_key(tenant))
    }

    pub(super) fn subscribe_programmes(&self) {
        for tenant in self.tenants.values().filter(|_| self.intergiro.is_some()) {
            self.intergiro().subscribe(Subscription::to(self.events_url(tenant.name)).of(tenant.name));
        }
    }

    /// A complete request to `start`.
    #[must_use]
    pub fn person_request(&self, tenant: &str, key: &str) -> Value {
        json!({
            "action": "start", "tenant": tenant, "connection": "intergiro", "reference": key, "idempotency_key": key,
            "subject": {
                "kind": "individual", "first_name": "Inga", "last_name": "Example", "email": email(tenant, key),
                "phone_number": "+46700000000", "date_of_birth": "1990-04-12",
            },
            "return_url": format!("{}/done", self.tenant(tenant).app.base_url()),
        })
    }

    /// Begins an onboarding with Intergiro; `key` is its idempotency key and its reference.
    pub async fn enrol(&self, tenant: &str, key: &str) -> Person<'_> {
        let answer = self.ask(tenant, &self.person_request(tenant, key)).await;
        Person::of(self, tenant, key, &answer)
    }
}

/// The e-mail address of the person whom `key` names.
fn email(tenant: &str, key: &str) -> String {
    format!("{key}@{tenant}.example")
}

/// One onboarding with Intergiro.
pub struct Person<'a> {
    case: Case<'a>,
    /// The person at Intergiro.
    pub individual: String,
}

impl<'a> Deref for Person<'a> {
    type Target = Case<'a>;

    fn deref(&self) -> &Self::Target {
        &self.case
    }
}

impl<'a> Person<'a> {
    /// From an answer that has a link or a token: it must be the newest one of that person by Intergiro's own records.
    #[must_use]
    pub fn of(stage: &'a Stage, tenant: &str, key: &str, answer: &Value) -> Self {
        let individual = stage.intergiro().individual_by_email(&email(tenant, key));
        let individual = individual.unwrap_or_else(|| panic!("Intergiro has no {key} of {tenant}: {answer}"));
        let own = stage.intergiro().link(&individual).unwrap_or_default();
        match answer.pointer("/sdk/token").and_then(Value::as_str) {
            Some(token) => assert!(own.ends_with(&format!("/{token}")), "the token of {own}: {answer}"),
            None => assert_eq!(text(answer, "/link/url"), own, "Intergiro's own link"),
        }
        let case = Case::with(stage, tenant, "intergiro", answer, &individual);
        assert_eq!(stage.intergiro().truth(&individual).map(|truth| truth.programme).as_deref(), Some(tenant));
        Self { case, individual }
    }

    /// Persons and staff do something; gives the events of it.
    pub fn does(&self, acts: impl IntoIterator<Item = Act>) -> Vec<String> {
        self.case.stage.intergiro().perform(&self.individual, acts).unwrap()
    }

    /// What is true of them.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.case.stage.intergiro().truth(&self.individual).unwrap()
    }

    /// What becomes of the webhooks about them from now on.
    pub fn webhooks(&self, manner: WebhookManner) -> RuleId {
        self.case.stage.intergiro().misdeliver(WebhookRule::always(manner).about(&self.individual))
    }

    /// What becomes of calls about them from now on.
    pub fn spoils(&self, rule: ApiRule) -> RuleId {
        self.case.stage.intergiro().misbehave(rule.about(&self.individual))
    }

    /// How often an endpoint was called about them.
    #[must_use]
    pub fn calls(&self, endpoint: Endpoint) -> usize {
        let asked = self.case.stage.intergiro().requests().into_iter();
        asked.filter(|it| it.endpoint == endpoint && it.individual.as_ref() == Some(&self.individual)).count()
    }

    /// The person comes back for a link; `visit` tells the requests apart.
    pub async fn resumes(&self, visit: &str) -> Value {
        let back = format!("{}/done", self.case.tenant.app.base_url());
        let key = format!("{visit}-{}", self.id);
        self.ask("resume", json!({"return_url": back, "idempotency_key": key})).await
    }

    /// Waits until every webhook about them has been answered or given up.
    pub async fn webhooks_answered(&self) {
        until("every webhook is answered", || async {
            let all = self.case.stage.intergiro().deliveries().into_iter();
            let mine: Vec<_> = all.filter(|it| it.individual.as_ref() == Some(&self.individual)).collect();
            let over = |state| matches!(state, DeliveryState::Delivered | DeliveryState::Lost | DeliveryState::Dropped);
            !mine.is_empty() && mine.iter().all(|it| over(it.state))
        })
        .await;
    }
}
