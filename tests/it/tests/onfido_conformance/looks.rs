//! What a look finds and what it means: fixtures, the total table, older checks, what is kept and what is not.

use std::time::Duration;

use idv_gateway::domain::reduce::{Occasion, reduce};
use idv_gateway::domain::{
    Assessment, Change, ChangeKind, Claim, ClaimClass, Evidence, Resource, Snapshot, Standing, Status, Timestamp, Truth,
};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Account, ProviderError};
use serde_json::{Value, json};

use crate::harness::{
    ANOTHER, APPLICANT, CHECK, CHECKS, DOCUMENT, FACE, OLDER_CHECK, REPORTS, Script, account, answered, applicant,
    both_clear, check, check_in, classic, part, report, report_in, resource, run, run_line,
};

pub(crate) const CLEAR_FACE: &str = "facial_similarity_photo.clear";

pub(crate) fn intended() -> Truth {
    Truth::intended(Timestamp::from_millis(0))
}

pub(crate) fn after(before: &Truth, snapshot: &Snapshot) -> Truth {
    after_by(&*account(), before, snapshot)
}

pub(crate) fn after_by(account: &dyn Account, before: &Truth, snapshot: &Snapshot) -> Truth {
    let occasion = Occasion { at: Timestamp::from_millis(0), evidence: Evidence::Webhook };
    reduce(before, snapshot, &|parts| account.assess(parts), occasion)
}

pub(crate) fn since<'a>(before: &Truth, after: &'a Truth) -> Vec<&'a Change> {
    after.changes.iter().filter(|change| change.version > before.version).collect()
}

pub(crate) async fn look(script: Script, subject: &Resource) -> Result<Snapshot, ProviderError> {
    account().look(script.start().reach(), subject).await
}

pub(crate) async fn found(check: &Value, reports: &[Value]) -> Snapshot {
    look(classic(check, reports), &applicant()).await.unwrap()
}

pub(crate) async fn seen(run_body: &Value) -> Snapshot {
    look(Script::new().run(run_body), &run()).await.unwrap()
}

pub(crate) fn reports_of(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| answered(&format!("get_report.{name}"))).collect()
}

#[tokio::test]
async fn the_lists_are_read_as_they_come() {
    for (name, expected) in
        [("list_reports.clear", Status::Approved), ("list_reports.consider_suspected", Status::Rejected)]
    {
        let reports = answered(name)["reports"].as_array().unwrap().clone();
        let result = if expected == Status::Approved { "get_check.clear" } else { "get_check.consider" };
        let bench = Script::new().checks(&[answered(result)]).reports(&reports).start();
        let snapshot = account().look(bench.reach(), &applicant()).await.unwrap();
        assert_eq!(after(&intended(), &snapshot).status, expected, "{name}");
        assert_eq!(bench.lines(), [CHECKS, REPORTS], "no address of an answer is followed");
        assert_eq!(bench.call(CHECKS).url.query(), Some(format!("applicant_id={APPLICANT}").as_str()));
        assert_eq!(bench.call(REPORTS).url.query(), Some(format!("check_id={CHECK}").as_str()));
    }
    let listed = answered("list_checks")["checks"][0].clone();
    assert_eq!(after(&intended(), &found(&listed, &both_clear()).await).status, Status::Approved);
}

#[tokio::test]
async fn a_person_who_has_not_been_checked_has_a_token_alone() {
    let bench = Script::new().checks(&[]).start();
    let snapshot = account().look(bench.reach(), &applicant()).await.unwrap();
    assert_eq!(after(&intended(), &snapshot).status, Status::LinkIssued);
    assert_eq!(snapshot.parts().len(), 1);
    assert_eq!(bench.lines(), [CHECKS]);
}

#[tokio::test]
async fn the_person_s_first_task_says_that_they_have_begun() {
    let waiting = |name: &str| {
        let mut body = answered(name);
        body["status"] = json!("awaiting_input");
        body
    };
    let tasks = format!("{}/tasks", run_line());
    let mut more = answered("list_tasks").as_array().unwrap().clone();
    let at_first = more.clone();
    more.push(json!({"id": "face_photo_1c2d3", "task_def_id": "upload_face_photo"}));
    for (listed, expected) in
        [(json!(at_first), Status::LinkIssued), (json!(more), Status::InProgress), (json!([]), Status::LinkIssued)]
    {
        let script = Script::new().run(&waiting("get_workflow_run.processing")).on(&tasks, 200, &listed);
        assert_eq!(after(&intended(), &look(script, &run()).await.unwrap()).status, expected, "{listed}");
    }
    // a list that cannot be had says nothing of a run that is there; one that fails is a failed look
    let script = || Script::new().run(&waiting("get_workflow_run.processing"));
    assert_eq!(after(&intended(), &look(script(), &run()).await.unwrap()).status, Status::LinkIssued);
    let failing = look(script().then(&tasks, Ok(empty(503))), &run()).await;
    assert!(matches!(failing, Err(ProviderError::Unavailable(_))), "{failing:?}");
    // once it is over nobody asks for them
    let bench = Script::new().run(&answered("get_workflow_run.approved")).start();
    account().look(bench.reach(), &run()).await.unwrap();
    assert_eq!(bench.lines(), [run_line()]);
}

