//! Where changes go.

use std::collections::BTreeSet;

use url::Url;

use crate::delivery::standard_webhooks::SigningSecret;
use crate::domain::Wanted;
use crate::ports::{Destination, DestinationKind};
use crate::secret::Secret;
use crate::section::Section;

use super::Rules;

/// Reads it; none after faults.
pub(super) fn destination(mut section: Section<'_>, rules: Rules) -> Option<Destination> {
    let kind = match section.required("kind") {
        Some("webhook") => webhook(&mut section, rules),
        Some("sqs") => arn(&mut section, "queue_arn", "arn:").map(|queue_arn| DestinationKind::Sqs { queue_arn }),
        Some("eventbridge") => event_bus(&mut section),
        Some(_) => {
            section.fault("kind", "must be one of webhook, sqs, eventbridge");
            return None;
        }
        None => return None,
    };
    let kinds = kinds(&mut section);
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
