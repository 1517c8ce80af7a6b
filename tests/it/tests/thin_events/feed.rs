//! What no webhook told is found in the provider's feed, soon, once, and without looks of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use idv_gateway::domain::Status;
use idv_gateway::domain::schedule::FEED;
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::{Ledger, ProviderError};
use idv_it::rig::drive::at_once;
use idv_it::rig::play::Begun;
use idv_it::rig::setup::connection;
use idv_it::rig::{Act, Mode, Rig, Setup, Thin};

use super::{HOUR, MINUTE, acts};

/// Its interval, the rounding of the index, the schedule's own minute.
pub(crate) const FOUND: Duration = Duration::from_secs(16 * 60);

pub(crate) fn fed() -> Setup {
    Setup::thin(Thin { feed: true, login: None })
}

/// Some of a tenant's, so old that the schedule's own looks are hours apart.
pub(crate) fn aged(rig: &mut Rig, tenant: &str, count: usize) -> Vec<Begun> {
    let all = (0..count).map(|number| rig.begin(tenant, &format!("key-{number}"))).collect();
    rig.play_for(12 * HOUR);
    all
}

pub(crate) fn status(rig: &Rig, begun: &Begun) -> Status {
    rig.read(&begun.key).truth.status
}

pub(crate) fn cursor(rig: &Rig, tenant: &str) -> Option<usize> {
    at_once(rig.ledger.connection(&connection(tenant))).unwrap().cursor.map(|cursor| cursor.parse().unwrap())
}

pub(crate) fn feeds(rig: &Rig) -> usize {
    rig.provider("acme").feeds().len()
}

#[test]
fn what_no_webhook_told_is_found_within_the_interval() {
    assert_eq!(FEED, 10 * MINUTE);
    let found_after = |setup: &Setup| {
        let mut rig = Rig::new(setup);
        let begun = aged(&mut rig, "acme", 1).remove(0);
        rig.provider("acme").act(&begun.run, Act::Begin);
        rig.play_for(FOUND);
        status(&rig, &begun)
    };
    assert_eq!(found_after(&fed()), Status::InProgress);
    assert_eq!(found_after(&super::thin()), Status::LinkIssued, "without a feed the schedule is hours away");
}

#[test]
fn many_at_once_are_found_page_by_page_and_the_cursor_only_goes_forward() {
    let mut rig = Rig::new(&fed());
    let all = aged(&mut rig, "acme", 10);
    let mut stood = cursor(&rig, "acme").unwrap();
    for act in [Act::Begin, Act::Complete, Act::Review, Act::Approve] {
        for begun in &all {
            rig.wait(1);
            rig.provider("acme").act(&begun.run, act);
        }
    }
    for _ in 0..30 {
        rig.play_for(MINUTE);
        let now = cursor(&rig, "acme").unwrap();
        assert!(now >= stood, "{now} after {stood}");
        stood = now;
    }
    assert_eq!(stood, 40);
    assert!(all.iter().all(|begun| status(&rig, begun) == Status::Approved));
    // what was true only in between was not told
    assert!(all.iter().all(|begun| rig.read(&begun.key).truth.version <= 4 + 1));
}

#[test]
fn what_its_webhook_told_costs_no_look() {
    let mut rig = Rig::new(&fed());
    let all = aged(&mut rig, "acme", 3);
    for begun in &all {
        acts(&mut rig, begun, &[Act::Begin, Act::Complete]);
    }
    let (looks, reads) = (rig.provider("acme").looks().len(), feeds(&rig));
    rig.play_for(2 * FOUND);
    assert!(feeds(&rig) > reads);
    assert_eq!(cursor(&rig, "acme"), Some(6));
    assert_eq!(rig.provider("acme").looks().len(), looks);
}

#[test]
fn what_the_schedule_found_costs_no_look_either() {
    let mut rig = Rig::new(&fed());
    let begun = aged(&mut rig, "acme", 1).remove(0);
    rig.provider("acme").act(&begun.run, Act::Begin);
    rig.wait(120);
    let refresh = serde_json::json!({
        "action": "get", "tenant": "acme", "onboarding_id": begun.key.id, "refresh": true,
    });
    rig.ask(None, refresh).done().unwrap();
    assert_eq!(status(&rig, &begun), Status::InProgress);
    let looks = rig.provider("acme").looks().len();
    rig.play_for(2 * FOUND);
    assert_eq!(rig.provider("acme").looks().len(), looks);
}

