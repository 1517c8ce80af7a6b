//! How often the provider is asked, and when.

use std::time::Duration;

use idv_gateway::domain::{Notice, Status, Timestamp};
use idv_gateway::memory::bells::QueueName;
use idv_it::rig::{Act, Rig, Setup};
use serde_json::json;

fn touch(run: &str) -> serde_json::Value {
    json!({ "type": "touched", "case": run })
}

#[test]
fn a_burst_costs_a_leading_and_a_trailing_look_and_nothing_afterwards() {
    for count in [1_u64, 2, 10, 100, 1000] {
        let mut rig = Rig::new(&Setup::default());
        let begun = rig.begin("acme", "key-1");
        let before = rig.looks_at(&begun);
        rig.provider("acme").act(&begun.run, Act::Begin);
        let start = rig.now();
        for number in 0..count {
            rig.post_at("acme", touch(&begun.run), Some(start + Duration::from_millis(1000 * number / count)));
        }
        rig.settle().unwrap();
        let looks = rig.looks_at(&begun) - before;
        eprintln!("{count} notices in a second: {looks} looks");
        assert!((1..=2).contains(&looks), "{count} notices: {looks} looks");
        assert_eq!(rig.read(&begun.key).truth.status, Status::InProgress);
        assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
    }
}

#[test]
fn a_notice_that_a_look_has_answered_costs_no_call() {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    rig.happen(&begun, Act::Approve);
    rig.settle().unwrap();
    let (looks, calls) = (rig.looks_at(&begun), rig.chaos.count("account."));
    let event = rig.provider("acme").runs()[0].now().decision.unwrap().1;
    let replay = json!({ "type": "decided", "case": begun.run, "part": "decision", "at": event });
    let sent_at = rig.read(&begun.key).look.started_at.unwrap() - Duration::from_secs(2);
    let notice = Notice::of_event(
        idv_it::rig::setup::connection("acme"),
        idv_it::rig::provider::case(&begun.run),
        idv_gateway::domain::Claim::nothing(),
    );
    let record = idv_gateway::fetch::Record { sent_at, ..rig.record("late", &notice) };
    assert_eq!(rig.fetch_these(&[record]).done(), Some(Some(vec![])));
    assert_eq!((rig.looks_at(&begun), rig.chaos.count("account.")), (looks, calls));
    // replays of the webhook itself are a burst like any other, and change nothing
    let version = rig.read(&begun.key).truth.version;
    for _ in 0..5 {
        rig.post("acme", replay.clone());
    }
    rig.settle().unwrap();
    assert!(rig.looks_at(&begun) <= looks + 2);
    assert_eq!(rig.read(&begun.key).truth.version, version);
}

#[test]
fn a_stale_answer_is_asked_again_after_5_15_45_120_and_300_seconds() {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    rig.play_for(Duration::from_secs(10));
    rig.provider("acme").behave(|manners| manners.stale = Duration::from_secs(3600));
    rig.happen(&begun, Act::Approve);
    let posted = rig.now();
    rig.scheduled = false;
    rig.play_for(Duration::from_secs(3000));
    let times: Vec<_> = rig.provider("acme").looks().into_iter().map(|(at, _)| at).filter(|&at| at >= posted).collect();
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).collect();
    assert_eq!(gaps, [5, 15, 45, 120, 300]);
    assert!((2..=3).contains(&times[0].since(posted).as_secs()));
    assert_eq!(rig.read(&begun.key).truth.status, Status::LinkIssued);
    // then the normal schedule has it
    rig.provider("acme").behave(|manners| manners.stale = Duration::ZERO);
    rig.scheduled = true;
    rig.play_for(Duration::from_secs(1800));
    assert_eq!(rig.read(&begun.key).truth.status, Status::Approved);
}

#[test]
fn what_becomes_readable_in_between_is_found_by_the_next_repeat() {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    rig.scheduled = false;
    rig.provider("acme").behave(|manners| manners.stale = Duration::from_secs(40));
    rig.happen(&begun, Act::Approve);
    let before = rig.looks_at(&begun);
    rig.play_for(Duration::from_secs(100));
    assert_eq!(rig.read(&begun.key).truth.status, Status::Approved);
    // 2, 7, 22 and 67 s after the event
    assert_eq!(rig.looks_at(&begun) - before, 4);
}

