//! What many events at once cost, and a check that ends after its reports where only those are told.

use std::time::Duration;

use idv_gateway::domain::Status;
use idv_simulators::onfido::{Act, Endpoint, Outcome, WebhookManner, WebhookRule};

use super::plan::{Plan, minutes};
use super::stand::{Begun, Stand};

/// Reports that need nothing beside their name.
const MANY: [&str; 12] = [
    "document",
    "document_video",
    "facial_similarity_photo",
    "facial_similarity_video",
    "facial_similarity_motion",
    "known_faces",
    "identity_enhanced",
    "watchlist_enhanced",
    "watchlist_standard",
    "watchlist_peps_only",
    "proof_of_address",
    "device_intelligence",
];
/// The events, then five repeats: what was said within one margin costs a leading and a trailing look each time.
const ROUNDS: usize = 2 * (1 + 5);
const ONLY_REPORTS: [&str; 1] = ["report.completed"];

/// A check that has just been made, and all quiet.
async fn under_way(plan: Plan) -> (Stand, Begun, String) {
    let mut stand = Stand::new(plan).await;
    let run = stand.begin_classic("acme", "key-1").await;
    let check = stand.submitted(&run, "key-2").await;
    stand.play_for(minutes(2)).await;
    assert_eq!(stand.status(&run), Status::Submitted);
    // what the events alone cost is counted
    stand.scheduled = false;
    (stand, run, check)
}

#[tokio::test]
async fn a_burst_of_reports_and_their_check_costs_two_looks_and_no_question() {
    for copies in [1, 4] {
        let (mut stand, run, check) = under_way(Plan { report_names: MANY.to_vec(), ..Plan::default() }).await;
        stand.onfido.misdeliver(WebhookRule::always(WebhookManner::Repeated { copies }));
        let mark = stand.mark();
        stand.onfido.act(&check, Act::complete()).unwrap();
        stand.heard().await;
        let heard = stand.bells.notices().len();
        assert_eq!(heard, usize::try_from(copies).unwrap() * (MANY.len() + 1));
        stand.play_for(minutes(10)).await;
        assert_eq!(stand.status(&run), Status::Approved);
        let looks = stand.looks("acme", mark);
        assert!((1..=2).contains(&looks), "{looks} looks for {heard} events");
        assert_eq!(stand.resolves("acme", mark), 0);
    }
}

/// The reports end one after the other, each event in its own moment, as they do with a live check.
#[tokio::test]
async fn a_burst_that_is_spread_over_seconds_costs_few_looks() {
    let (mut stand, run, check) = under_way(Plan { report_names: MANY.to_vec(), ..Plan::default() }).await;
    let mark = stand.mark();
    for name in MANY {
        stand.onfido.act(&check, Act::complete_report(name, Outcome::Clear)).unwrap();
        stand.heard().await;
        stand.play_for(Duration::from_millis(250)).await;
    }
    stand.onfido.act(&check, Act::FinishCheck).unwrap();
    stand.play_for(minutes(10)).await;
    assert_eq!(stand.status(&run), Status::Approved);
    let looks = stand.looks("acme", mark);
    assert!((1..=4).contains(&looks), "{looks} looks within five seconds and after");
    assert_eq!(stand.resolves("acme", mark), 0);
}

/// A check that the Dashboard made for our own applicant: nothing of it is known when its events come.
#[tokio::test]
async fn a_burst_about_what_is_not_known_yet_costs_a_question_each_and_two_looks() {
    let mut stand = Stand::new(Plan { report_names: MANY.to_vec(), ..Plan::default() }).await;
    let run = stand.begin_classic("acme", "key-1").await;
    stand.play_for(minutes(2)).await;
    stand.scheduled = false;
    let check = stand.made_by_hand("acme", &run, &MANY).await;
    stand.play_for(minutes(1)).await;
    let mark = stand.mark();
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.heard().await;
    stand.play_for(minutes(10)).await;
    assert_eq!(stand.status(&run), Status::Approved);
    let looks = stand.looks("acme", mark);
    assert!((1..=2).contains(&looks), "{looks} looks");
    assert!(stand.count("acme", mark, &[Endpoint::GetReport]) <= MANY.len());
    assert!(stand.count("acme", mark, &[Endpoint::GetCheck]) <= MANY.len() + 1);
    // known now: the same again asks nobody whose it is
    let mark = stand.mark();
    stand.onfido.send_again(&check);
    stand.play_for(minutes(1)).await;
    assert_eq!(stand.resolves("acme", mark), 0);
    assert!(stand.looks("acme", mark) <= 2);
}