/// The webhook was lost, and there was an earlier one: the feed is not misled by what was seen before.
#[test]
fn an_event_that_follows_another_closely_is_found_too() {
    let mut rig = Rig::new(&fed());
    let begun = aged(&mut rig, "acme", 1).remove(0);
    rig.happen(&begun, Act::Begin);
    rig.settle().unwrap();
    rig.provider("acme").act(&begun.run, Act::Complete);
    rig.play_for(FOUND);
    assert_eq!(status(&rig, &begun), Status::Submitted);
}

/// Right after a look of the schedule, whose next is more than an hour away.
fn looked_at_just_now(rig: &mut Rig) -> Begun {
    let begun = rig.begin("acme", "key-1");
    rig.play_for(5 * HOUR);
    let looks = rig.looks_at(&begun);
    while rig.looks_at(&begun) == looks {
        rig.play_for(MINUTE);
    }
    begun
}

/// Every fault at every point of the reading, and of what follows from it.
#[test]
fn whatever_fails_on_the_way_nothing_is_lost_and_nothing_is_told_twice() {
    let first = {
        let mut rig = Rig::new(&fed());
        looked_at_just_now(&mut rig);
        rig.chaos.points().len()
    };
    let play = |fault: Option<(usize, Mode)>| {
        let mut rig = Rig::new(&Setup { plan: fault.into_iter().collect(), ..fed() });
        let begun = looked_at_just_now(&mut rig);
        for act in [Act::Begin, Act::Complete, Act::Approve] {
            rig.wait(1);
            rig.provider("acme").act(&begun.run, act);
        }
        rig.play_for(45 * MINUTE);
        let truth = rig.read(&begun.key).truth;
        assert_eq!(truth.status, Status::Approved, "{fault:?}");
        assert_eq!(cursor(&rig, "acme"), Some(3), "{fault:?}");
        let told: Vec<u64> = rig.receiver.accepted().iter().map(|heard| heard.version).collect();
        let new: BTreeSet<u64> = told.iter().copied().collect();
        assert_eq!(new, (1..=truth.version).collect(), "{fault:?}");
        assert!(told.len() <= new.len() + rig.chaos.struck(), "{fault:?}: {told:?}");
        assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty(), "{fault:?}");
        (rig.chaos.points(), truth.version)
    };
    let (points, version) = play(None);
    let mut played = 0;
    for (number, point) in points.iter().enumerate().skip(first).take(45) {
        for mode in Mode::ALL.into_iter().filter(|mode| mode.fits(point)) {
            assert_eq!(play(Some((number, mode))).1, version, "{mode:?} at {number} ({point})");
            played += 1;
        }
    }
    assert!(played > 100, "{played}");
}

#[test]
fn a_tenant_with_much_in_its_feed_holds_up_nobody() {
    let tenants = vec!["acme".to_owned(), "beta".to_owned(), "calm".to_owned()];
    let mut rig = Rig::new(&Setup { tenants, ..fed() });
    let noisy = aged(&mut rig, "acme", 30);
    let failing = aged(&mut rig, "beta", 1).remove(0);
    let calm = aged(&mut rig, "calm", 1).remove(0);
    for act in [Act::Begin, Act::Complete, Act::Review, Act::Approve] {
        for begun in &noisy {
            rig.provider("acme").act(&begun.run, act);
        }
    }
    rig.provider("beta").behave(|manners| manners.failing = Some(ProviderError::Unavailable("down")));
    rig.provider("beta").act(&failing.run, Act::Begin);
    rig.provider("calm").act(&calm.run, Act::Begin);
    rig.play_for(FOUND);
    assert_eq!(status(&rig, &calm), Status::InProgress);
    rig.play_for(2 * HOUR);
    assert!(noisy.iter().all(|begun| status(&rig, begun) == Status::Approved));
    assert_eq!(cursor(&rig, "acme"), Some(120));
    rig.provider("beta").behave(|manners| manners.failing = None);
    rig.play_for(FOUND);
    assert_eq!(status(&rig, &failing), Status::InProgress, "and nothing was lost where it failed");
}
