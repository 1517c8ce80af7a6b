//! The stage: the local stack, simulated providers, a sample tenant application, and two clients with FintechOS.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use idv_local::{FunctionName, Stack, StackOptions};
use idv_simulators::app::TenantApp;
use idv_simulators::intergiro::{self, Intergiro};
use idv_simulators::ondato::{Application, Ondato, Settings, Subscription};
use idv_simulators::onfido::{self, Account, Onfido, Registration, Workflow};
use serde_json::{Map, Value, json};

use crate::local::told;

use super::clients::Client;
use super::user_owned::{UserOwned, share_url};

/// The plan runs so many times faster: the first look that nobody rang for is due after 15 min, here after 7.5 s.
const FASTER: u32 = 120;
const SECRET: &str = "whsec_ZGVtby1zZWNyZXQtb2YtdGhlLXNhbXBsZS1hcHA=";
const MAC: &str = "demo-webhook-secret-of-ondato";
/// Intergiro signs nothing: the last part of the address is the proof.
const URL_KEY: &str = "demo-url-key-of-intergiro-0123456789abcdef";
/// What Onfido signs the webhooks of the sample application's tenant with.
const WEBHOOK_TOKEN: &str = "demo-webhook-token-of-onfido-0001";
/// Seals what the gateway keeps.
pub(crate) const SEALING_KEY: &str = "ZGVtbyBzZWFsaW5nIGtleSBvZiAzMiBieXRlcyAhISE=";
/// A link of Intergiro lives this long here, and no faster: long enough for a person in a hurry.
const LINK_LIFE: Duration = Duration::from_secs(12);

/// What the stories play on.
pub(crate) struct Stage {
    pub(crate) stack: Stack,
    pub(crate) ondato: Ondato,
    pub(crate) intergiro: Intergiro,
    pub(crate) onfido: Onfido,
    /// Fractal ID and idOS.
    pub(crate) user_owned: UserOwned,
    /// Two clients of one Onfido account.
    pub(crate) clients: Vec<Client>,
    pub(crate) app: TenantApp,
    /// How long a story waits for what must come.
    pub(crate) patience: Duration,
}

impl Stage {
    /// Starts everything. The ports follow each other; 0 takes free ones.
    pub(crate) async fn start(
        port: u16,
        functions: BTreeMap<FunctionName, PathBuf>,
        patience: Duration,
    ) -> Result<Self, String> {
        let beside = |distance: u16| if port == 0 { 0 } else { port.saturating_add(distance) };
        let settings = Settings { port: beside(10), ..Settings::default() };
        let ondato = Ondato::start(settings).await.map_err(|error| format!("the simulated Ondato: {error}"))?;
        let settings = intergiro::Settings { port: beside(30), link_life: LINK_LIFE, ..intergiro::Settings::default() };
        let intergiro =
            Intergiro::start(settings).await.map_err(|error| format!("the simulated Intergiro: {error}"))?;
        let clients = Client::both([beside(50), beside(51)]).await?;
        let settings = onfido::Settings {
            port: beside(40),
            accounts: vec![Account::example(), Client::account(&clients)],
            ..onfido::Settings::default()
        };
        let onfido = Onfido::start(settings).await.map_err(|error| format!("the simulated Onfido: {error}"))?;
        let user_owned = UserOwned::start([beside(60), beside(70)]).await?;
        let app = TenantApp::start(beside(20), &[SECRET])
            .await
            .map_err(|error| format!("the sample application: {error}"))?;
        let mut config = configuration(&ondato, &intergiro, &onfido, &clients, &app);
        if let Some(connections) = config.pointer_mut("/tenants/acme/connections").and_then(Value::as_object_mut) {
            connections.extend(user_owned.connections(&share_url(&app.base_url())));
        }
        crate::config::check(&config.to_string(), true).map_err(|errors| errors.join("\n"))?;
        let stack = Stack::start(StackOptions {
            port,
            time_scale: FASTER,
            schedule: true,
            concurrency: 4,
            log_level: "error".to_owned(),
            forward_logs: true,
            ..StackOptions::new(config, functions)
        })
        .await
        .map_err(|error| told(&error))?;
        let stage = Self { stack, ondato, intergiro, onfido, user_owned, clients, app, patience };
        stage.subscribe();
        Ok(stage)
    }

    /// Tells the providers where webhooks go, as their dashboards and support desks are told.
    fn subscribe(&self) {
        let url = |connection: &str| format!("{}/v1/webhooks/acme/{connection}", self.stack.public_url());
        self.ondato.subscribe(Subscription::to(url("ondato")).with_hmac(MAC));
        self.intergiro.subscribe(intergiro::Subscription::to(format!("{}/{URL_KEY}", url("intergiro"))));
        self.onfido.register(Registration::to(url("onfido")).signed_with(WEBHOOK_TOKEN));
        self.user_owned.subscribe(self.stack.public_url());
        for client in &self.clients {
            client.register(&self.onfido, self.stack.public_url());
        }
    }

