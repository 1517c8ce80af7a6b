//! `reissue: auto`: who has dropped off is told of, and finds a link that lives.

use std::time::Duration;

use idv_gateway::domain::{ChangeKind, Status};
use idv_gateway::ports::{Ledger, Reissue, Settings};
use idv_it::rig::drive::at_once;
use idv_it::rig::play::Begun;
use idv_it::rig::{Act, Mode, Rig, Setup};
use serde_json::{Value, json};

use super::{DAY, HOUR, acts, resumed, thin, url_of};

fn setup(reissue: Reissue) -> Setup {
    let default = thin();
    Setup { link_life: Some(6 * HOUR), settings: Settings { reissue, ..default.settings }, ..default }
}

fn got(rig: &Rig, begun: &Begun) -> Value {
    let request = json!({ "action": "get", "tenant": "acme", "onboarding_id": begun.key.id });
    rig.ask(None, request).done().unwrap()
}

fn stalled(rig: &Rig, begun: &Begun) -> usize {
    let changes = at_once(rig.ledger.timeline(&begun.key)).unwrap();
    changes.iter().filter(|change| change.kind == ChangeKind::Stalled).count()
}

fn made(rig: &Rig) -> usize {
    rig.provider("acme").made().len()
}

#[test]
fn who_dropped_off_finds_a_fresh_link_at_most_three_times() {
    let mut rig = Rig::new(&setup(Reissue::Auto));
    let begun = rig.begin("acme", "key-1");
    rig.play_for(DAY - HOUR);
    assert_eq!((stalled(&rig, &begun), made(&rig)), (0, 1), "the link is dead, but nobody has dropped off yet");
    assert_eq!(url_of(&got(&rig, &begun)), None);
    rig.play_for(2 * HOUR);
    assert_eq!((stalled(&rig, &begun), made(&rig)), (1, 2));
    let url = url_of(&got(&rig, &begun)).unwrap();
    assert!(rig.provider("acme").opens(&url));
    assert_eq!(url_of(&resumed(&rig, &begun, "key-2")), Some(url.clone()), "the same for whoever asks");
    assert_eq!(made(&rig), 2);
    // the next one when that one is dead, three in all
    rig.play_for(7 * HOUR);
    assert_eq!(made(&rig), 3);
    assert_ne!(url_of(&got(&rig, &begun)), Some(url));
    rig.play_for(5 * DAY);
    let truth = rig.read(&begun.key).truth;
    assert_eq!((made(&rig), truth.reissued, truth.status), (4, 3, Status::LinkIssued));
    assert_eq!((stalled(&rig, &begun), truth.attempts.len()), (1, 1), "told once");
    assert_eq!(url_of(&got(&rig, &begun)), None, "a dead one is not handed out");
    // whoever asks gets one all the same
    let asked = url_of(&resumed(&rig, &begun, "key-3")).unwrap();
    assert!(rig.provider("acme").opens(&asked));
    acts(&mut rig, &begun, &[Act::Begin, Act::Complete, Act::Approve]);
    assert_eq!(rig.read(&begun.key).truth.status, Status::Approved);
    assert!(url_of(&got(&rig, &begun)).is_none());
}

#[test]
fn by_default_nothing_is_made_that_nobody_asked_for() {
    let mut rig = Rig::new(&setup(Reissue::Manual));
    let begun = rig.begin("acme", "key-1");
    rig.play_for(5 * DAY);
    assert_eq!((stalled(&rig, &begun), made(&rig), rig.read(&begun.key).truth.reissued), (1, 1, 0));
    assert_eq!(url_of(&got(&rig, &begun)), None);
}

#[test]
fn who_is_past_the_link_gets_none() {
    for act in [Act::Complete, Act::Review, Act::Approve, Act::Reject] {
        let mut rig = Rig::new(&setup(Reissue::Auto));
        let begun = rig.begin("acme", "key-1");
        acts(&mut rig, &begun, &[act]);
        rig.play_for(5 * DAY);
        assert_eq!((made(&rig), rig.read(&begun.key).truth.reissued), (1, 0), "{act:?}");
    }
    let mut rig = Rig::new(&setup(Reissue::Auto));
    let begun = rig.begin("acme", "key-1");
    let id = &begun.key.id;
    let erase = json!({ "action": "erase", "tenant": "acme", "onboarding_id": id, "idempotency_key": "key-9" });
    rig.ask(None, erase).done().unwrap();
    rig.play_for(5 * DAY);
    assert_eq!(made(&rig), 1, "erased");
}

/// A link that lives is left alone: somebody may be holding it.
#[test]
fn a_link_that_lives_is_not_replaced() {
    let mut rig = Rig::new(&Setup { link_life: Some(3 * DAY), ..setup(Reissue::Auto) });
    let begun = rig.begin("acme", "key-1");
    rig.play_for(3 * DAY - HOUR);
    assert_eq!((stalled(&rig, &begun), made(&rig)), (1, 1));
    rig.play_for(2 * HOUR);
    assert_eq!(made(&rig), 2);
}

/// The provider does not answer when it would be made: it is made later.
#[test]
fn what_cannot_be_made_now_is_made_later() {
    let mut rig = Rig::new(&setup(Reissue::Auto));
    let begun = rig.begin("acme", "key-1");
    rig.play_for(DAY - HOUR);
    rig.chaos.strike("account.renew", Mode::FailBefore);
    rig.play_for(2 * HOUR);
    assert_eq!((stalled(&rig, &begun), made(&rig)), (1, 1));
    rig.play_for(DAY);
    assert!(made(&rig) > 1);
}

/// The function has 30 s for all of it: a link that was made and not recorded would void the one before for nothing.
#[test]
fn none_is_made_after_a_look_that_took_its_time() {
    let mut rig = Rig::new(&setup(Reissue::Auto));
    let begun = rig.begin("acme", "key-1");
    rig.play_for(DAY - HOUR);
    rig.provider("acme").behave(|manners| manners.lag = Duration::from_secs(12));
    rig.play_for(2 * HOUR);
    assert_eq!((stalled(&rig, &begun), made(&rig)), (1, 1));
    rig.provider("acme").behave(|manners| manners.lag = Duration::ZERO);
    rig.play_for(DAY);
    assert!(made(&rig) > 1);
}
