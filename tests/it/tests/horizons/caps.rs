//! Caps: 64 parts, 8 attempts.

use idv_gateway::domain::{MAX_ATTEMPTS, Standing, Status};
use idv_it::rig::{Act, Rig, Setup};

use super::{next_attempt, resume};

/// Capture and decision stand beside the further ones.
fn approved_with(further: usize) -> (Rig, idv_it::rig::play::Begun) {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    rig.provider("acme").behave(|manners| manners.further = further);
    rig.happen(&begun, Act::Approve);
    rig.settle().unwrap();
    (rig, begun)
}

#[test]
fn as_many_parts_as_are_kept_do_approve() {
    let (rig, begun) = approved_with(62);
    let truth = rig.read(&begun.key).truth;
    assert_eq!((truth.parts.len(), truth.status), (64, Status::Approved));
}

#[test]
fn more_parts_than_are_kept_fold_into_one_that_never_approves() {
    for further in [63, 64, 500] {
        let (mut rig, begun) = approved_with(further);
        let truth = rig.read(&begun.key).truth;
        assert_eq!((truth.parts.len(), truth.status), (64, Status::LinkIssued), "{further} further parts");
        let overflow = truth.parts.iter().filter(|part| part.resource.kind.as_str() == "overflow");
        assert_eq!(overflow.map(|part| part.standing).collect::<Vec<_>>(), [Standing::Unrecognised]);
        assert_eq!(truth.unrecognised.map(|part| part.kind.to_string()).as_deref(), Some("overflow"));
        let told = rig.receiver.accepted().into_iter().filter(|heard| heard.kind == "onboarding.approved");
        assert_eq!(told.count(), 0);
        // it was never a decision, so it is none that is taken back: fewer parts, and the provider's word counts
        rig.provider("acme").behave(|manners| manners.further = 1);
        rig.queue(&begun.touched());
        rig.settle().unwrap();
        let truth = rig.read(&begun.key).truth;
        assert_eq!((truth.status, truth.unrecognised), (Status::Approved, None), "{further} further parts");
        assert!(truth.parts.len() <= 64);
    }
}

#[test]
fn an_onboarding_has_at_most_eight_attempts() {
    let mut rig = Rig::new(&Setup::default());
    let mut begun = rig.begin("acme", "key-1");
    for number in 2..=MAX_ATTEMPTS {
        rig.happen(&begun, Act::Expire);
        rig.settle().unwrap();
        begun = next_attempt(&rig, &begun, &format!("resume-{number}"));
        assert_eq!(rig.read(&begun.key).truth.attempt_number(), number);
    }
    rig.happen(&begun, Act::Expire);
    rig.settle().unwrap();
    let before = rig.read(&begun.key).truth;
    for number in 0..3 {
        let answer = rig.ask(None, resume(&begun, &format!("beyond-{number}"))).done().unwrap();
        assert_eq!(answer["error"]["code"], "not_resumable", "{answer}");
    }
    let after = rig.read(&begun.key).truth;
    assert_eq!((after.attempts, after.version, after.status), (before.attempts, before.version, Status::Expired));
    assert_eq!(rig.provider("acme").creates(), usize::from(MAX_ATTEMPTS));
}
