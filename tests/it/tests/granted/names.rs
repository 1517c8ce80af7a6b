//! A person's name: whose it is, and that erasing leaves none behind.

use std::time::Duration;

use idv_gateway::domain::{Notice, Status};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::SubjectState;
use idv_it::rig::provider::person;
use idv_it::rig::pulse::{Step, Task};
use idv_it::rig::{Act, Rig};
use serde_json::{Value, json};

use super::{Sent, comes, dlq, granting, is_bound, send, sent, stands, status, truth};

fn erase(sent: &Sent) -> Value {
    json!({
        "action": "erase", "tenant": "acme", "onboarding_id": sent.begun.key.id,
        "idempotency_key": format!("erase-{}", sent.begun.key.id),
    })
}

fn erased(rig: &Rig, sent: &Sent) {
    let answer = rig.ask(None, erase(sent)).done().unwrap();
    assert!(answer.get("erased_at").is_some(), "{answer}");
}

/// Somebody comes and grants.
fn granted(rig: &mut Rig, key: &str, who: &str) -> Sent {
    let sent = send(rig, key);
    rig.provider("acme").belongs(&sent.begun.run, who);
    comes(rig, &sent, "code-1");
    rig.settle().unwrap();
    assert!(is_bound(rig, who, &sent), "{key}");
    sent
}

fn told(rig: &mut Rig, of: &Sent, act: Act) {
    let event = rig.provider("acme").act_of(&of.begun.run, act);
    rig.post("acme", event);
}

#[test]
fn a_webhook_about_a_person_who_was_not_there_yet_waits_and_is_rung_then() {
    let mut rig = Rig::new(&granting());
    let sent = send(&rig, "key-1");
    rig.settle().unwrap();
    rig.provider("acme").belongs(&sent.begun.run, "alice");
    told(&mut rig, &sent, Act::Complete);
    rig.play_for(Duration::from_secs(60));
    assert!(matches!(stands(&rig, &person("alice")), Some(SubjectState::Parked { .. })));
    comes(&rig, &sent, "code-1");
    while rig.chaos.count("ledger.hand_on") == 0 {
        assert!(rig.fetch());
    }
    let waiting = rig.bells.messages(QueueName::Notices);
    let about = waiting.iter().filter_map(|message| serde_json::from_str::<Notice>(&message.body).ok()?.subject());
    assert!(about.into_iter().any(|subject| subject.resource == person("alice")), "it is rung");
    rig.settle().unwrap();
    assert_eq!((status(&rig, &sent), dlq(&rig)), (Status::Submitted, 0));
    assert!(is_bound(&rig, "alice", &sent));
}

/// By then it was taken for a stranger's: what it told is found by the look that follows the exchange.
#[test]
fn a_webhook_that_came_long_before_the_person_is_made_good_by_a_look() {
    let mut rig = Rig::new(&granting());
    let sent = send(&rig, "key-1");
    rig.settle().unwrap();
    rig.provider("acme").belongs(&sent.begun.run, "alice");
    told(&mut rig, &sent, Act::Complete);
    rig.play_for(Duration::from_secs(25 * 60));
    assert_eq!(stands(&rig, &person("alice")), Some(SubjectState::Stranger));
    rig.scheduled = false;
    comes(&rig, &sent, "code-1");
    rig.play_for(Duration::from_secs(30));
    assert_eq!(status(&rig, &sent), Status::Submitted);
    assert!(is_bound(&rig, "alice", &sent));
    // and from now on their webhooks are heard
    told(&mut rig, &sent, Act::Approve);
    rig.play_for(Duration::from_secs(30));
    assert_eq!(status(&rig, &sent), Status::Approved);
}

#[test]
fn of_two_onboardings_of_one_person_the_newest_is_rung() {
    let mut rig = Rig::new(&granting());
    let older = granted(&mut rig, "key-1", "alice");
    let newer = granted(&mut rig, "key-2", "alice");
    rig.play_for(Duration::from_secs(60));
    rig.scheduled = false;
    let looks = |rig: &Rig| (rig.looks_at(&older.begun), rig.looks_at(&newer.begun));
    let before = looks(&rig);
    told(&mut rig, &newer, Act::Approve);
    rig.play_for(Duration::from_secs(60));
    let after = looks(&rig);
    assert_eq!(after.0, before.0);
    assert!(after.1 > before.1);
    assert_eq!((status(&rig, &older), status(&rig, &newer)), (Status::LinkIssued, Status::Approved));
}

