//! Reads a JSON object member by member and remembers every fault with its place, so that a file with five errors
//! gets five lines. A fault names the rule and the place, never the value: the value may be a secret.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use crate::secret::Secret;

/// One error of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where: `tenants.acme.connections.ondato.api.client_id`.
    pub place: String,
    /// Which rule is broken.
    pub what: String,
}

const UNKNOWN: &str = "is not known here";

impl Fault {
    /// A member that nobody asked for, or a word that nobody knows: a mistake in a file, but no reason to refuse what a later version has written.
    #[must_use]
    pub fn is_unknown_member(&self) -> bool {
        self.what.starts_with(UNKNOWN)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// All faults of one reading.
#[derive(Clone, Default)]
pub struct Faults(Rc<RefCell<Vec<Fault>>>);

impl Faults {
    /// Remembers one.
    pub fn add(&self, place: &str, what: impl Into<String>) {
        self.0.borrow_mut().push(Fault { place: place.to_owned(), what: what.into() });
    }

    /// Remembers a word of a list that nobody knows, as [`Fault::is_unknown_member`] has it, with what is known.
    pub fn unknown(&self, place: &str, known: &str) {
        self.add(place, format!("{UNKNOWN}: may be one of {known}"));
    }

    /// How many there are by now.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// All of them, in order of place.
    #[must_use]
    pub fn take(&self) -> Vec<Fault> {
        let mut faults = std::mem::take(&mut *self.0.borrow_mut());
        faults.sort();
        faults
    }
}

/// An object being read.
pub struct Section<'a> {
    place: String,
    members: Option<&'a Map<String, Value>>,
    seen: BTreeSet<String>,
    faults: Faults,
}

impl<'a> Section<'a> {
    /// An object at that place; anything else is a fault and reads as empty.
    #[must_use]
    pub fn new(place: impl Into<String>, value: &'a Value, faults: &Faults) -> Self {
        let place = place.into();
        let members = value.as_object();
        if members.is_none() {
            faults.add(&place, "must be an object");
        }
        Self { place, members, seen: BTreeSet::new(), faults: faults.clone() }
    }

    /// The place of a member.
    #[must_use]
    pub fn place_of(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    /// Remembers a fault of a member.
    pub fn fault(&self, name: &str, what: impl Into<String>) {
        self.faults.add(&self.place_of(name), what);
    }

    /// Where faults go.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// A member as it stands; `null` is absent.
    pub fn value(&mut self, name: &str) -> Option<&'a Value> {
        self.seen.insert(name.to_owned());
        self.members?.get(name).filter(|value| !value.is_null())
    }

    /// A text, if it is there.
    pub fn text(&mut self, name: &str) -> Option<&'a str> {
        let value = self.value(name)?;
        let text = value.as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            self.fault(name, "must be a text that is not empty");
        }
        text
    }

    /// A text that must be there.
    pub fn required(&mut self, name: &str) -> Option<&'a str> {
        if self.value(name).is_none() {
            self.fault(name, "is missing");
            return None;
        }
        self.text(name)
    }

    /// A text of some form, if it is there.
    pub fn parsed<T, E: fmt::Display>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        match parse(self.text(name)?) {
            Ok(value) => Some(value),
            Err(rule) => {
                self.fault(name, rule.to_string());
                None
            }
        }
    }

    /// A secret that must be there.
    pub fn secret(&mut self, name: &str) -> Option<Secret> {
        self.required(name).map(|text| Secret::from(text.to_owned()))
    }

    /// A yes or no; absent is `default`.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.value(name).map(Value::as_bool) {
            None => default,
            Some(Some(flag)) => flag,
            Some(None) => {
                self.fault(name, "must be true or false");
                default
            }
        }
    }

    /// A whole number within bounds, if it is there.
    pub fn number(&mut self, name: &str, least: u32, most: u32) -> Option<u32> {
        let value = self.value(name)?;
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let fitting = number.filter(|number| (least..=most).contains(number));
        if fitting.is_none() {
            self.fault(name, format!("must be a whole number from {least} to {most}"));
        }
        fitting
    }

    /// A span such as `30s`, `15m`, `24h`, `90d`, if it is there.
    pub fn span(&mut self, name: &str) -> Option<Duration> {
        self.parsed(name, |text| span(text).ok_or("must be a whole number and s, m, h or d, such as 24h"))
    }

    /// An absolute http or https URL without credentials, if it is there.
    pub fn url(&mut self, name: &str) -> Option<Url> {
        self.parsed(name, absolute_url)
    }

    /// One of the words, if it is there.
    pub fn one_of<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let all = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        self.parsed(name, |text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or(format!("must be one of {all}"))
        })
    }

    /// The texts of a list; absent is empty.
    pub fn texts(&mut self, name: &str) -> Vec<&'a str> {
        self.items(name)
            .into_iter()
            .filter_map(|(place, value)| {
                let text = value.as_str().filter(|text| !text.is_empty());
                if text.is_none() {
                    self.faults.add(&place, "must be a text that is not empty");
                }
                text
            })
            .collect()
    }

    /// The members of a list with their places; absent is empty.
    pub fn items(&mut self, name: &str) -> Vec<(String, &'a Value)> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let Some(list) = value.as_array() else {
            self.fault(name, "must be a list");
            return Vec::new();
        };
        let place = self.place_of(name);
        list.iter().enumerate().map(|(at, value)| (format!("{place}[{at}]"), value)).collect()
    }

    /// The objects of a list; absent is empty.
    pub fn sections(&mut self, name: &str) -> Vec<Section<'a>> {
        let faults = self.faults.clone();
        self.items(name).into_iter().map(|(place, value)| Section::new(place, value, &faults)).collect()
    }

    /// An object, if it is there.
    pub fn section(&mut self, name: &str) -> Option<Section<'a>> {
        let value = self.value(name)?;
        Some(Section::new(self.place_of(name), value, &self.faults))
    }

    /// An object; absent is an empty one.
    pub fn section_or_empty(&mut self, name: &str) -> Section<'a> {
        let place = self.place_of(name);
        self.section(name).unwrap_or(Section {
            place,
            members: None,
            seen: BTreeSet::new(),
            faults: self.faults.clone(),
        })
    }

    /// Every member with its name, all taken as known.
    pub fn entries(&mut self) -> Vec<(&'a str, &'a Value)> {
        let Some(members) = self.members else { return Vec::new() };
        self.seen.extend(members.keys().cloned());
        members.iter().map(|(name, value)| (name.as_str(), value)).collect()
    }

    /// Ends the reading: whatever was not asked for is a fault.
    pub fn finish(self) {
        let unknown =
            self.members.into_iter().flatten().map(|(name, _)| name).filter(|name| !self.seen.contains(*name));
        for name in unknown {
            self.fault(name, UNKNOWN);
        }
    }
}

/// A span such as `30s`, `15m`, `24h`, `90d`.
#[must_use]
pub fn span(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u32>().ok().map(|number| Duration::from_secs(u64::from(number) * seconds))
}

/// An absolute http or https URL without credentials.
///
/// # Errors
/// The rule that it breaks.
pub fn absolute_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be an absolute URL")?;
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return Err("must be an https URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not carry a user name or a password");
    }
    Ok(url)
}
