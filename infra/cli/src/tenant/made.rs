//! The configuration that an import comes to, alone or in a file that is there.

use std::collections::BTreeMap;

use idv_gateway::adapters::world::SystemEntropy;
use idv_gateway::ports::Entropy;
use serde_json::{Map, Value, json};

use super::dcs::{Client, Import, Onfido};
use crate::document::Document;

const CONNECTION: &str = "onfido";
const SETTINGS: &str = "/connections/onfido/settings";
/// What an import may say, and need not: a person may have written it since.
const OPTIONAL: [&str; 3] = ["referrer", "application_id", "report_names"];
const MASK: &str = "***";
/// Members that are secret wherever they stand (providers/fintechos.md §1.2).
const SECRET: [&str; 5] = ["token", "client_id", "username", "password", "sealing_keys"];

/// One client with what it comes to.
pub(super) struct Made<'a> {
    parts: Vec<Part<'a>>,
}

struct Part<'a> {
    client: &'a Client,
    tenant: Value,
    alias: String,
    subscription: Option<(&'a str, Value)>,
}

/// What became of a client.
pub(super) struct Taken<'a> {
    pub(super) client: &'a Client,
    pub(super) tenant: &'a str,
    pub(super) alias: &'a str,
    pub(super) subscription: bool,
    /// It was there already, the same.
    pub(super) known: bool,
    /// Those of its connection, as they stand in the end.
    pub(super) settings: Value,
}

impl<'a> Made<'a> {
    pub(super) fn of(
        import: &'a Import,
        callers: &BTreeMap<String, Vec<String>>,
        own: &BTreeMap<String, Map<String, Value>>,
        alias_prefix: &str,
        shared_account: bool,
    ) -> Self {
        let parts = import.clients.iter().map(|client| {
            let same = import.clients.iter().filter(|other| other.api_token == client.api_token).count();
            let shared = shared_account || same > 1;
            let target = json!({"tenant": client.tenant.as_str(), "connection": CONNECTION});
            let subscription = client.subscription_id.as_deref().zip(callers.get(&client.name)).map(|(id, callers)| {
                let mut entry = target.clone();
                if let Value::Object(members) = &mut entry {
                    members.insert("callers".to_owned(), json!(callers));
                }
                (id, entry)
            });
            let alias = format!("{}/{}", alias_prefix.trim_end_matches('/'), client.name);
            let own = own.get(&client.name).cloned().unwrap_or_default();
            Part { client, tenant: tenant(client, &import.onfido, shared, own), alias, subscription }
        });
        Self { parts: parts.collect() }
    }

