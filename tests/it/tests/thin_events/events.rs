//! A thin event costs one question, and leads to the one onboarding that it is about, or to none.

use std::collections::BTreeMap;
use std::time::Duration;

use idv_gateway::domain::{OnboardingId, Status, SubjectKey};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::{Settings, SubjectState, UnknownSubject};
use idv_it::rig::play::Begun;
use idv_it::rig::provider::case;
use idv_it::rig::setup::connection;
use idv_it::rig::{Act, Rig, Setup};
use serde_json::json;

use super::{HOUR, MINUTE, acts, thin, told};

/// What a webhook may overtake our own create by.
const RIPE: Duration = Duration::from_secs(15 * 60);
/// The rounding of the index, and the schedule's own minute.
const LATE: Duration = Duration::from_secs(6 * 60);

pub(crate) fn resolves(rig: &Rig) -> usize {
    rig.provider("acme").resolves().len()
}

pub(crate) fn state_of(rig: &Rig, tenant: &str, run: &str) -> Option<SubjectState> {
    let key = SubjectKey { connection: connection(tenant), resource: case(run) };
    rig.ledger.contents().subjects.get(&key).map(|record| record.state.clone())
}

fn stranger(rig: &Rig) -> String {
    rig.provider("acme").stranger(OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap())
}

#[test]
fn an_event_leads_to_its_own_onboarding_and_its_repeats_ask_nothing_again() {
    let mut rig = Rig::new(&thin());
    let (one, other) = (rig.begin("acme", "key-1"), rig.begin("acme", "key-2"));
    rig.wait(60);
    let before = rig.looks_at(&other);
    let event = rig.provider("acme").act(&one.run, Act::Begin);
    rig.post("acme", event.clone());
    rig.settle().unwrap();
    assert_eq!((rig.read(&one.key).truth.status, resolves(&rig)), (Status::InProgress, 1));
    assert_eq!((rig.read(&other.key).truth.status, rig.looks_at(&other)), (Status::LinkIssued, before));
    let version = rig.read(&one.key).truth.version;
    for after in [0, 1, 40, 4000] {
        rig.play_for(Duration::from_secs(after));
        rig.post("acme", event.clone());
        rig.settle().unwrap();
    }
    assert_eq!((rig.read(&one.key).truth.version, resolves(&rig)), (version, 1));
}

#[test]
fn a_burst_of_one_event_costs_few_questions_and_two_looks() {
    let mut rig = Rig::new(&thin());
    let begun = rig.begin("acme", "key-1");
    rig.wait(60);
    let before = rig.looks_at(&begun);
    let event = rig.provider("acme").act(&begun.run, Act::Begin);
    let start = rig.now();
    for number in 0..100 {
        rig.post_at("acme", event.clone(), Some(start + Duration::from_millis(10 * number)));
    }
    rig.settle().unwrap();
    assert_eq!(rig.read(&begun.key).truth.status, Status::InProgress);
    assert!((1..=2).contains(&(rig.looks_at(&begun) - before)), "{} looks", rig.looks_at(&begun) - before);
    assert_eq!(resolves(&rig), 1);
}

/// What an event claims is about the part that the provider named when it was asked.
#[test]
fn a_read_older_than_the_event_is_repeated_as_for_any_other_webhook() {
    let mut rig = Rig::new(&thin());
    let begun = rig.begin("acme", "key-1");
    rig.play_for(Duration::from_secs(10));
    rig.provider("acme").behave(|manners| manners.stale = HOUR);
    rig.happen(&begun, Act::Approve);
    let posted = rig.now();
    rig.scheduled = false;
    rig.play_for(Duration::from_secs(3000));
    let times: Vec<_> = rig.provider("acme").looks().into_iter().map(|(at, _)| at).filter(|&at| at >= posted).collect();
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).collect();
    assert_eq!(gaps, [5, 15, 45, 120, 300]);
    assert_eq!(resolves(&rig), 1);
    rig.provider("acme").behave(|manners| manners.stale = Duration::ZERO);
    rig.scheduled = true;
    rig.play_for(HOUR);
    assert_eq!(rig.read(&begun.key).truth.status, Status::Approved);
}

