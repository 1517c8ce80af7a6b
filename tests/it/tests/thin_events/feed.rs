//! What no webhook told is found in the provider's feed, soon, once, and without looks of its own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use idv_gateway::domain::schedule::FEED;
use idv_gateway::domain::{Status, Tenant, Timestamp};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::{Ledger, ProviderError};
use idv_it::rig::drive::at_once;
use idv_it::rig::play::Begun;
use idv_it::rig::provider::Desk;
use idv_it::rig::pulse::{Step, Task};
use idv_it::rig::setup::connection;
use idv_it::rig::{Act, Mode, Rig, Setup, Thin};

use super::{DAY, HOUR, MINUTE, acts};

/// Its interval, the rounding of the index, the schedule's own minute.
const FOUND: Duration = Duration::from_secs(16 * 60);

fn fed() -> Setup {
    Setup::thin(Thin { feed: true, login: None })
}

/// Some of a tenant's, so old that the schedule's own looks are hours apart.
fn aged(rig: &mut Rig, tenant: &str, count: usize) -> Vec<Begun> {
    let all = (0..count).map(|number| rig.begin(tenant, &format!("key-{number}"))).collect();
    rig.play_for(12 * HOUR);
    all
}

fn status(rig: &Rig, begun: &Begun) -> Status {
    rig.read(&begun.key).truth.status
}

fn cursor(rig: &Rig, tenant: &str) -> Option<usize> {
    at_once(rig.ledger.connection(&connection(tenant))).unwrap().cursor.map(|cursor| cursor.parse().unwrap())
}

fn feeds(rig: &Rig) -> usize {
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

/// The tenant's configuration anew, with its connection or without.
fn configure(rig: &Rig, connected: bool) {
    let setup = fed();
    let desk = Desk::new(rig.provider("acme"), Arc::clone(&rig.chaos), setup.recovery, setup.link_life);
    let mut config = setup.tenant("acme", Arc::new(desk.thin(setup.thin)));
    config.connections.retain(|_, _| connected);
    rig.vault.set(config);
}

fn due(rig: &Rig) -> Option<Timestamp> {
    at_once(rig.ledger.connection(&connection("acme"))).unwrap().feed_due
}

#[test]
fn a_connection_that_was_removed_is_not_read_any_more_and_goes_on_where_it_stood() {
    let mut rig = Rig::new(&fed());
    let begun = aged(&mut rig, "acme", 1).remove(0);
    configure(&rig, false);
    rig.provider("acme").act(&begun.run, Act::Begin);
    let reads = feeds(&rig);
    rig.play_for(DAY);
    assert_eq!((feeds(&rig), due(&rig)), (reads, None));
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
    // it is back: the first look asks for the feed again, which has kept its place
    configure(&rig, true);
    let stood = cursor(&rig, "acme");
    rig.play_for(2 * DAY);
    assert_eq!((stood, cursor(&rig, "acme")), (Some(0), Some(1)));
    assert_eq!(status(&rig, &begun), Status::InProgress);
}

#[test]
fn a_tenant_that_was_removed_leaves_no_feed_behind() {
    let mut rig = Rig::new(&fed());
    let _ = aged(&mut rig, "acme", 1);
    rig.vault.remove(&Tenant::parse("acme").unwrap());
    let reads = feeds(&rig);
    rig.play_for(DAY);
    assert_eq!((feeds(&rig), due(&rig)), (reads, None));
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty(), "nothing to see to");
}

#[test]
fn a_feed_that_asks_for_patience_is_given_it() {
    let mut rig = Rig::new(&fed());
    let begun = aged(&mut rig, "acme", 1).remove(0);
    rig.provider("acme").act(&begun.run, Act::Begin);
    let busy = ProviderError::Busy { retry_after: Some(30 * MINUTE) };
    rig.provider("acme").behave(|manners| manners.failing = Some(busy));
    let (calls, from) = (rig.chaos.count("account."), rig.now());
    rig.play_for(FOUND);
    assert_eq!(rig.chaos.count("account."), calls + 1);
    rig.provider("acme").behave(|manners| manners.failing = None);
    let asked = at_once(rig.ledger.connection(&connection("acme"))).unwrap().paused_until.unwrap();
    assert!(asked > from + 30 * MINUTE, "{asked}");
    rig.play_until(asked - Duration::from_secs(1));
    assert_eq!(rig.chaos.count("account."), calls + 1, "nobody asks while it is paused");
    rig.play_for(FOUND);
    assert_eq!(status(&rig, &begun), Status::InProgress);
}

/// A look was asked for patience: the feed hears it, too.
#[test]
fn nothing_is_read_while_the_connection_is_paused() {
    let mut rig = Rig::new(&fed());
    let begun = aged(&mut rig, "acme", 1).remove(0);
    let until = rig.now() + HOUR;
    at_once(rig.ledger.pause(&connection("acme"), until)).unwrap();
    rig.provider("acme").act(&begun.run, Act::Begin);
    let calls = rig.chaos.count("account.");
    rig.play_until(until - MINUTE);
    assert_eq!(rig.chaos.count("account."), calls);
    rig.play_for(MINUTE + FOUND);
    assert_eq!(status(&rig, &begun), Status::InProgress);
}

#[test]
fn a_feed_that_is_down_is_asked_seldom_and_loses_nothing() {
    let mut rig = Rig::new(&fed());
    let all = aged(&mut rig, "acme", 5);
    rig.provider("acme").behave(|manners| manners.failing = Some(ProviderError::Unavailable("down")));
    for begun in &all {
        rig.provider("acme").act(&begun.run, Act::Complete);
    }
    let calls = rig.chaos.count("account.feed");
    rig.play_for(2 * HOUR);
    let tries = rig.chaos.count("account.feed") - calls;
    assert!((5..=30).contains(&tries), "{tries}");
    assert_eq!(cursor(&rig, "acme"), Some(0));
    rig.provider("acme").behave(|manners| manners.failing = None);
    rig.play_for(FOUND);
    assert!(all.iter().all(|begun| status(&rig, begun) == Status::Submitted));
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
}

/// Failures of the feed are not added up over days on which it was read well.
#[test]
fn a_feed_that_answers_again_has_its_failures_forgotten() {
    let mut rig = Rig::new(&fed());
    let _ = aged(&mut rig, "acme", 1);
    rig.chaos.strike("account.feed", Mode::FailBefore);
    rig.play_for(FOUND);
    rig.play_for(FOUND);
    assert_eq!(at_once(rig.ledger.connection(&connection("acme"))).unwrap().failures, 0);
}

/// Two readers at once: the page is rung twice at most, the cursor is moved once.
#[test]
fn two_readers_at_once_move_the_cursor_once() {
    let mut rig = Rig::new(&fed());
    let all = aged(&mut rig, "acme", 4);
    for begun in &all {
        rig.provider("acme").act(&begun.run, Act::Begin);
    }
    rig.scheduled = false;
    let notice = idv_gateway::domain::Notice::of_feed(connection("acme"));
    let records = [rig.record("1", &notice)];
    let others = [rig.record("2", &notice)];
    let mut tasks = vec![Task::new(rig.fetcher.batch(&records)), Task::new(rig.fetcher.batch(&others))];
    while !tasks.is_empty() {
        tasks.retain_mut(|task| !matches!(task.step(), Step::Done(_)));
    }
    drop(tasks);
    assert_eq!(cursor(&rig, "acme"), Some(4));
    rig.scheduled = true;
    rig.settle().unwrap();
    assert!(all.iter().all(|begun| status(&rig, begun) == Status::InProgress));
}
