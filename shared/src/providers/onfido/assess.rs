//! The total table: what a run, or the newest check with its reports, means.
//!
//! | Studio run | status |
//! | --- | --- |
//! | `awaiting_input` | link_issued; in_progress once the person's first task is done |
//! | `processing` | submitted |
//! | `awaiting_client_input` | action_required: the tenant's backend has to give something |
//! | `review` | in_review: a person may still decide |
//! | `approved`, `declined` | approved, rejected |
//! | `abandoned` | abandoned |
//! | `error` | cancelled, `provider_error`: it cannot go on |
//!
//! | newest check | status; read from top to bottom, the first row wins |
//! | --- | --- |
//! | none, or `awaiting_applicant` | link_issued |
//! | `withdrawn`; or every report cancelled or withdrawn | cancelled |
//! | `expired` | expired |
//! | `reopened` | in_review: its earlier result holds no longer |
//! | `paused` | in_review, and something is asked of the tenant |
//! | `in_progress`, a report with an unknown word | unrecognised: the last status is kept |
//! | `in_progress`, a report `awaiting_approval` | in_review: whether it lasts cannot be told from one read |
//! | `in_progress`, a report that waits for data for longer than `data_patience` | action_required |
//! | `in_progress` | submitted |
//! | `complete`, `clear`, every report complete and clear | approved; in_review where a report of an older check stands against the person and there is none of its name |
//! | `complete`, `clear`, no report | in_review: nothing stands behind it |
//! | `complete`, `clear`, a report still open | submitted: two moments were read |
//! | `complete`, `clear`, a report cancelled or withdrawn | in_review: that one says nothing |
//! | `complete`, `clear` or `consider` | by the reports, the worst wins (below) |
//! | `complete` with another result, any other status | unrecognised |
//!
//! | reports | status |
//! | --- | --- |
//! | a document `suspected` | rejected |
//! | any other that is not clear, but for the next row | the tenant's policy: in_review, or rejected |
//! | one that nobody can read, or none that explains the result | in_review |
//! | nothing but documents `rejected`, not for the person's age | action_required: capture again, or another document |
//!
//! An older check decides nothing else. Who decided is not told.

use super::id::Kind;
use super::settings::Consider;
use super::words::{CONSIDER, CheckStatus, Family, ReportStatus, RunStatus, SubResult, UNIDENTIFIED, finding};
use crate::domain::{Action, Ask, Asked, Assessment, Because, Opinion, Part, Reason, Resource, Standing, Status};

/// Facts of a part that have no place of their own in it; they hold no personal data.
pub(super) mod mark {
    /// Followed by a report's name.
    pub(in super::super) const NAME: &str = "name:";
    /// Followed by a document report's sub-result.
    pub(in super::super) const SUB: &str = "sub:";
    /// Followed by a breakdown that is not clear.
    pub(in super::super) const WHY: &str = "why:";
    /// It has waited for data for longer than it should.
    pub(in super::super) const OVERDUE: &str = "overdue";
    /// A newer check took its place.
    pub(in super::super) const SUPERSEDED: &str = "superseded";
    /// The person has done their first task.
    pub(in super::super) const BEGUN: &str = "begun";
}

pub(super) fn assess(parts: &[Part], consider: Consider) -> Assessment {
    let Some(first) = parts.first() else {
        return Assessment::Known(Opinion::plain(Status::Created));
    };
    let read = if let Some(run) = of_kind(parts, Kind::WorkflowRun) {
        studio(run).ok_or(run)
    } else if let Some(check) = governing(parts) {
        judged(parts, check, consider)
    } else {
        of_kind(parts, Kind::Applicant).map(|_| Opinion::plain(Status::LinkIssued)).ok_or(first)
    };
    match read {
        Ok(opinion) => Assessment::Known(opinion),
        Err(part) => Assessment::Unrecognised { resource: part.resource.clone() },
    }
}

/// The document that must be captured again, or the report that waits for data: a fresh token serves either.
pub(super) fn asking(parts: &[Part], consider: Consider) -> Option<Resource> {
    let check = governing(parts)?;
    let reports = reports(parts, check);
    let opinion = classic(check, &reports, consider).ok()?;
    if opinion.status != Status::ActionRequired {
        return None;
    }
    let asks = |report: &&&Part| report.has(mark::OVERDUE) || is_capture_problem(report);
    reports.iter().find(asks).map(|report| report.resource.clone())
}

fn studio(run: &Part) -> Option<Opinion> {
    let opinion = |status| Opinion::plain(status);
    Some(match RunStatus::read(&run.provider_status)? {
        RunStatus::AwaitingInput if run.has(mark::BEGUN) => opinion(Status::InProgress),
        RunStatus::AwaitingInput => opinion(Status::LinkIssued),
        RunStatus::Processing => opinion(Status::Submitted),
        RunStatus::AwaitingClientInput => Opinion { action: Some(TENANT), ..opinion(Status::ActionRequired) },
        RunStatus::Review => opinion(Status::InReview),
        RunStatus::Approved => opinion(Status::Approved),
        RunStatus::Declined => {
            let code = if run.provider_reason.is_some() { Reason::Other } else { Reason::NotDisclosed };
            Opinion { reasons: vec![because(code, run)], ..opinion(Status::Rejected) }
        }
        RunStatus::Abandoned => opinion(Status::Abandoned),
        RunStatus::Error => {
            Opinion { reasons: vec![because(Reason::ProviderError, run)], ..opinion(Status::Cancelled) }
        }
    })
}

