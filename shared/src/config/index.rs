//! What leads from the names of other systems to a connection: exact paths (`aliases`), and subscriptions. They stand in
//! the operator's file beside the tenants, and in the index, which the functions read (design §8).
//!
//! In a file every fault is told. In the index an entry with a fault is skipped and logged: it must not hold up its
//! neighbours. Of an entry that stands twice neither counts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tracing::warn;

use crate::document::Document;
use crate::domain::{ConnectionKey, ConnectionName, SubscriptionId, Tenant};
use crate::ports::{Index, Subscription};
use crate::section::{Fault, Faults, Section};

/// What stands in one text or the other, and not in both.
const TWICE: &str = "stands twice";

type Exists<'a> = &'a dyn Fn(&ConnectionKey) -> bool;

/// Whether a text can be the id of a subscription.
#[must_use]
pub fn is_subscription_id(text: &str) -> bool {
    SubscriptionId::parse(text).is_ok()
}

/// Reads the index. Members that are not known are passed over.
///
/// # Errors
/// What stands there is no index.
pub fn read_index(value: &Value) -> Result<Index, Vec<Fault>> {
    let faults = Faults::default();
    let mut index = Section::new("index", value, &faults);
    let mut tenants = BTreeMap::new();
    for (name, version) in index.section("tenants").map(|mut section| section.entries()).unwrap_or_default() {
        match Tenant::parse(name) {
            Ok(tenant) => drop(tenants.insert(tenant, version.as_str().unwrap_or_default().to_owned())),
            Err(rule) => skipped("tenants", rule.0),
        }
    }
    let known: Exists<'_> = &|connection| tenants.contains_key(&connection.tenant);
    let aliases = entries(&mut index, "aliases", |path, value, own| read_alias("", path, value, own, known));
    let subscriptions =
        entries(&mut index, "subscriptions", |id, value, own| read_subscription("", id, value, own, known));
    let names = index.value("prefetch").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let prefetch = names.iter().filter_map(|name| Tenant::parse(name.as_str()?).ok()).collect();
    if faults.count() == 0 { Ok(Index { tenants, aliases, subscriptions, prefetch }) } else { Err(faults.take()) }
}

/// What an index's text says: an entry that stands twice says nothing.
#[must_use]
pub fn index_of(mut document: Document) -> Value {
    for names in &document.doubled {
        let of = match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["subscriptions", ..] => "subscriptions",
            ["aliases", _, ..] => "aliases",
            _ => continue,
        };
        skipped(of, TWICE);
        // Its whole entry, or where that is doubled, the whole list.
        let entry = names.iter().take(2).try_fold(&mut document.value, |value, name| value.get_mut(name));
        if let Some(entry) = entry {
            *entry = Value::Null;
        }
    }
    document.value
}

/// The index that stands in several parts. A name that has two meanings in them means nothing.
#[must_use]
pub fn join(parts: Vec<Index>) -> Index {
    let mut whole = Index::default();
    let (mut aliases, mut subscriptions) = (Vec::new(), Vec::new());
    for part in parts {
        whole.tenants.extend(part.tenants);
        whole.prefetch.extend(part.prefetch);
        aliases.extend(part.aliases);
        subscriptions.extend(part.subscriptions);
    }
    Index { aliases: joined("aliases", aliases), subscriptions: joined("subscriptions", subscriptions), ..whole }
}

fn joined<T: PartialEq>(of: &'static str, all: Vec<(String, T)>) -> BTreeMap<String, T> {
    let mut whole: BTreeMap<String, Option<T>> = BTreeMap::new();
    for (name, meaning) in all {
        match whole.get(&name) {
            None => drop(whole.insert(name, Some(meaning))),
            Some(known) if known.as_ref() == Some(&meaning) => {}
            Some(_) => {
                skipped(of, TWICE);
                whole.insert(name, None);
            }
        }
    }
    whole.into_iter().filter_map(|(name, meaning)| Some((name, meaning?))).collect()
}

