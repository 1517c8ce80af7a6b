//! Thin events prove nothing but that the sender knows the address: forged ones cost little and are never a status.

use std::collections::{BTreeMap, BTreeSet};

use idv_it::stage::{PATIENCE, Plan, Stage};
use idv_local::FunctionName;
use idv_simulators::intergiro::{Act, Endpoint, ForgedIds, Forgery, RequestRecord};
use serde_json::json;

use super::nothing_dead;

/// Half of them may go to unknown events.
const BUDGET: usize = 60;
/// 15 minutes are 15 s, and no bell is rung again before it can have been heard.
const FASTER: u32 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn forged_events_cost_little_and_change_nothing() {
    let limited = |config: &mut serde_json::Value| {
        config["connections"]["intergiro"]["settings"] = json!({"max_looks_per_minute": BUDGET});
    };
    let plan = Plan::of(&["open", "other"]).and("limited", limited).with_intergiro();
    let stage = Stage::with(Plan { faster: FASTER, ..plan }).await;
    without_the_key(&stage).await;
    of_another_programme(&stage).await;
    nobodys_person(&stage).await;
    tokio::join!(by_the_thousand(&stage), within_the_budget(&stage));
    nothing_dead(&stage).await;
}

/// 401, and neither Intergiro nor AWS hears of it.
async fn without_the_key(stage: &Stage) {
    let ingress = FunctionName::WebhookIngress;
    stage.stack.forget_calls(ingress);
    for url in [format!("{}x", stage.events_url("open")), stage.events_url("open").replace("/open/", "/other/")] {
        let answers = stage.intergiro().forge(Forgery::invented(url, 500)).await;
        assert_eq!(answers, BTreeMap::from([(401, 500)]));
    }
    let calls = stage.stack.aws_calls(ingress);
    assert!(!calls.iter().any(|call| call.operation == "SendMessage"), "no notice: {calls:?}");
    // a failed proof reads the secret again, at most each 10 s; a process reads ahead when it starts
    let read = calls.iter().filter(|call| call.service == "secretsmanager").count();
    assert!(read <= 60, "{read} reads of secrets for 1000 refusals");
    assert_eq!(stage.intergiro().requests().len(), 0, "Intergiro hears nothing");
}

fn of_programme(stage: &Stage, programme: &str, endpoint: Endpoint) -> Vec<RequestRecord> {
    let all = stage.intergiro().requests().into_iter();
    all.filter(|it| it.endpoint == endpoint && it.programme.as_deref() == Some(programme)).collect()
}

async fn has_only(stage: &Stage, tenant: &str, onboardings: usize) {
    let page = stage.ask(tenant, &json!({"action": "list"})).await;
    assert_eq!(page["onboardings"].as_array().map(Vec::len), Some(onboardings), "{page}");
}

/// The address has leaked: each invented event is asked for once, and never again.
async fn by_the_thousand(stage: &Stage) {
    const COUNT: usize = 1000;
    let invented: Vec<String> = (1..=COUNT).map(|n| format!("{n:08x}-0000-4000-8000-{n:012x}")).collect();
    let forgery = |count| Forgery::invented(stage.events_url("open"), count).with(ForgedIds::Given(invented.clone()));
    let person = stage.enrol("open", "amid-forgeries").await;
    let real = async {
        person.does(Act::whole_form());
        person.ends("in_review").await;
        person.does([Act::Activate]);
        person.ends("approved").await;
    };
    let ((), answers) = tokio::join!(real, stage.intergiro().forge(forgery(COUNT)));
    assert_eq!(answers, BTreeMap::from([(200, COUNT)]), "each is taken: nobody can tell");
    let asked = || {
        let paths = stage.intergiro().path_counts();
        let of = |id: &String| paths.get(&format!("GET /v3/events/{id}")).copied().unwrap_or_default();
        invented.iter().map(of).collect::<Vec<usize>>()
    };
    let all = stage.intergiro().wait_for(|_| asked().iter().all(|&times| times > 0), PATIENCE).await;
    assert!(all.is_ok(), "the queue runs empty");
    stage.calm().await;
    assert!(asked().iter().all(|&times| times == 1), "at most one resolve each");
    let again = forgery(COUNT / 5);
    assert_eq!(stage.intergiro().forge(again).await, BTreeMap::from([(200, COUNT / 5)]));
    stage.calm().await;
    assert!(asked().iter().all(|&times| times == 1), "what is remembered is not asked for again");
    person.ends("approved").await;
    has_only(stage, "open", 1).await;
    assert_eq!(stage.tenant("open").app.received().len(), person.received().len(), "nobody else is told of");
}

