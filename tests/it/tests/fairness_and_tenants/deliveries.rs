//! Deliveries: the schedule of tries to its end, the order, destinations that are gone or dead.

use std::time::Duration;

use idv_gateway::domain::Timestamp;
use idv_gateway::ports::{CourierError, Ledger};
use idv_it::rig::drive::at_once;
use idv_it::rig::play::Begun;
use idv_it::rig::provider::Desk;
use idv_it::rig::receiver::Try;
use idv_it::rig::{Act, Rig, Setup};
use std::sync::Arc;
use url::Url;

const HOUR: u64 = 3600;

fn refusing(_: &Try) -> Result<(), CourierError> {
    Err(CourierError::Answered { status: 500, retry_after: None })
}

fn of_version(rig: &Rig, version: u64) -> Vec<Timestamp> {
    rig.receiver.tries().iter().filter(|hand_over| hand_over.version == version).map(|hand_over| hand_over.at).collect()
}

fn started() -> (Rig, Begun) {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    (rig, begun)
}

#[test]
fn a_change_is_tried_by_the_schedule_until_it_is_parked_and_the_next_one_follows_then() {
    let (mut rig, begun) = started();
    rig.receiver.answer(refusing);
    rig.happen(&begun, Act::Begin);
    rig.play_for(Duration::from_secs(60));
    rig.happen(&begun, Act::Complete);
    rig.play_for(Duration::from_secs(5 * 24 * HOUR));
    let first = of_version(&rig, 3);
    let span = first.last().unwrap().since(first[0]);
    assert!(first.len() >= 12, "{} tries", first.len());
    assert!(span >= Duration::from_secs(72 * HOUR), "{span:?}");
    let steps = [5, 60, 300, 1800, 2 * HOUR, 6 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR];
    for (step, pair) in steps.iter().zip(first.windows(2)) {
        let waited = pair[1].since(pair[0]).as_secs_f64();
        let planned = f64::from(u32::try_from(*step).unwrap());
        // a tenth to either side; a dead endpoint is probed at its own times, up to a quarter of an hour later; then the
        // tick of the schedule
        assert!(waited >= planned * 0.9 && waited <= planned * 1.1 + 900.0 + 150.0, "{step} s were {waited} s");
    }
    let parked = rig.read(&begun.key).delivery.parked;
    assert!(parked.contains(&3), "{parked:?}");
    let second = of_version(&rig, 4);
    assert!(second[0] > *first.last().unwrap(), "strictly in order");
}

#[test]
fn what_was_parked_is_kept_and_sent_again_on_request() {
    let (mut rig, begun) = started();
    rig.receiver.answer(refusing);
    rig.happen(&begun, Act::Begin);
    rig.play_for(Duration::from_secs(5 * 24 * HOUR));
    assert_eq!(rig.read(&begun.key).delivery.parked, [3]);
    rig.receiver.answer(|_| Ok(()));
    rig.play_for(Duration::from_secs(HOUR));
    assert!(rig.receiver.accepted().iter().all(|hand_over| hand_over.version != 3), "not by itself");
    assert!(at_once(rig.ledger.resend(&begun.key, 3, rig.now())).unwrap());
    rig.play_for(Duration::from_secs(HOUR));
    let told = rig.receiver.accepted();
    let first = rig.receiver.tries().into_iter().find(|hand_over| hand_over.version == 3).unwrap();
    assert_eq!(
        told.iter().filter(|hand_over| hand_over.version == 3).map(|hand_over| &hand_over.id).collect::<Vec<_>>(),
        [&first.id]
    );
    assert!(rig.read(&begun.key).delivery.parked.is_empty());
}

