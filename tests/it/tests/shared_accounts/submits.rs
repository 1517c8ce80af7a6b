//! One submission is one check at Onfido, where a repeated POST makes a second one and a second bill.

use std::time::Duration;

use idv_gateway::domain::Status;
use idv_it::rig::Mode;
use idv_it::rig::pulse::Ended;
use idv_simulators::onfido::{Act, ApiManner, ApiRule, Endpoint, Onfido, Outcome};
use serde_json::{Value, json};

use super::plan::{PATIENCE, Plan, minutes, resume, submit};
use super::stand::{Begun, Stand};
use super::wire::NEW_CHECK;

async fn captured(plan: Plan) -> (Stand, Begun) {
    let mut stand = Stand::new(plan).await;
    let run = stand.begin_classic("acme", "key-1").await;
    stand.onfido.act(&run.root, Act::Capture).unwrap();
    stand.play_for(minutes(1)).await;
    (stand, run)
}

/// Whatever happened: one check, and its end is found.
async fn one_check_that_settles(stand: &mut Stand, run: &Begun) {
    let checks = stand.checks(run);
    assert_eq!(checks.len(), 1);
    let tag = format!("idv:{}", run.key.id);
    assert_eq!(stand.onfido.checks_by_tag(&tag), checks);
    stand.onfido.act(&checks[0], Act::complete()).unwrap();
    stand.play_for(minutes(20)).await;
    assert_eq!(stand.status(run), Status::Approved);
    assert_eq!(stand.checks(run).len(), 1);
}

#[tokio::test]
async fn the_same_submission_twice_is_one_check() {
    let (mut stand, run) = captured(Plan::default()).await;
    for _ in 0..3 {
        let answer = stand.answered(submit(&run, "key-2")).await;
        assert!(answer["error"].is_null(), "{answer}");
    }
    assert_eq!(stand.onfido.requests_to(Endpoint::CreateCheck), 1);
    one_check_that_settles(&mut stand, &run).await;
}

/// An app that forgets its own keys: while one is open, it is the one.
#[tokio::test]
async fn another_submission_while_one_is_open_is_the_same_check() {
    let (mut stand, run) = captured(Plan::default()).await;
    for key in ["key-2", "key-3", "key-4"] {
        let answer = stand.answered(submit(&run, key)).await;
        assert!(answer["error"].is_null(), "{answer}");
        stand.play_for(minutes(1)).await;
    }
    assert_eq!(stand.onfido.requests_to(Endpoint::CreateCheck), 1);
    one_check_that_settles(&mut stand, &run).await;
}

#[tokio::test]
async fn a_crash_before_the_answer_leaves_one_check() {
    for mode in [Mode::KillAfter, Mode::KillBefore] {
        let (mut stand, run) = captured(Plan::default()).await;
        stand.chaos.strike(NEW_CHECK, mode);
        assert_eq!(stand.ask(submit(&run, "key-2")).await, Ended::Died, "{mode:?}");
        assert_eq!(stand.checks(&run).len(), usize::from(mode == Mode::KillAfter));
        // the claim of the dead one lapses
        stand.play_for(minutes(2)).await;
        let answer = stand.answered(submit(&run, "key-2")).await;
        assert!(answer["error"].is_null(), "{answer}");
        one_check_that_settles(&mut stand, &run).await;
    }
}

/// The app never asks again: the events of the check lead to it all the same.
#[tokio::test]
async fn a_crash_that_nobody_repeats_is_found_by_its_events() {
    let (mut stand, run) = captured(Plan::default()).await;
    stand.chaos.strike(NEW_CHECK, Mode::KillAfter);
    assert_eq!(stand.ask(submit(&run, "key-2")).await, Ended::Died);
    one_check_that_settles(&mut stand, &run).await;
}

/// Every way in which an answer can be lost after the work was done.
#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_leaves_one_check() {
    let lost = [
        ApiManner::Closed,
        ApiManner::Status { code: 500 },
        ApiManner::Status { code: 504 },
        ApiManner::Truncated,
        ApiManner::Html,
        ApiManner::Without { member: "id".to_owned() },
    ];
    for manner in lost {
        let (mut stand, run) = captured(Plan::default()).await;
        let rule = ApiRule::always(manner.clone()).at(Endpoint::CreateCheck).times(1).with_work_done();
        stand.onfido.misbehave(rule);
        let answer = stand.answered(submit(&run, "key-2")).await;
        assert_eq!(answer["error"]["retryable"], true, "{manner:?}: {answer}");
        let answer = stand.answered(submit(&run, "key-2")).await;
        assert!(answer["error"].is_null(), "{manner:?}: {answer}");
        one_check_that_settles(&mut stand, &run).await;
    }
}

