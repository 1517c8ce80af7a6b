//! Reads the truth about one run: all of it or an error.
//!
//! - Classic: the applicant's checks, then the reports of the newest. Older checks stay as parts that are marked
//!   superseded: a new one was asked for because of what they said, and they decide nothing but what it leaves out.
//! - Studio: the run; while it waits for the person also its tasks, the only sign that they have begun.
//!
//! Every answer must be about what was asked for: one that is not is `Foreign` and never stored. A report that its check
//! names and the list does not have is a read that came too early: the whole look fails and is repeated. So a report is
//! never judged without its neighbours. Checks and reports have no time of their last change, so no claim's time is
//! compared; a report whose check is still open is looked at again, because its `whole` says so.
//!
//! Of a person only ids, words and a keyed digest are kept: a finding is the name of a breakdown, never its properties.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Onfido;
use super::assess::mark;
use super::id::Kind;
use super::resource::{Check, Report, Run};
use super::words::{CLEAR, CheckStatus, Family, ReportStatus, RunStatus};
use crate::domain::{Part, ProviderId, Resource, Snapshot, Standing};
use crate::ports::{ProviderError, Reach, Whose};
use crate::providers::answer::{self, Object};
use crate::providers::text::word;

/// More findings of one report than this are not kept: the first say enough.
const FINDINGS: usize = 6;
/// The two that exist as soon as a run does: its start and the person's first.
const TASKS_AT_FIRST: usize = 2;
/// Onfido has no status of an applicant.
const THERE: &str = "present";

pub(super) const OF_ANOTHER: ProviderError = ProviderError::Foreign("it is a check of another applicant");
const NO_STATUS: ProviderError = ProviderError::Unavailable("the answer has no status");

/// `GET /reports?check_id=`.
#[derive(Deserialize)]
struct Reports {
    reports: Vec<Object<Report>>,
}

