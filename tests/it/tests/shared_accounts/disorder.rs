//! Events before our own answer, twice, in any order; decisions that are taken back; links that die.

use std::time::Duration;

use idv_gateway::domain::{Reason, Status};
use idv_gateway::ports::SubjectState;
use idv_it::rig::Mode;
use idv_it::rig::pulse::Ended;
use idv_simulators::onfido::{Act, Decision, Endpoint, Onfido, Order, Outcome, WebhookManner, WebhookRule, Workflow};
use serde_json::{Value, json};

use super::plan::{Plan, classic, days, minutes, resume, studio, submit};
use super::stand::Stand;
use super::wire::{NEW_CHECK, NEW_RUN};

const MARGIN: Duration = Duration::from_secs(3);

/// A run that is approved before its own 201 is written; its answer is kept back until the event was worked on.
#[tokio::test]
async fn an_event_overtakes_the_answer_to_its_run() {
    let instant = json!({"workflow_id": Workflow::instant().id});
    let stand = Stand::new(Plan { settings: instant, ..Plan::default() }).await;
    let opened = stand.wire.keep_back(NEW_RUN);
    let meanwhile = async {
        stand.onfido.wait_for(|onfido| !onfido.webhooks_sent().is_empty(), Duration::from_secs(60)).await.unwrap();
        stand.heard().await;
        stand.clock.advance(MARGIN);
        while stand.fetch().await {}
        let found = stand.of_tenant("acme").pop().unwrap();
        assert_eq!(found.truth.status, Status::Approved, "the event completed our own record");
        opened.notify_one();
    };
    let (answer, ()) = tokio::join!(stand.ask(studio("acme", "key-1")), meanwhile);
    let Ended::Done(answer) = answer else { panic!("died") };
    // what came second reads what came first, or is asked again
    assert!(answer["error"].is_null() || answer["error"]["retryable"] == true, "{answer}");
    stand.clock.advance(minutes(2));
    let again = stand.answered(studio("acme", "key-1")).await;
    assert_eq!(again["status"], "approved", "{again}");
    assert_eq!((stand.onfido.runs_created().len(), stand.of_tenant("acme").len()), (1, 1));
}

/// We die before its answer, and the app asks again only later: the event alone completes our record, the same request
/// finds the run by its tag.
#[tokio::test]
async fn an_event_finds_the_onboarding_whose_start_died() {
    let mut stand = Stand::new(Plan::default()).await;
    stand.chaos.strike(NEW_RUN, Mode::KillAfter);
    assert_eq!(stand.ask(studio("acme", "key-1")).await, Ended::Died);
    let run = stand.onfido.runs_created().pop().unwrap();
    stand.onfido.perform(&run, Act::whole_run(Decision::Approved)).unwrap();
    stand.play_for(minutes(1)).await;
    let found = stand.of_tenant("acme").pop().unwrap();
    assert_eq!(found.truth.status, Status::Approved);
    assert_eq!(stand.root(&found.key), Some(run));
    stand.play_for(minutes(2)).await;
    let answer = stand.answered(studio("acme", "key-1")).await;
    assert_eq!((&answer["onboarding_id"], &answer["status"]), (&json!(found.key.id), &json!("approved")), "{answer}");
    assert_eq!(stand.onfido.runs_created().len(), 1);
}

/// The same without any event: the tag alone.
#[tokio::test]
async fn a_start_that_died_is_found_by_its_tag() {
    let mut stand = Stand::new(Plan::default()).await;
    stand.chaos.strike(NEW_RUN, Mode::KillAfter);
    assert_eq!(stand.ask(studio("acme", "key-1")).await, Ended::Died);
    stand.play_for(minutes(2)).await;
    let answer = stand.answered(studio("acme", "key-1")).await;
    let run = stand.onfido.runs_created().pop().unwrap();
    assert_eq!(stand.onfido.runs_created().len(), 1);
    assert_eq!(answer["link"]["url"].as_str(), stand.onfido.link(&run).as_deref(), "{answer}");
}

