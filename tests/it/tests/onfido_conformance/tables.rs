//! The total table: every fixture of a check, a report and a run with the status that it must cause.

use idv_gateway::domain::{Ask, Asked, Change, Reason, Status};
use serde_json::json;

use crate::harness::{DOCUMENT, FACE, account_with, answered, applicant, both_clear, check_in, classic, report_in};
use crate::looks::{CLEAR_FACE, after, after_by, found, intended, reports_of, seen, since};

pub(crate) const FIXTURES: &[&str] = &[
    "get_check.clear.response.200",
    "get_check.consider.response.200",
    "get_check.paused.response.200",
    "get_check.reopened.response.200",
    "get_check.withdrawn.response.200",
    "get_report.document.awaiting_approval.response.200",
    "get_report.document.awaiting_data.response.200",
    "get_report.document.caution.response.200",
    "get_report.document.clear.response.200",
    "get_report.document.rejected.response.200",
    "get_report.document.suspected.response.200",
    "get_report.facial_similarity_photo.clear.response.200",
    "get_report.facial_similarity_photo.consider.response.200",
    "get_report.facial_similarity_photo.unidentified.response.200",
    "get_report.watchlist_standard.consider.response.200",
    "get_workflow_run.abandoned.response.200",
    "get_workflow_run.approved.response.200",
    "get_workflow_run.awaiting_client_input.response.200",
    "get_workflow_run.declined.response.200",
    "get_workflow_run.error.response.200",
    "get_workflow_run.processing.response.200",
    "get_workflow_run.review.response.200",
    "list_checks.response.200",
    "list_reports.clear.response.200",
    "list_reports.consider_suspected.response.200",
    "list_tasks.response.200",
];