impl Onfido {
    pub(super) async fn snapshot(&self, reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError> {
        match Kind::of(subject) {
            Some(Kind::Applicant) => self.classic(reach, &subject.id).await,
            Some(Kind::WorkflowRun) => self.studio(reach, &subject.id).await,
            Some(Kind::Check | Kind::Report) | None => Err(ProviderError::NotFound),
        }
    }

    async fn classic(&self, reach: Reach<'_>, applicant: &ProviderId) -> Result<Snapshot, ProviderError> {
        let own = Part::new(Kind::Applicant.resource(applicant.clone()), THERE, Standing::Open);
        let mut parts = vec![own];
        let checks = newest_first(self.checks_of(reach, applicant).await?)?;
        if let Some((newest, older)) = checks.split_first() {
            parts.push(check_part(newest)?);
            parts.extend(self.reports_of(reach, newest).await?);
            for check in older {
                parts.push(superseded(check_part(check)?));
            }
        }
        Ok(Snapshot::of(parts))
    }

    async fn reports_of(&self, reach: Reach<'_>, check: &Check) -> Result<Vec<Part>, ProviderError> {
        let key = check.key()?;
        let url = self.api.asked(&["reports"], &[("check_id", key.as_str())]);
        let found = match self.api.get(reach, &url).await {
            // The check is there; only the applicant may be not found.
            Err(ProviderError::NotFound) => return Err(ProviderError::Unavailable("its reports cannot be read")),
            outcome @ (Ok(_) | Err(_)) => outcome?,
        };
        let Reports { reports } = answer::object(&found)?;
        let whole = Kind::Check.resource(key.clone());
        let overdue = check
            .created_at()
            .is_some_and(|made| reach.world.now().since(made) >= reach.world.pace.of(self.settings.data_patience));
        let mut parts = Vec::new();
        for Object(report) in &reports {
            if report.check()? != key {
                return Err(ProviderError::Foreign("it is a report of another check"));
            }
            parts.push(self.report_part(reach, report, &whole, overdue)?);
        }
        let listed = |id: &ProviderId| parts.iter().any(|part| part.resource.id == *id);
        if !check.report_ids()?.iter().all(listed) {
            return Err(ProviderError::Unavailable("not all reports can be read yet"));
        }
        Ok(parts)
    }

    fn report_part(
        &self,
        reach: Reach<'_>,
        report: &Report,
        whole: &Resource,
        overdue: bool,
    ) -> Result<Part, ProviderError> {
        let status = report.status.as_deref().ok_or(NO_STATUS)?;
        let known = ReportStatus::read(status);
        let standing =
            known.map_or(Standing::Unrecognised, |status| status.standing(report.result(), report.sub_result()));
        let mut part = Part::new(Kind::Report.resource(report.key()?), word(status), standing);
        part.provider_reason = report.result().map(word).map(str::to_owned);
        part.whole = Some(whole.clone());
        let name = report.name().map(word);
        part.marks.extend(name.map(|name| format!("{}{name}", mark::NAME)));
        part.marks.extend(report.sub_result().map(|sub| format!("{}{}", mark::SUB, word(sub))));
        part.marks.extend(findings(report.breakdown.as_ref()).map(|code| format!("{}{code}", mark::WHY)));
        if overdue && known == Some(ReportStatus::AwaitingData) {
            part.marks.push(mark::OVERDUE.to_owned());
        }
        let read_from_document = name.is_some_and(|name| Family::of(name) == Family::Document);
        if read_from_document && known == Some(ReportStatus::Complete) {
            part.digest = report.properties.as_ref().and_then(canonical).map(|data| (reach.digest)(data.as_bytes()));
        }
        Ok(part)
    }

    async fn studio(&self, reach: Reach<'_>, id: &ProviderId) -> Result<Snapshot, ProviderError> {
        let run: Run = match self.api.one(reach, "workflow_runs", id).await {
            Err(ProviderError::NotFound) => return Err(self.api.missing(reach).await),
            outcome @ (Ok(_) | Err(_)) => outcome?,
        };
        let status = run.status.as_deref().ok_or(NO_STATUS)?;
        let known = RunStatus::read(status);
        let standing = known.map_or(Standing::Unrecognised, RunStatus::standing);
        let mut part = Part::new(Kind::WorkflowRun.resource(id.clone()), word(status), standing);
        part.provider_reason = run.reason().map(word).map(str::to_owned);
        part.at = run.updated_at();
        if known == Some(RunStatus::AwaitingInput) && self.has_begun(reach, id).await? {
            part.marks.push(mark::BEGUN.to_owned());
        }
        Ok(Snapshot::of(vec![part]))
    }

    /// Only tasks that have started are listed, so a third one says that the person has done their first. That holds for
    /// workflows whose tasks follow each other; of one that begins with two at once it is said too early.
    async fn has_begun(&self, reach: Reach<'_>, run: &ProviderId) -> Result<bool, ProviderError> {
        let url = self.api.at(&["workflow_runs", run.as_str(), "tasks"]);
        match self.api.get(reach, &url).await {
            Ok(response) => {
                let tasks: Result<Vec<Object<Map<String, Value>>>, _> = serde_json::from_slice(&response.body);
                let tasks = tasks.map_err(|_| ProviderError::Unavailable("the answer cannot be read"))?;
                Ok(tasks.len() > TASKS_AT_FIRST)
            }
            // It says nothing of the run, which is there.
            Err(ProviderError::NotFound | ProviderError::Refused { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whose a subject is. Whatever we make is bound, or bears our reference, before anything can name it.
    pub(super) async fn whose(&self, reach: Reach<'_>, subject: &Resource) -> Result<Whose, ProviderError> {
        let found = match Kind::of(subject) {
            Some(Kind::Report) => self.check_of(reach, &subject.id).await,
            Some(Kind::Check) => self.api.one::<Check>(reach, "checks", &subject.id).await,
            Some(Kind::WorkflowRun) => return self.whose_run(reach, &subject.id).await,
            Some(Kind::Applicant) => return Ok(Whose::Others),
            None => return Ok(Whose::Invented),
        };
        match found {
            Ok(check) => {
                let applicant = check.applicant();
                let applicant = applicant.ok_or(ProviderError::Unavailable("a check does not name its applicant"))?;
                Ok(Whose::About { subject: Kind::Applicant.resource(applicant), part: subject.clone() })
            }
            Err(ProviderError::NotFound) => Ok(Whose::Invented),
            Err(error) => Err(error),
        }
    }

    async fn check_of(&self, reach: Reach<'_>, report: &ProviderId) -> Result<Check, ProviderError> {
        let check = self.api.one::<Report>(reach, "reports", report).await?.check()?;
        self.api.one(reach, "checks", &check).await
    }

    async fn whose_run(&self, reach: Reach<'_>, run: &ProviderId) -> Result<Whose, ProviderError> {
        match self.api.one::<Run>(reach, "workflow_runs", run).await {
            Ok(run) => Ok(run.reference().map_or(Whose::Others, Whose::Ours)),
            Err(ProviderError::NotFound) => Ok(Whose::Invented),
            Err(error) => Err(error),
        }
    }
}

/// By the time of their creation: the order of the list is not documented, and a wrong one would let an older decide.
fn newest_first(checks: Vec<Check>) -> Result<Vec<Check>, ProviderError> {
    if checks.len() > 1 && checks.iter().any(|check| check.created_at().is_none()) {
        return Err(ProviderError::Unavailable("a check among several does not say when it was made"));
    }
    let mut checks: Vec<(usize, Check)> = checks.into_iter().enumerate().collect();
    checks.sort_by(|(at, check), (other_at, other)| {
        let (made, other_made) = (check.created_at(), other.created_at());
        other_made.cmp(&made).then_with(|| is_over(check).cmp(&is_over(other))).then_with(|| other_at.cmp(at))
    });
    Ok(checks.into_iter().map(|(_, check)| check).collect())
}

/// Of two that were made in one second the open one is the newer: another is only made when none is open.
fn is_over(check: &Check) -> bool {
    let status = check.status.as_deref().and_then(CheckStatus::read);
    status.is_none_or(|status| !matches!(status.standing(check.result()), Standing::Open | Standing::Waiting))
}

fn check_part(check: &Check) -> Result<Part, ProviderError> {
    let status = check.status.as_deref().ok_or(NO_STATUS)?;
    let known = CheckStatus::read(status);
    let standing = known.map_or(Standing::Unrecognised, |status| status.standing(check.result()));
    let mut part = Part::new(Kind::Check.resource(check.key()?), word(status), standing);
    part.provider_reason = check.result().map(word).map(str::to_owned);
    Ok(part)
}

/// An unreadable word of it must not hold up what the newest says.
fn superseded(mut part: Part) -> Part {
    part.marks.push(mark::SUPERSEDED.to_owned());
    if part.standing == Standing::Unrecognised {
        part.standing = Standing::Ended;
    }
    part
}

/// The breakdowns that are not clear, each with its row where one says more: `image_integrity.image_quality`.
fn findings(breakdown: Option<&Value>) -> impl Iterator<Item = String> {
    let unclear = |found: &Value| found.get("result").and_then(Value::as_str).is_some_and(|result| result != CLEAR);
    let groups = breakdown.and_then(Value::as_object).into_iter().flatten().filter(move |(_, group)| unclear(group));
    let codes = groups.flat_map(move |(name, group)| {
        let rows = group.get("breakdown").and_then(Value::as_object).into_iter().flatten();
        let rows: Vec<String> =
            rows.filter(|(_, row)| unclear(row)).map(|(row, _)| format!("{}.{}", word(name), word(row))).collect();
        if rows.is_empty() { vec![word(name).to_owned()] } else { rows }
    });
    codes.take(FINDINGS)
}

/// Members in the order of their names, wherever they stand.
fn canonical(properties: &Value) -> Option<String> {
    let members = properties.as_object().filter(|members| members.values().any(|value| !value.is_null()))?;
    Some(sorted(members).to_string())
}

fn sorted(members: &Map<String, Value>) -> Value {
    let mut pairs: Vec<(&String, &Value)> = members.iter().filter(|(_, value)| !value.is_null()).collect();
    pairs.sort_by_key(|(name, _)| *name);
    let inner = |value: &Value| value.as_object().map_or_else(|| value.clone(), sorted);
    pairs.into_iter().map(|(name, value)| Value::Array(vec![Value::from(name.as_str()), inner(value)])).collect()
}
