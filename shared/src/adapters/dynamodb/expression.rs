//! Updates and conditions as values, written out as DynamoDB's expressions in one place. Every name and every value
//! goes through a placeholder: no reserved word, no content of an item ever stands in an expression.

use std::collections::HashMap;
use std::fmt::Write as _;

use aws_sdk_dynamodb::types::AttributeValue;

use super::keys::ItemKey;

/// A condition on the item as it stands.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// The item, or the attribute, is there.
    Present(&'static str),
    /// It is not there.
    Absent(&'static str),
    /// The attribute is there and stands so to the value.
    Is(&'static str, Relation, AttributeValue),
    /// Both attributes are there, and the first is below the second.
    Lower(&'static str, &'static str),
    /// The set holds the value.
    Holds(&'static str, AttributeValue),
    /// The set is smaller than that.
    Smaller(&'static str, u16),
    /// All of them.
    All(Vec<Condition>),
    /// One of them at least.
    Any(Vec<Condition>),
}

/// How an attribute stands to a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Relation {
    Equal,
    Below,
    AtMost,
    AtLeast,
}

impl Relation {
    const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
        }
    }
}

impl Condition {
    pub(super) const fn equal(name: &'static str, value: AttributeValue) -> Self {
        Self::Is(name, Relation::Equal, value)
    }

    /// Not there, or as given.
    pub(super) fn absent_or(name: &'static str, relation: Relation, value: AttributeValue) -> Self {
        Self::Any(vec![Self::Absent(name), Self::Is(name, relation, value)])
    }

    fn write(&self, out: &mut Placeholders) -> String {
        match self {
            Self::Present(name) => format!("attribute_exists({})", out.name(name)),
            Self::Absent(name) => format!("attribute_not_exists({})", out.name(name)),
            Self::Is(name, relation, value) => {
                format!("{} {} {}", out.name(name), relation.sign(), out.value(value.clone()))
            }
            Self::Lower(name, other) => format!("{} < {}", out.name(name), out.name(other)),
            Self::Holds(name, value) => format!("contains({}, {})", out.name(name), out.value(value.clone())),
            Self::Smaller(name, size) => {
                let size = out.value(AttributeValue::N(size.to_string()));
                format!("size({}) < {size}", out.name(name))
            }
            Self::All(all) => Self::joined(all, " AND ", out),
            Self::Any(any) => Self::joined(any, " OR ", out),
        }
    }

    fn joined(conditions: &[Self], word: &str, out: &mut Placeholders) -> String {
        let written: Vec<String> = conditions.iter().map(|condition| format!("({})", condition.write(out))).collect();
        written.join(word)
    }
}

/// What an update does to one attribute; a path into a map is dotted.
#[derive(Debug, Clone)]
enum Clause {
    Set(&'static str, AttributeValue),
    SetOnce(&'static str, AttributeValue),
    Add(&'static str, AttributeValue),
    Take(&'static str, AttributeValue),
    Remove(&'static str),
}

/// Which item an update answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Nothing,
    Before,
    After,
}

/// One conditional update of one item.
#[derive(Debug, Clone)]
pub(super) struct Update {
    pub(super) key: ItemKey,
    pub(super) answer: Answer,
    clauses: Vec<Clause>,
    conditions: Vec<Condition>,
}

impl Update {
    pub(super) fn of(key: impl Into<ItemKey>) -> Self {
        Self { key: key.into(), answer: Answer::Nothing, clauses: Vec::new(), conditions: Vec::new() }
    }

    pub(super) fn answering(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    pub(super) fn set(self, name: &'static str, value: AttributeValue) -> Self {
        self.and(Clause::Set(name, value))
    }

    /// Sets it, or removes it where there is nothing to set.
    pub(super) fn put(self, name: &'static str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self.remove(name),
        }
    }

    /// Sets it unless it is there.
    pub(super) fn set_once(self, name: &'static str, value: AttributeValue) -> Self {
        self.and(Clause::SetOnce(name, value))
    }

    /// Adds to a number, or a member to a set; absent is nothing.
    pub(super) fn add(self, name: &'static str, value: AttributeValue) -> Self {
        self.and(Clause::Add(name, value))
    }

    /// Takes members from a set.
    pub(super) fn take(self, name: &'static str, value: AttributeValue) -> Self {
        self.and(Clause::Take(name, value))
    }

    pub(super) fn remove(self, name: &'static str) -> Self {
        self.and(Clause::Remove(name))
    }

    pub(super) fn remove_all(self, names: &[&'static str]) -> Self {
        names.iter().fold(self, |update, name| update.remove(name))
    }

    /// All conditions must hold.
    pub(super) fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    fn and(mut self, clause: Clause) -> Self {
        self.clauses.push(clause);
        self
    }

    pub(super) fn write(&self) -> Written {
        let mut out = Placeholders::default();
        let (mut sets, mut adds, mut takes, mut removes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for clause in &self.clauses {
            match clause {
                Clause::Set(name, value) => sets.push(format!("{} = {}", out.name(name), out.value(value.clone()))),
                Clause::SetOnce(name, value) => {
                    let (name, value) = (out.name(name), out.value(value.clone()));
                    sets.push(format!("{name} = if_not_exists({name}, {value})"));
                }
                Clause::Add(name, value) => adds.push(format!("{} {}", out.name(name), out.value(value.clone()))),
                Clause::Take(name, value) => takes.push(format!("{} {}", out.name(name), out.value(value.clone()))),
                Clause::Remove(name) => removes.push(out.name(name)),
            }
        }
        let mut update = String::new();
        for (word, clauses) in [("SET", sets), ("ADD", adds), ("DELETE", takes), ("REMOVE", removes)] {
            if !clauses.is_empty() {
                // Writing to a String does not fail.
                let _ = write!(update, "{word} {} ", clauses.join(", "));
            }
        }
        let condition = written(&Condition::All(self.conditions.clone()), &mut out);
        Written { update, condition, names: out.names, values: out.values }
    }
}

/// An update in DynamoDB's own form.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) update: String,
    pub(super) condition: Option<String>,
    pub(super) names: HashMap<String, String>,
    pub(super) values: HashMap<String, AttributeValue>,
}

impl Written {
    /// The condition of a put or a delete.
    pub(super) fn condition(condition: &Condition) -> Self {
        let mut out = Placeholders::default();
        let condition = written(condition, &mut out);
        Self { update: String::new(), condition, names: out.names, values: out.values }
    }

    /// None where there is nothing: DynamoDB refuses empty maps.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

fn written(condition: &Condition, out: &mut Placeholders) -> Option<String> {
    Some(condition.write(out)).filter(|text| !text.is_empty())
}

#[derive(Default)]
struct Placeholders {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Placeholders {
    fn name(&mut self, path: &str) -> String {
        let steps: Vec<String> = path
            .split('.')
            .map(|step| {
                let placeholder = format!("#{step}");
                self.names.insert(placeholder.clone(), step.to_owned());
                placeholder
            })
            .collect();
        steps.join(".")
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }
}

#[cfg(test)]
mod tests {
    use super::super::attributes::{number, text};
    use super::*;
    use crate::domain::{ConnectionKey, ConnectionName, Tenant};

    #[test]
    fn names_and_values_stand_behind_placeholders() -> Result<(), crate::domain::BadName> {
        let key = ConnectionKey { tenant: Tenant::parse("acme")?, name: ConnectionName::parse("ondato")? };
        let update = Update::of(&key)
            .set("state", text("a"))
            .set_once("truth.version", number(1))
            .add("tries", number(1))
            .remove("until")
            .when(Condition::Present("pk"))
            .when(Condition::absent_or("until", Relation::AtMost, number(5)));
        let written = update.write();
        assert_eq!(
            written.update,
            "SET #state = :0, #truth.#version = if_not_exists(#truth.#version, :1) ADD #tries :2 REMOVE #until "
        );
        assert_eq!(
            written.condition.as_deref(),
            Some("(attribute_exists(#pk)) AND ((attribute_not_exists(#until)) OR (#until <= :3))")
        );
        assert_eq!((written.names.len(), written.values.len()), (6, 4));
        Ok(())
    }
}
