//! One login for all: one at a time renews it, the others wait a moment, and nobody is held up by whoever dies with it.

use std::time::Duration;

use idv_gateway::domain::Status;
use idv_gateway::ports::Ledger;
use idv_it::rig::drive::at_once;
use idv_it::rig::play::Begun;
use idv_it::rig::setup::connection;
use idv_it::rig::{Act, Mode, Rig, Setup, Thin};

use super::{HOUR, MINUTE, resumed, url_of};

fn shared() -> Setup {
    Setup::thin(Thin { feed: false, login: Some(15 * MINUTE) })
}

fn several(rig: &mut Rig, count: usize) -> Vec<Begun> {
    let all = (0..count).map(|number| rig.begin("acme", &format!("key-{number}"))).collect();
    rig.wait(60);
    all
}

fn logins(rig: &Rig) -> (usize, usize) {
    let session = rig.provider("acme").session();
    (session.logins, session.sins)
}

fn failures(rig: &Rig) -> (u32, bool) {
    let record = at_once(rig.ledger.connection(&connection("acme"))).unwrap();
    (record.failures, record.paused_until.is_some())
}

#[test]
fn one_login_serves_all_while_it_lives() {
    let mut rig = Rig::new(&shared());
    let all = several(&mut rig, 3);
    assert_eq!(logins(&rig), (1, 0));
    for begun in &all {
        rig.happen(begun, Act::Begin);
    }
    rig.settle().unwrap();
    assert_eq!(logins(&rig), (1, 0));
    rig.play_for(HOUR);
    let (count, sins) = logins(&rig);
    assert!((2..=5).contains(&count) && sins == 0, "{count} {sins}");
}

/// Ten at the same time find that it has run out.
#[test]
fn many_at_once_renew_it_once_and_the_others_are_there_a_moment_later() {
    let mut rig = Rig::new(&shared());
    let all = several(&mut rig, 10);
    rig.provider("acme").log_out();
    let start = rig.now();
    for begun in &all {
        rig.happen(begun, Act::Begin);
    }
    rig.pump();
    rig.wait(3);
    rig.play_for(MINUTE);
    for begun in &all {
        assert_eq!(rig.read(&begun.key).truth.status, Status::InProgress, "within a minute");
    }
    assert_eq!(logins(&rig), (2, 0));
    assert_eq!(failures(&rig), (0, false), "waiting for one's turn is no failure of the provider");
    let asked = rig.provider("acme").resolves().into_iter().filter(|&(at, _)| at >= start).count();
    assert_eq!(asked, 10);
}

/// The same for looks that need nothing resolved.
#[test]
fn a_look_that_meets_a_renewal_is_made_soon() {
    let mut rig = Rig::new(&shared());
    let all = several(&mut rig, 10);
    rig.provider("acme").log_out();
    for begun in &all {
        rig.provider("acme").act(&begun.run, Act::Begin);
        rig.queue(&begun.touched());
    }
    // so that all are read in one batch, and looked at together
    rig.wait(3);
    rig.play_for(MINUTE);
    let found = |begun: &Begun| rig.read(&begun.key).truth.status == Status::InProgress;
    assert!(all.iter().all(found));
    assert_eq!((logins(&rig), failures(&rig)), ((2, 0), (0, false)));
}

#[test]
fn whoever_dies_with_the_right_holds_the_others_up_for_seconds() {
    for mode in [Mode::KillBefore, Mode::KillAfter] {
        let mut rig = Rig::new(&shared());
        let all = several(&mut rig, 3);
        rig.provider("acme").log_out();
        rig.chaos.strike("account.login", mode);
        rig.scheduled = false;
        rig.provider("acme").act(&all[0].run, Act::Begin);
        rig.queue(&all[0].touched());
        rig.play_for(Duration::from_secs(3));
        assert_eq!(rig.chaos.struck(), 1, "it died");
        rig.provider("acme").act(&all[1].run, Act::Begin);
        rig.queue(&all[1].touched());
        // and one of which is not known yet whose it is
        rig.happen(&all[2], Act::Begin);
        rig.play_for(Duration::from_secs(40));
        for begun in &all[1..] {
            assert_eq!(rig.read(&begun.key).truth.status, Status::InProgress, "{mode:?}");
        }
        assert_eq!(failures(&rig), (0, false));
        // what the dead one held comes again, too
        rig.play_for(4 * MINUTE);
        assert_eq!(rig.read(&all[0].key).truth.status, Status::InProgress, "{mode:?}");
        assert_eq!(logins(&rig).1, 0);
    }
}

/// What it had renewed was never shared: the next one renews it again.
#[test]
fn a_login_that_was_not_shared_is_made_again() {
    for mode in [Mode::KillBefore, Mode::FailBefore] {
        let mut rig = Rig::new(&shared());
        let all = several(&mut rig, 2);
        rig.provider("acme").log_out();
        rig.chaos.strike("ledger.replace_login", mode);
        rig.happen(&all[0], Act::Begin);
        rig.happen(&all[1], Act::Begin);
        rig.play_for(5 * MINUTE);
        let found = |begun: &Begun| rig.read(&begun.key).truth.status == Status::InProgress;
        assert!(all.iter().all(found), "{mode:?}");
        assert_eq!(logins(&rig), (3, 0), "{mode:?}");
    }
}

/// An app that asks while somebody renews it is told to ask again, and gets its link then.
#[test]
fn an_app_that_meets_a_renewal_may_ask_again() {
    let mut rig = Rig::new(&Setup { link_life: Some(HOUR), ..shared() });
    let begun = several(&mut rig, 1).remove(0);
    rig.play_for(2 * HOUR);
    rig.provider("acme").log_out();
    rig.chaos.strike("account.login", Mode::KillBefore);
    assert_eq!(rig.ask(None, super::resume(&begun, "key-8")).done(), None);
    let answer = resumed(&rig, &begun, "key-9");
    assert_eq!(answer["error"]["retryable"], true, "{answer}");
    rig.wait(20);
    let answer = resumed(&rig, &begun, "key-9");
    assert!(url_of(&answer).is_some(), "{answer}");
    assert_eq!(failures(&rig), (0, false));
}
