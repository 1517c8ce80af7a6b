#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

use super::super::id::uuid;
use super::*;

const CHECK: u8 = 1;

fn id(kind: Kind, number: u8) -> Resource {
    kind.resource(uuid(&format!("7c2a9e10-41f3-4d0e-8a77-5b6f1e2c20{number:02x}")).unwrap())
}

fn run(word: &str) -> Part {
    let standing = RunStatus::read(word).map_or(Standing::Unrecognised, RunStatus::standing);
    Part::new(id(Kind::WorkflowRun, 9), word, standing)
}

fn check(number: u8, status: &str, result: Option<&str>) -> Part {
    let standing = CheckStatus::read(status).map_or(Standing::Unrecognised, |status| status.standing(result));
    let mut part = Part::new(id(Kind::Check, number), status, standing);
    part.provider_reason = result.map(str::to_owned);
    part
}

fn report(number: u8, name: &str, status: &str, result: Option<&str>, marks: &[&str]) -> Part {
    let standing =
        ReportStatus::read(status).map_or(Standing::Unrecognised, |status| status.standing(result, sub_of(marks)));
    let mut part = Part::new(id(Kind::Report, number), status, standing);
    part.provider_reason = result.map(str::to_owned);
    part.whole = Some(id(Kind::Check, CHECK));
    part.marks = std::iter::once(format!("name:{name}")).chain(marks.iter().map(|own| (*own).to_owned())).collect();
    part
}

fn sub_of<'a>(marks: &[&'a str]) -> Option<&'a str> {
    marks.iter().find_map(|own| own.strip_prefix(mark::SUB))
}

fn clear(number: u8) -> Part {
    report(number, "facial_similarity_photo", "complete", Some("clear"), &[])
}

fn document(sub: &str, marks: &[&str]) -> Part {
    let sub = format!("sub:{sub}");
    let marks: Vec<&str> = std::iter::once(sub.as_str()).chain(marks.iter().copied()).collect();
    report(16, "document", "complete", Some("consider"), &marks)
}

fn whole(check: Part, reports: &[Part]) -> Vec<Part> {
    let applicant = Part::new(id(Kind::Applicant, 0), "present", Standing::Open);
    [applicant, check].into_iter().chain(reports.iter().cloned()).collect()
}

fn opinion_by(parts: &[Part], consider: Consider) -> Opinion {
    match assess(parts, consider) {
        Assessment::Known(opinion) => opinion,
        Assessment::Unrecognised { resource } => panic!("{resource}"),
    }
}

fn opinion(parts: &[Part]) -> Opinion {
    opinion_by(parts, Consider::InReview)
}

fn unrecognised(parts: &[Part]) -> Resource {
    match assess(parts, Consider::Rejected) {
        Assessment::Known(opinion) => panic!("{opinion:?}"),
        Assessment::Unrecognised { resource } => resource,
    }
}

fn codes(opinion: &Opinion) -> Vec<(Reason, Option<&str>)> {
    opinion.reasons.iter().map(|because| (because.code, because.provider_code.as_deref())).collect()
}

#[test]
fn every_status_of_a_run_has_its_meaning() {
    for (word, status, ask) in [
        ("awaiting_input", Status::LinkIssued, None),
        ("processing", Status::Submitted, None),
        ("awaiting_client_input", Status::ActionRequired, Some((Ask::TenantMustAct, Asked::Tenant))),
        ("review", Status::InReview, None),
        ("approved", Status::Approved, None),
        ("declined", Status::Rejected, None),
        ("abandoned", Status::Abandoned, None),
        ("error", Status::Cancelled, None),
    ] {
        let opinion = opinion(&[run(word)]);
        let asked = opinion.action.as_ref().map(|action| (action.ask, action.of));
        assert_eq!((opinion.status, asked), (status, ask), "{word}");
        assert_eq!(asking(&[run(word)], Consider::InReview), None, "a run's link cannot be renewed");
    }
    let begun = Part { marks: vec![mark::BEGUN.to_owned()], ..run("awaiting_input") };
    assert_eq!(opinion(&[begun]).status, Status::InProgress);
    let failed = Part { provider_reason: Some("task_execution_error".to_owned()), ..run("error") };
    assert_eq!(codes(&opinion(&[failed])), [(Reason::ProviderError, Some("task_execution_error"))]);
    assert_eq!(codes(&opinion(&[run("declined")])), [(Reason::NotDisclosed, None)]);
    for word in ["", "Approved", "completed", "quantum"] {
        assert_eq!(unrecognised(&[run(word)]).kind.as_str(), "workflow_run", "{word}");
    }
}

