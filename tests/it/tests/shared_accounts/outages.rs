//! What Onfido cannot or will not answer is asked again, and nothing is lost: its webhooks are answered 200 all the time.

use std::time::Duration;

use idv_gateway::domain::Status;
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::SubjectState;
use idv_simulators::onfido::{Act, Answer, ApiManner, ApiRule, Decision, Endpoint, Environment};
use serde_json::json;

use super::plan::{ACCOUNT, Plan, classic, days, minutes, resume, studio, submit};
use super::stand::{Begun, Stand};

async fn under_way(plan: Plan) -> (Stand, Begun, String) {
    let mut stand = Stand::new(plan).await;
    let run = stand.begin_classic("acme", "key-1").await;
    let check = stand.submitted(&run, "key-2").await;
    stand.play_for(minutes(2)).await;
    (stand, run, check)
}

/// Nothing was refused, dropped or put aside.
fn nothing_is_lost(stand: &Stand) {
    assert!(stand.onfido.webhooks_sent().iter().all(|sent| sent.accepted()));
    assert!(stand.bells.messages(QueueName::NoticesDlq).is_empty());
}

#[tokio::test]
async fn an_outage_of_any_kind_is_waited_for() {
    let manners = [
        ApiManner::TooMany { retry_after: Some(90) },
        ApiManner::TooMany { retry_after: None },
        ApiManner::Status { code: 500 },
        ApiManner::Status { code: 503 },
        ApiManner::Status { code: 409 },
        ApiManner::Closed,
        ApiManner::Html,
        ApiManner::Truncated,
        ApiManner::WrongId,
    ];
    for manner in manners {
        let (mut stand, run, check) = under_way(Plan::default()).await;
        stand.onfido.misbehave(ApiRule::always(manner.clone()));
        stand.onfido.act(&check, Act::complete()).unwrap();
        stand.play_for(minutes(5)).await;
        assert_eq!(stand.status(&run), Status::Submitted, "{manner:?}: what is not read is not known");
        nothing_is_lost(&stand);
        let looks = stand.looks("acme", 0);
        assert!(looks <= 20, "{manner:?}: {looks} looks");
        stand.onfido.behave();
        stand.play_for(minutes(60)).await;
        assert_eq!(stand.status(&run), Status::Approved, "{manner:?}");
        nothing_is_lost(&stand);
    }
}

/// Silent for longer than a call may take.
#[tokio::test]
async fn silence_is_an_outage() {
    let longest_call = Duration::from_millis(500);
    let (mut stand, run, check) = under_way(Plan { longest_call, ..Plan::default() }).await;
    stand.onfido.misbehave(ApiRule::always(ApiManner::Silence).times(2));
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(minutes(60)).await;
    assert_eq!(stand.status(&run), Status::Approved);
    nothing_is_lost(&stand);
}

/// A 429 with a word about patience: nobody asks before.
#[tokio::test]
async fn patience_that_is_asked_for_is_given() {
    let (mut stand, run, check) = under_way(Plan::default()).await;
    stand.onfido.misbehave(ApiRule::always(ApiManner::TooMany { retry_after: Some(240) }).times(1));
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(Duration::from_secs(20)).await;
    let mark = stand.mark();
    stand.play_for(Duration::from_secs(200)).await;
    assert_eq!(stand.mark(), mark, "nobody asks while Onfido wants to be left alone");
    stand.play_for(minutes(30)).await;
    assert_eq!(stand.status(&run), Status::Approved);
}

/// Onfido cannot be asked whose an event is: it waits under its own name.
#[tokio::test]
async fn whose_an_event_is_can_be_asked_later() {
    let mut stand = Stand::new(Plan::of(&["acme"])).await;
    let run = stand.begin_classic("acme", "key-1").await;
    stand.play_for(minutes(2)).await;
    let check = stand.made_by_hand("acme", &run, &["document"]).await;
    stand.onfido.misbehave(ApiRule::always(ApiManner::Status { code: 503 }));
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(minutes(2)).await;
    let state = stand.subject("acme", "check", &check).map(|record| record.state);
    assert!(matches!(state, Some(SubjectState::Parked { .. })), "{state:?}");
    stand.onfido.behave();
    stand.play_for(minutes(60)).await;
    assert_eq!(stand.status(&run), Status::Approved);
    nothing_is_lost(&stand);
}

