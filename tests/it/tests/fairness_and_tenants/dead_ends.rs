//! Destinations that fail while others write of them, backlogs that nobody takes, and what a delivery costs.

use std::sync::Arc;
use std::time::Duration;

use idv_gateway::deliver::Deliverer;
use idv_gateway::domain::{ChangeKind, Evidence, Wanted};
use idv_gateway::ports::{Commit, CourierError, EndpointRecord, EndpointState, Ledger};
use idv_it::rig::chaos::Mode;
use idv_it::rig::drive::at_once;
use idv_it::rig::play::Begun;
use idv_it::rig::provider::Desk;
use idv_it::rig::pulse::run;
use idv_it::rig::receiver::{Receiver, Try};
use idv_it::rig::{Act, Rig, Setup};

const HOUR: u64 = 3600;

fn refusing(_: &Try) -> Result<(), CourierError> {
    Err(CourierError::Answered { status: 500, retry_after: None })
}

fn several(count: usize) -> (Rig, Vec<Begun>) {
    let mut rig = Rig::new(&Setup::default());
    let all = (0..count).map(|number| rig.begin_alone("acme", &format!("key-{number}"))).collect();
    rig.settle().unwrap();
    (rig, all)
}

fn endpoint(rig: &Rig) -> EndpointRecord {
    rig.ledger.contents().endpoints.into_values().next().unwrap()
}

#[test]
fn what_said_gone_stays_stopped_whatever_fails_or_succeeds_beside_it() {
    let (mut rig, all) = several(10);
    let gone = all[0].key.id.as_str().to_owned();
    rig.receiver.answer(move |hand_over| match hand_over.id.starts_with(&gone) {
        true => Err(CourierError::Gone),
        false if hand_over.id.as_bytes().iter().map(|&byte| u32::from(byte)).sum::<u32>() % 2 == 0 => Ok(()),
        false => refusing(hand_over),
    });
    for begun in &all {
        rig.happen(begun, Act::Approve);
    }
    rig.play_for(Duration::from_secs(2 * HOUR));
    assert_eq!(endpoint(&rig).state, EndpointState::Stopped);
}

#[test]
fn failures_at_the_same_time_each_count() {
    let (mut rig, all) = several(10);
    rig.receiver.answer(refusing);
    let before = rig.receiver.tries().len();
    for begun in &all {
        rig.happen(begun, Act::Approve);
    }
    while rig.receiver.tries().len() == before {
        let next = rig.next().unwrap();
        rig.play_until(next);
    }
    let known = endpoint(&rig);
    assert_eq!((known.state, known.failures >= 5), (EndpointState::Probing, true), "after one batch");
}

#[test]
fn the_backlog_of_a_dead_destination_is_parked_in_time_and_wakes_seldom() {
    let (mut rig, all) = several(20);
    rig.receiver.answer(refusing);
    let (leases, up) = (rig.chaos.count("ledger.lease_delivery"), rig.now());
    for begun in &all {
        rig.happen(begun, Act::Approve);
    }
    rig.play_until(up + Duration::from_secs(71 * HOUR));
    assert!(all.iter().all(|begun| rig.read(&begun.key).delivery.parked.is_empty()), "not before 72 h");
    rig.play_until(up + Duration::from_secs(12 * 24 * HOUR));
    for begun in &all {
        let delivery = rig.read(&begun.key).delivery;
        assert_eq!((delivery.parked.len(), delivery.due), (2, None), "{delivery:?}");
    }
    assert!(endpoint(&rig).failures >= 12, "the destination was tried often enough");
    let woken = rig.chaos.count("ledger.lease_delivery") - leases;
    // two changes each, thirteen times each, and each time rung by message and schedule at most
    assert!(woken <= 20 * 2 * 13 * 2, "{woken} leases");
    let end = rig.chaos.count("ledger.lease_delivery");
    rig.play_for(Duration::from_secs(3 * 24 * HOUR));
    assert_eq!(rig.chaos.count("ledger.lease_delivery"), end, "then it costs nothing");
}

