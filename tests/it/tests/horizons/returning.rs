//! A person comes back with a code: the fetcher consumes the attempt's nonce, then exchanges, once at most.

use std::time::Duration;

use idv_gateway::domain::{Notice, Status, Tenant};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::Vault;
use idv_gateway::state::{Carrier, State};
use idv_it::rig::drive::at_once;
use idv_it::rig::play::Begun;
use idv_it::rig::provider::nonce_of;
use idv_it::rig::pulse::{Step, Task};
use idv_it::rig::setup::connection;
use idv_it::rig::{Mode, Rig, Setup};

const BACK: &str = "/v1/return/acme/main";

fn setup() -> Setup {
    Setup { returns: true, ..Setup::default() }
}

/// What the provider was given when the run began.
fn state(rig: &Rig, begun: &Begun, nonce: &str) -> String {
    let config = at_once(rig.vault.tenant(&Tenant::parse("acme").unwrap())).unwrap();
    let (connection, entropy) = (connection("acme"), &*rig.gateway.world.entropy);
    let carrier = Carrier { config: &config, connection: &connection, entropy };
    let state = State {
        onboarding: begun.key.id.clone(),
        nonce: nonce.to_owned(),
        return_url: "https://app.example/done".to_owned(),
        expires_at: rig.now() + Duration::from_secs(24 * 3600),
    };
    carrier.seal_state(&state).unwrap()
}

fn comes_back(rig: &Rig, begun: &Begun, nonce: &str, code: &str) {
    let query = format!("code={code}&state={}", state(rig, begun, nonce));
    assert_eq!(rig.visit(BACK, &query).done().unwrap().status, 303);
}

/// The notice that waits in the queue.
fn waiting(rig: &Rig) -> Notice {
    let messages = rig.bells.messages(QueueName::Notices);
    assert_eq!(messages.len(), 1);
    serde_json::from_str(&messages[0].body).unwrap()
}

fn one(begun: &Begun, code: &str) -> Vec<(String, usize)> {
    vec![(begun.run.clone(), code.len())]
}

#[test]
fn a_code_is_exchanged_once_and_what_that_made_true_is_found() {
    let mut rig = Rig::new(&setup());
    let begun = rig.begin("acme", "key-1");
    assert_eq!(rig.read(&begun.key).truth.attempts[0].return_nonce, Some(nonce_of(&begun.run)));
    comes_back(&rig, &begun, &nonce_of(&begun.run), "code-1");
    let notice = waiting(&rig);
    rig.settle().unwrap();
    assert_eq!(rig.provider("acme").exchanged(), one(&begun, "code-1"));
    let truth = rig.read(&begun.key).truth;
    assert_eq!((truth.status, truth.attempts[0].return_nonce.clone()), (Status::Submitted, None));
    // the message comes again; the person goes back and forth with the same code and with another one
    rig.queue(&notice);
    rig.queue(&notice);
    comes_back(&rig, &begun, &nonce_of(&begun.run), "code-1");
    comes_back(&rig, &begun, &nonce_of(&begun.run), "another-code");
    rig.settle().unwrap();
    assert_eq!(rig.provider("acme").exchanged(), one(&begun, "code-1"));
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
}

#[test]
fn a_code_past_its_ten_minutes_is_not_exchanged() {
    for (minutes, exchanged) in [(9, 1), (11, 0)] {
        let mut rig = Rig::new(&setup());
        let begun = rig.begin("acme", "key-1");
        comes_back(&rig, &begun, &nonce_of(&begun.run), "code-1");
        rig.wait(60 * minutes);
        rig.settle().unwrap();
        assert_eq!(rig.provider("acme").exchanged().len(), exchanged, "{minutes} min");
        assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
    }
}

#[test]
fn another_runs_nonce_exchanges_nothing_and_consumes_nothing() {
    let mut rig = Rig::new(&setup());
    let (begun, other) = (rig.begin("acme", "key-1"), rig.begin("acme", "key-2"));
    comes_back(&rig, &begun, &nonce_of(&other.run), "code-1");
    rig.settle().unwrap();
    assert!(rig.provider("acme").exchanged().is_empty());
    for begun in [&begun, &other] {
        assert_eq!(rig.read(&begun.key).truth.attempts[0].return_nonce, Some(nonce_of(&begun.run)));
    }
    comes_back(&rig, &begun, &nonce_of(&begun.run), "another-code");
    rig.settle().unwrap();
    assert_eq!(rig.provider("acme").exchanged(), one(&begun, "another-code"));
}