/// The newest check decides, but for what an older one found and this one did not look at again.
fn judged<'a>(parts: &'a [Part], check: &'a Part, consider: Consider) -> Result<Opinion, &'a Part> {
    let reports = reports(parts, check);
    let opinion = classic(check, &reports, consider)?;
    match unanswered(parts, check, &reports) {
        Some(report) if opinion.status == Status::Approved => {
            Ok(Opinion { reasons: vec![reason(report)], ..Opinion::plain(Status::InReview) })
        }
        Some(_) | None => Ok(opinion),
    }
}

/// A report of an older check that stands against the person, where the newest has none of that name.
fn unanswered<'a>(parts: &'a [Part], check: &Part, reports: &[&Part]) -> Option<&'a Part> {
    let name = |report: &Part| marked(report, mark::NAME).next().map(str::to_owned);
    let names: Vec<String> = reports.iter().filter_map(|report| name(report)).collect();
    let stands = |part: &&Part| {
        Kind::of(&part.resource) == Some(Kind::Report)
            && part.standing == Standing::Rejected
            && part.whole.as_ref() != Some(&check.resource)
            && name(part).is_none_or(|name| !names.contains(&name))
    };
    parts.iter().find(stands)
}

/// Or the part that cannot be read.
fn classic<'a>(check: &'a Part, reports: &[&'a Part], consider: Consider) -> Result<Opinion, &'a Part> {
    let status = CheckStatus::read(&check.provider_status).ok_or(check)?;
    let none_goes_on = !reports.is_empty() && reports.iter().all(|report| report.standing == Standing::Ended);
    Ok(match status {
        CheckStatus::Withdrawn => Opinion::plain(Status::Cancelled),
        CheckStatus::Expired => {
            Opinion { reasons: vec![because(Reason::LinkExpired, check)], ..Opinion::plain(Status::Expired) }
        }
        _ if none_goes_on => Opinion::plain(Status::Cancelled),
        CheckStatus::AwaitingApplicant => Opinion::plain(Status::LinkIssued),
        CheckStatus::Reopened => Opinion::plain(Status::InReview),
        CheckStatus::Paused => Opinion { action: Some(TENANT), ..Opinion::plain(Status::InReview) },
        CheckStatus::InProgress => in_progress(reports)?,
        CheckStatus::Complete => match check.standing {
            Standing::Approved => clear(reports, consider)?,
            Standing::Rejected => considered(reports, consider),
            Standing::Open | Standing::Ended | Standing::Waiting | Standing::Unrecognised => return Err(check),
        },
    })
}

fn in_progress<'a>(reports: &[&'a Part]) -> Result<Opinion, &'a Part> {
    if let Some(report) = unreadable(reports) {
        return Err(report);
    }
    if reports.iter().any(|report| ReportStatus::read(&report.provider_status) == Some(ReportStatus::AwaitingApproval))
    {
        return Ok(Opinion::plain(Status::InReview));
    }
    let Some(report) = reports.iter().find(|report| report.has(mark::OVERDUE)) else {
        return Ok(Opinion::plain(Status::Submitted));
    };
    let provider_code = Some(report.provider_status.clone());
    let reasons = vec![Because { code: Reason::MissingEvidence, provider_code }];
    Ok(Opinion { reasons, action: Some(person(Ask::RetryCapture)), ..Opinion::plain(Status::ActionRequired) })
}

/// All clear, unless a report says otherwise, or nothing.
fn clear<'a>(reports: &[&'a Part], consider: Consider) -> Result<Opinion, &'a Part> {
    if let Some(report) = unreadable(reports) {
        return Err(report);
    }
    if reports.iter().any(|report| matches!(report.standing, Standing::Open | Standing::Waiting)) {
        return Ok(Opinion::plain(Status::Submitted));
    }
    if reports.iter().any(|report| report.standing == Standing::Rejected) {
        return Ok(considered(reports, consider));
    }
    let silent = reports.iter().find(|report| report.standing == Standing::Ended);
    if silent.is_none() && !reports.is_empty() {
        return Ok(Opinion::plain(Status::Approved));
    }
    let provider_code = silent.map(|report| report.provider_status.clone());
    let reasons = vec![Because { code: Reason::MissingEvidence, provider_code }];
    Ok(Opinion { reasons, ..Opinion::plain(Status::InReview) })
}

