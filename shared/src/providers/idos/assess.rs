//! The total table: what a user and the copies that they granted us mean.
//!
//! | copies | status |
//! | --- | --- |
//! | nothing is known at all | created |
//! | none was ever granted | link_issued: the person has still to share |
//! | a word or a kind of part that nobody here knows | unrecognised: the last status is kept |
//! | `not_read`, `content_unavailable`, `content_refused` beside one that approves | passed over: one is enough |
//! | the same beside none that approves | unrecognised, too: it may be the one on which an approval rests, so the last status |
//! | | is kept and the copy is shown; what is not read neither approves nor takes an approval back |
//! | one or more that are there | what the best of them says (below, from top to bottom); one good one is enough |
//! | none is there any more, one of them was good | cancelled, `consent_declined`: the person took it back |
//! | none is there any more, none was good | what the best of them said where that is an end, else in_progress |
//!
//! | the best that is there | status | reason | asked |
//! | --- | --- | --- | --- |
//! | `verified`; inserted by its issuer, or by the person with `user_shared: accept` | approved | | |
//! | `user_shared` | in_review; rejected with `user_shared: refuse` | `other` | the tenant must act, unless it refuses |
//! | `implausible` | in_review | `data_mismatch` | the tenant must act |
//! | `notes_unknown` | in_review | `other` | the tenant must act |
//! | `unknown_context`, `unknown_member` | in_review: it may be a new version | `document_unsupported` | the tenant must act |
//! | `not_yet_valid` | in_review until its day has come | `other` | |
//! | `box_…`, `hash_mismatch`, other `content_…` | action_required | `provider_error` | the person shares again |
//! | `unsupported_storage`, `too_large` | action_required | `document_unsupported` | the person shares another |
//! | `expired` | expired | `document_expired` | |
//! | `revoked` | cancelled | `overturned` | |
//! | `level_insufficient` | rejected | `missing_evidence` | |
//! | `level_unknown`, `not_a_credential`, `proof_missing`, `issuer_unknown` | rejected | `document_unsupported` | |
//! | `proof_invalid` | rejected | `document_suspected_fraud` | |
//!
//! The code stands beside the reason (`provider_code`). Whether a person or a machine decided is not told by an issuer;
//! what stands against a copy was found by a machine. A rejection is never the end: who shares another copy is looked at
//! again.

use super::credential::{Flaw, SharedBy, UserShared, VERIFIED, mark};
use super::id::Kind;
use super::look::NOT_READ;
use crate::domain::{
    Action, Ask, Asked, Assessment, Because, DecidedBy, Opinion, Part, Reason, Resource, Standing, Status,
};

/// What one copy means.
struct Said<'a> {
    part: &'a Part,
    status: Status,
    reason: Option<Reason>,
    action: Option<Action>,
}

pub(super) fn assess(parts: &[Part], user_shared: UserShared) -> Assessment {
    match read(parts, user_shared) {
        Ok(opinion) => Assessment::Known(opinion),
        Err(part) => Assessment::Unrecognised { resource: part.resource.clone() },
    }
}

/// The copy for which the person should share again.
pub(super) fn asking(parts: &[Part], user_shared: UserShared) -> Option<Resource> {
    if read(parts, user_shared).ok()?.status != Status::ActionRequired {
        return None;
    }
    let asks = |part: &&Part| said(part, user_shared).is_some_and(|said| said.status == Status::ActionRequired);
    parts.iter().filter(|part| is_copy(part) && !part.gone).find(asks).map(|part| part.resource.clone())
}

/// Or the part that nobody can read, or nobody has.
fn read(parts: &[Part], user_shared: UserShared) -> Result<Opinion, &Part> {
    let there: Vec<Said<'_>> = parts
        .iter()
        .filter(|part| !part.gone && !is_unread(part) && (is_copy(part) || !is_known(part)))
        .map(|part| said(part, user_shared).ok_or(part))
        .collect::<Result<_, _>>()?;
    let was = || parts.iter().filter(|part| part.gone && is_copy(part));
    let best_there = best(there.iter());
    let approves = best_there.as_ref().is_some_and(|opinion| opinion.status == Status::Approved);
    if let Some(unread) = parts.iter().find(|part| !part.gone && is_unread(part)).filter(|_| !approves) {
        Err(unread)
    } else if let Some(opinion) = best_there {
        Ok(opinion)
    } else if let Some(part) = was().find(|part| part.provider_status == VERIFIED) {
        Ok(opinion(Status::Cancelled, vec![because(part, Reason::ConsentDeclined)], None))
    } else if let Some(opinion) = ended(was().filter_map(|part| said(part, user_shared))) {
        Ok(opinion)
    } else {
        let shared = parts.iter().any(is_copy);
        let status = if shared { Status::InProgress } else { Status::LinkIssued };
        Ok(Opinion::plain(if parts.is_empty() { Status::Created } else { status }))
    }
}

fn is_copy(part: &Part) -> bool {
    Kind::of(&part.resource) == Some(Kind::Credential)
}

/// A copy that was not read, or whose content is not to be had now, or a user whose list was not read to its end.
fn is_unread(part: &Part) -> bool {
    let word = part.provider_status.as_str();
    let unread = match Kind::of(&part.resource) {
        Some(Kind::Credential) => word == NOT_READ || Flaw::from_text(word).is_some_and(Flaw::is_passing),
        Some(Kind::User) => word == NOT_READ,
        Some(Kind::Share) | None => false,
    };
    unread && part.standing == Standing::Open
}