#[tokio::test]
async fn parts_say_what_onfido_said() {
    let snapshot = found(&answered("get_check.consider"), &reports_of(&["document.suspected", CLEAR_FACE])).await;
    let whole = part(&snapshot, &check());
    assert_eq!((whole.provider_status.as_str(), whole.standing), ("complete", Standing::Rejected));
    assert_eq!((whole.provider_reason.as_deref(), &whole.whole), (Some("consider"), &None));
    let document = part(&snapshot, &report(DOCUMENT));
    assert_eq!((document.provider_status.as_str(), document.standing), ("complete", Standing::Rejected));
    assert_eq!(document.whole, Some(check()));
    assert!(document.has("name:document") && document.has("sub:suspected"), "{:?}", document.marks);
    let face = part(&snapshot, &report(FACE));
    assert_eq!((face.standing, face.has("name:facial_similarity_photo")), (Standing::Approved, true));
    assert!(snapshot.parts().iter().all(|part| part.at.is_none()), "no answer has a time of the last change");
    assert!(snapshot.parts().iter().any(|part| part.resource == applicant()));
    let studio = seen(&answered("get_workflow_run.declined")).await;
    assert_eq!((studio.parts()[0].resource.clone(), studio.parts()[0].standing), (run(), Standing::Rejected));
}

/// The look's own part in the eight minutes: a report that is done in a check that is not.
#[tokio::test]
async fn a_report_that_is_done_is_contradicted_by_its_open_check() {
    let told = Claim { class: ClaimClass::Ended, part: Some(report(DOCUMENT)), at: None };
    for (status, result, half) in [
        ("in_progress", None, true),
        ("reopened", None, true),
        ("complete", Some("clear"), false),
        ("withdrawn", None, false),
        ("paused", None, false),
        ("quantum", None, false),
    ] {
        let snapshot = found(&check_in(status, result), &both_clear()).await;
        assert_eq!(told.contradicts(snapshot.parts()), half, "{status}");
    }
    let check_told = Claim { class: ClaimClass::Ended, part: Some(check()), at: None };
    let exists = Claim { class: ClaimClass::Exists, part: Some(check()), at: None };
    let open = found(&check_in("in_progress", None), &both_clear()).await;
    assert!(check_told.contradicts(open.parts()) && !exists.contradicts(open.parts()));
    let nothing = look(Script::new().checks(&[]), &applicant()).await.unwrap();
    assert!(exists.contradicts(nothing.parts()) && told.contradicts(nothing.parts()), "read before it was there");
}

fn older(status: &str, result: Option<&str>) -> Value {
    let mut body = check_in(status, result);
    body["id"] = json!(OLDER_CHECK);
    body["created_at"] = json!("2026-03-01T09:05:00Z");
    body["report_ids"] = json!(["a9d0c1b2-1111-4c3d-8e4f-000000009001"]);
    body
}

#[tokio::test]
async fn the_newest_check_decides_whatever_the_order_of_the_list() {
    for (old, new, expected) in [
        (older("complete", Some("clear")), check_in("complete", Some("consider")), Status::InReview),
        (older("complete", Some("consider")), check_in("complete", Some("clear")), Status::Approved),
        (older("complete", Some("clear")), check_in("in_progress", None), Status::Submitted),
        (older("in_progress", None), check_in("complete", Some("clear")), Status::Approved),
        (older("quantum", None), check_in("complete", Some("clear")), Status::Approved),
    ] {
        let reports =
            if new["result"] == "consider" { reports_of(&["document.caution", CLEAR_FACE]) } else { both_clear() };
        for list in [[old.clone(), new.clone()], [new.clone(), old.clone()]] {
            let bench = Script::new().checks(&list).reports(&reports).start();
            let snapshot = account().look(bench.reach(), &applicant()).await.unwrap();
            assert_eq!(after(&intended(), &snapshot).status, expected, "{old} {new}");
            assert_eq!(bench.call(REPORTS).url.query(), Some(format!("check_id={CHECK}").as_str()));
            assert_eq!(bench.count(REPORTS), 1, "the older is evidence and is not opened again");
            part(&snapshot, &resource("check", OLDER_CHECK));
        }
    }
}

