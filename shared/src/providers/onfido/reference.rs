//! The mapping as data, for the generated reference: asked of the real table, never written down a second time.

use data_encoding::HEXLOWER;
use ring::hmac;

use super::actions::EVENTS;
use super::assess::{assess, mark};
use super::id::{Kind, uuid};
use super::settings::Consider;
use super::words::{CheckStatus, FINDINGS, REPORT_NAMES, ReportStatus, RunStatus};
use crate::domain::{Assessment, Part, Reason, Resource, Standing};

/// Members of `subject`.
pub const FIELDS: &[&str] = &super::subject::FIELDS;
/// Members of `options` of `start`.
pub const OPTIONS: &[&str] = &super::options::OPTIONS;
/// Members of `options` of `submit`.
pub const SUBMIT_OPTIONS: &[&str] = &super::submit::OPTIONS;

const RUNS: [(&str, Option<&str>, &str); 10] = [
    ("awaiting_input", None, "`awaiting_input`"),
    ("awaiting_input", Some(mark::BEGUN), "`awaiting_input`, a task of the person is done"),
    ("processing", None, "`processing`"),
    ("awaiting_client_input", None, "`awaiting_client_input`"),
    ("review", None, "`review`"),
    ("approved", None, "`approved`"),
    ("declined", None, "`declined`"),
    ("abandoned", None, "`abandoned`"),
    ("error", None, "`error`"),
    ("something_new", None, "anything else"),
];

/// A check's status and result, and what stands beside a clear report of it.
struct Row(&'static str, Option<&'static str>, Option<Beside>, &'static str);

/// A report: name, status, result, marks.
struct Beside(&'static str, &'static str, Option<&'static str>, &'static [&'static str]);

const CLEAR: Option<&str> = Some("clear");
const CONSIDER: Option<&str> = Some("consider");

const fn document(status: &'static str, marks: &'static [&'static str]) -> Option<Beside> {
    Some(Beside("document", status, None, marks))
}

const fn considered(marks: &'static [&'static str]) -> Option<Beside> {
    Some(Beside("document", "complete", CONSIDER, marks))
}

const fn other(name: &'static str, result: Option<&'static str>, marks: &'static [&'static str]) -> Option<Beside> {
    Some(Beside(name, "complete", result, marks))
}

const CHECKS: [Row; 26] = [
    Row("awaiting_applicant", None, None, "`awaiting_applicant`"),
    Row("in_progress", None, None, "`in_progress`"),
    Row("in_progress", None, document("awaiting_data", &[]), "`in_progress`, a report `awaiting_data`"),
    Row(
        "in_progress",
        None,
        document("awaiting_data", &[mark::OVERDUE]),
        "`in_progress`, a report `awaiting_data` for longer than `data_patience`",
    ),
    Row("in_progress", None, document("awaiting_approval", &[]), "`in_progress`, a report `awaiting_approval`"),
    Row("in_progress", None, document("something_new", &[]), "`in_progress`, a report with an unknown status"),
    Row("paused", None, None, "`paused`"),
    Row("reopened", None, None, "`reopened`"),
    Row("withdrawn", None, None, "`withdrawn`"),
    Row("expired", None, None, "`expired`"),
    Row("complete", CLEAR, None, "`complete`, `clear`"),
    Row("complete", CLEAR, document("awaiting_data", &[]), "`complete`, `clear`, a report still open"),
    Row("complete", CLEAR, document("cancelled", &[]), "`complete`, `clear`, a report `cancelled` or `withdrawn`"),
    Row(
        "complete",
        CLEAR,
        other("document", Some("something_new"), &[]),
        "`complete`, `clear`, a report with an unknown result",
    ),
    Row("complete", CONSIDER, None, "`complete`, `consider`, and no report says why"),
    Row("complete", CONSIDER, considered(&["sub:suspected"]), "`consider`: a document `suspected`"),
    Row("complete", CONSIDER, considered(&["sub:rejected"]), "`consider`: a document `rejected`, nothing else"),
    Row(
        "complete",
        CONSIDER,
        considered(&["sub:rejected", "why:image_integrity.supported_document"]),
        "`consider`: a document `rejected`, not supported",
    ),
    Row(
        "complete",
        CONSIDER,
        considered(&["sub:rejected", "why:age_validation.minimum_accepted_age"]),
        "`consider`: a document `rejected`, too young",
    ),
    Row("complete", CONSIDER, considered(&["sub:caution"]), "`consider`: a document `caution`"),
    Row("complete", CONSIDER, considered(&["sub:something_new"]), "`consider`: a document with an unknown sub-result"),
    Row("complete", CONSIDER, other("facial_similarity_photo", CONSIDER, &[]), "`consider`: a face `consider`"),
    Row(
        "complete",
        CONSIDER,
        other("facial_similarity_photo", Some("unidentified"), &[]),
        "`consider`: a face `unidentified`",
    ),
    Row("complete", CONSIDER, other("watchlist_standard", CONSIDER, &[]), "`consider`: a hit on a watchlist"),
    Row("complete", CONSIDER, other("known_faces", CONSIDER, &[]), "`consider`: a known face"),
    Row("something_new", CLEAR, None, "anything else"),
];

/// A run's status and its meaning.
pub fn runs() -> impl Iterator<Item = (&'static str, String)> {
    RUNS.into_iter().map(|(status, mark, title)| {
        let standing = RunStatus::read(status).map_or(Standing::Unrecognised, RunStatus::standing);
        let mut run = part(Kind::WorkflowRun, 1, status, standing);
        if let (Some(run), Some(mark)) = (&mut run, mark) {
            run.marks.push(mark.to_owned());
        }
        (title, meaning(&run.into_iter().collect::<Vec<_>>(), Consider::InReview))
    })
}

/// The newest check with its reports: what it means where `consider` is `in_review`, and where it is `rejected`.
pub fn checks() -> impl Iterator<Item = (&'static str, String, String)> {
    let none = std::iter::once(("none yet", parts_of(None)));
    let rows = CHECKS.iter().map(|row| (row.3, parts_of(Some(row))));
    let special = [
        ("`complete`, `clear`, and no report at all", bare()),
        (
            "`complete`, `clear`, but an older check's report stands against the person and none has its name",
            narrower(),
        ),
    ];
    none.chain(rows)
        .chain(special)
        .map(|(title, parts)| (title, meaning(&parts, Consider::InReview), meaning(&parts, Consider::Rejected)))
}

const ALL_CLEAR: Row = Row("complete", CLEAR, None, "");

fn bare() -> Vec<Part> {
    let parts = parts_of(Some(&ALL_CLEAR)).into_iter();
    parts.filter(|part| Kind::of(&part.resource) != Some(Kind::Report)).collect()
}

fn narrower() -> Vec<Part> {
    let mut parts = parts_of(Some(&ALL_CLEAR));
    let older = part(Kind::Check, 16, "complete", Standing::Rejected);
    let of_older = older.as_ref().map(|older| older.resource.clone());
    let against = Beside("document", "complete", CONSIDER, &["sub:suspected"]).part(17, of_older.as_ref());
    let superseded = older.map(|older| Part { marks: vec![mark::SUPERSEDED.to_owned()], ..older });
    parts.extend(superseded);
    parts.extend(against.map(|against| Part { gone: true, ..against }));
    parts
}

/// What a finding of a report means; the first that fits.
pub fn findings() -> impl Iterator<Item = (&'static str, Reason)> {
    FINDINGS.iter().copied()
}

/// The reports that a check may be asked for.
pub fn reports() -> impl Iterator<Item = &'static str> {
    REPORT_NAMES.into_iter()
}

/// The names of events that are known.
pub fn events() -> impl Iterator<Item = &'static str> {
    EVENTS.into_iter().map(|(name, _)| name)
}

