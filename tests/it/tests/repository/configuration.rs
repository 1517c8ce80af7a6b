//! The full example: everything that is there is in it, and the gateway's own reader takes it as production does.

use std::collections::BTreeSet;

use idv_gateway::config::{Configuration, Rules, read_file};
use idv_gateway::ports::DestinationKind;
use idv_gateway::providers;
use serde_json::Value;

use super::root;

fn text() -> String {
    std::fs::read_to_string(root().join("docs/example-configuration.json")).unwrap()
}

fn read(text: &str) -> Result<Configuration, Vec<String>> {
    read_file(text, Rules::default()).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[test]
fn the_example_is_taken_as_production_takes_it() {
    let faults = read(&text()).err().unwrap_or_default();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_example_has_every_provider_and_every_kind_of_delivery() {
    let configuration = read(&text()).ok().unwrap();
    let tenants = configuration.tenants.values().map(|(tenant, _)| tenant);
    let connections: Vec<_> = tenants.clone().flat_map(|tenant| tenant.connections.values()).collect();
    let used: BTreeSet<&str> = connections.iter().map(|connection| connection.account.provider()).collect();
    assert_eq!(used, providers::names().collect());

    let own = connections.iter().filter_map(|connection| connection.delivery.as_ref());
    let deliveries = tenants.filter_map(|tenant| tenant.delivery.as_ref()).chain(own);
    let kinds: BTreeSet<&str> = deliveries
        .map(|delivery| match delivery.kind {
            DestinationKind::Webhook { .. } => "webhook",
            DestinationKind::Sqs { .. } => "sqs",
            DestinationKind::EventBridge { .. } => "eventbridge",
            DestinationKind::Fintechos(_) => "fintechos",
        })
        .collect();
    assert_eq!(kinds, BTreeSet::from(["eventbridge", "fintechos", "sqs", "webhook"]));
    assert!(!configuration.aliases.is_empty() && !configuration.subscriptions.is_empty());
}

/// Each member of the example that is spelt wrong is told, as unknown or as missing: the reader knows every one of them.
#[test]
fn a_misspelt_member_is_named_wherever_it_stands() {
    let whole: Value = serde_json::from_str(&text()).unwrap();
    let mut tried = 0;
    for place in places(&whole, "") {
        let mut changed = whole.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        let members = changed.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        let value = members.remove(name).unwrap();
        members.insert(format!("{name}_misspelt"), value);
        let faults = read(&changed.to_string()).err().unwrap_or_default();
        let told = [format!(".{name}_misspelt: is not known here"), format!(".{name}: is missing")];
        let is_told = |fault: &String| told.iter().any(|told| format!(".{fault}").contains(told));
        assert!(faults.iter().any(is_told), "{place}: {faults:?}");
        tried += 1;
    }
    assert!(tried > 40, "{tried}");
}

/// Pointers of all members that have a fixed name; tenants, connections, aliases and subscriptions are named by their
/// owner.
fn places(value: &Value, at: &str) -> Vec<String> {
    let lists = ["/tenants", "/connections", "/aliases", "/subscriptions"];
    let free = at.is_empty() || lists.iter().any(|list| at.ends_with(list));
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| {
                let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                let below = places(value, &place);
                let own = (!free).then_some(place);
                own.into_iter().chain(below).collect::<Vec<_>>()
            })
            .collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(number, value)| places(value, &format!("{at}/{number}"))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// Members of the example that the page of the configuration does not describe.
#[test]
fn every_member_of_the_example_is_described() {
    let page = std::fs::read_to_string(root().join("docs/reference/configuration.md")).unwrap();
    let whole: Value = serde_json::from_str(&text()).unwrap();
    let places = places(&whole, "");
    let names: BTreeSet<&str> = places.iter().filter_map(|place| place.rsplit('/').next()).collect();
    // members of an alias and of a subscription (drop-in.md), and the list of tenants
    let elsewhere = ["tenant", "connection", "tenants", "aliases", "subscriptions", "callers"];
    let missing: Vec<_> =
        names.into_iter().filter(|name| !elsewhere.contains(name) && !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