type Row = (&'static str, &'static [&'static str], Status, Option<Reason>, Option<Ask>);

/// The check's fixture, its reports' fixtures, and what they mean with the usual policy.
const CLASSIC: &[Row] = &[
    ("clear", &["document.clear", CLEAR_FACE], Status::Approved, None, None),
    ("consider", &["document.suspected", CLEAR_FACE], Status::Rejected, Some(Reason::DocumentSuspectedFraud), None),
    ("consider", &["document.caution", CLEAR_FACE], Status::InReview, Some(Reason::DocumentExpired), None),
    (
        "consider",
        &["document.rejected", CLEAR_FACE],
        Status::ActionRequired,
        Some(Reason::DocumentUnreadable),
        Some(Ask::RetryCapture),
    ),
    (
        "consider",
        &["document.clear", "facial_similarity_photo.consider"],
        Status::InReview,
        Some(Reason::FaceMismatch),
        None,
    ),
    (
        "consider",
        &["document.clear", "facial_similarity_photo.unidentified"],
        Status::InReview,
        Some(Reason::MissingEvidence),
        None,
    ),
    (
        "consider",
        &["document.clear", CLEAR_FACE, "watchlist_standard.consider"],
        Status::InReview,
        Some(Reason::SanctionsOrPep),
        None,
    ),
    // the worst wins
    (
        "consider",
        &["document.suspected", "facial_similarity_photo.consider", "watchlist_standard.consider"],
        Status::Rejected,
        Some(Reason::DocumentSuspectedFraud),
        None,
    ),
    (
        "consider",
        &["document.rejected", "facial_similarity_photo.consider"],
        Status::InReview,
        Some(Reason::DocumentUnreadable),
        None,
    ),
    ("reopened", &["document.clear", CLEAR_FACE], Status::InReview, None, None),
    ("paused", &["document.awaiting_data", CLEAR_FACE], Status::InReview, None, Some(Ask::TenantMustAct)),
    ("withdrawn", &["document.awaiting_data", CLEAR_FACE], Status::Cancelled, None, None),
    // two moments were read, or a result that nothing explains: never an approval
    ("clear", &["document.awaiting_data", CLEAR_FACE], Status::Submitted, None, None),
    ("clear", &["document.suspected", CLEAR_FACE], Status::Rejected, Some(Reason::DocumentSuspectedFraud), None),
    ("consider", &["document.clear", CLEAR_FACE], Status::InReview, Some(Reason::NotDisclosed), None),
];

const STUDIO: &[(&str, Status, Option<Reason>, Option<Ask>)] = &[
    ("processing", Status::Submitted, None, None),
    ("awaiting_client_input", Status::ActionRequired, None, Some(Ask::TenantMustAct)),
    ("review", Status::InReview, None, None),
    ("approved", Status::Approved, None, None),
    ("declined", Status::Rejected, Some(Reason::Other), None),
    ("abandoned", Status::Abandoned, None, None),
    ("error", Status::Cancelled, Some(Reason::ProviderError), None),
];

#[tokio::test]
async fn every_classic_fixture_causes_its_change() {
    for (whole, names, expected, reason, ask) in CLASSIC {
        let row = format!("{whole} {names:?}");
        let mut reports = reports_of(names);
        for (at, report) in reports.iter_mut().enumerate() {
            // the fixtures of one kind have one id
            report["id"] = json!(format!("a9d0c1b2-1111-4c3d-8e4f-00000000300{at}"));
        }
        let mut body = answered(&format!("get_check.{whole}"));
        body["report_ids"] = reports.iter().map(|report| report["id"].clone()).collect();
        // of fixtures that were made in March the data would be overdue by November
        body["created_at"] = json!("2026-11-20T07:55:00Z");
        let snapshot = found(&body, &reports).await;
        let truth = after(&intended(), &snapshot);
        assert_eq!(truth.unrecognised, None, "{row}");
        assert_eq!(truth.status, *expected, "{row}: {:?}", truth.reasons);
        assert_eq!(truth.reasons.first().map(|because| because.code), *reason, "{row}");
        assert_eq!(truth.action.as_ref().map(|action| action.ask), *ask, "{row}");
        assert_eq!(
            since(&truth, &after(&truth, &snapshot)),
            Vec::<&Change>::new(),
            "{row}: the same again is no change"
        );
    }
}

#[tokio::test]
async fn every_run_causes_its_change() {
    for (name, expected, reason, ask) in STUDIO {
        let snapshot = seen(&answered(&format!("get_workflow_run.{name}"))).await;
        let truth = after(&intended(), &snapshot);
        assert_eq!((truth.status, &truth.unrecognised), (*expected, &None), "{name}");
        assert_eq!(truth.reasons.first().map(|because| because.code), *reason, "{name}");
        assert_eq!(truth.action.as_ref().map(|action| action.ask), *ask, "{name}");
        assert_eq!(since(&truth, &after(&truth, &snapshot)), Vec::<&Change>::new(), "{name}");
    }
    let client = after(&intended(), &seen(&answered("get_workflow_run.awaiting_client_input")).await);
    assert_eq!(client.action.unwrap().of, Asked::Tenant);
}

#[tokio::test]
async fn what_is_not_clear_is_the_tenant_s_to_judge() {
    let strict = account_with(json!({"consider": "rejected"}));
    for (names, usual, by_strict) in [
        (["document.caution", CLEAR_FACE], Status::InReview, Status::Rejected),
        (["document.clear", "facial_similarity_photo.consider"], Status::InReview, Status::Rejected),
        (["document.suspected", CLEAR_FACE], Status::Rejected, Status::Rejected),
        (["document.rejected", CLEAR_FACE], Status::ActionRequired, Status::ActionRequired),
        (["document.clear", CLEAR_FACE], Status::InReview, Status::InReview),
    ] {
        let snapshot = found(&answered("get_check.consider"), &reports_of(&names)).await;
        assert_eq!(after(&intended(), &snapshot).status, usual, "{names:?}");
        assert_eq!(after_by(&*strict, &intended(), &snapshot).status, by_strict, "{names:?}");
    }
}

/// What has just been made (fact sheet §4.1), and what people look at.
#[tokio::test]
async fn a_check_under_way_is_submitted_and_staff_review() {
    let fresh = |document: &str| vec![answered(&format!("get_report.document.{document}")), both_clear()[1].clone()];
    let mut body = check_in("in_progress", None);
    body["created_at"] = json!("2026-11-20T07:55:00Z");
    for (document, expected) in
        [("awaiting_data", Status::Submitted), ("awaiting_approval", Status::InReview), ("clear", Status::Submitted)]
    {
        assert_eq!(after(&intended(), &found(&body, &fresh(document)).await).status, expected, "{document}");
    }
    // data that do not come are asked of the person, by the tenant's patience
    body["created_at"] = json!("2026-11-18T07:55:00Z");
    let late = found(&body, &fresh("awaiting_data")).await;
    let truth = after(&intended(), &late);
    assert_eq!((truth.status, truth.action.map(|it| it.ask)), (Status::ActionRequired, Some(Ask::RetryCapture)));
    let patient = account_with(json!({"data_patience": "7d"}));
    let bench = classic(&body, &fresh("awaiting_data")).start();
    let snapshot = patient.look(bench.reach(), &applicant()).await.unwrap();
    assert_eq!(after_by(&*patient, &intended(), &snapshot).status, Status::Submitted);
}

#[tokio::test]
async fn all_reports_cancelled_or_withdrawn_end_it() {
    for (one, other) in [("cancelled", "cancelled"), ("withdrawn", "cancelled"), ("withdrawn", "withdrawn")] {
        for status in ["in_progress", "complete"] {
            let reports = [
                report_in(DOCUMENT, "document", one, None, None),
                report_in(FACE, "facial_similarity_photo", other, None, None),
            ];
            let snapshot = found(&check_in(status, None), &reports).await;
            assert_eq!(after(&intended(), &snapshot).status, Status::Cancelled, "{status} {one} {other}");
        }
    }
}
