//! The configuration of one connection where it rests, and what is to be stored in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use idv_gateway::config::{Rules, read_file, read_index, read_tenant};
use idv_gateway::domain::{ConnectionKey, ConnectionName, Tenant};
use idv_gateway::ports::{Connection, TenantConfig};
use idv_gateway::register::Kept;
use idv_gateway::section::Fault as Wrong;
use serde_json::Value;

use super::{Fault, Which};
use crate::document::Document;
use crate::say::to_people;
use crate::stored::{self, Secrets};

/// What is left of a wait is told so often.
const TOLD_EACH: Duration = Duration::from_secs(15);

enum Rest {
    File(PathBuf),
    Secrets(Secrets),
}

/// One connection's configuration, as it was read last.
pub(super) struct Place {
    rest: Rest,
    rules: Rules,
    key: ConnectionKey,
    config: TenantConfig,
    /// Exact paths of other integrations that lead to it.
    pub(super) aliases: Vec<String>,
    text: String,
    /// From the text to the connection.
    path: Vec<String>,
}

impl Place {
    pub(super) async fn read(which: &Which) -> Result<Self, Fault> {
        let rules = Rules { local_targets: which.local_targets };
        let key = ConnectionKey { tenant: which.tenant.clone(), name: which.connection.clone() };
        let read = match (&which.config, &which.secrets) {
            (Some(path), _) => Self::in_file(path, key, rules),
            (None, Some(prefix)) => {
                let secrets = Secrets::new(Client::new(&which.account.config().await), prefix);
                Self::in_secrets(secrets, key, rules).await
            }
            (None, None) => Err(Fault::Line("one of --config and --secrets is needed".to_owned())),
        }?;
        read.connection()?;
        Ok(read)
    }

    fn in_file(path: &Path, key: ConnectionKey, rules: Rules) -> Result<Self, Fault> {
        let wrong = |errors: Vec<String>| Fault::Input(errors, path.to_owned());
        let text =
            std::fs::read_to_string(path).map_err(|error| wrong(vec![format!("the file cannot be read: {error}")]))?;
        let mut read = read_file(&text, rules).map_err(|faults| wrong(words(&faults)))?;
        let aliases = read.aliases.into_iter().filter(|(_, to)| *to == key).map(|(path, _)| path).collect();
        let Some((config, _)) = read.tenants.remove(&key.tenant) else {
            let known = read.tenants.keys().map(Tenant::as_str).collect();
            return Err(unknown(format!("there is no tenant {}", key.tenant), known));
        };
        let names = ["tenants", key.tenant.as_str(), "connections", key.name.as_str()];
        let path_to = names.map(str::to_owned).to_vec();
        Ok(Self { rest: Rest::File(path.to_owned()), rules, key, config, aliases, text, path: path_to })
    }

    async fn in_secrets(secrets: Secrets, key: ConnectionKey, rules: Rules) -> Result<Self, Fault> {
        let name = format!("tenants/{}", key.tenant);
        let text = secrets.read(&name).await.map_err(Fault::Provider)?;
        let whole = secrets.name(&name);
        let value = stored::read_json(&whole, &text).map_err(Fault::Provider)?;
        let config = read_tenant(&key.tenant, &value, rules);
        let config = config.map_err(|faults| Fault::Input(words(&faults), PathBuf::from(whole)))?;
        let mut aliases = Vec::new();
        for (part, text) in secrets.index().await.map_err(Fault::Provider)? {
            let whole = secrets.name(&part);
            let value = stored::read_json(&whole, &text).map_err(Fault::Provider)?;
            let index = read_index(&value).map_err(|faults| Fault::Input(words(&faults), PathBuf::from(whole)))?;
            aliases.extend(index.aliases.into_iter().filter(|(_, to)| *to == key).map(|(path, _)| path));
        }
        let path = ["connections", key.name.as_str()].map(str::to_owned).to_vec();
        Ok(Self { rest: Rest::Secrets(secrets), rules, key, config, aliases, text, path })
    }

    pub(super) fn connection(&self) -> Result<&Connection, Fault> {
        let Self { key, config, .. } = self;
        if let Some(why) = config.unreadable.get(&key.name) {
            return Err(Fault::Line(format!("{} of {} cannot be read: {why}", key.name, key.tenant)));
        }
        config.connections.get(&key.name).ok_or_else(|| {
            let known = config.connections.keys().map(ConnectionName::as_str).collect();
            unknown(format!("{} has no connection {}", key.tenant, key.name), known)
        })
    }

    /// Whether functions read it from where it is.
    pub(super) const fn is_read_by_functions(&self) -> bool {
        matches!(self.rest, Rest::Secrets(_))
    }

    /// What it holds of the provider's webhooks.
    pub(super) fn kept(&self) -> Kept {
        let value: Value = serde_json::from_str(&self.text).unwrap_or_default();
        Kept::of(value.pointer(&format!("/{}", self.path.join("/"))).unwrap_or(&Value::Null))
    }

    /// Stores that; all else stays as it was.
    pub(super) async fn keep(&mut self, kept: &Kept) -> Result<(), Fault> {
        let unreadable = |error: serde_json::Error| Fault::Provider(format!("it cannot be written: {error}"));
        let mut document = Document::read(&self.text).map_err(unreadable)?;
        for (section, member, value) in
            [("webhook", "hmac", kept.hmac()), ("settings", "webhook_ids", kept.webhook_ids())]
        {
            let mut path: Vec<&str> = self.path.iter().map(String::as_str).collect();
            path.extend([section, member]);
            document.set(&path, &value).map_err(unreadable)?;
        }
        let text = if self.text.trim_end().contains('\n') { document.pretty() } else { document.line() };
        let text = text.map_err(unreadable)?;
        // nothing is written that the functions would not take
        let written = match &self.rest {
            Rest::File(path) => {
                read_file(&text, self.rules).map_err(|faults| Fault::Input(words(&faults), path.clone()))?;
                stored::replace(path, Some(&self.text), &text)
            }
            Rest::Secrets(secrets) => {
                let name = format!("tenants/{}", self.key.tenant);
                let whole = secrets.name(&name);
                let value = stored::read_json(&whole, &text).map_err(Fault::Provider)?;
                let read = read_tenant(&self.key.tenant, &value, self.rules);
                read.map_err(|faults| Fault::Input(words(&faults), PathBuf::from(whole)))?;
                secrets.write(&name, &self.text, &text).await
            }
        };
        written.map_err(Fault::Provider)?;
        self.text = text;
        Ok(())
    }

    /// Waits until the functions have read what is stored; false where they do not read it from here.
    pub(super) async fn publish(&self, wait: Duration) -> Result<bool, Fault> {
        let Rest::Secrets(secrets) = &self.rest else { return Ok(false) };
        secrets.announce(self.key.tenant.as_str()).await.map_err(Fault::Provider)?;
        let mut left = wait;
        while !left.is_zero() {
            to_people(&format!("until every function has read it: {} s", left.as_secs()));
            let span = left.min(TOLD_EACH);
            tokio::time::sleep(span).await;
            left = left.saturating_sub(span);
        }
        Ok(true)
    }
}

fn words(faults: &[Wrong]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

fn unknown(what: String, known: Vec<&str>) -> Fault {
    Fault::Line(format!("{what}; there is {}", known.join(", ")))
}