/// Our own fault: Onfido is told so, and says it again.
#[tokio::test]
async fn what_we_cannot_take_is_sent_again() {
    let (mut stand, run, check) = under_way(Plan::default()).await;
    stand.scheduled = false;
    let before = stand.onfido.webhooks_sent().len();
    stand.bells.fail(Some("down"));
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.heard().await;
    let refused: Vec<_> = stand.onfido.webhooks_sent().split_off(before).into_iter().map(|sent| sent.answer).collect();
    assert_eq!(refused, [Answer::Status(503), Answer::Status(503), Answer::Status(503)]);
    stand.vault.fail(Some("down"));
    stand.bells.fail(None);
    assert!(stand.onfido.advance_to_next_retry());
    stand.heard().await;
    let again = stand.onfido.webhooks_sent().split_off(before + refused.len());
    assert!(!again.is_empty() && again.iter().all(|sent| sent.answer == Answer::Status(503)), "{again:?}");
    stand.vault.fail(None);
    stand.onfido.advance(days(1));
    stand.play_for(minutes(1)).await;
    assert_eq!(stand.status(&run), Status::Approved);
}

/// A token that is good no more: each of its tenant's webhooks is taken all the same, and found with the next token.
#[tokio::test]
async fn a_revoked_token_loses_nothing() {
    let plan = Plan::of(&["acme", "bolt"]);
    let mut stand = Stand::new(Plan::of(&["acme", "bolt"])).await;
    let (ours, theirs) = (stand.begin_classic("acme", "key-1").await, stand.begin_classic("bolt", "key-1").await);
    let (check, other) = (stand.submitted(&ours, "key-2").await, stand.submitted(&theirs, "key-2").await);
    stand.play_for(minutes(2)).await;
    let token = stand.onfido.accounts()[0].tokens.iter().find(|it| it.client == "acme").unwrap().token.clone();
    stand.onfido.revoke(&token);
    for check in [&check, &other] {
        stand.onfido.act(check, Act::complete()).unwrap();
    }
    stand.play_for(minutes(10)).await;
    assert_eq!((stand.status(&ours), stand.status(&theirs)), (Status::Submitted, Status::Approved));
    nothing_is_lost(&stand);
    let answer = stand.answered(classic("acme", "key-9")).await;
    assert_eq!(answer["error"]["code"], "provider_rejected", "a person has to see to it: {answer}");
    let fresh = stand.onfido.new_token(Some(ACCOUNT), "acme", Environment::Live);
    let mut configuration = stand.configuration("acme", &plan);
    configuration["connections"]["onfido"]["api"]["token"] = json!(fresh);
    stand.vault.set(stand.configured("acme", &configuration));
    stand.play_for(days(1)).await;
    assert_eq!(stand.status(&ours), Status::Approved);
    nothing_is_lost(&stand);
}

/// The token decides the region: at another one's host nothing is ours, and nothing is made there.
#[tokio::test]
async fn the_wrong_region_makes_nothing_and_loses_nothing() {
    let plan = Plan::default();
    let (mut stand, run, check) = under_way(Plan::default()).await;
    let mut wrong = stand.configuration("acme", &plan);
    let connection = &mut wrong["connections"]["onfido"];
    connection["settings"]["region"] = json!("us");
    connection["base_urls"]["api"] = stand.onfido.base_urls()["us"].clone();
    stand.vault.set(stand.configured("acme", &wrong));
    let made = stand.onfido.applicants_created().len();
    for request in [classic("acme", "key-8"), studio("acme", "key-9")] {
        let answer = stand.answered(request).await;
        assert_eq!(answer["error"]["code"], "provider_rejected", "a person has to see to it: {answer}");
    }
    assert_eq!(stand.onfido.applicants_created().len(), made);
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(minutes(10)).await;
    assert_eq!(stand.status(&run), Status::Submitted);
    stand.vault.set(stand.configured("acme", &stand.configuration("acme", &plan)));
    stand.play_for(days(1)).await;
    assert_eq!(stand.status(&run), Status::Approved);
    nothing_is_lost(&stand);
}

/// Deleted in the Dashboard: what was known stands, and is not asked for again and again.
#[tokio::test]
async fn a_deleted_applicant_keeps_its_status_and_rests() {
    let (mut stand, run, check) = under_way(Plan::default()).await;
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(minutes(30)).await;
    assert_eq!(stand.status(&run), Status::Approved);
    stand.onfido.act(&run.root, Act::Delete).unwrap();
    stand.onfido.send_again(&check);
    stand.play_for(minutes(2)).await;
    stand.play_for(days(2)).await;
    let truth = stand.read(&run.key).truth;
    assert_eq!((truth.status, truth.gone), (Status::Approved, true));
    assert!(truth.parts.iter().all(|part| part.gone));
    let mark = stand.mark();
    stand.play_for(days(60)).await;
    assert_eq!(stand.mark(), mark, "looks stop");
    nothing_is_lost(&stand);
}