#[test]
fn every_status_of_a_check_has_its_meaning() {
    let open = report(16, "document", "awaiting_data", None, &[]);
    let approval = report(17, "document", "awaiting_approval", None, &[]);
    for (status, reports, expected) in [
        ("awaiting_applicant", vec![open.clone()], Status::LinkIssued),
        ("in_progress", vec![], Status::Submitted),
        ("in_progress", vec![open.clone(), clear(18)], Status::Submitted),
        ("in_progress", vec![document("suspected", &[]), open.clone()], Status::Submitted),
        ("in_progress", vec![open.clone(), approval.clone()], Status::InReview),
        ("reopened", vec![clear(16)], Status::InReview),
        ("paused", vec![open.clone()], Status::InReview),
        ("withdrawn", vec![clear(16)], Status::Cancelled),
        ("expired", vec![open.clone()], Status::Expired),
    ] {
        assert_eq!(opinion(&whole(check(CHECK, status, None), &reports)).status, expected, "{status} {reports:?}");
    }
    let paused = opinion(&whole(check(CHECK, "paused", None), &[open]));
    assert_eq!(paused.action.map(|action| action.of), Some(Asked::Tenant));
    assert_eq!(opinion(&whole(check(CHECK, "in_progress", None), &[])[..1]).status, Status::LinkIssued);
    assert_eq!(opinion(&[]).status, Status::Created);
}

#[test]
fn nothing_but_all_clear_is_an_approval() {
    let complete = |result| check(CHECK, "complete", result);
    assert_eq!(opinion(&whole(complete(Some("clear")), &[clear(16), clear(17)])).status, Status::Approved);
    let cancelled = report(17, "watchlist_aml", "cancelled", None, &[]);
    assert_eq!(opinion(&whole(complete(Some("clear")), &[clear(16), cancelled.clone()])).status, Status::InReview);
    let taken_back = report(17, "document", "complete", Some("clear"), &["sub:suspected"]);
    assert_eq!(opinion(&whole(complete(Some("clear")), &[clear(16), taken_back])).status, Status::Rejected);
    let withdrawn = report(18, "document", "withdrawn", None, &[]);
    assert_eq!(opinion(&whole(complete(Some("clear")), &[cancelled, withdrawn])).status, Status::Cancelled);
    let open = report(17, "document", "awaiting_data", None, &[]);
    assert_eq!(opinion(&whole(complete(Some("clear")), &[clear(16), open])).status, Status::Submitted);
    let against = report(17, "facial_similarity_photo", "complete", Some("consider"), &[]);
    assert_eq!(opinion(&whole(complete(Some("clear")), &[clear(16), against])).status, Status::InReview);
    for (status, result) in [("complete", None), ("complete", Some("fine")), ("done", Some("clear"))] {
        assert_eq!(unrecognised(&whole(check(CHECK, status, result), &[clear(16)])).kind.as_str(), "check");
    }
    for (status, result) in [("complete", None), ("complete", Some("fine")), ("finished", Some("clear"))] {
        for of_check in [complete(Some("clear")), check(CHECK, "in_progress", None)] {
            let strange = report(17, "document", status, result, &[]);
            assert_eq!(unrecognised(&whole(of_check, &[clear(16), strange])).kind.as_str(), "report");
        }
    }
}

#[test]
fn a_clear_check_without_a_report_is_no_approval() {
    let complete = || check(CHECK, "complete", Some("clear"));
    let bare = opinion(&whole(complete(), &[]));
    assert_eq!((bare.status, codes(&bare)), (Status::InReview, vec![(Reason::MissingEvidence, None)]));
    let gone = |part: Part| Part { gone: true, ..part };
    // what is not shown any more still speaks: an approval stays one, and no rejection is lost by it
    assert_eq!(opinion(&whole(complete(), &[gone(clear(16))])).status, Status::Approved);
    assert_eq!(opinion(&whole(complete(), &[gone(document("suspected", &[]))])).status, Status::Rejected);
    assert_eq!(opinion(&whole(complete(), &[clear(17), gone(document("suspected", &[]))])).status, Status::Approved);
}

