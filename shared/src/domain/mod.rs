//! What the gateway is about, as plain values and pure functions: no AWS, no HTTP, no clock, no chance.

mod change;
mod closed_list;
mod error;
mod name;
mod notice;
mod onboarding;
mod part;
pub mod reduce;
pub mod schedule;
mod status;
mod time;
mod weight;

pub use self::change::{Change, ChangeKind, Evidence, PartFact, Wanted};
pub(crate) use self::closed_list::closed_list;
pub use self::error::ErrorCode;
pub use self::name::{
    BadName, ConnectionKey, ConnectionName, IdempotencyKey, OnboardingId, OnboardingKey, ProviderId, Reference,
    Resource, ResourceKind, SubjectKey, SubscriptionId, Tenant,
};
pub use self::notice::{About, Claim, ClaimClass, Declined, NOTICE_VERSION, Notice, Returned};
pub use self::onboarding::{
    Attempt, Handover, INLINE_CHANGES, Identity, LOOK_MARGIN, Lease, Look, MAX_ATTEMPTS, Onboarding, Truth,
};
pub use self::part::{Assessment, CREDENTIAL, MAX_PARTS, Opinion, Part, Snapshot, Standing, clipped};
pub use self::status::{Action, Ask, Asked, Because, Channel, DecidedBy, MAX_REASONS, Reason, Status, SubjectKind};
pub use self::time::Timestamp;
