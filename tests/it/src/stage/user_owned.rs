//! A simulated Fractal ID and a simulated idOS node on the stage: for each tenant an application of the classic way, a
//! client of verifier and of relay with a key of its own, and an idOS identity to which persons grant what they share.
//!
//! What is shared in idOS is told by the classic callback of that tenant's application, signed with a secret of its own.

mod holder;
mod traveller;

use std::collections::{BTreeMap, BTreeSet};

use idv_simulators::fractal::{
    Act, Application, Callback, Client, DeliveryState, Fractal, Generation, KeyPair, Retry, Settings, Visit,
};
use idv_simulators::idos::{self, Consumer, Idos, Shared};
use serde_json::{Value, json};

use super::{Stage, until};

pub use holder::Holder;
pub use traveller::Traveller;

/// The connection of the classic way.
pub const CLASSIC: &str = "fractal";
/// The connection with the verifier.
pub const VERIFIER: &str = "fractal-verifier";
/// The connection with the relay.
pub const RELAY: &str = "fractal-relay";
/// The connection with idOS.
pub const IDOS: &str = "idos";
/// What is asked for at Fractal, if nothing else is said.
pub const LEVEL: &str = "basic+liveness";

/// Both, and what the tenants have there.
pub(super) struct UserOwned {
    fractal: Fractal,
    idos: Idos,
    clients: BTreeMap<String, Vec<(&'static str, Client)>>,
}

/// Starts both, and adds the connections to each tenant's configuration.
pub(super) async fn start<'c>(
    settings: Option<Settings>,
    configs: impl IntoIterator<Item = (&'static str, &'c mut Value)>,
) -> Option<UserOwned> {
    // 20 s until the first repeat are a third of a second here
    let retry = Retry { scale: 60, ..Retry::default() };
    let fractal = Fractal::start(Settings { retry, applications: Vec::new(), ..settings? }).await.unwrap();
    let idos = Idos::start(idos::Settings::default()).await.unwrap();
    let mut clients = BTreeMap::new();
    for (tenant, config) in configs {
        let application = Application::another(tenant);
        let keys = KeyPair::generate().unwrap();
        // the addresses are not known yet
        let client = |generation| Client::new(generation, &keys.public_key, "");
        let own = vec![(VERIFIER, client(Generation::Verifier)), (RELAY, client(Generation::Relay))];
        config["connections"][CLASSIC] = classic(&fractal, tenant, &application);
        for (name, client) in &own {
            config["connections"][*name] = of_client(&fractal, client, &keys);
        }
        config["connections"][IDOS] = of_idos(&idos, tenant);
        fractal.add_application(application);
        clients.insert(tenant.to_owned(), own);
    }
    Some(UserOwned { fractal, idos, clients })
}

fn hosts(fractal: &Fractal, names: &[&str]) -> Value {
    let all = fractal.base_urls();
    names.iter().map(|name| ((*name).to_owned(), all[*name].clone())).collect::<serde_json::Map<_, _>>().into()
}

fn classic(fractal: &Fractal, tenant: &str, application: &Application) -> Value {
    json!({
        "provider": "fractal",
        "base_urls": hosts(fractal, &["app", "auth", "resource"]),
        "api": {"client_id": application.client_id, "client_secret": application.client_secret},
        "webhook": {"hmac": [
            {"secret": sharing_secret(tenant), "types": ["credential_shared"]},
            {"secret": deciding_secret(tenant), "types": [
                "verification_approved", "verification_contacted", "verification_rejected", "email_changed",
                "authorization_revoked",
            ]},
        ]},
        "settings": {"generation": "classic", "level": LEVEL, "idos_connection": IDOS},
    })
}

fn of_client(fractal: &Fractal, client: &Client, keys: &KeyPair) -> Value {
    let generation = client.generation.name();
    json!({
        "provider": "fractal",
        "base_urls": hosts(fractal, &[generation]),
        "api": {"client_id": client.client_id, "signing_key": keys.private_key},
        "webhook": {"hmac": [{"secret": client.webhook_secret}]},
        "settings": {"generation": generation, "level": LEVEL},
    })
}

/// The second of the node's issuers is nobody whom a tenant accepts.
fn of_idos(idos: &Idos, tenant: &str) -> Value {
    let issuer = idos.issuers().remove(0);
    json!({
        "provider": "idos",
        "base_urls": idos.base_urls(),
        "api": {
            "signing_key": data_encoding::HEXLOWER.encode(&signing_seed(tenant)),
            "encryption_key": data_encoding::BASE64.encode(&opening_secret(tenant)),
        },
        "settings": {
            "issuers": [{
                "base_url": issuer.base_url, "public_key": issuer.public_key_multibase,
                "signers": [issuer.issuer_auth_public_key],
            }],
            "level": "basic", "share_url": SHARE_URL,
        },
    })
}

/// Where a person shares.
const SHARE_URL: &str = "https://share.example.com/idos";

/// Signs what a tenant is told of decisions.
#[must_use]
pub fn deciding_secret(tenant: &str) -> String {
    format!("decisions-secret-of-{tenant}-0123456789ab")
}

/// Signs what a tenant is told of idOS.
#[must_use]
pub fn sharing_secret(tenant: &str) -> String {
    format!("sharing-secret-of-{tenant}-0123456789abcd")
}

fn signing_seed(tenant: &str) -> [u8; 32] {
    toy_key(tenant, 0x21)
}

fn opening_secret(tenant: &str) -> [u8; 32] {
    toy_key(tenant, 0x42)
}

/// Each tenant has keys of its own.
fn toy_key(tenant: &str, fill: u8) -> [u8; 32] {
    let mut key = [fill; 32];
    key.iter_mut().zip(tenant.bytes()).for_each(|(byte, from)| *byte = from);
    key
}

