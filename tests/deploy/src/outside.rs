//! The world outside the account: simulated providers, and for each tenant an application that verifies what it is sent.
//!
//! A provider is one arm of each match below, and what `provider.rs` says of it.

use std::collections::BTreeSet;
use std::time::Duration;

use idv_simulators::app::TenantApp;
use idv_simulators::fintechos::{self, FintechOs};
use idv_simulators::intergiro::{self as bank, Intergiro, Programme};
use idv_simulators::ondato::{Act, Application, Ondato, Settings, Subscription, WebhookManner, WebhookRule};
use idv_simulators::onfido::{self as checks, Account, Onfido, Region, Registration};
use serde_json::{Map, Value, json};

use crate::provider::{PROVIDERS, Provider, TO_FINTECHOS};

/// The secret part of the address to which a provider sends what it does not sign.
const URL_KEY: &str = "deployment-test-url-key-of-43-characters-01";
/// Signs the webhooks of the providers that sign.
const MAC: &str = "deployment-test-webhook-secret";
/// Signs the deliveries.
const SECRET: &str = "whsec_ZGVwbG95bWVudC10ZXN0LXRlbmFudC1zZWNyZXQ=";
const SEALING_KEY: &str = "ZGVwbG95bWVudC10ZXN0IHNlYWxpbmcga2V5IDMyIEI=";

/// A tenant and its application.
pub(crate) struct Tenant {
    pub(crate) name: &'static str,
    pub(crate) app: TenantApp,
    ondato: Application,
    intergiro: Programme,
    onfido: Account,
}

/// Everything outside.
pub(crate) struct Outside {
    ondato: Ondato,
    intergiro: Intergiro,
    onfido: Onfido,
    pub(crate) instance: FintechOs,
    tenants: Vec<Tenant>,
}

impl Outside {
    pub(crate) async fn start() -> Result<Self, String> {
        let mut tenants: Vec<Tenant> = Vec::new();
        for (_, name) in PROVIDERS {
            if tenants.iter().all(|tenant| tenant.name != name) {
                let app = TenantApp::start(0, &[SECRET]).await.map_err(|error| format!("{name}'s system: {error}"))?;
                let (ondato, intergiro) = (Application::another(name), Programme::another(name));
                let onfido = Account::shared(name, Region::Eu, &[name]);
                tenants.push(Tenant { name, app, ondato, intergiro, onfido });
            }
        }
        let applications = tenants.iter().map(|tenant| tenant.ondato.clone()).collect();
        let ondato = Ondato::start(Settings { applications, ..Settings::default() }).await;
        let programmes = tenants.iter().map(|tenant| tenant.intergiro.clone()).collect();
        let intergiro = Intergiro::start(bank::Settings { programmes, ..bank::Settings::default() }).await;
        let accounts = tenants.iter().map(|tenant| tenant.onfido.clone()).collect();
        let onfido = Onfido::start(checks::Settings { accounts, ..checks::Settings::default() }).await;
        let instance = FintechOs::start(fintechos::Settings::of("initech")).await;
        Ok(Self {
            ondato: ondato.map_err(|error| format!("the simulated Ondato: {error}"))?,
            intergiro: intergiro.map_err(|error| format!("the simulated Intergiro: {error}"))?,
            onfido: onfido.map_err(|error| format!("the simulated Onfido: {error}"))?,
            instance: instance.map_err(|error| format!("the simulated FintechOS: {error}"))?,
            tenants,
        })
    }