/// The worst of what the reports say.
fn considered(reports: &[&Part], consider: Consider) -> Opinion {
    let against: Vec<&Part> = reports.iter().copied().filter(|report| report.standing == Standing::Rejected).collect();
    let reasons: Vec<Because> = against.iter().map(|report| reason(report)).collect();
    let settled = |status| Opinion { reasons: reasons.clone(), ..Opinion::plain(status) };
    if against.iter().any(|report| sub(report) == Some(Sub::Known(SubResult::Suspected))) {
        return settled(Status::Rejected);
    }
    let unexplained = against.is_empty();
    let unknown = unreadable(reports).is_some() || against.iter().any(|report| sub(report) == Some(Sub::Unknown));
    let retakes = against.iter().all(|report| is_capture_problem(report));
    let open = reports.iter().any(|report| matches!(report.standing, Standing::Open | Standing::Waiting));
    if !unexplained && !unknown && retakes && !open {
        let unsupported = reasons.iter().any(|because| because.code == Reason::DocumentUnsupported);
        let ask = if unsupported { Ask::ProvideDocument } else { Ask::RetryCapture };
        return Opinion { action: Some(person(ask)), ..settled(Status::ActionRequired) };
    }
    if unexplained {
        let reasons = vec![Because { code: Reason::NotDisclosed, provider_code: None }];
        return Opinion { reasons, ..Opinion::plain(Status::InReview) };
    }
    match consider {
        Consider::Rejected if !unknown && !against.iter().all(|report| is_capture_problem(report)) => {
            settled(Status::Rejected)
        }
        Consider::Rejected | Consider::InReview => settled(Status::InReview),
    }
}

/// A document report's sub-result; other reports have none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sub {
    Known(SubResult),
    Unknown,
}

fn sub(report: &Part) -> Option<Sub> {
    let word = marked(report, mark::SUB).next()?;
    Some(SubResult::read(word).map_or(Sub::Unknown, Sub::Known))
}

/// An image that cannot be used, or a document that is not supported; a person who is too young stays so.
fn is_capture_problem(report: &Part) -> bool {
    report.standing == Standing::Rejected
        && sub(report) == Some(Sub::Known(SubResult::Rejected))
        && !marked(report, mark::WHY).any(|code| finding(code) == Some(Reason::Underage))
}

fn unreadable<'a>(reports: &[&'a Part]) -> Option<&'a Part> {
    reports.iter().copied().find(|report| report.standing == Standing::Unrecognised)
}

/// Why a report stands against the person: what its sub-result says, else what was found, else what it is about.
fn reason(report: &Part) -> Because {
    let family = marked(report, mark::NAME).next().map_or(Family::Other, Family::of);
    let found = marked(report, mark::WHY).find_map(|code| Some((finding(code)?, code)));
    let sub_word = marked(report, mark::SUB).next();
    let said = sub_word.or(report.provider_reason.as_deref()).unwrap_or(CONSIDER);
    let (code, provider_code) = match (sub(report), found) {
        (Some(Sub::Known(SubResult::Suspected)), found) => {
            (Reason::DocumentSuspectedFraud, found.map_or(said, |(_, code)| code))
        }
        (_, Some((reason, code))) => (reason, code),
        (Some(Sub::Known(SubResult::Rejected)), None) => (Reason::DocumentUnreadable, said),
        (_, None) if family == Family::Face && report.provider_reason.as_deref() == Some(UNIDENTIFIED) => {
            (Reason::MissingEvidence, said)
        }
        (_, None) => (family.reason(), marked(report, mark::WHY).next().unwrap_or(said)),
    };
    Because { code, provider_code: Some(provider_code.to_owned()) }
}

fn because(code: Reason, part: &Part) -> Because {
    Because { code, provider_code: part.provider_reason.clone() }
}

const TENANT: Action = Action { ask: Ask::TenantMustAct, of: Asked::Tenant, by: None };

const fn person(ask: Ask) -> Action {
    Action { ask, of: Asked::Person, by: None }
}

/// The one that is there, else the one that was.
fn of_kind(parts: &[Part], kind: Kind) -> Option<&Part> {
    let of_kind = || parts.iter().filter(move |part| Kind::of(&part.resource) == Some(kind));
    of_kind().find(|part| !part.gone).or_else(|| of_kind().next())
}

/// The newest check.
fn governing(parts: &[Part]) -> Option<&Part> {
    let newest =
        || parts.iter().filter(|part| Kind::of(&part.resource) == Some(Kind::Check) && !part.has(mark::SUPERSEDED));
    newest().find(|part| !part.gone).or_else(|| newest().next())
}

/// Its reports: those that are there, or, where none is, those that were.
fn reports<'a>(parts: &'a [Part], check: &Part) -> Vec<&'a Part> {
    let own =
        |part: &&Part| Kind::of(&part.resource) == Some(Kind::Report) && part.whole.as_ref() == Some(&check.resource);
    let there: Vec<&Part> = parts.iter().filter(own).filter(|part| !part.gone).collect();
    if there.is_empty() { parts.iter().filter(own).collect() } else { there }
}

fn marked<'a>(part: &'a Part, prefix: &'static str) -> impl Iterator<Item = &'a str> {
    part.marks.iter().filter_map(move |own| own.strip_prefix(prefix))
}

#[cfg(test)]
mod tests;
