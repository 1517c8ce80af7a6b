//! Makes what goes out of a change: the same event for every destination, or, where a FintechOS instance wants it so,
//! the provider's own, with what stands behind it at the provider if that is wanted. That is read live at each try,
//! handed on and kept nowhere.
//!
//! What cannot be made is a failed try of the change, and says nothing of the endpoint. A connection that is switched off
//! or paused is not asked: the change waits, and that is no try.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::delivery::fintechos::content::with_report;
use crate::delivery::payload::{event, message_id};
use crate::delivery::webhook::DELIVERY_DEADLINE;
use crate::domain::{Change, Onboarding, Timestamp};
use crate::gateway::{Gateway, Line};
use crate::ports::{
    Connection, Content, Destination, DestinationKind, LedgerError, Parcel, ProviderError, ProviderEvent, TenantConfig,
};

use super::{REPORT, SWITCHED_OFF};

/// Why there is nothing to hand over.
pub(super) enum Unmade {
    /// The provider may not be asked before then.
    Later(Timestamp),
    /// A stable code, and when to come again.
    Because(String, Option<Duration>),
    /// Our own failure.
    Ledger(LedgerError),
}

impl From<LedgerError> for Unmade {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// The parcel of one try, which began now.
pub(super) async fn parcel(
    gateway: &Gateway,
    config: &TenantConfig,
    destination: &Destination,
    onboarding: &Onboarding,
    change: &Change,
) -> Result<Parcel, Unmade> {
    let at = gateway.now();
    let wanted = wanted(destination);
    let (kind, body) = match wanted {
        None => {
            let event = event(onboarding, change);
            (event.kind.clone(), text(&event)?)
        }
        Some(report) => {
            let connection = config.connections.get(&onboarding.identity.connection).ok_or_else(|| no("connection"))?;
            let event = change.part.as_ref().and_then(|part| connection.account.event_of(part, change.at));
            let event = event.ok_or_else(|| no("event"))?;
            let kind = event.kind.clone();
            let body = if report {
                enriched(gateway, config, connection, onboarding, change, event).await?
            } else {
                event.body
            };
            (kind, text(&body)?)
        }
    };
    let id = message_id(&onboarding.key.id, change.version);
    Ok(Parcel { id, onboarding: onboarding.key.clone(), kind, at, body, until: at + DELIVERY_DEADLINE })
}

/// Whether the provider's own event is wanted, and if so, whether with what stands behind it.
fn wanted(destination: &Destination) -> Option<bool> {
    match &destination.kind {
        DestinationKind::Webhook { .. } | DestinationKind::Sqs { .. } | DestinationKind::EventBridge { .. } => None,
        DestinationKind::Fintechos(instance) => match instance.content {
            Content::ProviderEvent { report, .. } => Some(report),
            Content::Canonical => None,
        },
    }
}

async fn enriched(
    gateway: &Gateway,
    config: &TenantConfig,
    connection: &Connection,
    onboarding: &Onboarding,
    change: &Change,
    event: ProviderEvent,
) -> Result<Value, Unmade> {
    let part = change.part.as_ref().ok_or_else(|| no("part"))?;
    if let Some(later) = resting(gateway, connection).await? {
        return Err(Unmade::Later(later));
    }
    let line = Line::new(gateway, config, connection, REPORT);
    let report = connection.account.evidence(line.reach(), &part.resource).await;
    let report = report.map_err(|error| unread(&error))?;
    Ok(with_report(event, report, &onboarding.key, change))
}

/// Until when the provider is not to be asked, if so.
async fn resting(gateway: &Gateway, connection: &Connection) -> Result<Option<Timestamp>, LedgerError> {
    let now = gateway.now();
    if !connection.enabled {
        return Ok(Some(now + gateway.world.pace.of(SWITCHED_OFF)));
    }
    let paused = gateway.ledger.connection(&connection.key).await?.paused_until;
    Ok(paused.filter(|&until| until > now))
}

fn text(body: &impl Serialize) -> Result<String, Unmade> {
    serde_json::to_string(body).map_err(|_| no("payload"))
}

fn no(what: &str) -> Unmade {
    Unmade::Because(format!("no_{what}"), None)
}

fn unread(error: &ProviderError) -> Unmade {
    let (what, asked) = match error {
        ProviderError::Busy { retry_after } => ("busy", *retry_after),
        ProviderError::Unavailable(_) | ProviderError::Renewing => ("unavailable", None),
        ProviderError::Unauthorized => ("unauthorized", None),
        ProviderError::NotFound => ("not_found", None),
        ProviderError::Refused { .. } | ProviderError::Foreign(_) | ProviderError::Unsupported(_) => ("refused", None),
    };
    Unmade::Because(format!("report_{what}"), asked)
}