#[test]
fn gone_stops_the_destination_until_its_configuration_changes() {
    let (mut rig, begun) = started();
    let others: Vec<Begun> = (0..5).map(|number| rig.begin_alone("acme", &format!("other-{number}"))).collect();
    rig.settle().unwrap();
    rig.receiver.answer(|_| Err(CourierError::Gone));
    rig.happen(&begun, Act::Approve);
    rig.play_for(Duration::from_secs(60));
    let tries = rig.receiver.tries().len();
    for other in &others {
        rig.happen(other, Act::Approve);
    }
    rig.play_for(Duration::from_secs(48 * HOUR));
    assert_eq!(rig.receiver.tries().len(), tries, "nothing goes to a destination that is gone");
    rig.receiver.answer(|_| Ok(()));
    move_destination(&rig, "https://new.example/hooks");
    rig.play_for(Duration::from_secs(13 * HOUR));
    let approved = rig.receiver.accepted().into_iter().filter(|hand_over| hand_over.kind == "onboarding.approved");
    assert_eq!(approved.filter(|hand_over| hand_over.host == "new.example").count(), 6);
}

fn move_destination(rig: &Rig, url: &str) {
    let setup = Setup::default();
    let desk = Desk::new(rig.provider("acme"), Arc::clone(&rig.chaos), setup.recovery, setup.link_life);
    let mut config = setup.tenant("acme", Arc::new(desk));
    let kind = idv_gateway::ports::DestinationKind::Webhook { url: Url::parse(url).unwrap(), secrets: Vec::new() };
    config.delivery = config.delivery.map(|delivery| idv_gateway::ports::Destination { kind, ..delivery });
    rig.vault.set(config);
}

#[test]
fn a_dead_destination_is_probed_with_one_delivery_before_its_backlog_goes() {
    let mut rig = Rig::new(&Setup::default());
    let all: Vec<Begun> = (0..30).map(|number| rig.begin_alone("acme", &format!("key-{number}"))).collect();
    rig.settle().unwrap();
    let before = rig.receiver.tries().len();
    rig.receiver.answer(refusing);
    for begun in &all {
        rig.happen(begun, Act::Approve);
    }
    rig.play_for(Duration::from_secs(2 * HOUR));
    let tries: Vec<Try> = rig.receiver.tries().split_off(before);
    // batches of ten are tried at the same time; what comes after the fifth failure meets a dead destination
    let dead = tries[4].at + Duration::from_secs(5);
    let probes: Vec<Timestamp> = tries.iter().map(|hand_over| hand_over.at).filter(|&at| at > dead).collect();
    assert!(tries.len() - probes.len() <= 10 + 4, "{} tries before it was dead", tries.len() - probes.len());
    let close = probes.windows(2).find(|pair| pair[1].since(pair[0]) < Duration::from_secs(27));
    assert_eq!(close, None, "two probes at once: {probes:?}");
    assert!(probes.len() < 30, "{} probes in two hours", probes.len());
    // it comes back: one delivery first, the rest after its answer
    rig.receiver.answer(|_| Ok(()));
    let up = rig.now();
    rig.settle().unwrap();
    let accepted: Vec<Try> = rig.receiver.accepted().into_iter().filter(|hand_over| hand_over.at >= up).collect();
    assert_eq!(accepted.iter().filter(|hand_over| hand_over.kind == "onboarding.approved").count(), 30);
    // those that were tried as probes wait for their own next step, 2 h at most after so many tries
    assert!(rig.now().since(up) <= Duration::from_secs(3 * HOUR), "{}", rig.now());
}

#[test]
fn retry_after_is_heard_and_a_slow_answer_changes_no_order() {
    let (mut rig, begun) = started();
    rig.receiver.answer(|hand_over| match hand_over.version {
        3 => Err(CourierError::Answered { status: 503, retry_after: Some(Duration::from_secs(120)) }),
        _ => Ok(()),
    });
    rig.happen(&begun, Act::Begin);
    rig.play_for(Duration::from_secs(20));
    rig.happen(&begun, Act::Complete);
    rig.play_for(Duration::from_secs(250));
    let tries = of_version(&rig, 3);
    assert!(tries.len() >= 2 && tries[1].since(tries[0]) >= Duration::from_secs(120), "{tries:?}");
    assert!(of_version(&rig, 4).is_empty(), "nothing goes before it");
    rig.receiver.answer(|_| Ok(()));
    rig.settle().unwrap();
    let versions: Vec<u64> = rig.receiver.accepted().iter().map(|hand_over| hand_over.version).collect();
    assert_eq!(versions, [1, 2, 3, 4]);
}
