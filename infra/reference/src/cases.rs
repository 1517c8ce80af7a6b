//! One onboarding in several states, made by the domain itself: what the examples show is what the gateway says.

use std::sync::Arc;
use std::time::Duration;

use idv_gateway::config::{self, Rules};
use idv_gateway::domain::reduce::{Occasion, reduce};
use idv_gateway::domain::{
    BadName, ChangeKind, Channel, ConnectionName, DecidedBy, Evidence, Handover, Identity, Look, Onboarding,
    OnboardingId, OnboardingKey, Part, ProviderId, Reference, Resource, ResourceKind, Snapshot, Standing, Status,
    SubjectKind, Tenant, Timestamp, Truth,
};
use idv_gateway::ports::{Account, TenantConfig};

use crate::{EXAMPLE_CONFIGURATION, ReferenceError};

pub(crate) const TENANT: &str = "acme";
pub(crate) const CONNECTION: &str = "ondato";
pub(crate) const ONBOARDING: &str = "onb_01KAGT80G0EXAMPEEXAMPEEXAM";
pub(crate) const REFERENCE: &str = "customer-8731";
const VERIFICATION: &str = "7a1f3c94-2b5d-4e6f-8a90-b1c2d3e4f501";
const IDENTIFICATION: &str = "9c2e4d15-3a6b-4c7d-9e8f-a0b1c2d3e402";
/// 2026-11-20T08:00:00Z
const BEGAN: Timestamp = Timestamp::from_millis(1_795_161_600_000);
const LINK_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The example configuration's own tenant.
pub(crate) fn tenant() -> Result<TenantConfig, ReferenceError> {
    let all = config::read_file(EXAMPLE_CONFIGURATION, Rules::default())
        .map_err(|faults| wrong(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    let mut tenants = all.tenants.into_iter();
    let found = tenants.find(|(name, _)| name.as_str() == TENANT).map(|(_, (config, _))| config);
    found.ok_or_else(|| wrong(format!("no tenant {TENANT}")))
}

/// The example configuration's account with Ondato.
pub(crate) fn account() -> Result<Arc<dyn Account>, ReferenceError> {
    let config = tenant()?;
    let connection = config.connection(&ConnectionName::parse(CONNECTION)?);
    connection.map(|connection| Arc::clone(&connection.account)).ok_or_else(|| wrong(format!("no {CONNECTION}")))
}

pub(crate) fn wrong(what: impl Into<String>) -> ReferenceError {
    ReferenceError::Example("configuration", what.into())
}

impl From<BadName> for ReferenceError {
    fn from(rule: BadName) -> Self {
        Self::Example("a name", rule.to_string())
    }
}

pub(crate) fn verification() -> Result<Resource, ReferenceError> {
    resource("identity_verification", VERIFICATION)
}

fn identification() -> Result<Resource, ReferenceError> {
    resource("kyc_identification", IDENTIFICATION)
}

fn resource(kind: &str, id: &str) -> Result<Resource, ReferenceError> {
    Ok(Resource { kind: ResourceKind::parse(kind)?, id: ProviderId::parse(id)? })
}

/// The link was handed out, nothing else happened.
pub(crate) fn started() -> Result<Onboarding, ReferenceError> {
    let mut truth = Truth::intended(BEGAN);
    let run = verification()?;
    for attempt in &mut truth.attempts {
        attempt.subject = Some(run.clone());
        attempt.link_expires_at = Some(BEGAN + LINK_LIFE);
    }
    truth.turn(Status::LinkIssued, BEGAN + Duration::from_secs(1), Evidence::App);
    let key = OnboardingKey { tenant: Tenant::parse(TENANT)?, id: OnboardingId::parse(ONBOARDING)? };
    let identity = Identity {
        connection: ConnectionName::parse(CONNECTION)?,
        provider: "ondato".to_owned(),
        reference: Reference::parse(REFERENCE)?,
        subject_kind: SubjectKind::Individual,
        channel: Channel::Link,
        created_at: BEGAN,
    };
    let delivery = Handover { through: truth.version, ..Handover::default() };
    Ok(Onboarding { key, identity, truth, look: Look::default(), delivery, erased_at: None })
}

/// The person is in the flow; a photo was too poor and may be taken again.
pub(crate) fn asked_again() -> Result<Onboarding, ReferenceError> {
    let mut rejected = Part::new(identification()?, "Rejected", Standing::Rejected);
    rejected.provider_reason = Some("PoorPhotoQuality".to_owned());
    rejected.decided_by = DecidedBy::Automatic;
    let flow = Part::new(verification()?, "InProgress", Standing::Open);
    looked(started()?, vec![flow, rejected], 540)
}

/// The person has walked through and is decided on.
pub(crate) fn approved() -> Result<Onboarding, ReferenceError> {
    let flow = || Ok::<_, ReferenceError>(Part::new(verification()?, "Completed", Standing::Ended));
    let awaiting = Part::new(identification()?, "Awaiting", Standing::Open);
    let reviewed = looked(started()?, vec![flow()?, awaiting], 600)?;
    let mut decided = Part::new(identification()?, "Approved", Standing::Approved);
    decided.provider_reason = Some("AutomaticallyIdentified".to_owned());
    decided.decided_by = DecidedBy::Automatic;
    decided.at = Some(BEGAN + Duration::from_secs(718));
    looked(reviewed, vec![flow()?, decided], 720)
}

/// A change that no look of an example makes, after the last.
pub(crate) fn told(mut onboarding: Onboarding, kind: ChangeKind) -> Result<Onboarding, ReferenceError> {
    let at = onboarding.truth.updated_at + Duration::from_secs(24 * 3600);
    let part = onboarding.truth.parts.iter().find(|part| part.standing.is_decision()).cloned();
    match part {
        Some(part) if kind == ChangeKind::DataChanged => {
            onboarding.truth.record_part(kind, &part, at, Evidence::Webhook);
        }
        Some(_) | None => onboarding.truth.record(kind, onboarding.truth.status, at, Evidence::Schedule),
    }
    Ok(onboarding)
}

fn looked(mut onboarding: Onboarding, parts: Vec<Part>, seconds: u64) -> Result<Onboarding, ReferenceError> {
    let account = account()?;
    let at = BEGAN + Duration::from_secs(seconds);
    let occasion = Occasion { at, evidence: Evidence::Webhook };
    let assess = |parts: &[Part]| account.assess(parts);
    onboarding.truth = reduce(&onboarding.truth, &Snapshot::of(parts), &assess, occasion);
    onboarding.look.started_at = Some(at);
    onboarding.delivery.through = onboarding.truth.version;
    Ok(onboarding)
}