/// All events of a check come before `submit` has heard that it made one.
#[tokio::test]
async fn events_overtake_the_answer_to_their_check() {
    let mut stand = Stand::new(Plan::default()).await;
    let run = stand.begin_classic("acme", "key-1").await;
    stand.onfido.act(&run.root, Act::Capture).unwrap();
    stand.play_for(minutes(1)).await;
    let opened = stand.wire.keep_back(NEW_CHECK);
    let there = |onfido: &Onfido| !onfido.checks_created().is_empty();
    let meanwhile = async {
        stand.onfido.wait_for(there, Duration::from_secs(60)).await.unwrap();
        stand.onfido.act(&stand.checks(&run)[0], Act::complete()).unwrap();
        stand.heard().await;
        stand.clock.advance(MARGIN);
        while stand.fetch().await {}
        assert_eq!(stand.status(&run), Status::Approved);
        opened.notify_one();
    };
    let (answer, ()) = tokio::join!(stand.answered(submit(&run, "key-2")), meanwhile);
    assert!(answer["error"].is_null(), "{answer}");
    stand.play_for(minutes(10)).await;
    assert_eq!((stand.status(&run), stand.checks(&run).len()), (Status::Approved, 1));
    let check = stand.checks(&run).remove(0);
    let bound = stand.subject("acme", "check", &check).map(|record| record.state);
    assert!(matches!(bound, Some(SubjectState::Bound { .. })), "{bound:?}");
}

/// What a tenant's system has been told, without the numbers that differ from run to run.
fn told(stand: &Stand) -> Vec<(u64, String)> {
    stand.delivered("acme")
}

#[tokio::test]
async fn twice_and_in_any_order_ends_the_same() {
    let play = async |manner: Option<WebhookManner>, order: Option<Order>| {
        let mut stand = Stand::new(Plan::default()).await;
        let run = stand.begin_classic("acme", "key-1").await;
        let check = stand.submitted(&run, "key-2").await;
        stand.play_for(minutes(2)).await;
        if let Some(manner) = manner {
            stand.onfido.misdeliver(WebhookRule::always(manner));
        }
        stand.onfido.act(&check, Act::complete_with("document", Outcome::Caution)).unwrap();
        stand.play_for(minutes(1)).await;
        if let Some(order) = order {
            stand.onfido.release(&order);
            stand.onfido.wait_for(|onfido| onfido.webhooks_sent().len() >= 4, super::plan::PATIENCE).await.unwrap();
        }
        stand.play_for(minutes(20)).await;
        let truth = stand.read(&run.key).truth;
        let standings: Vec<_> = truth.parts.iter().map(|part| (part.marks.clone(), part.standing)).collect();
        (truth.status, truth.version, standings, told(&stand))
    };
    let plain = play(None, None).await;
    assert_eq!(plain.0, Status::InReview);
    let versions: Vec<u64> = plain.3.iter().map(|(version, _)| *version).collect();
    assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{versions:?}");
    assert_eq!(play(Some(WebhookManner::Repeated { copies: 3 }), None).await, plain);
    assert_eq!(play(Some(WebhookManner::Held), Some(Order::Reversed)).await, plain);
    assert_eq!(play(Some(WebhookManner::Held), Some(Order::AsHeld)).await, plain);
    for lost in ["status", "href", "completed_at_iso8601"] {
        assert_eq!(play(Some(WebhookManner::Without { member: lost.to_owned() }), None).await, plain, "{lost}");
    }
    let elsewhere = WebhookManner::Href { url: "http://127.0.0.1:9/checks/x".to_owned() };
    assert_eq!(play(Some(elsewhere), None).await, plain, "no address of an event is followed");
    assert_eq!(play(Some(WebhookManner::Pretty), None).await, plain);
    assert_eq!(play(Some(WebhookManner::TimeWithoutZone), None).await, plain);
    assert_eq!(play(Some(WebhookManner::ExtraFields), None).await, plain);
}

