//! The total table: what an identity verification and its identifications mean together.
//!
//! Read from top to bottom, the first row wins.
//!
//! | verification | identification | status |
//! | --- | --- | --- |
//! | a status that nobody knows | any | unrecognised: the last status is kept |
//! | any | a status that nobody knows | unrecognised |
//! | `Completed`, `isSuccess` not false | KYC `Approved` | approved |
//! | `Completed`, `isSuccess` false | KYC `Approved` | unrecognised: they contradict each other |
//! | `Pending`, `InProgress`, `Suspended` | KYC `Approved` | in_review, until it completes |
//! | `InProgress`, `Suspended` | KYC `Rejected` for a reason that is not critical | action_required: the flow lets the person try again |
//! | any | KYC `Rejected` | rejected |
//! | any | KYB `Approved`, `Rejected` | approved, rejected |
//! | any | KYB pending, one of its documents `Invalidated` | action_required |
//! | `Expired` | – | expired |
//! | `Aborted`, consent declined | – | cancelled |
//! | `Aborted` | – | abandoned |
//! | `Completed` | KYC `Awaiting` | in_review |
//! | any | KYC `Awaiting`, processed | submitted |
//! | any | KYB pending | in_review |
//! | `InProgress`, `Suspended` | – | in_progress |
//! | `Pending` | – | link_issued |
//! | `Completed` | none | unrecognised: completed is no verdict |
//!
//! Where one verification has both a KYC and a KYB identification, both must approve and either can reject. `Expired`
//! and `Aborted` with an approved KYC are an end without a verdict: the flow's other steps were never done, and "until
//! it completes" would wait for ever. Ondato has no event for the start of a review: `submitted` is the processed
//! identification inside a running flow, `in_review` the flow that ended without a decision.

use super::id::Kind;
use super::words::{Ground, KybStatus, KycStatus, VerificationStatus, ground};
use crate::domain::{Action, Ask, Asked, Assessment, Because, DecidedBy, Opinion, Part, Reason, Status};

/// Marks beside a status; they hold no personal data.
pub(super) mod mark {
    /// `step.consent.isConsented` is false.
    pub(in super::super) const CONSENT_DECLINED: &str = "consent_declined";
    /// `step.kycIdentification.isSuccess` is true.
    pub(in super::super) const SUCCESSFUL: &str = "is_success";
    /// `step.kycIdentification.isSuccess` is false.
    pub(in super::super) const UNSUCCESSFUL: &str = "is_success_false";
    /// Its data were deleted, or are being deleted.
    pub(in super::super) const REDACTED: &str = "redacted";
    /// The machine has read the document.
    pub(in super::super) const PROCESSED: &str = "processed";
    /// A person has looked.
    pub(in super::super) const CROSS_CHECKED: &str = "cross_checked";
    /// A document of the company was found invalid.
    pub(in super::super) const DOCUMENT_INVALIDATED: &str = "document_invalidated";
}

