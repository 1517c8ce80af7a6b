//! A feed that cannot be read, must not be read, or is nobody's any more.

use std::sync::Arc;
use std::time::Duration;

use idv_gateway::domain::{Status, Tenant, Timestamp};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::{Ledger, ProviderError};
use idv_it::rig::drive::at_once;
use idv_it::rig::provider::Desk;
use idv_it::rig::pulse::{Step, Task};
use idv_it::rig::setup::connection;
use idv_it::rig::{Act, Mode, Rig};

use super::feed::{FOUND, aged, cursor, fed, feeds, status};
use super::{DAY, HOUR, MINUTE};

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
