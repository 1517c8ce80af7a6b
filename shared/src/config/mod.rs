//! The configuration of tenants: read from a file by the operator's command, and from the vault by the functions,
//! by the same code. All faults are reported at once, each with its place; values never appear in them.
//!
//! `connection.rs` reads one account, `webhook.rs` its proofs, `delivery.rs` where changes go (`fintechos.rs` one
//! kind of it), `index.rs` the names that other systems have for a connection.

mod connection;
mod delivery;
mod fintechos;
mod index;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::Url;

use crate::document::Document;
use crate::domain::{ConnectionKey, ConnectionName, Tenant};
use crate::ports::{Subscription, TenantConfig};
use crate::seal::SealingKeys;
use crate::secret::Secret;
use crate::section::{Fault, Faults, Section, absolute_url};

pub use self::index::{index_of, is_subscription_id, join, read_index};

/// What is allowed beyond production.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rules {
    /// Plain http and loopback targets: the local stack's one explicit setting.
    pub local_targets: bool,
}

/// Who reads: what a later version may have written is a mistake in a file, and must not take a tenant down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Operator,
    Function,
}

/// Actions that a tenant must allow one by one (design §6).
pub const GUARDED_ACTIONS: [&str; 3] = ["details", "cancel", "erase"];

/// A whole file.
pub struct Configuration {
    /// Every tenant, checked, and as it stands in the file (which is what its secret holds).
    pub tenants: BTreeMap<Tenant, (TenantConfig, Value)>,
    /// Exact paths of other integrations.
    pub aliases: BTreeMap<String, ConnectionKey>,
    /// Subscriptions of another integration, by their id.
    pub subscriptions: BTreeMap<String, Subscription>,
}

/// Reads a configuration file.
///
/// # Errors
/// Every fault in it.
pub fn read_file(text: &str, rules: Rules) -> Result<Configuration, Vec<Fault>> {
    let faults = Faults::default();
    let Document { value, doubled } = Document::read(text.as_bytes()).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        vec![Fault { place, what: "is not JSON".to_owned() }]
    })?;
    doubled.iter().for_each(|names| faults.add(&names.join("."), "stands twice"));
    let mut file = Section::new("", &value, &faults);
    let tenants = read_tenants(&mut file, rules);
    // Names as they stand in the file: what is wrong with a connection is reported there, once.
    let exists = |named: &ConnectionKey| {
        let connections = value.get("tenants").and_then(|all| all.get(named.tenant.as_str())?.get("connections"));
        connections.is_some_and(|connections| connections.get(named.name.as_str()).is_some())
    };
    let aliases = index::read_aliases(&mut file, &exists);
    let subscriptions = index::read_subscriptions(&mut file, &exists);
    file.finish();
    if faults.count() == 0 { Ok(Configuration { tenants, aliases, subscriptions }) } else { Err(faults.take()) }
}

/// Reads one tenant's secret. Members that are not known are passed over: rolling back to a version that does not know
/// a setting must not take the tenant down. For the same reason a connection whose provider, or whose destination's kind,
/// is not known is left out alone, and named in [`TenantConfig::unreadable`].
///
/// # Errors
/// Every fault in it.
pub fn read_tenant(tenant: &Tenant, value: &Value, rules: Rules) -> Result<TenantConfig, Vec<Fault>> {
    let faults = Faults::default();
    let section = Section::new(format!("tenants.{tenant}"), value, &faults);
    let config = tenant_of(tenant, section, rules, Reader::Function);
    let serious: Vec<Fault> = faults.take().into_iter().filter(|fault| !fault.is_unknown_member()).collect();
    config.filter(|_| serious.is_empty()).ok_or(serious)
}

fn read_tenants(file: &mut Section<'_>, rules: Rules) -> BTreeMap<Tenant, (TenantConfig, Value)> {
    let faults = file.faults().clone();
    let Some(mut section) = file.section("tenants") else {
        file.fault("tenants", "is missing");
        return BTreeMap::new();
    };
    let mut tenants = BTreeMap::new();
    for (name, value) in section.entries() {
        let place = section.place_of(name);
        match Tenant::parse(name) {
            Err(rule) => faults.add(&place, rule.0),
            Ok(tenant) => {
                if let Some(config) = tenant_of(&tenant, Section::new(place, value, &faults), rules, Reader::Operator) {
                    tenants.insert(tenant, (config, value.clone()));
                }
            }
        }
    }
    tenants
}

