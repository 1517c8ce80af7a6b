//! `unknown_subject: adopt`: a run that nobody started through the gateway becomes an onboarding once it is 15 min old.

use std::time::Duration;

use idv_gateway::domain::{OnboardingId, OnboardingKey, Status, SubjectKey};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::{Settings, SubjectState, UnknownSubject};
use idv_it::rig::canon::{self, Whole};
use idv_it::rig::provider::case;
use idv_it::rig::setup::connection;
use idv_it::rig::{Act, Mode, Rig, Setup};
use serde_json::{Value, json};

use super::DAY;

/// What a webhook may overtake our own create by.
const RIPE: Duration = Duration::from_secs(15 * 60);
/// The rounding of the index, and the schedule's own minute.
const LATE: Duration = Duration::from_secs(6 * 60);

fn setup(unknown_subject: UnknownSubject) -> Setup {
    let default = Setup::default();
    Setup { settings: Settings { unknown_subject, ..default.settings }, ..default }
}

/// A run of somebody else's making: its reference names no onboarding of ours.
fn stranger(rig: &Rig) -> String {
    rig.provider("acme").stranger(OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap())
}

fn touched(run: &str) -> Value {
    json!({ "type": "touched", "case": run })
}

fn adopted(rig: &Rig) -> OnboardingKey {
    let all = rig.onboardings();
    assert_eq!(all.len(), 1);
    all[0].key.clone()
}

#[test]
fn a_run_of_nobody_is_adopted_when_it_is_fifteen_minutes_old() {
    let mut rig = Rig::new(&setup(UnknownSubject::Adopt));
    let run = stranger(&rig);
    rig.provider("acme").act(&run, Act::Begin);
    rig.post("acme", touched(&run));
    rig.play_for(RIPE - Duration::from_secs(1));
    assert!(rig.onboardings().is_empty(), "not before: a webhook can overtake our own create");
    rig.play_for(LATE);
    let key = adopted(&rig);
    let onboarding = rig.read(&key);
    assert_eq!(onboarding.truth.status, Status::InProgress);
    assert_eq!(onboarding.identity.reference.as_str(), format!("case/{run}"));
    assert!(!onboarding.is_undelivered());
    // it goes on like any other, and the person has the link that they have
    let approved = rig.provider("acme").act(&run, Act::Approve);
    rig.post("acme", approved);
    rig.settle().unwrap();
    assert_eq!(rig.read(&key).truth.status, Status::Approved);
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
    assert_eq!(rig.provider("acme").creates(), 1, "nothing was begun at the provider");
}

#[test]
fn replays_adopt_nobody_twice() {
    let mut rig = Rig::new(&setup(UnknownSubject::Adopt));
    let run = stranger(&rig);
    for minute in 0..40 {
        let at = rig.now() + Duration::from_secs(60 * minute);
        rig.post_at("acme", touched(&run), Some(at));
        rig.post_at("acme", touched(&run), Some(at));
    }
    rig.play_for(RIPE + LATE + Duration::from_secs(40 * 60));
    let key = adopted(&rig);
    let version = rig.read(&key).truth.version;
    for _ in 0..5 {
        rig.post("acme", touched(&run));
    }
    rig.settle().unwrap();
    assert_eq!((adopted(&rig), rig.read(&key).truth.version), (key, version));
}

#[test]
fn the_default_remembers_a_stranger_and_asks_no_more() {
    let mut rig = Rig::new(&setup(UnknownSubject::Stranger));
    let run = stranger(&rig);
    rig.post("acme", touched(&run));
    rig.play_for(RIPE + LATE);
    assert!(rig.onboardings().is_empty());
    let calls = rig.chaos.count("account.");
    for _ in 0..5 {
        rig.post("acme", touched(&run));
    }
    rig.play_for(DAY);
    assert_eq!(rig.chaos.count("account."), calls, "a repeat costs no call");
    assert!(rig.onboardings().is_empty());
}

/// The rig after an adoption with at most one fault, and how many points that had.
fn play(fault: Option<(usize, Mode)>) -> (Whole, Vec<&'static str>) {
    let mut rig = Rig::new(&Setup { plan: fault.into_iter().collect(), ..setup(UnknownSubject::Adopt) });
    let run = stranger(&rig);
    rig.provider("acme").act(&run, Act::Begin);
    rig.post("acme", touched(&run));
    rig.play_for(RIPE + LATE + Duration::from_secs(3600));
    let points = rig.chaos.points();
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty(), "{fault:?}");
    let approved = rig.provider("acme").act(&run, Act::Approve);
    rig.post("acme", approved);
    rig.settle().unwrap();
    (canon::of(&rig), points)
}

#[test]
fn an_adoption_survives_every_single_fault() {
    let (expected, points) = play(None);
    assert_eq!(expected.onboardings["acme"].len(), 1);
    let mut played = 0;
    for (number, point) in points.iter().enumerate() {
        for mode in Mode::ALL.into_iter().filter(|mode| mode.fits(point)) {
            let (whole, _) = play(Some((number, mode)));
            let (found, wanted) = (&whole.onboardings["acme"], &expected.onboardings["acme"]);
            assert_eq!(found.len(), 1, "{mode:?} at {number} {point}");
            let same = (found[0].status, &found[0].parts, &found[0].attempts, found[0].delivered);
            let wished = (wanted[0].status, &wanted[0].parts, &wanted[0].attempts, wanted[0].delivered);
            assert_eq!(same, wished, "{mode:?} at {number} {point}");
            assert_eq!(
                (&whole.subjects, &whole.references),
                (&expected.subjects, &expected.references),
                "{mode:?} at {number} {point}"
            );
            played += 1;
        }
    }
    eprintln!("an adoption with {} points survived {played} faults", points.len());
    assert!(played > 100, "{played}");
}

#[test]
fn a_person_who_was_erased_is_not_adopted_again() {
    let mut rig = Rig::new(&setup(UnknownSubject::Adopt));
    let run = stranger(&rig);
    rig.post("acme", touched(&run));
    rig.play_for(RIPE + LATE);
    let key = adopted(&rig);
    let erase = json!({ "action": "erase", "tenant": "acme", "onboarding_id": key.id, "idempotency_key": "erase-1" });
    assert!(rig.ask(None, erase).done().unwrap()["erased_at"].is_string());
    rig.settle().unwrap();
    let calls = rig.chaos.count("account.");
    for days in [0_u32, 1, 8, 380] {
        rig.play_for(days * DAY);
        rig.post("acme", touched(&run));
        rig.play_for(DAY);
        assert_eq!(adopted(&rig), key, "{days} days later");
        assert!(rig.read(&key).truth.parts.is_empty());
    }
    assert_eq!(rig.chaos.count("account."), calls, "and nobody asks for them");
    let subject = SubjectKey { connection: connection("acme"), resource: case(&run) };
    assert_eq!(rig.ledger.contents().subjects[&subject].state, SubjectState::Erased);
}
