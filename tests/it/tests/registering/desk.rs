//! An operator's desk: a simulated Onfido, a configuration in a file, and the command.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use idv_it::stage::{Ran, idv};
use idv_simulators::onfido::{Environment, Onfido, Settings, WebhookRecord};
use serde_json::{Value, json};

pub(crate) const ORIGIN: &str = "https://idv.example.com";
pub(crate) const ADDRESS: &str = "https://idv.example.com/v1/webhooks/acme/onfido";
pub(crate) const ALIAS: &str = "/dcs/kyc2/webhook/notify/ClientA_Live";

/// A file that is removed in the end.
pub(crate) struct File(pub(crate) PathBuf);

impl File {
    pub(crate) fn of(text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("idv-registering-{}-{number}.json", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(crate) struct Desk {
    pub(crate) onfido: Onfido,
    pub(crate) file: File,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default(), json!({})).await
    }

    /// Without an alias there is none in the file.
    pub(crate) async fn with(settings: Settings, aliases: Value) -> Self {
        let onfido = Onfido::start(settings).await.unwrap();
        let file = File::of(&configuration(&onfido, &aliases));
        Self { onfido, file }
    }

    pub(crate) fn token(&self, environment: Environment) -> String {
        let tokens = &self.onfido.accounts()[0].tokens;
        tokens.iter().find(|token| token.environment == environment).unwrap().token.clone()
    }

    /// `idv connection register` with the file.
    pub(crate) async fn register(&self, rest: &[&str]) -> Ran {
        self.connection("register", &[&["--public-url", ORIGIN], rest].concat()).await
    }

    pub(crate) async fn connection(&self, command: &str, rest: &[&str]) -> Ran {
        let which = ["connection", command, "--config", self.file.path(), "--tenant", "acme", "--connection", "onfido"];
        let ran = idv(&[&which[..], &["--local-targets"], rest].concat()).await;
        self.shows_no_secret(&ran);
        ran
    }

    /// The same, which must be done; gives what was told.
    pub(crate) async fn registers(&self, rest: &[&str]) -> String {
        let ran = self.register(rest).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.told
    }

    fn shows_no_secret(&self, ran: &Ran) {
        let tokens = self.onfido.accounts().into_iter().flat_map(|account| account.tokens).map(|token| token.token);
        let signing = self.onfido.webhooks().into_iter().map(|webhook| webhook.token);
        for secret in tokens.chain(signing) {
            assert!(!ran.told.contains(&secret), "{ran:?}");
        }
    }

    /// What stands at Onfido.
    pub(crate) fn standing(&self) -> Vec<WebhookRecord> {
        self.onfido.webhooks().into_iter().filter(|webhook| !webhook.removed).collect()
    }

    /// The one that stands there.
    pub(crate) fn webhook(&self) -> WebhookRecord {
        let mut all = self.standing();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// The signing secrets and webhook ids in the file.
    pub(crate) fn stored(&self) -> (Vec<String>, Vec<String>) {
        let connection = self.file.json()["tenants"]["acme"]["connections"]["onfido"].clone();
        let texts = |list: &Value, member: &str| {
            let items = list.as_array().cloned().unwrap_or_default();
            let text = |item: Value| if member.is_empty() { item } else { item[member].clone() };
            items.into_iter().map(|item| text(item).as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        (texts(&connection["webhook"]["hmac"], "secret"), texts(&connection["settings"]["webhook_ids"], ""))
    }
}

/// Written by hand: members in an order of its own.
fn configuration(onfido: &Onfido, aliases: &Value) -> String {
    let (base, token) = (onfido.base_urls()["eu"].clone(), onfido.accounts()[0].tokens[0].token.clone());
    format!(
        r#"{{
  "tenants": {{
    "acme": {{
      "sealing_keys": ["ZW5kLXRvLWVuZCBzZWFsaW5nIGtleSwgMzIgYnl0ZXM="],
      "connections": {{
        "onfido": {{"provider": "onfido", "settings": {{"referrer": "https://*.example.com/*", "consider": "rejected"}}, "base_urls": {{"api": {base}}}, "api": {{"token": "{token}"}}}}
      }}
    }}
  }},
  "aliases": {aliases}
}}
"#
    )
}
