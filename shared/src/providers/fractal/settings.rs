//! A connection's configuration, read into an account.
//!
//! | member | |
//! | --- | --- |
//! | `settings.generation` | `classic`, `verifier` or `relay`; what else there may be is that generation's |
//! | `settings.level` | what is asked for where a request does not say: `basic+liveness` |
//! | `settings.more_levels` | names of levels or add-ons that Fractal has and its public pages do not |

use std::sync::Arc;

use serde_json::Value;

use super::classic::Classic;
use super::level::{Asked, Names, is_word};
use super::verifier::{Flavour, Verifier};
use super::{Fractal, Generation};
use crate::ports::Account;
use crate::section::Section;

/// What all generations have.
pub(super) struct Choices {
    /// Where a request does not say.
    pub(super) level: Option<Asked>,
    /// What may be asked for.
    pub(super) names: Names,
}

impl Choices {
    /// What a request asks for, or the rule that it breaks.
    pub(super) fn asked(&self, option: Option<&Value>) -> Result<Asked, &'static str> {
        match option {
            Some(Value::String(text)) => self.names.asked(text),
            Some(_) => Err("must be a text such as basic+liveness"),
            None => self.level.clone().ok_or("is missing, and settings.level names none"),
        }
    }
}

#[derive(Clone, Copy)]
enum Chosen {
    Classic,
    Kyc(Flavour),
}

const GENERATIONS: [(&str, Chosen); 3] = [
    ("classic", Chosen::Classic),
    ("verifier", Chosen::Kyc(Flavour::Verifier)),
    ("relay", Chosen::Kyc(Flavour::Relay)),
];

pub(in super::super) fn configure(
    base_urls: &mut Section<'_>,
    api: &mut Section<'_>,
    settings: &mut Section<'_>,
) -> Option<Arc<dyn Account>> {
    let faults = settings.faults().count();
    let choices = choices(settings);
    if settings.value("generation").is_none() {
        settings.fault("generation", "is missing: classic, verifier or relay");
    }
    let Some(chosen) = settings.one_of("generation", &GENERATIONS) else {
        // What else there may be depends on it: that is no second fault.
        base_urls.entries();
        api.entries();
        settings.entries();
        return None;
    };
    let generation = match chosen {
        Chosen::Classic => Classic::configure(base_urls, api, settings).map(|own| Generation::Classic(Box::new(own))),
        Chosen::Kyc(flavour) => {
            Verifier::configure(flavour, base_urls, api, settings).map(|own| Generation::Verifier(Box::new(own)))
        }
    };
    if settings.faults().count() > faults {
        return None;
    }
    Some(Arc::new(Fractal { generation: generation?, choices }))
}

fn choices(settings: &mut Section<'_>) -> Choices {
    let more: Vec<String> = settings.texts("more_levels").into_iter().map(str::to_owned).collect();
    if !more.iter().all(|name| is_word(name)) {
        settings.fault("more_levels", "must have names of a-z, 0-9, - and _ alone");
    }
    let names = Names { more };
    let level = settings.parsed("level", |text| names.asked(text));
    Choices { level, names }
}

#[cfg(test)]
mod tests;
