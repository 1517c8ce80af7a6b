//! What a feed tells of people who are nobody's here costs nothing; an event that names nobody is heard in any case.

use std::time::Duration;

use idv_gateway::domain::{About, Notice, OnboardingId, Resource, SubjectKey};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::{Ledger, SubjectRecord, SubjectState};
use idv_it::rig::drive::at_once;
use idv_it::rig::provider::{case, event};
use idv_it::rig::setup::connection;
use idv_it::rig::{Act, Rig, Setup, Thin};

fn aged() -> Rig {
    let mut rig = Rig::new(&Setup::thin(Thin { feed: true, login: None }));
    rig.begin("acme", "key-1");
    rig.play_for(Duration::from_secs(12 * 3600));
    rig
}

fn set_aside(rig: &Rig, resource: Resource) {
    let key = SubjectKey { connection: connection("acme"), resource };
    let until = Some(rig.now() + Duration::from_secs(7 * 24 * 3600));
    let record = SubjectRecord { state: SubjectState::Stranger, until };
    assert!(at_once(rig.ledger.set_aside(&key, &record, None)).unwrap());
}

fn erased(rig: &Rig, resource: Resource) {
    let key = SubjectKey { connection: connection("acme"), resource };
    let of = OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
    at_once(rig.ledger.erase_subject(&key, &of, rig.now() + Duration::from_secs(400 * 24 * 3600))).unwrap();
}

/// What one visit of the feed rang.
fn rung(rig: &mut Rig) -> Vec<Notice> {
    rig.scheduled = false;
    assert!(rig.bells.messages(QueueName::Notices).is_empty());
    let reads = rig.provider("acme").feeds().len();
    rig.queue(&Notice::of_feed(connection("acme")));
    assert!(rig.fetch());
    assert_eq!(rig.provider("acme").feeds().len(), reads + 1);
    let messages = rig.bells.messages(QueueName::Notices);
    messages.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
}

#[test]
fn what_happens_to_strangers_is_passed_over() {
    let other = || OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
    type Before = fn(&Rig, Resource);
    let rows: [(&str, Before, usize); 3] = [
        ("nobody knows it yet", |_, _| {}, 1),
        ("a stranger's", set_aside, 0),
        ("of somebody who was erased", erased, 0),
    ];
    for (name, before, rings) in rows {
        let mut rig = aged();
        let run = rig.provider("acme").stranger(other());
        before(&rig, case(&run));
        rig.provider("acme").act(&run, Act::Begin);
        assert_eq!(rung(&mut rig).len(), rings, "{name}");
        let cursor = at_once(rig.ledger.connection(&connection("acme"))).unwrap().cursor;
        assert_eq!(cursor.as_deref(), Some("1"), "{name}: it is read past");
    }
}

/// It may have been taken for an invented one because it could not be read yet.
#[test]
fn an_event_that_is_its_own_subject_is_heard_again() {
    for (name, before) in [("unknown", false), ("a stranger", true)] {
        let mut rig = aged();
        rig.provider("acme").behave(|manners| manners.alone = true);
        let run = rig.provider("acme").runs()[0].id.clone();
        let told = rig.provider("acme").act(&run, Act::Begin);
        if before {
            set_aside(&rig, event(told["event"].as_str().unwrap()));
        }
        let rung = rung(&mut rig);
        assert_eq!(rung.len(), 1, "{name}");
        assert_eq!(rung[0].about, About::Subject(event(told["event"].as_str().unwrap())), "{name}");
    }
}
