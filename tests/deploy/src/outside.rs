//! The world outside the account: simulated providers, and for each tenant an application that verifies what it is sent.
//!
//! A provider is one arm of each match below and a row in `PROVIDERS`.

use std::time::Duration;

use idv_simulators::app::TenantApp;
use idv_simulators::ondato::{Act, Application, Ondato, Settings, Subscription, WebhookManner, WebhookRule};
use serde_json::{Value, json};

/// Signs the webhooks of the providers that sign.
const MAC: &str = "deployment-test-webhook-secret";
/// Signs the deliveries.
const SECRET: &str = "whsec_ZGVwbG95bWVudC10ZXN0LXRlbmFudC1zZWNyZXQ=";
const SEALING_KEY: &str = "ZGVwbG95bWVudC10ZXN0IHNlYWxpbmcga2V5IDMyIEI=";

/// A simulated provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Ondato,
}

/// Each provider with the tenant that has an account with it. The tenant `acme` has only what the version before knows:
/// to a version that does not know a provider, a tenant with that provider is one that cannot be read.
pub(crate) const PROVIDERS: [(Provider, &str); 2] = [(Provider::Ondato, "acme"), (Provider::Ondato, "globex")];

impl Provider {
    /// Of the connection, too.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ondato => "ondato",
        }
    }

    /// Who is to be verified, as this provider wants it said.
    pub(crate) fn subject(self) -> Value {
        match self {
            Self::Ondato => json!({ "kind": "individual", "firstName": "Ona", "lastName": "Example" }),
        }
    }
}

/// A tenant and its application.
pub(crate) struct Tenant {
    pub(crate) name: &'static str,
    pub(crate) app: TenantApp,
    ondato: Application,
}

/// Everything outside.
pub(crate) struct Outside {
    ondato: Ondato,
    tenants: Vec<Tenant>,
}

impl Outside {
    pub(crate) async fn start() -> Result<Self, String> {
        let mut tenants: Vec<Tenant> = Vec::new();
        for (_, name) in PROVIDERS {
            if tenants.iter().all(|tenant| tenant.name != name) {
                let app = TenantApp::start(0, &[SECRET]).await.map_err(|error| format!("{name}'s system: {error}"))?;
                tenants.push(Tenant { name, app, ondato: Application::another(name) });
            }
        }
        let applications = tenants.iter().map(|tenant| tenant.ondato.clone()).collect();
        let ondato = Ondato::start(Settings { applications, ..Settings::default() }).await;
        Ok(Self { ondato: ondato.map_err(|error| format!("the simulated Ondato: {error}"))?, tenants })
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
        json!({
            "connections": connections.collect::<serde_json::Map<_, _>>(),
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
        }
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
            }
        }
    }

    /// The run that the provider has with our reference.
    pub(crate) fn run(&self, provider: Provider, onboarding: &str) -> Option<String> {
        match provider {
            Provider::Ondato => self.ondato.idv_by_reference(onboarding),
        }
    }

    /// The link that the provider itself would give.
    pub(crate) fn link(&self, provider: Provider, run: &str) -> String {
        match provider {
            Provider::Ondato => self.ondato.link(run),
        }
    }

    /// The person does her part.
    pub(crate) fn capture(&self, provider: Provider, run: &str) -> Result<(), String> {
        match provider {
            Provider::Ondato => self.ondato.perform(run, Act::whole_capture()),
        }
        .map(drop)
        .map_err(|error| error.to_string())
    }

    /// The provider approves.
    pub(crate) fn approve(&self, provider: Provider, run: &str) -> Result<(), String> {
        match provider {
            Provider::Ondato => self.ondato.perform(run, [Act::approve(), Act::Complete]),
        }
        .map(drop)
        .map_err(|error| error.to_string())
    }

    /// From now on no webhook about it is sent.
    pub(crate) fn lose_webhooks(&self, provider: Provider, run: &str) {
        match provider {
            Provider::Ondato => self.ondato.misdeliver(WebhookRule::always(WebhookManner::Lost).about(run)),
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
        }
    }

    /// How many webhooks about it were sent, and whether all were answered with 2xx at once.
    pub(crate) fn webhooks(&self, provider: Provider, run: &str) -> (usize, bool) {
        match provider {
            Provider::Ondato => {
                let sent: Vec<_> = self.ondato.webhooks_sent().into_iter().filter(|sent| sent.idv == run).collect();
                (sent.len(), sent.iter().all(idv_simulators::ondato::WebhookSent::accepted))
            }
        }
    }

    /// Waits until the webhooks under way are answered.
    pub(crate) async fn quiet(&self, patience: Duration) -> Result<(), String> {
        self.ondato.quiet(patience).await.map_err(|error| format!("webhooks are not answered: {error}"))
    }

    pub(crate) async fn stop(mut self) {
        self.ondato.stop().await;
        for tenant in &mut self.tenants {
            tenant.app.stop().await;
        }
    }
}
