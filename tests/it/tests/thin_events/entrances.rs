//! `resume` at a provider that makes links anew: into the same run, one at a time, into what is asked while it is asked.

use std::collections::BTreeSet;
use std::time::Duration;

use idv_gateway::domain::{Ask, ChangeKind, Status};
use idv_gateway::ports::Ledger;
use idv_it::rig::drive::at_once;
use idv_it::rig::play::{Begun, start};
use idv_it::rig::pulse::{Step, Task};
use idv_it::rig::{Act, Rig, Setup};
use serde_json::{Value, json};

use super::{HOUR, MINUTE, acts, resume, resumed, thin, url_of};

/// Links that live an hour.
fn short_lived() -> Setup {
    Setup { link_life: Some(HOUR), ..thin() }
}

fn made(rig: &Rig) -> usize {
    rig.provider("acme").made().len()
}

/// The link of an answer, with which somebody gets in.
fn opening(rig: &Rig, answer: &Value) -> String {
    let url = url_of(answer).unwrap_or_else(|| panic!("no link: {answer}"));
    assert!(rig.provider("acme").opens(&url), "a dead link: {answer}");
    url
}

#[test]
fn the_link_that_lives_is_given_again() {
    let mut rig = Rig::new(&short_lived());
    let begun = rig.begin("acme", "key-1");
    let first = rig.provider("acme").made()[0].url.clone();
    rig.play_for(30 * MINUTE);
    for answer in [resumed(&rig, &begun, "key-2"), resumed(&rig, &begun, "key-2"), resumed(&rig, &begun, "key-3")] {
        assert_eq!(opening(&rig, &answer), first);
    }
    assert_eq!(made(&rig), 1);
}

#[test]
fn a_dead_link_is_followed_by_a_fresh_one_into_the_same_run() {
    let mut rig = Rig::new(&short_lived());
    let begun = rig.begin("acme", "key-1");
    rig.play_for(2 * HOUR);
    let answer = resumed(&rig, &begun, "key-2");
    let fresh = opening(&rig, &answer);
    assert_eq!((&answer["attempt"], &answer["status"]), (&json!(1), &json!("link_issued")));
    assert_eq!((made(&rig), rig.provider("acme").creates()), (2, 1));
    assert_eq!(url_of(&resumed(&rig, &begun, "key-2")).as_ref(), Some(&fresh), "the same key");
    assert_eq!(url_of(&resumed(&rig, &begun, "key-3")).as_ref(), Some(&fresh), "another key, the link lives");
    let again = rig.ask(None, start("acme", "key-1")).done().unwrap();
    assert_eq!(url_of(&again).as_ref(), Some(&fresh), "the key of the start");
    assert_eq!(made(&rig), 2);
    // it dies, too: any of the keys gives the next one
    rig.play_for(2 * HOUR);
    let third = opening(&rig, &rig.ask(None, start("acme", "key-1")).done().unwrap());
    assert_ne!(third, fresh);
    assert_eq!(opening(&rig, &resumed(&rig, &begun, "key-2")), third);
    assert_eq!((made(&rig), rig.read(&begun.key).truth.attempts.len()), (3, 1));
    acts(&mut rig, &begun, &[Act::Begin, Act::Complete, Act::Approve]);
    assert_eq!(rig.read(&begun.key).truth.status, Status::Approved);
}

#[test]
fn who_had_lost_the_way_is_on_it_again() {
    let mut rig = Rig::new(&thin());
    let begun = rig.begin("acme", "key-1");
    acts(&mut rig, &begun, &[Act::Begin, Act::Expire]);
    assert_eq!(rig.read(&begun.key).truth.status, Status::Expired);
    opening(&rig, &resumed(&rig, &begun, "key-2"));
    rig.settle().unwrap();
    rig.play_for(HOUR);
    let truth = rig.read(&begun.key).truth;
    assert_eq!((truth.status, truth.attempts.len(), truth.settled_at), (Status::LinkIssued, 1, None));
}

/// The requests' await points mixed by the seed.
fn mixed(rig: &Rig, requests: &[Value], seed: u64) -> Vec<Value> {
    let mut tasks: Vec<_> =
        requests.iter().map(|request| Task::new(rig.initiator.answer(None, request.clone()))).collect();
    let (mut answers, mut chance) = (Vec::new(), seed);
    while !tasks.is_empty() {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(chance >> 33).unwrap() % tasks.len();
        match tasks[at].step() {
            Step::Done(answer) => {
                answers.push(answer);
                drop(tasks.swap_remove(at));
            }
            Step::Going => {}
            Step::Stuck => panic!("nothing hangs here"),
        }
    }
    answers
}