impl Stage {
    fn user_owned(&self) -> &UserOwned {
        self.user_owned.as_ref().unwrap_or_else(|| panic!("no Fractal on this stage"))
    }

    /// The simulated Fractal.
    #[must_use]
    pub fn fractal(&self) -> &Fractal {
        &self.user_owned().fractal
    }

    /// The simulated idOS node.
    #[must_use]
    pub fn idos(&self) -> &Idos {
        &self.user_owned().idos
    }

    /// To whom persons grant what they share with a tenant.
    #[must_use]
    pub fn consumer(&self, tenant: &str) -> Consumer {
        Consumer::of_secrets(&signing_seed(tenant), &opening_secret(tenant))
    }

    /// Tells Fractal where a tenant's persons and webhooks go.
    pub(super) fn subscribe_applications(&self) {
        let Some(owned) = &self.user_owned else { return };
        let origin = self.stack.api_url();
        for (tenant, clients) in &owned.clients {
            let callback = || Callback::to(format!("{origin}/v1/webhooks/{tenant}/{CLASSIC}")).of(tenant);
            owned.fractal.register(callback().signed_with(deciding_secret(tenant)));
            owned.fractal.register(callback().only(&["credential_shared"]).signed_with(sharing_secret(tenant)));
            for (connection, client) in clients {
                let redirect_url = format!("{origin}/v1/return/{tenant}/{connection}");
                let client = Client { redirect_url, ..client.clone() };
                owned.fractal.add_client(client.telling(format!("{origin}/v1/webhooks/{tenant}/{connection}")));
            }
        }
    }

    /// A complete request to `start` at Fractal.
    #[must_use]
    pub fn journey_request(&self, tenant: &str, connection: &str, key: &str) -> Value {
        json!({
            "action": "start", "tenant": tenant, "connection": connection, "reference": key, "idempotency_key": key,
            "subject": {"kind": "individual"}, "return_url": format!("{}/done", self.tenant(tenant).app.base_url()),
        })
    }

    /// Begins an onboarding at Fractal; `key` is its idempotency key and its reference. The person has the link.
    pub async fn sets_out(&self, tenant: &str, connection: &'static str, key: &str) -> Traveller<'_> {
        let answer = self.ask(tenant, &self.journey_request(tenant, connection, key)).await;
        Traveller::of(self, tenant, connection, &answer)
    }

    /// The same, and the person goes the whole way.
    pub async fn travels(&self, tenant: &str, connection: &'static str, key: &str) -> Traveller<'_> {
        let mut person = self.sets_out(tenant, connection, key).await;
        person.goes_through(&Visit::default()).await;
        person
    }

    /// A complete request to `start` at idOS, for a new user of it.
    #[must_use]
    pub fn sharing_request(&self, tenant: &str, key: &str, user: &str) -> Value {
        let mut request = self.journey_request(tenant, IDOS, key);
        request["subject"]["user_id"] = json!(user);
        request
    }

    /// Begins an onboarding at idOS, of somebody who has shared nothing yet.
    pub async fn invites(&self, tenant: &str, key: &str) -> Holder<'_> {
        let user = self.idos().profile(vec![format!("0x{:040x}", key.len())]);
        let answer = self.ask(tenant, &self.sharing_request(tenant, key, &user)).await;
        Holder::of(self, tenant, user, &answer)
    }

    /// Somebody whom a tenant's application at Fractal knows by another way than ours.
    #[must_use]
    pub fn acquaintance(&self, tenant: &str) -> String {
        let application = self.fractal().applications().into_iter().find(|it| it.name == tenant).unwrap();
        let link = format!(
            "{}/authorize?client_id={}&redirect_uri=http://127.0.0.1/elsewhere&response_type=code&state=elsewhere\
             &scope=uid:read%20verification.basic:read",
            self.fractal().base_urls()["app"].as_str().unwrap(),
            application.client_id
        );
        self.fractal().visit(&link, &Visit::default()).unwrap().user.unwrap()
    }

    /// A tenant's application is told of what was shared in idOS; gives the acquaintance whose events they are.
    pub fn tells_of(&self, tenant: &str, shared: &Shared) -> String {
        self.tells(tenant, &shared.user_id, shared)
    }

    /// The same, of an event that does not say whose it is: idOS has to be asked.
    pub fn tells_of_somebodys(&self, tenant: &str, shared: &Shared) -> String {
        self.tells(tenant, "somebody", shared)
    }

    fn tells(&self, tenant: &str, human: &str, shared: &Shared) -> String {
        let acquaintance = self.acquaintance(tenant);
        let (human, credential) = (Some(human.to_owned()), Some(shared.credential_id.clone()));
        self.fractal().act(&acquaintance, Act::ShareCredential { human, credential }).unwrap();
        acquaintance
    }

    /// Waits until every webhook of these events has been answered or given up.
    pub async fn fractal_answered(&self, about: &str) {
        until("every webhook is answered", || async {
            let all = self.fractal().deliveries();
            let mine: Vec<_> = all.iter().filter(|it| it.user == about).collect();
            let over = |state| matches!(state, DeliveryState::Delivered | DeliveryState::Lost | DeliveryState::Dropped);
            !mine.is_empty() && mine.iter().all(|it| over(it.state))
        })
        .await;
    }

    /// Where Fractal's webhooks were not taken.
    #[must_use]
    pub fn fractal_refused(&self) -> BTreeSet<String> {
        self.fractal().webhooks_sent().into_iter().filter(|it| !it.accepted()).map(|it| it.url).collect()
    }
}
