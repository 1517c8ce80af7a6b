//! A tenant with a large backlog does not stand before one with a small one.

use std::time::Duration;

use idv_gateway::domain::{Look, Onboarding, OnboardingId, Status, Timestamp};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::{CourierError, Due, Ledger};
use idv_it::rig::drive::at_once;
use idv_it::rig::play::Begun;
use idv_it::rig::{Act, Rig, Setup};

/// So many onboardings of the first tenant, all due before the one of the second.
fn backlog(rig: &Rig, model: &Begun, count: usize) {
    let model = rig.read(&model.key);
    for number in 0..count {
        let id = OnboardingId::parse(format!("onb_{number:026}")).unwrap();
        let key = idv_gateway::domain::OnboardingKey { id, ..model.key.clone() };
        let due = Some(Timestamp::from_millis(0));
        let one = Onboarding { key, look: Look { due, ..Look::default() }, ..model.clone() };
        assert!(at_once(rig.ledger.create(&one, "backlog")).unwrap());
    }
}

#[test]
fn one_due_look_is_rung_in_the_first_tick_before_ten_thousand_of_another_tenant() {
    let mut rig = Rig::new(&Setup::of(&["large", "small"]));
    let (large, small) = (rig.begin_alone("large", "key-1"), rig.begin_alone("small", "key-1"));
    rig.settle().unwrap();
    backlog(&rig, &large, 10_000);
    rig.wait(20 * 60);
    let tick = rig.tick().unwrap();
    assert_eq!(tick.looks, 200 * usize::from(Due::SHARDS), "bounded");
    let notices = rig.bells.messages(QueueName::Notices);
    let place = notices.iter().position(|message| message.group == "small").unwrap();
    let per_shard = 200;
    assert!(place % per_shard <= 1, "at place {place}: not the first or second of its shard");
    // the queue is fair by message group: that is the tenant
    assert!(notices.iter().all(|message| message.group == "large" || message.group == "small"));
    assert_eq!(rig.read(&small.key).key.tenant.as_str(), "small");
}

#[test]
fn what_was_not_rung_is_rung_by_the_next_ticks_each_once() {
    let mut rig = Rig::new(&Setup::of(&["large"]));
    let large = rig.begin("large", "key-1");
    backlog(&rig, &large, 4000);
    rig.wait(60);
    let mut rung = 0;
    for _ in 0..5 {
        rung += rig.tick().unwrap().looks;
        rig.wait(60);
    }
    assert_eq!(rung, 4000);
    let mut ids: Vec<String> = rig.bells.messages(QueueName::Notices).into_iter().map(|message| message.body).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4000, "none twice within ten minutes");
}

#[test]
fn a_tick_that_finds_the_queue_down_loses_nothing() {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    rig.provider("acme").act(&begun.run, Act::Approve);
    rig.wait(20 * 60);
    rig.bells.fail(Some("throttled"));
    assert_eq!(rig.tick().unwrap().looks, 0);
    rig.bells.fail(None);
    rig.settle().unwrap();
    assert_eq!(rig.read(&begun.key).truth.status, Status::Approved);
}

#[test]
fn a_dead_destination_and_a_provider_that_is_down_hold_up_their_own_tenant_alone() {
    let mut rig = Rig::new(&Setup::of(&["acme", "bolt"]));
    let theirs: Vec<Begun> = (0..20).map(|number| rig.begin_alone("bolt", &format!("key-{number}"))).collect();
    let ours = rig.begin_alone("acme", "key-1");
    rig.settle().unwrap();
    let down = idv_gateway::ports::ProviderError::Unavailable("reset");
    rig.provider("bolt").behave(|manners| manners.failing = Some(down));
    rig.receiver.answer(|hand_over| match hand_over.host.as_str() {
        "bolt.example" => Err(CourierError::NoAnswer("timed_out")),
        _ => Ok(()),
    });
    for begun in &theirs {
        rig.happen(begun, Act::Approve);
    }
    rig.happen(&ours, Act::Approve);
    let posted = rig.now();
    rig.play_for(Duration::from_secs(15));
    assert_eq!(rig.read(&ours.key).truth.status, Status::Approved);
    let told = rig.receiver.accepted().into_iter().find(|hand_over| hand_over.kind == "onboarding.approved").unwrap();
    assert!(told.at.since(posted) < Duration::from_secs(10), "{}", told.at);
}