/// The app asks each of them until it is answered for good, after the claim of a dead one has lapsed.
fn both_keys(rig: &Rig, begun: &Begun, seed: u64) -> BTreeSet<String> {
    let requests = ["key-2", "key-3"].map(|key| resume(begun, key));
    let answers = mixed(rig, &requests, seed);
    let fine = |answer: &Value| url_of(answer).is_some() || answer["error"]["retryable"] == true;
    assert!(answers.iter().all(fine), "{answers:?}");
    rig.wait(61);
    let again: Vec<Value> = requests.map(|request| rig.ask(None, request).done().unwrap()).into();
    let urls: BTreeSet<String> = answers.iter().chain(&again).filter_map(url_of).collect();
    assert!(again.iter().all(|answer| url_of(answer).is_some()), "{again:?}");
    urls
}

#[test]
fn two_keys_at_once_get_one_fresh_link() {
    for seed in 0..300 {
        let mut rig = Rig::new(&short_lived());
        let begun = rig.begin("acme", "key-1");
        rig.play_for(2 * HOUR);
        let urls = both_keys(&rig, &begun, seed);
        assert_eq!((urls.len(), made(&rig)), (1, 2), "seed {seed}: {urls:?}");
        assert!(urls.iter().all(|url| rig.provider("acme").opens(url)), "seed {seed}: {urls:?}");
    }
}

#[test]
fn two_keys_at_once_get_one_link_into_what_is_asked() {
    for seed in 0..100 {
        let mut rig = Rig::new(&thin());
        let begun = rig.begin("acme", "key-1");
        acts(&mut rig, &begun, &[Act::Complete, Act::Ask]);
        let urls = both_keys(&rig, &begun, seed);
        assert_eq!((urls.len(), made(&rig)), (1, 2), "seed {seed}: {urls:?}");
    }
}

/// Erased while a fresh link is made: nothing of it stays.
#[test]
fn a_link_that_is_made_during_an_erasure_leaves_nothing_behind() {
    for seed in 0..300 {
        let mut rig = Rig::new(&short_lived());
        let begun = rig.begin("acme", "key-1");
        rig.play_for(2 * HOUR);
        let erase = json!({
            "action": "erase", "tenant": "acme", "onboarding_id": begun.key.id, "idempotency_key": "key-9",
        });
        let _ = mixed(&rig, &[resume(&begun, "key-2"), erase], seed);
        rig.settle().unwrap();
        let contents = rig.ledger.contents();
        assert!(contents.onboardings[&begun.key].erased_at.is_some(), "seed {seed}");
        assert!(contents.keys.is_empty(), "seed {seed}: a key is left");
        assert!(contents.onboardings[&begun.key].truth.attempts.is_empty(), "seed {seed}");
    }
}

#[test]
fn what_is_asked_has_a_link_of_its_own_until_it_is_answered() {
    let mut rig = Rig::new(&thin());
    let begun = rig.begin("acme", "key-1");
    acts(&mut rig, &begun, &[Act::Complete, Act::Ask]);
    let truth = rig.read(&begun.key).truth;
    assert_eq!(truth.status, Status::ActionRequired);
    assert_eq!(truth.action.map(|action| action.ask), Some(Ask::ProveAddress));
    let answer = resumed(&rig, &begun, "key-2");
    let url = opening(&rig, &answer);
    assert!(url.ends_with(&format!("/{}-ask-1", begun.run)), "{url}");
    assert_eq!(answer["status"], "action_required");
    assert_eq!(url_of(&resumed(&rig, &begun, "key-2")).as_ref(), Some(&url));
    assert_eq!(url_of(&resumed(&rig, &begun, "key-3")).as_ref(), Some(&url));
    assert_eq!(url_of(&rig.ask(None, start("acme", "key-1")).done().unwrap()).as_ref(), Some(&url));
    assert_eq!(made(&rig), 2);

    acts(&mut rig, &begun, &[Act::Answer]);
    assert_eq!(rig.read(&begun.key).truth.status, Status::Submitted);
    for key in ["key-2", "key-3", "key-4"] {
        let answer = resumed(&rig, &begun, key);
        assert_eq!((url_of(&answer), answer["error"].is_null()), (None, true), "{key}: {answer}");
    }
    let again = rig.ask(None, start("acme", "key-1")).done().unwrap();
    assert_eq!((url_of(&again), made(&rig)), (None, 2), "{again}");
    // asked for something else: another link
    acts(&mut rig, &begun, &[Act::Ask]);
    let second = opening(&rig, &resumed(&rig, &begun, "key-2"));
    assert!(second.ends_with(&format!("/{}-ask-2", begun.run)), "{second}");
    acts(&mut rig, &begun, &[Act::Answer, Act::Approve]);
    assert_eq!(rig.read(&begun.key).truth.status, Status::Approved);
    assert_eq!(resumed(&rig, &begun, "key-5")["error"]["code"], "not_resumable");
}