/// A part that says nothing about a copy, and nothing that nobody can read.
fn is_known(part: &Part) -> bool {
    Kind::of(&part.resource).is_some() && part.standing != Standing::Unrecognised
}

/// Of those that are an end in themselves.
fn ended<'a>(said: impl Iterator<Item = Said<'a>>) -> Option<Opinion> {
    let ends: Vec<Said<'_>> = said.filter(|said| said.status.is_settled()).collect();
    best(ends.iter())
}

/// The best status that any of them has, with the reasons of all that have it.
fn best<'a, 'b: 'a>(all: impl Iterator<Item = &'a Said<'b>> + Clone) -> Option<Opinion> {
    let status = all.clone().map(|said| said.status).min_by_key(|status| rank(*status))?;
    let same = all.filter(|said| said.status == status);
    let reasons = same.clone().filter_map(|said| Some(because(said.part, said.reason?))).collect();
    Some(opinion(status, reasons, same.clone().find_map(|said| said.action.clone())))
}

/// The most hopeful first: each copy stands for itself, and one good one is enough.
const fn rank(status: Status) -> u8 {
    match status {
        Status::Approved => 0,
        Status::InReview => 1,
        Status::ActionRequired => 2,
        Status::Expired => 3,
        Status::Cancelled => 4,
        Status::Rejected
        | Status::Created
        | Status::LinkIssued
        | Status::InProgress
        | Status::Submitted
        | Status::Abandoned => 5,
    }
}

/// None where its words are not ours, or do not fit together.
fn said(part: &Part, user_shared: UserShared) -> Option<Said<'_>> {
    if !is_copy(part) || part.standing == Standing::Unrecognised {
        return None;
    }
    if part.provider_status != VERIFIED {
        let (status, reason, action) = meaning(Flaw::from_text(&part.provider_status)?, user_shared);
        return Some(Said { part, status, reason: Some(reason), action });
    }
    let by = part.marks.iter().find_map(|own| SharedBy::from_text(own.strip_prefix(mark::BY)?))?;
    match (by, user_shared, part.standing) {
        (SharedBy::Issuer, _, Standing::Approved) | (SharedBy::User, UserShared::Accept, Standing::Approved) => {
            Some(Said { part, status: Status::Approved, reason: None, action: None })
        }
        // what was accepted then is not accepted now
        (SharedBy::User, UserShared::Review | UserShared::Refuse, _) => {
            let (status, reason, action) = meaning(Flaw::UserShared, user_shared);
            Some(Said { part, status, reason: Some(reason), action })
        }
        (SharedBy::Issuer, _, _) | (SharedBy::User, UserShared::Accept, _) => None,
    }
}

fn meaning(flaw: Flaw, user_shared: UserShared) -> (Status, Reason, Option<Action>) {
    match flaw {
        Flaw::UserShared => match user_shared {
            UserShared::Refuse => (Status::Rejected, Reason::Other, None),
            UserShared::Review | UserShared::Accept => (Status::InReview, Reason::Other, Some(TENANT)),
        },
        Flaw::Implausible => (Status::InReview, Reason::DataMismatch, Some(TENANT)),
        Flaw::NotesUnknown => (Status::InReview, Reason::Other, Some(TENANT)),
        Flaw::UnknownContext | Flaw::UnknownMember => (Status::InReview, Reason::DocumentUnsupported, Some(TENANT)),
        Flaw::NotYetValid => (Status::InReview, Reason::Other, None),
        // the first two only of a copy that is gone
        Flaw::ContentAway
        | Flaw::ContentRefused
        | Flaw::NoContent
        | Flaw::WrongLength
        | Flaw::WrongContent
        | Flaw::NotBase64
        | Flaw::BoxTruncated
        | Flaw::BoxSenderUnusable
        | Flaw::BoxUnopenable
        | Flaw::HashMismatch => (Status::ActionRequired, Reason::ProviderError, Some(PERSON)),
        Flaw::UnsupportedAddress | Flaw::TooLarge => {
            (Status::ActionRequired, Reason::DocumentUnsupported, Some(PERSON))
        }
        Flaw::Expired => (Status::Expired, Reason::DocumentExpired, None),
        Flaw::Revoked => (Status::Cancelled, Reason::Overturned, None),
        Flaw::LevelInsufficient => (Status::Rejected, Reason::MissingEvidence, None),
        Flaw::LevelUnknown | Flaw::NotACredential | Flaw::ProofMissing | Flaw::IssuerUnknown => {
            (Status::Rejected, Reason::DocumentUnsupported, None)
        }
        Flaw::ProofInvalid => (Status::Rejected, Reason::DocumentSuspectedFraud, None),
    }
}

const TENANT: Action = Action { ask: Ask::TenantMustAct, of: Asked::Tenant, by: None };
const PERSON: Action = Action { ask: Ask::ProvideDocument, of: Asked::Person, by: None };

fn because(part: &Part, code: Reason) -> Because {
    Because { code, provider_code: Some(part.provider_status.clone()) }
}

fn opinion(status: Status, reasons: Vec<Because>, action: Option<Action>) -> Opinion {
    let decided_by = if status == Status::Rejected { DecidedBy::Automatic } else { DecidedBy::Unknown };
    Opinion { status, reasons, action, decided_by }
}

#[cfg(test)]
mod tests;
