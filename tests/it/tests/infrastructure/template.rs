//! The template, and what the checks ask of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{root, yaml};

/// Logical ids and names of the functions.
pub(crate) const FUNCTIONS: [(&str, &str); 5] = [
    ("WebhookIngress", "webhook-ingress"),
    ("EventFetcher", "event-fetcher"),
    ("OnboardingInitiator", "onboarding-initiator"),
    ("ResultDeliverer", "result-deliverer"),
    ("Reconciler", "reconciler"),
];

/// A template.
#[derive(Clone)]
pub(crate) struct Template(pub(crate) Value);

impl Template {
    /// The one that is deployed.
    pub(crate) fn read() -> Self {
        Self(yaml::read(&std::fs::read_to_string(root().join("infra/template.yaml")).unwrap()))
    }

    /// The true one with another value at a place.
    pub(crate) fn spoilt(pointer: &str, value: Value) -> Self {
        let mut template = Self::read();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let name = name.replace("~1", "/").replace("~0", "~");
        let parent = template.0.pointer_mut(parent).unwrap_or_else(|| panic!("no {pointer}"));
        match parent {
            Value::Object(members) => drop(members.insert(name, value)),
            Value::Array(items) if name == "-" => items.push(value),
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                panic!("nothing can stand at {pointer}")
            }
        }
        template
    }

    /// The true one without what stands at a place.
    pub(crate) fn without(pointer: &str) -> Self {
        let mut template = Self::read();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let name = name.replace("~1", "/").replace("~0", "~");
        let removed = template.0.pointer_mut(parent).and_then(Value::as_object_mut).and_then(|it| it.remove(&name));
        assert!(removed.is_some(), "no {pointer}");
        template
    }

    /// What stands at a place, or null.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// A whole number at a place.
    pub(crate) fn number(&self, pointer: &str) -> u64 {
        self.at(pointer).as_u64().unwrap_or_else(|| panic!("no number at {pointer}: {}", self.at(pointer)))
    }

    pub(crate) fn resources(&self) -> &Map<String, Value> {
        self.at("/Resources").as_object().unwrap()
    }

    /// The resources of a type, by logical id: their properties.
    pub(crate) fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let some = self.resources().iter().filter(move |(_, resource)| resource["Type"] == kind);
        some.map(|(id, resource)| (id, &resource["Properties"]))
    }

    /// A property of a function, its own or everybody's.
    pub(crate) fn property(&self, function: &str, name: &str) -> &Value {
        let own = self.at(&format!("/Resources/{function}/Properties/{name}"));
        if own.is_null() { self.at(&format!("/Globals/Function/{name}")) } else { own }
    }

    /// A function's environment.
    pub(crate) fn variables(&self, function: &str) -> BTreeMap<String, Value> {
        let common = self.at("/Globals/Function/Environment/Variables");
        let own = self.at(&format!("/Resources/{function}/Properties/Environment/Variables"));
        let both = [common, own].into_iter().filter_map(Value::as_object).flatten();
        both.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// Values of the template in one line: `${Table.Arn}`, `${Prefix}`, texts as they are, `${HasDomain? a : b}`.
pub(crate) fn told(value: &Value) -> String {
    let Some((function, argument)) = value.as_object().and_then(|call| call.iter().next()) else {
        return value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    };
    match (function.as_str(), argument) {
        ("Ref", name) => format!("${{{}}}", name.as_str().unwrap()),
        ("Fn::GetAtt", path) => format!("${{{}.{}}}", path[0].as_str().unwrap(), path[1].as_str().unwrap()),
        ("Fn::Sub", Value::String(text)) => text.clone(),
        ("Fn::If", parts) => format!("${{{}? {} : {}}}", parts[0].as_str().unwrap(), told(&parts[1]), told(&parts[2])),
        _ => json!(value).to_string(),
    }
}

/// One, or all of a list.
pub(crate) fn each(value: &Value) -> Vec<&Value> {
    if value.is_null() {
        return Vec::new();
    }
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}