/// The schedule alone finds the same, later: lost webhooks are only late ones.
#[tokio::test]
async fn lost_webhooks_are_only_late() {
    let mut stand = Stand::new(Plan::default()).await;
    let run = stand.begin_classic("acme", "key-1").await;
    let check = stand.submitted(&run, "key-2").await;
    stand.play_for(minutes(2)).await;
    stand.onfido.misdeliver(WebhookRule::always(WebhookManner::Lost));
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(minutes(30)).await;
    assert_eq!(stand.status(&run), Status::Approved);
}

#[tokio::test]
async fn a_reopened_check_takes_its_approval_back() {
    let mut stand = Stand::new(Plan::default()).await;
    let run = stand.begin_classic("acme", "key-1").await;
    let check = stand.submitted(&run, "key-2").await;
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(minutes(1)).await;
    assert_eq!(stand.status(&run), Status::Approved);
    stand.onfido.act(&check, Act::Reopen).unwrap();
    stand.play_for(minutes(1)).await;
    let reopened = stand.read(&run.key).truth;
    let change = reopened.changes.iter().rfind(|change| change.status != change.previous).unwrap().clone();
    assert_eq!((reopened.status, change.previous, change.overturned), (Status::InReview, Status::Approved, true));
    let revised = Act::ReviseReport { report: "document".to_owned(), outcome: Outcome::Suspected };
    stand.onfido.perform(&check, [revised, Act::FinishCheck]).unwrap();
    stand.play_for(minutes(1)).await;
    assert_eq!(stand.status(&run), Status::Rejected);
    let kinds: Vec<String> = stand.delivered("acme").into_iter().map(|(_, kind)| kind).collect();
    let statuses: Vec<&str> = kinds.iter().map(String::as_str).filter(|kind| !kind.contains("part")).collect();
    let last = statuses.len() - 3;
    assert_eq!(statuses[last..], ["onboarding.approved", "onboarding.in_review", "onboarding.rejected"]);
}

/// Onfido says nothing when a link dies (fact sheet §5.1): our own timer does.
#[tokio::test]
async fn a_link_of_the_studio_dies_by_our_own_timer_and_the_next_run_has_the_same_applicant() {
    let mut stand = Stand::new(Plan { settings: json!({"link_life": "3d"}), ..Plan::default() }).await;
    let run = stand.begin_studio("acme", "key-1").await;
    let shown = stand.onfido.truth(&run.root).unwrap();
    assert!(shown.resource["link"]["expires_at"].is_string(), "{}", shown.resource["link"]);
    stand.play_for(days(3) - minutes(30)).await;
    assert_eq!(stand.status(&run), Status::LinkIssued);
    stand.play_for(minutes(45)).await;
    let truth = stand.read(&run.key).truth;
    assert_eq!(truth.status, Status::Expired);
    assert_eq!(truth.reasons.first().map(|because| because.code), Some(Reason::LinkExpired));
    let answer = stand.answered(resume(&run, "key-2")).await;
    assert!(answer["link"]["url"].is_string(), "the person's data are not needed again: {answer}");
    let runs = stand.onfido.runs_created();
    assert_eq!((runs.len(), stand.onfido.applicants_created().len()), (2, 1));
    assert_eq!(answer["link"]["url"].as_str(), stand.onfido.link(&runs[1]).as_deref());
    assert_eq!((&answer["attempt"], stand.status(&run)), (&json!(2), Status::LinkIssued));
    // the first link was not dead after all: its decision is shown, the status is the current attempt's
    stand.onfido.perform(&run.root, [Act::CompleteTasks, Act::decide(Decision::Approved)]).unwrap();
    stand.play_for(minutes(2)).await;
    let truth = stand.read(&run.key).truth;
    assert_eq!((truth.status, truth.superseded_decision), (Status::LinkIssued, true));
    stand.onfido.perform(&runs[1], Act::whole_run(Decision::Approved)).unwrap();
    stand.play_for(minutes(2)).await;
    assert_eq!(stand.status(&run), Status::Approved);
}

