//! The app's requests: one key, one onboarding, one run, one link.

use std::collections::BTreeSet;
use std::time::Duration;

use idv_gateway::ports::Recovery;
use idv_it::rig::play::start;
use idv_it::rig::pulse::{Step, Task};
use idv_it::rig::{Mode, Rig, Setup};
use serde_json::{Value, json};

/// A small generator: which task goes on.
fn draw(state: &mut u64, among: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap() % among
}

/// A hundred requests at once, their await points mixed by the seed.
fn at_once(rig: &Rig, seed: u64, request: &Value) -> Vec<Value> {
    let mut tasks: Vec<Task<'_, Value>> =
        (0..100).map(|_| Task::new(rig.initiator.answer(None, request.clone()))).collect();
    let (mut answers, mut state) = (Vec::new(), seed);
    while !tasks.is_empty() {
        let at = draw(&mut state, tasks.len());
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
fn a_hundred_requests_with_the_same_key_make_one_onboarding_and_one_run() {
    for seed in 0..20 {
        let rig = Rig::new(&Setup { seed, ..Setup::default() });
        let answers = at_once(&rig, seed, &start("acme", "key-1"));
        let links: BTreeSet<&str> = answers.iter().filter_map(|answer| answer["link"]["url"].as_str()).collect();
        let codes: BTreeSet<&str> = answers.iter().filter_map(|answer| answer["error"]["code"].as_str()).collect();
        assert_eq!((answers.len(), links.len()), (100, 1), "seed {seed}: {links:?}");
        assert!(codes.is_subset(&BTreeSet::from(["in_progress"])), "seed {seed}: {codes:?}");
        assert_eq!((rig.provider("acme").creates(), rig.onboardings().len()), (1, 1), "seed {seed}");
        let again = rig.ask(None, start("acme", "key-1")).done().unwrap();
        assert_eq!(again["link"]["url"].as_str(), links.first().copied(), "seed {seed}");
    }
}

#[test]
fn other_content_under_the_same_key_is_a_conflict_whatever_became_of_the_first() {
    let mut other = start("acme", "key-1");
    other["reference"] = Value::from("customer-2");
    // done, being worked on, and left by one that died
    let plans = [vec![], vec![("account.start", Mode::KillBefore)], vec![("account.start", Mode::KillAfter)]];
    for (plan, wait) in plans.iter().flat_map(|plan| [(plan, 0), (plan, 120)]) {
        let plan = plan.iter().map(|&(name, mode)| (point(name), mode)).collect();
        let rig = Rig::new(&Setup { plan, ..Setup::default() });
        let _ = rig.ask(None, start("acme", "key-1"));
        rig.wait(wait);
        let creates = rig.provider("acme").creates();
        let answer = rig.ask(None, other.clone()).done().unwrap();
        assert_eq!(answer["error"]["code"], "conflict", "{answer}");
        assert_eq!(answer["error"]["field"], "idempotency_key");
        assert_eq!((rig.provider("acme").creates(), rig.onboardings().len()), (creates, 1));
    }
}

#[test]
fn a_crash_after_the_providers_create_hands_out_one_link_by_every_kind_of_recovery() {
    for (recovery, runs) in [(Recovery::ByReference, 1), (Recovery::ByListing, 1), (Recovery::None, 2)] {
        for mode in [Mode::KillAfter, Mode::FailAfter] {
            let plan = [(point("account.start"), mode)].into();
            let mut rig = Rig::new(&Setup { plan, recovery, ..Setup::default() });
            rig.call(start("acme", "key-1"));
            rig.play_for(Duration::from_secs(300));
            let links: BTreeSet<&str> = rig.links.iter().map(|(_, run, _)| run.as_str()).collect();
            assert_eq!(links.len(), 1, "{recovery:?} {mode:?}");
            assert_eq!(rig.provider("acme").creates(), runs, "{recovery:?} {mode:?}");
            assert_eq!(rig.onboardings().len(), 1);
        }
    }
}

#[test]
fn a_wrong_field_is_named_and_makes_nothing() {
    let rig = Rig::new(&Setup::default());
    let wrong: [(&str, Value, &str); 7] = [
        ("connection", json!("ghost"), "connection"),
        ("connection", json!("No"), "connection"),
        ("subject", json!({ "kind": "individual", "wrong": 1 }), "subject.wrong"),
        ("return_url", json!("https://elsewhere.example/"), "return_url"),
        ("reference", json!(""), "reference"),
        ("idempotency_key", json!(null), "idempotency_key"),
        ("surplus", json!(1), "surplus"),
    ];
    for (name, value, field) in wrong {
        let mut request = start("acme", "key-1");
        request[name] = value;
        let answer = rig.ask(None, request).done().unwrap();
        assert_eq!(answer["error"]["field"], field, "{answer}");
    }
    assert_eq!((rig.ledger.writes(), rig.provider("acme").creates()), (0, 0));
}

/// The number of the first such point of a start.
fn point(name: &str) -> usize {
    let mut rig = Rig::new(&Setup::default());
    rig.begin_alone("acme", "key-1");
    rig.chaos.points().iter().position(|point| *point == name).unwrap()
}