    pub(crate) fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.iter()
    }

    pub(crate) fn tenant(&self, name: &str) -> Result<&Tenant, String> {
        self.tenants.iter().find(|tenant| tenant.name == name).ok_or(format!("there is no tenant {name}"))
    }

    /// What the operator writes into the tenant's secret.
    pub(crate) fn configuration(&self, tenant: &Tenant) -> Value {
        let own = PROVIDERS.iter().filter(|(_, name)| *name == tenant.name);
        let connections = own.map(|(provider, _)| (provider.name().to_owned(), self.connection(*provider, tenant)));
        let mut connections: Map<String, Value> = connections.collect();
        if let Some(mut another) = connections.get(Provider::Onfido.name()).cloned() {
            if let Some(members) = another.as_object_mut() {
                members.insert("delivery".to_owned(), self.delivery());
            }
            connections.insert(TO_FINTECHOS.to_owned(), another);
        }
        json!({
            "connections": connections,
            "delivery": { "kind": "webhook", "url": tenant.app.url(), "secrets": [SECRET] },
            "return_urls": [tenant.app.base_url()],
            "sealing_keys": [SEALING_KEY],
        })
    }

    fn connection(&self, provider: Provider, tenant: &Tenant) -> Value {
        match provider {
            Provider::Ondato => json!({
                "provider": "ondato",
                "base_urls": self.ondato.base_urls(),
                "api": { "client_id": tenant.ondato.client_id, "client_secret": tenant.ondato.client_secret },
                "webhook": { "hmac": [{ "secret": MAC }] },
                "settings": {
                    "setup_id": tenant.ondato.setup_id, "application_id": tenant.ondato.application_id,
                },
            }),
            Provider::Intergiro => json!({
                "provider": "intergiro",
                "base_urls": self.intergiro.base_urls(),
                "api": { "api_key": tenant.intergiro.api_key },
                "webhook": { "url_keys": [URL_KEY] },
            }),
            Provider::Onfido => json!({
                "provider": "onfido",
                "base_urls": { "api": self.onfido.base_urls().get("eu") },
                "api": { "token": tenant.onfido.tokens.first().map(|token| token.token.clone()) },
                "webhook": { "hmac": [{ "secret": MAC }] },
                "settings": {
                    "report_names": ["document", "facial_similarity_photo"], "referrer": "https://*.example.com/*",
                },
            }),
        }
    }

    fn delivery(&self) -> Value {
        let settings = self.instance.settings();
        json!({
            "kind": "fintechos", "endpoint": self.instance.base_url(), "sign_in": "get_token",
            "client_id": settings.client_id, "username": settings.user_name, "password": settings.password,
            "action": settings.action_name, "call": "call_action", "data_form": "json_text", "content": "provider_event",
            "events": ["report.completed"], "kinds": ["part"],
        })
    }

    /// Tells the providers where webhooks go, as their support desk or dashboard is told.
    pub(crate) fn send_webhooks_to(&self, api: &str) {
        for (provider, name) in PROVIDERS {
            let Ok(tenant) = self.tenant(name) else { continue };
            let url = format!("{api}/v1/webhooks/{name}/{}", provider.name());
            match provider {
                Provider::Ondato => {
                    let to = Subscription::to(url).with_hmac(MAC).of(tenant.ondato.application_id.clone());
                    self.ondato.subscribe(to);
                }
                Provider::Intergiro => {
                    let to = bank::Subscription::to(format!("{url}/{URL_KEY}")).of(tenant.intergiro.name.clone());
                    self.intergiro.subscribe(to);
                }
                Provider::Onfido => {
                    // each connection hears the other's events, too
                    for connection in [provider.name(), TO_FINTECHOS] {
                        let to = Registration::to(format!("{api}/v1/webhooks/{name}/{connection}")).of(name);
                        self.onfido.register(to.signed_with(MAC));
                    }
                }
            }
        }
    }

    /// The run that the provider has of it: by our reference, or by the person where it keeps none.
    pub(crate) fn run(&self, provider: Provider, onboarding: &str, email: &str) -> Option<String> {
        match provider {
            Provider::Ondato => self.ondato.idv_by_reference(onboarding),
            Provider::Intergiro => self.intergiro.individual_by_email(email),
            Provider::Onfido => self.onfido.applicants_created().into_iter().find(|applicant| {
                let truth = self.onfido.truth(applicant);
                truth.is_some_and(|truth| truth.resource.get("email").and_then(Value::as_str) == Some(email))
            }),
        }
    }

    /// Whether what the app was answered leads into the run, by the provider's own records.
    pub(crate) fn leads(&self, provider: Provider, run: &str, answer: &Value) -> Result<(), String> {
        let told = |pointer| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let own = match provider {
            Provider::Ondato => self.ondato.link(run),
            Provider::Intergiro => self.intergiro.link(run).unwrap_or_default(),
            Provider::Onfido => {
                let given = self.onfido.truth(run).map(|truth| truth.sdk_tokens);
                let is_one = !told("/sdk/token").is_empty() && given == Some(1);
                return if is_one { Ok(()) } else { Err(format!("{given:?} tokens were given, not one: {answer}")) };
            }
        };
        let given = told("/link/url");
        if given == own { Ok(()) } else { Err(format!("the link is {given}, the provider's own is {own}")) }
    }

    /// The person does her part.
    pub(crate) fn capture(&self, provider: Provider, run: &str) -> Result<(), String> {
        let done = match provider {
            Provider::Ondato => self.ondato.perform(run, Act::whole_capture()).map_err(|error| error.to_string()),
            Provider::Intergiro => {
                self.intergiro.perform(run, bank::Act::whole_form()).map_err(|error| error.to_string())
            }
            Provider::Onfido => self.onfido.act(run, checks::Act::Capture).map_err(|error| error.to_string()),
        };
        done.map(drop)
    }

    /// The provider approves.
    pub(crate) fn approve(&self, provider: Provider, run: &str) -> Result<(), String> {
        let done = match provider {
            Provider::Ondato => {
                self.ondato.perform(run, [Act::approve(), Act::Complete]).map_err(|error| error.to_string())
            }
            Provider::Intergiro => self.intergiro.act(run, bank::Act::Activate).map_err(|error| error.to_string()),
            Provider::Onfido => {
                let check = self.check(run).ok_or("the applicant has no check")?;
                self.onfido.act(&check, checks::Act::complete()).map_err(|error| error.to_string())
            }
        };
        done.map(drop)
    }

    fn check(&self, applicant: &str) -> Option<String> {
        self.onfido.truth(applicant)?.checks.pop()
    }

    /// The reports of an applicant's check.
    pub(crate) fn reports(&self, applicant: &str) -> BTreeSet<String> {
        self.check(applicant).map(|check| self.onfido.reports_of(&check).into_values().collect()).unwrap_or_default()
    }

    /// From now on no webhook about it is sent.
    pub(crate) fn lose_webhooks(&self, provider: Provider, run: &str) {
        match provider {
            Provider::Ondato => self.ondato.misdeliver(WebhookRule::always(WebhookManner::Lost).about(run)),
            Provider::Intergiro => {
                self.intergiro.misdeliver(bank::WebhookRule::always(bank::WebhookManner::Lost).about(run))
            }
            Provider::Onfido => {
                self.onfido.misdeliver(checks::WebhookRule::always(checks::WebhookManner::Lost).about(run))
            }
        };
    }

    /// What the provider holds, in our words.
    pub(crate) fn truth(&self, provider: Provider, run: &str) -> &'static str {
        match provider {
            Provider::Ondato => {
                let truth = self.ondato.truth(run).unwrap_or_default();
                match (truth.idv_status(), truth.kyc_status()) {
                    ("Completed", Some("Approved")) => "approved",
                    (_, Some("Rejected")) => "rejected",
                    _ => "open",
                }
            }
            Provider::Intergiro => {
                let truth = self.intergiro.truth(run);
                match truth.as_ref().map(bank::Truth::status) {
                    Some("activated") => "approved",
                    Some("blocked") => "rejected",
                    Some(_) | None => "open",
                }
            }
            Provider::Onfido => {
                let check = self.check(run).and_then(|check| self.onfido.truth(&check));
                match check.as_ref().map(|check| (check.status(), check.result())) {
                    Some(("complete", Some("clear"))) => "approved",
                    Some(_) | None => "open",
                }
            }
        }
    }

    /// How many webhooks about it were sent, and whether all were answered with 2xx at once.
    pub(crate) fn webhooks(&self, provider: Provider, run: &str) -> (usize, bool) {
        match provider {
            Provider::Ondato => {
                let sent: Vec<_> = self.ondato.webhooks_sent().into_iter().filter(|sent| sent.idv == run).collect();
                (sent.len(), sent.iter().all(idv_simulators::ondato::WebhookSent::accepted))
            }
            Provider::Intergiro => {
                let sent = self.intergiro.webhooks_sent();
                let own: Vec<_> = sent.iter().filter(|sent| sent.individual.as_deref() == Some(run)).collect();
                (own.len(), own.iter().all(|sent| sent.accepted()))
            }
            Provider::Onfido => {
                let sent = self.onfido.webhooks_sent();
                let own: Vec<_> = sent.iter().filter(|sent| sent.about.iter().any(|it| it == run)).collect();
                (own.len(), own.iter().all(|sent| sent.accepted()))
            }
        }
    }

    /// Waits until the webhooks under way are answered.
    pub(crate) async fn quiet(&self, patience: Duration) -> Result<(), String> {
        let told = |error| format!("webhooks are not answered: {error}");
        self.ondato.quiet(patience).await.map_err(told)?;
        self.intergiro.quiet(patience).await.map_err(told)?;
        self.onfido.quiet(patience).await.map_err(told)
    }

    pub(crate) async fn stop(mut self) {
        self.ondato.stop().await;
        self.intergiro.stop().await;
        self.onfido.stop().await;
        self.instance.stop().await;
        for tenant in &mut self.tenants {
            tenant.app.stop().await;
        }
    }
}
