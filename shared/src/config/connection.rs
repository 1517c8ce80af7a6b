//! One account with one provider.

use std::time::Duration;

use serde_json::Value;

use crate::domain::ConnectionKey;
use crate::domain::schedule::Horizons;
use crate::ports::{Connection, Reissue, Settings, UnknownSubject};
use crate::providers;
use crate::section::Section;

use super::{Rules, delivery, webhook};

/// Why this version cannot read it, if a later one may have written it: its provider, or where its changes go.
pub(super) fn unheard_of(value: &Value) -> Option<String> {
    let provider = value.get("provider").and_then(Value::as_str).filter(|text| !text.is_empty());
    if provider.is_some_and(|provider| providers::names().all(|name| name != provider)) {
        return Some(format!("provider {}", must_be_one()));
    }
    value.get("delivery").and_then(delivery::unheard_of)
}

fn must_be_one() -> String {
    format!("must be one of {}", providers::names().collect::<Vec<_>>().join(", "))
}

/// Reads it; none after faults.
pub(super) fn connection(key: ConnectionKey, mut section: Section<'_>, rules: Rules) -> Option<Connection> {
    let provider = section.required("provider").unwrap_or_default();
    let enabled = section.flag("enabled", true);
    let mut base_urls = section.section_or_empty("base_urls");
    let mut api = section.section_or_empty("api");
    let mut own = section.section_or_empty("settings");
    let settings = settings(&mut own);
    let account = providers::configure(provider, &mut base_urls, &mut api, &mut own);
    if let Some(account) = &account {
        if settings.reissue == Reissue::Auto && !account.renews_links(None) {
            own.fault(
                "reissue",
                "can only be manual: a fresh link needs a new run, and the person's data, which are not kept",
            );
        }
        base_urls.finish();
        api.finish();
        own.finish();
    } else if !provider.is_empty() && providers::names().all(|name| name != provider) {
        section.fault("provider", must_be_one());
    }
    let proofs = webhook::proofs(section.section_or_empty("webhook"), account.as_deref());
    let delivery = section.section("delivery").and_then(|own| {
        let served = account.as_deref().map(|account| (key.name.as_str(), account));
        delivery::destination(own, rules, served.into_iter())
    });
    section.finish();
    Some(Connection { key, enabled, account: account?, proofs, settings, delivery })
}

fn settings(section: &mut Section<'_>) -> Settings {
    let unknown = [("stranger", UnknownSubject::Stranger), ("adopt", UnknownSubject::Adopt)];
    let reissue = [("manual", Reissue::Manual), ("auto", Reissue::Auto)];
    let default = Horizons::default();
    let settings = Settings {
        unknown_subject: section.one_of("unknown_subject", &unknown).unwrap_or(UnknownSubject::Stranger),
        horizons: Horizons {
            open: horizon(section, "open_horizon", default.open),
            monitor: horizon(section, "monitor_until", default.monitor),
            stalled_after: horizon(section, "stalled_after", default.stalled_after),
        },
        max_looks_per_minute: section.number("max_looks_per_minute", 1, 100_000),
        shared_account: section.flag("shared_account", false),
        reissue: section.one_of("reissue", &reissue).unwrap_or(Reissue::Manual),
    };
    if settings.shared_account && settings.unknown_subject == UnknownSubject::Adopt {
        section.fault(
            "unknown_subject",
            "cannot be adopt where shared_account is true: a valid proof does not say whose an event is",
        );
    }
    settings
}

fn horizon(section: &mut Section<'_>, name: &str, default: Duration) -> Duration {
    section.span(name).unwrap_or(default)
}