/// A look was made a moment ago, so it waits: what it claims is not forgotten over that.
#[test]
fn what_an_event_claims_is_kept_while_it_waits() {
    let mut rig = Rig::new(&thin());
    let begun = rig.begin("acme", "key-1");
    rig.play_for(Duration::from_secs(10));
    rig.provider("acme").behave(|manners| manners.stale = MINUTE);
    rig.happen(&begun, Act::Begin);
    rig.play_for(Duration::from_secs(1));
    rig.happen(&begun, Act::Approve);
    rig.scheduled = false;
    rig.play_for(5 * MINUTE);
    assert_eq!(rig.read(&begun.key).truth.status, Status::Approved, "found by a repeat");
    assert_eq!(resolves(&rig), 2);
}

#[test]
fn a_thousand_invented_events_cost_one_question_each_within_the_budget_and_change_nothing() {
    const BUDGET: usize = 60;
    let default = thin();
    let max_looks_per_minute = Some(u32::try_from(BUDGET).unwrap());
    let settings = Settings { max_looks_per_minute, ..default.settings };
    let mut rig = Rig::new(&Setup { settings, ..default });
    let begun = rig.begin("acme", "key-1");
    rig.wait(60);
    let before = rig.read(&begun.key).truth;
    let forged = rig.now();
    for number in 0..1000_u64 {
        let at = forged + Duration::from_millis(7 * number);
        rig.post_at("acme", told(&format!("invented-{number}")), Some(at));
        if number % 10 == 0 {
            rig.post_at("acme", told(&format!("invented-{number}")), Some(at + MINUTE));
        }
    }
    rig.play_for(30 * MINUTE);
    let found = rig.read(&begun.key).truth;
    assert_eq!((found.status, found.version), (before.status, before.version), "never a status");
    // in between something does happen, and is found in good time
    rig.happen(&begun, Act::Begin);
    rig.play_for(10 * MINUTE);
    assert_eq!(rig.read(&begun.key).truth.status, Status::InProgress);
    rig.play_for(8 * HOUR);

    let mut each: BTreeMap<String, usize> = BTreeMap::new();
    let mut minutes: BTreeMap<i64, usize> = BTreeMap::new();
    let provider = rig.provider("acme");
    for (at, event) in provider.resolves() {
        *minutes.entry(at.seconds().div_euclid(60)).or_default() += 1;
        if event.starts_with("invented") {
            *each.entry(event).or_default() += 1;
        }
    }
    for (at, _) in provider.looks().into_iter().filter(|&(at, _)| at >= forged) {
        *minutes.entry(at.seconds().div_euclid(60)).or_default() += 1;
    }
    assert_eq!(each.len(), 1000, "none is left");
    assert_eq!(each.values().max(), Some(&1), "one question each");
    assert!(minutes.values().all(|&calls| calls <= BUDGET), "{minutes:?}");
    assert_eq!(rig.onboardings().len(), 1);
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
    let strangers = rig.ledger.contents().subjects.into_values().filter(|known| known.state == SubjectState::Stranger);
    assert_eq!(strangers.count(), 1000);
    // and they are known now: again costs nothing
    let calls = rig.chaos.count("account.");
    for number in 0..20 {
        rig.post("acme", told(&format!("invented-{number}")));
    }
    rig.play_for(MINUTE);
    assert_eq!(rig.chaos.count("account."), calls);
}

#[test]
fn an_event_of_another_account_is_nobodys() {
    let mut rig = Rig::new(&Setup { tenants: vec!["acme".to_owned(), "beta".to_owned()], ..thin() });
    let theirs = rig.begin("beta", "key-1");
    acts(&mut rig, &theirs, &[Act::Begin]);
    let event = rig.provider("beta").act(&theirs.run, Act::Approve);
    let (before, looks) = (rig.ledger.contents().onboardings, rig.provider("beta").looks().len());
    rig.post("acme", event.clone());
    rig.play_for(MINUTE);
    assert_eq!(rig.ledger.contents().onboardings, before, "nothing is written to anybody");
    assert_eq!((rig.provider("beta").looks().len(), resolves(&rig)), (looks, 1));
    assert_eq!(state_of(&rig, "acme", &theirs.run), None, "nobody there has heard of that person");
    rig.post("beta", event);
    rig.settle().unwrap();
    assert_eq!(rig.read(&theirs.key).truth.status, Status::Approved);
}

