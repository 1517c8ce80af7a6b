//! Each of ten positions with each kind of poison: nine neighbours are done once, the poison is put aside with its cause.

use std::time::Duration;

use idv_gateway::domain::{Claim, ConnectionName, Evidence, Notice, OnboardingId, Status};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::Due;
use idv_it::rig::play::Begun;
use idv_it::rig::provider::case;
use idv_it::rig::setup::connection;
use idv_it::rig::{Act, Rig, Setup};

/// What is wrong with the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Poison {
    NotJson,
    WrongVersion,
    UnknownTenant,
    UnknownConnection,
    UnknownOnboarding,
    /// The item cannot be read by this version.
    UnreadableItem,
    /// The provider does not answer within the limit of a call.
    ProviderSlow,
    /// The provider never answers and nothing stops the call: the function is killed by its deadline.
    ProviderHangs,
}

impl Poison {
    const ALL: [Self; 8] = [
        Self::NotJson,
        Self::WrongVersion,
        Self::UnknownTenant,
        Self::UnknownConnection,
        Self::UnknownOnboarding,
        Self::UnreadableItem,
        Self::ProviderSlow,
        Self::ProviderHangs,
    ];

    /// The cause that it has in the DLQ.
    fn cause(self) -> Option<&'static str> {
        match self {
            Self::NotJson => Some("unreadable_record"),
            Self::WrongVersion => Some("unknown_version"),
            Self::UnknownTenant => Some("unknown_tenant"),
            Self::UnknownConnection => Some("unknown_connection"),
            Self::UnknownOnboarding => Some("unknown_onboarding"),
            Self::UnreadableItem => Some("unreadable_item"),
            Self::ProviderSlow | Self::ProviderHangs => None,
        }
    }

    /// Its body; the poisoned onboarding is `begun`.
    fn body(self, rig: &Rig, begun: &Begun) -> String {
        let good = begun.touched();
        let notice = match self {
            Self::NotJson => return "\u{1}{ not json".to_owned(),
            Self::WrongVersion => Notice { v: 99, ..good },
            Self::UnknownTenant => Notice::of_event(connection("nobody"), case(&begun.run), Claim::nothing()),
            Self::UnknownConnection => {
                let mut key = connection("acme");
                key.name = ConnectionName::parse("ghost").unwrap();
                Notice::of_event(key, case("case-9999"), Claim::nothing())
            }
            Self::UnknownOnboarding => {
                let id = OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
                Notice::due(connection("acme"), id, Evidence::Schedule)
            }
            Self::UnreadableItem => {
                rig.port.spoil(&begun.key, true);
                good
            }
            Self::ProviderSlow => {
                rig.provider("acme").behave(|manners| manners.slow = vec![begun.run.clone()]);
                good
            }
            Self::ProviderHangs => {
                rig.provider("acme").behave(|manners| manners.silent = vec![begun.run.clone()]);
                good
            }
        };
        serde_json::to_string(&notice).unwrap()
    }
}

/// Onboardings that have been decided; nobody has been told.
fn decided(count: usize) -> (Rig, Vec<Begun>) {
    let mut rig = Rig::new(&Setup::default());
    let all: Vec<Begun> = (0..count).map(|number| rig.begin_alone("acme", &format!("key-{number}"))).collect();
    rig.settle().unwrap();
    for begun in &all {
        rig.provider("acme").act(&begun.run, Act::Approve);
    }
    rig.wait(60);
    (rig, all)
}

fn play(poison: Poison, position: usize) {
    let (mut rig, all) = decided(10);
    let what = format!("{poison:?} at {position}");
    for (place, begun) in all.iter().enumerate() {
        let good = serde_json::to_string(&begun.touched()).unwrap();
        let body = if place == position { poison.body(&rig, begun) } else { good };
        rig.bells.send_raw(QueueName::Notices, body);
    }
    let before: Vec<usize> = all.iter().map(|begun| rig.looks_at(begun)).collect();
    rig.wait(3);
    let looked_at = rig.now();
    assert!(rig.fetch());
    // in the same invocation, whatever became of it
    let neighbours = || all.iter().enumerate().filter(|&(place, _)| place != position);
    for (place, begun) in neighbours() {
        assert_eq!(rig.read(&begun.key).truth.status, Status::Approved, "{what}: {place} is held up");
        assert_eq!(rig.looks_at(begun), before[place] + 1, "{what}: {place} is not done once");
    }
    rig.scheduled = false;
    rig.play_for(Duration::from_secs(20 * 60));
    for (place, begun) in neighbours() {
        assert_eq!(rig.looks_at(begun), before[place] + 1, "{what}: {place} is done again");
    }
    let aside = rig.bells.messages(QueueName::NoticesDlq);
    let causes: Vec<&str> = aside.iter().map(|message| cause_of(&message.attributes)).collect();
    match poison.cause() {
        Some(cause) => assert_eq!(causes, [cause], "{what}"),
        // due in the ledger, nothing is left in a queue
        None if poison == Poison::ProviderSlow => {
            assert!(causes.is_empty(), "{what}: {causes:?}");
            let due = rig.read(&all[position].key).look.due.unwrap();
            assert!(due <= looked_at + Duration::from_secs(11 * 60), "{what}: due only at {due}");
        }
        // a batch that is never answered comes again whole: received four times, its neighbours already done; calls of
        // providers have a deadline, so it takes a fault of ours to come here
        None => assert!(causes.iter().all(|cause| cause.is_empty()) && !causes.is_empty(), "{what}: {causes:?}"),
    }
    assert!(rig.bells.messages(QueueName::Notices).is_empty(), "{what}: something waits");
    recovers(&mut rig, &all[position], poison);
}