fn entries<T>(
    index: &mut Section<'_>,
    of: &'static str,
    read: impl Fn(&str, &Value, &Faults) -> Option<T>,
) -> BTreeMap<String, T> {
    let mut found = BTreeMap::new();
    for (name, value) in index.section(of).map(|mut section| section.entries()).unwrap_or_default() {
        let own = Faults::default();
        found.extend(read(name, value, &own).map(|entry| (name.to_owned(), entry)));
        own.take().iter().for_each(|fault| skipped(of, &fault.what));
    }
    found
}

/// The rule that is broken, never the value.
fn skipped(of: &'static str, rule: &str) {
    warn!(event = "index_entry_skipped", of, rule);
}

/// The aliases of a file.
pub(super) fn read_aliases(file: &mut Section<'_>, exists: Exists<'_>) -> BTreeMap<String, ConnectionKey> {
    let faults = file.faults().clone();
    let Some(mut all) = file.section("aliases") else { return BTreeMap::new() };
    let entries = all.entries();
    let read = |(path, value): (&str, &Value)| {
        Some((path.to_owned(), read_alias(&all.place_of(path), path, value, &faults, exists)?))
    };
    entries.into_iter().filter_map(read).collect()
}

/// The subscriptions of a file.
pub(super) fn read_subscriptions(file: &mut Section<'_>, exists: Exists<'_>) -> BTreeMap<String, Subscription> {
    let faults = file.faults().clone();
    let Some(mut all) = file.section("subscriptions") else { return BTreeMap::new() };
    let entries = all.entries();
    let read = |(id, value): (&str, &Value)| {
        Some((id.to_owned(), read_subscription(&all.place_of(id), id, value, &faults, exists)?))
    };
    entries.into_iter().filter_map(read).collect()
}

/// None after a fault.
fn read_alias(place: &str, path: &str, value: &Value, faults: &Faults, exists: Exists<'_>) -> Option<ConnectionKey> {
    let before = faults.count();
    let mut alias = Section::new(place, value, faults);
    let key = target(&mut alias, place, exists);
    alias.finish();
    if !path.starts_with('/') || path.starts_with("/v1/") {
        faults.add(place, "must be a path that begins with / and is none of our own");
    }
    key.filter(|_| faults.count() == before)
}

/// None after a fault.
fn read_subscription(
    place: &str,
    id: &str,
    value: &Value,
    faults: &Faults,
    exists: Exists<'_>,
) -> Option<Subscription> {
    let before = faults.count();
    let mut subscription = Section::new(place, value, faults);
    let connection = target(&mut subscription, place, exists);
    let callers = read_callers(&mut subscription);
    subscription.finish();
    if let Err(rule) = SubscriptionId::parse(id) {
        faults.add(place, rule.0);
    }
    connection.filter(|_| faults.count() == before).map(|connection| Subscription { connection, callers })
}

/// An empty list would be a subscription that nobody can use: a mistake, and told.
fn read_callers(subscription: &mut Section<'_>) -> BTreeSet<String> {
    let before = subscription.faults().count();
    let texts = subscription.texts("callers");
    let callers: BTreeSet<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    if callers.len() != texts.len() {
        subscription.fault("callers", "names somebody twice");
    }
    // A pattern or a padded name would never be equal to a caller's.
    if callers.iter().any(|caller| caller.contains('*') || caller.bytes().any(|b| !b.is_ascii_graphic())) {
        subscription.fault("callers", "must be exact names without spaces and *");
    }
    if callers.is_empty() && subscription.faults().count() == before {
        subscription.fault("callers", "must name at least one caller");
    }
    callers
}

fn target(entry: &mut Section<'_>, place: &str, exists: Exists<'_>) -> Option<ConnectionKey> {
    let tenant = entry.parsed("tenant", |text| Tenant::parse(text));
    let name = entry.parsed("connection", |text| ConnectionName::parse(text));
    let key = ConnectionKey { tenant: tenant?, name: name? };
    if !exists(&key) {
        entry.faults().add(place, "names no tenant and connection that exist");
    }
    Some(key)
}

#[cfg(test)]
mod tests;