/// Which of several is the newest is never guessed; one alone is.
#[tokio::test]
async fn checks_that_do_not_say_when_they_were_made_are_not_judged() {
    let complete = || check_in("complete", Some("clear"));
    let against = || older("complete", Some("consider"));
    for strange in [Value::Null, json!("yesterday"), json!(7)] {
        let undated = |mut body: Value| {
            body["created_at"] = strange.clone();
            body
        };
        for list in
            [[undated(complete()), against()], [against(), undated(complete())], [complete(), undated(against())]]
        {
            let outcome = look(Script::new().checks(&list).reports(&both_clear()), &applicant()).await;
            assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{strange}: {outcome:?}");
        }
        let alone = found(&undated(complete()), &both_clear()).await;
        assert_eq!(after(&intended(), &alone).status, Status::Approved, "{strange}");
    }
}

#[tokio::test]
async fn a_settled_decision_can_be_overturned() {
    let approved = after(&intended(), &found(&answered("get_check.clear"), &both_clear()).await);
    let reopened = after(&approved, &found(&answered("get_check.reopened"), &both_clear()).await);
    let change = reopened.changes.iter().rfind(|change| change.kind == ChangeKind::Status).unwrap();
    assert_eq!((change.status, change.previous, change.overturned), (Status::InReview, Status::Approved, true));
    let suspected = found(&answered("get_check.consider"), &reports_of(&["document.suspected", CLEAR_FACE])).await;
    assert_eq!(after(&reopened, &suspected).status, Status::Rejected);
    let run_approved = after(&intended(), &seen(&answered("get_workflow_run.approved")).await);
    let declined = after(&run_approved, &seen(&answered("get_workflow_run.declined")).await);
    assert_eq!(declined.status, Status::Rejected, "a person changed it in the Dashboard");
}

/// Nobody's words: kept, shown, and the last status stands.
#[tokio::test]
async fn an_unknown_word_keeps_the_status() {
    let before = after(&intended(), &found(&check_in("in_progress", None), &both_clear()).await);
    for (status, result) in [
        ("quantum", Some("clear")),
        ("complete", Some("brilliant")),
        ("complete", Some("unidentified")),
        ("complete", None),
        ("Complete", Some("clear")),
    ] {
        let truth = after(&before, &found(&check_in(status, result), &both_clear()).await);
        assert_eq!((truth.status, &truth.unrecognised), (Status::Submitted, &Some(check())), "{status} {result:?}");
    }
    for (status, result, sub) in [
        ("quantum", Some("clear"), Some("clear")),
        ("complete", Some("brilliant"), Some("clear")),
        ("complete", None, None),
        // a sub-result that takes back what the result says, or that nobody knows
        ("complete", Some("clear"), Some("suspected")),
        ("complete", Some("clear"), Some("brilliant")),
    ] {
        let reports = [report_in(DOCUMENT, "document", status, result, sub), both_clear()[1].clone()];
        let truth = after(&before, &found(&check_in("complete", Some("clear")), &reports).await);
        assert_ne!(truth.status, Status::Approved, "{status} {result:?} {sub:?}");
    }
    let mut word = answered("get_workflow_run.approved");
    word["status"] = json!("quantum");
    let truth = after(&intended(), &seen(&word).await);
    assert_eq!((truth.status, &truth.unrecognised), (Status::Created, &Some(run())));
}

#[tokio::test]
async fn a_report_that_is_not_listed_yet_makes_the_look_wait() {
    let outcome = look(classic(&answered("get_check.clear"), &both_clear()[..1]), &applicant()).await;
    assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{outcome:?}");
    let unlisted = Script::new().checks(&[answered("get_check.clear")]).then(REPORTS, Ok(empty(404)));
    let outcome = look(unlisted, &applicant()).await;
    assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{outcome:?}");
}