#[test]
fn a_name_is_erased_with_its_owner_alone_and_blocks_nobody_who_comes_again() {
    for newer_first in [false, true] {
        let mut rig = Rig::new(&granting());
        let older = granted(&mut rig, "key-1", "alice");
        let newer = granted(&mut rig, "key-2", "alice");
        if newer_first {
            erased(&rig, &newer);
            assert_eq!(stands(&rig, &person("alice")), Some(SubjectState::Erased));
            erased(&rig, &older);
        } else {
            erased(&rig, &older);
            assert!(is_bound(&rig, "alice", &newer), "the newer one's name stands");
            told(&mut rig, &newer, Act::Complete);
            rig.play_for(Duration::from_secs(30));
            assert_eq!(status(&rig, &newer), Status::Submitted);
            erased(&rig, &newer);
        }
        assert_eq!(stands(&rig, &person("alice")), Some(SubjectState::Erased));
        // what comes late revives nothing
        told(&mut rig, &newer, Act::Approve);
        rig.settle().unwrap();
        assert_eq!(stands(&rig, &person("alice")), Some(SubjectState::Erased));
        let again = granted(&mut rig, "key-3", "alice");
        told(&mut rig, &again, Act::Approve);
        rig.play_for(Duration::from_secs(30));
        assert_eq!((status(&rig, &again), dlq(&rig)), (Status::Approved, 0));
    }
}

/// Nobody who was erased has a name: neither of an earlier attempt nor one that came at this very moment.
fn nothing_is_left(rig: &Rig, whose: &[&str], step: usize) {
    let contents = rig.ledger.contents();
    let gone: Vec<_> = contents.onboardings.values().filter(|one| one.erased_at.is_some()).collect();
    assert_eq!(gone.len(), contents.onboardings.len(), "{step}");
    for who in whose {
        let stood = stands(rig, &person(who));
        assert!(matches!(stood, None | Some(SubjectState::Erased)), "{step}: {who} {stood:?}");
    }
    assert!(contents.keys.is_empty() && contents.logins.values().all(|login| login.sealed.is_none()), "{step}");
}

#[test]
fn the_names_of_earlier_attempts_are_erased_too() {
    let mut rig = Rig::new(&granting());
    let first = granted(&mut rig, "key-1", "alice");
    told(&mut rig, &first, Act::Reject);
    rig.settle().unwrap();
    assert_eq!(status(&rig, &first), Status::Rejected);
    let resume = json!({
        "action": "resume", "tenant": "acme", "onboarding_id": first.begun.key.id, "idempotency_key": "key-2",
    });
    let second = sent(&rig.ask(None, resume).done().unwrap());
    assert_eq!(truth(&rig, &first).attempts.len(), 2);
    rig.settle().unwrap();
    // the name is the first attempt's still: the same person has not come again
    assert!(is_bound(&rig, "alice", &second));
    erased(&rig, &second);
    rig.settle().unwrap();
    nothing_is_left(&rig, &["alice"], 0);
}

/// At each step of a person's return it is erased whole, and of erasing the return is worked on whole.
#[test]
fn erasing_while_a_person_comes_back_leaves_no_name_and_no_grant() {
    let play = |stop: usize, fetch_first: bool| {
        let mut rig = Rig::new(&granting());
        let sent = send(&rig, "key-1");
        rig.settle().unwrap();
        comes(&rig, &sent, "code-1");
        let message = rig.bells.messages(QueueName::Notices).remove(0);
        let notice: Notice = serde_json::from_str(&message.body).unwrap();
        let records = [rig.record("1", &notice)];
        rig.wait(3);
        let stopped = {
            let fetching = async { rig.fetcher.batch(&records).await.map(|_| Value::Null).unwrap_or_default() };
            let mut fetching = Task::new(fetching);
            let mut erasing = Task::new(rig.initiator.answer(None, erase(&sent)));
            let (first, second) =
                if fetch_first { (&mut fetching, &mut erasing) } else { (&mut erasing, &mut fetching) };
            let stopped = (0..stop).all(|_| matches!(first.step(), Step::Going));
            if stopped {
                while matches!(second.step(), Step::Going) {}
                while matches!(first.step(), Step::Going) {}
            }
            stopped
        };
        erased(&rig, &sent);
        rig.settle().unwrap();
        nothing_is_left(&rig, &[&sent.begun.run], stop);
        stopped
    };
    for fetch_first in [true, false] {
        let steps = (1..).take_while(|&stop| play(stop, fetch_first)).count();
        assert!(steps > 8, "{steps}");
    }
}
