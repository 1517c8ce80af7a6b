//! A numbered fact for the tenant. Changes of one onboarding are dense: 1, 2, 3… without holes.

use serde::{Deserialize, Serialize};

use super::closed_list::closed_list;
use super::name::Resource;
use super::part::Standing;
use super::status::{Action, Because, DecidedBy, Status};
use super::time::Timestamp;

closed_list! {
    /// What kind of fact it is; destinations choose among these.
    pub enum ChangeKind {
        Status = "status": "The canonical status changed.",
        Action = "action": "What is asked changed while the status stayed.",
        Part = "part": "A part reached or left a decision.",
        DataChanged = "data_changed": "The data behind a part changed; which part, never the values.",
        ContactChanged = "contact_changed": "An e-mail address or a phone number changed at the provider.",
        Credential = "credential": "A credential was shared.",
        Stalled = "stalled": "The person has not come to the end for longer than `stalled_after`.",
        Erased = "erased": "The onboarding was erased.",
    }
}

closed_list! {
    /// What a destination may want: every kind of change, and the two statuses that are sent only on request.
    pub enum Wanted {
        Created = "created": "Status changes to `created` (only on request).",
        LinkIssued = "link_issued": "Status changes to `link_issued` (only on request).",
        Status = "status": "All other status changes.",
        Action = "action": "What is asked changed.",
        Part = "part": "A part reached or left a decision (only on request).",
        DataChanged = "data_changed": "Data behind a part changed.",
        ContactChanged = "contact_changed": "Contact data changed.",
        Credential = "credential": "A credential was shared.",
        Stalled = "stalled": "The person has not come to the end for long.",
        Erased = "erased": "The onboarding was erased.",
    }
}

impl Wanted {
    /// What is sent where nothing else is asked for.
    pub const DEFAULT: [Self; 7] = [
        Self::Status,
        Self::Action,
        Self::DataChanged,
        Self::ContactChanged,
        Self::Credential,
        Self::Stalled,
        Self::Erased,
    ];
}

closed_list! {
    /// By which evidence a change came.
    pub enum Evidence {
        Webhook = "webhook": "A proven webhook made us look.",
        Schedule = "schedule": "The reconciler made us look.",
        App = "app": "An action of the app.",
    }
}

/// One numbered fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// From 1, per onboarding, without holes.
    pub version: u64,
    /// What kind of fact.
    pub kind: ChangeKind,
    /// When we learned it.
    pub at: Timestamp,
    /// The status after it.
    pub status: Status,
    /// The status before it.
    pub previous: Status,
    /// Whether it changed a settled status.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overturned: bool,
    /// Who decided.
    pub decided_by: DecidedBy,
    /// Why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Because>,
    /// What is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Which part, and where it stands now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<PartFact>,
    /// Which attempt.
    pub attempt: u8,
    /// By which evidence.
    pub evidence: Evidence,
}

impl Change {
    /// As what a destination wants or does not want it.
    #[must_use]
    pub const fn wanted_as(&self) -> Wanted {
        match (self.kind, self.status) {
            (ChangeKind::Status, Status::Created) => Wanted::Created,
            (ChangeKind::Status, Status::LinkIssued) => Wanted::LinkIssued,
            (ChangeKind::Status, _) => Wanted::Status,
            (ChangeKind::Action, _) => Wanted::Action,
            (ChangeKind::Part, _) => Wanted::Part,
            (ChangeKind::DataChanged, _) => Wanted::DataChanged,
            (ChangeKind::ContactChanged, _) => Wanted::ContactChanged,
            (ChangeKind::Credential, _) => Wanted::Credential,
            (ChangeKind::Stalled, _) => Wanted::Stalled,
            (ChangeKind::Erased, _) => Wanted::Erased,
        }
    }
}

/// What a change says of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartFact {
    /// Which.
    pub resource: Resource,
    /// Where it stands.
    pub standing: Standing,
    /// The provider's own word.
    pub provider_status: String,
}