fn tenant_of(tenant: &Tenant, mut section: Section<'_>, rules: Rules, reader: Reader) -> Option<TenantConfig> {
    let enabled = section.flag("enabled", true);
    let unheard_of = section.value("delivery").filter(|_| reader == Reader::Function).and_then(delivery::unheard_of);
    let Connections { mut connections, mut unreadable } = read_connections(tenant, &mut section, rules, reader);
    if let Some(why) = &unheard_of {
        for (name, _) in connections.extract_if(.., |_, connection| connection.delivery.is_none()) {
            unreadable.insert(name, format!("the tenant's {why}"));
        }
    }
    let delivery = section.section("delivery").filter(|_| unheard_of.is_none()).and_then(|delivery| {
        let served = connections.iter().filter(|(_, connection)| connection.delivery.is_none());
        delivery::destination(delivery, rules, served.map(|(name, connection)| (name.as_str(), &*connection.account)))
    });
    check_references(&section, &connections, reader);
    let return_urls = read_return_urls(&mut section, rules);
    let allowed_actions = read_actions(&mut section);
    let sealing_keys = read_sealing_keys(&mut section);
    section.finish();
    Some(TenantConfig {
        tenant: tenant.clone(),
        enabled,
        connections,
        unreadable,
        delivery,
        return_urls,
        allowed_actions,
        sealing_keys: sealing_keys?,
    })
}

#[derive(Default)]
struct Connections {
    connections: BTreeMap<ConnectionName, crate::ports::Connection>,
    unreadable: BTreeMap<ConnectionName, String>,
}

fn read_connections(tenant: &Tenant, section: &mut Section<'_>, rules: Rules, reader: Reader) -> Connections {
    let faults = section.faults().clone();
    let mut read = Connections::default();
    let Some(mut all) = section.section("connections") else { return read };
    for (name, value) in all.entries() {
        let place = all.place_of(name);
        match ConnectionName::parse(name) {
            Err(rule) => faults.add(&place, rule.0),
            Ok(name) => {
                if let Some(why) = connection::unheard_of(value).filter(|_| reader == Reader::Function) {
                    read.unreadable.insert(name, why);
                    continue;
                }
                let key = ConnectionKey { tenant: tenant.clone(), name: name.clone() };
                let connection = connection::connection(key, Section::new(place, value, &faults), rules);
                read.connections.extend(connection.map(|connection| (name, connection)));
            }
        }
    }
    read
}

/// What a connection's settings name has to be there. Only the operator is told: at run time the other may be one that a
/// later version wrote.
fn check_references(
    section: &Section<'_>,
    connections: &BTreeMap<ConnectionName, crate::ports::Connection>,
    reader: Reader,
) {
    for (name, connection) in connections.iter().filter(|_| reader == Reader::Operator) {
        let Some((other, provider)) = connection.account.refers_to() else { continue };
        if connections.get(other).is_none_or(|other| other.account.provider() != provider) {
            let place = section.place_of(&format!("connections.{name}.settings.{provider}_connection"));
            let rule = format!(
                "names {other}, and the tenant has no connection {other} with the provider {provider}: add one, or leave this out"
            );
            section.faults().add(&place, rule);
        }
    }
}

fn read_return_urls(section: &mut Section<'_>, rules: Rules) -> Vec<Url> {
    let faults = section.faults().clone();
    let items = section.items("return_urls");
    items
        .into_iter()
        .filter_map(|(place, value)| {
            let url = value.as_str().ok_or("must be a text").and_then(absolute_url).and_then(|url| {
                let fits = url.scheme() == "https" || rules.local_targets;
                if fits && url.query().is_none() && url.fragment().is_none() {
                    Ok(url)
                } else {
                    Err("must be an https URL without query")
                }
            });
            url.map_err(|rule| faults.add(&place, rule)).ok()
        })
        .collect()
}

fn read_actions(section: &mut Section<'_>) -> BTreeSet<String> {
    let actions: BTreeSet<String> = section.texts("allowed_actions").into_iter().map(str::to_owned).collect();
    if actions.iter().any(|action| !GUARDED_ACTIONS.contains(&action.as_str())) {
        section.fault("allowed_actions", format!("may hold {}", GUARDED_ACTIONS.join(", ")));
    }
    actions
}

fn read_sealing_keys(section: &mut Section<'_>) -> Option<SealingKeys> {
    let texts: Vec<Secret> =
        section.texts("sealing_keys").into_iter().map(|text| Secret::from(text.to_owned())).collect();
    match SealingKeys::read(&texts) {
        Ok(keys) => Some(keys),
        Err(fault) => {
            section.fault("sealing_keys", fault.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests;