    /// A client with an instance of its own; the tenant of the sample application has none.
    pub(crate) fn client(&self, tenant: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.tenant == tenant)
    }

    /// Invokes the initiator as an app of the tenant that it names does.
    pub(crate) async fn invoke(&self, request: &Value) -> Result<Value, String> {
        let alias = format!("t-{}", request.get("tenant").and_then(Value::as_str).unwrap_or_default());
        let invoked = self.stack.invoke(FunctionName::OnboardingInitiator, request, Some(&alias)).await;
        match invoked.payload.get("error") {
            Some(error) => Err(error.to_string()),
            None if invoked.function_error.is_some() => Err(invoked.payload.to_string()),
            None => Ok(invoked.payload),
        }
    }

    /// Where the curious may look.
    pub(crate) fn addresses(&self) -> String {
        let instances: Vec<String> = self
            .clients
            .iter()
            .map(|client| format!("  FintechOS of {}         {}", client.tenant, client.instance.base_url()))
            .collect();
        format!(
            "\nThe stack stays up; Ctrl-C ends it.\n\
             \x20 API and Lambda's Invoke API   {}\n\
             \x20 DynamoDB, SQS, Secrets, buses {}\n\
             \x20 simulated Ondato              {}\n\
             \x20 simulated Intergiro           {}\n\
             \x20 simulated Onfido              {}, pages {}\n\
             \x20 simulated Fractal ID          {}\n\
             \x20 simulated idOS node           {}\n\
             \x20 sample application            {}\n{}",
            self.stack.api_url(),
            self.stack.aws_url().unwrap_or("-"),
            self.ondato.base_urls(),
            self.intergiro.base_urls(),
            self.onfido.api_url(),
            self.onfido.pages_url(),
            self.user_owned.fractal.base_urls(),
            self.user_owned.idos.base_url(),
            self.app.base_url(),
            instances.join("\n"),
        )
    }

    pub(crate) async fn stop(mut self) {
        self.stack.stop().await;
        self.ondato.stop().await;
        self.intergiro.stop().await;
        self.onfido.stop().await;
        self.user_owned.stop().await;
        for client in &mut self.clients {
            client.instance.stop().await;
        }
        self.app.stop().await;
    }
}

fn configuration(
    ondato: &Ondato,
    intergiro: &Intergiro,
    onfido: &Onfido,
    clients: &[Client],
    app: &TenantApp,
) -> Value {
    // the host for Europe
    let hosts = onfido.base_urls();
    let base_urls = json!({ "api": hosts.get("eu") });
    let rows = clients
        .iter()
        .map(|client| (client.tenant.to_owned(), client.configuration(onfido, &base_urls, &app.base_url())));
    let mut tenants: Map<String, Value> = rows.collect();
    let acme = json!({
        "connections": {
            "ondato": of_ondato(ondato), "intergiro": of_intergiro(intergiro), "onfido": of_onfido(onfido, &base_urls),
        },
        "delivery": { "kind": "webhook", "url": app.url(), "secrets": [SECRET] },
        "return_urls": [app.base_url()],
        "allowed_actions": ["details", "cancel", "erase"],
        "sealing_keys": [SEALING_KEY],
    });
    tenants.insert("acme".to_owned(), acme);
    let aliases: Map<String, Value> = clients.iter().map(|client| (client.alias(), client.target())).collect();
    json!({ "tenants": tenants, "aliases": aliases })
}

fn of_ondato(ondato: &Ondato) -> Value {
    let application = ondato.applications().into_iter().next().unwrap_or_else(Application::example);
    json!({
        "provider": "ondato",
        "base_urls": ondato.base_urls(),
        "api": { "client_id": application.client_id, "client_secret": application.client_secret },
        "webhook": { "hmac": [{ "secret": MAC }] },
        "settings": { "setup_id": application.setup_id, "application_id": application.application_id },
    })
}

fn of_intergiro(intergiro: &Intergiro) -> Value {
    let key = intergiro.programmes().into_iter().next().map(|programme| programme.api_key);
    json!({
        "provider": "intergiro",
        "base_urls": intergiro.base_urls(),
        "api": { "api_key": key },
        "webhook": { "url_keys": [URL_KEY] },
        "settings": { "stalled_after": "20m", "reissue": "auto" },
    })
}

/// An account of its own, in which both ways of starting are used.
fn of_onfido(onfido: &Onfido, base_urls: &Value) -> Value {
    let token = onfido.accounts().into_iter().next().and_then(|account| account.tokens.into_iter().next());
    json!({
        "provider": "onfido",
        "base_urls": base_urls,
        "api": { "token": token.map(|token| token.token) },
        "webhook": { "hmac": [{ "secret": WEBHOOK_TOKEN }] },
        "settings": {
            "report_names": ["document", "facial_similarity_photo"], "workflow_id": Workflow::example().id,
            "referrer": "https://*.example.com/*", "consider": "rejected",
        },
    })
}