/// The parts that the table reads, each with its status.
struct Evidence<'a> {
    part: &'a Part,
    verification: VerificationStatus,
    kyc: Option<(KycStatus, &'a Part)>,
    kyb: Option<(KybStatus, &'a Part)>,
}

pub(super) fn assess(parts: &[Part]) -> Assessment {
    let Some(first) = parts.first() else {
        return Assessment::Known(Opinion::plain(Status::Created));
    };
    let unreadable = |part: &Part| Assessment::Unrecognised { resource: part.resource.clone() };
    match Evidence::of(first, parts) {
        Ok(evidence) => evidence.opinion().map_or_else(|| unreadable(evidence.part), Assessment::Known),
        Err(part) => unreadable(part),
    }
}

/// The part of that kind: the one that is there, else the one that was. A further try inside the flow may make a new
/// identification; the old one then is gone and speaks no more.
fn current(parts: &[Part], kind: Kind) -> Option<&Part> {
    let of_kind = || parts.iter().filter(|part| Kind::of(&part.resource) == Some(kind));
    of_kind().find(|part| !part.gone).or_else(|| of_kind().next())
}

enum Verdict<'a> {
    KycApproved,
    KycRejected(&'a Part),
    KybApproved,
    KybRejected(&'a Part),
    Open,
}

impl<'a> Evidence<'a> {
    /// Or the part that cannot be read.
    fn of(first: &'a Part, parts: &'a [Part]) -> Result<Self, &'a Part> {
        let part = current(parts, Kind::IdentityVerification).ok_or(first)?;
        let verification = VerificationStatus::read(&part.provider_status).ok_or(part)?;
        let kyc = current(parts, Kind::KycIdentification);
        let kyc = kyc.map(|part| KycStatus::read(&part.provider_status).map(|status| (status, part)).ok_or(part));
        let kyb = current(parts, Kind::KybIdentification);
        let kyb = kyb.map(|part| KybStatus::read(&part.provider_status).map(|status| (status, part)).ok_or(part));
        Ok(Self { part, verification, kyc: kyc.transpose()?, kyb: kyb.transpose()? })
    }

    fn verdict(&self) -> Verdict<'a> {
        match (self.kyc, self.kyb) {
            (Some((KycStatus::Rejected, part)), _) => Verdict::KycRejected(part),
            (_, Some((KybStatus::Rejected, part))) => Verdict::KybRejected(part),
            (Some((KycStatus::Approved, _)), None | Some((KybStatus::Approved, _))) => Verdict::KycApproved,
            (None, Some((KybStatus::Approved, _))) => Verdict::KybApproved,
            (Some((KycStatus::Awaiting, _)), None | Some((KybStatus::Pending | KybStatus::Approved, _)))
            | (None | Some((KycStatus::Approved, _)), Some((KybStatus::Pending, _)))
            | (None, None) => Verdict::Open,
        }
    }

    fn opinion(&self) -> Option<Opinion> {
        match self.verdict() {
            Verdict::KycApproved => self.approved_person(),
            Verdict::KycRejected(part) => Some(self.rejected_person(part)),
            Verdict::KybApproved => Some(self.decided(Status::Approved, Vec::new())),
            Verdict::KybRejected(part) => Some(self.decided(Status::Rejected, because(part))),
            Verdict::Open => self.undecided(),
        }
    }

    fn approved_person(&self) -> Option<Opinion> {
        match self.verification {
            VerificationStatus::Completed if self.part.has(mark::UNSUCCESSFUL) => None,
            VerificationStatus::Completed => Some(self.decided(Status::Approved, Vec::new())),
            VerificationStatus::Pending | VerificationStatus::InProgress | VerificationStatus::Suspended => {
                Some(self.decided(Status::InReview, Vec::new()))
            }
            VerificationStatus::Aborted | VerificationStatus::Expired => self.ended(),
        }
    }

    fn rejected_person(&self, part: &Part) -> Opinion {
        let runs = match self.verification {
            VerificationStatus::InProgress | VerificationStatus::Suspended => true,
            VerificationStatus::Pending
            | VerificationStatus::Completed
            | VerificationStatus::Aborted
            | VerificationStatus::Expired => false,
        };
        match grounds(part).retry.filter(|_| runs) {
            Some(ask) => Opinion { action: Some(asked(ask)), ..self.decided(Status::ActionRequired, because(part)) },
            None => self.decided(Status::Rejected, because(part)),
        }
    }

    fn undecided(&self) -> Option<Opinion> {
        let pending = self.kyb.filter(|(status, _)| *status == KybStatus::Pending).map(|(_, part)| part);
        if pending.is_some_and(|part| part.has(mark::DOCUMENT_INVALIDATED)) {
            let action = Some(asked(Ask::ProvideDocument));
            return Some(Opinion { action, ..Opinion::plain(Status::ActionRequired) });
        }
        let awaiting = self.kyc.filter(|(status, _)| *status == KycStatus::Awaiting).map(|(_, part)| part);
        let processed = awaiting.is_some_and(|part| part.has(mark::PROCESSED));
        let in_flow = |otherwise| match (processed, pending) {
            (true, _) => Status::Submitted,
            (false, Some(_)) => Status::InReview,
            (false, None) => otherwise,
        };
        let status = match self.verification {
            VerificationStatus::Expired | VerificationStatus::Aborted => return self.ended(),
            VerificationStatus::Completed => awaiting.or(pending).map(|_| Status::InReview)?,
            VerificationStatus::InProgress | VerificationStatus::Suspended => in_flow(Status::InProgress),
            VerificationStatus::Pending => in_flow(Status::LinkIssued),
        };
        Some(Opinion::plain(status))
    }

    /// An end without a verdict.
    fn ended(&self) -> Option<Opinion> {
        let (status, reason) = match self.verification {
            VerificationStatus::Expired => (Status::Expired, Some(Reason::LinkExpired)),
            VerificationStatus::Aborted if self.part.has(mark::CONSENT_DECLINED) => {
                (Status::Cancelled, Some(Reason::ConsentDeclined))
            }
            VerificationStatus::Aborted => (Status::Abandoned, None),
            VerificationStatus::Pending
            | VerificationStatus::InProgress
            | VerificationStatus::Suspended
            | VerificationStatus::Completed => return None,
        };
        let provider_code = self.part.provider_reason.clone();
        let reasons = reason.map(|code| Because { code, provider_code }).into_iter().collect();
        Some(Opinion { reasons, ..Opinion::plain(status) })
    }

    fn decided(&self, status: Status, reasons: Vec<Because>) -> Opinion {
        let parts = [self.kyc.map(|(_, part)| part), self.kyb.map(|(_, part)| part)];
        let decided_by =
            parts.into_iter().flatten().filter(|part| part.standing.is_decision()).map(|part| part.decided_by);
        Opinion {
            reasons,
            decided_by: decided_by.reduce(jointly).unwrap_or(DecidedBy::Unknown),
            ..Opinion::plain(status)
        }
    }
}

/// One person is enough to make it a person's decision.
const fn jointly(one: DecidedBy, other: DecidedBy) -> DecidedBy {
    match (one, other) {
        (DecidedBy::Manual, _) | (_, DecidedBy::Manual) => DecidedBy::Manual,
        (DecidedBy::Unknown, _) | (_, DecidedBy::Unknown) => DecidedBy::Unknown,
        (DecidedBy::Automatic, DecidedBy::Automatic) => DecidedBy::Automatic,
    }
}

fn grounds(part: &Part) -> Ground {
    ground(part.provider_reason.as_deref())
}

fn because(part: &Part) -> Vec<Because> {
    vec![Because { code: grounds(part).reason, provider_code: part.provider_reason.clone() }]
}

const fn asked(ask: Ask) -> Action {
    Action { ask, of: Asked::Person, by: None }
}

#[cfg(test)]
mod tests;