/// Its webhook has not come yet: `resume` looks before it answers.
#[test]
fn what_was_answered_a_moment_ago_has_no_link_any_more() {
    let mut rig = Rig::new(&thin());
    let begun = rig.begin("acme", "key-1");
    acts(&mut rig, &begun, &[Act::Complete, Act::Ask]);
    opening(&rig, &resumed(&rig, &begun, "key-2"));
    rig.wait(10);
    rig.provider("acme").act(&begun.run, Act::Answer);
    let answer = resumed(&rig, &begun, "key-3");
    assert_eq!((url_of(&answer), answer["status"].as_str()), (None, Some("submitted")), "{answer}");
}

#[test]
fn the_link_into_what_is_asked_dies_and_is_made_anew() {
    let mut rig = Rig::new(&short_lived());
    let begun = rig.begin("acme", "key-1");
    acts(&mut rig, &begun, &[Act::Complete, Act::Ask]);
    let first = opening(&rig, &resumed(&rig, &begun, "key-2"));
    rig.play_for(2 * HOUR);
    let second = opening(&rig, &resumed(&rig, &begun, "key-2"));
    assert_ne!(first, second);
    assert!(second.ends_with("-ask-1"), "{second}");
    assert_eq!(rig.read(&begun.key).truth.attempts.len(), 1);
}

#[test]
fn what_is_asked_after_the_decision_leaves_it_as_it_is() {
    for (decision, status) in [(Act::Approve, Status::Approved), (Act::Reject, Status::Rejected)] {
        let mut rig = Rig::new(&thin());
        let begun = rig.begin("acme", "key-1");
        acts(&mut rig, &begun, &[Act::Complete, decision]);
        let settled_at = rig.read(&begun.key).truth.settled_at;
        acts(&mut rig, &begun, &[Act::Ask]);
        let truth = rig.read(&begun.key).truth;
        assert_eq!((truth.status, truth.action.is_some(), truth.settled_at), (status, true, settled_at));
        let last = at_once(rig.ledger.timeline(&begun.key)).unwrap().pop().unwrap();
        assert_eq!((last.kind, last.status), (ChangeKind::Action, status));
        let answer = resumed(&rig, &begun, "key-2");
        assert!(opening(&rig, &answer).ends_with("-ask-1"), "{answer}");
        assert_eq!(answer["status"], status.as_str());
        assert_eq!(rig.read(&begun.key).truth.status, status, "a link into what is asked opens nothing again");

        acts(&mut rig, &begun, &[Act::Answer]);
        let truth = rig.read(&begun.key).truth;
        assert_eq!((truth.status, truth.action, truth.attempts.len()), (status, None, 1));
        let replay = resumed(&rig, &begun, "key-2");
        assert_eq!((url_of(&replay), &replay["status"]), (None, &json!(status.as_str())), "{replay}");
        let fresh = resumed(&rig, &begun, "key-3");
        if status == Status::Approved {
            assert_eq!(fresh["error"]["code"], "not_resumable", "{fresh}");
        } else {
            assert_eq!((opening(&rig, &fresh).ends_with("/case-0002"), &fresh["attempt"]), (true, &json!(2)));
        }
    }
}

/// Where the person has done everything, no link into the run is made.
#[test]
fn who_has_done_everything_gets_no_link() {
    let mut rig = Rig::new(&short_lived());
    let begun = rig.begin("acme", "key-1");
    acts(&mut rig, &begun, &[Act::Complete]);
    rig.play_for(Duration::from_secs(7200));
    let answer = resumed(&rig, &begun, "key-2");
    assert_eq!((url_of(&answer), made(&rig)), (None, 1), "{answer}");
}