#[test]
fn what_was_accepted_goes_once_though_the_destinations_state_cannot_be_written() {
    let play = |plan| {
        let mut rig = Rig::new(&Setup { plan, ..Setup::default() });
        let begun = rig.begin("acme", "key-1");
        rig.receiver.answer(refusing);
        rig.happen(&begun, Act::Begin);
        rig.play_for(Duration::from_secs(30));
        let points = rig.chaos.points().len();
        rig.receiver.answer(|_| Ok(()));
        rig.settle().unwrap();
        (rig, points)
    };
    let (rig, back) = play(Default::default());
    let points = rig.chaos.points();
    let at = (back..points.len()).find(|&at| points[at] == "ledger.set_endpoint").unwrap();
    for mode in [Mode::FailBefore, Mode::FailAfter, Mode::Refuse, Mode::KillBefore] {
        let (rig, _) = play([(at, mode)].into());
        let accepted: Vec<_> = rig.receiver.accepted().into_iter().map(|hand_over| hand_over.version).collect();
        assert_eq!(accepted, [1, 2, 3], "{mode:?}");
    }
}

#[test]
fn the_last_change_is_recorded_and_the_lease_given_back_in_one_write() {
    let (mut rig, all) = several(1);
    let before = rig.chaos.points().len();
    rig.happen(&all[0], Act::Approve);
    rig.settle().unwrap();
    let points = rig.chaos.points().split_off(before);
    let count = |point| points.iter().filter(|&&other| other == point).count();
    // the part and the whole: two changes, the first is recorded by itself
    assert_eq!((count("courier.hand_over"), count("ledger.handed_over")), (2, 1));
    assert_eq!((count("ledger.release_delivery"), count("ledger.set_endpoint")), (1, 0));
}

#[test]
fn a_long_run_of_unwanted_changes_is_got_through_piece_by_piece() {
    let mut setup = Setup::default();
    setup.wanted.remove(&Wanted::Stalled);
    let mut rig = Rig::new(&setup);
    let begun = rig.begin("acme", "key-1");
    rig.settle().unwrap();
    let read = rig.read(&begun.key);
    let mut truth = read.truth.clone();
    for _ in 0..200 {
        truth.record(ChangeKind::Stalled, truth.status, rig.now(), Evidence::App);
    }
    truth.record(ChangeKind::Action, truth.status, rig.now(), Evidence::App);
    truth.look_seq += 1;
    let commit = Commit {
        key: begun.key.clone(),
        expected: read.truth.look_seq,
        nonce: "long".to_owned(),
        truth,
        looked_at: None,
        look_due: read.look.due,
        delivery_due: None,
    };
    at_once(rig.ledger.commit(&commit)).unwrap();
    let before = rig.receiver.tries().len();
    let deliverer = Deliverer::new(rig.gateway.clone(), Arc::<Receiver>::clone(&rig.receiver), "q".to_owned());
    // each reading takes a millisecond here
    let until = rig.now() + Duration::from_millis(60);
    run(&rig.chaos, deliverer.deliver(&begun.key, until)).done().unwrap().unwrap();
    let through = rig.read(&begun.key).delivery.through;
    assert!(through > read.delivery.through + 20 && through < 150, "{through}");
    rig.settle().unwrap();
    assert_eq!(rig.receiver.tries().len(), before + 1);
}

#[test]
fn a_tenant_that_is_switched_off_gets_nothing_until_it_is_on_again() {
    let (mut rig, all) = several(1);
    let before = rig.receiver.tries().len();
    switch(&rig, false);
    let commit = {
        let read = rig.read(&all[0].key);
        let mut truth = read.truth.clone();
        truth.record(ChangeKind::Action, truth.status, rig.now(), Evidence::App);
        truth.look_seq += 1;
        let (key, expected, delivery_due) = (read.key, read.truth.look_seq, Some(rig.now()));
        Commit { key, expected, nonce: "n".to_owned(), truth, looked_at: None, look_due: None, delivery_due }
    };
    at_once(rig.ledger.commit(&commit)).unwrap();
    rig.play_for(Duration::from_secs(100 * HOUR));
    assert_eq!(rig.receiver.tries().len(), before);
    let delivery = rig.read(&all[0].key).delivery;
    assert_eq!((delivery.tries, delivery.parked.len()), (0, 0), "that was no try");
    switch(&rig, true);
    rig.play_for(Duration::from_secs(2 * HOUR));
    assert_eq!(rig.receiver.tries().len(), before + 1);
}

fn switch(rig: &Rig, on: bool) {
    let setup = Setup::default();
    let desk = Desk::new(rig.provider("acme"), Arc::clone(&rig.chaos), setup.recovery, setup.link_life);
    let mut config = setup.tenant("acme", Arc::new(desk));
    config.enabled = on;
    rig.vault.set(config);
}
