//! Requests that come again: after their link died, after an erasure, and two of them at once.

use std::collections::BTreeSet;
use std::time::Duration;

use idv_it::rig::play::start;
use idv_it::rig::pulse::{Step, Task};
use idv_it::rig::{Act, Mode, Rig, Setup};
use serde_json::{Value, json};

use super::{resume, run_of};

#[test]
fn a_start_again_after_its_link_died_begins_the_next_attempt_under_the_same_reference() {
    let mut rig = Rig::new(&Setup { link_life: Some(Duration::from_secs(3600)), ..Setup::default() });
    let begun = rig.begin("acme", "key-1");
    rig.play_for(Duration::from_secs(2 * 3600));
    let answer = rig.ask(None, start("acme", "key-1")).done().unwrap();
    assert_eq!((&answer["onboarding_id"], &answer["attempt"]), (&json!(begun.key.id), &json!(2)), "{answer}");
    let runs = rig.provider("acme").runs();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| run.reference == begun.key.id), "our own reference at the provider");
    let run = run_of(&answer).unwrap();
    assert_eq!((runs[1].id.as_str(), runs[1].attempt), (run.as_str(), 2));
    // and again, while that one lives: the same
    let again = rig.ask(None, start("acme", "key-1")).done().unwrap();
    assert_eq!((run_of(&again), rig.provider("acme").creates()), (Some(run), 2));
}

fn erase(rig: &Rig, id: &str, key: &str) {
    let request = json!({ "action": "erase", "tenant": "acme", "onboarding_id": id, "idempotency_key": key });
    let answer = rig.ask(None, request).done().unwrap();
    assert!(answer["erased_at"].is_string(), "{answer}");
}

#[test]
fn a_start_again_after_the_erasure_writes_nothing() {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    erase(&rig, begun.key.id.as_str(), "erase-1");
    rig.settle().unwrap();
    let (before, creates) = (rig.ledger.contents(), rig.provider("acme").creates());
    for _ in 0..3 {
        let answer = rig.ask(None, start("acme", "key-1")).done().unwrap();
        assert_eq!(answer["error"]["code"], "not_found", "{answer}");
        rig.wait(120);
    }
    assert_eq!(rig.ledger.contents(), before);
    assert_eq!(rig.provider("acme").creates(), creates);
}

/// The start died on its way, the onboarding was erased, and the app asks again.
#[test]
fn a_start_that_died_and_was_erased_writes_nothing_when_it_comes_again() {
    let points = {
        let mut rig = Rig::new(&Setup::default());
        rig.begin_alone("acme", "key-1");
        rig.chaos.points()
    };
    let mut played = 0;
    for (number, point) in points.iter().enumerate() {
        for mode in [Mode::KillBefore, Mode::KillAfter].into_iter().filter(|mode| mode.fits(point)) {
            let plan = [(number, mode)].into();
            let mut rig = Rig::new(&Setup { plan, ..Setup::default() });
            assert_eq!(rig.ask(None, start("acme", "key-1")).done(), None);
            let Some(onboarding) = rig.onboardings().into_iter().next() else { continue };
            erase(&rig, onboarding.key.id.as_str(), "erase-1");
            rig.settle().unwrap();
            rig.wait(120);
            let (before, creates) = (rig.ledger.contents(), rig.provider("acme").creates());
            let answer = rig.ask(None, start("acme", "key-1")).done().unwrap();
            assert!(answer["error"]["code"].is_string() && answer["link"].is_null(), "{answer}");
            assert_eq!(rig.ledger.contents(), before, "{mode:?} at {number} {point}");
            assert_eq!(rig.provider("acme").creates(), creates, "{mode:?} at {number} {point}");
            played += 1;
        }
    }
    assert!(played > 10, "{played}");
}

/// Requests at once, their await points mixed by the seed.
fn at_once(rig: &Rig, requests: &[Value], seed: u64) -> Vec<Value> {
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

#[test]
fn two_resumes_at_once_begin_one_run() {
    for seed in 0..300 {
        let mut rig = Rig::new(&Setup::default());
        let begun = rig.begin("acme", "key-1");
        rig.happen(&begun, Act::Expire);
        rig.settle().unwrap();
        let answers = at_once(&rig, &["key-2", "key-3"].map(|key| resume(&begun, key)), seed);
        assert!(
            answers.iter().all(|answer| run_of(answer).is_some() || answer["error"]["retryable"] == true),
            "{answers:?}"
        );
        rig.wait(61);
        let again: Vec<Value> = ["key-2", "key-3"].map(|key| rig.ask(None, resume(&begun, key)).done().unwrap()).into();
        let runs: BTreeSet<String> = answers.iter().chain(&again).filter_map(run_of).collect();
        assert_eq!(runs.len(), 1, "seed {seed}: {answers:?} {again:?}");
        assert_eq!(rig.provider("acme").creates(), 2, "seed {seed}");
        assert_eq!(rig.read(&begun.key).truth.attempts.len(), 2, "seed {seed}");
    }
}

/// Whoever claims while its onboarding is being erased: when both are through, no claim says what it was for.
#[test]
fn what_is_claimed_during_an_erasure_is_erased_with_it() {
    for (seed, action) in (0..400).zip(["resume", "cancel", "update_contact", "submit"].into_iter().cycle()) {
        let mut rig = Rig::new(&Setup { seed, ..Setup::default() });
        let begun = rig.begin("acme", "key-1");
        rig.happen(&begun, Act::Expire);
        rig.settle().unwrap();
        let request = |action: &str| {
            let mut request = resume(&begun, &format!("{action}-1"));
            request["action"] = json!(action);
            if action == "update_contact" {
                request["email"] = json!("someone@example.com");
            }
            request
        };
        let answers = at_once(&rig, &[request("erase"), request(action)], seed);
        assert!(answers.iter().any(|answer| answer["erased_at"].is_string()), "{answers:?}");
        let claims = rig.ledger.contents().claims;
        assert!(
            claims.len() > 2 && claims.values().all(|claim| claim.erased),
            "{action} {seed}: {answers:?} {:?}",
            claims.iter().filter(|(_, c)| !c.erased).collect::<Vec<_>>()
        );
        let other = rig.ask(None, resume(&begun, "key-9")).done().unwrap();
        assert_eq!(other["error"]["code"], "not_resumable", "{other}");
    }
}

#[test]
fn a_key_of_an_erased_onboarding_is_none_for_another() {
    let mut rig = Rig::new(&Setup::default());
    let [one, other] = ["key-1", "key-2"].map(|key| rig.begin("acme", key));
    erase(&rig, one.key.id.as_str(), "erase-1");
    let request = json!({
        "action": "erase", "tenant": "acme", "onboarding_id": other.key.id, "idempotency_key": "erase-1",
    });
    let answer = rig.ask(None, request).done().unwrap();
    assert_eq!(answer["error"]["code"], "conflict", "{answer}");
    assert!(rig.read(&other.key).erased_at.is_none());
    erase(&rig, one.key.id.as_str(), "erase-1");
}
