//! Fractal ID and idOS, where a person owns what is known of them: the accounts of the sample application's tenant.
//!
//! Fractal is there in its classic way, with a callback and a secret for each type of webhook, and as verifier and relay,
//! whose clients sign for themselves. idOS has no webhooks: what is shared there is told by the classic callback.

use std::io;

use idv_simulators::fractal::{self, Act, Application, Callback, Client, Fractal, Generation, KeyPair, Visit};
use idv_simulators::idos::{self, Consumer, Idos};
use serde_json::{Map, Value, json};

pub(crate) const CLASSIC: &str = "fractal";
pub(crate) const VERIFIER: &str = "fractal-verifier";
pub(crate) const RELAY: &str = "fractal-relay";
pub(crate) const IDOS: &str = "idos";
/// What is asked for: the add-on is a part of its own.
const LEVEL: &str = "basic+liveness";
/// Signs what is told of idOS; the other types have the second.
const SHARING: &str = "demo-webhook-secret-of-fractal-sharing";
const DECIDING: &str = "demo-webhook-secret-of-fractal-decisions";
/// Keys are toys here: one signs in to idOS, the other opens what is shared.
const SIGNING: [u8; 32] = [0x21; 32];
const OPENING: [u8; 32] = [0x42; 32];

/// Both, and what the tenant has there.
pub(crate) struct UserOwned {
    pub(crate) fractal: Fractal,
    pub(crate) idos: Idos,
    /// To whom persons grant what they share.
    pub(crate) consumer: Consumer,
    keys: KeyPair,
    clients: [(&'static str, Client); 2],
}

impl UserOwned {
    /// Fractal listens on five ports that follow each other, idOS on one; 0 takes free ones.
    pub(crate) async fn start([fractal, idos]: [u16; 2]) -> Result<Self, String> {
        let told = |what: &'static str| move |error: io::Error| format!("the simulated {what}: {error}");
        let settings = fractal::Settings { port: fractal, ..fractal::Settings::default() };
        let fractal = Fractal::start(settings).await.map_err(told("Fractal"))?;
        let idos = Idos::start(idos::Settings { port: idos, ..idos::Settings::default() }).await;
        let idos = idos.map_err(told("idOS"))?;
        let keys = KeyPair::generate().map_err(told("key"))?;
        // the addresses are not known yet
        let client = |generation| Client::new(generation, &keys.public_key, "");
        let clients = [(VERIFIER, client(Generation::Verifier)), (RELAY, client(Generation::Relay))];
        Ok(Self { fractal, idos, consumer: Consumer::of_secrets(&SIGNING, &OPENING), keys, clients })
    }

    /// Tells Fractal where persons and webhooks go.
    pub(crate) fn subscribe(&self, public_url: &str) {
        let url = |of: &str, connection: &str| format!("{public_url}/v1/{of}/acme/{connection}");
        let callback = || Callback::to(url("webhooks", CLASSIC));
        self.fractal.register(callback().signed_with(DECIDING));
        self.fractal.register(callback().only(&["credential_shared"]).signed_with(SHARING));
        for (connection, client) in &self.clients {
            let redirect_url = url("return", connection);
            let client = Client { redirect_url, ..client.clone() };
            self.fractal.add_client(client.telling(url("webhooks", connection)));
        }
    }

    /// The connections of the tenant.
    pub(crate) fn connections(&self, share_url: &str) -> Map<String, Value> {
        let clients = self.clients.iter().map(|(name, client)| ((*name).to_owned(), self.of_client(client)));
        let whole = [(CLASSIC.to_owned(), self.classic()), (IDOS.to_owned(), self.of_idos(share_url))];
        clients.chain(whole).collect()
    }

    fn classic(&self) -> Value {
        let application = self.application();
        json!({
            "provider": "fractal",
            "base_urls": self.hosts(&["app", "auth", "resource"]),
            "api": { "client_id": application.client_id, "client_secret": application.client_secret },
            "webhook": { "hmac": [
                { "secret": SHARING, "types": ["credential_shared"] },
                { "secret": DECIDING, "types": [
                    "verification_approved", "verification_contacted", "verification_rejected", "email_changed",
                ] },
            ] },
            "settings": { "generation": "classic", "level": LEVEL, "idos_connection": IDOS },
        })
    }

    fn of_client(&self, client: &Client) -> Value {
        let generation = client.generation.name();
        json!({
            "provider": "fractal",
            "base_urls": self.hosts(&[generation]),
            "api": { "client_id": client.client_id, "signing_key": self.keys.private_key },
            "webhook": { "hmac": [{ "secret": client.webhook_secret }] },
            "settings": { "generation": generation, "level": LEVEL },
        })
    }

    /// The second of the node's issuers is nobody whom the tenant accepts.
    fn of_idos(&self, share_url: &str) -> Value {
        let accepted = self.idos.issuers().into_iter().take(1).map(|issuer| {
            json!({
                "base_url": issuer.base_url, "public_key": issuer.public_key_multibase,
                "signers": [issuer.issuer_auth_public_key],
            })
        });
        json!({
            "provider": "idos",
            "base_urls": self.idos.base_urls(),
            "api": { "signing_key": hex(&SIGNING), "encryption_key": encryption_key() },
            "settings": { "issuers": accepted.collect::<Vec<_>>(), "level": "basic", "share_url": share_url },
        })
    }

    fn hosts(&self, names: &[&str]) -> Value {
        let all = self.fractal.base_urls();
        let own = names.iter().map(|name| ((*name).to_owned(), json!(all.get(name))));
        Value::Object(own.collect())
    }

    fn application(&self) -> Application {
        self.fractal.applications().into_iter().next().unwrap_or_else(Application::example)
    }

    /// Somebody whom the application knows by another way than ours.
    pub(crate) fn acquaintance(&self) -> Result<String, String> {
        let base = self.fractal.base_urls();
        let app = base.get("app").and_then(Value::as_str).unwrap_or_default();
        let link = format!(
            "{app}/authorize?client_id={}&redirect_uri=http://127.0.0.1/elsewhere&response_type=code&state=elsewhere\
             &scope=uid:read%20verification.basic:read",
            self.application().client_id
        );
        let gone = self.fractal.visit(&link, &Visit::default()).map_err(|error| error.to_string())?;
        gone.user.ok_or_else(|| "Fractal does not know the person".to_owned())
    }

    /// Fractal tells of what was shared in idOS.
    pub(crate) fn tells_of(&self, shared: &idos::Shared) -> Result<(), String> {
        let (human, credential) = (Some(shared.user_id.clone()), Some(shared.credential_id.clone()));
        let acquaintance = self.acquaintance()?;
        let told = self.fractal.act(&acquaintance, Act::ShareCredential { human, credential });
        told.map(drop).map_err(|error| error.to_string())
    }

    pub(crate) async fn stop(&mut self) {
        self.fractal.stop().await;
        self.idos.stop().await;
    }
}

/// The page of the application where persons share.
pub(crate) fn share_url(app: &str) -> String {
    format!("{}/share", app.trim_end_matches('/'))
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn encryption_key() -> String {
    data_encoding::BASE64.encode(&OPENING)
}
