//! The limits of a provider: its quota, "too many requests", and its outages.

use std::collections::BTreeMap;
use std::time::Duration;

use idv_gateway::domain::{Status, Timestamp};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::{ProviderError, Settings};
use idv_it::rig::play::Begun;
use idv_it::rig::{Act, Rig, Setup};

fn several(count: usize, max_looks_per_minute: Option<u32>) -> (Rig, Vec<Begun>) {
    let default = Setup::default();
    let settings = Settings { max_looks_per_minute, ..default.settings };
    let mut rig = Rig::new(&Setup { settings, ..default });
    let all = (0..count).map(|number| rig.begin_alone("acme", &format!("key-{number}"))).collect();
    rig.settle().unwrap();
    (rig, all)
}

fn approve_all(rig: &mut Rig, all: &[Begun]) -> Timestamp {
    for begun in all {
        rig.happen(begun, Act::Approve);
    }
    rig.now()
}

fn all_approved(rig: &Rig, all: &[Begun]) -> bool {
    all.iter().all(|begun| rig.read(&begun.key).truth.status == Status::Approved)
}

/// Calls that reached the provider, failed ones too.
fn calls(rig: &Rig) -> usize {
    rig.chaos.count("account.look")
}

#[test]
fn a_connection_never_has_more_looks_in_a_minute_than_its_quota() {
    let (mut rig, all) = several(40, Some(7));
    approve_all(&mut rig, &all);
    rig.settle().unwrap();
    assert!(all_approved(&rig, &all));
    let mut minutes: BTreeMap<i64, usize> = BTreeMap::new();
    for (at, _) in rig.provider("acme").looks() {
        *minutes.entry(at.seconds().div_euclid(60)).or_default() += 1;
    }
    assert!(minutes.len() > 5 && minutes.values().all(|&looks| looks <= 7), "{minutes:?}");
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
}

#[test]
fn too_many_requests_pause_the_connection_for_as_long_as_is_asked() {
    let (mut rig, all) = several(30, None);
    let busy = ProviderError::Busy { retry_after: Some(Duration::from_secs(600)) };
    rig.provider("acme").behave(|manners| manners.failing = Some(busy));
    let before = calls(&rig);
    let posted = approve_all(&mut rig, &all);
    rig.play_until(posted + Duration::from_secs(590));
    // a batch of ten looks at the same time: none of them knows of the first one's answer yet
    let asked = calls(&rig) - before;
    assert!((1..=10).contains(&asked), "{asked} calls");
    assert!(rig.bells.messages(QueueName::Notices).is_empty(), "due in the ledger, not in the queue");
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
    rig.provider("acme").behave(|manners| manners.failing = None);
    rig.settle().unwrap();
    assert!(all_approved(&rig, &all));
    assert!(rig.now().since(posted) < Duration::from_secs(600 + 15 * 60), "{}", rig.now());
}

#[test]
fn at_most_five_failures_in_a_row_open_the_breaker_and_one_success_closes_it() {
    let (mut rig, all) = several(12, None);
    rig.provider("acme").behave(|manners| manners.failing = Some(ProviderError::Unavailable("reset")));
    for begun in &all {
        rig.provider("acme").act(&begun.run, Act::Approve);
    }
    rig.wait(60);
    let before = calls(&rig);
    // one after the other, each in its own batch
    for begun in &all {
        let record = rig.record("r", &begun.touched());
        rig.wait(3);
        assert!(rig.fetch_these(&[record]).done().is_some());
    }
    assert_eq!(calls(&rig) - before, 5, "then nobody asks until the pause is over");
    let record = rig.ledger.contents().connections.into_values().next().unwrap();
    assert!(record.failures >= 5 && record.paused_until.is_some_and(|until| until > rig.now()));
    rig.provider("acme").behave(|manners| manners.failing = None);
    let up = rig.now();
    rig.settle().unwrap();
    assert!(all_approved(&rig, &all));
    assert!(rig.now().since(up) <= Duration::from_secs(15 * 60), "{}", rig.now());
    let record = rig.ledger.contents().connections.into_values().next().unwrap();
    assert_eq!((record.failures, record.paused_until), (0, None));
}

#[test]
fn an_outage_of_hours_costs_few_calls_fills_no_queue_and_ends_by_itself() {
    let (mut rig, all) = several(20, None);
    rig.provider("acme").behave(|manners| manners.failing = Some(ProviderError::Unavailable("reset")));
    let before = calls(&rig);
    let posted = approve_all(&mut rig, &all);
    rig.play_until(posted + Duration::from_secs(4 * 3600));
    let asked = calls(&rig) - before;
    // 48 rounds of five minutes; of each at most the ten of one batch find the breaker closed
    assert!(asked <= 48 * 10 + 20, "{asked} calls");
    assert!(rig.bells.messages(QueueName::Notices).is_empty());
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
    rig.provider("acme").behave(|manners| manners.failing = None);
    rig.settle().unwrap();
    assert!(all_approved(&rig, &all));
    assert!(rig.now().since(posted) <= Duration::from_secs(4 * 3600 + 20 * 60), "{}", rig.now());
}

#[test]
fn refused_credentials_wait_for_a_person_and_approve_nothing() {
    let (mut rig, all) = several(3, None);
    rig.provider("acme").behave(|manners| manners.failing = Some(ProviderError::Unauthorized));
    let before = calls(&rig);
    let posted = approve_all(&mut rig, &all);
    rig.play_until(posted + Duration::from_secs(3 * 3600));
    assert!(calls(&rig) - before <= 4 * 3 + 3, "{} calls", calls(&rig) - before);
    assert!(!all_approved(&rig, &all));
    rig.provider("acme").behave(|manners| manners.failing = None);
    rig.settle().unwrap();
    assert!(all_approved(&rig, &all));
}

#[test]
fn an_unknown_word_is_shown_and_never_an_approval() {
    let (mut rig, all) = several(1, None);
    rig.happen(&all[0], Act::Puzzle);
    rig.settle().unwrap();
    let truth = rig.read(&all[0].key).truth;
    assert_eq!(truth.status, Status::LinkIssued);
    assert!(truth.unrecognised.is_some());
    rig.happen(&all[0], Act::Approve);
    rig.settle().unwrap();
    let truth = rig.read(&all[0].key).truth;
    assert_eq!((truth.status, truth.unrecognised), (Status::Approved, None));
}