/// A budget of looks is kept, and a person whom we know is not held up by invented events.
async fn within_the_budget(stage: &Stage) {
    const COUNT: usize = 300;
    let person = stage.enrol("limited", "amid-forgeries").await;
    let answers = stage.intergiro().forge(Forgery::invented(stage.events_url("limited"), COUNT)).await;
    assert_eq!(answers, BTreeMap::from([(200, COUNT)]));
    person.does(Act::whole_form());
    person.ends("in_review").await;
    person.does([Act::Activate]);
    person.ends("approved").await;
    let events = of_programme(stage, "limited", Endpoint::GetEvent);
    let once: BTreeSet<&str> = events.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(once.len(), events.len(), "at most one resolve each");
    let mut by_minute: BTreeMap<String, usize> = BTreeMap::new();
    for call in events.iter().chain(&of_programme(stage, "limited", Endpoint::GetIndividual)) {
        *by_minute.entry(call.at.chars().take("2026-11-20T08:00".len()).collect()).or_default() += 1;
    }
    // what was granted at the end of a minute may arrive at the beginning of the next
    assert!(by_minute.values().all(|&calls| calls <= BUDGET + 8), "{by_minute:?}");
    assert!(by_minute.values().any(|&calls| calls >= BUDGET / 4), "the budget was used: {by_minute:?}");
    has_only(stage, "limited", 1).await;
}

/// Real events of another tenant's programme: our key does not see them.
async fn of_another_programme(stage: &Stage) {
    let person = stage.enrol("other", "of-another").await;
    let events = person.does(Act::whole_approval());
    person.ends("approved").await;
    let before = (person.shown().await, person.received().len());
    let count = events.len() * 3;
    let forgery = Forgery::invented(stage.events_url("open"), count).with(ForgedIds::Given(events.clone()));
    assert_eq!(stage.intergiro().forge(forgery).await, BTreeMap::from([(200, count)]));
    stage.calm().await;
    let asked = of_programme(stage, "open", Endpoint::GetEvent);
    let asked: Vec<_> = asked.iter().filter(|it| events.iter().any(|id| it.path.ends_with(id.as_str()))).collect();
    assert!(!asked.is_empty() && asked.iter().all(|it| it.status == Some(404)), "{asked:?}");
    has_only(stage, "open", 0).await;
    has_only(stage, "other", 1).await;
    let shown = person.shown().await;
    assert_eq!((&shown["status"], &shown["version"]), (&before.0["status"], &before.0["version"]));
    assert_eq!(person.received().len(), before.1);
}

/// A person of the programme whom we did not make: asked about, parked, and a stranger in the end.
async fn nobodys_person(stage: &Stage) {
    let individual = stage.intergiro().create_elsewhere(Some("other"), "elsewhere@other.example");
    let events = stage.intergiro().perform(&individual, Act::whole_approval()).unwrap();
    let resolved =
        stage.intergiro().wait_for(|it| events.iter().take(2).all(|id| it.resolves_of(id) > 0), PATIENCE).await;
    assert!(resolved.is_ok());
    let looked = || {
        let all = of_programme(stage, "other", Endpoint::GetIndividual);
        all.iter().filter(|it| it.individual.as_ref() == Some(&individual)).count()
    };
    stage.calm().await;
    assert_eq!(looked(), 0, "nobody looks at somebody else's person");
    has_only(stage, "other", 1).await;
}