#[test]
fn the_worst_of_the_reports_wins() {
    let face = |result, marks: &[&str]| report(17, "facial_similarity_photo", "complete", Some(result), marks);
    let listed = report(18, "watchlist_standard", "complete", Some("consider"), &["why:politically_exposed_person"]);
    let known = report(18, "known_faces", "complete", Some("consider"), &[]);
    let retake = || document("rejected", &["why:image_integrity.image_quality"]);
    let rows: Vec<(Vec<Part>, Status, Status, Reason)> = vec![
        (vec![document("suspected", &[])], Status::Rejected, Status::Rejected, Reason::DocumentSuspectedFraud),
        (
            vec![document("suspected", &[]), retake()],
            Status::Rejected,
            Status::Rejected,
            Reason::DocumentSuspectedFraud,
        ),
        (
            vec![document("caution", &["why:data_validation.document_expiration"])],
            Status::InReview,
            Status::Rejected,
            Reason::DocumentExpired,
        ),
        (vec![document("clear", &[])], Status::InReview, Status::Rejected, Reason::Other),
        (
            vec![face("consider", &["why:face_comparison.face_match"])],
            Status::InReview,
            Status::Rejected,
            Reason::FaceMismatch,
        ),
        (
            vec![face("consider", &["why:visual_authenticity.spoofing_detection"])],
            Status::InReview,
            Status::Rejected,
            Reason::LivenessFailed,
        ),
        (vec![face("unidentified", &[])], Status::InReview, Status::Rejected, Reason::MissingEvidence),
        (vec![listed], Status::InReview, Status::Rejected, Reason::SanctionsOrPep),
        (vec![known], Status::InReview, Status::Rejected, Reason::Duplicate),
        (vec![retake(), face("consider", &[])], Status::InReview, Status::Rejected, Reason::DocumentUnreadable),
        (
            vec![document("rejected", &["why:age_validation.minimum_accepted_age"])],
            Status::InReview,
            Status::Rejected,
            Reason::Underage,
        ),
        (vec![document("quantum", &[])], Status::InReview, Status::InReview, Reason::Other),
        (
            vec![face("consider", &[]), report(19, "document", "complete", Some("quantum"), &[])],
            Status::InReview,
            Status::InReview,
            Reason::FaceMismatch,
        ),
        (
            vec![retake(), report(19, "document", "complete", Some("quantum"), &[])],
            Status::InReview,
            Status::InReview,
            Reason::DocumentUnreadable,
        ),
        (vec![], Status::InReview, Status::InReview, Reason::NotDisclosed),
    ];
    for (against, usual, strict, reason) in rows {
        let parts = whole(check(CHECK, "complete", Some("consider")), &[&against[..], &[clear(20)]].concat());
        let first = opinion(&parts);
        assert_eq!((first.status, first.action.clone()), (usual, None), "{against:?}");
        assert_eq!(first.reasons.first().map(|because| because.code), Some(reason), "{against:?}");
        assert_eq!(opinion_by(&parts, Consider::Rejected).status, strict, "{against:?}");
        assert_eq!(asking(&parts, Consider::InReview), None);
    }
}

#[test]
fn a_document_that_cannot_be_used_is_captured_again() {
    for (why, ask, reason) in [
        ("why:image_integrity.image_quality", Ask::RetryCapture, Reason::DocumentUnreadable),
        ("why:image_integrity.supported_document", Ask::ProvideDocument, Reason::DocumentUnsupported),
        ("why:something_new", Ask::RetryCapture, Reason::DocumentUnreadable),
    ] {
        let parts = whole(check(CHECK, "complete", Some("consider")), &[document("rejected", &[why]), clear(17)]);
        for consider in [Consider::InReview, Consider::Rejected] {
            let opinion = opinion_by(&parts, consider);
            assert_eq!((opinion.status, opinion.action.clone()), (Status::ActionRequired, Some(person(ask))), "{why}");
            assert_eq!(opinion.reasons.first().map(|because| because.code), Some(reason), "{why}");
            assert_eq!(asking(&parts, consider), Some(id(Kind::Report, 16)));
        }
    }
}