#[tokio::test]
async fn a_classic_token_dies_by_our_own_timer_and_another_one_leads_to_the_same_applicant() {
    let mut stand = Stand::new(Plan::default()).await;
    let run = stand.begin_classic("acme", "key-1").await;
    let first = stand.answered(classic("acme", "key-1")).await["sdk"]["token"].clone();
    assert!(first.is_string());
    stand.play_for(minutes(80)).await;
    assert_eq!(stand.status(&run), Status::LinkIssued);
    stand.play_for(minutes(20)).await;
    let truth = stand.read(&run.key).truth;
    assert_eq!(truth.status, Status::Expired);
    assert_eq!(truth.reasons.first().map(|because| because.code), Some(Reason::LinkExpired));
    let answer = stand.answered(resume(&run, "key-2")).await;
    let fresh = &answer["sdk"]["token"];
    assert!(fresh.is_string() && *fresh != first, "{answer}");
    assert_eq!((&answer["attempt"], stand.onfido.applicants_created().len()), (&json!(1), 1));
    assert_eq!(stand.onfido.truth(&run.root).unwrap().sdk_tokens, 2);
    let check = stand.submitted(&run, "key-3").await;
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(minutes(2)).await;
    assert_eq!(stand.status(&run), Status::Approved);
}

/// The token ran out while Onfido was at work: what was submitted has no link to lose.
#[tokio::test]
async fn a_check_under_way_does_not_expire_with_its_token() {
    let mut stand = Stand::new(Plan::default()).await;
    let run = stand.begin_classic("acme", "key-1").await;
    let check = stand.submitted(&run, "key-2").await;
    stand.play_for(minutes(20 * 60)).await;
    assert_eq!(stand.status(&run), Status::Submitted);
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(minutes(2)).await;
    assert_eq!(stand.status(&run), Status::Approved);
}

/// A person who is half through when the link dies can still end it in the SDK: then that counts.
#[tokio::test]
async fn an_expired_run_that_ends_after_all_is_decided() {
    let mut stand = Stand::new(Plan { settings: json!({"link_life": "1d"}), ..Plan::default() }).await;
    let run = stand.begin_studio("acme", "key-1").await;
    stand.onfido.perform(&run.root, [Act::OpenLink, Act::CompleteTask]).unwrap();
    stand.play_for(minutes(2)).await;
    assert_eq!(stand.status(&run), Status::InProgress);
    stand.play_for(days(1) + minutes(10)).await;
    assert_eq!(stand.status(&run), Status::Expired);
    stand.onfido.perform(&run.root, [Act::CompleteTasks, Act::decide(Decision::Approved)]).unwrap();
    stand.play_for(minutes(2)).await;
    assert_eq!(stand.status(&run), Status::Approved);
}

/// Media, lists and audits are of the account and not of a person: answered, counted, and nothing is asked.
#[tokio::test]
async fn events_about_nobody_are_answered_and_cost_nothing() {
    let mut stand = Stand::new(Plan::default()).await;
    let run = stand.begin_studio("acme", "key-1").await;
    stand.play_for(minutes(1)).await;
    let (mark, before): (usize, Value) = (stand.mark(), json!(format!("{:?}", stand.read(&run.key))));
    let live = idv_simulators::onfido::Environment::Live;
    for action in ["audit_log.created", "watchlist_monitor.matches_updated", "hologram_capture.recalibrated"] {
        stand.onfido.other_events(None, live, action, 3);
    }
    for action in ["workflow_timeline_file.created", "workflow_run_evidence_folder.created"] {
        stand.onfido.act(&run.root, Act::Other { action: action.to_owned() }).unwrap();
    }
    stand.play_for(minutes(1)).await;
    let sent = stand.onfido.webhooks_sent();
    assert!(sent.iter().all(|sent| sent.accepted()), "{sent:?}");
    assert_eq!((stand.mark(), json!(format!("{:?}", stand.read(&run.key)))), (mark, before));
    assert_eq!(stand.count("acme", mark, &[Endpoint::GetRun]), 0);
}