/// No event tells that the check has ended, so the look is repeated: after 5, 15, 45, 120 and 300 s, and not more.
#[tokio::test]
async fn a_check_that_ends_late_is_settled_within_eight_minutes_of_its_last_report() {
    for late in [1, 8, 60, 150, 400, 480] {
        let (mut stand, run, check) = under_way(Plan::only(&ONLY_REPORTS)).await;
        let mark = stand.mark();
        for report in ["document", "facial_similarity_photo"] {
            stand.onfido.act(&check, Act::complete_report(report, Outcome::Clear)).unwrap();
        }
        stand.heard().await;
        let told = stand.now();
        stand.play_for(Duration::from_secs(late)).await;
        assert_ne!(stand.status(&run), Status::Approved, "no report decides its check");
        stand.onfido.act(&check, Act::FinishCheck).unwrap();
        stand.play_for(minutes(8) + Duration::from_secs(20) - Duration::from_secs(late)).await;
        assert_eq!(stand.status(&run), Status::Approved, "{late} s late");
        let settled = stand.read(&run.key).truth.settled_at.unwrap().since(told);
        assert!(settled <= minutes(8) + Duration::from_secs(20), "{settled:?}");
        let looks = stand.looks("acme", mark);
        assert!(looks <= ROUNDS, "{looks} looks");
        assert_eq!(stand.resolves("acme", mark), 0);
        // settled: nothing is asked any more
        let mark = stand.mark();
        stand.play_for(minutes(30)).await;
        assert_eq!(stand.mark(), mark);
    }
}

#[tokio::test]
async fn a_check_that_does_not_end_is_not_polled_beyond_the_repeats() {
    let (mut stand, run, check) = under_way(Plan::only(&ONLY_REPORTS)).await;
    let mark = stand.mark();
    for report in ["document", "facial_similarity_photo"] {
        stand.onfido.act(&check, Act::complete_report(report, Outcome::Clear)).unwrap();
    }
    stand.heard().await;
    stand.play_for(minutes(60)).await;
    let looks = stand.looks("acme", mark);
    assert!((6..=ROUNDS).contains(&looks), "{looks} looks");
    assert_eq!(stand.status(&run), Status::Submitted);
    // from now on it is the schedule's
    stand.scheduled = true;
    stand.onfido.act(&check, Act::FinishCheck).unwrap();
    stand.play_for(minutes(40)).await;
    assert_eq!(stand.status(&run), Status::Approved);
}

/// However many reports end at once: what they cost is not theirs each.
#[tokio::test]
async fn many_reports_of_a_check_that_does_not_end_share_their_looks() {
    let plan = Plan { report_names: MANY.to_vec(), ..Plan::only(&ONLY_REPORTS) };
    let (mut stand, run, check) = under_way(plan).await;
    let mark = stand.mark();
    for name in MANY {
        stand.onfido.act(&check, Act::complete_report(name, Outcome::Clear)).unwrap();
    }
    stand.heard().await;
    stand.play_for(minutes(60)).await;
    let looks = stand.looks("acme", mark);
    assert!(looks <= ROUNDS, "{looks} looks for {} reports", MANY.len());
    assert_eq!(stand.status(&run), Status::Submitted);
}

/// Reports that end minutes apart: each is looked into anew, the check is settled soon after the last of them.
#[tokio::test]
async fn the_last_report_counts() {
    let (mut stand, run, check) = under_way(Plan::only(&ONLY_REPORTS)).await;
    stand.onfido.act(&check, Act::complete_report("document", Outcome::Clear)).unwrap();
    stand.play_for(minutes(20)).await;
    let mark = stand.mark();
    stand.onfido.act(&check, Act::complete_report("facial_similarity_photo", Outcome::Consider)).unwrap();
    stand.play_for(minutes(4)).await;
    stand.onfido.act(&check, Act::FinishCheck).unwrap();
    stand.play_for(minutes(5)).await;
    assert_eq!(stand.status(&run), Status::InReview);
    let looks = stand.looks("acme", mark);
    assert!(looks <= ROUNDS, "{looks} looks");
}
