//! A name that the app gives: bound from the start on, whatever fails.

use std::collections::BTreeMap;
use std::time::Duration;

use idv_gateway::domain::Status;
use idv_gateway::ports::SubjectState;
use idv_it::rig::provider::{case, person};
use idv_it::rig::{Act, Mode, Rig, Setup};

use super::{Sent, comes, dlq, granting, is_bound, send_known, sent, stands, start_known, status, truth};

type Plan = BTreeMap<usize, Mode>;

#[test]
fn a_name_that_the_app_gave_is_rung_before_anybody_came() {
    let mut rig = Rig::new(&granting());
    let sent = send_known(&rig, "key-1", "alice");
    assert!(is_bound(&rig, "alice", &sent));
    assert_eq!(status(&rig, &sent), Status::LinkIssued);
    assert!(truth(&rig, &sent).parts.iter().any(|part| part.resource == person("alice")), "erasing knows of it");
    rig.settle().unwrap();
    rig.wait(60);
    let looks = rig.looks_at(&sent.begun);
    let told = rig.provider("acme").act_of(&sent.begun.run, Act::Begin);
    rig.post("acme", told);
    rig.play_for(Duration::from_secs(10));
    assert!(rig.looks_at(&sent.begun) > looks);
    comes(&rig, &sent, "code-1");
    rig.settle().unwrap();
    assert_eq!((status(&rig, &sent), dlq(&rig)), (Status::InProgress, 0));
    assert!(is_bound(&rig, "alice", &sent));
}

/// The newest of two has the name; erased, it leaves none.
fn play(plan: &Plan) -> (usize, Vec<&'static str>) {
    let mut rig = Rig::new(&Setup { plan: plan.clone(), ..granting() });
    let older = send_known(&rig, "key-0", "alice");
    rig.settle().unwrap();
    let from = rig.chaos.points().len();
    let at = rig.call(start_known("key-1", "alice"));
    rig.settle().unwrap();
    let newer = sent(rig.calls[at].answer.as_ref().unwrap());
    let points = rig.chaos.points();
    assert_ne!(newer.begun.key, older.begun.key, "{plan:?}");
    assert!(is_bound(&rig, "alice", &newer), "{plan:?}");
    assert_eq!(truth(&rig, &newer).attempts[0].subject, Some(case(&newer.begun.run)), "{plan:?}");
    assert_eq!(status(&rig, &newer), Status::LinkIssued, "{plan:?}");
    let told: Vec<Status> = truth(&rig, &newer).changes.iter().map(|change| change.status).collect();
    assert_eq!(told, [Status::Created, Status::LinkIssued], "{plan:?}");
    rig.provider("acme").act(&newer.begun.run, Act::Begin);
    comes(&rig, &newer, "code-1");
    rig.settle().unwrap();
    assert_eq!(status(&rig, &newer), Status::InProgress, "{plan:?}");
    let erase = serde_json::json!({
        "action": "erase", "tenant": "acme", "onboarding_id": newer.begun.key.id, "idempotency_key": "key-2",
    });
    rig.call(erase);
    rig.settle().unwrap();
    assert_eq!(stands(&rig, &person("alice")), Some(SubjectState::Erased), "{plan:?}");
    assert_eq!(dlq(&rig), 0, "{plan:?}");
    (from, points)
}

#[test]
fn every_single_fault_of_a_start_leaves_the_name_with_the_newest() {
    let (from, points) = play(&Plan::new());
    let mut played = 0;
    for (number, point) in points.iter().enumerate().skip(from) {
        for mode in Mode::ALL.into_iter().filter(|mode| mode.fits(point)) {
            play(&Plan::from([(number, mode)]));
            played += 1;
        }
    }
    eprintln!("{played} faults of a start that gives a name");
    assert!(played > 60, "{played}");
}

/// The start died before its run was recorded, and the app does not ask again: a webhook that names the person completes
/// nothing, for a name is no run.
#[test]
fn a_name_never_stands_in_the_place_of_the_run() {
    let points = {
        let rig = Rig::new(&granting());
        send_known(&rig, "key-1", "alice");
        rig.chaos.points()
    };
    for (number, _) in points.iter().enumerate() {
        let mut rig = Rig::new(&Setup { plan: [(number, Mode::KillBefore)].into(), ..granting() });
        if rig.ask(None, start_known("key-1", "alice")).done().is_some() {
            continue;
        }
        let run = rig.provider("acme").runs().first().map(|run| run.id.clone());
        if let Some(run) = &run {
            let told = rig.provider("acme").act_of(run, Act::Begin);
            rig.post("acme", told);
        }
        rig.play_for(Duration::from_secs(600));
        for onboarding in rig.onboardings() {
            let subject = onboarding.truth.attempts[0].subject.clone();
            assert!(subject.is_none_or(|subject| Some(subject) == run.as_deref().map(case)), "{number}");
        }
        let at = rig.call(start_known("key-1", "alice"));
        rig.settle().unwrap();
        let started: Sent = sent(rig.calls[at].answer.as_ref().unwrap());
        assert!(is_bound(&rig, "alice", &started), "{number}");
        assert_eq!(dlq(&rig), 0, "{number}");
    }
}
