//! `stalled` once for each attempt; `abandoned` at the horizon of the current attempt, for as long as the provider still
//! calls it open.

use std::time::Duration;

use idv_gateway::domain::{ChangeKind, Onboarding, Status};
use idv_it::rig::drive::at_once;
use idv_it::rig::play::Begun;
use idv_it::rig::{Act, Rig, Setup};

use idv_gateway::ports::Ledger;

use super::{DAY, next_attempt};

/// The schedule may be late by a look of its own and the rounding of the index.
const LATE: Duration = Duration::from_secs(3600);

/// The attempts that were told to be stalled, in order.
fn stalled(rig: &Rig, begun: &Begun) -> Vec<u8> {
    let changes = at_once(rig.ledger.timeline(&begun.key)).unwrap();
    changes.iter().filter(|change| change.kind == ChangeKind::Stalled).map(|change| change.attempt).collect()
}

fn abandoned(rig: &Rig, begun: &Begun) -> usize {
    let changes = at_once(rig.ledger.timeline(&begun.key)).unwrap();
    changes.iter().filter(|change| change.kind == ChangeKind::Status && change.status == Status::Abandoned).count()
}

/// As it stands, and handed over as it stands.
fn told(rig: &Rig, begun: &Begun) -> Onboarding {
    let onboarding = rig.read(&begun.key);
    assert!(!onboarding.is_undelivered(), "{:?}", onboarding.delivery);
    let versions: Vec<u64> = rig.receiver.accepted().iter().map(|heard| heard.version).collect();
    assert_eq!(versions, (1..=onboarding.truth.version).collect::<Vec<_>>());
    onboarding
}

#[test]
fn stalled_is_told_once_for_each_attempt_after_its_time() {
    let mut rig = Rig::new(&Setup::default());
    let first = rig.begin("acme", "key-1");
    rig.happen(&first, Act::Begin);
    rig.play_for(DAY - Duration::from_secs(60));
    assert_eq!(stalled(&rig, &first), [0_u8; 0], "not before its time");
    rig.play_for(LATE);
    assert_eq!(stalled(&rig, &first), [1]);
    assert_eq!(rig.read(&first.key).truth.status, Status::InProgress, "the status stays");
    rig.play_for(10 * DAY);
    assert_eq!(stalled(&rig, &first), [1], "once, however often is looked");

    rig.happen(&first, Act::Expire);
    rig.play_for(LATE);
    let second = next_attempt(&rig, &first, "key-2");
    rig.play_for(DAY - Duration::from_secs(60));
    assert_eq!(stalled(&rig, &first), [1], "counted from the attempt, not from the onboarding");
    rig.play_for(LATE);
    assert_eq!(stalled(&rig, &second), [1, 2]);
    rig.play_for(10 * DAY);
    assert_eq!(stalled(&rig, &second), [1, 2]);
    told(&rig, &second);
}

#[test]
fn who_has_done_everything_is_not_stalled() {
    for act in [Act::Complete, Act::Review, Act::Approve, Act::Reject, Act::Expire] {
        let mut rig = Rig::new(&Setup::default());
        let begun = rig.begin("acme", "key-1");
        rig.happen(&begun, act);
        rig.play_for(10 * DAY);
        assert_eq!(stalled(&rig, &begun), [0_u8; 0], "{act:?}");
    }
}

#[test]
fn what_is_open_at_the_horizon_is_abandoned_and_stays_so_while_the_provider_says_open() {
    for act in [None, Some(Act::Begin), Some(Act::Complete), Some(Act::Review)] {
        let mut rig = Rig::new(&Setup::default());
        let begun = rig.begin("acme", "key-1");
        if let Some(act) = act {
            rig.happen(&begun, act);
        }
        rig.play_for(90 * DAY - LATE);
        let open = told(&rig, &begun);
        assert!(!open.truth.status.is_settled(), "{act:?}: {} before the horizon", open.truth.status);
        rig.play_for(LATE + LATE);
        let version = told(&rig, &begun).truth.version;
        assert_eq!((rig.read(&begun.key).truth.status, abandoned(&rig, &begun)), (Status::Abandoned, 1), "{act:?}");
        // looks at +1 h, +1 d, +7 d, +30 d and what is rung by hand: the provider still says open
        let before = rig.looks_at(&begun);
        for _ in 0..4 {
            rig.play_for(10 * DAY);
            rig.queue(&begun.touched());
        }
        rig.play_for(DAY);
        assert!(rig.looks_at(&begun) > before + 4, "{act:?}: {} looks", rig.looks_at(&begun) - before);
        let later = told(&rig, &begun).truth;
        assert_eq!(
            (later.status, later.version),
            (Status::Abandoned, version),
            "{act:?}: it does not come back and go again"
        );
    }
}

#[test]
fn a_decision_after_the_horizon_overturns_the_abandonment() {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    rig.play_for(91 * DAY);
    assert_eq!(rig.read(&begun.key).truth.status, Status::Abandoned);
    rig.happen(&begun, Act::Approve);
    rig.settle().unwrap();
    let truth = told(&rig, &begun).truth;
    assert_eq!(truth.status, Status::Approved);
    assert!(truth.changes.iter().any(|change| change.status == Status::Approved && change.overturned));
}

#[test]
fn the_horizon_counts_from_the_current_attempt() {
    let mut rig = Rig::new(&Setup::default());
    let first = rig.begin("acme", "key-1");
    rig.play_for(60 * DAY);
    rig.happen(&first, Act::Expire);
    rig.play_for(LATE);
    let second = next_attempt(&rig, &first, "key-2");
    rig.happen(&second, Act::Begin);
    rig.play_for(89 * DAY);
    assert_eq!(rig.read(&first.key).truth.status, Status::InProgress, "149 days after the onboarding began");
    rig.play_for(2 * DAY);
    assert_eq!((rig.read(&first.key).truth.status, abandoned(&rig, &first)), (Status::Abandoned, 1));
}

#[test]
fn an_abandoned_onboarding_can_be_resumed_and_is_open_again() {
    let mut rig = Rig::new(&Setup::default());
    let first = rig.begin("acme", "key-1");
    rig.play_for(91 * DAY);
    let second = next_attempt(&rig, &first, "key-2");
    rig.play_for(LATE);
    assert_eq!(told(&rig, &first).truth.status, Status::LinkIssued);
    rig.happen(&second, Act::Approve);
    rig.settle().unwrap();
    assert_eq!((told(&rig, &first).truth.status, abandoned(&rig, &first)), (Status::Approved, 1));
}