/// The answer comes when the app has long asked again: whatever its key, the second one waits, and then finds the check.
#[tokio::test]
async fn a_late_answer_makes_no_second_check() {
    for key in ["key-2", "key-3"] {
        let (mut stand, run) = captured(Plan::default()).await;
        let opened = stand.wire.keep_back(NEW_CHECK);
        let there = |onfido: &Onfido| !onfido.checks_created().is_empty();
        let meanwhile = async {
            stand.onfido.wait_for(there, PATIENCE).await.unwrap();
            let answer = stand.answered(submit(&run, key)).await;
            assert_eq!(answer["error"]["code"], "in_progress", "{answer}");
            stand.clock.advance(Duration::from_secs(10));
            opened.notify_one();
        };
        let (answer, ()) = tokio::join!(stand.answered(submit(&run, "key-2")), meanwhile);
        assert!(answer["error"].is_null(), "{answer}");
        let answer = stand.answered(submit(&run, key)).await;
        assert!(answer["error"].is_null(), "{answer}");
        one_check_that_settles(&mut stand, &run).await;
    }
}

/// The list may lag behind; then nothing tells that there is a check. What Onfido shows late is its own risk, and the
/// newest decides.
#[tokio::test]
async fn a_second_capture_is_a_second_check_and_the_newest_decides() {
    let (mut stand, run) = captured(Plan::default()).await;
    let first = stand.submitted(&run, "key-2").await;
    stand.onfido.act(&first, Act::complete_with("document", Outcome::Rejected)).unwrap();
    stand.play_for(minutes(2)).await;
    let truth = stand.read(&run.key).truth;
    assert_eq!(truth.status, Status::ActionRequired, "{:?}", truth.reasons);
    let answer = stand.answered(resume(&run, "key-3")).await;
    assert!(answer["sdk"]["token"].is_string(), "{answer}");
    assert_eq!(answer["attempt"], 1);
    let second = stand.submitted(&run, "key-4").await;
    assert_ne!(second, first);
    stand.play_for(minutes(2)).await;
    assert_eq!(stand.status(&run), Status::Submitted);
    stand.onfido.act(&second, Act::complete()).unwrap();
    stand.play_for(minutes(2)).await;
    assert_eq!((stand.status(&run), stand.checks(&run).len()), (Status::Approved, 2));
    // the first submission, asked for again by somebody late, is still the first
    let answer = stand.answered(submit(&run, "key-2")).await;
    assert!(answer["error"].is_null(), "{answer}");
    assert_eq!(stand.checks(&run).len(), 2);
}

/// What was decided against is not entered again; another run is another applicant, whose data are asked for.
#[tokio::test]
async fn a_rejected_person_gets_no_token_into_the_same_run() {
    let (mut stand, run) = captured(Plan::default()).await;
    let check = stand.submitted(&run, "key-2").await;
    stand.onfido.act(&check, Act::complete_with("document", Outcome::Suspected)).unwrap();
    stand.play_for(minutes(2)).await;
    assert_eq!(stand.status(&run), Status::Rejected);
    let mark = stand.mark();
    let answer = stand.answered(resume(&run, "key-3")).await;
    assert_eq!(answer["error"]["code"], "invalid_request", "{answer}");
    assert!(answer["error"]["field"].as_str().unwrap().starts_with("subject."), "{answer}");
    assert_eq!(stand.count("acme", mark, &[Endpoint::SdkToken, Endpoint::CreateApplicant]), 0);
    let mut request = resume(&run, "key-4");
    request["subject"] = json!({"first_name": "Ada", "last_name": "Example"});
    let answer = stand.answered(request).await;
    assert!(answer["sdk"]["token"].is_string(), "{answer}");
    assert_eq!(answer["attempt"], 2);
}

fn with(begun: &Begun, key: &str, options: &Value) -> Value {
    let mut request = submit(begun, key);
    request["options"] = options.clone();
    request
}

#[tokio::test]
async fn what_is_wrong_with_a_submission_is_named_and_nothing_is_made() {
    let (stand, run) = captured(Plan::default()).await;
    for (options, field) in [
        (json!({"report_names": ["document", "horoscope"]}), "options.report_names"),
        (json!({"report_names": []}), "options.report_names"),
        (json!({"report_names": "document"}), "options.report_names"),
        (json!({"document_ids": "x"}), "options.document_ids"),
        (json!({"reports": ["document"]}), "options.reports"),
    ] {
        let mark = stand.mark();
        let answer = stand.answered(with(&run, "key-2", &options)).await;
        assert_eq!(answer["error"]["code"], "invalid_request", "{options}: {answer}");
        let named = answer["error"]["field"].as_str().unwrap();
        assert!(named.starts_with(field), "{options}: {answer}");
        assert_eq!(stand.mark(), mark, "{options}");
    }
    let answer = stand.answered(with(&run, "key-3", &json!({"report_names": ["watchlist_standard"]}))).await;
    assert!(answer["error"].is_null(), "{answer}");
    assert_eq!(stand.onfido.reports_of(&stand.checks(&run)[0]).into_keys().collect::<Vec<_>>(), ["watchlist_standard"]);
}

/// Where a run needs none, nobody is told otherwise.
#[tokio::test]
async fn a_run_of_the_studio_is_not_submitted() {
    let stand = Stand::new(Plan::default()).await;
    let run = stand.begin_studio("acme", "key-1").await;
    let answer = stand.answered(submit(&run, "key-2")).await;
    assert_eq!(answer["error"]["code"], "unsupported", "{answer}");
    assert!(stand.onfido.checks_created().is_empty());
}
