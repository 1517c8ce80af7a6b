//! An event that comes before our own record of its run.

use std::collections::BTreeSet;
use std::time::Duration;

use idv_gateway::domain::Status;
use idv_gateway::ports::SubjectState;
use idv_it::rig::play::{Begun, start};
use idv_it::rig::provider::case;
use idv_it::rig::{Act, Mode, Rig, Setup};

use super::events::{resolves, state_of};
use super::{HOUR, thin};

/// The numbers of the points of a start, and which of them is the first with that name after the other.
fn point(name: &str, after: &str) -> usize {
    let mut rig = Rig::new(&thin());
    rig.begin_alone("acme", "key-1");
    let points = rig.chaos.points();
    let first = points.iter().position(|&point| point == after).unwrap();
    first + points[first..].iter().position(|&point| point == name).unwrap()
}

/// We died between binding the run and recording it, and the app does not ask again: the event completes our record,
/// whatever happens on the way, and never with itself in the place of the run.
#[test]
fn an_event_that_overtakes_our_record_completes_it_at_every_single_fault() {
    let died = point("ledger.commit", "ledger.bind");
    let play = |fault: Option<(usize, Mode)>| {
        let plan = [(died, Mode::KillBefore)].into_iter().chain(fault).collect();
        let mut rig = Rig::new(&Setup { plan, ..thin() });
        assert_eq!(rig.ask(None, start("acme", "key-1")).done(), None);
        let key = rig.onboardings()[0].key.clone();
        assert_eq!(rig.read(&key).truth.attempts[0].subject, None);
        let run = rig.provider("acme").runs()[0].id.clone();
        rig.happen(&Begun { key: key.clone(), run: run.clone() }, Act::Begin);
        rig.play_for(HOUR);
        let truth = rig.read(&key).truth;
        assert_eq!(truth.attempts[0].subject, Some(case(&run)), "{fault:?}");
        assert_eq!(truth.status, Status::InProgress, "{fault:?}");
        rig.chaos.points()
    };
    let points = play(None);
    let mut played = 0;
    for (number, point) in points.iter().enumerate().skip(died + 1).take(60) {
        for mode in Mode::ALL.into_iter().filter(|mode| mode.fits(point)) {
            play(Some((number, mode)));
            played += 1;
        }
    }
    assert!(played > 100, "{played}");
}

/// It came before the run was bound: it waits with the run's id, and is rung again by our own start.
#[test]
fn an_event_that_overtakes_our_binding_waits_for_it() {
    let died = point("ledger.bind", "account.start");
    let mut rig = Rig::new(&Setup { plan: [(died, Mode::KillBefore)].into(), ..thin() });
    rig.call(start("acme", "key-1"));
    rig.pump();
    let run = rig.provider("acme").runs()[0].id.clone();
    let event = rig.provider("acme").act(&run, Act::Begin);
    rig.post("acme", event);
    rig.play_for(Duration::from_secs(5));
    assert!(matches!(state_of(&rig, "acme", &run), Some(SubjectState::Parked { .. })));
    rig.settle().unwrap();
    let all = rig.onboardings();
    assert_eq!((all.len(), all[0].truth.status), (1, Status::InProgress));
    assert_eq!(rig.provider("acme").creates(), 1);
    assert_eq!(resolves(&rig), 1);
    let runs: BTreeSet<_> = all[0].truth.attempts.iter().filter_map(|attempt| attempt.subject.clone()).collect();
    assert_eq!(runs, [case(&run)].into());
}
