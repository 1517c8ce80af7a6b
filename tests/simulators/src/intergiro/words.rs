//! Intergiro's own words, as far as they are known (§3.2, §5).

pub(crate) const PENDING_ACTIVATION: &str = "pending_activation";
pub(crate) const ONBOARDING_REQUESTED: &str = "onboarding_requested";
pub(crate) const DATA_PROVIDED: &str = "onboarding_data_provided";
pub(crate) const ACTIVATED: &str = "activated";
pub(crate) const BLOCKED: &str = "blocked";

/// Where an onboarding link may be asked for (an assumption, §2.2).
pub(crate) const LINKABLE: &[&str] = &[PENDING_ACTIVATION, ONBOARDING_REQUESTED];
/// Where a pending action may be made (§2.6).
pub(crate) const WITH_DATA: &[&str] = &[DATA_PROVIDED, ACTIVATED, BLOCKED];
/// Where contact data may be changed (§2.3).
pub(crate) const CONTACTABLE: &[&str] = &[PENDING_ACTIVATION, ONBOARDING_REQUESTED, DATA_PROVIDED, ACTIVATED];

pub(crate) const DATA_PROVIDED_EVENT: &str = "IndividualOnboardingDataProvided";
pub(crate) const ACTIVATED_EVENT: &str = "IndividualActivated";
pub(crate) const BLOCKED_EVENT: &str = "IndividualBlocked";
pub(crate) const ACTION_CREATED_EVENT: &str = "PendingActionCreated";
pub(crate) const ACTION_COMPLETED_EVENT: &str = "PendingActionCompleted";

/// The only status of a consent that is printed; the others are assumed.
pub(crate) const CONSENT_PENDING: &str = "pending";
pub(crate) const CONSENT_APPROVED: &str = "approved";
pub(crate) const CONSENT_DECLINED: &str = "declined";

/// The scope of the consent that a change of contact data may want (an assumption).
pub(crate) const CONTACT_SCOPE: &str = "update_individual";