#[tokio::test]
async fn a_deleted_applicant_cannot_be_submitted() {
    let mut stand = Stand::new(Plan::default()).await;
    let run = stand.begin_classic("acme", "key-1").await;
    stand.play_for(minutes(20)).await;
    stand.onfido.act(&run.root, Act::Delete).unwrap();
    let answer = stand.answered(submit(&run, "key-2")).await;
    assert_eq!(answer["error"]["code"], "provider_rejected", "{answer}");
    assert_eq!(answer["error"]["retryable"], false);
    assert!(stand.onfido.checks_created().is_empty());
}

/// What is submitted while Onfido is down is asked for again by the app, and is one check.
#[tokio::test]
async fn a_start_and_a_submission_in_an_outage_are_repeated_by_the_app() {
    for manner in [ApiManner::Status { code: 503 }, ApiManner::TooMany { retry_after: Some(5) }] {
        let mut stand = Stand::new(Plan::default()).await;
        let rule = stand.onfido.misbehave(ApiRule::always(manner.clone()));
        let answer = stand.answered(classic("acme", "key-1")).await;
        assert_eq!(answer["error"]["retryable"], true, "{manner:?}: {answer}");
        stand.onfido.remove_rule(rule);
        stand.play_for(minutes(2)).await;
        let run = stand.begin_classic("acme", "key-1").await;
        let rule = stand.onfido.misbehave(ApiRule::always(manner.clone()).at(Endpoint::CreateCheck));
        let answer = stand.answered(submit(&run, "key-2")).await;
        assert_eq!(answer["error"]["retryable"], true, "{manner:?}: {answer}");
        stand.onfido.remove_rule(rule);
        stand.play_for(minutes(2)).await;
        let check = stand.submitted(&run, "key-2").await;
        stand.onfido.act(&check, Act::complete()).unwrap();
        stand.play_for(minutes(10)).await;
        assert_eq!((stand.status(&run), stand.checks(&run).len()), (Status::Approved, 1), "{manner:?}");
    }
}

/// Erased: the applicant is deleted at Onfido, and a late webhook revives nothing.
#[tokio::test]
async fn what_is_erased_stays_so() {
    let (mut stand, run, check) = under_way(Plan::of(&["acme", "bolt"])).await;
    let erase = json!({"action": "erase", "tenant": "acme", "onboarding_id": run.key.id, "idempotency_key": "key-3"});
    let answer = stand.answered(erase).await;
    assert!(answer["error"].is_null(), "{answer}");
    assert!(stand.onfido.truth(&run.root).unwrap().ended, "deleted there");
    stand.play_for(minutes(2)).await;
    let (mark, before) = (stand.mark(), stand.read(&run.key));
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.onfido.send_again(&check);
    stand.play_for(minutes(60)).await;
    assert_eq!(stand.read(&run.key), before);
    assert_eq!(stand.count("acme", mark, &[Endpoint::ListChecks, Endpoint::ListReports]), 0);
    assert_eq!((stand.of_tenant("acme").len(), stand.of_tenant("bolt").len()), (1, 0));
    nothing_is_lost(&stand);
}

/// The account may be asked so often in a minute: what is too much is found later.
#[tokio::test]
async fn a_used_up_quota_delays_and_loses_nothing() {
    let mut stand = Stand::new(Plan { rate_limit: Some(60), ..Plan::default() }).await;
    let mut runs = Vec::new();
    for number in 0..8 {
        let run = stand.begin_studio("acme", &format!("key-{number}")).await;
        runs.push(run);
    }
    stand.play_for(minutes(2)).await;
    stand.onfido.advance_tokens(minutes(2));
    stand.onfido.misbehave(ApiRule::always(ApiManner::TooMany { retry_after: None }).at(Endpoint::GetRun).times(5));
    for run in &runs {
        stand.onfido.perform(&run.root, Act::whole_run(Decision::Approved)).unwrap();
    }
    stand.play_for(minutes(2)).await;
    for _ in 0..10 {
        stand.onfido.advance_tokens(minutes(2));
        stand.play_for(minutes(15)).await;
    }
    for run in &runs {
        assert_eq!(stand.status(run), Status::Approved);
    }
    nothing_is_lost(&stand);
    let answer = stand.answered(resume(&runs[0], "key-r")).await;
    assert_eq!(answer["error"]["code"].as_str().unwrap_or("not_resumable"), "not_resumable", "{answer}");
}