/// The signature of an example's body.
#[must_use]
pub fn signature(token: &str, body: &[u8]) -> String {
    HEXLOWER.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes()), body).as_ref())
}

fn meaning(parts: &[Part], consider: Consider) -> String {
    match assess(parts, consider) {
        Assessment::Known(opinion) => {
            let asked = opinion.action.map(|action| format!(", `{}` of the {}", action.ask, action.of));
            format!("{}{}", opinion.status, asked.unwrap_or_default())
        }
        Assessment::Unrecognised { .. } => "unrecognised".to_owned(),
    }
}

fn parts_of(row: Option<&Row>) -> Vec<Part> {
    let applicant = part(Kind::Applicant, 2, "present", Standing::Open);
    let Some(Row(status, result, beside, _)) = row else { return applicant.into_iter().collect() };
    let standing = CheckStatus::read(status).map_or(Standing::Unrecognised, |status| status.standing(*result));
    let check = part(Kind::Check, 3, status, standing);
    let of_check = check.as_ref().map(|check| check.resource.clone());
    let clear = Beside("facial_similarity_photo", "complete", CLEAR, &[]);
    let reports = std::iter::once(&clear).chain(beside.as_ref()).zip(4..);
    let reports = reports.filter_map(|(report, number)| report.part(number, of_check.as_ref()));
    applicant.into_iter().chain(check).chain(reports).collect()
}

impl Beside {
    fn part(&self, number: u8, of_check: Option<&Resource>) -> Option<Part> {
        let Self(name, status, result, marks) = self;
        let sub = marks.iter().find_map(|own| own.strip_prefix(mark::SUB));
        let known = ReportStatus::read(status);
        let standing = known.map_or(Standing::Unrecognised, |status| status.standing(*result, sub));
        let mut part = part(Kind::Report, number, status, standing)?;
        part.provider_reason = result.map(str::to_owned);
        part.whole = of_check.cloned();
        let name = format!("{}{name}", mark::NAME);
        part.marks = std::iter::once(name).chain(marks.iter().map(|own| (*own).to_owned())).collect();
        Some(part)
    }
}

fn part(kind: Kind, number: u8, status: &str, standing: Standing) -> Option<Part> {
    let id = uuid(&format!("00000000-0000-4000-8000-0000000000{number:02x}"))?;
    Some(Part::new(kind.resource(id), status, standing))
}