/// Two fetchers have the same message, or the person's second click; their await points are mixed.
#[test]
fn two_fetchers_at_once_exchange_a_code_once() {
    for seed in 0..300_u64 {
        let mut rig = Rig::new(&setup());
        let begun = rig.begin("acme", "key-1");
        comes_back(&rig, &begun, &nonce_of(&begun.run), "code-1");
        let notice = waiting(&rig);
        let records = [[rig.record("1", &notice)], [rig.record("2", &notice)]];
        rig.wait(3);
        let mut tasks: Vec<_> = records.iter().map(|records| Task::new(rig.fetcher.batch(records))).collect();
        let mut chance = seed;
        while !tasks.is_empty() {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(chance >> 33).unwrap() % tasks.len();
            match tasks[at].step() {
                Step::Done(_) => drop(tasks.swap_remove(at)),
                Step::Going => {}
                Step::Stuck => panic!("nothing hangs here"),
            }
        }
        drop(tasks);
        rig.settle().unwrap();
        assert_eq!(rig.provider("acme").exchanged(), one(&begun, "code-1"), "seed {seed}");
        assert_eq!(rig.read(&begun.key).truth.status, Status::Submitted, "seed {seed}");
    }
}

/// A look that came between the person's return and the exchange answers the notice and has seen nothing of it.
#[test]
fn what_an_exchange_made_true_is_looked_at_though_a_look_came_in_between() {
    let mut rig = Rig::new(&setup());
    let begun = rig.begin("acme", "key-1");
    comes_back(&rig, &begun, &nonce_of(&begun.run), "code-1");
    let record = rig.record("1", &waiting(&rig));
    rig.wait(3);
    let refresh = serde_json::json!({
        "action": "get", "tenant": "acme", "onboarding_id": begun.key.id, "refresh": true,
    });
    assert_eq!(rig.ask(None, refresh).done().unwrap()["status"], "link_issued");
    rig.wait(3);
    assert!(rig.fetch_these(&[record]).done().is_some());
    assert_eq!(rig.provider("acme").exchanged().len(), 1);
    rig.play_for(Duration::from_secs(90));
    assert_eq!(rig.read(&begun.key).truth.status, Status::Submitted);
}

/// A code that was lost in a crash is lost: the person comes again. It is never exchanged twice.
#[test]
fn no_single_fault_exchanges_a_code_twice_or_stops_the_onboarding() {
    let play = |fault: Option<(usize, Mode)>| {
        let mut rig = Rig::new(&Setup { plan: fault.into_iter().collect(), ..setup() });
        let begun = rig.begin_alone("acme", "key-1");
        rig.settle().unwrap();
        let from = rig.chaos.points().len();
        let query = format!("code=code-1&state={}", state(&rig, &begun, &nonce_of(&begun.run)));
        // whoever gets no redirect reloads the page
        while rig.visit(BACK, &query).done().is_none_or(|answer| answer.status != 303) {
            rig.wait(5);
        }
        rig.settle().unwrap();
        let exchanged = rig.provider("acme").exchanged();
        assert!(exchanged.len() <= 1, "{fault:?}: {exchanged:?}");
        assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty(), "{fault:?}");
        let expected = if exchanged.is_empty() { Status::LinkIssued } else { Status::Submitted };
        assert_eq!(rig.read(&begun.key).truth.status, expected, "{fault:?}");
        (from, rig.chaos.points(), exchanged.len())
    };
    let (from, points, exchanged) = play(None);
    assert_eq!(exchanged, 1);
    let (mut played, mut lost) = (0, 0);
    for (number, point) in points.iter().enumerate().skip(from) {
        for mode in Mode::ALL.into_iter().filter(|mode| mode.fits(point)) {
            let (_, _, exchanged) = play(Some((number, mode)));
            played += 1;
            lost += 1 - exchanged;
        }
    }
    eprintln!("{played} faults on the way back: the code was lost in {lost}, exchanged twice in none");
    assert!(played > 30, "{played}");
}