    /// The whole text, and what became of each client.
    pub(super) fn merged(&self, before: Option<&str>) -> Result<(String, Vec<Taken<'_>>), Vec<String>> {
        let text = before.unwrap_or("{}");
        let unreadable =
            |error: serde_json::Error| vec![format!("line {} column {}: is not JSON", error.line(), error.column())];
        let there: Value = serde_json::from_str(text).map_err(unreadable)?;
        let mut document = Document::read(text).map_err(unreadable)?;
        let mut errors = Vec::new();
        let mut all = Vec::new();
        for part in &self.parts {
            let name = part.client.tenant.as_str();
            let known = there.get("tenants").and_then(|tenants| tenants.get(name));
            if known.is_some_and(|known| !is_same(known, &part.tenant)) {
                errors.push(format!("tenants.{name}: is there already, and is another"));
            }
            if known.is_none() {
                set_tenant(&mut document, name, &part.tenant).map_err(unreadable)?;
            }
            let target = json!({"tenant": name, "connection": CONNECTION});
            match there.get("aliases").and_then(|all| all.get(&part.alias)) {
                Some(known) if *known != target => {
                    errors.push(format!("aliases.{}: is there already, and leads elsewhere", part.alias));
                }
                Some(_) => {}
                None => document.set(&["aliases", &part.alias], &target).map_err(unreadable)?,
            }
            if let Some((id, entry)) = &part.subscription {
                match there.get("subscriptions").and_then(|all| all.get(id)) {
                    Some(known) if known != entry => {
                        errors.push(format!("subscriptions: that of {name} is there already, and is another"));
                    }
                    Some(_) => {}
                    None => document.set(&["subscriptions", id], entry).map_err(unreadable)?,
                }
            }
            let (alias, subscription) = (part.alias.as_str(), part.subscription.is_some());
            let settings = known.unwrap_or(&part.tenant).pointer(SETTINGS).cloned().unwrap_or_default();
            let known = known.is_some();
            all.push(Taken { client: part.client, tenant: name, alias, subscription, known, settings });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok((document.pretty().map_err(unreadable)?, all))
    }

    /// What it comes to, fit to be shown.
    pub(super) fn masked(&self) -> String {
        let mut document = Document::Object(Vec::new());
        let set = |document: &mut Document, path: &[&str], value: &Value| {
            // a value of our own can be written
            let _ = document.set(path, &masked(value));
        };
        for part in &self.parts {
            let _ = set_tenant(&mut document, part.client.tenant.as_str(), &masked(&part.tenant));
        }
        for part in &self.parts {
            let target = json!({"tenant": part.client.tenant.as_str(), "connection": CONNECTION});
            set(&mut document, &["aliases", &part.alias], &target);
        }
        for (at, part) in self.parts.iter().enumerate() {
            if let Some((_, entry)) = &part.subscription {
                set(&mut document, &["subscriptions", &format!("{MASK} {}", at.saturating_add(1))], entry);
            }
        }
        document.pretty().unwrap_or_default()
    }
}

/// In the order in which a person reads it.
fn set_tenant(document: &mut Document, name: &str, tenant: &Value) -> Result<(), serde_json::Error> {
    let place = ["tenants", name, "connections", CONNECTION];
    let connection = tenant.get("connections").and_then(|all| all.get(CONNECTION));
    document.set(&["tenants", name, "enabled"], &json!(true))?;
    for member in ["provider", "enabled", "base_urls", "api", "webhook", "settings", "delivery"] {
        if let Some(value) = connection.and_then(|connection| connection.get(member)) {
            document.set(&[&place[..], &[member]].concat(), value)?;
        }
    }
    document.set(&["tenants", name, "sealing_keys"], tenant.get("sealing_keys").unwrap_or(&Value::Null))
}

fn tenant(client: &Client, onfido: &Onfido, shared: bool, own: Map<String, Value>) -> Value {
    let base_urls = onfido.base.as_ref().map(|base| json!({"api": base.as_str().trim_end_matches('/')}));
    let mut connection = json!({
        "provider": "onfido",
        "enabled": true,
        "base_urls": base_urls,
        "api": {"token": client.api_token},
        // what webhooks are signed with is stored by `connection register`
        "webhook": {"hmac": []},
        "settings": {
            "region": onfido.region, "api_version": onfido.version,
            "webhook_ids": client.webhook_id.iter().collect::<Vec<_>>(), "shared_account": shared,
        },
        "delivery": {
            "kind": "fintechos", "endpoint": client.endpoint, "sign_in": "get_token", "client_id": client.client_id,
            "username": client.username, "password": client.password, "action": "FTOS_Onfido_WebHook",
            "kinds": ["part"],
        },
    });
    if let Some(settings) = connection.get_mut("settings").and_then(Value::as_object_mut) {
        settings.extend(own);
    }
    json!({"enabled": true, "connections": {CONNECTION: without_nulls(connection)}, "sealing_keys": [sealing_key()]})
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept: Map<String, Value> = members.into_iter().filter(|(_, value)| !value.is_null()).collect();
            Value::Object(kept)
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => other,
    }
}

fn sealing_key() -> String {
    let mut key = [0; 32];
    SystemEntropy::default().fill(&mut key);
    data_encoding::BASE64.encode(&key)
}

/// Whether a tenant is the one that would be made: but for its sealing keys, what `connection register` stores, and what
/// this import does not say.
fn is_same(known: &Value, made: &Value) -> bool {
    let ids = |tenant: &Value| {
        let ids = tenant.pointer(SETTINGS).and_then(|settings| settings.get("webhook_ids")).and_then(Value::as_array);
        ids.cloned().unwrap_or_default()
    };
    let (known_ids, made_ids) = (ids(known), ids(made));
    let said = |member: &str| made.pointer(SETTINGS).is_some_and(|settings| settings.get(member).is_some());
    let plain = |tenant: &Value| {
        let mut tenant = tenant.clone();
        if let Some(members) = tenant.as_object_mut() {
            members.remove("sealing_keys");
        }
        if let Some(connection) = tenant.pointer_mut("/connections/onfido").and_then(Value::as_object_mut) {
            connection.remove("webhook");
            if let Some(settings) = connection.get_mut("settings").and_then(Value::as_object_mut) {
                settings.remove("webhook_ids");
                settings.retain(|member, _| !OPTIONAL.contains(&member.as_str()) || said(member));
            }
        }
        tenant
    };
    made_ids.iter().all(|id| known_ids.contains(id)) && plain(known) == plain(made)
}

fn masked(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let masked = members.iter().map(|(name, value)| {
                let value = match (SECRET.contains(&name.as_str()), value.as_array()) {
                    (true, Some(items)) => json!(vec![MASK; items.len()]),
                    (true, None) => json!(MASK),
                    (false, _) => masked(value),
                };
                (name.clone(), value)
            });
            Value::Object(masked.collect())
        }
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests;
