//! The world outside the account: simulated providers, and for each tenant an application that verifies what it is sent.
//!
//! A provider is one arm of each match below and a row in `PROVIDERS`.

use std::time::Duration;

use idv_simulators::app::TenantApp;
use idv_simulators::intergiro::{self as bank, Intergiro, Programme};
use idv_simulators::ondato::{Act, Application, Ondato, Settings, Subscription, WebhookManner, WebhookRule};
use serde_json::{Value, json};

/// The secret part of the address to which a provider sends what it does not sign.
const URL_KEY: &str = "deployment-test-url-key-of-43-characters-01";
/// Signs the webhooks of the providers that sign.
const MAC: &str = "deployment-test-webhook-secret";
/// Signs the deliveries.
const SECRET: &str = "whsec_ZGVwbG95bWVudC10ZXN0LXRlbmFudC1zZWNyZXQ=";
const SEALING_KEY: &str = "ZGVwbG95bWVudC10ZXN0IHNlYWxpbmcga2V5IDMyIEI=";

/// A simulated provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Ondato,
    Intergiro,
}

/// Each provider with the tenant that has an account with it. The tenant `acme` has only what the version before knows:
/// to a version that does not know a provider, a tenant with that provider is one that cannot be read.
pub(crate) const PROVIDERS: [(Provider, &str); 2] = [(Provider::Ondato, "acme"), (Provider::Intergiro, "globex")];

impl Provider {
    /// Of the connection, too.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ondato => "ondato",
            Self::Intergiro => "intergiro",
        }
    }

    /// Who is to be verified, as this provider wants it said. Nobody else has this address.
    pub(crate) fn subject(self, email: &str) -> Value {
        match self {
            Self::Ondato => json!({ "kind": "individual", "firstName": "Ona", "lastName": "Example", "email": email }),
            Self::Intergiro => json!({
                "kind": "individual", "first_name": "Ona", "last_name": "Example", "email": email,
                "phone_number": "46700000000", "date_of_birth": "1991-12-06",
                "address": {
                    "country_code": "SE", "street1": "Torg 2", "city": "Uppsala", "region": "Uppsala", "postal_code": "753 10",
                },
            }),
        }
    }

    /// What the tenant is told once the person has done her part.
    pub(crate) const fn captured(self) -> &'static str {
        match self {
            Self::Ondato => "submitted",
            Self::Intergiro => "in_review",
        }
    }
}

/// A tenant and its application.
pub(crate) struct Tenant {
    pub(crate) name: &'static str,
    pub(crate) app: TenantApp,
    ondato: Application,
    intergiro: Programme,
}

/// Everything outside.
pub(crate) struct Outside {
    ondato: Ondato,
    intergiro: Intergiro,
    tenants: Vec<Tenant>,
}

impl Outside {
    pub(crate) async fn start() -> Result<Self, String> {
        let mut tenants: Vec<Tenant> = Vec::new();
        for (_, name) in PROVIDERS {
            if tenants.iter().all(|tenant| tenant.name != name) {
                let app = TenantApp::start(0, &[SECRET]).await.map_err(|error| format!("{name}'s system: {error}"))?;
                let (ondato, intergiro) = (Application::another(name), Programme::another(name));
                tenants.push(Tenant { name, app, ondato, intergiro });
            }
        }
        let applications = tenants.iter().map(|tenant| tenant.ondato.clone()).collect();
        let ondato = Ondato::start(Settings { applications, ..Settings::default() }).await;
        let programmes = tenants.iter().map(|tenant| tenant.intergiro.clone()).collect();
        let intergiro = Intergiro::start(bank::Settings { programmes, ..bank::Settings::default() }).await;
        Ok(Self {
            ondato: ondato.map_err(|error| format!("the simulated Ondato: {error}"))?,
            intergiro: intergiro.map_err(|error| format!("the simulated Intergiro: {error}"))?,
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
            Provider::Intergiro => json!({
                "provider": "intergiro",
                "base_urls": self.intergiro.base_urls(),
                "api": { "api_key": tenant.intergiro.api_key },
                "webhook": { "url_keys": [URL_KEY] },
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
                Provider::Intergiro => {
                    let to = bank::Subscription::to(format!("{url}/{URL_KEY}")).of(tenant.intergiro.name.clone());
                    self.intergiro.subscribe(to);
                }
            }
        }
    }

    /// The run that the provider has of it: by our reference, or by the person where it keeps none.
    pub(crate) fn run(&self, provider: Provider, onboarding: &str, email: &str) -> Option<String> {
        match provider {
            Provider::Ondato => self.ondato.idv_by_reference(onboarding),
            Provider::Intergiro => self.intergiro.individual_by_email(email),
        }
    }

    /// The link that the provider itself would give.
    pub(crate) fn link(&self, provider: Provider, run: &str) -> String {
        match provider {
            Provider::Ondato => self.ondato.link(run),
            Provider::Intergiro => self.intergiro.link(run).unwrap_or_default(),
        }
    }

    /// The person does her part.
    pub(crate) fn capture(&self, provider: Provider, run: &str) -> Result<(), String> {
        let done = match provider {
            Provider::Ondato => self.ondato.perform(run, Act::whole_capture()).map_err(|error| error.to_string()),
            Provider::Intergiro => {
                self.intergiro.perform(run, bank::Act::whole_form()).map_err(|error| error.to_string())
            }
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
        };
        done.map(drop)
    }

    /// From now on no webhook about it is sent.
    pub(crate) fn lose_webhooks(&self, provider: Provider, run: &str) {
        match provider {
            Provider::Ondato => self.ondato.misdeliver(WebhookRule::always(WebhookManner::Lost).about(run)),
            Provider::Intergiro => {
                self.intergiro.misdeliver(bank::WebhookRule::always(bank::WebhookManner::Lost).about(run))
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
        }
    }

    /// Waits until the webhooks under way are answered.
    pub(crate) async fn quiet(&self, patience: Duration) -> Result<(), String> {
        let told = |error| format!("webhooks are not answered: {error}");
        self.ondato.quiet(patience).await.map_err(told)?;
        self.intergiro.quiet(patience).await.map_err(told)
    }

    pub(crate) async fn stop(mut self) {
        self.ondato.stop().await;
        self.intergiro.stop().await;
        for tenant in &mut self.tenants {
            tenant.app.stop().await;
        }
    }
}