#[test]
fn a_notice_younger_than_the_margin_waits_it_out() {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    rig.wait(60);
    rig.queue(&begun.touched());
    let (sent, before) = (rig.now(), rig.looks_at(&begun));
    assert!(rig.fetch());
    assert_eq!(rig.looks_at(&begun), before, "not before the margin");
    rig.settle().unwrap();
    let (at, _) = rig.provider("acme").looks().pop().unwrap();
    assert_eq!(rig.looks_at(&begun), before + 1);
    assert!(at >= sent + Duration::from_secs(2) && at < sent + Duration::from_secs(4), "{at}");
}

/// What is claimed is nothing, so that the times alone decide.
#[test]
fn a_look_answers_what_was_sent_two_seconds_before_it_and_nothing_younger() {
    for (before_the_look, answered) in [(2001, true), (2000, true), (1999, false), (0, false), (-1000, false)] {
        let mut rig = Rig::new(&Setup::default());
        let begun = rig.begin("acme", "key-1");
        rig.happen(&begun, Act::Begin);
        rig.settle().unwrap();
        let started = rig.read(&begun.key).look.started_at.unwrap();
        rig.provider("acme").act(&begun.run, Act::Complete);
        rig.wait(60);
        let sent_at = Timestamp::from_millis(started.millis() - before_the_look);
        let record = idv_gateway::fetch::Record { sent_at, ..rig.record("1", &begun.touched()) };
        assert_eq!(rig.fetch_these(&[record]).done(), Some(Some(vec![])));
        let found = rig.read(&begun.key).truth.status == Status::Submitted;
        assert_eq!(found, !answered, "sent {before_the_look} ms before the look");
    }
}

/// A look at another attempt has not read the current one: it answers nothing that is rung about it.
#[test]
fn a_look_at_an_earlier_attempt_answers_no_notice_about_the_current_one() {
    let mut rig = Rig::new(&Setup::default());
    let first = rig.begin("acme", "key-1");
    rig.happen(&first, Act::Expire);
    rig.settle().unwrap();
    let resume = json!({
        "action": "resume", "tenant": "acme", "onboarding_id": first.key.id, "idempotency_key": "key-2",
    });
    let answer = rig.ask(None, resume).done().unwrap();
    let run = answer["link"]["url"].as_str().and_then(|url| url.rsplit('/').next()).unwrap().to_owned();
    let second = idv_it::rig::play::Begun { run, ..first.clone() };
    rig.settle().unwrap();
    rig.wait(60);
    rig.provider("acme").act(&second.run, Act::Begin);
    let (about_first, about_second) = (rig.record("1", &first.touched()), rig.record("2", &second.touched()));
    rig.wait(3);
    assert_eq!(rig.fetch_these(&[about_first]).done(), Some(Some(vec![])));
    rig.wait(3);
    assert_eq!(rig.fetch_these(&[about_second]).done(), Some(Some(vec![])));
    assert_eq!(rig.read(&first.key).truth.status, Status::InProgress);
}

/// A run that is nobody's attempt has nothing to look at, and answers nothing either.
#[test]
fn a_notice_of_a_run_that_was_left_over_answers_no_other() {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    let left_over = rig.provider("acme").stranger(begun.key.id.clone());
    let other = idv_it::rig::play::Begun { run: left_over, ..begun.clone() };
    rig.wait(60);
    rig.provider("acme").act(&begun.run, Act::Begin);
    let (about_other, about_ours) = (rig.record("1", &other.touched()), rig.record("2", &begun.touched()));
    rig.wait(3);
    assert_eq!(rig.fetch_these(&[about_other]).done(), Some(Some(vec![])));
    rig.wait(3);
    assert_eq!(rig.fetch_these(&[about_ours]).done(), Some(Some(vec![])));
    assert_eq!(rig.read(&begun.key).truth.status, Status::InProgress);
}