/// Values of the document make one `data_changed`; names and numbers are nowhere.
#[tokio::test]
async fn data_are_told_apart_and_never_kept() {
    let first = both_clear();
    let mut edited = first.clone();
    edited[0]["properties"]["last_name"] = json!("EXAMPLE-SMITH");
    let mut reordered = first.clone();
    let properties = first[0]["properties"].as_object().unwrap();
    let turned: serde_json::Map<String, Value> =
        properties.iter().rev().map(|(name, value)| (name.clone(), value.clone())).collect();
    reordered[0]["properties"] = Value::Object(turned);
    reordered[0]["documents"] = json!([]);
    let whole = answered("get_check.clear");
    let before = after(&intended(), &found(&whole, &first).await);
    assert_eq!(since(&before, &after(&before, &found(&whole, &reordered).await)), Vec::<&Change>::new());
    let changed = after(&before, &found(&whole, &edited).await);
    let kinds: Vec<_> = since(&before, &changed).iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::DataChanged]);
    let kept = format!("{changed:?} {before:?} {:?}", found(&whole, &edited).await);
    for canary in ["ADA", "EXAMPLE", "999999999", "1990-01-31", "2031-05-28", "GBR", "passport"] {
        assert!(!kept.contains(canary), "{canary}");
    }
}

/// A run's output and reasons are the workflow author's; its token and link are secrets.
#[tokio::test]
async fn nothing_of_a_run_is_kept_but_its_word_and_reason() {
    for name in ["approved", "declined", "review", "processing", "error"] {
        let kept = format!("{:?}", seen(&answered(&format!("get_workflow_run.{name}"))).await);
        for canary in ["eyJ", "eu.onfido.app", "selfie_result", "app.example.com", "could not be executed"] {
            assert!(!kept.contains(canary), "{name}: {canary}");
        }
    }
}

#[tokio::test]
async fn more_reports_than_are_kept_never_approve() {
    let mut whole = answered("get_check.clear");
    let id = |at: usize| format!("a9d0c1b2-1111-4c3d-8e4f-0000000{at:05}");
    let reports: Vec<Value> =
        (0..90).map(|at| report_in(&id(at), "known_faces", "complete", Some("clear"), None)).collect();
    whole["report_ids"] = (0..90).map(id).collect();
    let snapshot = found(&whole, &reports).await;
    assert!(snapshot.parts().len() <= 64);
    assert_ne!(after(&intended(), &snapshot).status, Status::Approved);
}

#[tokio::test]
async fn only_the_root_of_a_run_is_looked_at() {
    for subject in [check(), report(DOCUMENT), resource("hologram", ANOTHER)] {
        let outcome = look(classic(&answered("get_check.clear"), &both_clear()), &subject).await;
        assert_eq!(outcome, Err(ProviderError::NotFound), "{subject}");
    }
}

/// A report that asks something of the person has a way in: another token for the same applicant.
#[tokio::test]
async fn what_is_asked_of_the_person_is_named() {
    let asking = async |names: &[&str]| {
        let snapshot = found(&answered("get_check.consider"), &reports_of(names)).await;
        account().asking(snapshot.parts())
    };
    assert_eq!(asking(&["document.rejected", CLEAR_FACE]).await, Some(report(DOCUMENT)));
    for names in [["document.clear", CLEAR_FACE], ["document.suspected", CLEAR_FACE], ["document.caution", CLEAR_FACE]]
    {
        assert_eq!(asking(&names).await, None, "{names:?}");
    }
    let mut late = check_in("in_progress", None);
    late["created_at"] = json!("2026-11-18T07:55:00Z");
    let snapshot = found(&late, &[answered("get_report.document.awaiting_data"), both_clear()[1].clone()]).await;
    assert_eq!(account().asking(snapshot.parts()), Some(report(DOCUMENT)));
    let tenant = seen(&answered("get_workflow_run.awaiting_client_input")).await;
    assert_eq!(account().asking(tenant.parts()), None, "that is the tenant's");
}

#[test]
fn nothing_known_is_no_more_than_begun() {
    assert!(matches!(account().assess(&[]), Assessment::Known(opinion) if opinion.status == Status::Created));
}

/// One look at a run without a time of its own is answered within the calls that it may make.
#[tokio::test]
async fn a_look_is_two_calls() {
    let bench = classic(&answered("get_check.clear"), &both_clear()).start();
    account().look(bench.reach(), &applicant()).await.unwrap();
    assert_eq!(bench.lines().len(), 2);
    assert!(bench.calls().iter().all(|call| call.deadline <= Duration::from_secs(10)), "within the look's lease");
    let mut slow = Script::new().checks(&[answered("get_check.clear")]);
    slow = slow.then(REPORTS, Ok(answer(200, &json!({"reports": both_clear()}))));
    assert!(look(slow, &applicant()).await.is_ok());
}