fn cause_of<'a>(attributes: &'a [(&'static str, String)]) -> &'a str {
    attributes.iter().find(|(name, _)| *name == "cause").map_or("", |(_, cause)| cause)
}

/// What was wrong with the onboarding itself is put right: the schedule finds the decision without the record.
fn recovers(rig: &mut Rig, begun: &Begun, poison: Poison) {
    rig.port.spoil(&begun.key, false);
    rig.provider("acme").behave(|manners| *manners = idv_it::rig::provider::Manners::default());
    rig.scheduled = true;
    assert_eq!(rig.settle(), Ok(()), "{poison:?}");
    assert_eq!(rig.read(&begun.key).truth.status, Status::Approved, "{poison:?}");
}

#[test]
fn poison_at_any_position_leaves_nine_neighbours_done_once() {
    for poison in Poison::ALL {
        for position in 0..10 {
            play(poison, position);
        }
    }
}

/// An item that this version cannot read, among others that are due: they are rung, and so is every other shard.
#[test]
fn an_unreadable_item_does_not_hold_up_the_schedule() {
    let (mut rig, all) = decided(40);
    let shard = |begun: &Begun| Due::shard_of(begun.key.id.as_str());
    let neighbours = all.iter().filter(|begun| shard(begun) == shard(&all[3])).count();
    assert!(neighbours > 1, "nobody stands beside it");
    rig.port.spoil(&all[3].key, true);
    rig.play_for(Duration::from_secs(3600));
    for (place, begun) in all.iter().enumerate().filter(|&(place, _)| place != 3) {
        assert_eq!(rig.read(&begun.key).truth.status, Status::Approved, "{place}");
    }
    assert_eq!(rig.read(&all[3].key).truth.status, Status::LinkIssued);
    rig.port.spoil(&all[3].key, false);
    rig.settle().unwrap();
    assert_eq!(rig.read(&all[3].key).truth.status, Status::Approved);
}

/// Nobody can say what the tenant's configuration is: after three short retries the ledger has it, the queue is empty.
#[test]
fn a_silent_vault_leaves_looks_to_the_ledger_and_fills_no_queue() {
    let (mut rig, all) = decided(10);
    for begun in &all {
        rig.queue(&begun.touched());
    }
    rig.queue(&Notice::of_event(connection("acme"), case("case-7777"), Claim::nothing()));
    rig.vault.fail(Some("throttled"));
    rig.scheduled = false;
    rig.play_for(Duration::from_secs(300));
    assert!(rig.bells.messages(QueueName::Notices).is_empty());
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
    rig.vault.fail(None);
    rig.scheduled = true;
    rig.settle().unwrap();
    for begun in &all {
        assert_eq!(rig.read(&begun.key).truth.status, Status::Approved);
    }
}

/// We died between binding a run and recording it: whoever comes next records it.
#[test]
fn a_run_that_was_bound_and_not_recorded_is_recorded_by_the_next_notice() {
    // the initiator dies after the provider's "created" and the app never asks again
    let plan = [(first_point("account.start"), idv_it::rig::Mode::KillAfter)].into();
    let mut rig = Rig::new(&Setup { plan, ..Setup::default() });
    assert!(rig.ask(None, idv_it::rig::play::start("acme", "key-1")).done().is_none());
    let run = rig.provider("acme").runs()[0].id.clone();
    let onboarding = rig.onboardings()[0].clone();
    // the fetcher dies after binding it
    let subject = idv_gateway::domain::SubjectKey { connection: connection("acme"), resource: case(&run) };
    idv_it::rig::drive::at_once(idv_gateway::ports::Ledger::bind(&rig.ledger, &subject, &onboarding.key.id, 1))
        .unwrap();
    let event = rig.provider("acme").act(&run, Act::Approve);
    rig.post("acme", event);
    rig.settle().unwrap();
    assert_eq!(rig.read(&onboarding.key).truth.status, Status::Approved);
}

fn first_point(name: &str) -> usize {
    let mut rig = Rig::new(&Setup::default());
    rig.begin_alone("acme", "key-1");
    rig.chaos.points().iter().position(|point| *point == name).unwrap()
}