/// Two tenants with one account between them: the event can be read by both, the person is one's alone.
#[test]
fn an_event_of_another_tenants_person_never_reaches_them() {
    let tenants = vec!["acme".to_owned(), "beta".to_owned()];
    let mut rig = Rig::new(&Setup { tenants, shared_provider: true, ..thin() });
    let _ours = rig.begin("acme", "key-1");
    let theirs = rig.begin("beta", "key-1");
    let event = rig.provider("beta").act(&theirs.run, Act::Approve);
    rig.scheduled = false;
    let before = rig.read(&theirs.key);
    rig.post("acme", event);
    rig.play_for(MINUTE);
    assert!(matches!(state_of(&rig, "acme", &theirs.run), Some(SubjectState::Parked { .. })));
    assert_eq!(rig.read(&theirs.key), before);
    rig.scheduled = true;
    rig.play_for(RIPE + LATE);
    assert_eq!(state_of(&rig, "acme", &theirs.run), Some(SubjectState::Stranger));
    assert_eq!(resolves(&rig), 1);
    assert_eq!(rig.onboardings().len(), 2);
}

#[test]
fn an_event_of_somebody_whom_nobody_knows_waits_and_is_then_a_strangers() {
    let mut rig = Rig::new(&thin());
    let run = stranger(&rig);
    let event = rig.provider("acme").act(&run, Act::Begin);
    rig.post("acme", event.clone());
    rig.play_for(RIPE - MINUTE);
    assert!(matches!(state_of(&rig, "acme", &run), Some(SubjectState::Parked { .. })));
    rig.play_for(MINUTE + LATE);
    assert_eq!(state_of(&rig, "acme", &run), Some(SubjectState::Stranger));
    let calls = rig.chaos.count("account.");
    let later = rig.provider("acme").act(&run, Act::Approve);
    for _ in 0..3 {
        rig.post("acme", event.clone());
        rig.post("acme", later.clone());
        rig.play_for(HOUR);
    }
    assert_eq!(rig.chaos.count("account."), calls + 1, "the second event is asked for once, too");
    assert!(rig.onboardings().is_empty());
}

#[test]
fn an_event_of_somebody_whom_nobody_knows_makes_an_onboarding_where_that_is_wished() {
    let default = thin();
    let settings = Settings { unknown_subject: UnknownSubject::Adopt, ..default.settings };
    let mut rig = Rig::new(&Setup { settings, ..default });
    let run = stranger(&rig);
    let event = rig.provider("acme").act(&run, Act::Begin);
    rig.post("acme", event);
    rig.play_for(RIPE + LATE);
    let all = rig.onboardings();
    assert_eq!((all.len(), all[0].truth.status), (1, Status::InProgress));
    assert_eq!(all[0].identity.reference.as_str(), format!("case/{run}"));
    let begun = Begun { key: all[0].key.clone(), run };
    acts(&mut rig, &begun, &[Act::Complete, Act::Approve]);
    assert_eq!((rig.read(&begun.key).truth.status, rig.onboardings().len()), (Status::Approved, 1));
}

#[test]
fn a_late_event_of_somebody_who_was_erased_revives_nothing() {
    let mut rig = Rig::new(&thin());
    let begun = rig.begin("acme", "key-1");
    let early = rig.provider("acme").act(&begun.run, Act::Begin);
    rig.post("acme", early.clone());
    rig.settle().unwrap();
    let late = rig.provider("acme").act(&begun.run, Act::Approve);
    let id = &begun.key.id;
    let erase = json!({ "action": "erase", "tenant": "acme", "onboarding_id": id, "idempotency_key": "key-9" });
    rig.ask(None, erase).done().unwrap();
    rig.settle().unwrap();
    let (before, looks) = (rig.read(&begun.key), rig.looks_at(&begun));
    for event in [early, late] {
        rig.post("acme", event);
        rig.play_for(HOUR);
    }
    assert_eq!((rig.read(&begun.key), rig.looks_at(&begun)), (before, looks));
    assert_eq!((rig.onboardings().len(), rig.ledger.contents().keys.len()), (1, 0));
    assert_eq!(state_of(&rig, "acme", &begun.run), Some(SubjectState::Erased));
}
