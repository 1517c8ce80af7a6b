//! A change in the tenant's words. Within a schema number only additions happen, new enum values included.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{
    Action, Because, Change, ChangeKind, ConnectionName, DecidedBy, Onboarding, OnboardingId, PartFact, Reference,
    Status, Tenant, Timestamp,
};

/// The number of this form.
pub const SCHEMA: u8 = 1;

/// The whole body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// `onboarding.` and the status, or the kind of change.
    #[serde(rename = "type")]
    pub kind: String,
    /// When the change was learned.
    pub timestamp: Timestamp,
    /// The change.
    pub data: Data,
}

/// The change itself: thin, without personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Data {
    /// The number of this form.
    pub schema: u8,
    /// What kind of fact it is.
    pub kind: ChangeKind,
    /// Which onboarding.
    pub onboarding_id: OnboardingId,
    /// Whose.
    pub tenant: Tenant,
    /// Through which connection.
    pub connection: ConnectionName,
    /// The app's own id.
    pub reference: Reference,
    /// From 1, per onboarding; a receiver drops what is not above the last it has seen.
    pub version: u64,
    /// The status after it.
    pub status: Status,
    /// The status before it.
    pub previous: Status,
    /// It changed a settled status.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overturned: bool,
    /// Who decided.
    pub decided_by: DecidedBy,
    /// Why.
    pub reasons: Vec<Because>,
    /// What is asked; the link comes through `resume`.
    pub action: Option<Action>,
    /// Which part, for kinds that are about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<PartFact>,
    /// The provider and its ids.
    pub provider: Provider,
}

/// The provider and its ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Provider {
    /// Its name in a configuration.
    pub name: String,
    /// Its ids of this onboarding, by kind of resource.
    pub ids: BTreeMap<String, String>,
}

/// A change of an onboarding, as the tenant is told.
#[must_use]
pub fn event(onboarding: &Onboarding, change: &Change) -> Event {
    let identity = &onboarding.identity;
    Event {
        kind: event_type(change),
        timestamp: change.at,
        data: Data {
            schema: SCHEMA,
            kind: change.kind,
            onboarding_id: onboarding.key.id.clone(),
            tenant: onboarding.key.tenant.clone(),
            connection: identity.connection.clone(),
            reference: identity.reference.clone(),
            version: change.version,
            status: change.status,
            previous: change.previous,
            overturned: change.overturned,
            decided_by: change.decided_by,
            reasons: change.reasons.clone(),
            action: change.action.clone(),
            part: change.part.clone(),
            provider: Provider { name: identity.provider.clone(), ids: provider_ids(onboarding, change.attempt) },
        },
    }
}

/// The id of every try of the same change.
#[must_use]
pub fn message_id(onboarding: &OnboardingId, version: u64) -> String {
    format!("{onboarding}_{version}")
}

fn event_type(change: &Change) -> String {
    match change.kind {
        ChangeKind::Status => format!("onboarding.{}", change.status),
        ChangeKind::Action => "onboarding.action_required".to_owned(),
        ChangeKind::Part
        | ChangeKind::DataChanged
        | ChangeKind::ContactChanged
        | ChangeKind::Credential
        | ChangeKind::Stalled
        | ChangeKind::Erased => format!("onboarding.{}", change.kind),
    }
}

/// The provider's ids of an onboarding, by kind of resource: of the parts, and of the run itself.
#[must_use]
pub fn provider_ids(onboarding: &Onboarding, attempt: u8) -> BTreeMap<String, String> {
    let truth = &onboarding.truth;
    let run = truth.attempts.iter().find(|run| run.number == attempt).and_then(|run| run.subject.as_ref());
    let current = attempt == truth.attempt_number();
    let parts = truth.parts.iter().filter(|_| current).rev().map(|part| &part.resource);
    parts.chain(run).map(|resource| (resource.kind.to_string(), resource.id.to_string())).collect()
}
