//! Where changes go.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use crate::delivery::standard_webhooks::SigningSecret;
use crate::domain::Wanted;
use crate::ports::{Account, Content, Destination, DestinationKind};
use crate::secret::Secret;
use crate::section::Section;

use super::{Rules, fintechos};

const KINDS: [&str; 4] = ["webhook", "sqs", "eventbridge", "fintechos"];

/// Why this version cannot read it, if a later one may have written it: its kind.
pub(super) fn unheard_of(value: &Value) -> Option<String> {
    let kind = value.get("kind").and_then(Value::as_str).filter(|text| !text.is_empty())?;
    (!KINDS.contains(&kind)).then(|| format!("delivery.kind {}", must_be_one()))
}

fn must_be_one() -> String {
    format!("must be one of {}", KINDS.join(", "))
}

/// Reads it; none after faults. `served` are the connections whose changes go there, with their accounts.
pub(super) fn destination<'a>(
    mut section: Section<'_>,
    rules: Rules,
    served: impl Iterator<Item = (&'a str, &'a dyn Account)>,
) -> Option<Destination> {
    let kind = match section.required("kind") {
        Some("webhook") => webhook(&mut section, rules),
        Some("sqs") => arn(&mut section, "queue_arn", "arn:").map(|queue_arn| DestinationKind::Sqs { queue_arn }),
        Some("eventbridge") => event_bus(&mut section),
        Some("fintechos") => fintechos::instance(&mut section, rules),
        Some(_) => {
            section.fault("kind", must_be_one());
            return None;
        }
        None => return None,
    };
    let kinds = if makes_events(kind.as_ref()) {
        fintechos::fitting(&mut section, served);
        parts_alone(&mut section)
    } else {
        kinds(&mut section)
    };
    section.finish();
    Some(Destination { kind: kind?, kinds })
}

fn webhook(section: &mut Section<'_>, rules: Rules) -> Option<DestinationKind> {
    let url = url(section, rules);
    let faults = section.faults().clone();
    let items = section.items("secrets");
    if items.is_empty() {
        section.fault("secrets", "must hold at least one whsec_ secret");
    }
    let secrets: Vec<SigningSecret> = items
        .into_iter()
        .filter_map(|(place, value)| {
            match SigningSecret::read(&Secret::from(value.as_str().unwrap_or_default().to_owned())) {
                Ok(secret) => Some(secret),
                Err(rule) => {
                    faults.add(&place, rule.to_string());
                    None
                }
            }
        })
        .collect();
    Some(DestinationKind::Webhook { url: url?, secrets })
}

fn url(section: &mut Section<'_>, rules: Rules) -> Option<Url> {
    if section.value("url").is_none() {
        section.fault("url", "is missing");
    }
    let url = section.url("url")?;
    if url.scheme() != "https" && !rules.local_targets {
        section.fault("url", "must be an https URL");
    }
    Some(url)
}

fn event_bus(section: &mut Section<'_>) -> Option<DestinationKind> {
    let bus_arn = arn(section, "bus_arn", "arn:");
    let source = section.required("source").map(str::to_owned);
    if source.as_deref().is_some_and(|source| source.starts_with("aws.")) {
        section.fault("source", "must not begin with aws.");
    }
    Some(DestinationKind::EventBridge { bus_arn: bus_arn?, source: source? })
}

fn arn(section: &mut Section<'_>, name: &str, prefix: &str) -> Option<String> {
    let text = section.required(name)?;
    if !text.starts_with(prefix) || text.split(':').count() < 6 {
        section.fault(name, "must be an ARN");
    }
    Some(text.to_owned())
}

/// Whether it is given the provider's own events.
fn makes_events(kind: Option<&DestinationKind>) -> bool {
    match kind {
        Some(DestinationKind::Fintechos(instance)) => instance.content != Content::Canonical,
        Some(DestinationKind::Webhook { .. } | DestinationKind::Sqs { .. } | DestinationKind::EventBridge { .. })
        | None => false,
    }
}

/// Providers' events are about parts.
fn parts_alone(section: &mut Section<'_>) -> BTreeSet<Wanted> {
    let only = BTreeSet::from([Wanted::Part]);
    if section.value("kinds").is_some() && kinds(section) != only {
        section.fault("kinds", "can only be part: the provider's events are about parts");
    }
    only
}

fn kinds(section: &mut Section<'_>) -> BTreeSet<Wanted> {
    if section.value("kinds").is_none() {
        return Wanted::DEFAULT.into_iter().collect();
    }
    let words = section.texts("kinds");
    let known: BTreeSet<Wanted> = words.iter().filter_map(|word| Wanted::from_text(word)).collect();
    if known.len() != words.len() {
        let all = Wanted::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
        section.fault("kinds", format!("may hold each of these once: {all}"));
    }
    known
}

#[cfg(test)]
mod tests;
