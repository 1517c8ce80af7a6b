//! Providers like Fractal ID: a person comes back with a code, what that gives rests with their onboarding and is what is
//! looked with; webhooks name the person; what a person shared is told to another connection.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test stops loudly and says what it ran"
)]

mod configuration;
mod credentials;
mod elsewhere;
mod exchange;
mod faults;
mod feed;
mod grant;
mod names;
mod names_of_start;
mod way_back;

use idv_gateway::domain::{Resource, Status, SubjectKey, Truth};
use idv_gateway::ingress::Answer;
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::SubjectState;
use idv_it::rig::drive::key_of;
use idv_it::rig::play::{Begun, start};
use idv_it::rig::provider::person;
use idv_it::rig::pulse::{Step, Task};
use idv_it::rig::setup::connection;
use idv_it::rig::{Granting, Rig, Setup};
use serde_json::Value;

const BACK: &str = "/v1/return/acme/main";
const MINUTE: u64 = 60;

fn granting() -> Setup {
    Setup { granting: Some(Granting::default()), ..Setup::default() }
}

/// A person with a link.
struct Sent {
    begun: Begun,
    /// What they carry.
    state: String,
}

fn sent(answer: &Value) -> Sent {
    let url: Vec<&str> = answer["link"]["url"].as_str().unwrap_or_else(|| panic!("{answer}")).split('/').collect();
    let key = key_of("acme", answer["onboarding_id"].as_str().unwrap());
    Sent { begun: Begun { key, run: url[4].to_owned() }, state: url[3].to_owned() }
}

/// Begins an onboarding; nothing else happens.
fn send(rig: &Rig, key: &str) -> Sent {
    sent(&rig.ask(None, start("acme", key)).done().unwrap())
}

/// The same, of somebody whom the app knows.
fn send_known(rig: &Rig, key: &str, who: &str) -> Sent {
    sent(&rig.ask(None, start_known(key, who)).done().unwrap())
}

fn start_known(key: &str, who: &str) -> Value {
    let mut request = start("acme", key);
    request["subject"]["user"] = Value::from(who);
    request
}

/// Somebody's browser comes back once.
fn back(rig: &Rig, query: &str, cookie: Option<&str>) -> Answer {
    let cookie = cookie.map(|state| format!("other=1; __Host-idv-state.acme.main={state}; more=2"));
    rig.visit_with(BACK, query, cookie.as_deref()).done().unwrap()
}

fn comes(rig: &Rig, sent: &Sent, code: &str) {
    assert_eq!(back(rig, &format!("code={code}&state={}", sent.state), None).status, 303);
}

fn refuses(rig: &Rig, sent: &Sent) {
    assert_eq!(back(rig, &format!("error=access_denied&state={}", sent.state), None).status, 303);
}

fn truth(rig: &Rig, sent: &Sent) -> Truth {
    rig.read(&sent.begun.key).truth
}

fn status(rig: &Rig, sent: &Sent) -> Status {
    truth(rig, sent).status
}

/// What a resource is known to be.
fn stands(rig: &Rig, resource: &Resource) -> Option<SubjectState> {
    let key = SubjectKey { connection: connection("acme"), resource: resource.clone() };
    rig.ledger.contents().subjects.get(&key).map(|record| record.state.clone())
}

fn is_bound(rig: &Rig, who: &str, to: &Sent) -> bool {
    match stands(rig, &person(who)) {
        Some(SubjectState::Bound { onboarding, .. }) => onboarding == to.begun.key.id,
        Some(SubjectState::Parked { .. } | SubjectState::Stranger | SubjectState::Erased) | None => false,
    }
}

fn dlq(rig: &Rig) -> usize {
    rig.bells.messages(QueueName::NoticesDlq).len()
}

/// Runs all to their ends, step by step in an order that the seed makes.
fn mixed<'a, T: 'a>(seed: u64, tasks: Vec<Task<'a, T>>) -> Vec<T> {
    let mut tasks: Vec<(usize, Task<'a, T>)> = tasks.into_iter().enumerate().collect();
    let (mut chance, mut ends) = (seed, Vec::new());
    while !tasks.is_empty() {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(chance >> 33).unwrap() % tasks.len();
        match tasks[at].1.step() {
            Step::Done(end) => ends.push((tasks.swap_remove(at).0, end)),
            Step::Going => {}
            Step::Stuck => panic!("nothing hangs here"),
        }
    }
    ends.sort_by_key(|(place, _)| *place);
    ends.into_iter().map(|(_, end)| end).collect()
}
