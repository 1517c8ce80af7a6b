//! Two clients of one Onfido account, each with a FintechOS instance of its own.
//!
//! Their webhooks go where the service that such clients had before took them, and tell of finished reports alone. No
//! check names the webhook that it is for, so Onfido sends everything to both.

use idv_simulators::fintechos::{self, FintechOs};
use idv_simulators::onfido::{Account, Onfido, Region, Registration};
use serde_json::{Value, json};

use super::stage::SEALING_KEY;

/// The one account.
pub(crate) const ACCOUNT: &str = "platform";
/// The names of both connections.
pub(crate) const CONNECTION: &str = "onfido-live";

/// A client.
pub(crate) struct Client {
    pub(crate) tenant: &'static str,
    /// The last part of the address that its webhooks go to.
    configuration: &'static str,
    /// What its webhooks are signed with.
    webhook_token: &'static str,
    pub(crate) instance: FintechOs,
    way: Way,
}

/// How an instance is signed in to and called.
#[derive(Clone, Copy)]
enum Way {
    /// The older sign-in, the action's call with the event as text.
    Legacy,
    /// The newer sign-in, the endpoint's own address with the event and its report.
    Endpoint,
}

impl Client {
    /// Both; the instances listen on these ports, 0 takes a free one.
    pub(crate) async fn both(ports: [u16; 2]) -> Result<Vec<Self>, String> {
        let rows = [
            ("client-a", "ClientA_Live", "demo-webhook-token-of-client-a-01", Way::Legacy, ""),
            ("client-b", "ClientB_Live", "demo-webhook-token-of-client-b-01", Way::Endpoint, "/portal"),
        ];
        let mut clients = Vec::new();
        for ((tenant, configuration, webhook_token, way, base_path), port) in rows.into_iter().zip(ports) {
            let settings =
                fintechos::Settings { port, base_path: base_path.to_owned(), ..fintechos::Settings::of(tenant) };
            let instance = FintechOs::start(settings).await;
            let instance = instance.map_err(|error| format!("the FintechOS instance of {tenant}: {error}"))?;
            clients.push(Self { tenant, configuration, webhook_token, instance, way });
        }
        Ok(clients)
    }

    /// Their account at Onfido: a token for each.
    pub(crate) fn account(clients: &[Self]) -> Account {
        let names: Vec<&str> = clients.iter().map(|client| client.tenant).collect();
        Account::shared(ACCOUNT, Region::Eu, &names)
    }

    /// The path of its webhooks.
    pub(crate) fn alias(&self) -> String {
        format!("/dcs/kyc2/webhook/notify/{}", self.configuration)
    }

    /// Where it leads.
    pub(crate) fn target(&self) -> Value {
        json!({ "tenant": self.tenant, "connection": CONNECTION })
    }

    /// Sets its webhook up, as a person does in the Dashboard.
    pub(crate) fn register(&self, onfido: &Onfido, public_url: &str) {
        let url = format!("{}{}", public_url.trim_end_matches('/'), self.alias());
        let registration = Registration::to(url).of(ACCOUNT).only(&["report.completed"]);
        onfido.register(registration.signed_with(self.webhook_token));
    }

    /// Its own part of the configuration.
    pub(crate) fn configuration(&self, onfido: &Onfido, base_urls: &Value, return_url: &str) -> Value {
        let accounts = onfido.accounts().into_iter().flat_map(|account| account.tokens);
        let token = accounts.into_iter().find(|token| token.client == self.tenant).map(|token| token.token);
        json!({
            "connections": { CONNECTION: {
                "provider": "onfido",
                "base_urls": base_urls,
                "api": { "token": token },
                "webhook": { "hmac": [{ "secret": self.webhook_token }] },
                "settings": {
                    "report_names": ["document", "facial_similarity_photo"], "referrer": "https://*.example.com/*",
                    "consider": "rejected", "shared_account": true,
                },
                "delivery": self.delivery(),
            } },
            "return_urls": [return_url],
            "sealing_keys": [SEALING_KEY],
        })
    }

    fn delivery(&self) -> Value {
        let settings = self.instance.settings();
        let (sign_in, call, data_form, content) = match self.way {
            Way::Legacy => ("get_token", "call_action", "json_text", "provider_event"),
            Way::Endpoint => ("keycloak_token", "endpoint_api", "json_object", "provider_event_with_report"),
        };
        json!({
            "kind": "fintechos", "endpoint": self.instance.base_url(), "sign_in": sign_in,
            "client_id": settings.client_id, "username": settings.user_name, "password": settings.password,
            "action": settings.action_name, "call": call, "data_form": data_form, "content": content,
            "events": ["report.completed"], "kinds": ["part"],
        })
    }
}
