//! The stage: the local stack, simulated providers and a sample tenant application.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use idv_local::{FunctionName, Stack, StackOptions};
use idv_simulators::app::TenantApp;
use idv_simulators::intergiro::{self, Intergiro};
use idv_simulators::ondato::{Application, Ondato, Settings, Subscription};
use serde_json::{Value, json};

use crate::local::told;

/// The plan runs so many times faster: the first look that nobody rang for is due after 15 min, here after 7.5 s.
const FASTER: u32 = 120;
const SECRET: &str = "whsec_ZGVtby1zZWNyZXQtb2YtdGhlLXNhbXBsZS1hcHA=";
const MAC: &str = "demo-webhook-secret-of-ondato";
/// Intergiro signs nothing: the last part of the address is the proof.
const URL_KEY: &str = "demo-url-key-of-intergiro-0123456789abcdef";
/// A link of Intergiro lives this long here, and no faster: long enough for a person in a hurry.
const LINK_LIFE: Duration = Duration::from_secs(12);

/// What the stories play on.
pub(crate) struct Stage {
    pub(crate) stack: Stack,
    pub(crate) ondato: Ondato,
    pub(crate) intergiro: Intergiro,
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
        let app = TenantApp::start(beside(20), &[SECRET])
            .await
            .map_err(|error| format!("the sample application: {error}"))?;
        let config = configuration(&ondato, &intergiro, &app);
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
        let url = format!("{}/v1/webhooks/acme/ondato", stack.public_url());
        ondato.subscribe(Subscription::to(url).with_hmac(MAC));
        let url = format!("{}/v1/webhooks/acme/intergiro/{URL_KEY}", stack.public_url());
        intergiro.subscribe(intergiro::Subscription::to(url));
        Ok(Self { stack, ondato, intergiro, app, patience })
    }

    /// Invokes the initiator as an app of the tenant does.
    pub(crate) async fn invoke(&self, request: &Value) -> Result<Value, String> {
        let invoked = self.stack.invoke(FunctionName::OnboardingInitiator, request, Some("t-acme")).await;
        match invoked.payload.get("error") {
            Some(error) => Err(error.to_string()),
            None if invoked.function_error.is_some() => Err(invoked.payload.to_string()),
            None => Ok(invoked.payload),
        }
    }

    /// Where the curious may look.
    pub(crate) fn addresses(&self) -> String {
        format!(
            "\nThe stack stays up; Ctrl-C ends it.\n\
             \x20 API and Lambda's Invoke API   {}\n\
             \x20 DynamoDB, SQS, Secrets, buses {}\n\
             \x20 simulated Ondato              {}\n\
             \x20 simulated Intergiro           {}\n\
             \x20 sample application            {}",
            self.stack.api_url(),
            self.stack.aws_url().unwrap_or("-"),
            self.ondato.base_urls(),
            self.intergiro.base_urls(),
            self.app.base_url(),
        )
    }

    pub(crate) async fn stop(mut self) {
        self.stack.stop().await;
        self.ondato.stop().await;
        self.intergiro.stop().await;
        self.app.stop().await;
    }
}

fn configuration(ondato: &Ondato, intergiro: &Intergiro, app: &TenantApp) -> Value {
    let key = intergiro.programmes().into_iter().next().map(|programme| programme.api_key);
    let application = ondato.applications().into_iter().next().unwrap_or_else(Application::example);
    json!({ "tenants": { "acme": {
        "connections": { "ondato": {
            "provider": "ondato",
            "base_urls": ondato.base_urls(),
            "api": { "client_id": application.client_id, "client_secret": application.client_secret },
            "webhook": { "hmac": [{ "secret": MAC }] },
            "settings": { "setup_id": application.setup_id, "application_id": application.application_id },
        }, "intergiro": {
            "provider": "intergiro",
            "base_urls": intergiro.base_urls(),
            "api": { "api_key": key },
            "webhook": { "url_keys": [URL_KEY] },
            "settings": { "stalled_after": "20m", "reissue": "auto" },
        } },
        "delivery": { "kind": "webhook", "url": app.url(), "secrets": [SECRET] },
        "return_urls": [app.base_url()],
        "allowed_actions": ["details", "cancel", "erase"],
        "sealing_keys": ["ZGVtbyBzZWFsaW5nIGtleSBvZiAzMiBieXRlcyAhISE="],
    } } })
}