#[test]
fn data_that_do_not_come_are_asked_for() {
    let overdue = report(16, "document", "awaiting_data", None, &[mark::OVERDUE]);
    let parts = whole(check(CHECK, "in_progress", None), &[clear(17), overdue.clone()]);
    let opinion_of_it = opinion(&parts);
    assert_eq!((opinion_of_it.status, opinion_of_it.action), (Status::ActionRequired, Some(person(Ask::RetryCapture))));
    assert_eq!(asking(&parts, Consider::InReview), Some(overdue.resource.clone()));
    let parts = whole(check(CHECK, "complete", Some("clear")), &[overdue]);
    assert_eq!(asking(&parts, Consider::InReview), None, "two moments were read");
}

#[test]
fn an_older_check_decides_nothing() {
    let mut older = check(2, "complete", Some("consider"));
    older.marks.push(mark::SUPERSEDED.to_owned());
    let mut of_older = document("suspected", &[]);
    of_older.whole = Some(older.resource.clone());
    for gone in [false, true] {
        let of_older = Part { gone, ..of_older.clone() };
        for (newest, reports, status) in [
            (check(CHECK, "in_progress", None), vec![], Status::Submitted),
            (check(CHECK, "complete", Some("clear")), vec![clear(20), clear_document()], Status::Approved),
        ] {
            let mut parts = whole(newest, &reports);
            parts.extend([older.clone(), of_older.clone()]);
            assert_eq!(opinion(&parts).status, status);
            assert_eq!(asking(&parts, Consider::InReview), None);
            parts.reverse();
            assert_eq!(opinion(&parts).status, status, "in any order");
        }
    }
}

fn clear_document() -> Part {
    report(21, "document", "complete", Some("clear"), &["sub:clear"])
}

/// A newer check may be asked for less: what it did not look at stays as it was found.
#[test]
fn a_narrower_check_approves_past_no_rejection() {
    let mut older = check(2, "complete", Some("consider"));
    older.marks.push(mark::SUPERSEDED.to_owned());
    let of_older = |part: Part| Part { whole: Some(older.resource.clone()), gone: true, ..part };
    let face = report(17, "facial_similarity_photo", "complete", Some("consider"), &[]);
    let unnamed = Part { marks: vec![], ..document("caution", &[]) };
    for (before, newest, status, code) in [
        (document("suspected", &[]), vec![clear(20)], Status::InReview, Some(Reason::DocumentSuspectedFraud)),
        (document("rejected", &[]), vec![clear(20)], Status::InReview, Some(Reason::DocumentUnreadable)),
        (face.clone(), vec![clear_document()], Status::InReview, Some(Reason::FaceMismatch)),
        (unnamed, vec![clear(20), clear_document()], Status::InReview, Some(Reason::Other)),
        (document("suspected", &[]), vec![clear(20), clear_document()], Status::Approved, None),
        (face, vec![clear(20)], Status::Approved, None),
        (clear_document(), vec![clear(20)], Status::Approved, None),
        (report(16, "document", "withdrawn", None, &[]), vec![clear(20)], Status::Approved, None),
    ] {
        let mut parts = whole(check(CHECK, "complete", Some("clear")), &newest);
        parts.extend([older.clone(), of_older(before.clone())]);
        for consider in [Consider::InReview, Consider::Rejected] {
            let opinion = opinion_by(&parts, consider);
            assert_eq!(
                (opinion.status, opinion.reasons.first().map(|because| because.code)),
                (status, code),
                "{before:?}"
            );
            assert_eq!(asking(&parts, consider), None);
        }
        parts.reverse();
        assert_eq!(opinion(&parts).status, status, "in any order: {before:?}");
    }
}

#[test]
fn what_is_gone_with_its_check_still_speaks() {
    let gone = |part: Part| Part { gone: true, ..part };
    let parts = whole(gone(check(CHECK, "complete", Some("consider"))), &[gone(document("suspected", &[]))]);
    assert_eq!(opinion(&parts).status, Status::Rejected);
}
